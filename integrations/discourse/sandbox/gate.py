"""Before every call: the faults that are asked for, the limits, the key, the cache. After it: refusals as answers, and the headers."""

from __future__ import annotations

import asyncio
import json

from aiohttp import web

from integrations.discourse.sandbox import answers, pages, parameters
from integrations.discourse.sandbox.answers import RefusedError
from integrations.discourse.sandbox.cache import AnonymousCache
from integrations.discourse.sandbox.database import User
from integrations.discourse.sandbox.faults import Faults, Handler, suffer
from integrations.discourse.sandbox.keys import Keys
from integrations.discourse.sandbox.limits import AddressLimitError, Limits
from integrations.discourse.sandbox.settings import READ_ONLY, SiteSettings

VIEWER = web.RequestKey("viewer", object)
READS = ("GET", "HEAD")
READ_ONLY_SWITCH = "/admin/backups/readonly.json"
"""The one thing that can be changed while nothing can."""


def as_json(body: object, status: int = 200, *, robots: bool = True) -> web.Response:
    """A JSON answer; some are not for search engines."""
    headers = {} if robots else {"X-Robots-Tag": "noindex"}
    return web.Response(status=status, text=json.dumps(body), content_type="application/json", charset="utf-8", headers=headers)


def as_text(text: str) -> web.Response:
    """A plain answer, often an empty one."""
    return web.Response(text=text, content_type="text/plain", charset="utf-8")


def elsewhere(request: web.Request, path: str, status: int = 301) -> web.Response:
    """It is at another address."""
    address = f"{request.scheme}://{request.host}{path}"
    text = f'<html><body>You are being <a href="{address}">redirected</a>.</body></html>'
    return web.Response(status=status, headers={"Location": address}, text=text, content_type="text/html", charset="utf-8")


def viewer_of(request: web.Request) -> User | None:
    """Who is calling; None is somebody without a key."""
    viewer = request.get(VIEWER)
    return viewer if isinstance(viewer, User) else None


def writer_of(request: web.Request) -> User:
    """Who is changing something; the gate let nobody through without a key."""
    viewer = viewer_of(request)
    assert viewer is not None, "the gate refuses writes without a key"
    return viewer


def admin_of(request: web.Request) -> User:
    """The admin who is calling; for all others the address does not exist."""
    viewer = viewer_of(request)
    if viewer is None or not viewer.admin:
        raise answers.no_route()
    return viewer


def staff_of(request: web.Request) -> User:
    """The same for addresses that moderators have as well."""
    viewer = viewer_of(request)
    if viewer is None or not viewer.staff:
        raise answers.no_route()
    return viewer


class Gate:
    """What every call goes through."""

    def __init__(
        self, keys: Keys, limits: Limits, settings: SiteSettings, cache: AnonymousCache | None, faults: Faults, stopping: asyncio.Event
    ) -> None:
        self._keys = keys
        self._limits = limits
        self._settings = settings
        self._cache = cache
        self._faults = faults
        self._stopping = stopping

    async def __call__(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let one call through."""
        fault = self._faults.choose(request.method, request.path)
        if fault is not None:
            return await suffer(fault, request, lambda asked: self._pass(asked, handler), self._stopping)
        return await self._pass(request, handler)

    async def _pass(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        known, read_only = True, self._settings.is_on(READ_ONLY)  # as it is when the call comes: the one that ends it says so as well
        try:
            answer = await self._answer(request, handler)
        except AddressLimitError as refused:
            headers = {"Retry-After": "10", "Discourse-Rate-Limit-Error-Code": "ip_10_secs_limit"}
            return web.Response(status=429, body=refused.text.encode(), headers=headers)
        except RefusedError as refused:
            known = not refused.before_known
            answer = self._refusal(request, refused)
        except web.HTTPNotFound:
            known = False
            answer = self._refusal(request, answers.not_found())
        if answer.status in (301, 302) and isinstance(answer, web.Response) and not answer.body:
            answer = elsewhere(request, answer.headers["Location"], answer.status)
        viewer = viewer_of(request)
        if viewer is not None and known:
            answer.headers["X-Discourse-Username"] = viewer.username
        if answer.status < 400 or answer.status == 422:
            answer.headers.setdefault("Cache-Control", "no-cache, no-store")
        if read_only and answer.status < 400:
            answer.headers["Discourse-Readonly"] = "true"
        return answer

    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if "Api-Key" not in request.headers:
            return await self._answer_anybody(request, handler)
        body = {} if request.method in READS else await parameters.read(request)
        request[VIEWER] = self._keys.viewer(request, body)
        request[parameters.BODY] = body
        if request.method not in READS and self._settings.is_on(READ_ONLY) and request.path != READ_ONLY_SWITCH:
            raise RefusedError(503, answers.READ_ONLY)
        return await handler(request)

    async def _answer_anybody(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self._limits.count_address(request.remote or "")
        if request.method not in READS:
            return web.Response(status=403, text='["BAD CSRF"]', content_type="text/plain", charset="utf-8")
        kept = self._cache.find(request) if self._cache and request.method == "GET" else None
        if kept is not None:
            return kept
        answer = await handler(request)
        if self._cache is not None and request.method == "GET":
            self._cache.keep(request, answer)
        return answer

    def _refusal(self, request: web.Request, refused: RefusedError) -> web.StreamResponse:
        """JSON, or for a browser a page; a limit is told in JSON to both."""
        if request.path.endswith(".json") or refused.status == 429:
            answer = as_json(refused.body, refused.status)
        elif refused.body == answers.BAD_KEY:
            answer = web.Response(
                status=403, text="You are not permitted to view the requested resource. The API username or key is invalid."
            )
        else:
            answer = pages.missing()
            answer.set_status(refused.status if refused.status == 403 else 404)
        answer.headers.update(refused.headers)
        return answer
