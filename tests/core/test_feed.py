"""The calendar of a series: which bytes, and when they change. Whether other programs can read it, tests/readers asks them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from peerplugin.core.agenda import Agenda, begun, decided, plan
from peerplugin.core.effects import Publication
from peerplugin.core.feed import AHEAD, BEFORE, Feed, feed
from peerplugin.core.model import Change
from peerplugin.core.notices import standing_id
from tests.core.scene import T0, WEEKLY, a_series, words

LIVER = a_series(forum_url="https://forum.example.org/c/liver/5")
NOW = T0 - timedelta(days=1)
DAY = datetime(2026, 10, 7, tzinfo=UTC)
NEXT = date(2026, 10, 7)


def since_long() -> Agenda:
    """What was promised: begun a month ago, nothing decided since."""
    return begun(LIVER.series_id, NOW - timedelta(days=30))


def changed(*changes: Change, on: date = NEXT) -> Agenda:
    """The same, one date changed so, and so."""
    agenda = since_long()
    for change in changes:
        agenda, _ = decided(agenda, LIVER, on, change, NOW)
    return agenda


def properties(found: Feed, on: date = NEXT) -> dict[str, str]:
    """One event of it."""
    events = found.body.replace(b"\r\n ", b"").decode().split("BEGIN:VEVENT\r\n")[1:]
    event = next(e for e in events if f"UID:{on}." in e)
    return {line.partition(":")[0]: line.partition(":")[2] for line in event.split("\r\n")}


def test_a_date_keeps_its_uid_whatever_becomes_of_it() -> None:
    plain = properties(feed(LIVER, since_long(), words(), NOW))
    moved = properties(feed(LIVER, changed(Change(moved_to=datetime(2026, 10, 9, 18, 0))), words(), NOW))
    assert plain["UID"] == moved["UID"] == "2026-10-07.liver-spot@peerplugin"
    assert (plain["DTSTART"], moved["DTSTART"]) == ("20261008T020000Z", "20261010T010000Z")
    assert "Instead of Wednesday 7 October\\, 19:00" in moved["DESCRIPTION"]


def test_what_is_cancelled_stays_and_takes_no_time_of_whoever_subscribed() -> None:
    event = properties(feed(LIVER, changed(Change(guest="Ida"), Change(cancelled=True, reason="flood")), words(), NOW))
    assert (event["STATUS"], event["TRANSP"], event["SEQUENCE"]) == ("CANCELLED", "TRANSPARENT", "2")
    assert event["DESCRIPTION"].startswith("Cancelled: flood.") and event["SUMMARY"] == "Liver Spot"


def test_all_day_the_same_dates_are_the_same_bytes() -> None:
    found = {feed(LIVER, since_long(), words(), DAY + timedelta(hours=h, seconds=1)) for h in range(24)}
    assert len(found) == 1
    after = feed(LIVER, since_long(), words(), DAY + timedelta(days=7))
    assert after.tag != next(iter(found)).tag, "a date came in and one went out"


def test_whoever_asks_only_for_what_is_newer_gets_the_dates_that_came_in() -> None:
    earlier, later = (feed(LIVER, since_long(), words(), NOW + timedelta(days=d)) for d in (0, 200))
    assert earlier.body != later.body
    assert later.changed_at > NOW + timedelta(days=199)
    assert feed(LIVER, changed(Change(note="x")), words(), NOW).changed_at == NOW


def test_it_reaches_from_two_months_ago_to_a_year_ahead() -> None:
    series = a_series(schedule=replace(WEEKLY, starts_on=date(2020, 1, 1)))
    body = feed(series, since_long(), words(), NOW).body.decode()
    starts = [
        datetime.strptime(line[8:], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) for line in body.split("\r\n") if line.startswith("DTSTART:")
    ]
    assert timedelta() <= starts[0] - (DAY - BEFORE) < timedelta(days=7)
    assert timedelta() < DAY + AHEAD - starts[-1] <= timedelta(days=7)
    assert len(starts) == len(set(starts)) == 61


def test_another_rhythm_counts_every_date_up_and_says_when() -> None:
    later = date(2026, 11, 4)
    agenda = plan(changed(Change(guest="Ida"), on=later), LIVER, NOW).agenda
    other = replace(LIVER, schedule=replace(WEEKLY, time="18:00"))
    agenda = plan(agenda, other, NOW + timedelta(hours=1)).agenda
    event = properties(feed(other, agenda, words(), NOW + timedelta(hours=2)), later)
    assert (event["SEQUENCE"], event["DTSTART"]) == ("2", "20261105T020000Z")
    assert event["DTSTAMP"] == event["LAST-MODIFIED"] == f"{NOW + timedelta(hours=1):%Y%m%dT%H%M%SZ}"


def test_it_leads_to_the_forum() -> None:
    assert properties(feed(LIVER, since_long(), words(), NOW))["URL"] == LIVER.forum_url
    assert "URL" not in properties(feed(replace(LIVER, forum_url=""), since_long(), words(), NOW))
    topic = Publication(standing_id(LIVER), 12, 34, "https://forum.example.org/t/when-we-meet/12", 1, "digest")
    agenda = replace(since_long(), publications={topic.document: topic})
    assert properties(feed(LIVER, agenda, words(), NOW))["URL"] == "https://forum.example.org/t/when-we-meet/12"


def test_a_series_without_a_schedule_has_an_empty_calendar() -> None:
    found = feed(replace(LIVER, schedule=None), since_long(), words(), NOW)
    assert found.body.startswith(b"BEGIN:VCALENDAR\r\n") and b"VEVENT" not in found.body


def test_it_is_no_invitation_and_names_nobody_who_could_be_written_to() -> None:
    body = feed(LIVER, changed(Change(guest="Ida")), words(), NOW).body
    assert not any(word in body for word in (b"METHOD", b"ORGANIZER", b"ATTENDEE", b"mailto"))
