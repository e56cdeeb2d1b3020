"""After an erasure nothing is left for somebody without an account: every address of the forum is read, whichever there are."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from urllib.parse import quote

import pytest
import requests
from aiohttp import web

from peerplugin.core.effects import Publication
from tests.integrations.forum_world import World, make_world

__all__ = ["make_world"]

GONE = ("zinnia", "larkspur")
"""Stand in the text and in the title, and have to go. What is searched for is written otherwise: pages repeat it. A tag is a word of the group's
own vocabulary and stays known to the forum, without a topic."""
SOUGHT = ("ZinniA", "LarkspuR", "ColumbinE", "tags:ColumbinE", "soft")
TITLE = "Is the larkspur tea safe after a banding?"
NEUTRAL = "Is any herb tea safe after a banding?"
CACHE_S = 61
CRAWLER = {"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"}

VALUES: dict[str, tuple[str, ...]] = {
    "slug": ("-", "is-the-larkspur-tea-safe-after-a-banding", "liver-spot"),
    "path": ("liver-spot",),
    "parent": ("liver-spot",),
    "name": ("columbine", "liver"),
    "tag": ("columbine", "liver"),
    "external_id": ("liver-spot-2026-10-07-t8", "liver-spot-2026-10-07-index"),
    "kind": ("latest", "new", "top"),
    "period": ("all", "daily"),
    "username": ("bridge_bot",),
    "number": ("1", "2", "3", "4", "latest"),
    "near": ("1", "2", "last"),
    "page": ("1", "2"),
    "group": ("staff",),
}
"""What may stand in an address for each of its parts; of ids those of what was published."""
QUERIES = {
    "search": tuple(f"?q={quote(term)}" for term in SOUGHT),
    "/t/": ("?print=true", "?include_raw=true", "?print=true&include_raw=true", "?page=1", "?_escaped_fragment_="),
    "posts": ("?before=99", "?post_ids[]=1&post_ids[]=2&post_ids[]=3&include_raw=true"),
    "": ("",),
}
"""What is asked of addresses that hold a word."""


@dataclass
class Reader:
    """Somebody without an account who reads everything there is."""

    world: World
    routes: list[web.AbstractResource]
    published: list[Publication] = field(default_factory=list)

    def finds(self) -> dict[str, set[str]]:
        """Every address that still says what had to go, by its route, as a browser and as a crawler are answered."""
        found: dict[str, set[str]] = {}
        with requests.Session() as session:
            for route, address in self.addresses():
                for headers in ({},) if ".json" in address else ({}, CRAWLER):
                    answer = session.get(self.world.sandbox.url + address, headers=headers, timeout=60, allow_redirects=False)
                    said = f"{answer.text} {answer.headers}"
                    if any(word in said for word in GONE):
                        found.setdefault(route, set()).add(address)
        return found

    def addresses(self) -> Iterator[tuple[str, str]]:
        for resource in self.routes:
            if not any(route.method == "GET" for route in resource):
                continue
            route = resource.canonical
            for path in self._paths(resource):
                for word, queries in QUERIES.items():
                    yield from ((route, path + query) for query in queries if word in path)

    def _paths(self, resource: web.AbstractResource) -> Iterator[str]:
        route = resource.canonical
        names = re.findall(r"\{(\w+)\}", route)
        if not names:
            yield route
            return
        pattern = resource.get_info()["pattern"]
        for chosen in itertools.product(*(self._values(route, name) for name in names)):
            path = route.format(**dict(zip(names, chosen, strict=True)))
            if pattern.fullmatch(path):
                yield path

    def _values(self, route: str, name: str) -> tuple[str, ...]:
        if name in ("id", "topic_id", "post_id", "category_id"):
            numbers = (
                {p.post_id for p in self.published}
                if route.startswith("/posts/{id}") or name == "post_id"
                else {p.topic_id for p in self.published}
            )
            return tuple(str(n) for n in ({self.world.public} if re.match(r"/c/|/tags/c/", route) or name == "category_id" else numbers))
        assert name in VALUES, f"There is a new address, {route}: say in VALUES what {{{name}}} may be."
        return VALUES[name]


@pytest.fixture
def reader(make_world: Callable[..., World], monkeypatch: pytest.MonkeyPatch) -> Reader:
    """Reads the forum's router, not a list of ours: what is added to it is read as well."""
    served: list[web.Application] = []
    real = web.AppRunner

    def runner(application: web.Application, **named: object) -> web.AppRunner:
        served.append(application)
        return real(application, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(web, "AppRunner", runner)
    world = make_world()
    return Reader(world, list(served[-1].router.resources()))


def publish(reader: Reader, layout: str) -> list[Publication]:
    """A topic, or a topic with two posts; each edited once, so that there is a history."""
    world = reader.world
    first = replace(world.topic("Drink zinnia tea.", title=TITLE), tags=("columbine", "liver"))
    documents = [first]
    stand = [world.forum.put(first, None)]
    if layout == "posts":
        for name in ("t9", "t10"):
            documents.append(world.post(stand[0], f"Soft food and zinnia tea, said {name}.", name=name))
            stand.append(world.forum.put(documents[-1], None))
    world.later(hours=1)
    for number, document in enumerate(documents):
        more = replace(document, raw=f"Two members drank zinnia tea.\n\n{document.raw}")
        stand[number] = world.forum.put(more, stand[number])
    world.later(hours=1)
    reader.published = stand
    found = [reader.finds() for _ in range(3)][-1]  # the third time, the forum's cache answers
    assert found.keys() >= {
        "/t/{id}.json",
        "/posts/{id}.json",
        "/posts.json",
        "/posts/{id}/revisions/{number}.json",
        "/search.json",
        "/search",
    }
    assert found.keys() >= {"/t/{slug}/{id}", "/c/{slug}/{id}"}, "the pages"
    return stand


def correct(reader: Reader) -> None:
    """Somebody takes back what they said: topic, or all posts, say something else."""
    world, (first, *rest) = reader.world, reader.published
    world.forum.put(replace(world.topic("Drink what agrees with you.", title=NEUTRAL, private=True), tags=("liver",)), first)
    for name, post in zip(("t9", "t10"), rest, strict=False):
        world.forum.put(world.post(first, "Soft food.", name=name, private=True), post)


def withdraw(reader: Reader) -> None:
    """All that was published is retracted."""
    for publication in reversed(reader.published):
        reader.world.forum.withdraw(publication)


def withdraw_topic(reader: Reader) -> None:
    """The topic alone, whatever stands in it."""
    reader.world.forum.withdraw(reader.published[0])


@pytest.mark.parametrize("layout", ["topics", "posts"])
@pytest.mark.parametrize("erase", [correct, withdraw, withdraw_topic])
def test_after_an_erasure_no_address_says_what_had_to_go(reader: Reader, layout: str, erase: Callable[[Reader], None]) -> None:
    publish(reader, layout)
    erase(reader)
    reader.world.later(seconds=CACHE_S)
    assert reader.finds() == {}
    assert not reader.world.anonymous("/tag/columbine.json").json().get("topic_list", {}).get("topics")


def test_a_retracted_post_is_gone_and_its_neighbours_stay(reader: Reader) -> None:
    publish(reader, "posts")
    _, first, second = reader.published
    reader.world.forum.withdraw(first)
    reader.world.later(seconds=CACHE_S)
    assert "said t9" not in reader.world.anonymous(f"/t/{first.topic_id}.json?print=true&include_raw=true").text
    assert reader.world.anonymous(f"/posts/{first.post_id}.json").status_code in (403, 404)
    assert "said t10" in reader.world.anonymous(f"/posts/{second.post_id}.json").text
