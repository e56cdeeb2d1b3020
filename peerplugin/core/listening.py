"""One event heard in one room: what is kept of it, what is ignored and why, what follows at once.

`hear` looks at the kind of place: the meeting's room (`floor`), the management room (`desk`), a direct room (`consent`).
No text is kept outside an open meeting."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from peerplugin.core.capture import Floor, Kept
from peerplugin.core.effects import AnyEffect
from peerplugin.core.facts import AnyFact, Commanded, Place, Voted
from peerplugin.core.model import Consent, EventId, LeftOut, MeetingKey, RoomState, Series, SeriesId, UserId

STALE = timedelta(minutes=10)
"""A message that is older than the meeting by more than this was not said in it, whenever it arrives."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What hearing may look up: earlier events, cards, draft numbers. Functions over what is stored."""

    find: Callable[[EventId], tuple[MeetingKey, Kept] | None]
    card: Callable[[EventId], MeetingKey | None]  # the meeting of a card of ours
    number: Callable[[int], MeetingKey | None]  # the meeting of a draft number
    waiting: Callable[[], tuple[MeetingKey, ...]]  # meetings with drafts to decide, oldest first
    taken: Callable[[], Collection[MeetingKey]]
    prompt: Callable[[EventId], SeriesId | None]  # the series that a question of ours about dates is for
    said: Callable[[SeriesId, UserId], tuple[tuple[MeetingKey, frozenset[EventId]], ...]]  # a member's messages, by meeting


@dataclass(frozen=True, slots=True)
class Listening:
    """Where we are while we read a room's timeline."""

    us: UserId
    place: Place
    state: RoomState
    series: tuple[Series, ...]
    floor: Floor | None
    began_at: datetime
    crisis: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Heard:
    """What one event changes."""

    listening: Listening
    kept: tuple[MeetingKey, Kept] | None = None
    ignored: str = ""
    receipt: str = ""  # the key of our own effect that this event is the proof of
    erase: tuple[tuple[EventId, LeftOut], ...] = ()
    facts: tuple[tuple[MeetingKey, AnyFact], ...] = ()
    consents: tuple[tuple[SeriesId, Consent], ...] = ()
    effects: tuple[AnyEffect, ...] = field(default=())
    orders: tuple[tuple[SeriesId, Commanded | Voted], ...] = ()  # about the dates of a series
    zone: tuple[UserId, str | None] | None = None  # whose times are told in which zone from now on


def ignored(listening: Listening, reason: str) -> Heard:
    """Nothing is kept, for a reason that is counted."""
    return Heard(listening, ignored=reason)


def with_floor(listening: Listening, **changes: object) -> Listening:
    """The same place with a changed floor."""
    assert listening.floor is not None
    return replace(listening, floor=replace(listening.floor, **changes))  # type: ignore[arg-type]
