"""`!next`, `!timezone`, `!schedule` and `!ask-guest`: words about dates, heard in any room, whether or not a meeting is on."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from peerplugin.core import meetings, zones
from peerplugin.core.capture import sift
from peerplugin.core.commands import SCHEDULE_WORDS, Command
from peerplugin.core.effects import Answer, AnyEffect, Say, Scalar
from peerplugin.core.facts import Asked, Commanded, Voted
from peerplugin.core.listening import Heard, Listening, Memory, ignored
from peerplugin.core.meetings import Occurrence
from peerplugin.core.model import MeetingKey, RoomEvent, Series
from peerplugin.core.room import is_moderator, name_of

SOON = timedelta(days=1)
"""An answer to a question that is older than this helps nobody."""


def is_ours(command: Command) -> bool:
    """Whether a command is about dates."""
    return command.word in SCHEDULE_WORDS


def hear(listening: Listening, event: RoomEvent, command: Command) -> Heard:
    """One such command."""
    match command.word:
        case "next":
            return _next(listening, event)
        case "timezone":
            return _zone(listening, event, command.text)
        case "ask-guest":
            return _question(listening, event, command.text)
        case _:
            return _schedule(listening, event, command)


def _next(listening: Listening, event: RoomEvent) -> Heard:
    answers = tuple(
        Answer(key=f"next:{event.event_id}:{s.series_id}", user=event.sender, text="next", values={"series": str(s.series_id)},
               not_after=event.at + SOON)
        for s in listening.series if s.schedule is not None
    )  # fmt: skip
    return replace(ignored(listening, "answered"), effects=answers)


def _zone(listening: Listening, event: RoomEvent, text: str) -> Heard:
    if text.lower() in ("none", "forget", "off"):
        return replace(_answer(listening, event, "timezone-forgotten"), zone=(event.sender, None))
    found = zones.find(text)
    if len(found) != 1:
        return _answer(listening, event, "timezone-which", zones=", ".join(found[:8]))
    clock = meetings.clock_in_words(event.at, found[0])
    return replace(_answer(listening, event, "timezone-set", zone=found[0], clock=clock), zone=(event.sender, found[0]))


# --- for facilitators ---------------------------------------------------------------------------------------------------------------


def _schedule(listening: Listening, event: RoomEvent, command: Command) -> Heard:
    """`!schedule`, or `!schedule SERIES ...` where there are several."""
    named, text = _named(listening, command.text)
    mine = [s for s in named if _facilitates(listening, event, s)]
    if not mine:
        return _reply(listening, event, "chairs-only", word="schedule")
    wanted, _, _ = text.partition(" ")
    if len(mine) > 1 and wanted.lower() not in ("", "list"):
        return _reply(listening, event, "schedule-which", names=", ".join(str(s.series_id) for s in mine), first=str(mine[0].series_id))
    orders = tuple((s.series_id, _commanded(listening, event, "schedule", text)) for s in mine)
    return replace(ignored(listening, "answered"), orders=orders)


def _named(listening: Listening, text: str) -> tuple[list[Series], str]:
    first, _, rest = text.strip().partition(" ")
    named = [s for s in listening.series if s.series_id == first.lower()]
    return (named, rest.strip()) if named else (list(listening.series), text.strip())


def _facilitates(listening: Listening, event: RoomEvent, series: Series) -> bool:
    return listening.place != "direct" and (is_moderator(listening.state, event.sender) or event.sender in series.facilitators)


def _commanded(listening: Listening, event: RoomEvent, word: str, text: str) -> Commanded:
    room = listening.state.room_id
    return Commanded(event.at, event.event_id, event.sender, room, listening.place, word, text, moderator=True, reply_to=event.reply_to)


def hear_vote(listening: Listening, event: RoomEvent, memory: Memory) -> Heard | None:
    """A reaction under a question of ours about a date; None: under something else."""
    asked = memory.prompt(event.target) if event.target is not None else None
    series = next((s for s in listening.series if s.series_id == asked), None)
    if series is None or event.target is None:
        return None
    if not _facilitates(listening, event, series):
        return ignored(listening, "not a moderator's vote")
    fact = Voted(event.at, event.event_id, event.sender, event.target, event.key)
    return replace(ignored(listening, "answered"), orders=((series.series_id, fact),))


def hear_reason(listening: Listening, event: RoomEvent, memory: Memory) -> Heard | None:
    """An answer to our question why a meeting does not take place; None: something else was said."""
    asked = memory.prompt(event.reply_to) if event.reply_to is not None else None
    series = next((s for s in listening.series if s.series_id == asked), None)
    if series is None or not event.body.strip() or not _facilitates(listening, event, series):
        return None
    order = _commanded(listening, event, "reason", event.body.strip())
    return replace(ignored(listening, "answered"), orders=((series.series_id, order),))


# --- questions for a guest ----------------------------------------------------------------------------------------------------------


def _question(listening: Listening, event: RoomEvent, text: str) -> Heard:
    """Kept like a note of the meeting that the guest comes to: redacted, or withdrawn with `!optout`, it is gone there too."""
    if not text:
        return _answer(listening, event, "guest-empty")
    found = _guest(listening, event)
    if found is None:
        return _answer(listening, event, "guest-none", name=", ".join(s.name for s in listening.series))
    series, occurrence, meeting = found
    kept = sift(event, name_of(listening.state, event.sender), moderator=False, crisis=listening.crisis)
    if kept.left_out != "command":  # off the record, or somebody in need: nothing to hand on
        return Heard(listening, kept=(meeting, kept))
    zone = series.schedule.zone if series.schedule else None
    day = meetings.weekday_in_words(occurrence.starts_at, zone)
    heard = _answer(listening, event, "guest-asked", guest=occurrence.change.guest, day=day)
    return replace(heard, kept=(meeting, kept), ignored="", facts=((meeting, Asked(event.at, event.event_id)),))


def _guest(listening: Listening, event: RoomEvent) -> tuple[Series, Occurrence, MeetingKey] | None:
    """The next date with a guest; the meeting that is on goes before."""
    found = []
    for series in listening.series:
        if series.schedule is None:
            continue
        coming = (meetings.occurrence(series.schedule, on) for on, change in series.schedule.changes.items() if change.guest)
        found += [(series, o) for o in coming if o.ends_at > event.at and not o.change.cancelled]
    if not found:
        return None
    series, occurrence = min(found, key=lambda one: one[1].starts_at)
    return series, occurrence, MeetingKey(f"{series.series_id}/{occurrence.on.isoformat()}")


# --- answers ------------------------------------------------------------------------------------------------------------------------


def _answer(listening: Listening, event: RoomEvent, text: str, **values: Scalar) -> Heard:
    answer = Answer(key=f"answer:{event.event_id}", user=event.sender, text=text, values=values, not_after=event.at + SOON)
    return replace(ignored(listening, "answered"), effects=(answer,))


def _reply(listening: Listening, event: RoomEvent, text: str, **values: Scalar) -> Heard:
    """In the management room openly, elsewhere to the person alone."""
    if listening.place != "management":
        return _answer(listening, event, text, **values)
    say: AnyEffect = Say(key=f"say:{event.event_id}", room=event.room_id, text=text, values=values)
    return replace(ignored(listening, "answered"), effects=(say,))
