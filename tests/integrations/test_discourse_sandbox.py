"""The sandbox as a person meets it: its pages, what an admin does by calls, its memory, its command."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from bs4 import BeautifulSoup, Tag

from integrations.discourse.sandbox import Sandbox
from integrations.discourse.sandbox.cooking import cook

ROOT = Path(__file__).parents[2]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


def _post(sandbox: Sandbox, category: int, title: str, raw: str) -> dict[str, int]:
    body = {"title": title, "raw": raw, "category": category, "tags": ["varices"]}
    answer = requests.post(f"{sandbox.url}/posts.json", json=body, headers={"Api-Key": sandbox.bot_key}, timeout=5)
    assert answer.status_code == 200, answer.text
    made: dict[str, int] = answer.json()
    return made


def _page(sandbox: Sandbox, path: str, status: int = 200) -> BeautifulSoup:
    answer = requests.get(sandbox.url + path, timeout=5)
    assert answer.status_code == status
    return BeautifulSoup(answer.text, "html.parser")


def _one(page: BeautifulSoup, selector: str) -> Tag:
    (found,) = page.select(selector)
    return found


def test_a_reader_goes_from_the_categories_to_a_topic(sandbox: Sandbox) -> None:
    category = sandbox.create_category("Liver Spot")
    _post(sandbox, category, "Does banding hurt for long?", "It aches behind the breastbone for two days.")
    home = _page(sandbox, "/")
    topics = _page(sandbox, str(home.find("a", string="Liver Spot")["href"]))  # type: ignore[index]
    topic = _page(sandbox, str(topics.find("a", string="Does banding hurt for long?")["href"]))  # type: ignore[index]
    assert _one(topic, "h1").text == "Does banding hurt for long?"
    assert "behind the breastbone" in _one(topic, "article").text
    assert [tag.text for tag in topic.select(".tags li")] == ["varices"]


def test_a_search_finds_words_of_title_and_text_in_any_case(sandbox: Sandbox) -> None:
    category = sandbox.create_category("Liver Spot")
    _post(sandbox, category, "Does banding hurt for long?", "It aches behind the breastbone for two days.")
    for query in ("BANDING", "breastbone banding", "aches category:liver-spot", "tags:varices"):
        assert [hit.text for hit in _page(sandbox, f"/search?q={query}").select("main h2")] == ["Does banding hurt for long?"], query
    for query in ("albumin", "banding albumin", "aches category:uncategorized", "tags:ascites"):
        assert not _page(sandbox, f"/search?q={query}").select("main h2"), query


def test_every_page_can_be_read_by_everybody(sandbox: Sandbox) -> None:
    category = sandbox.create_category("Liver Spot")
    made = _post(sandbox, category, "Does banding hurt for long?", "It aches behind the breastbone for two days.")
    for path in ("/", f"/c/liver-spot/{category}", f"/t/{made['topic_slug']}/{made['topic_id']}", "/search?q=banding", "/search"):
        page = _page(sandbox, path)
        assert _one(page, "html")["lang"] == "en"
        assert "width=device-width" in _one(page, "meta[name=viewport]")["content"]
        assert _one(page, "title").text.strip()
        assert len(page.select("h1")) == 1, path
        assert _one(page, "label")["for"] == _one(page, "input")["id"]
        assert len(page.select("main")) == len(page.select("header")) == 1
        assert not page.select("script")


def test_a_private_category_is_not_there_for_readers(sandbox: Sandbox) -> None:
    category = sandbox.create_category("Drafts", private=True)
    made = _post(sandbox, category, "A draft that nobody may see", "Alma takes carvedilol since the spring.")
    assert "Drafts" not in _page(sandbox, "/").text
    for path in (f"/c/drafts/{category}", f"/t/{made['topic_slug']}/{made['topic_id']}", f"/t/{made['topic_id']}"):
        assert "draft" not in _page(sandbox, path, 404).text
    assert not _page(sandbox, "/search?q=carvedilol").select("main h2")


def test_html_in_a_title_is_shown_and_of_that_in_a_text_only_what_is_harmless_is_let_through(sandbox: Sandbox) -> None:
    category = sandbox.create_category("Liver Spot")
    made = _post(sandbox, category, "Is <script>alert(1)</script> safe?", "A text with <script>alert(1)</script> and <b>bold</b> in it.")
    page = _page(sandbox, f"/t/{made['topic_slug']}/{made['topic_id']}")
    assert not page.select("script")
    assert [bold.text for bold in page.select("article b")] == ["bold"]
    assert "alert" not in _one(page, "article").text
    assert "<script>" in _one(page, "h1").text


def test_an_old_address_leads_to_the_topic(sandbox: Sandbox) -> None:
    made = _post(sandbox, 1, "Does banding hurt for long?", "It aches behind the breastbone for two days.")
    answer = requests.get(f"{sandbox.url}/t/another-slug/{made['topic_id']}", timeout=5)
    assert answer.url.endswith(f"/t/does-banding-hurt-for-long/{made['topic_id']}")


def test_the_number_of_a_category_leads_to_it(sandbox: Sandbox) -> None:
    category = sandbox.create_category("Liver Spot")
    answer = requests.get(f"{sandbox.url}/c/{category}", timeout=5)
    assert answer.url.endswith(f"/c/liver-spot/{category}")


def test_a_list_shows_how_a_post_begins_without_its_markup(sandbox: Sandbox) -> None:
    category = sandbox.create_category("Liver Spot")
    _post(
        sandbox,
        category,
        "Does banding hurt for long?",
        "*It aches* **behind** the breastbone.\n\n- [Tea](https://example.org/) & \\<soup>\n- yogurt",
    )
    for path in (f"/c/liver-spot/{category}", "/search?q=aches"):
        assert "It aches behind the breastbone. Tea & <soup> yogurt" in _page(sandbox, path).select("main li p")[0].text


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("text\n\n<!-- peerplugin:a/b -->", "<p>text</p>"),
        ("~~Wednesday~~ cancelled", "<p><s>Wednesday</s> cancelled</p>"),
        ("see https://example.org/a_b.", '<p>see <a href="https://example.org/a_b">https://example.org/a_b</a>.</p>'),
        ("one\ntwo", "<p>one<br>\ntwo</p>"),
        ("[x](https://example.org/)", '<p><a href="https://example.org/">x</a></p>'),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>"),
        ('[date=2026-11-25 time=19:00:00 timezone="Nowhere/Land"]', ">2026-11-25T19:00:00Z</span>"),
        ('[date=2026-13-45 time=19:00:00 timezone="UTC"]', "Invalid date"),
    ],
)
def test_texts_are_cooked(raw: str, shown: str) -> None:
    assert shown in cook(raw)


def test_a_local_date_is_shown_in_utc_to_readers_without_scripts() -> None:
    cooked = cook('At [date=2026-11-25 time=19:00:00 timezone="America/Los_Angeles"].')
    assert ">2026-11-26T03:00:00Z</span>" in cooked
    assert 'data-timezone="America/Los_Angeles"' in cooked


def _admin(sandbox: Sandbox, method: str, path: str, json: object = None) -> requests.Response:
    headers = {"Api-Key": sandbox.admin_key, "Api-Username": sandbox.admin_username}
    return requests.request(method, sandbox.url + path, json=json, headers=headers, timeout=5)


def test_a_key_that_an_admin_makes_works_until_it_is_revoked(sandbox: Sandbox) -> None:
    made = _admin(sandbox, "POST", "/admin/api/keys.json", {"key": {"description": "one more", "username": sandbox.bot_username}}).json()[
        "key"
    ]
    headers = {"Api-Key": made["key"]}
    session = requests.get(f"{sandbox.url}/session/current.json", headers=headers, timeout=5)
    assert session.json()["current_user"]["username"] == sandbox.bot_username
    listed = _admin(sandbox, "GET", "/admin/api/keys.json").json()["keys"]
    (ours,) = [key for key in listed if key["id"] == made["id"]]
    assert "key" not in ours and made["key"].startswith(ours["truncated_key"].rstrip(".")), "a key is shown whole only once"
    assert _admin(sandbox, "POST", f"/admin/api/keys/{made['id']}/revoke.json").json()["api_key"]["revoked_at"]
    assert requests.get(f"{sandbox.url}/session/current.json", headers=headers, timeout=5).status_code == 403


def test_people_join_a_group_once_and_leave_it(sandbox: Sandbox) -> None:
    sandbox.create_user("member")
    path = f"/groups/{sandbox.create_group('hosts', [sandbox.bot_username])}/members.json"
    asked = {"usernames": "member"}
    assert _admin(sandbox, "PUT", path, asked).json() == {"success": "OK", "usernames": ["member"], "emails": []}
    again = _admin(sandbox, "PUT", path, asked)
    assert (again.status_code, again.json()) == (422, {"errors": ["'member' is already a member of this group."]})
    shown = _admin(sandbox, "GET", "/groups/hosts/members.json?limit=1&offset=1").json()
    assert [person["username"] for person in shown["members"]] == ["member"]
    assert shown["meta"] == {"total": 2, "limit": 1, "offset": 1}
    assert _admin(sandbox, "DELETE", path, asked).json() == {"success": "OK", "usernames": ["member"], "skipped_usernames": []}
    assert [person["username"] for person in _admin(sandbox, "GET", path).json()["members"]] == [sandbox.bot_username]


def test_the_read_only_mode_says_so_up_to_the_call_that_ends_it(sandbox: Sandbox) -> None:
    told = [
        _admin(sandbox, method, path, body).headers.get("Discourse-Readonly")
        for method, path, body in (
            ("PUT", "/admin/backups/readonly.json", {"enable": "true"}),
            ("GET", "/latest.json", None),
            ("PUT", "/admin/backups/readonly.json", {"enable": "false"}),
            ("GET", "/latest.json", None),
        )
    ]
    assert told == [None, "true", "true", None]


def test_a_print_shows_all_posts_of_a_topic_and_a_page_twenty(sandbox: Sandbox) -> None:
    topic = _post(sandbox, sandbox.create_category("Liver Spot"), "Does banding hurt for long?", "It aches for two days.")["topic_id"]
    for number in range(21):
        reply = {"topic_id": topic, "raw": f"It was so for me as well, {number} times in all."}
        assert _admin(sandbox, "POST", "/posts.json", reply).status_code == 200
    counts = [len(_admin(sandbox, "GET", f"/t/{topic}.json{asked}").json()["post_stream"]["posts"]) for asked in ("", "?print=true")]
    assert counts == [20, 22]


def test_a_file_keeps_topics_and_keys(tmp_path: Path) -> None:
    file = str(tmp_path / "forum.sqlite")
    with Sandbox(database=file) as first:
        category = first.create_category("Liver Spot")
        _post(first, category, "Does banding hurt for long?", "It aches behind the breastbone for two days.")
    with Sandbox(database=file) as second:
        assert (second.bot_key, second.admin_key) == (first.bot_key, first.admin_key)
        assert second.create_category("Liver Spot") == category
        assert [topic["title"] for topic in second.topics()] == ["Does banding hurt for long?"]


def test_a_stopped_forum_refuses_connections_and_comes_back_at_its_address(sandbox: Sandbox) -> None:
    url = sandbox.url
    sandbox.stop()
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=5)
    sandbox.start()
    assert sandbox.url == url
    assert requests.get(url, timeout=5).status_code == 200


def test_the_command_serves_until_it_is_interrupted() -> None:
    command = [sys.executable, "-m", "integrations.discourse.sandbox", "--port", "0", "--category", "Liver Spot", "--bot-key", "k1"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        address = re.search(r"http://\S+", running.stdout.readline())
        assert address is not None
        answer = requests.get(f"{address[0]}/session/current.json", headers={"Api-Key": "k1"}, timeout=5)
        assert answer.json()["current_user"]["username"] == "bridge_bot"
        running.send_signal(signal.SIGINT)
        rest = running.stdout.read()
    assert "Liver Spot" in rest
    assert running.returncode == 0


def test_the_command_says_that_its_port_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        command = [sys.executable, "-m", "integrations.discourse.sandbox", "--port", str(taken.getsockname()[1])]
        outcome = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert outcome.returncode == 1
    assert "Choose another --port" in outcome.stderr
    assert "Traceback" not in outcome.stderr
