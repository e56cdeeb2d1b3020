"""The sandbox's side of HTTP: who is calling, what they ask, and the answer in Discourse's shape."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping

from aiohttp import web

from integrations.discourse.sandbox import answers, pages
from integrations.discourse.sandbox.answers import Json, RefusedError
from integrations.discourse.sandbox.database import Database, User
from integrations.discourse.sandbox.faults import Faults, Handler, suffer
from integrations.discourse.sandbox.reading import Reading
from integrations.discourse.sandbox.writing import Writing

FELL_OVER = "X-Fell-Over"
"""Marks an answer that Discourse gives before it knows, or after it forgot, who is calling; never sent."""
VIEWER = web.RequestKey("viewer", object)


def as_json(body: object, status: int = 200) -> web.Response:
    """A JSON answer."""
    return web.Response(status=status, text=json.dumps(body), content_type="application/json", charset="utf-8")


def viewer_of(request: web.Request) -> User | None:
    """Who is calling; None is somebody without a key."""
    viewer = request.get(VIEWER)
    return viewer if isinstance(viewer, User) else None


def writer_of(request: web.Request) -> User:
    """Who is changing something; the gate let nobody through without a key."""
    viewer = viewer_of(request)
    assert viewer is not None, "the gate refuses writes without a key"
    return viewer


class Gate:
    """Before every call: the faults that are asked for, then the key. After it: the refusals as answers."""

    def __init__(self, database: Database, faults: Faults, stopping: asyncio.Event) -> None:
        self._database = database
        self._faults = faults
        self._stopping = stopping

    async def __call__(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let one call through."""
        fault = self._faults.choose(request.method, request.path)
        if fault is not None:
            return await suffer(fault, request, lambda asked: self._pass(asked, handler), self._stopping)
        return await self._pass(request, handler)

    async def _pass(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        is_page = not request.path.endswith(".json")
        try:
            if "Api-Key" in request.headers:
                request[VIEWER] = self._viewer(request.headers)
            elif request.method not in ("GET", "HEAD"):
                return web.Response(status=403, text='["BAD CSRF"]', content_type="text/plain", charset="utf-8")
            answer = await handler(request)
        except RefusedError as refused:
            answer = _refusal_page(refused) if is_page else as_json(refused.body, refused.status)
            if "error" in refused.body:
                answer.headers[FELL_OVER] = "yes"
        except web.HTTPNotFound:
            answer = pages.missing() if is_page else as_json(answers.NOT_FOUND, 404)
        viewer = viewer_of(request)
        if viewer is not None and not answer.headers.pop(FELL_OVER, ""):
            answer.headers["X-Discourse-Username"] = viewer.username
        return answer

    def _viewer(self, headers: Mapping[str, str]) -> User:
        """The account a key speaks for; a wrong key, a wrong name and a missing one are told alike."""
        row = self._database.row("SELECT user_id FROM keys WHERE key = ?", headers["Api-Key"])
        named = self._database.user_named(headers["Api-Username"]) if headers.get("Api-Username") else None
        if row is None:
            raise RefusedError(403, answers.BAD_KEY)
        if row["user_id"] is None:
            if named is None:
                raise RefusedError(403, answers.BAD_KEY)
            return named
        owner = self._database.user(row["user_id"])
        if headers.get("Api-Username") and (named is None or named.id != owner.id):
            raise RefusedError(403, answers.BAD_KEY)
        return owner


def _refusal_page(refused: RefusedError) -> web.Response:
    if refused.body == answers.BAD_KEY:
        return web.Response(status=403, text="You are not permitted to view the requested resource.")
    return pages.missing()


async def _body(request: web.Request) -> Json:
    try:
        body = await request.json()
    except ValueError:
        raise RefusedError(400, {"status": 400, "error": "Bad Request"}) from None
    return body if isinstance(body, dict) else {}


def _number(request: web.Request, name: str) -> int:
    return int(request.match_info[name])


def _wants_raw(request: web.Request) -> bool:
    return request.query.get("include_raw") == "true"


class Api:
    """One method for each call that we make of Discourse."""

    def __init__(self, reading: Reading, writing: Writing) -> None:
        self._reading = reading
        self._writing = writing

    def routes(self) -> list[web.RouteDef]:
        """Every address that ends in `.json`."""
        return [
            web.get("/session/current.json", self.session),
            web.get("/posts.json", self.latest_posts),
            web.post("/posts.json", self.create),
            web.get(r"/posts/{id:\d+}.json", self.post),
            web.put(r"/posts/{id:\d+}.json", self.edit_post),
            web.delete(r"/posts/{id:\d+}.json", self.delete_post),
            web.get(r"/posts/{id:\d+}/revisions/{number:\d+|latest}.json", self.revision),
            web.put(r"/posts/{id:\d+}/revisions/{number:\d+}/{verb:hide|show}.json", self.hide_revision),
            web.get("/t/external_id/{external_id}.json", self.external_id),
            web.get(r"/t/{id:\d+}.json", self.topic),
            web.put(r"/t/{id:\d+}.json", self.no_slug),
            web.delete(r"/t/{id:\d+}.json", self.delete_topic),
            web.get(r"/t/{id:\d+}/posts.json", self.posts_by_id),
            web.get(r"/t/{slug}/{id:\d+}.json", self.topic),
            web.put(r"/t/{slug}/{id:\d+}.json", self.edit_topic),
            web.get(r"/c/{id:\d+}/show.json", self.category),
            web.get("/c/{slug}/find_by_slug.json", self.category),
            web.get("/categories.json", self.categories),
            web.get("/search.json", self.search),
        ]

    async def session(self, request: web.Request) -> web.Response:
        """Whom the key speaks for; without a key there is nothing, not even a word."""
        viewer = viewer_of(request)
        if viewer is None:
            return web.Response(status=404, text="", content_type="text/plain", charset="utf-8")
        return as_json({"current_user": answers.account(viewer)})

    async def create(self, request: web.Request) -> web.Response:
        """A topic or a post. What waits for approval is a bare `null` to those who did not ask for `nested_post`."""
        body = await _body(request)
        status, answer = self._writing.create(writer_of(request), body)
        if status == 200 and str(body.get("nested_post", "")).lower() != "true":
            return as_json(answer.get("post"))
        return as_json(answer, status)

    async def latest_posts(self, request: web.Request) -> web.Response:
        """The newest posts."""
        before = request.query.get("before", "")
        return as_json(self._reading.latest_posts(int(before) if before.isdecimal() else None, viewer_of(request)))

    async def post(self, request: web.Request) -> web.Response:
        """One post."""
        return as_json(self._reading.shown_post(_number(request, "id"), viewer_of(request)))

    async def edit_post(self, request: web.Request) -> web.Response:
        """A post's new text."""
        return as_json(self._writing.edit_post(writer_of(request), _number(request, "id"), await _body(request)))

    async def delete_post(self, request: web.Request) -> web.Response:
        """One post away."""
        self._writing.delete_post(writer_of(request), _number(request, "id"))
        return _nothing()

    async def revision(self, request: web.Request) -> web.Response:
        """What a post said before."""
        wanted = request.match_info["number"]
        number = None if wanted == "latest" else int(wanted)
        return as_json(self._reading.revision(_number(request, "id"), number, viewer_of(request)))

    async def hide_revision(self, request: web.Request) -> web.Response:
        """A revision that only the staff may see from now on, or again everybody."""
        hidden = request.match_info["verb"] == "hide"
        self._writing.hide_revision(writer_of(request), _number(request, "id"), _number(request, "number"), hidden=hidden)
        return _nothing()

    async def topic(self, request: web.Request) -> web.Response:
        """A topic; with a slug that is not its own, where it is."""
        topic_id, viewer = _number(request, "id"), viewer_of(request)
        page = request.query.get("page", "")
        answer = self._reading.topic_page(topic_id, viewer, page=int(page) if page.isdecimal() else 1, with_raw=_wants_raw(request))
        if request.match_info.get("slug", answer["slug"]) != answer["slug"]:
            return _elsewhere(request, f"/t/{answer['slug']}/{topic_id}.json")
        return as_json(answer)

    async def external_id(self, request: web.Request) -> web.Response:
        """Where the topic with an external id is."""
        topic = self._reading.external_id(request.match_info["external_id"], viewer_of(request))
        return _elsewhere(request, f"/t/{topic.slug}/{topic.id}.json?page=")

    async def posts_by_id(self, request: web.Request) -> web.Response:
        """Some posts of a topic."""
        ids = [int(each) for each in request.query.getall("post_ids[]", []) if each.isdecimal()]
        return as_json(self._reading.posts_by_id(_number(request, "id"), ids, viewer_of(request), with_raw=_wants_raw(request)))

    async def edit_topic(self, request: web.Request) -> web.Response:
        """A topic's new title, tags or category."""
        return as_json(self._writing.edit_topic(writer_of(request), _number(request, "id"), await _body(request)))

    async def no_slug(self, request: web.Request) -> web.Response:
        """Without a slug in the path a topic cannot be changed."""
        raise answers.not_permitted()

    async def delete_topic(self, request: web.Request) -> web.Response:
        """One topic away."""
        self._writing.delete_topic(writer_of(request), _number(request, "id"))
        return _nothing()

    async def category(self, request: web.Request) -> web.Response:
        """A category, by number or slug."""
        viewer = viewer_of(request)
        wanted = _number(request, "id") if "id" in request.match_info else request.match_info["slug"]
        return as_json({"category": answers.category(self._reading.category(wanted, viewer), viewer)})

    async def categories(self, request: web.Request) -> web.Response:
        """All categories that the caller may see."""
        viewer = viewer_of(request)
        rows = [answers.category(row, viewer) for row in self._reading.database.categories(viewer)]
        return as_json({"category_list": {"can_create_category": False, "can_create_topic": viewer is not None, "categories": rows}})

    async def search(self, request: web.Request) -> web.Response:
        """Topics that hold all the words."""
        page = request.query.get("page", "")
        found = self._reading.found(request.query.get("q", ""), viewer_of(request), page=int(page) if page.isdecimal() else 1)
        return as_json(found)


def _nothing() -> web.Response:
    return web.Response(text="", content_type="text/plain", charset="utf-8")


def _elsewhere(request: web.Request, path: str) -> web.Response:
    address = f"{request.scheme}://{request.host}{path}"
    text = f'<html><body>You are being <a href="{address}">redirected</a>.</body></html>'
    return web.Response(status=301, headers={"Location": address}, text=text, content_type="text/html", charset="utf-8")
