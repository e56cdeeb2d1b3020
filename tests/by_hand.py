"""The three loops turned by hand over a real store: a room, a forum and a clock that do as a test says."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime

from peerplugin import outbox
from peerplugin.advance import advance
from peerplugin.core.effects import Answer, Join, Publication, Put, React, Redact, Say, Think, Withdraw
from peerplugin.core.model import EventId, Outcome, Powers, RoomEvent, RoomId, Series, UserId
from peerplugin.core.publish import document_digest
from peerplugin.core.record import Record
from peerplugin.core.rules import Rules
from peerplugin.group import Group
from peerplugin.listen import listen
from peerplugin.outbox import Work
from peerplugin.ports import Batch, RoomBatch
from peerplugin.store import Store
from tests.core.scene import (
    ALMA,
    BEGAN,
    BO,
    CLEO,
    CRISIS,
    DOV,
    KEY,
    MARA,
    ROOM,
    US,
    a_series,
    a_summary,
    an_event,
    at,
    words,
)

ALL = outbox.CHAT | outbox.FORUM | outbox.ERASING | outbox.THINKING


class Service:
    """The three loops turned by hand, each in transactions of its own as in the real one."""

    def __init__(self, store: Store, *series: Series) -> None:
        self.store, self.minute, self.batches = store, 0.0, 0
        self.group = Group(US, series or (a_series(),), words(), Rules(crisis_phrases=CRISIS))
        with store.transaction() as tx:
            tx.set_began_at(BEGAN)
        for one in self.group.series:
            for room in (one.room, one.management_room):
                self.hear(room, state=room_state(room))

    @property
    def now(self) -> datetime:
        return at(self.minute)

    def hear(self, room: RoomId, *timeline: RoomEvent, state: tuple[RoomEvent, ...] = (), **more: object) -> Counter[str]:
        batch = RoomBatch(room, state, tuple(replace(e, room_id=room) for e in timeline))
        return self.batch(rooms=(replace(batch, **more),))  # type: ignore[arg-type]

    def batch(self, **more: object) -> Counter[str]:
        self.batches += 1
        with self.store.transaction() as tx:
            ignored = listen(tx, Batch(f"s{self.batches}", **more), self.group, self.now)  # type: ignore[arg-type]
            advance(tx, self.group, self.now)
        return ignored

    def say(self, sender: UserId, body: str, room: RoomId = ROOM, **more: object) -> EventId:
        event = an_event(sender, body, self.minute, **more)
        self.hear(room, event)
        return event.event_id

    def about(self, sender: UserId, kind: str, target: EventId, room: RoomId = ROOM, **more: object) -> EventId:
        return self.say(sender, str(more.pop("body", "")), room, kind=kind, target=target, **more)

    def claim(self, kinds: frozenset[str] = ALL) -> Work | None:
        with self.store.transaction() as tx:
            return outbox.claim(tx, kinds, self.group, self.now)

    def perform(self, work: Work) -> None:
        """Everything works at once."""
        effect = work.effect
        with self.store.transaction() as tx:
            match effect:
                case Say() | Answer() | React():
                    outbox.sent(tx, work, EventId(f"${effect.key}"), self.now)
                case Redact() | Join():
                    outbox.sent(tx, work, None, self.now)
                case Think():
                    outbox.thought(tx, work, outcome(), self.group, self.now)
                case Put() if work.unproven is not None:
                    outbox.go_on(tx, work, self.now)
                case Put():
                    assert work.document is not None
                    url, digest = f"https://forum.example.org/t/{effect.document}", document_digest(work.document)
                    topic = Publication(work.document.document, 7, 70, url, 1, digest)
                    outbox.put(tx, work, topic, self.group, self.now)
                case Withdraw():
                    outbox.withdrawn(tx, work, self.group, self.now)

    def deliver(self, kinds: frozenset[str] = ALL) -> list[Work]:
        """Do all that is due."""
        done = []
        while (work := self.claim(kinds)) is not None:
            self.perform(work)
            done.append(work)
        return done

    def record(self) -> Record:
        with self.store.transaction() as tx:
            record = tx.record(KEY)
        assert record is not None
        return record

    def hold_meeting(self) -> list[EventId]:
        """A meeting with five messages, drafted and shown; the clock stands at minute 80."""
        self.say(MARA, "!startmeeting")
        self.minute = 1
        said = [self.say(who, f"words {n}", event_id=EventId(f"$m{n}")) for n, who in enumerate((ALMA, BO, BO, CLEO, DOV), 1)]
        self.minute = 50
        self.say(MARA, "!endmeeting")
        self.minute = 80
        self.deliver()
        return said

    def card(self) -> EventId:
        [card] = self.record().drafts[0].cards
        return card


def room_state(room: RoomId) -> tuple[RoomEvent, ...]:
    people = {ALMA: "Alma", BO: "Bo", CLEO: "Cleo", DOV: "Dov", MARA: "Mara", US: "peerplugin"}
    joins = tuple(an_event(u, "", -60, kind="member", membership="join", name=n) for u, n in people.items())
    return (*joins, an_event(MARA, "", -60, kind="powers", powers=Powers({MARA: 50})))


def outcome() -> Outcome:
    return Outcome("hash", (), (a_summary(),), messages=5, speakers=4, present=6)


def texts(works: list[Work]) -> list[str]:
    return [w.effect.text for w in works if isinstance(w.effect, Say | Answer)]
