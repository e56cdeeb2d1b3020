"""The calendar of a series: what was decided about its dates, as any calendar program reads it (RFC 5545).

Each date is an event of its own, in UTC: whatever a program makes of rules, exceptions and zones, everybody sees the instant that was announced.
A UID stands for its date for ever, SEQUENCE counts what was decided, and a cancelled date stays, as cancelled."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import takewhile

from icalendar import Calendar, Event, vText

from peerplugin.core import meetings
from peerplugin.core.agenda import Agenda
from peerplugin.core.meetings import Occurrence
from peerplugin.core.model import Series
from peerplugin.core.notices import Diary, forum, of_date
from peerplugin.core.words import Words

BEFORE, AHEAD = timedelta(weeks=8), timedelta(days=366)
"""Which dates the calendar holds. Programs ask for it anew every few hours, and a year is more than anybody plans."""


@dataclass(frozen=True, slots=True)
class Feed:
    """A calendar file: its bytes, a tag that changes with them, and when something in it was last decided."""

    body: bytes
    tag: str
    changed_at: datetime


def feed(series: Series, agenda: Agenda, words: Words, now: datetime) -> Feed:
    """The calendar of a series. The same dates give the same bytes, whenever it is asked for."""
    calendar = Calendar()
    calendar.add("prodid", "-//peerplugin//peerplugin//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("x-wr-calname", vText(series.name))
    calendar.add("refresh-interval", timedelta(hours=1), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    changed_at = agenda.since
    if series.schedule is not None:
        diary = Diary(series, agenda, now)
        found = meetings.occurrences(diary.schedule, now - BEFORE, cancelled=True)
        for one in takewhile(lambda one: one.starts_at < now + AHEAD, found):
            changed_at = max(changed_at, one.change.decided_at or agenda.since)
            calendar.add_component(_event(diary, one, words))
    body = calendar.to_ical()
    return Feed(body, sha256(body).hexdigest()[:32], changed_at)


def _event(diary: Diary, found: Occurrence, words: Words) -> Event:
    change, series = found.change, diary.series
    decided_at = (change.decided_at or diary.agenda.since).replace(microsecond=0)
    event = Event()
    event.add("uid", f"{found.on.isoformat()}.{series.series_id}@peerplugin")
    event.add("dtstamp", decided_at)
    event.add("last-modified", decided_at)
    event.add("sequence", diary.agenda.revision + change.sequence)
    event.add("dtstart", found.starts_at)
    event.add("dtend", found.ends_at)
    event.add("summary", f"{series.name}: {change.guest}" if change.guest else series.name)
    event.add("description", words.text("calendar.txt", **of_date(diary, found), how_to_join=series.how_to_join))
    if url := forum(diary):
        event.add("url", url)
    event.add("status", "CANCELLED" if change.cancelled else "CONFIRMED")
    event.add("transp", "TRANSPARENT" if change.cancelled else "OPAQUE")
    return event
