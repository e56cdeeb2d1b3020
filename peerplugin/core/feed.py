"""The calendar of a series: what was decided about its dates, as any calendar program reads it (RFC 5545).

Each date is an event of its own, in UTC: whatever a program makes of rules, exceptions and zones, everybody sees the instant that was announced.
A UID stands for its date for ever, SEQUENCE counts what was decided, and a cancelled date stays, as cancelled."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
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
_CONTROLS = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 127))
"""What no text of a calendar may hold (RFC 5545, 3.3.11), and people paste all the same."""


@dataclass(frozen=True, slots=True)
class Feed:
    """A calendar file: its bytes, a tag that changes with them, and since when it is as it is."""

    body: bytes
    tag: str
    changed_at: datetime


def span(now: datetime) -> tuple[datetime, datetime]:
    """From when to when the calendar reaches: the same all day, so that it does not change with every date that passes."""
    midnight = datetime.combine(now.astimezone(UTC), time(), UTC)
    return midnight - BEFORE, midnight + AHEAD


def feed(series: Series, agenda: Agenda, words: Words, now: datetime) -> Feed:
    """The calendar of a series. The same dates give the same bytes, at whatever hour it is asked for."""
    # Without METHOD: that is for invitations, and PUBLISH demands an ORGANIZER (RFC 5546, 3.2.1), which would be somebody's address.
    calendar = Calendar()
    calendar.add("prodid", "-//peerplugin//peerplugin//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    for name in ("name", "x-wr-calname"):  # as RFC 7986 has it, and as everybody did before
        calendar.add(name, vText(_clean(series.name)))
    calendar.add("refresh-interval", timedelta(hours=1), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    first, last = span(now)
    changed_at = max(agenda.since, first + BEFORE)  # at midnight dates come in and go out, though nobody decided anything
    if series.schedule is not None:
        diary = Diary(series, agenda, now)
        found = meetings.occurrences(diary.schedule, first, cancelled=True)
        for one in takewhile(lambda one: one.starts_at < last, found):
            changed_at = max(changed_at, one.change.decided_at or agenda.since)
            calendar.add_component(_event(diary, one, words))
    body = calendar.to_ical()
    return Feed(body, sha256(body).hexdigest()[:32], changed_at)


def _event(diary: Diary, found: Occurrence, words: Words) -> Event:
    change, series = found.change, diary.series
    decided_at = max(change.decided_at or diary.agenda.since, diary.agenda.since).replace(microsecond=0)
    event = Event()
    event.add("uid", f"{found.on.isoformat()}.{series.series_id}@peerplugin")
    event.add("dtstamp", decided_at)
    event.add("last-modified", decided_at)
    event.add("sequence", diary.agenda.revision + change.sequence)
    event.add("dtstart", found.starts_at)
    event.add("dtend", found.ends_at)
    event.add("summary", _clean(f"{series.name}: {change.guest}" if change.guest else series.name))
    event.add("description", _clean(words.text("calendar.txt", **of_date(diary, found), how_to_join=series.how_to_join)))
    if url := forum(diary):
        event.add("url", url)
    event.add("status", "CANCELLED" if change.cancelled else "CONFIRMED")
    event.add("transp", "TRANSPARENT" if change.cancelled else "OPAQUE")
    return event


def _clean(text: str) -> str:
    return text.translate(_CONTROLS)
