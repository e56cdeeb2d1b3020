"""Everything the service can ever do to people outside, on one page.

An effect is a small frozen value with a deterministic `key`; performing it twice does no more than performing it once.
It names what to say by id and revision: words are rendered, and approval and consent looked at again, when it is claimed.
`target` orders effects: within one target they happen one after the other. `not_after`: too late is not done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from peerplugin.core.model import DocumentId, EventId, MeetingKey, RoomId, UserId

Scalar = str | int | bool | None


@dataclass(frozen=True, slots=True)
class Effect:
    """The part all effects share."""

    key: str
    meeting: MeetingKey | None = None
    not_before: datetime | None = None
    not_after: datetime | None = None

    @property
    def target(self) -> str:
        """Effects of one target are performed in the order in which they were decided."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Say(Effect):
    """A notice in a room: the text `config/texts/<text>`, filled with `values` and, where the text wants it, the meeting's record."""

    room: RoomId
    text: str
    values: Mapping[str, Scalar] = field(default_factory=dict)
    apart: bool = False  # has its hour, and waits for nothing else that is to be said there

    @property
    def target(self) -> str:
        """The room, or the notice itself."""
        return f"say:{self.key}" if self.apart else f"room:{self.room}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Amend(Effect):
    """One of our own notices says something else from now on: `said` is the key of the `Say` that it was."""

    room: RoomId
    said: str
    text: str
    values: Mapping[str, Scalar] = field(default_factory=dict)

    @property
    def target(self) -> str:
        """The notice: it may be on its way, and must be there before it says something else."""
        return f"say:{self.said}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Effect):
    """A private answer to one member, in our direct room with them (made if there is none)."""

    user: UserId
    text: str
    values: Mapping[str, Scalar] = field(default_factory=dict)

    @property
    def target(self) -> str:
        """The member."""
        return f"user:{self.user}"


@dataclass(frozen=True, slots=True, kw_only=True)
class React(Effect):
    """An emoji under one of our own messages, so that a vote is one tap."""

    room: RoomId
    event_id: EventId
    emoji: str

    @property
    def target(self) -> str:
        """The room."""
        return f"room:{self.room}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Redact(Effect):
    """Take one of our own messages back (a card whose text is no longer allowed, or no longer true)."""

    room: RoomId
    event_id: EventId

    @property
    def target(self) -> str:
        """Never waits behind what is still to be said."""
        return f"redact:{self.event_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Join(Effect):
    """Accept an invitation, or follow a room to its replacement."""

    room: RoomId

    @property
    def target(self) -> str:
        """The room."""
        return f"room:{self.room}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Think(Effect):
    """Group, summarise and scrub a closed meeting's transcript, in a child process."""

    round: int = 1

    @property
    def target(self) -> str:
        """The meeting."""
        return f"think:{self.meeting}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Put(Effect):
    """Make the forum hold a document exactly as the record now has it: create it, or correct it."""

    document: DocumentId

    @property
    def target(self) -> str:
        """The document."""
        return f"forum:{self.document}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Correct(Put):
    """A `Put` after which something must no longer be readable: it never waits behind what is only to be published."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdraw(Effect):
    """Take a document out of the forum."""

    document: DocumentId

    @property
    def target(self) -> str:
        """The document."""
        return f"forum:{self.document}"


AnyEffect = Say | Amend | Answer | React | Redact | Join | Think | Put | Correct | Withdraw


# --- what an effect looks like once its words are rendered ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Document:
    """What the forum should hold under `document`: a topic, or (with `within`) a post in another document's topic.

    `mark` is an HTML comment that ends `raw`; a post without external id is found again by it."""

    document: DocumentId
    kind: Literal["topic", "post"]
    category: int
    title: str
    raw: str
    tags: tuple[str, ...]
    external_id: str  # 1-50 of [a-z0-9_-], the topic's idempotency key
    mark: str
    within: Publication | None = None  # the topic a post goes into
    private: bool = False  # earlier revisions must not stay readable, whoever wrote them
    over: bool = False  # ours replaces what a person wrote there: a moderator said so, or the text is the service's alone
    pinned: bool = False  # it is to stand above the others of its category


@dataclass(frozen=True, slots=True)
class Publication:
    """Where a document stands in the forum: the receipt of a `Put`."""

    document: DocumentId
    topic_id: int
    post_id: int
    url: str
    version: int
    digest: str  # of title, tags and raw as we sent them
    enqueued: bool = False  # waits in the forum's own approval queue
    kept: str = ""  # of title and raw as the forum then held them: what differs later was written by a person
    tags: tuple[str, ...] = ()  # as we asked for them
    dropped: tuple[str, ...] = ()  # of these, what the forum did not keep
    overrode: bool = False  # a person's edit was in the way and is gone
    pinned: bool = False  # we pinned it once: whoever unpins it since means it
