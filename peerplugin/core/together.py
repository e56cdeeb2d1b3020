"""Statements that belong together are read as one: an answer behind what it answers, a second experience beside the first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from peerplugin.core.candidates import Room
from peerplugin.core.english import copied, words
from peerplugin.core.model import Statement, UserId
from peerplugin.core.rules import Rules

_MOST_WORDS = 55
_MOST = 3
_ENOUGH = 2.2
"""So much weight of common words makes two statements ones about the same thing."""
_ONE = re.compile(r"\b([Oo])ne member\b")


@dataclass(frozen=True, slots=True)
class Told:
    """A statement, whose it is, and the stems of its words."""

    statement: Statement
    sender: UserId
    stems: frozenset[str]
    parts: int = 1


def together(rows: Sequence[Told], room: Room, rules: Rules) -> list[Told]:
    """The statements in their order, where two of a section belong together the later one behind the earlier."""
    left, done = list(rows), []
    while left:
        first = left.pop(0)
        while first.parts < _MOST:
            fitting = [(n, k) for k, t in enumerate(left) if (n := _nearness(first, t, room)) > 0]
            made = None
            for _, k in sorted(fitting, key=lambda f: (-f[0], f[1])):
                if (made := _joined(first, left[k], room, rules)) is not None:
                    left.pop(k)
                    break
            if made is None:
                break
            first = made
        done.append(first)
    return done


def _nearness(a: Told, b: Told, room: Room) -> float:
    """How much two belong together: one answers the other, or they share what is said rarely. 0: not at all."""
    if a.statement.section != b.statement.section or "resource" in (a.statement.section, b.statement.section):
        return 0.0
    if {a.statement.wording, b.statement.wording} != {"reported"}:
        return 0.0
    ours, theirs = set(a.statement.event_ids), set(b.statement.event_ids)
    answers = any(room.messages[e].reply_to in theirs for e in ours) or any(room.messages[e].reply_to in ours for e in theirs)
    shared = sum(room.weights.get(s, 0.0) for s in a.stems & b.stems)
    return shared + 2.0 * answers if answers or shared >= _ENOUGH else 0.0


def _joined(a: Told, b: Told, room: Room, rules: Rules) -> Told | None:
    one = a.sender == b.sender
    if one and _ONE.search(b.statement.text):
        tail = _ONE.sub(lambda m: ("T" if m[1] == "O" else "t") + "he same member", b.statement.text, count=1)
    else:
        word = "nother member" if a.parts == 1 else " further member"
        tail = _ONE.sub(lambda m: ("A" if m[1] == "O" else "a") + word, b.statement.text, count=1)
    text = f"{a.statement.text} {tail}"
    ids = tuple(dict.fromkeys((*a.statement.event_ids, *b.statement.event_ids)))
    if len(words(text)) > _MOST_WORDS or any(copied(text, room.messages[e].text, rules.max_copied_words) for e in ids):
        return None
    people = a.statement.contributors + (0 if one else b.statement.contributors)
    statement = replace(a.statement, text=text, event_ids=ids, contributors=people)
    return Told(statement, a.sender, a.stems | b.stems, a.parts + 1)
