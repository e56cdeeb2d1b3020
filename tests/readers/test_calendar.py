"""The calendar that members subscribe to: valid, and the same dates in whatever reads it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import takewhile

import pytest

from peerplugin.core import agenda as agendas
from peerplugin.core import meetings
from peerplugin.core.agenda import Agenda, begun, decided
from peerplugin.core.feed import feed, span
from peerplugin.core.model import Change, Schedule, Series
from tests.core.scene import T0, WEEKLY, a_series, words
from tests.readers.reading import Entry, faults, libical_objects_to, with_ical_js, with_vobject

NOW = T0 - timedelta(hours=3)
FIRST = date(2026, 10, 7)
AWKWARD = 'Ida; the "nurse", \\ M\u00fcller\nETAG:x ' + "very long 🩺 " * 12


def series(rule: str = "FREQ=WEEKLY;BYDAY=WE", zone: str = "America/Los_Angeles", time: str = "19:00", **more: object) -> Series:
    return a_series(schedule=replace(WEEKLY, starts_on=FIRST, rule=rule, zone=zone, time=time, **more))  # type: ignore[arg-type]


def agenda(of: Series, *changes: tuple[int, Change]) -> Agenda:
    """An agenda in which the nth date was changed so."""
    made = begun(of.series_id, NOW - timedelta(days=1))
    for number, change in changes:
        on = expected(of, made)[number][1]
        made, _ = decided(made, of, on, change, NOW)
    return made


def expected(of: Series, made: Agenda) -> list[tuple[Entry, date]]:
    """What should stand there, in order of time."""
    assert of.schedule is not None
    schedule: Schedule = agendas.today(of.schedule, made)
    first, last = span(NOW)
    coming = takewhile(lambda o: o.starts_at < last, meetings.occurrences(schedule, first, cancelled=True))
    return [
        (
            Entry(
                f"{o.on}.{of.series_id}@peerplugin",
                o.starts_at,
                o.ends_at,
                "CANCELLED" if o.change.cancelled else "CONFIRMED",
                o.change.sequence,
                (f"{of.name}: {o.change.guest}" if o.change.guest else of.name).translate(dict.fromkeys((0, 7, 11, 28))),
            ),
            o.on,
        )
        for o in coming
    ]


CANCELLED, GUEST = Change(cancelled=True, reason="the host is ill; no, really"), Change(guest="Nurse Ida", subject="scans, mostly")
MOVED = Change(moved_to=datetime(2026, 10, 16, 18, 30), reason="late")
CASES = {
    "weekly": (series(), ()),
    "every two weeks": (series("FREQ=WEEKLY;INTERVAL=2;BYDAY=WE"), ()),
    "the first Tuesday, in Sydney": (series("FREQ=MONTHLY;BYDAY=1TU", "Australia/Sydney"), ()),
    "over every change of the clocks": (series("FREQ=DAILY", "Europe/Berlin", "02:30"), ()),
    "in half an hour's zone": (series(zone="Asia/Kolkata"), ()),
    "with an end": (series(ends_on=date(2026, 12, 2)), ()),
    "no date at all": (series(ends_on=date(2026, 10, 1)), ()),
    "one cancelled, one moved, one with a guest": (series(), ((0, CANCELLED), (1, MOVED), (2, GUEST))),
    "changed twice": (series(), ((1, CANCELLED), (1, GUEST))),
    "what was pasted": (series(), ((0, Change(guest="Ida\x07\x0b", note="one\x00\ttwo\x1c")), (1, GUEST))),
    "awkward words": (replace(series(), name=AWKWARD.replace("\n", " ").strip()), ((0, Change(guest="x", subject=AWKWARD, note=AWKWARD)),)),
}


@pytest.mark.parametrize("name", CASES)
def test_the_calendar_is_valid_and_every_reader_finds_the_same_dates(name: str) -> None:
    of, changes = CASES[name]
    made = agenda(of, *changes)
    found = feed(of, made, words(), NOW)
    wanted = sorted(entry for entry, _ in expected(of, made))
    assert (faults(found.body), libical_objects_to(found.body)) == ([], [])
    read = with_vobject(found.body)
    assert with_ical_js(found.body) == read
    assert [replace(entry, description="") for entry in read] == wanted
    assert all("How to join: https://example.org/join" in entry.description for entry in read)
    assert bool(wanted) == (name != "no date at all")


def test_words_arrive_as_they_were_written() -> None:
    of = series()
    found = feed(of, agenda(of, (0, Change(guest="Ida", subject=AWKWARD, note=AWKWARD.strip()))), words(), NOW)
    for reader in (with_vobject, with_ical_js):
        assert reader(found.body)[0].description.count(AWKWARD.strip()) == 2


@pytest.mark.parametrize(
    ("good", "bad", "about"),
    [
        (b"UID:2026-10-07.liver-spot@peerplugin\r\n", b"", "UID"), (b"VERSION:2.0\r\n", b"", "VERSION"), (b"DTSTAMP:", b"X-D:", "DTSTAMP"),
        (b"STATUS:CONFIRMED\r\n", 2 * b"STATUS:CONFIRMED\r\n", "STATUS"), (b"STATUS:CONFIRMED", b"STATUS:COMPLETED", "STATUS"),
        (b"DTSTART:2026", b"DTSTART:x026", "DTSTART"), (b"VERSION:2.0", b"VERSION:2.0\r\nMETHOD:PUBLISH", "ORGANIZER"),
    ],
)  # fmt: skip
def test_libical_objects_to_what_is_missing_there_twice_or_of_no_kind(good: bytes, bad: bytes, about: str) -> None:
    body = feed(series(), begun(series().series_id, NOW), words(), NOW).body
    assert good in body
    assert about in " ".join(libical_objects_to(body.replace(good, bad, 1)))


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        (b"\r\n", b"\n"), (b"VERSION:2.0\r\n", b""), (b"STATUS:CONFIRMED", b"STATUS:SURE"), (b"SEQUENCE:0", b"SEQUENCE:first"),
        (b"UID:2026-10-07", b"UID:2026-10-14"), (b"END:VCALENDAR\r\n", b"END:VEVENT\r\n"), (b"TRANSP:OPAQUE", b"TRANSP OPAQUE"),
        (b"SUMMARY:Liver Spot", b"SUMMARY:Liver; Spot"), (b"SUMMARY:Liver Spot", b"SUMMARY:" + b"Liver Spot " * 9),
        (b"STATUS:CONFIRMED", b"STATUS:CONFIRMED\r\nSTATUS:CONFIRMED"),
    ],
)  # fmt: skip
def test_the_validator_sees_each_fault(good: bytes, bad: bytes) -> None:
    body = feed(series(), begun(series().series_id, NOW), words(), NOW).body
    assert good in body
    assert faults(body.replace(good, bad, 1))


def test_the_same_dates_are_the_same_bytes_and_a_change_counts_up() -> None:
    of = series()
    plain, changed = agenda(of), agenda(of, (0, CANCELLED))
    first, later = (feed(of, plain, words(), NOW - timedelta(hours=h)) for h in (20, 0))
    assert (first.body, first.tag, first.changed_at) == (later.body, later.tag, later.changed_at)
    after = feed(of, changed, words(), NOW)
    assert after.tag != first.tag and after.changed_at == NOW
    assert [e.sequence for e in with_vobject(after.body)][:2] == [1, 0]
    assert b"Cancelled: the host is ill\\; no\\, really." in after.body.replace(b"\r\n ", b"")
