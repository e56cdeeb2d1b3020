"""What a series promised its members: which dates were announced, what was decided about them since, and what follows for both places.

One agenda per series. `plan` is its one verb: an agenda and the time go in, the next agenda and what to say come out. Every step of every date
ends as exactly one of asked (to be said), missed (to be reported) or silent (cancelled, or not ours to say)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Literal

from peerplugin.core import meetings
from peerplugin.core.effects import Say, Scalar
from peerplugin.core.meetings import Occurrence
from peerplugin.core.model import UNCHANGED, Change, Schedule, Series, SeriesId

Step = Literal["asked", "missed", "silent"]

REMEMBERED = timedelta(days=60)
"""For how long after a date what was said of it is remembered."""


@dataclass(frozen=True, slots=True)
class Told:
    """What was said of one date: the instant that was announced, what became of each step, and the messages, to be edited."""

    starts_at: datetime
    steps: Mapping[int, Step] = field(default_factory=dict)  # minutes before the start -> what became of it
    messages: tuple[str, ...] = ()  # keys of our `Say`s


@dataclass(frozen=True, slots=True)
class Agenda:
    """One series, as far as its dates go."""

    series: SeriesId
    since: datetime  # what should have been said before, nobody expects
    looked_at: datetime
    changes: Mapping[date, Change] = field(default_factory=dict)
    history: tuple[tuple[date, Change], ...] = ()  # what each change replaced, newest last: for `!schedule undo`
    told: Mapping[date, Told] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """The next agenda, what to do, and when to look again."""

    agenda: Agenda
    effects: tuple[Say, ...] = ()
    missed: tuple[tuple[date, int], ...] = ()  # dates and steps that can no longer be said in time
    next_at: datetime | None = None


def begun(series: SeriesId, now: datetime) -> Agenda:
    """The agenda of a series that is seen for the first time."""
    return Agenda(series, since=now, looked_at=now)


def today(schedule: Schedule, agenda: Agenda) -> Schedule:
    """The schedule with what was decided, and with what was promised: an announced date keeps its instant, whatever zones do."""
    fixed = {on: told.starts_at for on, told in agenda.told.items() if "asked" in told.steps.values()}
    return replace(schedule, changes=agenda.changes, fixed=fixed)


# --- what is to be said, and when ---------------------------------------------------------------------------------------------------


def window(lead: int) -> timedelta:
    """How long after its moment a step is still worth saying: a quarter of its lead, ten minutes at least, twelve hours at most."""
    return min(max(timedelta(minutes=lead) / 4, timedelta(minutes=10)), timedelta(hours=12))


def plan(agenda: Agenda, series: Series, now: datetime) -> Plan:
    """Say what has become due, report what has become too late, and find out when to look again."""
    if series.schedule is None:
        return Plan(replace(agenda, looked_at=now))
    effects: list[Say] = []
    missed: list[tuple[date, int]] = []
    told, moments = dict(agenda.told), list[datetime]()
    for occurrence in _near(agenda, series, now):
        so_far = told.get(occurrence.on, Told(occurrence.starts_at))
        for lead in sorted(series.leads, reverse=True):
            moment = occurrence.starts_at - timedelta(minutes=lead)
            if lead in so_far.steps:
                continue
            if moment > now:
                moments.append(moment)
                continue
            step = _step(agenda, occurrence, moment, lead, now)
            so_far = replace(so_far, steps={**so_far.steps, lead: step})
            if step == "asked":
                say = announcement(series, occurrence, lead, moment + window(lead))
                effects.append(say)
                so_far = replace(so_far, starts_at=occurrence.starts_at, messages=(*so_far.messages, say.key))
            elif step == "missed":
                missed.append((occurrence.on, lead))
        if so_far.steps:
            told[occurrence.on] = so_far
        if occurrence.ends_at > now:
            moments.append(occurrence.ends_at)
    kept = {on: one for on, one in told.items() if one.starts_at > now - REMEMBERED}
    return Plan(replace(agenda, told=kept, looked_at=now), tuple(effects), tuple(missed), min(moments, default=None))


def _near(agenda: Agenda, series: Series, now: datetime) -> Iterator[Occurrence]:
    """The dates of which something may have to be said: since we last looked, and as far ahead as the longest lead (one more, to wake for)."""
    assert series.schedule is not None
    furthest = now + timedelta(minutes=max(series.leads, default=0))
    since = min(agenda.looked_at, now) - timedelta(days=1)
    for found in meetings.occurrences(today(series.schedule, agenda), since, cancelled=True):
        yield found
        if found.starts_at > furthest:
            return


def _step(agenda: Agenda, occurrence: Occurrence, moment: datetime, lead: int, now: datetime) -> Step:
    if occurrence.change.cancelled or moment < agenda.since:
        return "silent"
    return "missed" if moment + window(lead) <= now else "asked"


def announcement(series: Series, occurrence: Occurrence, lead: int, until: datetime) -> Say:
    """The notice of one step. Which change it tells of stands in it: another one since, and it is not said any more."""
    key = f"tell:{occurrence.on}:{lead}:{occurrence.change.sequence}:{series.series_id}"
    values: dict[str, Scalar] = {
        "series": str(series.series_id),
        "on": occurrence.on.isoformat(),
        "lead": lead,
        "sequence": occurrence.change.sequence,
    }
    return Say(key=key, room=series.room, text="announcement", values=values, not_after=until)


# --- what was decided ---------------------------------------------------------------------------------------------------------------


def decided(agenda: Agenda, series: Series, on: date, change: Change, now: datetime, *, undoes: bool = False) -> Agenda:
    """The agenda after a change of one date. A date with a new time is announced anew, as far as there is time for it."""
    before = agenda.changes.get(on, UNCHANGED)
    change = replace(change, sequence=before.sequence + 1)
    history = agenda.history[:-1] if undoes else (*agenda.history, (on, before))
    agenda = replace(agenda, changes={**agenda.changes, on: change}, history=history)
    told = agenda.told.get(on)
    if told is None or series.schedule is None or change.moved_to == before.moved_to:
        return agenda
    new = meetings.occurrence(replace(series.schedule, changes=agenda.changes), on)
    past = {lead: "silent" for lead in series.leads if new.starts_at - timedelta(minutes=lead) <= now}
    return replace(agenda, told={**agenda.told, on: replace(told, starts_at=new.starts_at, steps=past)})  # type: ignore[arg-type]
