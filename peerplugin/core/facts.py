"""Everything that can happen to a meeting from outside: what people did, and the receipts of our own effects.

Facts are stored once, in order, and each is handed to `lifecycle.advance` exactly once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from peerplugin.core.effects import Publication
from peerplugin.core.model import DocumentId, EventId, Level, MeetingKey, Outcome, RoomId, SeriesId, UserId

Place = Literal["room", "management", "direct"]


@dataclass(frozen=True, slots=True)
class Opened:
    """A meeting began, by command or by its schedule (`by` is None)."""

    at: datetime
    meeting: MeetingKey
    series: SeriesId
    room: RoomId
    by: UserId | None
    ends_at: datetime | None
    name: str = ""
    guest: str = ""  # whom members could send questions for


@dataclass(frozen=True, slots=True)
class Asked:
    """A member sent a question for the meeting's guest (`!ask-guest`)."""

    at: datetime
    event_id: EventId


@dataclass(frozen=True, slots=True)
class Closed:
    """A meeting ended: by command, at its scheduled end, after a silence, or because the next one began."""

    at: datetime
    reason: Literal["command", "schedule", "silence", "next"]


@dataclass(frozen=True, slots=True)
class Paused:
    """Noting stopped (`paused`) or went on for a while."""

    at: datetime
    event_id: EventId
    paused: bool


@dataclass(frozen=True, slots=True)
class Commanded:
    """Somebody typed a `!word` that needs an answer or a decision. `reply_to`: the message it answers."""

    at: datetime
    event_id: EventId
    actor: UserId
    room: RoomId
    place: Place
    word: str
    text: str
    moderator: bool
    reply_to: EventId | None = None
    note: str = ""  # what capture already did with it, for the answer's words


@dataclass(frozen=True, slots=True)
class Voted:
    """A moderator's reaction under one of our cards."""

    at: datetime
    event_id: EventId
    actor: UserId
    target: EventId
    emoji: str


@dataclass(frozen=True, slots=True)
class Unvoted:
    """A reaction was taken away."""

    at: datetime
    event_id: EventId


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """Messages that may no longer be used (or no longer say what they said). The text is erased already."""

    at: datetime
    event_ids: frozenset[EventId]
    reason: Literal["redacted", "edited", "off_record", "consent", "crisis"]


@dataclass(frozen=True, slots=True)
class ConsentGiven:
    """A member chose a level, for all of `event_ids` (what they said in this meeting)."""

    at: datetime
    user: UserId
    level: Level
    event_ids: frozenset[EventId] = frozenset()


@dataclass(frozen=True, slots=True)
class Sent:
    """Receipt: the effect `key` became this event."""

    at: datetime
    key: str
    event_id: EventId


@dataclass(frozen=True, slots=True)
class Started:
    """A `Put` was claimed: from now on the document may be public, whatever we hear of it."""

    at: datetime
    document: DocumentId


@dataclass(frozen=True, slots=True)
class Held:
    """Receipt: the forum holds the document."""

    at: datetime
    publication: Publication


@dataclass(frozen=True, slots=True)
class Gone:
    """Receipt: the forum no longer holds the document."""

    at: datetime
    document: DocumentId


@dataclass(frozen=True, slots=True)
class Thought:
    """Receipt of a `Think`."""

    at: datetime
    round: int
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Refused:
    """An effect was given up: the sentence says why."""

    at: datetime
    key: str
    sentence: str


AnyFact = (
    Opened
    | Asked
    | Closed
    | Paused
    | Commanded
    | Voted
    | Unvoted
    | Withdrawn
    | ConsentGiven
    | Sent
    | Started
    | Held
    | Gone
    | Thought
    | Refused
)
