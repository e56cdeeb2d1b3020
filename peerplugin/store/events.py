"""Rows about what was heard: events in the order of their arrival, the holes between them, what could not be read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, cast

from sqlalchemy import RowMapping, Select, and_, func, or_, select, update

from peerplugin.core.capture import Kept
from peerplugin.core.model import EventId, EventKind, Gap, LeftOut, MeetingKey, RoomId, SeriesId, UserId
from peerplugin.store import tables
from peerplugin.store.codec import dump_event, load_event, writable
from peerplugin.store.rows import Rows, in_chunks

SAID: frozenset[EventKind] = frozenset({"text", "notice", "emote", "media", "undecryptable"})
_E = tables.events.c


class EventRows(Rows):
    """Events, gaps and skipped counts."""

    def already_heard(self, event_ids: Iterable[EventId]) -> frozenset[EventId]:
        """Which of these we have heard before, kept or not. For a whole answer at once: it is asked of every event that arrives."""
        chunks = in_chunks(event_ids)
        return frozenset(EventId(found) for chunk in chunks for found in self._values(select(_E.event_id).where(_E.event_id.in_(chunk))))

    def mark_heard(self, event_id: EventId, room_id: RoomId, at: datetime) -> bool:
        """Remember the bare id of an event that is not kept, so that it does no harm twice. True: it is new."""
        return self._add(tables.events, {"event_id": event_id, "room_id": room_id, "at": at, "body": ""}, _E.event_id)

    def keep(self, meeting: MeetingKey, kept: Kept) -> bool:
        """Keep an event of a meeting. True: it is new; one that was heard before stays as it is."""
        event = kept.event
        row: dict[str, Any] = {
            "event_id": event.event_id,
            "room_id": event.room_id,
            "at": event.at,
            "meeting": meeting,
            "kind": event.kind,
            "sender": event.sender,
            "name": writable(kept.name),
            "moderator": kept.moderator,
            "target": event.target,
            "left_out": kept.left_out,
            "event": dump_event(event),
            "body": writable(event.body),
        }
        return self._add(tables.events, row, _E.event_id)

    def kept(self, meeting: MeetingKey) -> tuple[Kept, ...]:
        """Everything kept of a meeting, in the order in which it arrived."""
        return tuple(_kept(row) for row in self._all(_stored().where(_E.meeting == meeting).order_by(_E.position)))

    def kept_event(self, event_id: EventId) -> Kept | None:
        """One kept event; None also for one whose bare id is all we have."""
        row = self._first(_stored().where(_E.event_id == event_id, _E.meeting.is_not(None)))
        return None if row is None else _kept(row)

    def meeting_of(self, event_id: EventId) -> MeetingKey | None:
        """The meeting that an event was kept for."""
        found = self._one(_E.meeting, _E.event_id, event_id)
        return None if found is None else MeetingKey(found)

    def ids_of(self, meeting: MeetingKey, user: UserId) -> frozenset[EventId]:
        """All that a member did in a meeting."""
        return frozenset(EventId(found) for found in self._values(select(_E.event_id).where(_E.meeting == meeting, _E.sender == user)))

    def meetings_of(self, series: SeriesId, user: UserId) -> tuple[MeetingKey, ...]:
        """The meetings of a series in which a member did anything, oldest first."""
        query = select(_E.meeting).where(_E.sender == user, _E.meeting.is_not(None)).group_by(_E.meeting).order_by(func.min(_E.position))
        return tuple(MeetingKey(key) for key in self._values(query) if key.rpartition("/")[0] == series)

    def erase(self, event_ids: Iterable[EventId], left_out: LeftOut) -> frozenset[EventId]:
        """Destroy the text of these events and of every edit of them, and say why. Returns those that held text."""
        had_text: set[EventId] = set()
        for chunk in in_chunks(event_ids):
            which = or_(_E.event_id.in_(chunk), and_(_E.kind == "edit", _E.target.in_(chunk)))
            had_text.update(EventId(found) for found in self._values(select(_E.event_id).where(which, _E.body != "")))
            # A bare id was never part of a meeting: there is nothing to leave out.
            self._connection.execute(update(tables.events).where(which, _E.meeting.is_not(None)).values(body="", left_out=left_out))
        self.erased = self.erased or bool(had_text)
        return frozenset(had_text)

    def counts(self, meeting: MeetingKey) -> Mapping[str, int]:
        """How many messages were `kept`, and how many were left out by each reason."""
        query = select(_E.left_out, func.count().label("how_many")).where(_E.meeting == meeting, _E.kind.in_(SAID)).group_by(_E.left_out)
        found = {row["left_out"] or "kept": row["how_many"] for row in self._all(query)}
        return {"kept": found.pop("kept", 0), **dict(sorted(found.items()))}

    # --- what is missing --------------------------------------------------------------------------------------------

    def add_gap(self, meeting: MeetingKey | None, gap: Gap) -> None:
        """A stretch of the timeline that could not be had."""
        row = {"meeting": meeting, "room_id": gap.room_id, "after": gap.after, "before": gap.before, "reason": gap.reason}
        self._connection.execute(tables.gaps.insert(), row)

    def gaps(self, meeting: MeetingKey | None) -> tuple[Gap, ...]:
        """The holes in a meeting; None: those that fell into no meeting."""
        rows = self._all(select(tables.gaps).where(tables.gaps.c.meeting == meeting).order_by(tables.gaps.c.id))
        return tuple(Gap(RoomId(row["room_id"]), row["after"], row["before"], row["reason"]) for row in rows)

    def add_skipped(self, meeting: MeetingKey | None, reasons: Mapping[str, int]) -> None:
        """Add to the count of events that could not be read, by reason."""
        known = self.skipped(meeting)
        for reason, how_many in reasons.items():
            self._put(tables.skipped, {"meeting": meeting or "", "reason": reason, "how_many": known.get(reason, 0) + how_many})

    def skipped(self, meeting: MeetingKey | None) -> Mapping[str, int]:
        """How many events could not be read, by reason."""
        query = select(tables.skipped).where(tables.skipped.c.meeting == (meeting or "")).order_by(tables.skipped.c.reason)
        return {row["reason"]: row["how_many"] for row in self._all(query)}


def _stored() -> Select[Any]:
    return select(_E.event, _E.body, _E.name, _E.moderator, _E.left_out)


def _kept(row: RowMapping) -> Kept:
    return Kept(load_event(row["event"], row["body"]), row["name"], row["moderator"], cast("LeftOut | None", row["left_out"]))
