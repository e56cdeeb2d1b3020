"""The nouns: what a room said, what a meeting is, what a draft holds. Frozen values, no behaviour worth a test of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Literal, NewType

EventId = NewType("EventId", str)
RoomId = NewType("RoomId", str)
UserId = NewType("UserId", str)
SeriesId = NewType("SeriesId", str)
MeetingKey = NewType("MeetingKey", str)
"""`series/2026-10-07`, fixed when the meeting opens; a second meeting on that local date is `series/2026-10-07-2`."""
ThreadId = NewType("ThreadId", str)
"""`t1`, `t2`, ... within one meeting."""
DocumentId = NewType("DocumentId", str)
"""`series/2026-10-07/t8` or `series/2026-10-07/index`: one topic or post in the forum."""


# --- the room ---------------------------------------------------------------------------------------------------

EventKind = Literal[
    "text", "notice", "emote", "media",  # something said
    "edit", "redaction", "reaction",  # about an earlier event, its id in `target`
    "member", "powers", "create", "name", "tombstone", "encryption",  # state of the room
    "undecryptable",  # we hold no key for it: a fact of its own
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Powers:
    """Power levels as `m.room.power_levels` states them (never as a client library remembers them)."""

    users: Mapping[UserId, int] = field(default_factory=dict)
    users_default: int = 0


@dataclass(frozen=True, slots=True)
class RoomEvent:
    """One event of a room, in our words. `body` has lost the reply's quotation; an edit's `body` is its new content."""

    event_id: EventId
    room_id: RoomId
    sender: UserId
    at: datetime
    kind: EventKind
    body: str = ""
    reply_to: EventId | None = None
    thread_root: EventId | None = None
    target: EventId | None = None
    key: str = ""  # the emoji of a reaction, variation selectors removed
    effect_key: str = ""  # ours: the key of the effect that sent this event
    mentions: tuple[UserId, ...] = ()
    subject: UserId | None = None  # whom a member event is about
    name: str = ""  # a display name, or a room's name
    membership: str = ""  # join, leave, invite, ban, knock
    powers: Powers | None = None
    creators: tuple[UserId, ...] = ()  # of a create event: those with infinite power (room version 12)
    room_version: str = ""
    replacement: RoomId | None = None  # of a tombstone


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of the timeline that could not be had: between `after` and `before`, and why."""

    room_id: RoomId
    after: datetime | None
    before: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class RoomState:
    """What a room is at this point of its timeline."""

    room_id: RoomId
    name: str = ""
    version: str = "1"
    creators: tuple[UserId, ...] = ()
    powers: Powers = Powers()
    members: Mapping[UserId, str] = field(default_factory=dict)  # joined now: id -> display name
    names: Mapping[UserId, tuple[str, ...]] = field(default_factory=dict)  # every name ever seen here
    encrypted: bool = False
    replaced_by: RoomId | None = None
    direct_with: UserId | None = None  # our private room with one member


# --- the series and its meetings ----------------------------------------------------------------------------------


class Level(StrEnum):
    """What a member allows to be done with what they wrote, from least to most."""

    NONE = "none"
    COUNTED = "counted"
    REPORTED = "reported"
    QUOTED = "quoted"


@dataclass(frozen=True, slots=True)
class Change:
    """What was decided about one date of a series. The date as the rule gives it names it for ever (RFC 5545: RECURRENCE-ID)."""

    cancelled: bool = False
    moved_to: datetime | None = None  # wall time in the series' zone
    guest: str = ""
    subject: str = ""  # what the guest speaks about
    note: str = ""
    reason: str = ""  # for cancelling or moving
    sequence: int = 0  # how often the date was changed (RFC 5545: SEQUENCE)
    decided_at: datetime | None = None


UNCHANGED = Change()


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a series meets: local wall time, IANA zone, RFC 5545 recurrence rule, and what was decided about single dates."""

    starts_on: date
    time: str  # "19:00"
    zone: str  # "America/Los_Angeles"
    rule: str  # "FREQ=WEEKLY;BYDAY=WE"
    minutes: int = 75
    ends_on: date | None = None  # the last date
    changes: Mapping[date, Change] = field(default_factory=dict)
    fixed: Mapping[date, datetime] = field(default_factory=dict)  # instants that were announced: a promise, whatever becomes of the zone


@dataclass(frozen=True, slots=True)
class Consent:
    """One statement of a member about their words in a series. The list is append-only; the last one counts."""

    user: UserId
    level: Level
    at: datetime
    source: str  # "room", "direct", "operator"
    event_id: EventId | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """One weekly meeting as the settings describe it: where it is held, where it is published, by which rules."""

    series_id: SeriesId
    name: str
    room: RoomId
    management_room: RoomId
    category: int
    default_consent: Level
    tags: tuple[str, ...] = ()
    layout: Literal["topics", "posts"] = "topics"
    facilitators: frozenset[UserId] = frozenset()
    schedule: Schedule | None = None
    start_by_schedule: bool = False
    silence_min: int = 60  # a meeting that nobody speaks in for so long is over
    grace_min: int = 30  # after its scheduled end
    longest_min: int = 240  # however lively: nothing is noted for ever
    publish_grace_min: float = 5
    min_contributors: int = 3
    how_to_join: str = ""
    forum_url: str = ""
    leads: tuple[int, ...] = (7 * 24 * 60, 24 * 60, 60, 0)  # minutes before a meeting at which it is announced, the longest first
    zones: tuple[str, ...] = ()  # in which a time is told besides the series' own
    quorum: tuple[int, int] = (20, 50)  # how few and how many make a good meeting
    confirm_min: int = 0  # how long before a meeting the facilitators are asked whether it takes place; 0: never
    announcements: int | None = None  # the category for a short topic of each date; None: no such topics
    listed: int = 4  # how many dates the standing topic lists
    local_dates: bool = True  # the forum shows dates in each reader's own time
    events: bool = False  # the forum shows a topic as an event
    publish_unproven: bool = False  # the operator accepts that an erasure may leave earlier texts readable


# --- the transcript -----------------------------------------------------------------------------------------------

LeftOut = Literal["off_record", "paused", "redacted", "consent", "crisis", "command", "media", "notice", "outside", "undecryptable"]


@dataclass(frozen=True, slots=True)
class Message:
    """A line of the transcript, as it finally stood: edits applied, quotation stripped. Left-out lines have no text."""

    event_id: EventId
    sender: UserId
    name: str  # the display name at the time
    at: datetime
    text: str
    emote: bool = False
    reply_to: EventId | None = None
    thread_root: EventId | None = None
    mentions: tuple[UserId, ...] = ()
    level: Level = Level.REPORTED
    moderator: bool = False
    left_out: LeftOut | None = None


@dataclass(frozen=True, slots=True)
class Cue:
    """What a chair said with a command: `!topic`, `!info`, `!link`, `!action`, `!agreed`, `!here`, `!chair`."""

    kind: str
    text: str
    event_id: EventId
    sender: UserId
    at: datetime


@dataclass(frozen=True, slots=True)
class Transcript:
    """Everything a meeting left behind that thinking may use, in the order in which it was heard."""

    key: MeetingKey
    messages: tuple[Message, ...]
    cues: tuple[Cue, ...] = ()
    roster: Mapping[UserId, tuple[str, ...]] = field(default_factory=dict)  # all names of all who are or were in the room
    gaps: tuple[Gap, ...] = ()
    openings: tuple[EventId, ...] = ()  # with which a question begins, as a facilitator said


# --- threads, statements, drafts ------------------------------------------------------------------------------------

Section = Literal["question", "experience", "emotion", "suggestion", "doctor", "open", "resource"]
Wording = Literal["quoted", "reported", "counted"]


@dataclass(frozen=True, slots=True)
class Thread:
    """Messages that belong to one conversation, in order. `opening` is the message that asks, if one was found."""

    thread_id: ThreadId
    event_ids: tuple[EventId, ...]
    opening: EventId | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a message's own text that was removed, and the plain words that stand instead."""

    event_id: EventId
    start: int
    end: int
    kind: str
    replacement: str


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence of a draft and the messages it rests on.

    `offered` is true where the sentence could not be worded safely: a moderator sees it and may word it; it is never published."""

    text: str
    section: Section
    wording: Wording
    event_ids: tuple[EventId, ...]
    contributors: int = 1
    offered: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a moderator should look at: its kind, the messages it is about, a sentence."""

    kind: str
    event_ids: tuple[EventId, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Summary:
    """What one thread would become: the title, the statements, what was removed; or why it is withheld."""

    thread_id: ThreadId
    title: str
    title_sources: tuple[EventId, ...]
    tags: tuple[str, ...]
    statements: tuple[Statement, ...]
    contributors: int
    messages: int
    findings: tuple[Finding, ...] = ()
    removed: Mapping[str, int] = field(default_factory=dict)  # kind -> how often
    withheld: str = ""  # a reason, or empty: drafted
    open_question: bool = False
    voices: tuple[frozenset[EventId], ...] = ()  # the thread's messages by author, without their names


@dataclass(frozen=True, slots=True)
class Outcome:
    """What thinking about a transcript gave."""

    transcript_hash: str
    threads: tuple[Thread, ...]
    summaries: tuple[Summary, ...]  # one per thread that holds anything to say, drafted or withheld
    scrubbed: tuple[Span, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)  # reason -> how many
    messages: int = 0
    speakers: int = 0
    present: int = 0
    gaps: int = 0
