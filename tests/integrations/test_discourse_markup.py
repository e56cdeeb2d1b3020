"""Posts as people read them: the sandbox cooks as the recorded forum did; what a member wrote arrives as text; titles and tags stay as sent."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from random import Random

import pytest
from bs4 import BeautifulSoup, Tag
from hypothesis import given
from hypothesis import strategies as st

from integrations.discourse.sandbox.cooking import cook
from integrations.discourse.wire import tag_as_kept, title_as_kept
from peerplugin.core import publish
from peerplugin.core.markup import lasting_tag, lasting_title, shown_as_text, visible, with_links
from peerplugin.settings import config_dir
from tests.contract.recordings import recording, recordings
from tests.core.scene import a_statement, a_summary, words
from tests.integrations.forum_world import World, make_world, world
from tests.integrations.markup_bodies import TOKENS, WORDS, straight

__all__ = ["make_world", "world"]

# --- the sandbox cooks as the recorded forum did ------------------------------------------------------------------------------------------

PLACES = {"@member": "/u/member", "@hosts": "/groups/hosts", "#liver-spot": "/c/liver-spot/5", "#meeting::tag": "/tag/meeting"}
OTHERWISE = {
    "transform.raw.emoji_4byte": "emoji characters stay characters: the sandbox has no pictures of them",
    "cooked.poll": "a poll stays text",
}
"""What the sandbox cooks otherwise, and why."""


def structure(cooked: str) -> list[object]:
    """The elements with the classes that say what they are, and the texts, in order; preview classes come later, from a job."""
    soup = BeautifulSoup(cooked, "html.parser")
    found: list[object] = []
    for part in soup.descendants:
        if isinstance(part, Tag):
            found.append((part.name, part.get("href"), [c for c in part.get_attribute_list("class") if c and "onebox" not in c]))
        elif text := " ".join(str(part).split()):
            found.append(text)
    return found


POSTS = [n for n in recordings() if n.startswith(("cooked.", "transform.raw.")) and not n.endswith("read_back")]


@pytest.mark.parametrize("name", [n for n in POSTS if n not in OTHERWISE])
def test_a_post_is_cooked_as_the_recorded_forum_cooked_it(name: str) -> None:
    body = recording(name).body
    assert structure(cook(body["raw"], PLACES)) == structure(body["cooked"])


@pytest.mark.parametrize(
    ("raw", "absent"),
    [
        ("<script>alert(1)</script>", "alert"),
        ("<img src=x onerror=alert(1)>", "onerror"),
        ('<a href="javascript:alert(1)">x</a>', "javascript"),
        ("<iframe src='https://example.org'></iframe>", "iframe"),
        ('<b style="color:red" class="btn">x</b>', "style"),
        ('<b class="btn">x</b>', "btn"),
        ("[url=javascript:alert(1)]x[/url]", "javascript"),
        ("<style>p{}</style>", "p{}"),
        ("<div>unclosed", "<!--"),
    ],
)
def test_html_that_a_post_may_not_hold_is_dropped(raw: str, absent: str) -> None:
    assert absent not in cook(raw)


def test_a_quotation_is_cooked_as_one() -> None:
    cooked = cook('[quote="second, post:2, topic:15"]\nA first *reply*\n[/quote]\n\nAnswered.')
    quote = BeautifulSoup(cooked, "html.parser").aside
    assert quote is not None and quote.blockquote is not None
    assert (quote["data-username"], quote.blockquote.get_text(strip=True)) == ("second", "A firstreply")
    assert "<p>Answered.</p>" in cooked


# --- what a member wrote arrives as text ---------------------------------------------------------------------------------------------------


def bodies(count: int) -> list[str]:
    """The same bodies in every run."""
    random = Random(4)
    found: list[str] = []
    while len(found) < count:
        pieces = random.choices((*TOKENS, *WORDS), k=random.randint(1, 7))
        body = random.choice(("", " ")).join(pieces)
        found += [body] if visible(body) else []
    return found


def read(soup: BeautifulSoup | Tag) -> list[str]:
    return [straight(" ".join(item.get_text().split())) for item in soup.select("li")]


def test_a_hundred_bodies_are_read_as_text_in_the_page_and_in_the_json(make_world: Callable[..., World]) -> None:
    world = make_world()
    about = {"series": "Liver Spot", "on": date(2026, 10, 7), "next": "", "how_to_join": ""}
    all_of_them = bodies(100)
    for number in range(10):
        some = all_of_them[number * 10 : number * 10 + 10]
        raw = publish.post(a_summary(statements=tuple(a_statement(body, 1) for body in some)), words(), **about)
        plain = world.topic(name=f"t{number}", title=f"What did members write, number {number}?")
        published = world.forum.put(replace(plain, raw=f"{raw}\n{plain.mark}"), None)
        world.later(minutes=1)
        cooked = world.anonymous(f"/t/{published.topic_id}.json").json()["post_stream"]["posts"][0]["cooked"]
        page = BeautifulSoup(world.anonymous(f"/t/{published.topic_id}").text, "html.parser").select_one(".cooked")
        assert page is not None
        for soup in (BeautifulSoup(cooked, "html.parser"), page):
            assert read(soup) == [straight(visible(body)) for body in some]
            assert [tag for item in soup.select("li") for tag in item.find_all(True)] == []
            assert {tag.name for tag in soup.find_all(True)} <= {"html", "head", "body", "p", "em", "h2", "h3", "ul", "li", "a"}
            assert [link for link in soup.select("a[href]") if "anchor" not in link.get_attribute_list("class")] == []


@pytest.mark.parametrize(
    "url", ["https://example.org/hypo-awareness/courses", "https://example.org/a_b/c*d*?e=(1)&f=2", "http://example.org:8080/"]
)
def test_an_approved_address_can_be_clicked_and_what_stands_beside_it_cannot(url: str) -> None:
    soup = BeautifulSoup(cook(f"- {with_links(f'@bob shared a link: {url} (or www.example.net)')}"), "html.parser")
    assert [(link["href"], link.text) for link in soup.select("a")] == [(url, url)]
    assert read(soup) == [f"@bob shared a link: {url} (or www.example.net)"]


def test_titles_in_the_index_are_links_and_nothing_else(world: World) -> None:
    titles = [lasting_title(f"Question {body}") for body in bodies(40)]
    topic = world.topic()
    lines = "\n".join(f"- [{shown_as_text(title)}](https://forum.example.org/t/{n})" for n, title in enumerate(titles))
    published = world.forum.put(replace(topic, raw=f"{lines}\n\n{topic.mark}"), None)
    soup = BeautifulSoup(world.anonymous(f"/t/{published.topic_id}.json").json()["post_stream"]["posts"][0]["cooked"], "html.parser")
    assert read(soup) == [straight(title) for title in titles]
    assert [link["href"] for link in soup.select("a")] == [f"https://forum.example.org/t/{n}" for n in range(40)]
    assert {tag.name for item in soup.select("li") for tag in item.find_all(True)} == {"a"}


# --- titles and tags stay as sent -----------------------------------------------------------------------------------------------------------

TITLES = st.text() | st.text(alphabet="aBé :.?!)D9🫀-\u200d\nßİ", max_size=20)


@given(TITLES)
def test_a_lasting_title_is_one_that_the_forum_does_not_change(title: str) -> None:
    kept = lasting_title(title)
    assert title_as_kept(kept) == kept


@given(TITLES)
def test_a_lasting_tag_is_one_that_the_forum_does_not_change(tag: str) -> None:
    kept = lasting_tag(tag)
    assert tag_as_kept(kept) == lasting_tag(kept) == kept


def test_the_tags_of_our_vocabulary_are_what_the_forum_keeps() -> None:
    tags = tomllib.loads((config_dir() / "vocabulary" / "tags.toml").read_text(encoding="utf-8"))["tags"]
    assert [tag for tag in (*tags, publish.OPEN) if tag_as_kept(tag) != tag or lasting_tag(tag) != tag] == []


def test_a_title_stands_in_the_forum_as_it_was_sent(world: World) -> None:
    title = lasting_title('DOES  "banding" -- it\'s <b>bad</b> & co hurt??? ')
    published = world.forum.put(world.topic(title=title), None)
    assert world.anonymous(f"/t/{published.topic_id}.json").json()["title"] == title
