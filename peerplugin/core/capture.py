"""Events become a transcript: edits applied, redactions and withdrawn lines gone, each left-out line with its reason.

What nobody may ever draft loses its text here, before it is stored: lines off the record, while paused, in crisis, of commands, media.
What a member may still change their mind about (consent) keeps its text and is left out when the transcript is made."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from peerplugin.core import safety
from peerplugin.core.commands import CUE_WORDS, is_known, read_command
from peerplugin.core.model import (
    Consent,
    Cue,
    EventId,
    Gap,
    LeftOut,
    Level,
    MeetingKey,
    Message,
    RoomEvent,
    SeriesId,
    Transcript,
    UserId,
)

_OFF_RECORD = re.compile(r"^\s*\[\s*off\s*\]", re.IGNORECASE | re.MULTILINE)  # one such line takes its whole message along
LOCK = "🔒"
OPENS = "❓"
"""A facilitator's, on a message: a question begins here."""
SAID = frozenset({"text", "emote", "notice", "media", "undecryptable"})


@dataclass(frozen=True, slots=True)
class Kept:
    """What the store keeps of one event of a meeting. A left-out line has no text (`event.body` is empty)."""

    event: RoomEvent
    name: str  # the sender's display name at the time
    moderator: bool
    left_out: LeftOut | None = None


@dataclass(frozen=True, slots=True)
class Floor:
    """The open meeting of a room: who chairs, who waits to speak, whether noting is paused."""

    meeting: MeetingKey
    series: SeriesId
    opened_at: datetime
    ends_at: datetime | None
    heard_at: datetime  # when somebody last said something
    paused: bool = False
    chairs: frozenset[UserId] = frozenset()
    queue: tuple[UserId, ...] = ()


def sift(event: RoomEvent, name: str, moderator: bool, crisis: tuple[str, ...], *, paused: bool = False) -> Kept:
    """What may be kept of something said (or of an edit). The text goes at once where nobody may ever draft it."""
    reason = _reason(event, crisis, paused)
    if reason is None:
        return Kept(event, name, moderator)
    command = read_command(event.body) if reason == "command" else None
    body = event.body if command is not None and command.word in CUE_WORDS and event.kind in ("text", "edit") else ""
    return Kept(replace(event, body=body), name, moderator, reason)


def _reason(event: RoomEvent, crisis: tuple[str, ...], paused: bool) -> LeftOut | None:
    if event.kind == "undecryptable":
        return "undecryptable"
    if event.kind == "media":
        return "media"
    if event.kind == "notice":
        return "notice"
    if _OFF_RECORD.search(event.body):
        return "off_record"
    if paused:
        return "paused"
    if safety.is_crisis(event.body, crisis):  # before commands: what `!info` says may be drafted
        return "crisis"
    if (command := read_command(event.body)) is not None and (is_known(command.word, "room") or event.body.lstrip().startswith("!")):
        return "command"
    return None


def transcript(
    key: MeetingKey,
    kept: Iterable[Kept],
    *,
    default: Level,
    consents: Sequence[Consent] = (),
    roster: Mapping[UserId, tuple[str, ...]] | None = None,
    gaps: tuple[Gap, ...] = (),
) -> Transcript:
    """The meeting as thinking may see it, in the order it was heard (events twice or out of order do no harm).

    An edit counts where its sender wrote the original; a redaction where the author or a moderator made it; 🔒 by the author only."""
    rows = {k.event.event_id: k for k in kept}
    originals = {i: k for i, k in rows.items() if k.event.kind in SAID}
    taken_back = {
        r.event.target for r in rows.values() if r.event.kind == "redaction" and _may_redact(r, rows.get(r.event.target or EventId("")))
    }
    for row in rows.values():
        target = originals.get(row.event.target) if row.event.target is not None else None
        if target is not None and row.event.event_id not in taken_back:
            originals[target.event.event_id] = _after(target, row)
    levels = {c.user: c.level for c in sorted(consents, key=lambda c: c.at)}  # as they were said, however late they were heard
    messages = tuple(_message(k, levels.get(k.event.sender, default)) for k in originals.values())
    opened = tuple(dict.fromkeys(_openings(rows.values(), originals, taken_back)))
    return Transcript(key, messages, _cues(originals.values(), levels, default), dict(roster or {}), gaps, opened)


def _openings(rows: Iterable[Kept], originals: Mapping[EventId, Kept], taken_back: Collection[EventId | None]) -> Iterator[EventId]:
    """Messages on which a facilitator put ❓, or which they answered with `!topic`."""
    for row in rows:
        event = row.event
        command = read_command(event.body) if row.left_out == "command" else None
        found = (
            event.target
            if event.kind == "reaction" and event.key == OPENS
            else event.reply_to
            if command and command.word == "topic"
            else None
        )
        if found is not None and found in originals and row.moderator and event.event_id not in taken_back:
            yield found


def _may_redact(redaction: Kept, target: Kept | None) -> bool:
    return target is not None and (redaction.event.sender == target.event.sender or redaction.moderator)


def _after(target: Kept, later: Kept) -> Kept:
    """An original after an edit, a redaction or a 🔒 of it."""
    event, own = later.event, later.event.sender == target.event.sender
    if event.kind == "redaction" and (own or later.moderator):
        return replace(target, event=replace(target.event, body=""), left_out="redacted")
    if event.kind == "reaction" and event.key == LOCK and own and target.left_out in (None, "command"):
        return replace(target, event=replace(target.event, body=""), left_out="off_record")
    if event.kind == "edit" and own and target.left_out in (None, "command"):
        return replace(target, event=replace(target.event, body=event.body), left_out=later.left_out)
    return target


def _message(kept: Kept, level: Level) -> Message:
    event = kept.event
    left_out: LeftOut | None = kept.left_out or ("consent" if level is Level.NONE else None)
    return Message(
        event_id=event.event_id,
        sender=event.sender,
        name=kept.name,
        at=event.at,
        text="" if left_out else event.body,
        emote=event.kind == "emote",
        reply_to=event.reply_to,
        thread_root=event.thread_root,
        mentions=event.mentions,
        level=level,
        moderator=kept.moderator,
        left_out=left_out,
    )


def _cues(rows: Iterable[Kept], levels: Mapping[UserId, Level], default: Level) -> tuple[Cue, ...]:
    """What `!topic`, `!info` and the like said; `!undo` takes the last one back. Topics and agreements are the chairs' alone."""
    cues: list[Cue] = []
    for kept in rows:
        command = read_command(kept.event.body) if kept.left_out == "command" else None
        if command is None or command.word not in CUE_WORDS or levels.get(kept.event.sender, default) is Level.NONE:
            continue
        if command.word == "undo":
            if kept.moderator and cues:
                cues.pop()
        elif kept.moderator or command.word not in ("topic", "agreed", "chair"):
            cues.append(Cue(command.word, command.text, kept.event.event_id, kept.event.sender, kept.event.at))
    return tuple(cues)


def withdrawn_by(event: RoomEvent, kept: Kept, moderator: bool) -> LeftOut | None:
    """Why an event takes a stored message (or an edit of one) out of use, or None: its redaction, or a 🔒 by its author."""
    if kept.event.kind not in SAID and not (kept.event.kind == "edit" and event.kind == "redaction"):
        return None
    after = _after(kept, Kept(event, "", moderator))
    return after.left_out if after.left_out != kept.left_out else None


def event_ids(kept: Iterable[Kept], user: UserId) -> frozenset[EventId]:
    """What a member said in a meeting."""
    return frozenset(k.event.event_id for k in kept if k.event.sender == user and k.event.kind in SAID)
