"""The pages that people read: categories, a category, a tag, a topic, the search. Plain HTML that works without scripts and on a phone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Generic, TypeVar

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from integrations.discourse.sandbox import answers
from integrations.discourse.sandbox.reading import PAGE, Reading, blurb
from integrations.discourse.sandbox.rows import REGULAR, Category, Post, Topic

T = TypeVar("T")

SITE = "Forum"
TOPICS_A_PAGE = 30
EXCERPT = 200
"""How many characters a search shows of what it found."""
_ACTIONS = {
    "closed": ("opened", "closed"),
    "archived": ("unarchived", "archived"),
    "visible": ("unlisted", "listed"),
    "pinned": ("unpinned", "pinned"),
}

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, slots=True)
class Place:
    """Something that can be linked to."""

    name: str
    slug: str
    path: str


@dataclass(frozen=True, slots=True)
class Listed:
    """A topic as pages show it; `marked` is its title with the words that a search looked for marked."""

    title: str
    marked: Markup
    path: str
    category: Place
    excerpt: Markup
    tags: list[str]
    created_at: datetime
    bumped_at: datetime
    replies: int
    pinned: bool
    closed: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """A post as its topic's page shows it."""

    number: int
    author: str
    created_at: datetime
    cooked: Markup
    action: str
    """What somebody did to the topic, where it is no post of theirs."""


@dataclass(frozen=True, slots=True)
class Sheet(Generic[T]):
    """One page of a long list, with the addresses of its neighbours."""

    shown: Sequence[T]
    earlier: str
    later: str


def missing() -> web.Response:
    """A page for what is not there, or private."""
    return _page("missing.html", status=404)


class Pages:
    """One method for each page; all of them as somebody without an account sees them."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    def routes(self) -> list[web.RouteDef]:
        """Every address that people open."""
        return [
            web.get("/", self.home),
            web.get("/search", self.search),
            web.get("/tag/{name:[^/.]+}", self.tag),
            web.get(r"/c/{id:\d+}", self.category),
            web.get(r"/c/{slug:.+}/{id:\d+}", self.category),
            web.get(r"/t/{id:\d+}", self.topic),
            web.get(r"/t/{slug}/{id:\d+}", self.topic),
            web.get(r"/t/{slug}/{id:\d+}/{number:\d+}", self.post),
        ]

    async def home(self, request: web.Request) -> web.Response:
        """The categories, each with its newest topics."""
        rows = [(self._place(row), self._topics_in(row)) for row in self._reading.database.categories(None)]
        return _page("home.html", request, "/", categories=rows)

    async def category(self, request: web.Request) -> web.Response:
        """A category's topics: pinned ones, then those with the latest posts."""
        category = self._reading.category(int(request.match_info["id"]), None)
        place = self._place(category)
        if request.path != place.path:
            return _moved(place.path)
        sheet = _sheet(self._topics_in(category), place.path, request, size=TOPICS_A_PAGE, first=0)
        return _page("category.html", request, place.path, category=place, sheet=sheet)

    async def tag(self, request: web.Request) -> web.Response:
        """The topics that carry a tag."""
        name = request.match_info["name"]
        hits = [self._listed(topic) for topic, _ in self._reading.search(f"tags:{name}", None)]
        if not hits:
            raise answers.not_found()
        return _page("tag.html", request, request.path, tag=name, topics=hits)

    async def topic(self, request: web.Request) -> web.Response:
        """A topic with its posts."""
        topic = self._reading.topic(int(request.match_info["id"]), None)
        if request.path != _path(topic):
            return _moved(_path(topic))
        sheet = _sheet(self._reading.posts(topic), _path(topic), request, size=PAGE, first=1)
        posts = Sheet([self._shown(post) for post in sheet.shown], sheet.earlier, sheet.later)
        return _page("topic.html", request, _path(topic), topic=self._listed(topic), sheet=posts)

    async def post(self, request: web.Request) -> web.Response:
        """The place of one post: on which of its topic's pages, and where there."""
        topic = self._reading.topic(int(request.match_info["id"]), None)
        numbers = [post.number for post in self._reading.posts(topic)]
        number = int(request.match_info["number"])
        if number not in numbers:
            return _moved(_path(topic))
        page = numbers.index(number) // PAGE + 1
        return _moved(_numbered(_path(topic), page, first=1) + f"#post_{number}")

    async def search(self, request: web.Request) -> web.Response:
        """The topics that hold all the words, everywhere or in one category."""
        query, chosen = request.query.get("q", "").strip(), request.query.get("category", "")
        within = f" category:{chosen}" if chosen else ""
        hits = self._reading.search(query + within, None) if len(query) > 1 else []
        words = [word for part in query.split() if not re.match(r"[@#]|\w+:", part) and (word := part.strip("\"'"))]
        categories = [self._place(row) for row in self._reading.database.categories(None)]
        topics = [self._listed(topic, post, words) for topic, post in hits]
        return _page("search.html", request, query=query, chosen=chosen, categories=categories, topics=topics)

    # --- what is shown of the rows ------------------------------------------------------------------------------------

    def _place(self, category: Category) -> Place:
        return Place(category.name, category.slug, f"/c/{self._reading.path(category)}")

    def _topics_in(self, category: Category) -> list[Listed]:
        topics = [self._listed(topic) for topic in self._reading.database.topics_in(category.id)]
        return sorted(topics, key=lambda topic: (topic.pinned, topic.bumped_at), reverse=True)

    def _listed(self, topic: Topic, hit: Post | None = None, words: Sequence[str] = ()) -> Listed:
        """A topic as its first post introduces it, or as the post in which a search found it."""
        category = self._reading.database.category(topic.category_id)
        assert category is not None, f"topic {topic.id} is in no category"
        posts = [post for post in self._reading.posts(topic) if post.kind == REGULAR]
        shown = hit or posts[0]
        return Listed(
            title=topic.title,
            marked=_marked(topic.title, words),
            path=_path(topic) if shown.number == 1 else f"{_path(topic)}/{shown.number}",
            category=self._place(category),
            excerpt=_around(shown.cooked, words) if words else escape(blurb(shown.cooked)),
            tags=topic.tag_names,
            created_at=datetime.fromisoformat(topic.created_at),
            bumped_at=datetime.fromisoformat(topic.bumped_at),
            replies=len(posts) - 1,
            pinned=topic.pinned_at is not None,
            closed=bool(topic.closed or topic.archived),
        )

    def _shown(self, post: Post) -> Shown:
        author = self._reading.database.user(post.user_id).username
        action = "" if post.kind == REGULAR else _action(post.action_code or "")
        return Shown(post.number, author, datetime.fromisoformat(post.created_at), _as_a_part(post.cooked), action)


# --- how it is shown --------------------------------------------------------------------------------------------------


def _page(template: str, request: web.Request | None = None, path: str = "", *, status: int = 200, **values: object) -> web.Response:
    """A page; one with a `path` says that this is its address, whatever else leads to it."""
    if request is not None and path:
        number = f"?page={request.query['page']}" if "page" in request.query else ""
        values["canonical"] = f"{request.url.origin()}{path}{number}"
    text = _TEMPLATES.get_template(template).render(site=SITE, **values)
    return web.Response(status=status, text=text, content_type="text/html", charset="utf-8")


def _moved(path: str) -> web.Response:
    return web.Response(status=301, headers={"Location": path})


def _path(topic: Topic) -> str:
    return f"/t/{topic.slug}/{topic.id}"


def _numbered(path: str, page: int, *, first: int) -> str:
    return path if page == first else f"{path}?page={page}"


def _sheet(rows: Sequence[T], path: str, request: web.Request, *, size: int, first: int) -> Sheet[T]:
    """The page that was asked for. A topic's pages count from one and a category's from nought, as Discourse counts them."""
    wanted = request.query.get("page", "")
    page = max(int(wanted), first) if wanted.isdecimal() else first
    start = (page - first) * size
    shown = rows[start : start + size]
    if not shown and start:
        raise answers.not_found()
    earlier = _numbered(path, page - 1, first=first) if start else ""
    return Sheet(shown, earlier, _numbered(path, page + 1, first=first) if rows[start + size :] else "")


def _around(cooked: str, words: Sequence[str]) -> Markup:
    """The part of a post in which the first of the words stands, all of them marked."""
    text = Markup(cooked).striptags()  # noqa: S704 - only to be stripped
    found = _any_of(words).search(text)
    start = text.rfind(" ", 0, max(found.start() - EXCERPT // 3, 0)) + 1 if found else 0
    end = start + EXCERPT if start + EXCERPT >= len(text) else text.rfind(" ", start, start + EXCERPT)
    return _marked(("... " if start else "") + text[start:end] + ("..." if end < len(text) else ""), words)


def _marked(text: str, words: Sequence[str]) -> Markup:
    """A plain text with the words marked."""
    if not words:
        return escape(text)
    pattern = _any_of(words)
    hits = [Markup("<mark>{}</mark>").format(word) for word in pattern.findall(text)]
    return Markup().join([part for pair in zip(pattern.split(text), [*hits, ""], strict=True) for part in pair])


def _any_of(words: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, words)), re.IGNORECASE)


def _action(code: str) -> str:
    """What an `action_code` such as `closed.enabled` says that somebody did."""
    name, _, state = code.partition(".")
    undone, done = _ACTIONS.get(name, ("changed", "changed"))
    return f"{done if state == 'enabled' else undone} this topic"


def _as_a_part(cooked: str) -> Markup:
    """A post's HTML as a part of a page: no link is empty, a wide table is moved by keys, and the first rank of headings is the title's."""
    cooked = re.sub(r'<a name="([^"]*)" class="anchor" href="[^"]*"></a>', r'<a name="\1"></a>', cooked)
    cooked = cooked.replace('<div class="md-table">', '<div class="md-table" role="group" aria-label="Table" tabindex="0">')
    if "<h1" in cooked:
        cooked = re.sub(r"(</?h)([1-5])\b", lambda tag: f"{tag[1]}{int(tag[2]) + 1}", cooked)
    return Markup(cooked)  # noqa: S704 - the forum cooked it
