"""A sync answer, as JSON, in our words: rooms, invitations, and where its timelines have holes. Pure.

The filling itself needs the homeserver and is in `history`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from integrations.matrix.events import WANTED_TYPES, read_event
from peerplugin.core.model import EventId, Gap, RoomEvent, RoomId, UserId
from peerplugin.ports import Invitation, RoomBatch

VISIBILITY: Final = "m.room.history_visibility"
TYPES: Final = [*WANTED_TYPES, VISIBILITY]
_NOTHING: Final[dict[str, object]] = {"not_types": ["*"]}
FILTER: Final[dict[str, dict[str, object]]] = {
    "presence": _NOTHING,
    "account_data": _NOTHING,
    "room": {
        "account_data": _NOTHING,
        "ephemeral": _NOTHING,
        "timeline": {"limit": 100, "types": TYPES},  # Synapse gives no more than 100
        "state": {"types": TYPES, "lazy_load_members": False},  # scrubbing needs the names of those who never spoke, too
    },
}
"""What we want to hear of. Typing and receipts alone make fifteen times as many answers."""


@dataclass(frozen=True, slots=True)
class RoomAnswer:
    """One room's part of a sync answer, still raw."""

    room_id: RoomId
    state: Sequence[object]
    timeline: Sequence[object]
    limited: bool
    prev_batch: str


@dataclass(frozen=True, slots=True)
class Filled:
    """What was found for the hole before a limited timeline, oldest first; and why not all of it, if so."""

    events: Sequence[object] = ()
    reason: str = ""


def room_answers(answer: Mapping[str, object]) -> list[RoomAnswer]:
    """The rooms we are in, and those we were in until now: what was said before we went is in there."""
    rooms = _object(answer.get("rooms"))
    found = [*_object(rooms.get("join")).items(), *_object(rooms.get("leave")).items()]
    return [_room_answer(RoomId(str(room_id)), _object(room)) for room_id, room in found]


def left_rooms(answer: Mapping[str, object]) -> tuple[RoomId, ...]:
    """The rooms we are no longer in: left, kicked, or an invitation taken back."""
    return tuple(RoomId(str(room_id)) for room_id in _object(_object(answer.get("rooms")).get("leave")))


def invitations(answer: Mapping[str, object], me: UserId) -> tuple[Invitation, ...]:
    """Who asks us where. The stripped state says all there is: we see nothing else of the room before we join."""
    found = []
    for room_id, room in _object(_object(answer.get("rooms")).get("invite")).items():
        state = [_object(event) for event in _list(_object(_object(room).get("invite_state")).get("events"))]
        encrypted = any(event.get("type") == "m.room.encryption" for event in state)
        for event in state:
            content, inviter = _object(event.get("content")), event.get("sender")
            if event.get("type") != "m.room.member" or event.get("state_key") != me or not isinstance(inviter, str):
                continue
            if content.get("membership") == "invite":
                direct = content.get("is_direct") is True
                found.append(Invitation(RoomId(str(room_id)), UserId(inviter), direct, encrypted))
                break
    return tuple(found)


def room_batch(answer: RoomAnswer, filled: Filled, me: UserId, arrival_in: Sequence[object]) -> RoomBatch:
    """One room as the port wants it: state, then the whole timeline, and the hole that could not be filled.

    `arrival_in`: those of the raw events in which our own arrival would be news (a full state repeats an old one)."""
    skipped: Counter[str] = Counter()
    timeline = _read([*filled.events, *answer.timeline], answer.room_id, skipped)
    heard = {event.event_id for event in timeline}
    # With the hole filled, changes of state stand in the timeline where they happened; taken from the state as well, a name
    # or a power level of the end would count from the beginning.
    state = [event for event in _read(answer.state, answer.room_id, skipped) if event.event_id not in heard]
    gap = _gap(answer, filled, timeline, _joined_at(arrival_in, me))
    return RoomBatch(answer.room_id, tuple(state), tuple(timeline), gap, skipped)


def _gap(answer: RoomAnswer, filled: Filled, timeline: list[RoomEvent], joined_at: datetime | None) -> Gap | None:
    """What we did not hear: what could not be fetched, or what was said before we came where newcomers may not read it."""
    if filled.reason:
        return Gap(answer.room_id, None, timeline[0].at if timeline else None, filled.reason)
    if joined_at is not None and _visibility([*answer.state, *filled.events, *answer.timeline]) in {"joined", "invited"}:
        return Gap(answer.room_id, None, joined_at, "what was said before we joined is not shown to newcomers in this room")
    return None


def _joined_at(raw: Iterable[object], me: UserId) -> datetime | None:
    """When we came, if the answer brings our own arrival (not a new display name)."""
    for event in map(_object, raw):
        if event.get("type") != "m.room.member" or event.get("state_key") != me:
            continue
        before = _object(_object(event.get("unsigned")).get("prev_content")).get("membership")
        read = read_event(event, RoomId("!room"))
        if isinstance(read, RoomEvent) and read.membership == "join" and before != "join":
            return read.at
    return None


def _visibility(raw: Iterable[object]) -> str:
    """Who may read what was said before they came; `shared` where nothing is said."""
    found = [_object(event.get("content")).get("history_visibility") for event in map(_object, raw) if event.get("type") == VISIBILITY]
    return str(found[-1]) if found else "shared"


def _read(raw: Iterable[object], room_id: RoomId, skipped: Counter[str]) -> list[RoomEvent]:
    """The events that can be read, in order, each once."""
    events: dict[EventId, RoomEvent] = {}
    for one in raw:
        if _object(one).get("type") == VISIBILITY:
            continue
        read = read_event(one, room_id)
        if not isinstance(read, RoomEvent):
            skipped[read.reason] += 1
        elif read.room_id != room_id:
            skipped["another room"] += 1
        else:
            events.setdefault(read.event_id, read)
    return list(events.values())


def _room_answer(room_id: RoomId, room: Mapping[str, object]) -> RoomAnswer:
    timeline, prev_batch = _object(room.get("timeline")), _object(room.get("timeline")).get("prev_batch")
    return RoomAnswer(
        room_id=room_id,
        state=_list(_object(room.get("state")).get("events")),
        timeline=_list(timeline.get("events")),
        limited=timeline.get("limited") is True,
        prev_batch=prev_batch if isinstance(prev_batch, str) else "",
    )


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
