"""`!schedule ...`: what a facilitator wants changed about a date is read, said back, and done when it is wanted indeed.

Whatever can be read in two ways is asked back. What was said back stands in the agenda as a proposal until somebody decides, for a day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import get_args
from zoneinfo import ZoneInfo

from peerplugin.core import agenda as agendas
from peerplugin.core import dates, meetings
from peerplugin.core.agenda import Agenda, Proposal, Verb
from peerplugin.core.effects import AnyEffect, React, Say, Scalar
from peerplugin.core.facts import Commanded, Sent, Voted
from peerplugin.core.meetings import Occurrence
from peerplugin.core.model import UNCHANGED, Change, Schedule, Series
from peerplugin.core.review import NO, YES

VERBS = frozenset(get_args(Verb)) - {"reason"}
FAR = 60
"""How many dates ahead a text may mean: a year of weeks, and some."""
NEAR = timedelta(days=3)
"""A weekday that a meeting is moved to is the one next to its date, if it is as near as this."""

Step = tuple[Agenda, tuple[AnyEffect, ...]]


class _AskBackError(Exception):
    """The order cannot be taken as it is: a text says what is missing."""

    def __init__(self, text: str, **values: Scalar) -> None:
        super().__init__(text)
        self.text, self.values_ = text, values


def ordered(agenda: Agenda, series: Series, fact: Commanded) -> Step:
    """A facilitator's `!schedule ...`: an answer, or a proposal that waits for ✅."""
    verb, _, text = fact.text.strip().partition(" ")
    verb = verb.lower()
    if series.schedule is None or verb in ("", "list"):
        return agenda, (_say(series, fact, "schedule-list"),)
    if verb not in VERBS:
        return agenda, (_say(series, fact, "schedule-help"),)
    schedule = agendas.today(series.schedule, agenda)
    try:
        on, change = _undo(agenda) if verb == "undo" else _wish(verb, text, agenda, schedule, fact.at)
    except _AskBackError as back:
        return agenda, (_say(series, fact, back.text, name=series.name, **back.values_),)
    return _propose(agenda, series, fact, Proposal(verb, on, change, fact.room, fact.at))  # type: ignore[arg-type]


def _propose(agenda: Agenda, series: Series, fact: Commanded, proposal: Proposal) -> Step:
    say = Say(
        key=f"propose:{fact.event_id}",
        room=fact.room,
        text="proposal",
        values={"series": str(series.series_id)},
        not_after=fact.at + agendas.SOON,
    )
    return replace(agenda, proposals={**agenda.proposals, say.key: proposal}), (say,)


# --- what is wanted -----------------------------------------------------------------------------------------------------------------


def _undo(agenda: Agenda) -> tuple[date, Change]:
    if not agenda.history:
        raise _AskBackError("schedule-none")
    on, before = agenda.history[-1]
    return on, replace(before, sequence=agenda.changes[on].sequence)


def _wish(verb: str, text: str, agenda: Agenda, schedule: Schedule, at: datetime) -> tuple[date, Change]:
    found, rest = _date(text, schedule, at)
    change = agenda.changes.get(found.on, UNCHANGED)
    match verb:
        case "cancel":
            return found.on, replace(change, cancelled=True, reason=rest)
        case "move":
            moved_to, reason = _new_time(rest, found, schedule, at)
            return found.on, replace(change, cancelled=False, moved_to=moved_to, reason=reason)
        case "guest":
            name, _, subject = rest.partition(":")
            return found.on, replace(change, guest=name.strip(), subject=subject.strip())
        case _:
            return found.on, replace(change, note=rest)


def _date(text: str, schedule: Schedule, at: datetime) -> tuple[Occurrence, str]:
    """The one date of the series that a text begins with."""
    coming = list(islice(meetings.occurrences(schedule, at, cancelled=True), FAR))
    here = at.astimezone(ZoneInfo(schedule.zone)).date()
    reading = dates.read_date(text, here)
    meant = [o for o in coming if o.on in reading.dates or _day(o, schedule) in reading.dates]
    if not meant:
        raise _AskBackError("no-such-date", dates=_these(coming[:3], schedule))
    if len(meant) > 1:
        raise _AskBackError("which-date", readings=_these(meant, schedule, " or "), example=_day(meant[0], schedule).isoformat())
    return meant[0], reading.rest


def _day(found: Occurrence, schedule: Schedule) -> date:
    return found.starts_at.astimezone(ZoneInfo(schedule.zone)).date()


def _these(found: Iterable[Occurrence], schedule: Schedule, link: str = ", ") -> str:
    return link.join(f"{meetings.weekday_in_words(o.starts_at, schedule.zone)}" for o in found)


def _new_time(text: str, found: Occurrence, schedule: Schedule, at: datetime) -> tuple[datetime, str]:
    """`to thu 6pm guest is late`: the wall time in the zone of the series, and the reason."""
    text = text.strip()
    day, rest = _new_day(text[3:] if text.lower().startswith("to ") else text, found, schedule, at)
    reading = dates.read_time(rest)
    if len(reading.times) > 1:
        raise _AskBackError("which-time", readings=" or ".join(f"{t:%H:%M}" for t in reading.times))
    if not reading.times and day == _day(found, schedule):
        raise _AskBackError("schedule-help")
    new = datetime.combine(day, reading.times[0] if reading.times else time.fromisoformat(schedule.time))
    if new.replace(tzinfo=ZoneInfo(schedule.zone)) <= at:
        raise _AskBackError("past-date", day=meetings.weekday_in_words(new.replace(tzinfo=ZoneInfo(schedule.zone)), schedule.zone))
    return new, reading.rest


def _new_day(text: str, found: Occurrence, schedule: Schedule, at: datetime) -> tuple[date, str]:
    """A weekday is counted from today and from the date that is moved: the two may differ, and then the nearer one must be near."""
    here, there = at.astimezone(ZoneInfo(schedule.zone)).date(), _day(found, schedule)
    readings = [dates.read_date(text, start) for start in (here, max(here, there - NEAR))]
    if not readings[0].dates:
        if dates.read_time(text).times:  # `to 6pm`: the same day
            return there, text
        raise _AskBackError("schedule-help")
    days = [day for day in dict.fromkeys((*readings[0].dates, *readings[1].dates)) if day >= here]
    near = [day for day in days if abs(day - there) <= NEAR]
    if len(days) > 1 and all(len(r.dates) == 1 for r in readings) and len(near) == 1:
        days = near
    if len(days) != 1:
        midnights = [datetime.combine(day, time(), tzinfo=ZoneInfo(schedule.zone)) for day in days]
        words = " or ".join(meetings.weekday_in_words(midnight, schedule.zone) for midnight in midnights)
        raise _AskBackError("which-date", readings=words, example=days[0].isoformat())
    return days[0], readings[0].rest


# --- what is decided ----------------------------------------------------------------------------------------------------------------


def offered(effect: Say, fact: Sent) -> tuple[AnyEffect, ...]:
    """Our question stands in the room: a vote is one tap."""
    if effect.text not in ("proposal", "confirm"):
        return ()
    return tuple(React(key=f"offer:{emoji}:{fact.key}", room=effect.room, event_id=fact.event_id, emoji=emoji) for emoji in (YES, NO))


def voted(agenda: Agenda, series: Series, fact: Voted, asked: Say) -> Step:
    """A facilitator's ✅ or ❌ under a question of ours."""
    if fact.emoji not in (YES, NO):
        return agenda, ()
    if asked.text == "confirm":
        return _confirmed(agenda, series, fact, asked)
    proposal = agenda.proposals.get(asked.key)
    if proposal is None:
        return agenda, (_reply(series, asked, fact.event_id, "schedule-stale"),) if fact.emoji == YES else ()
    agenda = replace(agenda, proposals={key: one for key, one in agenda.proposals.items() if key != asked.key})
    if fact.emoji == NO:
        return agenda, (_reply(series, asked, fact.event_id, "schedule-dropped"),)
    if not _still_fits(agenda, series, proposal, fact.at):
        return agenda, (_reply(series, asked, fact.event_id, "schedule-stale"),)
    undoes = proposal.verb == "undo"
    agenda, effects = agendas.decided(agenda, series, proposal.on, proposal.change, fact.at, undoes=undoes)
    return agenda, (*effects, _reply(series, asked, fact.event_id, "schedule-done", on=proposal.on.isoformat()))


def _still_fits(agenda: Agenda, series: Series, proposal: Proposal, at: datetime) -> bool:
    """Nobody changed the date since, and it is not over."""
    same = agenda.changes.get(proposal.on, UNCHANGED).sequence == proposal.change.sequence
    if proposal.verb == "undo":  # what it undoes must still be the last thing that was decided
        same = same and bool(agenda.history) and agenda.history[-1][0] == proposal.on
    return same and at - proposal.at < agendas.SOON and agendas.occurrence(agenda, series, proposal.on).ends_at > at


def _confirmed(agenda: Agenda, series: Series, fact: Voted, asked: Say) -> Step:
    on = date.fromisoformat(str(asked.values["on"]))
    told = agenda.told.get(on)
    if told is None or agenda.changes.get(on, UNCHANGED).cancelled or told.starts_at <= fact.at:
        return agenda, (_reply(series, asked, fact.event_id, "schedule-stale"),)
    agenda = replace(agenda, told={**agenda.told, on: replace(told, confirm="yes" if fact.emoji == YES else "no")})
    if fact.emoji == YES:
        return agenda, ()
    values = {key: asked.values[key] for key in ("on", "starts")}
    why = _reply(series, asked, fact.event_id, "confirm-why", **values)
    proposal = Proposal("reason", on, replace(agenda.changes.get(on, UNCHANGED), cancelled=True), asked.room, fact.at)
    return replace(agenda, proposals={**agenda.proposals, why.key: proposal}), (why,)


def reasoned(agenda: Agenda, series: Series, fact: Commanded, asked: Say) -> Step:
    """The answer to our question why a meeting does not take place: it is cancelled, for that reason."""
    proposal = agenda.proposals.get(asked.key)
    if proposal is None or proposal.verb != "reason":
        return agenda, ()
    agenda = replace(agenda, proposals={key: one for key, one in agenda.proposals.items() if key != asked.key})
    if not _still_fits(agenda, series, proposal, fact.at):
        return agenda, (_reply(series, asked, fact.event_id, "schedule-stale"),)
    change = replace(proposal.change, reason=fact.text)
    agenda, effects = agendas.decided(agenda, series, proposal.on, change, fact.at)
    return agenda, (*effects, _reply(series, asked, fact.event_id, "schedule-done", on=proposal.on.isoformat()))


def _say(series: Series, fact: Commanded, text: str, **values: Scalar) -> Say:
    values = {"series": str(series.series_id), **values}
    return Say(key=f"say:{fact.event_id}", room=fact.room, text=text, values=values, not_after=fact.at + agendas.SOON)


def _reply(series: Series, asked: Say, event_id: str, text: str, **values: Scalar) -> Say:
    return Say(key=f"say:{event_id}:{text}", room=asked.room, text=text, values={"series": str(series.series_id), **values})
