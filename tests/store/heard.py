"""What the tests of the store are about: one evening, its people, and how they get into a store."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from peerplugin.core.capture import Kept
from peerplugin.core.facts import Commanded
from peerplugin.core.model import (
    EventId,
    EventKind,
    LeftOut,
    MeetingKey,
    RoomEvent,
    RoomId,
    SeriesId,
    UserId,
)
from peerplugin.store import Tx

NOW = datetime(2026, 10, 7, 19, 0, tzinfo=UTC)
LIVER = SeriesId("liver-spot")
WEDNESDAY = MeetingKey("liver-spot/2026-10-07")
ROOM = RoomId("!liver:example.org")
DESK = RoomId("!desk:example.org")
ALMA = UserId("@alma:example.org")
BO = UserId("@bo:example.org")
CANARY = "Zwiebelkuchen-4711"


def event(name: str, body: str = "Soft food for three days", kind: EventKind = "text", target: str | None = None) -> RoomEvent:
    return RoomEvent(EventId(f"${name}"), ROOM, ALMA, NOW, kind, body, target=None if target is None else EventId(f"${target}"))


def keep(tx: Tx, *events: RoomEvent, left_out: LeftOut | None = None, meeting: MeetingKey = WEDNESDAY) -> None:
    for each in events:
        tx.keep(meeting, Kept(each, "Alma", moderator=False, left_out=left_out))


def bytes_of(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(path.parent.iterdir()) if file.name.startswith(path.name))


def command(text: str) -> Commanded:
    return Commanded(NOW, EventId("$c"), BO, DESK, "management", "reject", text, moderator=True)
