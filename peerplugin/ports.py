"""The two sockets of the service: a room that is listened to and spoken in, a forum that holds documents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from peerplugin.core.effects import Document, Publication
from peerplugin.core.model import EventId, Gap, RoomEvent, RoomId, UserId


@dataclass(frozen=True, slots=True)
class RoomBatch:
    """What one sync answer says of one room: the state before the timeline, then the timeline, its hole filled."""

    room_id: RoomId
    state: tuple[RoomEvent, ...] = ()
    timeline: tuple[RoomEvent, ...] = ()
    gap: Gap | None = None
    skipped: Mapping[str, int] = field(default_factory=dict)  # reason -> how many events could not be read


@dataclass(frozen=True, slots=True)
class Invitation:
    """Somebody asks us into a room."""

    room_id: RoomId
    inviter: UserId
    direct: bool
    encrypted: bool


@dataclass(frozen=True, slots=True)
class Batch:
    """One whole sync answer; `token` is stored in the same transaction as what the answer holds."""

    token: str
    rooms: tuple[RoomBatch, ...] = ()
    left: tuple[RoomId, ...] = ()
    invitations: tuple[Invitation, ...] = ()


class Chat(Protocol):
    """The Matrix side. Every call raises OutsideError and nothing else."""

    async def sync(self, since: str | None, *, full_state: bool) -> Batch:
        """Wait for news since `since` (a bounded time; an empty batch when there are none) and fill the timeline's holes."""

    async def send(self, room: RoomId, event_type: str, content: Mapping[str, object], txn: str) -> EventId:
        """Send one event. The same `txn` gives the same event, however often."""

    async def redact(self, room: RoomId, event_id: EventId, txn: str) -> None:
        """Redact one event; an event that is redacted already is no error."""

    async def enter(self, room: RoomId) -> None:
        """Join a room we are invited to; being in it already is no error."""

    async def direct_room(self, user: UserId) -> RoomId:
        """Our plain (not encrypted) direct room with a member, made once."""


class Forum(Protocol):
    """The Discourse side, blocking: called from one worker thread. Every call raises OutsideError and nothing else."""

    def put(self, document: Document, known: Publication | None) -> Publication:
        """Make the forum hold `document`: looked up before it is created, read before it is edited, nothing twice."""

    def find(self, document: Document) -> Publication | None:
        """Where a document stands whose creation may or may not have happened; None where the forum does not hold it."""

    def withdraw(self, publication: Publication) -> None:
        """Take it out of the forum; its being gone already is no error."""

    def prove(self, category: int, day: str) -> None:
        """Show on a throw-away topic that what is published in a category can be taken back for every reader. Raises where it cannot."""
