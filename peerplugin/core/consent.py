"""Consent by command: `!optout`, `!optin`, `!consent LEVEL`, in the room or to us alone. Always answered privately, valid for the past too."""

from __future__ import annotations

from dataclasses import replace

from peerplugin.core import timetable
from peerplugin.core.capture import sift
from peerplugin.core.commands import CONSENT_WORDS, Command, is_known, nearest, read_command
from peerplugin.core.effects import Answer, Scalar
from peerplugin.core.facts import AnyFact, ConsentGiven, Withdrawn
from peerplugin.core.listening import Heard, Listening, Memory, ignored
from peerplugin.core.model import Consent, Level, MeetingKey, RoomEvent, Series

ALLOWED = {
    Level.NONE: frozenset[Level](),
    Level.COUNTED: frozenset({Level.COUNTED}),
    Level.REPORTED: frozenset({Level.COUNTED, Level.REPORTED}),
    Level.QUOTED: frozenset({Level.COUNTED, Level.REPORTED, Level.QUOTED}),
}
"""Which wordings each level allows."""


def hear_direct(listening: Listening, event: RoomEvent, memory: Memory) -> Heard:
    """One event of a direct room: only commands mean anything, and nothing is kept but a question for a guest."""
    if event.kind in ("redaction", "edit"):
        return _taken_back(listening, event, memory)
    command = read_command(event.body) if event.kind == "text" else None
    if command is None or not event.body.lstrip().startswith("!"):
        return ignored(listening, "not a command")
    if command.word in CONSENT_WORDS:
        return hear(listening, event, command, memory)
    if timetable.is_ours(command) and is_known(command.word, "direct"):
        return timetable.hear(listening, event, command)
    if command.word == "help":
        return _answer(listening, event, "help-direct")
    if is_known(command.word, "room"):
        return _answer(listening, event, "in-the-room", word=command.word)
    return _answer(listening, event, "unknown-command", word=command.word, nearest=nearest(command.word, "direct"))


def _taken_back(listening: Listening, event: RoomEvent, memory: Memory) -> Heard:
    """A question for a guest is redacted by whoever asked it, or says something else now: what it said is gone."""
    found = memory.find(event.target) if event.target is not None else None
    if found is None or (found[1].event.room_id, found[1].event.sender) != (event.room_id, event.sender):
        return ignored(listening, "about nothing we keep")
    meeting, kept = found
    gone = frozenset({kept.event.event_id})
    if event.kind == "redaction":
        return Heard(listening, erase=((kept.event.event_id, "redacted"),), facts=((meeting, Withdrawn(event.at, gone, "redacted")),))
    edit = sift(event, kept.name, kept.moderator, listening.crisis)
    return Heard(listening, kept=(meeting, edit), facts=((meeting, Withdrawn(event.at, gone, "edited")),))


def hear(listening: Listening, event: RoomEvent, command: Command, memory: Memory) -> Heard:
    """A consent command: a receipt for each series it is about, and what may no longer be used."""
    level = _level(command)
    about = [s for s in listening.series if listening.floor is None or s.series_id == listening.floor.series]
    if command.word == "consent" and not command.text:
        return _answer(listening, event, "consent-levels")
    if command.word == "consent" and level is None:
        return _answer(listening, event, "consent-unknown", level=command.text[:20])
    if not about:
        return _answer(listening, event, "consent-nowhere")
    source = "direct" if listening.place == "direct" else "room"
    consents, facts = [], []
    for series in about:
        chosen = level or _back_in(series)
        consents.append((series.series_id, Consent(event.sender, chosen, event.at, source, event.event_id)))
        facts += _facts(series, event, chosen, memory)
    answer = Answer(
        key=f"answer:{event.event_id}",
        user=event.sender,
        text=f"consent-{consents[0][1].level}",
        values={"series": ", ".join(s.name for s in about)},
    )
    return Heard(listening, facts=tuple(facts), consents=tuple(consents), effects=(answer,))


def _level(command: Command) -> Level | None:
    """The level a command names; None: the way back in, or not a level."""
    if command.word == "optout":
        return Level.NONE
    word = command.text.split()[0].lower().rstrip(".,;:!") if command.text else ""
    return Level(word) if command.word == "consent" and word in set(Level) else None


def _back_in(series: Series) -> Level:
    """`!optin`: what the group chose for all, and at least being reported."""
    return series.default_consent if series.default_consent in (Level.REPORTED, Level.QUOTED) else Level.REPORTED


def _facts(series: Series, event: RoomEvent, level: Level, memory: Memory) -> list[tuple[MeetingKey, AnyFact]]:
    facts: list[tuple[MeetingKey, AnyFact]] = []
    for meeting, ids in memory.said(series.series_id, event.sender):
        if level in (Level.NONE, Level.COUNTED) and ids:
            facts.append((meeting, Withdrawn(event.at, ids, "consent")))
        facts.append((meeting, ConsentGiven(event.at, event.sender, level, ids)))
    return facts


def _answer(listening: Listening, event: RoomEvent, text: str, **values: Scalar) -> Heard:
    answer = Answer(key=f"answer:{event.event_id}", user=event.sender, text=text, values=values)
    return replace(ignored(listening, "answered"), effects=(answer,))
