"""A room's export as a file: Element's JSON, a JSON list of events, or one event a line (JSONL).

The events may come in any order and twice. A file that is no such thing is a `MistakeError` that says what to do; an event
that cannot be read is left out and counted by its reason.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from integrations.matrix.events import read_event
from peerplugin.core.model import EventId, RoomEvent, RoomId
from peerplugin.errors import MistakeError

_STATE: Final = frozenset({"create", "member", "powers", "name", "encryption", "tombstone"})
_AGAIN: Final = "Export the room again (in Element: room info, Export chat, format JSON, size limit high enough)."


@dataclass(frozen=True, slots=True)
class _Found:
    """What the JSON held, before any event was read."""

    raw: list[object]
    room_id: RoomId | None = None
    name: str = ""
    skipped: Counter[str] = field(default_factory=Counter)


def read_export(path: Path) -> tuple[tuple[RoomEvent, ...], Counter[str]]:
    """Read an export file: its events in order, each once, and how many were left out for which reason."""
    events, skipped, _ = read_named_export(path)
    return events, skipped


def read_named_export(path: Path) -> tuple[tuple[RoomEvent, ...], Counter[str], str]:
    """The same, and what the export calls its room: empty where it does not say."""
    found = _find(_text(path), str(path))
    return *_read(found, str(path)), found.name


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise MistakeError(f"There is no file {path}. Check the name and the folder.") from None
    except IsADirectoryError:
        raise MistakeError(f"{path} is a folder. Name the file with the events in it (Element's is called export.json).") from None
    except OSError as error:
        raise MistakeError(f"{path} cannot be read ({error.strerror}). Check its owner and permissions.") from None
    except UnicodeDecodeError:
        raise MistakeError(f"{path} is not text in UTF-8. If it is an archive, unpack it first and name the JSON file in it.") from None


def parse_export(text: str, name: str) -> tuple[tuple[RoomEvent, ...], Counter[str]]:
    """The same for the text of an export; `name` is what error messages call it."""
    return _read(_find(text, name), name)


def _read(found: _Found, name: str) -> tuple[tuple[RoomEvent, ...], Counter[str]]:
    skipped = Counter(found.skipped)
    room_id = found.room_id or _first_room(found.raw)
    kept: dict[EventId, tuple[int, RoomEvent]] = {}
    blanked: set[EventId] = set()
    for position, raw in enumerate(found.raw):
        read = read_event(raw, room_id)
        if isinstance(read, RoomEvent):
            kept.setdefault(read.event_id, (position, read))
            continue
        skipped[read.reason] += 1
        if read.reason == "redacted" and read.event_id:
            blanked.add(read.event_id)  # where one copy is from before the redaction and one from after it, the later one is right
    events = [(position, event) for event_id, (position, event) in kept.items() if event_id not in blanked]
    if not events:
        _nothing(name, skipped)
    _of_one_room((event for _, event in events), name)
    events.sort(key=lambda placed: (placed[1].at, placed[1].kind not in _STATE, placed[0]))
    return tuple(event for _, event in events), skipped


def room_name(path: Path) -> str:
    """What an export calls its room; empty where it does not say."""
    try:
        whole = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError):  # `read_export` says what is wrong with the file
        return ""
    name = whole.get("room_name") if isinstance(whole, dict) else None
    return name if isinstance(name, str) else ""


def _find(text: str, name: str) -> _Found:
    """The events in whichever of the three shapes."""
    if not text.strip():
        raise MistakeError(f"{name} is empty. {_AGAIN}")
    if text.lstrip()[0] not in "[{":
        raise MistakeError(f"{name} is not JSON. {_AGAIN}")
    try:
        whole = json.loads(text)
    except json.JSONDecodeError as error:
        return _lines(text, name, error)
    except (ValueError, RecursionError):  # a number of 5,000 digits, 10,000 brackets in each other
        raise MistakeError(f"{name} holds JSON that no export holds. {_AGAIN}") from None
    if isinstance(whole, list):
        return _Found(whole)
    messages = whole.get("messages")
    if isinstance(messages, list):
        room_id, room = whole.get("room_id"), whole.get("room_name")
        return _Found(messages, RoomId(room_id) if isinstance(room_id, str) else None, room if isinstance(room, str) else "")
    if "type" in whole and "event_id" in whole:
        return _Found([whole])  # JSONL of a single line
    raise MistakeError(f"{name} is JSON, but no chat export: it has no list `messages`. {_AGAIN}")


def _lines(text: str, name: str, whole: json.JSONDecodeError) -> _Found:
    """JSONL: a broken line in the middle is one lost event, a broken last line is a file that was cut."""
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    if len(lines) < 2 or _line(lines[0][1]) is None:
        raise MistakeError(f"{name} is cut short or damaged at line {whole.lineno}, column {whole.colno}. {_AGAIN}") from None
    found = _Found([])
    for number, line in lines:
        event = _line(line)
        if event is not None:
            found.raw.append(event)
        elif number == lines[-1][0]:
            raise MistakeError(f"{name} is cut short in its last line, {number}. {_AGAIN}")
        else:
            found.skipped["not JSON"] += 1
    return found


def _line(line: str) -> object | None:
    try:
        event: object = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return event


def _first_room(raw: Iterable[object]) -> RoomId | None:
    """The room of the first event that names one: those of a sync answer, and a version 12 room's first event, do not."""
    rooms = (event.get("room_id") for event in raw if isinstance(event, Mapping))
    return next((RoomId(room) for room in rooms if isinstance(room, str)), None)


def _of_one_room(events: Iterable[RoomEvent], name: str) -> None:
    rooms = sorted({event.room_id for event in events})
    if len(rooms) > 1:
        raise MistakeError(
            f"{name} holds events of {len(rooms)} rooms ({', '.join(rooms[:5])}{', ...' if len(rooms) > 5 else ''}). "
            "Give one file for each room."
        )


def _nothing(name: str, skipped: Counter[str]) -> None:
    """There is no event to go on with: say why."""
    if not skipped:
        raise MistakeError(f"{name} holds no events. {_AGAIN}")
    reasons = ", ".join(f"{reason} ({count})" for reason, count in skipped.most_common(5))
    raise MistakeError(f"{name} holds no event that can be read: {reasons}. {_AGAIN}")
