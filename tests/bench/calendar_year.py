"""A program of its own, to be measured: `plan` works out every announcement of a year of many series, `live` goes through it wake by wake.

Prints how many wakes there were (none, if planned), and how many announcements."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime, timedelta
from heapq import heapify, heapreplace
from itertools import takewhile

from peerplugin.core import meetings
from peerplugin.core.agenda import announcement, begun, minutes, plan, window
from peerplugin.core.effects import Say
from peerplugin.core.model import Level, RoomId, Schedule, Series, SeriesId

BORN, YEAR = datetime(2026, 1, 1, tzinfo=UTC), timedelta(days=365)
ZONES = (
    "America/Los_Angeles",
    "Europe/Berlin",
    "Australia/Sydney",
    "Asia/Kolkata",
    "America/New_York",
    "Europe/London",
    "Asia/Tokyo",
    "UTC",
)
RULES = ("FREQ=WEEKLY;BYDAY=WE", "FREQ=WEEKLY;BYDAY=MO", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TH", "FREQ=MONTHLY;BYDAY=1TU")


def a_series(number: int, rules: tuple[str, ...] = RULES) -> Series:
    """One of many: they differ in zone, hour and rule, and have met since 2020."""
    schedule = Schedule(date(2020, 1, 1), f"{8 + number % 14:02}:30", ZONES[number % len(ZONES)], rules[number % len(rules)], 75)
    room = RoomId(f"!{number}:example.org")
    return Series(SeriesId(f"s{number}"), f"Group {number}", room, room, 1, Level.REPORTED, schedule=schedule)


def planned(how_many: int, rules: tuple[str, ...] = RULES[:1]) -> tuple[int, int]:
    """Every date of a year, and every announcement of it with its moment, worked out ahead."""
    says: list[tuple[datetime, Say]] = []
    for one in (a_series(n, rules) for n in range(how_many)):
        assert one.schedule is not None
        for found in takewhile(lambda o: o.starts_at < BORN + YEAR, meetings.occurrences(one.schedule, BORN)):
            for lead in one.leads:
                moment = found.starts_at - minutes(lead)
                says.append((moment, announcement(one, found, lead, moment + window(lead))))
    says.sort(key=lambda said: said[0])
    return 0, len(says)


def lived(how_many: int, rules: tuple[str, ...] = RULES[:1]) -> tuple[int, int]:
    """How often somebody was woken, and how many announcements came of it."""
    agendas = [begun(SeriesId(f"s{n}"), BORN) for n in range(how_many)]
    series = [a_series(n, rules) for n in range(how_many)]
    due, woken, said = [(BORN, n) for n in range(how_many)], 0, 0
    heapify(due)
    while due[0][0] < BORN + YEAR:
        now, number = due[0]
        planned = plan(agendas[number], series[number], now)
        agendas[number] = planned.agenda
        woken, said = woken + 1, said + sum(isinstance(effect, Say) for effect in planned.effects)
        assert planned.next_at is not None and planned.next_at > now
        heapreplace(due, (planned.next_at, number))
    return woken, said


if __name__ == "__main__":
    print(*{"plan": planned, "live": lived}[sys.argv[1]](int(sys.argv[2])))
