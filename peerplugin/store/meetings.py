"""Rows about meetings: consents, facts with their news, records with the moment to look at them again, draft numbers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import case, func, null, select, update

from peerplugin.core.facts import AnyFact, Commanded, Thought, Withdrawn
from peerplugin.core.model import Consent, EventId, Level, MeetingKey, RoomId, SeriesId, UserId
from peerplugin.core.record import Phase, Record
from peerplugin.store import tables
from peerplugin.store.codec import dump, load, load_fact
from peerplugin.store.rows import Rows, in_chunks

HOLDS_WORDS = frozenset({Commanded.__name__, Thought.__name__})
"""Facts that may carry what somebody wrote: emptied as soon as they are handled."""

ERASING = HOLDS_WORDS | {Withdrawn.__name__}
"""Facts with which text goes away: their own, or that of a draft in the record that is stored together with them."""

_F = tables.facts.c
_R = tables.records.c


class MeetingRows(Rows):
    """Consents, facts, records and numbers."""

    def add_consent(self, series: SeriesId, consent: Consent) -> None:
        """Append what a member allows; nothing is ever taken away."""
        row = {"series": series, "user_id": consent.user, "level": consent.level.value, "at": consent.at}
        self._connection.execute(tables.consents.insert(), {**row, "source": consent.source, "event_id": consent.event_id})

    def consents(self, series: SeriesId) -> tuple[Consent, ...]:
        """What members allowed, in the order in which they said so."""
        rows = self._all(select(tables.consents).where(tables.consents.c.series == series).order_by(tables.consents.c.id))
        return tuple(
            Consent(
                UserId(row["user_id"]),
                Level(row["level"]),
                row["at"],
                row["source"],
                None if row["event_id"] is None else EventId(row["event_id"]),
            )
            for row in rows
        )

    # --- facts ------------------------------------------------------------------------------------------------------

    def add_fact(self, fact: AnyFact, meeting: MeetingKey | None) -> int:
        """Store one fact for the next step of its meeting; None: it belongs to no meeting."""
        row = {"meeting": meeting, "kind": type(fact).__name__, "payload": dump(fact), "handled": False}
        key = self._connection.execute(tables.facts.insert(), row).inserted_primary_key
        assert key is not None  # of one inserted row there always is one
        return int(key[0])

    def new_facts(self, meeting: MeetingKey | None) -> tuple[tuple[int, AnyFact], ...]:
        """The facts not handled yet, in order, each with its number."""
        query = select(_F.id, _F.kind, _F.payload).where(_F.handled.is_(False), _F.meeting == meeting).order_by(_F.id)
        return tuple((row["id"], load_fact(row["kind"], row["payload"])) for row in self._all(query))

    def handled(self, ids: Iterable[int]) -> None:
        """These facts were worked into a record; whatever words they carried are erased."""
        kept = case((_F.kind.in_(HOLDS_WORDS), null()), else_=_F.payload)
        for chunk in in_chunks(ids):
            self.erased = self.erased or self._exists(_F.id.in_(chunk), _F.kind.in_(ERASING))
            self._connection.execute(update(tables.facts).where(_F.id.in_(chunk)).values(handled=True, payload=kept))

    def meetings_with_news(self) -> tuple[MeetingKey, ...]:
        """The meetings with facts not handled yet; who has waited longest comes first."""
        query = select(_F.meeting).where(_F.handled.is_(False), _F.meeting.is_not(None)).group_by(_F.meeting).order_by(func.min(_F.id))
        return tuple(MeetingKey(key) for key in self._values(query))

    def has_news(self, meeting: MeetingKey | None) -> bool:
        """Is there a fact not handled yet?"""
        return self._exists(_F.handled.is_(False), _F.meeting == meeting)

    # --- records ----------------------------------------------------------------------------------------------------

    def record(self, key: MeetingKey) -> Record | None:
        """What is remembered of a meeting."""
        text = self._one(_R.record, _R.key, key)
        return None if text is None else load(Record, text)

    def save_record(self, record: Record, wake_at: datetime | None) -> None:
        """Remember a meeting as it stands now, and when to look at it again without news."""
        row = {"key": record.key, "series": record.series, "phase": record.phase.value, "opened_at": record.opened_at}
        self._put(tables.records, {**row, "wake_at": wake_at, "record": dump(record)})

    def record_keys(self, series: SeriesId | None = None, phase: Phase | None = None) -> tuple[MeetingKey, ...]:
        """The meetings we remember, oldest first."""
        query = select(_R.key).order_by(_R.opened_at, _R.key)
        if series is not None:
            query = query.where(_R.series == series)
        if phase is not None:
            query = query.where(_R.phase == phase.value)
        return tuple(MeetingKey(key) for key in self._values(query))

    def due(self, now: datetime) -> tuple[MeetingKey, ...]:
        """The meetings whose moment has come."""
        return tuple(MeetingKey(key) for key in self._values(select(_R.key).where(_R.wake_at <= now).order_by(_R.wake_at, _R.key)))

    def next_wake(self) -> datetime | None:
        """The soonest such moment."""
        return self._connection.execute(select(func.min(_R.wake_at))).scalar()

    def key_taken(self, key: MeetingKey) -> bool:
        """Does anything belong to a meeting of this key, from its first event on?"""
        floors, events = tables.floors.c, tables.events.c
        return any(self._has(column, key) for column in (_R.key, floors.meeting, _F.meeting, events.meeting))

    # --- numbers ----------------------------------------------------------------------------------------------------

    def first_free(self, management_room: RoomId) -> int:
        """The number that the next draft of a management room gets."""
        return self._one(tables.numbers.c.first_free, tables.numbers.c.management_room, management_room) or 1

    def take_numbers(self, management_room: RoomId, how_many: int) -> range:
        """Use up the next numbers: they are never given again."""
        first = self.first_free(management_room)
        self._put(tables.numbers, {"management_room": management_room, "first_free": first + how_many})
        return range(first, first + how_many)
