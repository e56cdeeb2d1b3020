"""A meeting as grouping sees it: who said what when, in answer to whom, and whom they called by name."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace

from peerplugin.core.english import words
from peerplugin.core.model import EventId, Message, Transcript, UserId

NOT_NAMES = frozenset("the and nurse doctor host facilitator mod bot meetbot not for who guest moderator admin from with".split())
TOLD = frozenset({"info", "link"})
"""Commands whose words are part of the talk."""
HANDS = frozenset({"!", "q", "q+", "q-", "q?", "✋"})
LONG_NAME = 5
"""A name of so many letters is also meant by its beginning: `marg` does not reach `margaret`, `margar` does."""


@dataclass(frozen=True, slots=True)
class Line:
    """One message. A line that was left out keeps its place, its speaker and its relations; it has no text."""

    event_id: EventId
    at_s: float
    who: int  # number of the speaker
    text: str
    words: tuple[str, ...]
    links: tuple[int, ...]  # the lines it answers, and the root of its Matrix thread
    named: frozenset[int]  # speakers it calls by name
    aside: bool  # a raised hand: does not count as distance
    moderator: bool


@dataclass(frozen=True, slots=True)
class Talk:
    """The lines of a meeting in order, how many speak, and the words by which they are called."""

    lines: tuple[Line, ...]
    speakers: int
    names: frozenset[str]

    def part(self, start: int, stop: int) -> Talk:
        """The lines from `start` up to `stop` as a talk of their own; relations that leave it are cut."""
        kept = (replace(m, links=tuple(j - start for j in m.links if start <= j < stop)) for m in self.lines[start:stop])
        return replace(self, lines=tuple(kept))


def read(transcript: Transcript) -> Talk:
    """Everything that was said, in order; commands are no part of the talk, except what `!info` and `!link` tell."""
    told = {cue.event_id: cue.text for cue in transcript.cues if cue.kind in TOLD}
    said = [m for m in transcript.messages if m.left_out not in {"command", "notice"} or m.event_id in told]
    place = {m.event_id: i for i, m in enumerate(said)}
    number = {user: k for k, user in enumerate(sorted({m.sender for m in said}))}
    calls = call_names(transcript.roster, number)
    lost: dict[EventId, int] = {}  # a root that is not here still holds its answers together
    lines = []
    for i, m in enumerate(said):
        links = {place[x] for x in (m.reply_to, m.thread_root) if x is not None and x in place}
        if m.thread_root is not None and m.thread_root not in place:
            links.add(lost.setdefault(m.thread_root, i))
        text = told.get(m.event_id, m.text)
        lines.append(_line(m, text, tuple(sorted(links - {i})), number, calls))
    return Talk(tuple(lines), len(number), frozenset(calls))


def _line(m: Message, text: str, links: tuple[int, ...], number: Mapping[UserId, int], calls: Mapping[str, frozenset[int]]) -> Line:
    spoken = tuple(words(text))
    who = number[m.sender]
    named = {number[user] for user in m.mentions if user in number}.union(*(_called(word, calls) for word in spoken)) - {who}
    return Line(
        m.event_id, m.at.timestamp(), who, text, spoken, links, frozenset(named), text.strip().lower() in HANDS, m.moderator
    )  # fmt: skip


def call_names(roster: Mapping[UserId, tuple[str, ...]], number: Mapping[UserId, int]) -> dict[str, frozenset[int]]:
    """The words by which speakers may be called, from their display names and ids; a word that means three of them means nobody."""
    calls: dict[str, set[int]] = defaultdict(set)
    for user in sorted(number):
        label = " ".join(re.sub(r"\(.*?\)", " ", name) for name in roster.get(user, ())) + " " + user[1:].split(":")[0]
        for word in re.findall(r"[^\W\d_]{3,}", label.lower()):
            if word not in NOT_NAMES:
                calls[word].add(number[user])
    return {word: frozenset(who) for word, who in calls.items() if len(who) <= 2}


def _called(word: str, calls: Mapping[str, frozenset[int]]) -> frozenset[int]:
    word = word.split("'")[0]
    if word in calls:
        return calls[word]
    if len(word) < LONG_NAME:
        return frozenset()
    near = (who for name, who in calls.items() if len(name) >= LONG_NAME and (name.startswith(word) or word.startswith(name)))
    return frozenset().union(*near)


def units(talk: Talk) -> list[int]:
    """The unit of every line, counted from 0: lines joined by explicit relations move together."""
    parent = list(range(len(talk.lines)))

    def top(x: int) -> int:
        while parent[x] != x:
            parent[x] = parent[parent[x]]
            x = parent[x]
        return x

    for i, line in enumerate(talk.lines):
        for j in line.links:
            a, b = top(i), top(j)
            parent[max(a, b)] = min(a, b)
    order = {root: k for k, root in enumerate(sorted({top(i) for i in range(len(parent))}))}
    return [order[top(i)] for i in range(len(parent))]
