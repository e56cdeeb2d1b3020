"""Series become meetings: when one starts and ends, what its key is. The only place that knows of daylight saving time.

A wall time that the clocks skip in spring is read with the offset before the change (02:30 becomes 03:30);
one that comes twice in autumn is the first of the two (RFC 5545, 3.3.5)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache, partial
from heapq import merge
from itertools import islice
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from peerplugin.core.model import UNCHANGED, Change, MeetingKey, Schedule, Series, SeriesId

EARLY = timedelta(minutes=60)
"""A meeting that a facilitator opens this much before its time is still that meeting."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One date of a series: the local date that names it, the instants of start and end, and what was decided about it."""

    on: date
    starts_at: datetime
    ends_at: datetime
    change: Change = UNCHANGED


class _Days:
    """The days that a rule gives, worked out once each: a series of years is asked for its next one all the time."""

    def __init__(self, rule: str, starts_on: date) -> None:
        self._known: list[date] = []
        self._more = map(datetime.date, iter(rrulestr(rule, dtstart=datetime.combine(starts_on, time()))))

    def since(self, day: date) -> Iterator[date]:
        """Those from a day on."""
        while (not self._known or self._known[-1] < day) and self._go_on():
            pass
        index = bisect_left(self._known, day)
        while index < len(self._known) or self._go_on():
            yield self._known[index]
            index += 1

    def _go_on(self) -> bool:
        for following in self._more:
            if not self._known or following > self._known[-1]:  # a rule may name several hours; ours is one, and the date is its name
                self._known.append(following)
                return True
        return False


@lru_cache(maxsize=512)
def _days(rule: str, starts_on: date) -> _Days:
    return _Days(rule, starts_on)


def occurrences(schedule: Schedule, after: datetime, *, cancelled: bool = False) -> Iterator[Occurrence]:
    """The dates of a series that end after `after`, in order of time; those that were cancelled only where asked for."""
    found = _regular(schedule, after)
    if schedule.changes:
        moved = sorted((o for o in map(partial(occurrence, schedule), _moved(schedule)) if o.ends_at > after), key=_begin)
        found = merge(found, moved, key=_begin)
    return found if cancelled else (one for one in found if not one.change.cancelled)


def _regular(schedule: Schedule, after: datetime) -> Iterator[Occurrence]:
    """The dates at their usual time."""
    floor = (after - timedelta(minutes=schedule.minutes, days=2)).date()  # early enough in any zone
    for day in _days(schedule.rule, schedule.starts_on).since(floor):
        if schedule.ends_on is not None and day > schedule.ends_on:
            return
        found = occurrence(schedule, day)
        if found.ends_at > after and found.change.moved_to is None:
            yield found


def _moved(schedule: Schedule) -> Iterator[date]:
    """The dates that were given another time; one that the rule no longer knows is none of the series any more."""
    return (on for on, change in schedule.changes.items() if change.moved_to is not None and is_date_of(schedule, on))


def is_date_of(schedule: Schedule, on: date) -> bool:
    """Whether the rule gives this date."""
    is_over = schedule.ends_on is not None and on > schedule.ends_on
    return not is_over and next(_days(schedule.rule, schedule.starts_on).since(on), None) == on


def occurrence(schedule: Schedule, on: date) -> Occurrence:
    """One date, at the time it now has."""
    change = schedule.changes.get(on, UNCHANGED)
    starts_at = schedule.fixed.get(on)
    if starts_at is None and change.moved_to is not None:
        starts_at = change.moved_to.replace(tzinfo=ZoneInfo(schedule.zone)).astimezone(UTC)
    elif starts_at is None:
        starts_at = _instant(on, schedule.time, schedule.zone)
    return Occurrence(on, starts_at, starts_at + timedelta(minutes=schedule.minutes), change)


def usual(schedule: Schedule, on: date) -> datetime:
    """When a date would begin if nothing had been decided about it."""
    return _instant(on, schedule.time, schedule.zone)


@lru_cache(maxsize=4096)
def _instant(on: date, wall: str, zone: str) -> datetime:
    return datetime.combine(on, time.fromisoformat(wall), tzinfo=ZoneInfo(zone)).astimezone(UTC)


def _begin(occurrence: Occurrence) -> datetime:
    return occurrence.starts_at


def current(schedule: Schedule | None, now: datetime, early: timedelta = timedelta()) -> Occurrence | None:
    """The occurrence that is on at `now` (or begins within `early`), if one is."""
    if schedule is None:
        return None
    found = next(occurrences(schedule, now), None)
    return found if found is not None and found.starts_at - early <= now else None


def following(schedule: Schedule | None, after: datetime) -> Occurrence | None:
    """The first occurrence that starts after `after`."""
    if schedule is None:
        return None
    return next((o for o in occurrences(schedule, after) if o.starts_at > after), None)


def local_date(series: Series, at: datetime) -> date:
    """The date in the series' own zone (UTC where it has none)."""
    return at.astimezone(ZoneInfo(series.schedule.zone) if series.schedule else UTC).date()


def date_of(key: MeetingKey) -> date:
    """The local date that a meeting's key was given at its birth."""
    return date.fromisoformat(key.rpartition("/")[2][:10])


def meeting_key(series: SeriesId, on: date, taken: Collection[MeetingKey]) -> MeetingKey:
    """`series/date`, or `series/date-2` and so on where that date has a meeting already."""
    key, n = MeetingKey(f"{series}/{on.isoformat()}"), 1
    while key in taken:
        n += 1
        key = MeetingKey(f"{series}/{on.isoformat()}-{n}")
    return key


def planned_end(series: Series, opened_at: datetime) -> datetime:
    """When a meeting opened at `opened_at` should be over: its occurrence's end, or the longest time allowed."""
    occurrence = current(series.schedule, opened_at, EARLY)
    return occurrence.ends_at if occurrence else opened_at + timedelta(minutes=series.longest_min)


def spoken_for(series: Series, on: date) -> frozenset[MeetingKey]:
    """The key that belongs to the scheduled meeting of a date, where the schedule opens it: a trial run before must not take it."""
    if series.schedule is None or not series.start_by_schedule:
        return frozenset()
    midnight = datetime.combine(on, time(), tzinfo=ZoneInfo(series.schedule.zone))
    dates = (o.on for o in islice(occurrences(series.schedule, midnight), 2))
    return frozenset({MeetingKey(f"{series.series_id}/{on.isoformat()}")} if on in dates else ())


def scheduled_opening(series: Series, now: datetime, taken: Collection[MeetingKey]) -> Occurrence | None:
    """The occurrence to open at `now` by the schedule: on now, and not held before."""
    if not series.start_by_schedule:
        return None
    occurrence = current(series.schedule, now)
    if occurrence is None or MeetingKey(f"{series.series_id}/{occurrence.on.isoformat()}") in taken:
        return None
    return occurrence


def in_words(at: datetime, zone: str | None) -> str:
    """`Wednesday 14 October, 19:00 Los Angeles (02:00 UTC Thursday)`: readable without scripts, anywhere."""
    if zone is None:
        return f"{at.astimezone(UTC):%A} {at.day} {at:%B}, {at:%H:%M} UTC"
    local, utc = at.astimezone(ZoneInfo(zone)), at.astimezone(UTC)
    place = place_of(zone)
    if local.utcoffset() == timedelta():
        return f"{local:%A} {local.day} {local:%B}, {local:%H:%M} {place}"
    day = "" if local.date() == utc.date() else f" {utc:%A}"
    return f"{local:%A} {local.day} {local:%B}, {local:%H:%M} {place} ({utc:%H:%M} UTC{day})"


def in_zones(at: datetime, zone: str | None, others: Iterable[str] = ()) -> str:
    """`Wednesday 14 October, 19:00 Los Angeles (22:00 New York, 04:00 Thursday Berlin)`; without other zones, UTC in their place."""
    others = [other for other in others if other != zone]
    if zone is None or not others:
        return in_words(at, zone)
    local = at.astimezone(ZoneInfo(zone))
    there = ", ".join(_there(at.astimezone(ZoneInfo(other)), other, local.date()) for other in others)
    return f"{local:%A} {local.day} {local:%B}, {local:%H:%M} {place_of(zone)} ({there})"


def _there(at: datetime, zone: str, day: date) -> str:
    return f"{at:%H:%M}{'' if at.date() == day else f' {at:%A}'} {place_of(zone)}"


def place_of(zone: str) -> str:
    """`Los Angeles`: what people call a zone."""
    return zone.rpartition("/")[2].replace("_", " ")


def clock_in_words(at: datetime, zone: str | None) -> str:
    """`20:15`, on the clocks of the series."""
    return f"{at.astimezone(ZoneInfo(zone) if zone else UTC):%H:%M}"


def weekday_in_words(at: datetime, zone: str | None) -> str:
    """`Wednesday 14 October`, by the calendar of the series."""
    local = at.astimezone(ZoneInfo(zone) if zone else UTC)
    return f"{local:%A} {local.day} {local:%B}"


def day_in_words(on: date) -> str:
    """`7 October 2026`."""
    return f"{on.day} {on:%B %Y}"
