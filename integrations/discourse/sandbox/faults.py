"""What may go wrong on purpose: a fault that is chosen before a call, and what it does to the call."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from aiohttp import web

FaultKind = Literal["status", "slow", "cut", "html", "refuse", "lost_reply"]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

MAINTENANCE = "<!DOCTYPE html><html lang='en'><head><title>Maintenance</title></head><body><p>We will be back soon.</p></body></html>"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong with one call.

    status      answered with `status` and `body` (a dict as JSON, a str as text, None: what Discourse says); not performed
    slow        hangs for `seconds`, then the connection breaks; not performed
    html        a web page with status 200; not performed
    refuse      the connection breaks at once; not performed
    cut         performed; half of the answer, then the connection breaks
    lost_reply  performed; the connection breaks before the answer
    """

    kind: FaultKind
    status: int = 500
    body: Mapping[str, object] | str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 60.0


Before = Callable[[str, str], Fault | None]


class Faults:
    """The calls that were made, and the faults that wait for the next ones."""

    def __init__(self) -> None:
        self.before: Before | None = None
        self.calls: list[tuple[str, str]] = []
        self._waiting: dict[int, Fault] = {}

    def at(self, call: int, fault: Fault) -> None:
        """Let the `call`-th call from now on (1 is the next one) go wrong, once."""
        self._waiting[len(self.calls) + call] = fault

    def clear(self) -> None:
        """Forget the calls and the faults."""
        self.before = None
        self.calls.clear()
        self._waiting.clear()

    def choose(self, method: str, path: str) -> Fault | None:
        """Note a call and say what is to go wrong with it."""
        self.calls.append((method, path))
        fault = self._waiting.pop(len(self.calls), None)
        return fault or (self.before(method, path) if self.before else None)


async def suffer(fault: Fault, request: web.Request, handler: Handler, stopping: asyncio.Event) -> web.StreamResponse:
    """Answer a call as the fault has it."""
    if fault.kind == "status":
        return _status(fault)
    if fault.kind == "html":
        return web.Response(text=MAINTENANCE, content_type="text/html")
    if fault.kind == "slow":
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), fault.seconds)
        return _hang_up(request)
    if fault.kind == "refuse":
        return _hang_up(request)
    answer = await handler(request)
    if fault.kind == "cut" and isinstance(answer, web.Response) and request.transport is not None:
        await _send_half(request, answer)
    return _hang_up(request)


def _hang_up(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


async def _send_half(request: web.Request, answer: web.Response) -> None:
    """Headers that promise a whole body, and half of one."""
    body = answer.body if isinstance(answer.body, bytes) and answer.body else b'{"cut": true}'
    half = web.StreamResponse(status=answer.status, headers={"Content-Type": answer.headers.get("Content-Type", "application/json")})
    half.content_length = len(body)
    await half.prepare(request)
    await half.write(body[: len(body) // 2])
    # What was written leaves before the abort, which throws away what waits.
    await asyncio.sleep(0.01)


_SAID: dict[int, dict[str, object]] = {
    403: {"errors": ["You are not permitted to view the requested resource."], "error_type": "invalid_access"},
    404: {"errors": ["The requested URL or resource could not be found."], "error_type": "not_found"},
    422: {"errors": ["Something has gone wrong."]},
    429: {
        "errors": ["You’ve performed this action too many times. Please wait 7 seconds before trying again."],
        "error_type": "rate_limit",
        "extras": {"wait_seconds": 7},
    },
    500: {"status": 500, "error": "Internal Server Error"},
    503: {"errors": ["The site is in read only mode. Interactions are disabled."], "error_type": "read_only"},
}


def _status(fault: Fault) -> web.Response:
    headers = dict(fault.headers)
    if isinstance(fault.body, str):
        return web.Response(status=fault.status, text=fault.body, headers=headers)
    if fault.body is None and fault.status in (502, 504):
        return web.Response(status=fault.status, text=MAINTENANCE, content_type="text/html", headers=headers)
    body = dict(fault.body) if fault.body is not None else _SAID.get(fault.status, _SAID[500])
    return web.Response(status=fault.status, text=json.dumps(body), content_type="application/json", headers=headers)
