"""A calendar file as each of the readers understands it, and what RFC 5545 demands of its bytes."""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from ctypes import CDLL, c_char_p, c_void_p
from ctypes.util import find_library
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import vobject

HERE = Path(__file__).parent


@dataclass(frozen=True, order=True)
class Entry:
    """One event of a calendar."""

    uid: str
    starts_at: datetime
    ends_at: datetime
    status: str
    sequence: int
    summary: str
    description: str = ""


def with_vobject(body: bytes) -> list[Entry]:
    """As vobject reads it, validated as far as it can."""
    calendar = vobject.readOne(body.decode())
    assert calendar.validate(raiseException=True)
    found = [
        Entry(
            e.uid.value,
            e.dtstart.value.astimezone(UTC),
            e.dtend.value.astimezone(UTC),
            e.status.value,
            int(e.sequence.value),
            e.summary.value,
            e.description.value,
        )
        for e in calendar.contents.get("vevent", [])
    ]
    return sorted(found)


def with_ical_js(body: bytes) -> list[Entry]:
    """As ical.js reads it, at its strictest."""
    run = subprocess.run(["node", str(HERE / "read.mjs")], input=body, capture_output=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr.decode()
    events = json.loads(run.stdout)
    assert not any(e["recurring"] for e in events)
    return sorted(
        Entry(e["uid"], datetime.fromisoformat(e["starts"]), datetime.fromisoformat(e["ends"]), e["status"], e["sequence"], e["summary"],
              e["description"])
        for e in events
    )  # fmt: skip


# --- what RFC 5545 demands ----------------------------------------------------------------------------------------------------------


@cache
def _libical() -> CDLL:
    name = find_library("ical")
    assert name is not None, "libical is missing: `make libical`"
    library = CDLL(name)
    library.icalparser_parse_string.argtypes, library.icalparser_parse_string.restype = [c_char_p], c_void_p
    library.icalrestriction_check.argtypes = library.icalcomponent_count_errors.argtypes = library.icalcomponent_free.argtypes = [c_void_p]
    library.icalcomponent_as_ical_string.argtypes, library.icalcomponent_as_ical_string.restype = [c_void_p], c_char_p
    return library


def libical_objects_to(body: bytes) -> list[str]:
    """What libical finds wrong: which properties there must be, how many of each, with which values (RFC 5545 and 5546).

    It is the one validator that is kept up: PyPI and npm have none, and libical carries the calendars of GNOME and KDE. It is lenient with
    bytes, and asks most of what has a method: so it sees the calendar as it is, and as if somebody had published it by mail."""
    by_mail = body.replace(b"BEGIN:VCALENDAR\r\n", b"BEGIN:VCALENDAR\r\nMETHOD:PUBLISH\r\n", 1)
    by_mail = by_mail.replace(b"BEGIN:VEVENT\r\n", b"BEGIN:VEVENT\r\nORGANIZER:mailto:mara@example.org\r\n")
    return sorted({*_objections(body), *_objections(by_mail)})


def _objections(body: bytes) -> list[str]:
    library = _libical()
    component = library.icalparser_parse_string(body)
    if component is None:
        return ["no calendar"]
    try:
        valid = library.icalrestriction_check(component) and not library.icalcomponent_count_errors(component)
        text = library.icalcomponent_as_ical_string(component).decode()
    finally:
        library.icalcomponent_free(component)
    return [] if valid else re.findall(r"X-LIC-ERROR[^:]*:(.*?)\r?\n", text.replace("\r\n ", "")) or ["not valid"]


ONCE = {"VCALENDAR": {"PRODID", "VERSION"}, "VEVENT": {"UID", "DTSTAMP", "DTSTART"}}
AT_MOST_ONCE = {
    "VCALENDAR": {"CALSCALE", "METHOD"},
    "VEVENT": {"CLASS", "CREATED", "DESCRIPTION", "GEO", "LAST-MODIFIED", "LOCATION", "ORGANIZER", "PRIORITY", "SEQUENCE", "STATUS"}
    | {"SUMMARY", "TRANSP", "URL", "RECURRENCE-ID", "DTEND", "DURATION"},
}
VALUES = {
    "STATUS": r"TENTATIVE|CONFIRMED|CANCELLED",
    "SEQUENCE": r"\d+",
    "TRANSP": r"OPAQUE|TRANSPARENT",
    "VERSION": r"2\.0",
    "DTSTART": r"\d{8}T\d{6}Z",
    "DTEND": r"\d{8}T\d{6}Z",
    "DTSTAMP": r"\d{8}T\d{6}Z",
    "LAST-MODIFIED": r"\d{8}T\d{6}Z",
    "REFRESH-INTERVAL": r"P(T?\d+[WDHMS])+",
}
TEXTS = {"SUMMARY", "DESCRIPTION", "NAME", "X-WR-CALNAME"}


def faults(body: bytes) -> list[str]:
    """What is wrong with its bytes, where libical is lenient: RFC 5545, 3.1, 3.3.11, 3.6."""
    wrong = [] if body.endswith(b"\r\n") and b"\n" not in body.replace(b"\r\n", b"") else ["3.1: lines end with CRLF"]
    wrong += ["3.1: no line is longer than 75 octets" for line in body.split(b"\r\n") if len(line) > 75]
    stack: list[str] = []
    counted: list[Counter[str]] = []
    uids: list[str] = []
    for line in body.replace(b"\r\n ", b"").decode().split("\r\n")[:-1]:
        match = re.fullmatch(r'([A-Z-]+)((?:;[A-Z-]+=(?:"[^"]*"|[^;:"]*))*):(.*)', line)
        if match is None:
            wrong.append("3.1: a content line is a name, parameters and a value")
            continue
        name, value = match[1], match[3]
        if name == "BEGIN":
            stack.append(value)
            counted.append(Counter())
        elif name == "END" and stack:
            wrong += [] if stack.pop() == value else ["3.4: BEGIN and END match"]
            wrong += _of_component(value, counted.pop())
        elif counted:
            counted[-1][name] += 1
            wrong += _of_value(name, value)
            uids += [value] if name == "UID" else []
    return wrong + (["3.8.4.7: a UID is there once"] if len(uids) != len(set(uids)) else [])


def _of_component(component: str, properties: Counter[str]) -> list[str]:
    once = [f"3.6: {component} has one {p}" for p in ONCE[component] if properties[p] != 1]
    return once + [f"3.6: {component} has at most one {p}" for p in AT_MOST_ONCE[component] if properties[p] > 1]


def _of_value(name: str, value: str) -> list[str]:
    if name in VALUES and not re.fullmatch(VALUES[name], value):
        return [f"3.8: {name} has a value of its kind"]
    if name in TEXTS and not re.fullmatch(r"(?:[^\\,;\x00-\x08\x0a-\x1f\x7f]|\\[\\,;nN])*", value):
        return [f"3.3.11: the text of {name} is escaped"]
    return []
