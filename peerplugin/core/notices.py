"""What the room hears of a series' dates, worked out when it is about to be said: None where it is no longer true or worth saying."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import islice

from peerplugin.core import agenda as agendas
from peerplugin.core import meetings
from peerplugin.core.agenda import Agenda, Proposal
from peerplugin.core.effects import Amend, Answer, Say
from peerplugin.core.meetings import Occurrence
from peerplugin.core.model import UNCHANGED, DocumentId, Schedule, Series
from peerplugin.core.words import Words


@dataclass(frozen=True, slots=True)
class Diary:
    """What such a notice may look into. `zone`: the one that the asking member wants their times in."""

    series: Series
    agenda: Agenda
    now: datetime
    zone: str | None = None

    @property
    def schedule(self) -> Schedule:
        """With everything that was decided."""
        assert self.series.schedule is not None
        return agendas.today(self.series.schedule, self.agenda)


def tell(effect: Say | Amend | Answer, words: Words, diary: Diary) -> str | None:
    """The text of a notice about dates."""
    if diary.series.schedule is None:
        return None
    values = _TOLD[effect.text](effect, diary)
    return None if values is None else words.text(f"{effect.text}.txt", **{**_always(diary), **effect.values, **values})


def is_about_dates(effect: Say | Amend | Answer) -> bool:
    """Whether an effect is one of ours."""
    return effect.text in _TOLD


_Effect = Say | Amend | Answer
_Values = Mapping[str, object] | None


def _always(diary: Diary) -> dict[str, object]:
    return {"name": diary.series.name, "forum": forum(diary), "how_to_join": diary.series.how_to_join}


def forum(diary: Diary) -> str:
    """Where the dates stand in the forum; before they do, the category."""
    standing = diary.agenda.publications.get(standing_id(diary.series))
    return standing.url if standing is not None and not standing.enqueued else diary.series.forum_url


def standing_id(series: Series) -> DocumentId:
    """The topic that says when a series meets."""
    return DocumentId(f"{series.series_id}/schedule")


# --- one date -----------------------------------------------------------------------------------------------------------------------


def in_words(diary: Diary, at: datetime) -> str:
    """An instant, in the zones of the series."""
    return meetings.in_zones(at, diary.schedule.zone, diary.series.zones)


def of_date(diary: Diary, found: Occurrence) -> dict[str, object]:
    """What there is to say of one date."""
    usual = meetings.usual(diary.schedule, found.on)
    change = found.change
    return {
        "when": in_words(diary, found.starts_at),
        "day": meetings.weekday_in_words(found.starts_at, diary.schedule.zone),
        "usual": meetings.weekday_in_words(usual, diary.schedule.zone),
        "usual_time": meetings.clock_in_words(usual, diary.schedule.zone),
        "minutes": diary.schedule.minutes,
        "cancelled": change.cancelled,
        "moved": change.moved_to is not None,
        "guest": change.guest,
        "subject": change.subject,
        "note": change.note,
        "reason": change.reason,
        "next": _next(diary, found.starts_at),
    }


def _next(diary: Diary, after: datetime) -> str:
    following = meetings.following(diary.schedule, max(after, diary.now))
    return in_words(diary, following.starts_at) if following is not None else ""


def _on(effect: _Effect, diary: Diary) -> Occurrence:
    return meetings.occurrence(diary.schedule, date.fromisoformat(str(effect.values["on"])))


def _announcement(effect: _Effect, diary: Diary) -> _Values:
    found = _on(effect, diary)
    if found.change.cancelled or found.starts_at.isoformat() != effect.values["starts"]:
        return None
    return {**of_date(diary, found), "how_near": _how_near(int(effect.values["lead"] or 0))}


def _how_near(lead: int) -> str:
    """`Tomorrow`, `In an hour`, `Now`: the steps that groups use in words, any other one in numbers."""
    words = {0: "Now", 60: "In an hour", 24 * 60: "Tomorrow", 7 * 24 * 60: "In a week"}
    if lead in words:
        return words[lead]
    for length, unit in ((24 * 60, "days"), (60, "hours")):
        if lead % length == 0:
            return f"In {lead // length} {unit}"
    return f"In {lead} minutes"


def step_in_words(on: date, lead: int) -> str:
    """`Wednesday 7 October, a day before`."""
    words = {0: "at the start", 60: "an hour before", 24 * 60: "a day before", 7 * 24 * 60: "a week before"}
    return f"{on:%A} {on.day} {on:%B}, {words.get(lead, f'{lead} minutes before')}"


def _changed(effect: _Effect, diary: Diary) -> _Values:
    found = _on(effect, diary)
    return of_date(diary, found) if found.ends_at > diary.now or found.change.cancelled else None


def _amended(effect: _Effect, diary: Diary) -> _Values:
    return of_date(diary, _on(effect, diary))


def _confirm(effect: _Effect, diary: Diary) -> _Values:
    found = _on(effect, diary)
    stale = found.change.cancelled or found.starts_at.isoformat() != effect.values["starts"]
    return None if stale else of_date(diary, found)


# --- what is asked and answered -----------------------------------------------------------------------------------------------------


def _following(effect: _Effect, diary: Diary) -> _Values:
    """`!next`, in the zone of whoever asks."""
    current = meetings.current(diary.schedule, diary.now)
    found = current or meetings.following(diary.schedule, diary.now)
    if found is None:
        return {"when": "", "here": "", "on_now": False, "missing": ""}
    here = meetings.in_words(found.starts_at, diary.zone) if diary.zone else ""
    return {**of_date(diary, found), "here": here, "on_now": current is not None, "missing": _missing(diary, found)}


def _missing(diary: Diary, found: Occurrence) -> str:
    """A date before it that was cancelled: who asks may be waiting for that one."""
    for one in meetings.occurrences(diary.schedule, diary.now, cancelled=True):
        if one.starts_at >= found.starts_at:
            return ""
        if one.change.cancelled:
            return meetings.weekday_in_words(one.starts_at, diary.schedule.zone)
    return ""


def _list(effect: _Effect, diary: Diary) -> _Values:
    found = islice(meetings.occurrences(diary.schedule, diary.now, cancelled=True), 8)
    return {"dates": [of_date(diary, one) for one in found]}


def _proposal(effect: _Effect, diary: Diary) -> _Values:
    proposal = diary.agenda.proposals.get(effect.key)
    return None if proposal is None else proposed(diary, proposal)


def proposed(diary: Diary, proposal: Proposal) -> dict[str, object]:
    """What would become of a date, and who would hear of it."""
    was = meetings.occurrence(diary.schedule, proposal.on)
    usual = diary.agenda.changes.get(proposal.on, UNCHANGED)
    after = meetings.occurrence(_with(diary.schedule, proposal), proposal.on)
    told = diary.agenda.told.get(proposal.on)
    starts = [o.starts_at for o in (was, after) if o.starts_at > diary.now]
    near = bool(starts) and min(starts) - diary.now < agendas.SOON
    zone = diary.schedule.zone
    return {
        **of_date(diary, after),
        "verb": proposal.verb,
        "before": f"{meetings.weekday_in_words(was.starts_at, zone)}, {meetings.clock_in_words(was.starts_at, zone)}",
        "after": f"{meetings.weekday_in_words(after.starts_at, zone)}, {meetings.clock_in_words(after.starts_at, zone)}",
        "place": meetings.place_of(zone),
        "was_cancelled": usual.cancelled,
        "messages": len(told.messages) if told is not None and told.is_promised else 0,
        "posts": sum(1 for which in diary.agenda.publications if which.endswith("/schedule") or f"/{proposal.on}/" in which),
        "tell": near and told is not None and told.is_promised,
    }


def _with(schedule: Schedule, proposal: Proposal) -> Schedule:
    fixed = {on: at for on, at in schedule.fixed.items() if on != proposal.on or not _is_moved(schedule, proposal)}
    return replace(schedule, changes={**schedule.changes, proposal.on: proposal.change}, fixed=fixed)


def _is_moved(schedule: Schedule, proposal: Proposal) -> bool:
    return schedule.changes.get(proposal.on, UNCHANGED).moved_to != proposal.change.moved_to


def _done(effect: _Effect, diary: Diary) -> _Values:
    return of_date(diary, _on(effect, diary))


_TOLD: dict[str, Callable[[_Effect, Diary], _Values]] = {
    "announcement": _announcement,
    "amended": _amended,
    "changed": _changed,
    "confirm": _confirm,
    "confirm-why": _confirm,
    "next": _following,
    "schedule-list": _list,
    "proposal": _proposal,
    "schedule-done": _done,
}
