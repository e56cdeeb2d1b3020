"""Points at which a service may die: before and after every store write, every send to a room, every call to the forum.

A tracing run counts them; a later run dies at one. `how` is what dying means: an exception that nothing catches, or SIGKILL."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from integrations.discourse.client import Discourse
from peerplugin.core.model import EventId, RoomId, UserId
from peerplugin.ports import Batch, Chat
from peerplugin.store import Store, Tx


class DiedError(BaseException):
    """The process is no more. A BaseException: no `except Exception` may survive it."""


def _raise(label: str) -> None:
    raise DiedError(label)


class Points:
    """Counts the points that are passed, and dies at one of them: the `number`-th of all, or the first of a `kind`."""

    def __init__(self, number: int = 0, kind: str = "", nth: int = 1, how: Callable[[str], None] = _raise) -> None:
        self.labels: list[str] = []
        self._number, self._kind, self._nth, self._how = number, kind, nth, how

    def passed(self, label: str) -> None:
        self.labels.append(label)
        if len(self.labels) == self._number or (label == self._kind and self.labels.count(label) == self._nth):
            self._how(label)


class MortalStore(Store):
    """The real store, with a point before and after each commit that writes something."""

    points: Points

    @contextmanager
    def transaction(self) -> Iterator[Tx]:
        with super().transaction() as tx:
            before = _changes(tx)
            yield tx
            wrote = _changes(tx) != before
            if wrote:
                self.points.passed("before a write")
        if wrote:
            self.points.passed("after a write")


def _changes(tx: Tx) -> int:
    """How many rows SQLite says were changed on this connection."""
    return int(tx._connection.connection.driver_connection.total_changes)  # type: ignore[union-attr]


class MortalChat:
    """The real chat, with a point before and after each call that does something."""

    def __init__(self, chat: Chat, points: Points) -> None:
        self._chat, self._points = chat, points

    async def sync(self, since: str | None, *, full_state: bool) -> Batch:
        return await self._chat.sync(since, full_state=full_state)

    async def send(self, room: RoomId, event_type: str, content: Mapping[str, object], txn: str) -> EventId:
        self._points.passed("before a send")
        event_id = await self._chat.send(room, event_type, content, txn)
        self._points.passed("after a send")
        return event_id

    async def redact(self, room: RoomId, event_id: EventId, txn: str) -> None:
        self._points.passed("before a send")
        await self._chat.redact(room, event_id, txn)
        self._points.passed("after a send")

    async def enter(self, room: RoomId) -> None:
        self._points.passed("before a send")
        await self._chat.enter(room)
        self._points.passed("after a send")

    async def direct_room(self, user: UserId) -> RoomId:
        self._points.passed("before a send")
        room = await self._chat.direct_room(user)
        self._points.passed("after a send")
        return room


class _MortalAdapter(HTTPAdapter):
    """The real way to the forum, with a point before and after each request."""

    def __init__(self, points: Points) -> None:
        super().__init__()
        self._points = points

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        self._points.passed("before a post")
        answer = super().send(request, *args, **kwargs)
        self._points.passed("after a post")
        return answer


def make_mortal(client: Discourse, points: Points) -> None:
    """Give a forum's client points."""
    client._session.mount("http://", _MortalAdapter(points))
