"""What is remembered of one meeting between two steps: its phase, its drafts, who decided what, where it stands in the forum."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

from peerplugin.core.effects import Publication
from peerplugin.core.model import DocumentId, EventId, MeetingKey, RoomId, SeriesId, Summary, UserId


class Phase(StrEnum):
    """Where a meeting is on its way (drawn in the README)."""

    OPEN = "open"
    THINKING = "thinking"
    REVIEW = "review"
    SETTLED = "settled"


class Verdict(StrEnum):
    """Where a draft is on its way."""

    WAITING = "waiting"
    APPROVED = "approved"
    PUBLISHED = "published"
    REJECTED = "rejected"
    WITHHELD = "withheld"
    RETRACTED = "retracted"
    SUPERSEDED = "superseded"  # by a redraft, or because nothing was left of it


@dataclass(frozen=True, slots=True)
class Vote:
    """A moderator's yes or no to exactly one revision; `event_id` is the reaction, or the command's message."""

    actor: UserId
    yes: bool
    event_id: EventId
    revision: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decided what, when, about which text (by its hash: no text is kept here)."""

    number: int
    verdict: Verdict
    actor: UserId | None
    desk: Literal["reaction", "command", "service"]
    revision_hash: str
    at: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """One thread's summary on its way through review."""

    number: int  # per management room, never used twice
    document: DocumentId
    summary: Summary
    revision: int = 1
    verdict: Verdict = Verdict.WAITING
    votes: tuple[Vote, ...] = ()
    approved_at: datetime | None = None
    public: bool = False  # a Put was claimed: the forum may hold it
    cards: Mapping[EventId, int] = field(default_factory=dict)  # our messages that showed it -> the revision shown
    old_cards: Mapping[EventId, int] = field(default_factory=dict)  # those that we took back
    carded: int = 0  # the revision that a card was last asked for
    why_again: str = ""  # why this revision asks again

    @property
    def shown(self) -> bool:
        """Whether a card with exactly this revision stands in the room."""
        return self.revision in self.cards.values()

    @property
    def publishable(self) -> bool:
        """Whether anything of it could be published: a statement that is worded, or an open question with its title."""
        asked = self.summary.open_question and bool(self.summary.title)
        return not self.summary.withheld and (asked or any(not s.offered for s in self.summary.statements))

    @property
    def revision_hash(self) -> str:
        """Of exactly what an approval covers: title, tags, statements that would be published."""
        shown = [s.text for s in self.summary.statements if not s.offered]
        return digest([self.summary.title, *self.summary.tags, *shown])


@dataclass(frozen=True, slots=True)
class Record:
    """One meeting."""

    key: MeetingKey
    series: SeriesId
    room: RoomId
    opened_at: datetime
    opened_by: UserId | None = None
    name: str = ""
    guest: str = ""
    ends_at: datetime | None = None
    closed_at: datetime | None = None
    closed_by: str = ""
    phase: Phase = Phase.OPEN
    round: int = 0  # how often we thought
    drafts: tuple[Draft, ...] = ()
    decisions: tuple[Decision, ...] = ()
    publications: Mapping[DocumentId, Publication] = field(default_factory=dict)
    asked: Mapping[DocumentId, str] = field(default_factory=dict)  # what we last asked the forum to hold, and from when on; "" to be gone
    asks: int = 0  # how many such asks: makes their keys unique
    over: frozenset[DocumentId] = frozenset()  # where ours shall replace what a person wrote in the forum
    withdrawn: frozenset[EventId] = frozenset()  # since the thinking of this round began: it may still have seen them
    withdrawals: int = 0  # how often something was withdrawn: earlier versions must not stay readable
    quotes: tuple[EventId, ...] = ()  # our answers in the management room that hold members' words
    unquote: frozenset[EventId] = frozenset()  # those of them to take back
    link_told: bool = False
    messages: int = 0
    speakers: int = 0
    present: int = 0
    gaps: int = 0
    left_out: Mapping[str, int] = field(default_factory=dict)


def index_id(key: MeetingKey) -> DocumentId:
    """The meeting's index topic."""
    return DocumentId(f"{key}/index")


def digest(parts: list[str]) -> str:
    """A short hash of texts, the same everywhere."""
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()[:24]
