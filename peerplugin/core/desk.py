"""The management room: what a moderator decides there becomes a fact of the meeting it is about. No text is kept but a wording they give."""

from __future__ import annotations

import re
from dataclasses import replace

from peerplugin.core import timetable
from peerplugin.core.capture import Kept
from peerplugin.core.commands import Command, is_known, nearest, read_command
from peerplugin.core.effects import Say, Scalar
from peerplugin.core.facts import AnyFact, Commanded, Unvoted, Voted
from peerplugin.core.listening import Heard, Listening, Memory, ignored
from peerplugin.core.model import MeetingKey, RoomEvent
from peerplugin.core.room import is_moderator

_NUMBER = re.compile(r"#?(\d{1,9})(?:\.(\d{1,9}))?\b")


def hear(listening: Listening, event: RoomEvent, memory: Memory) -> Heard:
    """One event of the management room."""
    if event.kind == "reaction":
        return timetable.hear_vote(listening, event, memory) or _reaction(listening, event, memory)
    if event.kind == "redaction":
        return _unreaction(listening, event, memory)
    command = read_command(event.body) if event.kind == "text" else None
    if command is None or not event.body.lstrip().startswith("!") or len(event.body.strip()) == 1:
        reason = timetable.hear_reason(listening, event, memory) if event.kind == "text" else None
        return reason or ignored(listening, "not a command")
    if is_known(command.word, "management") and timetable.is_ours(command):
        return timetable.hear(listening, event, command)
    if not is_moderator(listening.state, event.sender):
        return _say(listening, event, "moderators-only", word=command.word)
    if command.word == "help":
        return _say(listening, event, "help-desk")
    if not is_known(command.word, "management"):
        return _say(listening, event, "unknown-command", word=command.word, nearest=nearest(command.word, "management"))
    return _order(listening, event, command, memory)


def _order(listening: Listening, event: RoomEvent, command: Command, memory: Memory) -> Heard:
    """Find the meeting a command is about: by the draft's number, or all that wait."""
    number = numbered(command.text)
    if number is not None:
        meeting = memory.number(number[0])
        if meeting is None:
            return _say(listening, event, "no-such-draft", number=number[0])
        return Heard(listening, facts=((meeting, _commanded(event, command)),))
    if command.word in ("redraft", "status") or (command.word == "approve" and command.text.lower() == "all"):
        waiting = memory.waiting()
        meetings = waiting if command.word == "approve" else waiting[-1:]
        if not meetings:
            return _say(listening, event, "nothing-waits")
        facts: list[tuple[MeetingKey, AnyFact]] = [(m, _commanded(event, command)) for m in meetings]
        return Heard(listening, facts=tuple(facts))
    return _say(listening, event, "which-draft", word=command.word)


def _commanded(event: RoomEvent, command: Command) -> Commanded:
    return Commanded(event.at, event.event_id, event.sender, event.room_id, "management", command.word, command.text, True, event.reply_to)


def numbered(text: str) -> tuple[int, int | None] | None:
    """`3`, `#3` or `3.2` at the start of a text: the draft and, if given, the statement."""
    match = _NUMBER.match(text.strip())
    return (int(match[1]), int(match[2]) if match[2] else None) if match else None


def _reaction(listening: Listening, event: RoomEvent, memory: Memory) -> Heard:
    """A vote counts from a moderator, under a prompt that we sent ourselves."""
    meeting = memory.card(event.target) if event.target is not None else None
    if meeting is None or event.target is None:
        return ignored(listening, "not under a card")
    if not is_moderator(listening.state, event.sender):
        return ignored(listening, "not a moderator's vote")
    fact = Voted(event.at, event.event_id, event.sender, event.target, event.key)
    return Heard(listening, kept=(meeting, Kept(replace(event, body=""), "", True)), facts=((meeting, fact),))


def _unreaction(listening: Listening, event: RoomEvent, memory: Memory) -> Heard:
    found = memory.find(event.target) if event.target is not None else None
    if found is None or found[1].event.kind != "reaction" or event.target is None:
        return ignored(listening, "changes nothing")
    return Heard(listening, facts=((found[0], Unvoted(event.at, event.target)),))


def _say(listening: Listening, event: RoomEvent, text: str, **values: Scalar) -> Heard:
    say = Say(key=f"say:{event.event_id}", room=event.room_id, text=text, values=values)
    return replace(ignored(listening, "answered"), effects=(say,))
