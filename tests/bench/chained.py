"""A long meeting made of our labelled ones: chained to any size, in every copy other members and other words."""

from __future__ import annotations

import itertools
import json
import random
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from peerplugin.settings import config_dir

Event = dict[str, Any]

ROOT = Path(__file__).parents[2]
ROOM = "!chained:peer.test"
_BEGIN_MS = 1_791_400_000_000
_PAUSE_MS = 45_000  # between the end of one copy and the beginning of the next
_VARIED = 0.3  # the share of ordinary words that become another word of the same ending
_WORD = re.compile(r"(?<![\w/@.!#'’-])[a-z]{5,}(?![\w/@.:'’-])")
_NUMBER = re.compile(r"(?<![\w/@.,:-])[1-9]\d?(?![\w/@.,:-])")
_ENDINGS = ("ing", "ed", "ly", "er", "ies", "es", "s", "tion", "y", "e", "")
_LIMITS = ("!startmeeting", "!endmeeting")


@dataclass(frozen=True, slots=True)
class Labelled:
    """What is taken of one labelled meeting: all between its `!startmeeting` and its `!endmeeting`, and who took part."""

    name: str
    events: Sequence[Event]
    members: Mapping[str, str]  # user id -> display name
    facilitators: frozenset[str]
    began_ms: int
    lasted_ms: int


def liver() -> Path:
    """The meeting that is measured alone, about 400 messages."""
    return ROOT / "tests/data/meetings/liver/export.json"


@cache
def labelled() -> tuple[Labelled, ...]:
    """All labelled meetings, by name."""
    return tuple(_read(file) for file in sorted((ROOT / "tests/data/meetings").glob("*/export.json")))


def chained(messages: int, seed: int = 1) -> dict[str, Any]:
    """An export of one meeting of so many messages. The same size and seed give the same export."""
    random_source = random.Random(seed)
    events: list[Event] = []
    facilitators: dict[str, int] = {}
    at, said = _BEGIN_MS, 1
    start: Event | None = None
    for number, meeting in enumerate(itertools.cycle(labelled())):
        copy = _Copy(meeting, number, random_source)
        facilitators |= dict.fromkeys((copy.users[u] for u in sorted(meeting.facilitators)), 50)
        start = start or _message("$begin", min(facilitators), at, _LIMITS[0])
        for event in copy.events(at):
            if event["type"] == "m.room.message":
                if said == messages - 1:
                    break
                said += 1
            events.append(event)
        else:
            at += meeting.lasted_ms + _PAUSE_MS
            continue
        break
    end = _message("$end", min(facilitators), max(e["origin_server_ts"] for e in events) + 1, _LIMITS[1])
    powers = {
        "type": "m.room.power_levels", "sender": min(facilitators), "state_key": "", "room_id": ROOM, "event_id": "$powers",
        "origin_server_ts": _BEGIN_MS - 1, "content": {"users_default": 0, "users": facilitators},
    }  # fmt: skip
    return {"room_name": "Chained", "room_id": ROOM, "messages": [powers, start, *events, end]}


class _Copy:
    """One labelled meeting once more: its members under other names, its words and figures varied, its events under ids of their own."""

    def __init__(self, meeting: Labelled, number: int, source: random.Random) -> None:
        self._meeting, self._source = meeting, source
        names = source.sample(_given_names(), len(meeting.members))
        self._shown = {user: name.capitalize() for user, name in zip(meeting.members, names, strict=True)}
        self.users = {user: f"@{name}{number}:peer.test" for user, name in zip(meeting.members, names, strict=True)}
        self._ids = {e["event_id"]: f"$c{number}-{place}" for place, e in enumerate(meeting.events)}
        self._names = {first: self._shown[user] for user, shown in meeting.members.items() if len(first := _first_word(shown)) >= 3}
        alternatives = "|".join(map(re.escape, sorted(self._names, key=len, reverse=True)))
        self._any_name = re.compile(rf"\b(?:{alternatives})\b", re.IGNORECASE)

    def events(self, at: int) -> Iterator[Event]:
        """The events of this copy, the first of them at `at`, after its members came in."""
        for user, shown in self._shown.items():
            yield {
                "type": "m.room.member", "sender": self.users[user], "state_key": self.users[user], "room_id": ROOM,
                "event_id": f"$in-{self.users[user]}", "origin_server_ts": at, "content": {"membership": "join", "displayname": shown},
            }  # fmt: skip
        for event in self._meeting.events:
            moved = {"room_id": ROOM, "origin_server_ts": event["origin_server_ts"] - self._meeting.began_ms + at}
            yield {**self._changed(event), **moved}

    def _changed(self, value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {self.users.get(k, k): self._changed(v, k) for k, v in value.items()}
        if isinstance(value, list):
            return [self._changed(v) for v in value]
        if not isinstance(value, str):
            return value
        if key == "body":
            return self._reworded(value)
        return self._ids.get(value) or self.users.get(value) or value

    def _reworded(self, body: str) -> str:
        for user, other in self.users.items():
            body = body.replace(user, other)
        body = self._any_name.sub(self._other_name, body)
        body = _NUMBER.sub(lambda found: str(max(1, int(found[0]) + self._source.randint(-1, 1))), body)
        return _WORD.sub(self._other_word, body)

    def _other_name(self, found: re.Match[str]) -> str:
        written = found[0]
        other = next(new for old, new in self._names.items() if old.lower() == written.lower())
        return other if written[0].isupper() else other.lower()

    def _other_word(self, found: re.Match[str]) -> str:
        word = found[0]
        return self._source.choice(_said_words()[_ending(word)]) if self._source.random() < _VARIED else word


def related(event: Event) -> list[str]:
    """The events that an event speaks of."""
    relation = event["content"].get("m.relates_to") or {}
    found = (relation.get("event_id"), (relation.get("m.in_reply_to") or {}).get("event_id"), event.get("redacts"))
    return [one for one in found if one]


def _read(file: Path) -> Labelled:
    events = json.loads(file.read_text(encoding="utf-8"))["messages"]
    began, ended = (next(e["origin_server_ts"] for e in events if e["content"].get("body") == limit) for limit in _LIMITS)
    spoken = [e for e in events if began <= e["origin_server_ts"] <= ended and "state_key" not in e]
    own = {e["event_id"] for e in spoken if e["content"].get("body") not in _LIMITS}
    inside = [e for e in spoken if e["event_id"] in own and own.issuperset(related(e))]
    members = {e["state_key"]: e["content"].get("displayname", "") for e in events if e["type"] == "m.room.member"}
    members |= {e["sender"]: members.get(e["sender"], "") for e in inside}
    powers = next(e["content"]["users"] for e in events if e["type"] == "m.room.power_levels")
    moderators = frozenset(user for user, level in powers.items() if level >= 50 and user in members)
    return Labelled(file.parent.name, inside, members, moderators, began, ended - began)


def _message(event_id: str, sender: str, at: int, body: str) -> Event:
    content = {"msgtype": "m.text", "body": body}
    return {"type": "m.room.message", "sender": sender, "room_id": ROOM, "event_id": event_id, "origin_server_ts": at, "content": content}


@cache
def _given_names() -> list[str]:
    lines = (config_dir() / "vocabulary/given_names.txt").read_text(encoding="utf-8").splitlines()
    names = (name.strip() for line in lines if not line.startswith("#") for name in line.split(","))
    return sorted({name for name in names if len(name) >= 3 and name.isascii() and name.isalpha()})


@cache
def _said_words() -> dict[str, list[str]]:
    """The words of all meetings by their ending, each as often as it was said: so variety grows with size as it does among people."""
    found: dict[str, list[str]] = defaultdict(list)
    for meeting in labelled():
        for event in meeting.events:
            for word in _WORD.findall(event["content"].get("body", "")):
                found[_ending(word)].append(word)
    return found


def _ending(word: str) -> str:
    return next(ending for ending in _ENDINGS if word.endswith(ending))


def _first_word(shown: str) -> str:
    found = re.match(r"[^\W\d_]+", shown)
    return found[0] if found else ""
