"""What a series promised its members: which dates were announced, what was decided about them since, and what follows in the room.

One agenda per series. `plan` lets time pass, `decided` changes a date, and the receipts (`sent`, `missed`, `dropped`) come back. Every step
of every date ends as exactly one of sent, missed (and reported) or silent (cancelled, or not ours to say)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cache
from typing import Literal

from peerplugin.core import meetings
from peerplugin.core.effects import Amend, AnyEffect, Publication, Say, Scalar
from peerplugin.core.meetings import Occurrence
from peerplugin.core.model import UNCHANGED, Change, DocumentId, RoomId, Schedule, Series, SeriesId

Step = Literal["asked", "sent", "missed", "silent"]
Confirm = Literal["", "asked", "yes", "no"]
Verb = Literal["cancel", "move", "guest", "note", "undo", "reason"]

REMEMBERED = timedelta(days=60)
"""For how long after a date what was said of it is remembered."""
SOON = timedelta(days=1)
"""Whoever was told of a date that is so near may not look at an edited message any more: a change is said once more."""


@dataclass(frozen=True, slots=True)
class Told:
    """What was said of one date: the instant that was announced, what became of each step, and the messages, to be edited."""

    starts_at: datetime
    steps: Mapping[int, Step] = field(default_factory=dict)  # minutes before the start -> what became of it
    messages: tuple[str, ...] = ()  # keys of our `Say`s
    confirm: Confirm = ""  # what the facilitators said when they were asked

    @property
    def is_promised(self) -> bool:
        """Whether members know of this instant, or are about to."""
        return bool(self.messages)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change that somebody asked for and that a ✅ makes true: for one date as it stood when it was asked for."""

    verb: Verb
    on: date
    change: Change
    room: RoomId
    at: datetime


@dataclass(frozen=True, slots=True)
class Agenda:
    """One series, as far as its dates go."""

    series: SeriesId
    since: datetime  # what should have been said before, nobody expects
    looked_at: datetime
    rhythm: str = ""  # the rule and time of the settings when we last looked
    revision: int = 0  # how often those changed
    changes: Mapping[date, Change] = field(default_factory=dict)
    history: tuple[tuple[date, Change], ...] = ()  # what each change replaced, newest last: for `!schedule undo`
    told: Mapping[date, Told] = field(default_factory=dict)
    proposals: Mapping[str, Proposal] = field(default_factory=dict)  # by the key of the `Say` that asks
    asked: Mapping[DocumentId, str] = field(default_factory=dict)  # what we last asked the forum to hold
    asks: int = 0
    publications: Mapping[DocumentId, Publication] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """The next agenda, what to do, and when to look again."""

    agenda: Agenda
    effects: tuple[AnyEffect, ...] = ()
    missed: tuple[tuple[date, int], ...] = ()  # dates and steps that can no longer be said in time
    next_at: datetime | None = None


def begun(series: SeriesId, now: datetime) -> Agenda:
    """The agenda of a series that is seen for the first time."""
    return Agenda(series, since=now, looked_at=now)


def today(schedule: Schedule, agenda: Agenda) -> Schedule:
    """The schedule with what was decided, and with what was promised: an announced date keeps its instant, whatever zones do."""
    fixed = {on: told.starts_at for on, told in agenda.told.items() if told.messages}  # of those members know, or are about to
    return replace(schedule, changes=agenda.changes, fixed=fixed)


def occurrence(agenda: Agenda, series: Series, on: date) -> Occurrence:
    """One date as it stands now, whether or not the rule still gives it."""
    assert series.schedule is not None
    return meetings.occurrence(today(series.schedule, agenda), on)


# --- what is to be said, and when ---------------------------------------------------------------------------------------------------


@cache
def minutes(lead: int) -> timedelta:
    """A lead as a length of time. (Asked for so often that it is kept.)"""
    return timedelta(minutes=lead)


@cache
def window(lead: int) -> timedelta:
    """How long after its moment a step is still worth saying: a quarter of its lead, ten minutes at least, twelve hours at most."""
    return min(max(timedelta(minutes=lead) / 4, timedelta(minutes=10)), timedelta(hours=12))


def plan(agenda: Agenda, series: Series, now: datetime) -> Plan:
    """Say what has become due, report what has become too late, and find out when to look again."""
    if series.schedule is None:
        return Plan(replace(agenda, looked_at=now))
    agenda, amended = _resettled(agenda, series, now)
    effects, missed = list(amended), list[tuple[date, int]]()
    told, moments = dict(agenda.told), list[datetime]()
    for found in _near(agenda, series, now):
        so_far, says, late, later = _of_date(agenda, series, found, told.get(found.on, Told(found.starts_at)), now)
        effects += says
        missed += ((found.on, lead) for lead in late)
        moments += later
        if so_far.steps or so_far.confirm:
            told[found.on] = so_far
    kept = {on: one for on, one in told.items() if one.starts_at > now - REMEMBERED}
    open_still = {key: one for key, one in agenda.proposals.items() if one.at > now - SOON}
    agenda = replace(agenda, told=kept, proposals=open_still, looked_at=now)
    return Plan(agenda, tuple(effects), tuple(missed), min(moments, default=None))


def _of_date(
    agenda: Agenda, series: Series, found: Occurrence, so_far: Told, now: datetime
) -> tuple[Told, list[AnyEffect], list[int], list[datetime]]:
    """One date: what was said of it now, what to say, which steps are too late, when to look again."""
    effects, late, moments = list[AnyEffect](), list[int](), list[datetime]()
    starts_at, steps, messages, confirm = so_far.starts_at, dict(so_far.steps), so_far.messages, so_far.confirm
    for lead in series.leads:
        if lead in steps:
            continue
        moment = found.starts_at - minutes(lead)
        if moment > now:
            moments.append(moment)
            continue
        steps[lead] = step = _step(agenda, found, moment, lead, now)
        if step == "asked":
            say = announcement(series, found, lead, moment + window(lead))
            effects.append(say)
            starts_at, messages = found.starts_at, (*messages, say.key)
        elif step == "missed":
            late.append(lead)
    if series.confirm_min and not confirm and not found.change.cancelled and found.starts_at > now:
        moment = found.starts_at - timedelta(minutes=series.confirm_min)
        if moment > now:
            moments.append(moment)
        else:
            effects.append(_question(series, found))
            starts_at, confirm = found.starts_at, "asked"
    if found.ends_at > now:
        moments.append(found.ends_at)
    if len(steps) == len(so_far.steps) and confirm == so_far.confirm:
        return so_far, effects, late, moments
    return Told(starts_at, steps, messages, confirm), effects, late, moments


def _near(agenda: Agenda, series: Series, now: datetime) -> Iterator[Occurrence]:
    """The dates of which something may have to be said: since we last looked, and as far ahead as the longest lead (one more, to wake for)."""
    assert series.schedule is not None
    furthest = now + timedelta(minutes=max((*series.leads, series.confirm_min), default=0))
    since = min(agenda.looked_at, now) - timedelta(days=1)
    for found in meetings.occurrences(today(series.schedule, agenda), since, cancelled=True):
        yield found
        if found.starts_at > furthest:
            return


def _step(agenda: Agenda, found: Occurrence, moment: datetime, lead: int, now: datetime) -> Step:
    if found.change.cancelled or moment < agenda.since:
        return "silent"
    return "missed" if moment + window(lead) <= now else "asked"


def about(series: Series, found: Occurrence) -> dict[str, Scalar]:
    """What every effect says of the date that it is about: enough to find it again, nothing to be rendered."""
    return {"series": str(series.series_id), "on": found.on.isoformat(), "starts": found.starts_at.isoformat()}


def announcement(series: Series, found: Occurrence, lead: int, until: datetime) -> Say:
    """The notice of one step. Its words are those of the moment at which it is said; a date with another time by then is not told so."""
    key = f"tell:{found.on}:{lead}:{found.change.sequence}:{series.series_id}"
    values = {**about(series, found), "lead": lead}
    return Say(key=key, room=series.room, text="announcement", values=values, not_after=until, apart=True)


def _question(series: Series, found: Occurrence) -> Say:
    key = f"confirm:{found.on}:{found.change.sequence}:{series.series_id}"
    return Say(key=key, room=series.management_room, text="confirm", values=about(series, found), not_after=found.starts_at)


# --- what was decided ---------------------------------------------------------------------------------------------------------------


def decided(
    agenda: Agenda, series: Series, on: date, change: Change, now: datetime, *, undoes: bool = False
) -> tuple[Agenda, tuple[AnyEffect, ...]]:
    """The agenda after a change of one date, and what follows where it was announced: messages are edited; a near date is told anew."""
    before, was = agenda.changes.get(on, UNCHANGED), occurrence(agenda, series, on)
    change = replace(change, sequence=before.sequence + 1, decided_at=now)
    history = agenda.history[:-1] if undoes else (*agenda.history, (on, before))
    agenda = replace(agenda, changes={**agenda.changes, on: change}, history=history)
    told = agenda.told.get(on)
    if told is not None:
        agenda = replace(agenda, told={**agenda.told, on: _steps_anew(agenda, series, on, told, before, now)})
    return agenda, _corrections(agenda, series, was, now)


def _steps_anew(agenda: Agenda, series: Series, on: date, told: Told, before: Change, now: datetime) -> Told:
    """What is still to be said of a date: at a new time all that lies ahead, after a cancellation was undone what is still worth saying."""
    assert series.schedule is not None
    change = agenda.changes[on]
    new = meetings.occurrence(replace(series.schedule, changes=agenda.changes, fixed={}), on).starts_at
    moment = {lead: new - timedelta(minutes=lead) for lead in series.leads}
    if change.moved_to != before.moved_to:
        past: dict[int, Step] = {lead: "silent" for lead in series.leads if moment[lead] <= now}
        return replace(told, starts_at=new, steps=past, confirm="")
    if before.cancelled and not change.cancelled:
        over = {lead: step for lead, step in told.steps.items() if step != "silent" or _is_over(moment.get(lead), lead, now)}
        return replace(told, steps=over)
    return told


def _is_over(moment: datetime | None, lead: int, now: datetime) -> bool:
    return moment is None or moment + window(lead) <= now


def _corrections(agenda: Agenda, series: Series, was: Occurrence, now: datetime) -> tuple[AnyEffect, ...]:
    """What was said is edited. Less than a day before (the old time or the new one) it is said once more; a new guest is always told."""
    now_is = occurrence(agenda, series, was.on)
    told, change, values = agenda.told.get(was.on), now_is.change, {**about(series, now_is), "was": was.starts_at.isoformat()}
    if told is None or not told.messages:
        return ()
    effects: list[AnyEffect] = [
        Amend(key=f"amend:{change.sequence}:{key}", room=series.room, said=key, text="amended", values=values) for key in told.messages
    ]
    starts = [o.starts_at for o in (was, now_is) if o.starts_at > now]
    is_new_guest = change.guest != "" and change.guest != was.change.guest
    if starts and (min(starts) - now < SOON or is_new_guest):
        key = f"changed:{was.on}:{change.sequence}:{series.series_id}"
        effects.append(Say(key=key, room=series.room, text="changed", values=values, not_after=max(starts)))
    return tuple(effects)


def _resettled(agenda: Agenda, series: Series, now: datetime) -> tuple[Agenda, tuple[AnyEffect, ...]]:
    """The operator gave the series another rhythm: what was announced under the old one and lies ahead is corrected."""
    assert series.schedule is not None
    s = series.schedule
    rhythm = f"{s.starts_on} {s.time} {s.zone} {s.rule} {s.minutes} {s.ends_on}"
    if agenda.rhythm == rhythm:
        return agenda, ()
    first, effects = agenda.rhythm == "", list[AnyEffect]()
    agenda = replace(agenda, rhythm=rhythm, revision=agenda.revision + (not first), since=agenda.since if first else now)
    for on in sorted(on for on, told in agenda.told.items() if not first and told.starts_at > now and told.is_promised):
        change, was = agenda.changes.get(on, UNCHANGED), occurrence(agenda, series, on)
        new = meetings.occurrence(replace(s, changes=agenda.changes, fixed={}), on)
        gone = not meetings.is_date_of(s, on)
        if new.starts_at == was.starts_at and not gone:
            continue
        change = replace(change, cancelled=change.cancelled or gone, sequence=change.sequence + 1, decided_at=now)
        past: dict[int, Step] = {lead: "silent" for lead in series.leads if new.starts_at - timedelta(minutes=lead) <= now}
        told_anew = replace(agenda.told[on], starts_at=new.starts_at, steps=past, confirm="")
        agenda = replace(agenda, changes={**agenda.changes, on: change}, told={**agenda.told, on: told_anew})
        effects += _corrections(agenda, series, was, now)
    return agenda, tuple(effects)


# --- receipts -----------------------------------------------------------------------------------------------------------------------


def sent(agenda: Agenda, effect: Say) -> Agenda:
    """The room heard it."""
    return _became(agenda, effect, "sent")


def missed(agenda: Agenda, effect: Say) -> Agenda:
    """It could not be said in time."""
    return _became(agenda, effect, "missed")


def dropped(agenda: Agenda, effect: Say) -> Agenda:
    """When it could be said, it was no longer true."""
    return _became(agenda, effect, "silent")


def step_of(effect: Say) -> tuple[date, int] | None:
    """The date and the lead of an announcement; None for anything else."""
    if effect.text != "announcement":
        return None
    return date.fromisoformat(str(effect.values["on"])), int(effect.values["lead"] or 0)


def _became(agenda: Agenda, effect: Say, what: Step) -> Agenda:
    step = step_of(effect)
    told = agenda.told.get(step[0]) if step is not None else None
    if step is None or told is None or told.starts_at.isoformat() != effect.values["starts"]:
        return agenda
    before = told.steps.get(step[1])
    if before != "asked" and (before, what) != ("missed", "sent"):  # a lost reply: our own event comes back later than we gave it up
        return agenda
    others = tuple(key for key in told.messages if key != effect.key)
    messages = (*others, effect.key) if what == "sent" else others
    return replace(agenda, told={**agenda.told, step[0]: replace(told, steps={**told.steps, step[1]: what}, messages=messages)})
