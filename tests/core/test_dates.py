"""What people type for a date is read as they may have meant it, every way of it."""

from __future__ import annotations

from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerplugin.core.dates import read_date, read_time

MONDAY = date(2026, 10, 5)
OCT_7, OCT_14, JUL_10 = date(2026, 10, 7), date(2026, 10, 14), date(2027, 7, 10)

READ = {
    "2026-10-07": (OCT_7,),
    "7 Oct": (OCT_7,),
    "7 october 2026": (OCT_7,),
    "7th of October": (OCT_7,),
    "October 7th, 2026": (OCT_7,),
    "oct 7": (OCT_7,),
    "Wednesday 7 October": (OCT_7,),
    "wed, oct 7": (OCT_7,),
    "on wed": (OCT_7,),
    "this wednesday": (OCT_7,),
    "next wed": (OCT_7, OCT_14),
    "next mon": (date(2026, 10, 12),),
    "monday": (MONDAY,),
    "tonight": (MONDAY,),
    "tomorrow": (date(2026, 10, 6),),
    "7.10.": (OCT_7,),
    "7.10.2026": (OCT_7,),
    "7. 10. 26": (OCT_7,),
    "10/7": (OCT_7, JUL_10),
    "10/7/2026": (OCT_7, date(2026, 7, 10)),
    "10/14": (OCT_14,),
    "the 14th": (OCT_14,),
    "4th": (date(2026, 11, 4),),
    "31st": (date(2026, 10, 31),),
    "4 oct": (date(2027, 10, 4),),
    "29 feb": (date(2028, 2, 29),),
    "30 feb": (),
    "2026-13-01": (),
    "soon": (),
    "marching on": (),
    "wedding": (),
    "": (),
}


@pytest.mark.parametrize("text", READ)
def test_a_date_has_the_readings_that_a_person_may_mean(text: str) -> None:
    assert read_date(text, MONDAY).dates == READ[text]


def test_a_wednesdays_next_wednesday_is_not_today() -> None:
    assert read_date("next wed", OCT_7).dates == (OCT_14,)
    assert read_date("wed", OCT_7).dates == (OCT_7,)


TIMES = {
    "18:00": (time(18),),
    "6pm": (time(18),),
    "6 p.m.": (time(18),),
    "6:30 am": (time(6, 30),),
    "12 am": (time(0),),
    "12pm": (time(12),),
    "18.30": (time(18, 30),),
    "18h": (time(18),),
    "7 uhr": (time(7),),
    "at 19:15": (time(19, 15),),
    "noon": (time(12),),
    "midnight": (time(0),),
    "6": (time(18), time(6)),
    "19": (time(19),),
    "06:00": (time(6),),
    "25:00": (),
    "13pm": (),
    "18:75": (),
    "six": (),
    "10/7": (),
}


@pytest.mark.parametrize("text", TIMES)
def test_a_time_has_the_readings_that_a_person_may_mean(text: str) -> None:
    assert read_time(text).times == TIMES[text]


def test_what_follows_is_left_for_whoever_reads_on() -> None:
    first = read_date("14 oct to thu 6pm guest is late", MONDAY)
    assert (first.dates, first.rest) == ((OCT_14,), "to thu 6pm guest is late")
    second = read_date(first.rest.removeprefix("to"), MONDAY)
    assert (second.dates, second.rest) == ((date(2026, 10, 8),), "6pm guest is late")
    assert read_time(second.rest).rest == "guest is late"
    assert read_date("7 Oct, the host is ill", MONDAY).rest == "the host is ill"
    assert read_date("never", MONDAY).rest == "never"


@given(st.dates(date(2026, 1, 1), date(2040, 1, 1)), st.dates(date(2026, 1, 1), date(2040, 1, 1)))
def test_a_date_written_in_full_is_read_as_itself_on_any_day(on: date, today: date) -> None:
    for text in (on.isoformat(), f"{on.day} {on:%B} {on.year}", f"{on:%b} {on.day}, {on.year}", f"{on.day}.{on.month}.{on.year}"):
        assert read_date(text, today).dates == (on,)


@given(st.text(max_size=40), st.dates(date(2000, 1, 1), date(2090, 1, 1)))
def test_whatever_is_typed_is_read_or_left_and_never_fails(text: str, today: date) -> None:
    for reading in (read_date(text, today), read_time(text)):
        assert reading.rest in text
        assert bool(reading.dates or reading.times) or reading.rest == text.strip()
