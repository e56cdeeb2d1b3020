"""Performs one claimed effect, whatever its kind: says it, asks the forum for it, or thinks it. What comes back is the receipt, to be stored.

The forum is called from threads of its own, one for what is published and one for what is taken back; thinking runs in a child process."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from datetime import datetime
from multiprocessing.context import BaseContext
from typing import Protocol, TypeVar

from peerplugin import outbox
from peerplugin.core.effects import Amend, Answer, Document, Join, Put, React, Redact, Say, Think, Withdraw
from peerplugin.core.model import EventId, Outcome, RoomId, RoomState
from peerplugin.errors import OutsideError
from peerplugin.group import Group
from peerplugin.outbox import Work
from peerplugin.ports import Chat, Forum
from peerplugin.store import Tx
from peerplugin.thinking import think

log = logging.getLogger(__name__)
T = TypeVar("T")

EFFECT_KEY = "org.peerplugin.key"
"""Where an event of ours carries the key of its effect: our own event coming back by sync is its receipt."""

Receipt = Callable[[Tx], None]


class Within(Protocol):
    """A way to run one step in a transaction of the store."""

    def __call__(self, step: Callable[[Tx], T], /) -> Awaitable[T]:
        """What the step returns, once it is stored."""


class Performer:
    """Does what effects say. Raises OutsideError where it was not done, or where nobody knows whether it was."""

    def __init__(
        self,
        chat: Chat,
        forum: Forum,
        group: Group,
        clock: Callable[[], datetime],
        within: Within,
        *,
        child: BaseContext,
        thinking_s: float,
    ) -> None:
        self._chat, self._forum, self._group, self._clock, self._within = chat, forum, group, clock, within
        self._child, self._thinking_s = child, thinking_s
        self._desk = ThreadPoolExecutor(2, "forum")

    def close(self) -> None:
        """Let the threads go."""
        self._desk.shutdown(wait=False, cancel_futures=True)

    async def perform(self, work: Work) -> Receipt:
        """Do it; what to store about it."""
        match work.effect:
            case Say() | Amend() | Answer() | React() | Redact() | Join():
                event_id = await self._speak(work)
                return lambda tx: outbox.sent(tx, work, event_id, self._clock())
            case Put() if work.unproven is not None:
                series, day = work.unproven, self._clock().date().isoformat()
                await self._in_forum(lambda: self._forum.prove(series.category, day))
                return lambda tx: outbox.go_on(tx, work, self._clock())
            case Put():
                publication = await self._in_forum(lambda: self._forum.put(_document(work), work.known))
                return lambda tx: outbox.put(tx, work, publication, self._group, self._clock())
            case Withdraw():
                await self._in_forum(lambda: self._take_away(work))
                return lambda tx: outbox.withdrawn(tx, work, self._group, self._clock())
            case Think():
                outcome = await self._think(work)
                return lambda tx: outbox.thought(tx, work, outcome, self._group, self._clock())

    # --- the room -----------------------------------------------------------------------------------------------------

    async def _speak(self, work: Work) -> EventId | None:
        effect, chat = work.effect, self._chat
        match effect:
            case Say() | Answer():
                room = work.room
                if room is None and isinstance(effect, Answer):
                    room = await self._direct_room(effect)
                content = {"msgtype": "m.notice", "body": work.text, "m.mentions": {}, EFFECT_KEY: effect.key}
                return await chat.send(_room(room), "m.room.message", content, effect.key)
            case Amend():
                said = {"msgtype": "m.notice", "body": work.text, "m.mentions": {}}
                relation = {"rel_type": "m.replace", "event_id": work.about}
                content = {**said, "body": f"* {work.text}", "m.new_content": said, "m.relates_to": relation, EFFECT_KEY: effect.key}
                return await chat.send(_room(work.room), "m.room.message", content, effect.key)
            case React():
                relation = {"rel_type": "m.annotation", "event_id": effect.event_id, "key": effect.emoji}
                return await chat.send(_room(work.room), "m.reaction", {"m.relates_to": relation, EFFECT_KEY: effect.key}, effect.key)
            case Redact():
                await chat.redact(_room(work.room), effect.event_id, effect.key)
            case Join():
                await chat.enter(effect.room)
        return None

    async def _direct_room(self, effect: Answer) -> RoomId:
        room = await self._chat.direct_room(effect.user)

        def remember(tx: Tx) -> None:
            tx.save_direct_room(effect.user, room)
            tx.save_room_state(replace(tx.room_state(room) or RoomState(room), direct_with=effect.user))

        await self._within(remember)
        return room

    # --- the forum ----------------------------------------------------------------------------------------------------

    async def _in_forum(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._desk, call)

    def _take_away(self, work: Work) -> None:
        known = work.known or self._forum.find(_document(work))
        if known is not None:
            self._forum.withdraw(known)

    # --- thinking -----------------------------------------------------------------------------------------------------

    async def _think(self, work: Work) -> Outcome:
        """In a child process that ends with the thought: a long draft never delays a room, and its memory goes back."""
        assert work.transcript is not None and work.rules is not None
        pool = ProcessPoolExecutor(1, mp_context=self._child)
        try:
            async with asyncio.timeout(self._thinking_s):
                return await asyncio.get_running_loop().run_in_executor(pool, think, work.transcript, work.rules, self._group.models)
        except (BrokenProcessPool, TimeoutError) as error:
            sentence = (
                f"Drafting {work.effect.meeting} did not finish ({type(error).__name__}): is there enough memory? It will be tried again."
            )
            raise OutsideError(sentence, kind="slow") from None
        except Exception as error:  # noqa: BLE001 - whatever thinking stumbles over: this meeting steps aside, the loops go on
            log.error("drafting failed", extra={"meeting": work.effect.meeting, "cause": error})
            sentence = f"Drafting {work.effect.meeting} failed ({type(error).__name__}): this is a fault of ours, the log says where. Nothing is lost."
            raise OutsideError(sentence, kind="invalid", permanent=True) from None
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _room(room: RoomId | None) -> RoomId:
    assert room is not None
    return room


def _document(work: Work) -> Document:
    assert work.document is not None
    return work.document
