"""Dates and times as people type them: every reading that a text may have, so that whoever meant another one is asked and not misled.

Nothing is guessed: `10/7` is two dates until the series' own dates, or the person, say which."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, time, timedelta

_DAYS = "monday tuesday wednesday thursday friday saturday sunday".split()
_MONTHS = "january february march april may june july august september october november december".split()
_SHORTEST = 3
_DAY = r"(?P<day>mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday|s)?|thu(?:r(?:s(?:day)?)?)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?)"
_MONTH = r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
_NUMBER = r"(?P<number>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?:,?\s+(?P<year>\d{4}))?"


@dataclass(frozen=True, slots=True)
class Reading:
    """The dates or times that the beginning of a text may mean, likeliest first, and the text that follows."""

    dates: tuple[date, ...] = ()
    times: tuple[time, ...] = ()
    rest: str = ""


def read_date(text: str, today: date) -> Reading:
    """The dates that a text may begin with: `2026-10-07`, `7 Oct`, `october 7th`, `wed`, `next wed`, `tomorrow`, `7.10.`, `10/7`.

    Without a year the next such date counts, today included. No date at all: the text is all rest."""
    text = text.strip()
    for pattern, meaning in _DATES:
        match = pattern.match(text)
        if match is not None:
            found = tuple(dict.fromkeys(meaning(match, today)))
            if found:
                return Reading(dates=found, rest=text[match.end() :].lstrip(" ,"))
    return Reading(rest=text)


def read_time(text: str) -> Reading:
    """The wall times that a text may begin with: `18:00`, `6pm`, `6.30 pm`, `18h`, `noon`; a bare `6` may be morning or evening."""
    text = text.strip()
    match = _TIME.match(text)
    if match is None:
        return Reading(rest=text)
    rest = text[match.end() :].lstrip(" ,")
    if match["word"]:
        return Reading(times=(time(12) if match["word"].lower() == "noon" else time(0),), rest=rest)
    hour, minute, half = int(match["hour"]), int(match["minute"] or 0), (match["half"] or "").lower().replace(".", "")
    hours = _hours(hour, half, exact=match["minute"] is not None or match["h"] is not None)
    times = tuple(time(h, minute) for h in hours if minute < 60)
    return Reading(times=times, rest=rest) if times else Reading(rest=text)


def _hours(hour: int, half: str, *, exact: bool) -> tuple[int, ...]:
    if half:
        return (hour % 12 + (12 if half == "pm" else 0),) if 1 <= hour <= 12 else ()
    if hour > 23:
        return ()
    return (hour,) if exact or hour > 12 or hour == 0 else (hour % 12 + 12, hour)


_TIME = re.compile(
    r"(?:at\s+)?(?:(?P<word>noon|midnight)\b"
    r"|(?P<hour>\d{1,2})(?:[:.](?P<minute>\d{2}))?\s*(?:(?P<half>[ap]\.?m\b\.?)|(?P<h>h\b|uhr\b|o'clock\b))?(?![\d:/-]))",
    re.IGNORECASE,
)


# --- what each form may mean ------------------------------------------------------------------------------------------------------


def _iso(match: re.Match[str], today: date) -> Iterator[date]:
    yield from _valid(int(match["year"]), int(match["month"]), int(match["number"]))


def _relative(match: re.Match[str], today: date) -> Iterator[date]:
    yield today + timedelta(days=1 if match[0].lower() == "tomorrow" else 0)


def _weekday(match: re.Match[str], today: date) -> Iterator[date]:
    """`wed` is the coming one; `next wed` may be that one too, or the one of next week."""
    wanted = next(number for number, name in enumerate(_DAYS) if name.startswith(match["day"].lower()[:_SHORTEST]))
    coming = today + timedelta(days=(wanted - today.weekday()) % 7)
    if (match["which"] or "").lower() != "next":
        yield coming
        return
    if coming == today:
        yield today + timedelta(days=7)
        return
    yield coming
    if coming.isocalendar().week == today.isocalendar().week:
        yield coming + timedelta(days=7)


def _named(match: re.Match[str], today: date) -> Iterator[date]:
    month = next(n for n, name in enumerate(_MONTHS, 1) if name.startswith(match["month"].lower()[:_SHORTEST]))
    yield from _coming(int(match["number"]), month, match["year"], today)


def _dotted(match: re.Match[str], today: date) -> Iterator[date]:
    yield from _coming(int(match["number"]), int(match["month"]), match["year"], today)


def _slashed(match: re.Match[str], today: date) -> Iterator[date]:
    """Month first or day first: nobody can know."""
    first, second = int(match["number"]), int(match["month"])
    yield from _coming(second, first, match["year"], today)
    yield from _coming(first, second, match["year"], today)


def _bare(match: re.Match[str], today: date) -> Iterator[date]:
    number, month = int(match["number"]), today.replace(day=1)
    for _ in range(12):
        for found in _valid(month.year, month.month, number):
            if found >= today:
                yield found
                return
        month = (month + timedelta(days=31)).replace(day=1)


def _coming(day: int, month: int, year: str | None, today: date) -> Iterator[date]:
    if year is not None:
        yield from _valid(int(year) + (2000 if len(year) == 2 else 0), month, day)
        return
    for candidate in range(today.year, today.year + 9):  # the 29th of February comes within eight years
        for found in _valid(candidate, month, day):
            if found >= today:
                yield found
                return


def _valid(year: int, month: int, day: int) -> Iterator[date]:
    try:
        yield date(year, month, day)
    except ValueError:
        return


_Meaning = Callable[[re.Match[str], date], Iterator[date]]
_DATES: tuple[tuple[re.Pattern[str], _Meaning], ...] = tuple(
    (re.compile(rf"(?:on\s+)?{form}(?![\w/])", re.IGNORECASE), meaning)
    for form, meaning in (
        (r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<number>\d{1,2})", _iso),
        (r"(?:today|tonight|tomorrow)", _relative),
        (rf"(?:{_DAY},?\s+)?(?:the\s+)?{_NUMBER}(?:\s+of)?\s+{_MONTH}{_YEAR}", _named),
        (rf"(?:{_DAY},?\s+)?{_MONTH}\.?\s+{_NUMBER}{_YEAR}", _named),
        (rf"(?P<which>this|next|coming)?\s*{_DAY}", _weekday),
        (r"(?P<number>\d{1,2})\.\s?(?P<month>\d{1,2})\.(?:\s?(?P<year>\d{4}|\d{2}))?", _dotted),
        (r"(?P<number>\d{1,2})/(?P<month>\d{1,2})(?:/(?P<year>\d{4}|\d{2}))?", _slashed),
        (r"(?:the\s+)?(?P<number>\d{1,2})(?:st|nd|rd|th)", _bare),
    )
)
