"""Dates, keys and clocks: which meeting it is, when it ends, what it is called for ever."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerplugin.core import meetings
from peerplugin.core.facts import Closed, Opened
from peerplugin.core.model import Change, MeetingKey, Powers, Schedule, SeriesId
from tests.core.scene import ALMA, BO, CLEO, KEY, MARA, T0, WEEKLY, Ear, a_series, a_state, an_event, at


def opened(ear: Ear) -> list[Opened]:
    return [f for _, f in ear.facts if isinstance(f, Opened)]


def closed(ear: Ear) -> list[Closed]:
    return [f for _, f in ear.facts if isinstance(f, Closed)]


# --- the calendar -----------------------------------------------------------------------------------------------------------


def test_a_weekly_meeting_keeps_its_wall_time_when_the_clocks_change() -> None:
    dates = [o.starts_at for o in islice(meetings.occurrences(WEEKLY, datetime(2026, 10, 27, tzinfo=UTC)), 2)]
    assert dates == [datetime(2026, 10, 29, 2, tzinfo=UTC), datetime(2026, 11, 5, 3, tzinfo=UTC)]


def test_a_time_that_the_clocks_skip_or_repeat_is_read_as_the_standard_says() -> None:
    spring = Schedule(date(2026, 3, 29), "02:30", "Europe/Berlin", "FREQ=YEARLY", 60)
    autumn = Schedule(date(2026, 10, 25), "02:30", "Europe/Berlin", "FREQ=YEARLY", 60)
    long_ago = datetime(2026, 1, 1, tzinfo=UTC)
    assert next(meetings.occurrences(spring, long_ago)).starts_at == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert next(meetings.occurrences(autumn, long_ago)).starts_at == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@given(
    st.datetimes(datetime(2026, 9, 3), datetime(2031, 1, 1)),
    st.sampled_from(["Pacific/Kiritimati", "America/Los_Angeles", "Europe/Berlin", "UTC"]),
)
def test_at_any_moment_the_next_meeting_is_later_within_a_week_and_on_a_wednesday(moment: datetime, zone: str) -> None:
    after = moment.replace(tzinfo=UTC)
    found = meetings.following(replace(WEEKLY, zone=zone), after)
    assert found is not None
    assert after < found.starts_at <= after + timedelta(days=7, hours=1)
    local = found.starts_at.astimezone(ZoneInfo(zone))
    assert (local.date(), local.weekday(), local.hour) == (found.on, 2, 19)


def test_a_series_that_has_ended_or_has_no_schedule_has_no_next_meeting() -> None:
    over = replace(WEEKLY, rule="FREQ=WEEKLY;BYDAY=WE;COUNT=2")
    assert meetings.following(over, T0) is None
    assert meetings.following(None, T0) is None
    assert meetings.current(None, T0) is None


def dates(schedule: Schedule, count: int = 4, **more: bool) -> list[tuple[str, str]]:
    """The next dates: what they are called, and when they begin in their own zone."""
    found = islice(meetings.occurrences(schedule, at(-600), **more), count)
    return [(f"{o.on:%d %b}", f"{o.starts_at.astimezone(ZoneInfo(schedule.zone)):%d %b %H:%M}") for o in found]


def changed(on: date = date(2026, 10, 14), **change: object) -> Schedule:
    return replace(WEEKLY, changes={on: Change(**change)})  # type: ignore[arg-type]


def test_a_cancelled_date_is_none_but_can_be_asked_for() -> None:
    assert [on for on, _ in dates(changed(cancelled=True), 3)] == ["07 Oct", "21 Oct", "28 Oct"]
    assert [on for on, _ in dates(changed(cancelled=True), 3, cancelled=True)] == ["07 Oct", "14 Oct", "21 Oct"]


def test_a_moved_date_keeps_its_name_and_stands_where_its_time_puts_it() -> None:
    assert dates(changed(moved_to=datetime(2026, 10, 15, 18)), 3)[1] == ("14 Oct", "15 Oct 18:00")
    later = dates(changed(moved_to=datetime(2026, 10, 22, 18)), 4)
    assert later == [("07 Oct", "07 Oct 19:00"), ("21 Oct", "21 Oct 19:00"), ("14 Oct", "22 Oct 18:00"), ("28 Oct", "28 Oct 19:00")]
    earlier = dates(changed(date(2026, 10, 28), moved_to=datetime(2026, 10, 12, 18)), 3)
    assert [on for on, _ in earlier] == ["07 Oct", "28 Oct", "14 Oct"]


def test_what_was_decided_about_a_date_that_the_rule_no_longer_gives_is_forgotten() -> None:
    tuesdays = replace(changed(moved_to=datetime(2026, 10, 15, 18)), rule="FREQ=WEEKLY;BYDAY=TU", starts_on=date(2026, 10, 6))
    assert [on for on, _ in dates(tuesdays, 2)] == ["13 Oct", "20 Oct"]


def test_after_its_last_date_a_series_is_over() -> None:
    assert [on for on, _ in dates(replace(WEEKLY, ends_on=date(2026, 10, 14)))] == ["07 Oct", "14 Oct"]


def test_a_moved_meeting_is_opened_at_its_new_time_under_its_own_name() -> None:
    series = a_series(schedule=changed(date(2026, 10, 7), moved_to=datetime(2026, 10, 8, 18)), start_by_schedule=True)
    assert meetings.scheduled_opening(series, at(1), ()) is None
    moved = datetime(2026, 10, 8, 18, 1, tzinfo=ZoneInfo("America/Los_Angeles"))
    opening = meetings.scheduled_opening(series, moved, ())
    assert opening is not None
    assert opening.on == date(2026, 10, 7)
    assert meetings.scheduled_opening(series, moved, {KEY}) is None


def test_a_day_and_an_hour_are_told_in_words_for_readers_anywhere() -> None:
    assert meetings.in_words(T0, "America/Los_Angeles") == "Wednesday 7 October, 19:00 Los Angeles (02:00 UTC Thursday)"
    assert meetings.in_words(T0, "Europe/London") == "Thursday 8 October, 03:00 London (02:00 UTC)"
    assert meetings.in_words(T0, "Africa/Abidjan") == "Thursday 8 October, 02:00 Abidjan"
    assert meetings.in_words(T0, None) == "Thursday 8 October, 02:00 UTC"
    assert meetings.clock_in_words(T0, "America/Los_Angeles") == "19:00"
    assert meetings.clock_in_words(T0, None) == "02:00"


# --- who may open, and what it is called ------------------------------------------------------------------------------------


def test_a_moderator_opens_a_meeting_and_it_has_its_occurrences_date_and_end() -> None:
    ear = Ear().start()
    assert opened(ear) == [Opened(T0, KEY, SeriesId("liver-spot"), a_state().room_id, MARA, at(75), "Liver Spot")]


def test_a_member_without_power_opens_nothing_and_is_told_privately() -> None:
    ear = Ear()
    ear.say(ALMA, "!startmeeting")
    assert opened(ear) == []
    assert ear.answers() == ["chairs-only"]


@pytest.mark.parametrize("level", [49, 50])
def test_power_fifty_is_what_it_takes(level: int) -> None:
    ear = Ear(state=a_state(powers=Powers({ALMA: level})))
    ear.say(ALMA, "!startmeeting")
    assert len(opened(ear)) == (level >= 50)


def test_a_named_facilitator_opens_without_any_power() -> None:
    ear = Ear(series=(a_series(facilitators=frozenset({BO})),))
    ear.say(BO, "!startmeeting")
    assert len(opened(ear)) == 1


def test_the_creator_of_a_version_12_room_opens_though_no_power_level_names_them() -> None:
    ear = Ear(state=a_state(powers=Powers(), version="12", creators=(CLEO,)))
    ear.say(CLEO, "!startmeeting")
    assert len(opened(ear)) == 1


def test_a_meeting_over_midnight_is_one_meeting_under_one_key() -> None:
    late = replace(WEEKLY, time="23:30", minutes=90)
    ear = Ear(series=(a_series(schedule=late),))
    start = 4.5 * 60  # 23:30 in Los Angeles
    ear.say(MARA, "!startmeeting", start)
    for minutes in (10, 29, 31, 80):
        ear.say(BO, f"said after {minutes} minutes", start + minutes)
    ear.say(MARA, "!endmeeting", start + 85)
    assert list(ear.kept) == [KEY]
    assert len(ear.texts()) == 4
    assert [f for _, f in ear.facts if isinstance(f, Closed)] == [Closed(at(start + 85), "command")]


def test_a_meeting_of_the_first_minutes_of_a_day_that_is_opened_the_evening_before_has_its_own_date() -> None:
    ear = Ear(series=(a_series(schedule=replace(WEEKLY, time="00:15", rule="FREQ=WEEKLY;BYDAY=TH")),))
    ear.say(MARA, "!startmeeting", 4 * 60 + 45)  # 23:45 on Wednesday
    assert ear.opened == ["liver-spot/2026-10-08"]
    assert meetings.date_of(ear.opened[0]) == date(2026, 10, 8)


def test_a_second_meeting_on_a_date_has_a_key_of_its_own() -> None:
    ear = Ear().start()
    ear.say(MARA, "!endmeeting", 20)
    ear.say(MARA, "!startmeeting", 30)
    ear.say(MARA, "!endmeeting", 31)
    ear.say(MARA, "!startmeeting Special guest", 32)
    assert ear.opened == [KEY, f"{KEY}-2", f"{KEY}-3"]
    assert opened(ear)[-1].name == "Special guest"
    assert meetings.date_of(ear.opened[-1]) == date(2026, 10, 7)


def test_one_meeting_at_a_time_is_open_in_a_room() -> None:
    ear = Ear().start()
    ear.say(MARA, "!startmeeting", 5)
    assert ear.answers() == ["already-open"]
    assert ear.opened == [KEY]


def test_outside_its_schedule_a_meeting_is_bounded_by_the_longest_time() -> None:
    ear = Ear(series=(a_series(schedule=None),))
    ear.say(MARA, "!startmeeting", 0)
    assert ear.opened == ["liver-spot/2026-10-08"]  # no schedule, so no zone: UTC
    assert opened(ear)[0].ends_at == at(240)


def test_two_series_in_one_room_never_mix() -> None:
    evening, night = a_series(), a_series("young", name="Young Livers", schedule=replace(WEEKLY, time="21:00"))
    ear = Ear(series=(evening, night))
    ear.say(MARA, "!startmeeting", 5)
    ear.say(BO, "in the first", 6)
    ear.say(MARA, "!startmeeting", 7)
    ear.say(MARA, "!endmeeting", 60)
    ear.say(BO, "in none", 61)
    ear.say(MARA, "!startmeeting young livers", 62)
    ear.say(BO, "in the second", 63)
    assert ear.opened == [KEY, "young/2026-10-07"]
    assert ear.texts(KEY) == ["in the first"]
    assert ear.texts(MeetingKey("young/2026-10-07")) == ["in the second"]


def test_where_it_is_not_clear_which_series_is_meant_the_names_are_asked_for() -> None:
    ear = Ear(series=(a_series(schedule=None), a_series("young", name="Young Livers", schedule=None)))
    ear.say(MARA, "!startmeeting something")
    assert (ear.answers(), ear.opened) == (["which-series"], [])


def test_a_start_that_is_heard_too_late_or_is_older_than_the_service_opens_nothing() -> None:
    ear = Ear()
    ear.hear(an_event(MARA, "!startmeeting", 0), now=at(61))
    ear.hear(an_event(MARA, "!startmeeting", -60 * 24 * 365 * 7), now=at(0))
    assert ear.opened == []
    assert ear.ignored == ["older than the service", "older than the service"]


def test_a_chairs_clock_that_is_fast_does_not_make_everybody_else_too_early() -> None:
    ear = Ear()
    ear.hear(an_event(MARA, "!startmeeting", 45), now=at(0))
    ear.hear(an_event(BO, "hello", 1), now=at(1))
    assert opened(ear)[0].at == at(0)
    assert ear.texts() == ["hello"]


# --- how it ends ---------------------------------------------------------------------------------------------------------------


def test_a_meeting_ends_at_its_scheduled_end_plus_grace_however_lively() -> None:
    ear = Ear().start()
    for minutes in range(10, 120, 10):
        ear.say(BO, "still talking", minutes)
    assert closed(ear) == [Closed(at(105), "schedule")]
    assert len(ear.texts()) == 10


def test_a_meeting_ends_when_nobody_has_spoken_for_long_at_the_moment_that_was_reached() -> None:
    ear = Ear(series=(a_series(silence_min=20),)).start()
    ear.say(BO, "last word", 10)
    ear.say(BO, "a bot's notice", 25, kind="notice")
    ear.say(CLEO, "hello? anybody?", 31)
    assert closed(ear) == [Closed(at(30), "silence")]
    assert ear.texts() == ["last word"]


def test_of_silence_and_schedule_the_earlier_ends_it() -> None:
    ear = Ear().start()
    ear.say(BO, "last word", 10)
    ear.say(CLEO, "the next morning", 60 * 12)
    assert closed(ear) == [Closed(at(70), "silence")]


def test_a_message_from_the_future_neither_ends_a_meeting_nor_keeps_it_open() -> None:
    ear = Ear(series=(a_series(silence_min=20),)).start()
    ear.hear(an_event(BO, "my clock is wrong", 60 * 24 * 400), now=at(5))
    ear.say(CLEO, "go on", 6)
    assert closed(ear) == []
    assert ear.transcript().messages[1].at == at(5)
    ear.say(BO, "later", 40)
    assert closed(ear) == [Closed(at(26), "silence")]


def test_a_chair_ends_it_by_a_word_and_nobody_else_can() -> None:
    ear = Ear().start()
    ear.say(ALMA, "!endmeeting", 5)
    assert closed(ear) == []
    ear.say(MARA, "!endmeeting", 6)
    assert closed(ear) == [Closed(at(6), "command")]


def test_a_meeting_that_the_schedule_opens_is_opened_once_and_not_again_after_its_end() -> None:
    ear = Ear(series=(a_series(start_by_schedule=True),))
    ear.say(BO, "too early", -5)
    ear.say(BO, "hello", 1)
    ear.say(MARA, "!endmeeting", 10)
    ear.say(BO, "still here", 11)
    assert ear.opened == [KEY]
    assert opened(ear)[0].by is None
    assert ear.texts() == ["hello"]


def test_the_schedule_opens_nothing_when_we_hear_of_it_hours_late() -> None:
    """Nobody saw that the meeting was noted."""
    ear = Ear(series=(a_series(start_by_schedule=True),))
    ear.hear(an_event(BO, "we talk without you", 20), now=at(180))
    assert ear.opened == []


def test_a_trial_run_in_the_afternoon_does_not_take_the_evenings_place() -> None:
    ear = Ear(series=(a_series(start_by_schedule=True),))
    ear.say(MARA, "!startmeeting trial", -300)
    ear.say(MARA, "!endmeeting", -290)
    ear.say(BO, "good evening", 1)
    assert ear.opened == [f"{KEY}-2", KEY]
    ear.say(MARA, "!endmeeting", 60)
    ear.say(MARA, "!startmeeting once more", 24 * 60)  # no scheduled meeting on that date: nothing to spare
    assert ear.opened[-1] == "liver-spot/2026-10-08"


def test_the_next_series_begins_on_time_and_the_one_before_it_ends() -> None:
    early, late = a_series(), a_series("young", name="Young Livers", schedule=replace(WEEKLY, time="20:00"), start_by_schedule=True)
    ear = Ear(series=(early, late))
    ear.say(MARA, "!startmeeting liver-spot", 0)
    ear.say(BO, "in the first", 59)
    ear.say(BO, "in the second", 60)
    assert [(k, type(f).__name__) for k, f in ear.facts] == [(KEY, "Opened"), (KEY, "Closed"), ("young/2026-10-07", "Opened")]
    assert closed(ear) == [Closed(at(60), "next")]
    assert ear.texts(MeetingKey("young/2026-10-07")) == ["in the second"]
