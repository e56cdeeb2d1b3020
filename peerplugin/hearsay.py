"""Hearsay: hints from the forum's hooks are gathered and handed on, a few at a time. Polling finds all of it anyway, only later."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta

from peerplugin.core.hints import Delivery, Hint, Refused, Seen, joined
from peerplugin.errors import PeerpluginError

log = logging.getLogger(__name__)

Read = Callable[[Mapping[str, str], bytes], Delivery | Refused]
Changed = Callable[[Hint], Awaitable[None]]

REST_S = 5.0
"""Between two looks that hooks cause: each costs calls, and the forum allows a key sixty a minute."""
COMPLAIN_EVERY = timedelta(minutes=10)
"""Strangers shall not fill the log: each reason is told once in so long."""
MOST = 50
"""Topics that wait to be looked at. What comes on top is let go: whoever looks at fifty is busy enough."""


class Hearsay:
    """Takes deliveries at once, and tells of each topic soon after; `seen` is all that is ever remembered of them."""

    def __init__(self, read: Read, changed: Changed, clock: Callable[[], datetime], seen: Seen, rest_s: float = REST_S) -> None:
        self._read, self._changed, self._clock, self._rest_s = read, changed, clock, rest_s
        self.seen = seen
        self._waiting: dict[int, Hint] = {}
        self._complained: dict[str, datetime] = {}
        self._news = asyncio.Event()

    def take(self, headers: Mapping[str, str], body: bytes) -> int:
        """A delivery has come: the status to answer. Neither says what was in it, nor does the log."""
        delivery = self._read(headers, body)
        if isinstance(delivery, Refused):
            self._complain(delivery)
            return delivery.status
        if self.seen.knows(delivery):
            return 200
        self.seen = self.seen.remembering(delivery, self._clock())
        if delivery.hint is not None:
            self._gather(delivery.hint)
        return 200

    def _complain(self, refused: Refused) -> None:
        now = self._clock()
        last = self._complained.get(refused.reason)
        if last is None or now - last >= COMPLAIN_EVERY:
            self._complained[refused.reason] = now
            log.warning("hook refused", extra={"status": refused.status, "reason": refused.reason})

    def _gather(self, hint: Hint) -> None:
        before = self._waiting.get(hint.topic_id)
        if before is None and len(self._waiting) >= MOST:
            return
        self._waiting[hint.topic_id] = joined(before, hint) if before else hint
        self._news.set()

    @asynccontextmanager
    async def handed_on(self) -> AsyncIterator[None]:
        """While the context lasts, hints go on to where they are wanted."""
        task = asyncio.create_task(self._hand_on(), name="hearsay")
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _hand_on(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            waiting, self._waiting = self._waiting, {}
            for hint in waiting.values():
                try:
                    await self._changed(hint)
                except PeerpluginError as error:
                    log.warning("hint lost", extra={"topic": hint.topic_id, "cause": error})
            await asyncio.sleep(self._rest_s)
