"""The ear: hands each event to the kind of place it was heard in, after the room's own state has taken it in."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from peerplugin.core import consent, desk, floor
from peerplugin.core.capture import SAID
from peerplugin.core.effects import Join, Say
from peerplugin.core.listening import Heard, Listening, Memory, ignored
from peerplugin.core.model import RoomEvent
from peerplugin.core.room import changed

_STATE = frozenset({"member", "powers", "create", "name", "tombstone", "encryption"})


def hear(listening: Listening, event: RoomEvent, memory: Memory, now: datetime) -> Heard:
    """What one event of a timeline changes. `now` tells a late `!startmeeting` from a fresh one, and bounds what a clock may claim."""
    if event.kind in _STATE:
        return _state(listening, event)
    if event.sender == listening.us:
        return Heard(listening, receipt=event.effect_key, ignored="ours")
    if event.kind in SAID and event.at < listening.began_at and listening.floor is None:
        return ignored(listening, "older than the service")
    event = replace(event, at=min(event.at, now))  # a sender's clock may be fast, or lie: nothing was said in the future
    match listening.place:
        case "room":
            return floor.hear(listening, event, memory, now)
        case "management":
            return desk.hear(listening, event, memory)
        case "direct":
            return consent.hear_direct(listening, event, memory)


def _state(listening: Listening, event: RoomEvent) -> Heard:
    before, after = listening.state, changed(listening.state, event)
    listening = replace(listening, state=after)
    if after.replaced_by is not None and before.replaced_by is None:
        return Heard(listening, ignored="state", effects=(Join(key=f"join:{after.replaced_by}", room=after.replaced_by),))
    if after.encrypted and not before.encrypted and listening.place != "direct":
        desks = {s.management_room for s in listening.series}
        says = tuple(
            Say(key=f"encrypted:{after.room_id}:{d}", room=d, text="room-encrypted", values={"room": after.name or after.room_id})
            for d in sorted(desks)
        )
        return Heard(listening, ignored="state", effects=says)
    return ignored(listening, "state")
