"""The little HTTP that the service serves: `/health` for whoever watches it, the calendars, and the address at which hooks come in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from aiohttp import web

from peerplugin.core.feed import Feed
from peerplugin.core.model import SeriesId
from peerplugin.errors import MistakeError, PeerpluginError

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Calendar = Callable[[SeriesId], Awaitable[Feed | None]]

AT_ONCE = 8
"""Deliveries that are read at the same time: so many times the longest body is all that strangers can make us hold."""
READ_S = 10.0
"""How long a body may take to come in."""
LINGER_S = 0.5
"""How long the rest of a body that nobody wants may go on, so that its sender sees our answer."""


class Ailing(Protocol):
    """What can be ill."""

    @property
    def troubles(self) -> Mapping[str, str]:
        """Kind -> sentence, for as long as it lasts."""


@dataclass(frozen=True, slots=True)
class Hook:
    """Where deliveries come in and who takes them. Answers are a status and nothing else: a stranger learns nothing from them."""

    path: str
    limit: int  # bytes of the longest body
    is_worth_reading: Callable[[Mapping[str, str]], bool]
    take: Callable[[Mapping[str, str], bytes], int]


@asynccontextmanager
async def served(
    host: str, port: int | None, service: Ailing, hook: Hook | None = None, calendar: Calendar | None = None
) -> AsyncIterator[None]:
    """Serve while the context lasts; without a port, nothing."""
    if port is None:
        yield
        return
    application = web.Application(client_max_size=hook.limit if hook else 1)
    application.router.add_get("/health", _health(service))
    if calendar is not None:
        application.router.add_get(r"/calendar/{series:[a-z0-9-]{1,20}}.ics", _calendar(calendar))
    if hook is not None:
        application.router.add_post(hook.path, _hook(hook))
    application.on_response_prepare.append(_anonymous)
    runner = web.AppRunner(application, access_log=None, lingering_time=LINGER_S)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        await runner.cleanup()
        raise MistakeError(f"http.port: {host}:{port} cannot be listened on ({error.strerror}). Is another program using it?") from error
    try:
        yield
    finally:
        await runner.cleanup()


async def _anonymous(_: web.Request, response: web.StreamResponse) -> None:
    response.headers["Server"] = "peerplugin"  # aiohttp would name itself and its version


def _health(service: Ailing) -> Handler:
    async def health(_: web.Request) -> web.Response:
        """It tells kinds of trouble, never what anybody wrote."""
        ill = dict(service.troubles)
        return web.json_response({"healthy": not ill, "troubles": ill}, status=503 if ill else 200)

    return health


def _calendar(calendar: Calendar) -> Handler:
    async def read(request: web.Request) -> web.StreamResponse:
        """Programs ask every few hours for what seldom changes: they say what they have, and mostly get nothing."""
        try:
            feed = await calendar(SeriesId(request.match_info["series"]))
        except PeerpluginError:  # the store is in trouble: /health says so
            return web.Response(status=503)
        if feed is None:
            return web.Response(status=404)
        known = request.if_none_match
        if known is not None:
            fresh = any(one.value in (feed.tag, "*") for one in known)
        else:
            fresh = request.if_modified_since is not None and feed.changed_at.replace(microsecond=0) <= request.if_modified_since
        answer = web.Response(status=304) if fresh else web.Response(body=feed.body, content_type="text/calendar", charset="utf-8")
        answer.etag, answer.last_modified = feed.tag, feed.changed_at
        answer.headers["Cache-Control"] = "public, max-age=900"
        return answer

    return read


def _hook(hook: Hook) -> Handler:
    places = asyncio.Semaphore(AT_ONCE)

    async def deliver(request: web.Request) -> web.Response:
        if not hook.is_worth_reading(request.headers):
            return web.Response(status=403)
        if (request.content_length or 0) > hook.limit:
            return web.Response(status=413)
        if places.locked():
            return web.Response(status=503)
        async with places:
            try:
                async with asyncio.timeout(READ_S):
                    body = await request.read()
            except web.HTTPRequestEntityTooLarge:
                return web.Response(status=413)
            except TimeoutError:
                return web.Response(status=408)
        return web.Response(status=hook.take(request.headers, body))

    return deliver
