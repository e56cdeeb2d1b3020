"""What was promised of a series' dates: each step said once, in time or not at all, whatever sleeps, stops or changes in between."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import example, given
from hypothesis import strategies as st

from peerplugin.core import meetings
from peerplugin.core.agenda import Agenda, Plan, begun, decided, plan, today, window
from peerplugin.core.effects import AnyEffect, Say
from peerplugin.core.model import Change, Series
from tests.core.scene import T0, WEEKLY, a_series

SERIES = a_series(schedule=replace(WEEKLY, starts_on=date(2026, 10, 7)))
WEEK, DAY, HOUR = 7 * 24 * 60, 24 * 60, 60
BORN = T0 - timedelta(days=20)
FIRST = date(2026, 10, 7)


def before(minutes: float) -> datetime:
    return T0 - timedelta(minutes=minutes)


class Life:
    """An agenda, and all that it ever said and missed."""

    def __init__(self, series: Series = SERIES) -> None:
        self.series, self.agenda = series, begun(series.series_id, BORN)
        self.said: list[str] = []
        self.missed: list[tuple[date, int]] = []
        self.corrected: list[AnyEffect] = []

    def at(self, now: datetime) -> Plan:
        done = plan(self.agenda, self.series, now)
        self.agenda = done.agenda
        self.said += [e.key for e in done.effects]
        self.missed += done.missed
        return done

    def decide(self, now: datetime, on: date = FIRST, **change: object) -> None:
        self.agenda, effects = decided(self.agenda, self.series, on, Change(**change), now)  # type: ignore[arg-type]
        self.corrected += effects

    def steps(self, on: date = FIRST) -> dict[int, str]:
        return dict(self.agenda.told[on].steps) if on in self.agenda.told else {}


def of_first(done: Plan) -> list[Say]:
    """What is said of the first date; a week before the second one is the moment of the first."""
    return [say for say in done.effects if isinstance(say, Say) and say.values["on"] == FIRST.isoformat()]


def test_each_step_is_said_at_its_moment_once_and_only_while_it_is_worth_saying() -> None:
    life = Life()
    for lead in (WEEK, DAY, HOUR, 0):
        assert not of_first(life.at(before(lead + 1)))
        [say] = of_first(life.at(before(lead)))
        assert (say.room, say.values["on"], say.values["lead"]) == (SERIES.room, FIRST.isoformat(), lead)
        assert say.not_after == before(lead) + window(lead)
        assert not of_first(life.at(before(lead - 1)))
    assert life.steps() == dict.fromkeys((WEEK, DAY, HOUR, 0), "asked")


def test_what_is_too_late_is_missed_and_reported_never_said() -> None:
    life = Life()
    life.at(before(DAY + 1))
    life.at(before(HOUR - 20))
    assert life.missed == [(FIRST, WEEK), (FIRST, DAY), (FIRST, HOUR)]
    assert life.steps()[HOUR] == "missed"
    assert not [key for key in life.said if f":{HOUR}:" in key]


def test_what_should_have_been_said_before_the_series_was_known_is_nobodys_business() -> None:
    late = Life()
    late.agenda = begun(SERIES.series_id, before(30))
    assert late.at(before(30)).missed == ()
    assert late.steps() == {WEEK: "silent", DAY: "silent", HOUR: "silent"}
    assert late.said == []


def test_a_cancelled_date_is_silent_and_undone_it_speaks_again() -> None:
    life = Life()
    life.at(before(WEEK))
    life.decide(before(DAY + 60), cancelled=True, reason="the host is ill")
    assert not life.at(before(DAY)).effects
    assert life.steps()[DAY] == "silent"
    on, was = life.agenda.history[-1]
    life.agenda, _ = decided(life.agenda, SERIES, on, was, before(120), undoes=True)
    assert [e.key.split(":")[3] for e in life.at(before(HOUR)).effects] == ["2"]
    assert life.agenda.history == ()


def test_a_moved_date_is_announced_anew_as_far_as_there_is_time() -> None:
    life = Life()
    for lead in (WEEK, DAY):
        life.at(before(lead))
    life.decide(before(DAY - 60), moved_to=datetime(2026, 10, 9, 18))
    new = datetime(2026, 10, 9, 18, tzinfo=ZoneInfo("America/Los_Angeles"))
    assert life.steps() == {WEEK: "silent"}
    assert not life.at(before(HOUR)).effects, "not at the old time"
    said = [life.at(new - timedelta(minutes=lead)).effects for lead in (DAY, HOUR, 0)]
    told = [e.values for effects in said for e in effects if isinstance(e, Say)]
    assert [values["lead"] for values in told if values["on"] == FIRST.isoformat()] == [DAY, HOUR, 0]


def test_an_announced_date_keeps_its_instant_and_one_that_was_not_moves_with_its_zone() -> None:
    life = Life()
    life.at(before(WEEK))
    assert SERIES.schedule is not None
    elsewhere = replace(SERIES, schedule=replace(SERIES.schedule, zone="America/Phoenix"))  # as if the zone had other rules now
    assert elsewhere.schedule is not None
    now = today(elsewhere.schedule, life.agenda)
    first, second = (meetings.occurrence(now, on) for on in (FIRST, date(2026, 11, 11)))
    assert first.starts_at == T0
    assert second.starts_at.astimezone(ZoneInfo("America/Phoenix")).hour == 19


def test_it_says_when_to_look_again() -> None:
    life = Life()
    assert life.at(before(WEEK + 60)).next_at == before(WEEK)
    assert life.at(before(DAY + 60)).next_at == before(DAY)


@given(
    st.lists(st.integers(1, 28 * 24 * 60), min_size=1, max_size=60),
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 5), st.sampled_from(["cancel", "move", "note"])), max_size=6),
)
@example([*[1] * 9, 18711, 40320, 780], [])  # the clocks change between an announcement and its date
def test_every_step_ends_as_one_thing_is_said_once_and_missed_only_if_nobody_looked_in_time(
    naps: list[int], changes: list[tuple[int, int, str]]
) -> None:
    life, now, looks = Life(), BORN, [BORN]
    for number, nap in enumerate(naps):
        now += timedelta(minutes=nap)
        looks.append(now)
        life.at(now)
        for when, week, what in changes:
            if when == number:
                on = FIRST + timedelta(weeks=week)
                moved = datetime(2026, 10, 9, 18) + timedelta(weeks=week) if what == "move" else None
                life.decide(now, on, cancelled=what == "cancel", moved_to=moved)
    assert max(Counter(life.said).values(), default=1) == 1
    for on, lead in life.missed:
        if on not in life.agenda.changes:
            start = datetime.combine(on, T0.astimezone(ZoneInfo("America/Los_Angeles")).time(), tzinfo=ZoneInfo("America/Los_Angeles"))
            moment = start.astimezone(UTC) - timedelta(minutes=lead)  # a week before is 168 hours, whatever the clocks do
            assert not [look for look in looks if moment <= look < moment + window(lead)]
    assert not {(key.split(":")[1], int(key.split(":")[2])) for key in life.said} & {
        (on.isoformat(), lead) for on, lead in life.missed if on not in life.agenda.changes
    }


def test_what_was_said_long_ago_is_forgotten() -> None:
    life = Life()
    life.at(before(0))
    life.at(before(0) + timedelta(days=90))
    assert FIRST not in life.agenda.told
    assert isinstance(life.agenda, Agenda)
