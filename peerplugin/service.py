"""The three loops: LISTEN stores what the rooms say, ADVANCE decides what follows, DELIVER makes it so. `schedule` only wakes them.

All reading and writing of the store happens in one thread, in explicit transactions. How an effect is performed, `performing` says."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime
from multiprocessing import get_context
from multiprocessing.context import BaseContext
from typing import TypeVar

import schedule

from peerplugin import diary, outbox
from peerplugin.advance import advance
from peerplugin.core.agenda import Agenda
from peerplugin.core.feed import Feed, feed
from peerplugin.core.hints import Hint
from peerplugin.core.model import SeriesId
from peerplugin.errors import MistakeError, OutsideError, PeerpluginError
from peerplugin.group import Group
from peerplugin.listen import listen, tick
from peerplugin.outbox import Work
from peerplugin.performing import Performer
from peerplugin.ports import Batch, Chat, Forum
from peerplugin.store import Store, StoreError, Trouble, Tx
from peerplugin.troubles import calm, tell

log = logging.getLogger(__name__)
T = TypeVar("T")

LANES = {"chat": outbox.CHAT, "forum": outbox.FORUM, "erasing": outbox.ERASING, "thinking": outbox.THINKING}
"""Which effects wait for which side: a slow forum never delays a word in the room, nor a long publication an erasure."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Waiting times in seconds."""

    wake_s: float = 5
    retry_first_s: float = 5
    retry_most_s: float = 900
    thinking_s: float = 900


class Service:
    """One running service over a store, a chat and a forum. `run` returns when it is cancelled, or raises what nobody can go on from."""

    def __init__(
        self,
        store: Store,
        chat: Chat,
        forum: Forum,
        group: Group,
        clock: Callable[[], datetime],
        pace: Pace | None = None,
        child: BaseContext | None = None,
    ) -> None:
        """`child`: how the thinking's process is made; by default a fresh one each time, so that its memory goes back whole."""
        self._store, self._chat, self._group, self._clock = store, chat, group, clock
        self._pace = pace or Pace()
        self._patience = outbox.Patience(self._pace.retry_first_s, self._pace.retry_most_s)
        self._db = ThreadPoolExecutor(1, "store")
        child = child or get_context("spawn")
        self._performer = Performer(chat, forum, group, clock, self._within, child=child, thinking_s=self._pace.thinking_s)
        self._news = {lane: asyncio.Event() for lane in LANES}
        self._since: str | None = None
        self._full_state = True
        self._heard_until: datetime | None = None  # nothing said before this moment is still on its way to us
        self.ready = asyncio.Event()  # the first answer of the homeserver is stored: from here on we hear everything
        self.troubles: dict[str, str] = {}  # what /health tells: kind -> sentence
        self._without_store: set[str] = set()  # the loops that could not write
        self._under_way: dict[str, str] = {}  # lane -> the effect that was claimed and whose end is not stored yet
        self._calendars: dict[SeriesId, tuple[tuple[Agenda, date], Feed]] = {}  # as last worked out, and from what

    async def run(self) -> None:
        """Listen, advance and deliver until cancelled."""
        try:
            await self.begin()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._listen(), name="listen")
                tasks.create_task(self._wake(), name="wake")
                for lane in LANES:
                    tasks.create_task(self._deliver(lane), name=lane)
        finally:
            self.close()

    async def begin(self) -> None:
        """Take up where the last process ended, however it did."""
        self._since = await self._within(self._begin)

    def close(self) -> None:
        """Let the threads go."""
        self._db.shutdown(wait=True)
        self._performer.close()

    def _begin(self, tx: Tx) -> str | None:
        if tx.began_at() is None:
            tx.set_began_at(self._clock())
        tx.reopen_claimed()
        diary.begin(tx, self._group, self._clock())
        outbox.hurry_all(tx, self._clock())
        calm(tx, self._group, "texts", self._clock())  # read anew; if one still cannot be filled, that is told again
        for lane in LANES:
            if not self._is_failing(tx, lane):
                calm(tx, self._group, lane, self._clock())
        self.troubles = {t.kind: t.sentence for t in tx.troubles()}
        return tx.token()

    async def _within(self, step: Callable[[Tx], T]) -> T:
        """One transaction, in the store's thread."""

        def run() -> T:
            with self._store.transaction() as tx:
                return step(tx)

        return await asyncio.get_running_loop().run_in_executor(self._db, run)

    def _ring(self) -> None:
        for event in self._news.values():
            event.set()

    # --- LISTEN -----------------------------------------------------------------------------------------------------

    async def _listen(self) -> None:
        failures = 0
        while True:
            try:
                await self.listen_once()
                await self._works("listening", "listening")
            except PeerpluginError as error:
                failures += 1
                await self._rest("listening", error, failures)
                continue
            failures = 0
            self._ring()

    async def listen_once(self) -> bool:
        """Ask the homeserver for news and store the answer whole. The first answer brings the rooms' whole state. False: no news."""
        asked_at = self._clock()
        batch = await self._chat.sync(self._since, full_state=self._full_state)
        if batch.token != self._since or self._full_state:
            ignored = await self._within(lambda tx: self._take_in(tx, batch))
            log.debug("listened", extra={"ignored": sum(ignored.values())})
        news, self._since, self._full_state = batch.token != self._since, batch.token, False
        self.ready.set()
        self._heard_until = asked_at
        return news

    def _take_in(self, tx: Tx, batch: Batch) -> dict[str, int]:
        now = self._clock()
        ignored = listen(tx, batch, self._group, now)
        advance(tx, self._group, now)
        return dict(ignored)

    # --- ADVANCE ----------------------------------------------------------------------------------------------------

    async def _wake(self) -> None:
        """Time passes: `schedule` says when to look; what is due stands in the store."""
        clock, due = schedule.Scheduler(), asyncio.Event()
        clock.every(max(1, round(self._pace.wake_s))).seconds.do(due.set)
        due.set()
        while True:
            clock.run_pending()
            if due.is_set():
                due.clear()
                try:
                    await self.advance_once()
                    await self._works("advancing")
                except PeerpluginError as error:
                    await self._trouble("advancing", error)
                self._ring()
            await asyncio.sleep(min(1.0, self._pace.wake_s))

    async def advance_once(self) -> None:
        """Meetings open and close by their time; every meeting with news takes its step."""
        known = await self._within(self._pass_time)
        for trouble in known:
            if trouble.kind not in self.troubles:  # a text that cannot be filled: noticed in a transaction, told there
                self.troubles[trouble.kind] = trouble.sentence
                log.error("trouble", extra={"kind": trouble.kind, "cause": MistakeError(trouble.sentence)})

    def _pass_time(self, tx: Tx) -> tuple[Trouble, ...]:
        now = self._clock()
        if self._heard_until is not None:  # while we are deaf no meeting ends by silence or time: what was said is heard first
            tick(tx, self._group, self._heard_until)
            diary.pass_time(tx, self._group, now)
        advance(tx, self._group, now)
        return tx.troubles()

    # --- DELIVER ----------------------------------------------------------------------------------------------------

    async def _deliver(self, lane: str) -> None:
        failures = 0
        while True:
            self._news[lane].clear()
            try:
                if await self.deliver_one(lane):
                    self._ring()
                else:
                    await self._until_due(lane)
            except PeerpluginError as error:
                failures += 1
                await self._rest(lane, error, failures)
                continue
            failures = 0

    async def deliver_one(self, lane: str) -> bool:
        """Claim and perform one due effect of a lane, and say so if that ends its trouble. False: none is due."""
        delivered = await self._deliver_next(lane)
        await self._works(lane)
        if lane in self.troubles and not await self._within(lambda tx: self._is_failing(tx, lane)):
            await self._over(lane)
        return delivered

    async def _deliver_next(self, lane: str) -> bool:
        """A failure is remembered, and tried again later."""
        work = await self._within(lambda tx: self._claim(tx, lane))
        self._under_way.pop(lane, None)
        if work is None:
            return False
        self._under_way[lane] = work.effect.key
        try:
            receipt = await self._performer.perform(work)
            await self._within(receipt)
        except OutsideError as failure:
            error = failure
        else:
            del self._under_way[lane]
            return True
        log.warning("not delivered", extra={"key": work.effect.key, "cause": error})
        serious = await self._within(lambda tx: outbox.failed(tx, work, error, self._patience, self._group, self._clock()))
        del self._under_way[lane]
        if serious:
            await self._trouble(lane, error)
        return True

    def _claim(self, tx: Tx, lane: str) -> Work | None:
        """The next effect; first of all the one whose receipt could not be stored: it is done again, and does no more than once."""
        if lane in self._under_way:
            tx.retry(self._under_way[lane], self._clock(), "its receipt could not be stored")
        return outbox.claim(tx, LANES[lane], self._group, self._clock())

    def _is_failing(self, tx: Tx, lane: str) -> bool:
        return outbox.still_failing(tx, LANES[lane], self._clock())

    async def _until_due(self, lane: str) -> None:
        """Sleep until somebody rings, or until the store says that something is due."""
        due = await self.next_due(lane)
        wait_s = max(0.0, (due - self._clock()).total_seconds()) if due else self._pace.wake_s
        try:
            async with asyncio.timeout(min(wait_s, self._pace.wake_s) + 0.005):
                await self._news[lane].wait()
        except TimeoutError:
            return

    async def next_due(self, lane: str) -> datetime | None:
        """When a lane has something to do; None: nothing waits."""
        return await self._within(lambda tx: tx.next_due(self._clock(), LANES[lane]))

    async def calendar(self, series_id: SeriesId) -> Feed | None:
        """What calendar programs read of a series; None: there is no such series."""
        found = await self._within(lambda tx: diary.open_at(tx, self._group, series_id, self._clock()))
        if found is None:
            return None
        basis, known = (found.agenda, found.now.date()), self._calendars.get(series_id)
        if (
            known is None or known[0] != basis
        ):  # a year of dates takes a while: not in the store's thread, and not for each stranger who asks
            known = basis, await asyncio.to_thread(feed, found.series, found.agenda, self._group.words, found.now)
            self._calendars[series_id] = known
        return known[1]

    async def forum_changed(self, hint: Hint) -> None:
        """The forum's hook hints at news. It may be wrong, doubled or late: all it does is to have us look sooner."""
        log.debug("hint", extra={"topic": hint.topic_id, "kind": hint.kind})
        await self._within(lambda tx: outbox.look_again(tx, self._clock()))
        self._ring()

    # --- trouble ----------------------------------------------------------------------------------------------------

    async def _rest(self, loop: str, error: PeerpluginError, failures: int) -> None:
        """Wait before the next try; a dead token is not hammered."""
        outside = error if isinstance(error, OutsideError) else OutsideError(str(error), kind="store")
        if error is not outside or outside.permanent or failures >= 3:
            await self._trouble(loop, error)
        await asyncio.sleep(self._patience.wait(failures, outside).total_seconds())

    async def _trouble(self, loop: str, error: PeerpluginError) -> None:
        """Something a person must act on: told once in the management rooms, by /health for as long as it lasts."""
        kind = "store" if isinstance(error, StoreError) else loop
        if kind == "store":
            self._without_store.add(loop)
        if kind in self.troubles:
            return
        sentence = self.troubles[kind] = str(error)
        log.error("trouble", extra={"kind": kind, "cause": error})
        try:
            await self._within(lambda tx: tell(tx, self._group, kind, sentence, self._clock()))
        except StoreError:  # the store itself is the trouble: say it without remembering it
            await self._say_at_once("trouble.txt", sentence=sentence)
        self._ring()

    async def _works(self, loop: str, kind: str = "") -> None:
        """A round of a loop went well: its trouble is over, and the store's once every loop that met it could write again."""
        if loop in self._without_store and (len(self._without_store) > 1 or await self._has_room()):
            self._without_store.discard(loop)
            if not self._without_store:
                await self._over("store")
        if kind in self.troubles:
            await self._over(kind)

    async def _has_room(self) -> bool:
        """Whether the store takes more than a few bytes again: on a disk that is nearly full one write goes through and the next does not."""
        try:
            for probe in ("0" * 65_536, ""):
                await self._within(lambda tx, probe=probe: tx.remember("probe", probe))  # type: ignore[misc]
        except StoreError:
            return False
        return True

    async def _over(self, kind: str) -> None:
        if self.troubles.pop(kind, None) is None:
            return
        log.info("working again", extra={"kind": kind})
        remembered = await self._within(lambda tx: calm(tx, self._group, kind, self._clock()))
        if kind == "store" and not remembered:
            await self._say_at_once("trouble-over.txt", kind=kind)

    async def _say_at_once(self, text: str, **values: str) -> None:
        """Past the outbox, which cannot remember it."""
        for desk in self._group.desks():
            try:
                content = {"msgtype": "m.notice", "body": self._group.words.text(text, **values), "m.mentions": {}}
                await self._chat.send(desk, "m.room.message", content, f"trouble:{text}:{desk}:{self._clock().isoformat()}")
            except PeerpluginError as error:
                log.error("nobody could be told", extra={"cause": error})
