"""A meeting's log that is held again: who was there, and each line sent anew by its own sender, in order, about the new events."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from integrations.matrix.export import read_export, room_name
from peerplugin.core.commands import read_command
from peerplugin.core.model import EventId, RoomEvent, UserId
from peerplugin.demo.person import Person
from peerplugin.demo.screen import Tick
from peerplugin.errors import MistakeError

SHIPPED = Path(__file__).parent / "meeting.json"
"""A part of one of our labelled meetings. Nobody in it exists."""
SENT = frozenset({"text", "emote", "media", "edit", "redaction", "reaction"})


@dataclass(frozen=True, slots=True)
class Log:
    """What a log holds of one meeting, from its `!startmeeting` to its `!endmeeting`; whole, where nobody says these."""

    name: str
    people: Mapping[UserId, str]  # who was in the room, bots left out: id -> the name that others see
    facilitator: UserId
    lines: tuple[RoomEvent, ...]


@dataclass(slots=True)
class Held:
    """What became of a log's lines in the room."""

    ids: dict[EventId, str] = field(default_factory=dict)  # the log's event -> ours
    author: dict[str, Person] = field(default_factory=dict)  # by our event
    text: dict[str, str] = field(default_factory=dict)  # as it stands now, by our event

    def find(self, text: str) -> str | None:
        """The event that says this."""
        wanted = " ".join(text.split())
        return next((event for event, said in self.text.items() if " ".join(said.split()) == wanted), None)


def read_log(path: Path) -> Log:
    """Read an exported chat log; a `MistakeError` says what is wrong with it."""
    events, _ = read_export(path)
    bots = {e.sender for e in events if e.kind == "notice"}
    opens = next((n for n, e in enumerate(events) if _says(e, "startmeeting")), None)
    closes = next((n for n, e in reversed(list(enumerate(events))) if _says(e, "endmeeting")), None)
    lines = tuple(
        e for e in events[(opens or 0) : closes] if e.kind in SENT and e.sender not in bots and not _says(e, "startmeeting", "endmeeting")
    )
    if not any(e.kind == "text" for e in lines):
        raise MistakeError(f"{path}: nobody says anything in its meeting, so there is nothing to hold again.")
    people = {e.subject: e.name for e in events if e.kind == "member" and e.membership == "join" and e.subject and e.subject not in bots}
    facilitator = events[opens].sender if opens is not None else lines[0].sender
    for user in (facilitator, *(line.sender for line in lines)):
        people.setdefault(user, "")
    return Log(room_name(path) or "The group", people, facilitator, lines)


def _says(event: RoomEvent, *words: str) -> bool:
    command = read_command(event.body) if event.kind == "text" else None
    return command is not None and command.word in words


def account_names(log: Log, taken: frozenset[str]) -> dict[UserId, str]:
    """A name to register for everybody: what stands before the colon of their id, made fit, each once."""
    names: dict[UserId, str] = {}
    for user in log.people:
        wanted = re.sub(r"[^a-z0-9._=-]", "-", user[1:].partition(":")[0].lower()).strip("-_") or "member"
        name, number = wanted[:50], 2
        while name in taken or name in names.values():
            name, number = f"{wanted[:50]}{number}", number + 1
        names[user] = name
    return names


def hold(log: Log, room: str, people: Mapping[UserId, Person], moderator: Person, tick: Tick) -> Held:
    """Send every line, in order; what is about an event that the log does not hold is left out."""
    held = Held()
    for number, line in enumerate(log.lines, 1):
        event = _send(line, room, people, moderator, held)
        if event is not None:
            held.ids[line.event_id] = event
        tick(number, len(log.lines))
    return held


def _send(line: RoomEvent, room: str, people: Mapping[UserId, Person], moderator: Person, held: Held) -> str | None:
    who, target = people[line.sender], held.ids.get(line.target) if line.target else None
    if line.kind in ("edit", "redaction", "reaction"):
        return _about(line, room, who, moderator, held, target) if target is not None else None
    reply_to, thread = (held.ids.get(e) if e else None for e in (line.reply_to, line.thread_root))
    if line.kind == "media":
        event = who.send(room, "m.room.message", {"msgtype": "m.image", "body": "picture.jpg", "url": "mxc://peer.test/none"})
    else:
        mentions = [people[u] for u in line.mentions if u in people]
        event = who.say(
            room, line.body, reply_to=reply_to, thread=thread, kind="m.emote" if line.kind == "emote" else "m.text", mentions=mentions
        )
    held.author[event], held.text[event] = who, line.body
    return event


def _about(line: RoomEvent, room: str, who: Person, moderator: Person, held: Held, target: str) -> str:
    if line.kind == "reaction":
        return who.react(room, target, line.key)
    if line.kind == "edit":
        if held.author[target] is who:
            held.text[target] = line.body
        return who.edit(room, target, line.body)
    held.text.pop(target, None)
    return (who if held.author.get(target) is who else moderator).redact(room, target)
