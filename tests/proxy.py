"""A loopback proxy between a client and a real server that does what networks do: refuse, dawdle, cut, lie, lose answers.

    with Proxy(homeserver.url) as proxy:
        proxy.fail(LOST_REPLY, method="PUT", path="/send/")       # the first such request is performed, its answer dropped
        proxy.fail(answer(429, {"retry_after_ms": 50}), nth=3)    # and the third request of any kind is told to wait
        proxy.shut_after(4)                                       # nobody listens any more after the fourth, until `open`

It speaks plain HTTP/1.1, one request a connection, and knows neither Matrix nor Discourse."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to a request instead of, or on the way of, an honest answer."""

    kind: Literal["refuse", "slow", "hold", "cut", "answer", "lost_reply"]
    seconds: float = 0.0
    reply: bytes = b""


REFUSE = Fault("refuse")
"""The connection is reset; the server hears nothing."""
HOLD = Fault("hold")
"""The request is held until the client has lost its patience; the server never hears it."""
CUT = Fault("cut")
"""The server answers; the second half of its answer is lost (of one without a body, the second half of its head)."""
LOST_REPLY = Fault("lost_reply")
"""The server does what was asked; its answer is lost whole."""


def slow(seconds: float) -> Fault:
    """The request is held for so long before the server hears it; it never does if the client gives up before."""
    return Fault("slow", seconds=seconds)


def answer(status: int, body: object = None, headers: Mapping[str, str] | None = None) -> Fault:
    """An answer in JSON that the server never gave."""
    return Fault("answer", reply=_reply(status, "application/json", json.dumps(body if body is not None else {}).encode(), headers))


def page(status: int) -> Fault:
    """A web page, as reverse proxies and captive portals send it."""
    return Fault("answer", reply=_reply(status, "text/html", b"<html><body><h1>Please stand by</h1></body></html>"))


@dataclass(frozen=True, slots=True)
class Seen:
    """A request that came in."""

    method: str
    path: str


@dataclass(slots=True)
class _Rule:
    fault: Fault
    method: str | None
    path: str
    nth: int
    times: int | None
    matched: int = field(default=0)

    def takes(self, seen: Seen) -> bool:
        """Count the request if it is meant; whether it is one that fails."""
        if self.path not in seen.path or self.method not in {None, seen.method}:
            return False
        self.matched += 1
        return self.matched >= self.nth and (self.times is None or self.matched < self.nth + self.times)


class Proxy:
    """Stands before one server, on a port of its own, in a thread of its own."""

    def __init__(self, upstream: str) -> None:
        self.lead_to(upstream)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._lock = threading.Lock()
        self._rules: list[_Rule] = []
        self._seen: list[Seen] = []
        self._server: asyncio.Server | None = None
        self._left: int | None = None  # how many requests until nobody listens
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def fail(self, fault: Fault, *, method: str | None = None, path: str = "", nth: int = 1, times: int | None = 1) -> None:
        """From the `nth` request on that has this method and `path` in its path, `times` of them (None: all) meet `fault`."""
        with self._lock:
            self._rules.append(_Rule(fault, method, path, nth, times))

    def clear(self) -> None:
        """All is well again, and nothing was seen yet."""
        with self._lock:
            self._rules.clear()
            self._seen.clear()
        self.open()

    def lead_to(self, upstream: str) -> None:
        """From now on it stands before this server."""
        parts = urlsplit(upstream)
        self._upstream = (parts.hostname or "127.0.0.1", parts.port or 80)

    def shut_after(self, requests: int) -> None:
        """So many requests are served yet; then nobody listens, and connections are refused."""
        self._left = requests
        if requests == 0:
            asyncio.run_coroutine_threadsafe(self._shut(), self._loop).result(10)

    def open(self) -> None:
        """Listen again, at the same port."""
        self._left = None
        if self._server is None:
            asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)

    def seen(self, *, method: str | None = None, path: str = "") -> list[Seen]:
        """The requests that came in, faulty or not, in order."""
        with self._lock:
            return [seen for seen in self._seen if path in seen.path and method in {None, seen.method}]

    async def _start(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _shut(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _stop(self) -> None:
        await self._shut()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.sleep(0.01)  # what was closed is let go of in the loop's next turns

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Not a coroutine: one that is cancelled before its first step would leave its connection open."""
        self._writers.add(writer)
        self._tasks.add(self._loop.create_task(self._serve(reader, writer)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await _request(reader)
            if request is not None:
                await self._treat(*request, reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            writer.transport.abort()  # one side hung up, or the test is over
        finally:
            writer.close()

    async def _treat(self, seen: Seen, request: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        fault = self._fault(seen)
        if self._left is not None:
            self._left -= 1
            if self._left == 0:  # before the answer: whoever has it finds nobody when calling again
                await self._shut()
        kind = fault.kind if fault else ""
        if fault and kind == "refuse":
            writer.transport.abort()
            return
        if kind == "hold":
            await reader.read()  # until it hangs up
            return
        if fault and kind == "slow":
            await asyncio.sleep(fault.seconds)
            if writer.is_closing():
                return
        reply = fault.reply if fault and kind == "answer" else await self._forward(request)
        if kind == "lost_reply":
            writer.transport.abort()
            return
        if kind == "cut":
            head, _, body = reply.partition(b"\r\n\r\n")
            reply = head + b"\r\n\r\n" + body[: len(body) // 2] if body else head[: len(head) // 2]
        writer.write(reply)
        await writer.drain()

    def _fault(self, seen: Seen) -> Fault | None:
        """Every rule counts the request; the first that takes it decides."""
        with self._lock:
            self._seen.append(seen)
            taking = [rule for rule in self._rules if rule.takes(seen)]
        return taking[0].fault if taking else None

    async def _forward(self, request: bytes) -> bytes:
        """The server's whole answer, as it came."""
        reader, writer = await asyncio.open_connection(*self._upstream)
        try:
            writer.write(request)
            await writer.drain()
            return await reader.read()
        finally:
            writer.close()


class Names:
    """A resolver that knows one name more, for this machine, and forgets it when it is told to. Stands in for `socket.getaddrinfo`."""

    def __init__(self, name: str, usual: Callable[..., Any] = socket.getaddrinfo) -> None:
        self._name, self._usual = name, usual
        self._left: int | None = None

    def __call__(self, host: str | bytes | None, *args: Any, **named: Any) -> Any:
        """Where a host is."""
        if host != self._name:
            return self._usual(host, *args, **named)
        if self._left == 0:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        if self._left is not None:
            self._left -= 1
        return self._usual("127.0.0.1", *args, **named)

    def forget_after(self, times: int | None) -> None:
        """So often it is known yet; None: for good."""
        self._left = times


async def _request(reader: asyncio.StreamReader) -> tuple[Seen, bytes] | None:
    """One request, rewritten so that the server closes the connection after its answer."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None  # a connection opened and not used
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines if ": " in line)
    length = next((int(value) for name, value in headers.items() if name.lower() == "content-length"), 0)
    body = await reader.readexactly(length) if length else b""
    kept = [line for line in lines if not line.lower().startswith(("connection:", "keep-alive:"))]
    method, path, _ = first.split(" ", 2)
    rewritten = "\r\n".join([first, *kept, "Connection: close", "", ""]).encode("latin-1")
    return Seen(method, path), rewritten + body


def _reply(status: int, content_type: str, body: bytes, headers: Mapping[str, str] | None = None) -> bytes:
    lines = [f"HTTP/1.1 {status} -", f"Content-Type: {content_type}", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join([*lines, "", ""]).encode() + body
