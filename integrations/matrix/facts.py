"""What can be known of a room from its state, for `peerplugin check`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from integrations.matrix.events import read_event
from integrations.matrix.sync import VISIBILITY
from peerplugin.core.model import Powers, RoomEvent, RoomId, UserId

INFINITE: Final = 2**53
"""The power of a room's creator from version 12 on: more than any that can be given."""


@dataclass(frozen=True, slots=True)
class RoomFacts:
    """A room as we find it. Where we are not in it, nothing else is known."""

    room_id: RoomId
    joined: bool
    encrypted: bool = False
    power: int = 0  # our own
    power_to_speak: int = 0
    power_to_redact: int = 50
    version: str = ""
    name: str = ""
    visibility: str = "shared"  # who reads what was said before they came
    replaced_by: RoomId | None = None

    @property
    def may_speak(self) -> bool:
        """Whether our messages would be taken."""
        return self.joined and self.power >= self.power_to_speak


def room_facts(room_id: RoomId, state: object, me: UserId) -> RoomFacts:
    """Read the whole state of a room."""
    raw = [event for event in state if isinstance(event, Mapping)] if isinstance(state, list) else []
    read = {}
    for event in raw:
        found = read_event(event, room_id)
        if isinstance(found, RoomEvent) and (found.kind != "member" or found.subject == me):
            read[found.kind] = found
    create, powers, name, tombstone, own = (read.get(kind) for kind in ("create", "powers", "name", "tombstone", "member"))
    levels = next((event.get("content") for event in raw if event.get("type") == "m.room.power_levels"), None)
    shown = next((event.get("content") for event in raw if event.get("type") == VISIBILITY), None)
    visibility = shown.get("history_visibility") if isinstance(shown, Mapping) else None
    return RoomFacts(
        room_id=room_id,
        joined=own is not None and own.membership == "join",
        encrypted="encryption" in read,
        power=_power(create, powers, me),
        power_to_speak=_needed(levels, "m.room.message", 0),
        power_to_redact=_number(levels, "redact", 50),
        version=create.room_version if create else "",
        name=name.name if name else "",
        visibility=visibility if isinstance(visibility, str) else "shared",
        replaced_by=tombstone.replacement if tombstone else None,
    )


def _power(create: RoomEvent | None, powers: RoomEvent | None, me: UserId) -> int:
    if create and me in create.creators:
        return INFINITE
    if powers is None:
        return 100 if create and create.sender == me else 0  # a room without power levels obeys its creator
    levels = powers.powers or Powers()
    return levels.users.get(me, levels.users_default)


def _needed(levels: object, event_type: str, otherwise: int) -> int:
    """What it takes to send events of a type."""
    events = levels.get("events") if isinstance(levels, Mapping) else None
    return _number(events, event_type, _number(levels, "events_default", otherwise))


def _number(where: object, name: str, otherwise: int) -> int:
    value = where.get(name) if isinstance(where, Mapping) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else otherwise
