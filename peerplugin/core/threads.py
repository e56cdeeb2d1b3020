"""Who answers whom: explicit relations first, then names, words, speakers and time; one global grouping, never a message at a time.

Every near pair of lines gets the odds that both belong to one conversation. Lines joined by an explicit relation move together;
groups are then formed so that pairs within a group are likelier than chance would have it (modularity), by moves that start
from nothing and always go uphill: the same transcript gives the same threads. Long logs are grouped in overlapping stretches."""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from peerplugin.core.english import content, words
from peerplugin.core.model import EventId, Message, Thread, ThreadId, Transcript, UserId

NEAR = 60
"""Lines farther apart than this are compared only when they share a rare word."""
STRETCH, OVERLAP = 400, 100
RESOLUTION = 1 / 3
"""Times the logarithm of the number of lines: longer logs fall into smaller parts, a handful of lines stays together."""
SHARPNESS = 2.0
"""One likely pair says more than several unlikely ones."""
BURST_S = 45.0

WEIGHTS: Mapping[str, float] = {
    "always": -1.2,
    "distance": -0.4,
    "same_speaker": 1.4,
    "burst": -1.0,  # counts on top of what the burst's words already share
    "alike": 1.3,
    "alike_context": 4.0,
    "rare": 0.9,
    "names": 1.8,
    "answers": 0.2,
    "leans": 0.4,
    "chair": -0.3,
    "topic_between": -0.5,
    "both_ask": -0.8,
    "ties": 0.6,
}
"""What speaks for two lines sharing a thread, in log-odds: set by hand, the same for every room."""

TO_ALL = re.compile(
    r"\b(any(one|body)|has any|can i ask|question|my (thing|one|turn)|you all|new (one|topic)|different (one|subject|thing)|"
    r"how do (you|people)|what do you (all|people)|does any|first time|one more)\b", re.I
)  # fmt: skip
LEANS = re.compile(
    r"^(yes|yeah|yep|no|nope|ok|okay|oh|thanks|thank you|thx|ty|same|this|exactly|right|lol|haha|ha|wow|ugh|mine|me too|and|also|but|so|"
    r"then|or|because|bc|it|that|it'?s|that'?s|they|there|which|huh|omg|true|agree|\+1)\b", re.I
)  # fmt: skip
NOT_NAMES = frozenset("the and nurse doctor host facilitator mod bot meetbot not for who guest moderator admin from with".split())


@dataclass(frozen=True, slots=True)
class Line:
    """A message as grouping sees it."""

    event_id: EventId
    at_s: float
    who: UserId
    stems: frozenset[str]
    links: tuple[int, ...]
    named: frozenset[UserId]
    asks: bool
    to_all: bool
    leans: bool
    chair: bool
    size: int


@dataclass(slots=True)
class Log:
    """A stretch of lines, and what is known about its words and people."""

    lines: list[Line]
    topics: list[float]
    passed: list[int] = field(default_factory=list)  # how many topics had been called when a line was said
    far: list[float] = field(default_factory=list)  # the logarithm of every distance
    vectors: list[dict[str, float]] = field(default_factory=list)
    contexts: list[dict[str, float]] = field(default_factory=list)
    weight: dict[str, float] = field(default_factory=dict)
    ties: Counter[tuple[UserId, UserId]] = field(default_factory=Counter)
    heaviest: float = 1.0


def group(transcript: Transcript) -> tuple[Thread, ...]:
    """The conversations of a meeting, in the order in which they begin. A line that nobody took up is in none."""
    lines = _lines(transcript)
    topics = sorted(c.at.timestamp() for c in transcript.cues if c.kind == "topic")
    groups = _stretches(lines, topics)
    threads: list[Thread] = []
    for members in sorted(groups, key=lambda g: g[0]):
        if len(members) < 2:
            continue
        opening = _opening([lines[i] for i in members])
        threads.append(Thread(ThreadId(f"t{len(threads) + 1}"), tuple(lines[i].event_id for i in members), opening))
    return tuple(threads)


def _opening(lines: Sequence[Line]) -> EventId | None:
    """The line that asks: the first question to the room, else the first question with enough words in it."""
    asking = [line for line in lines if line.asks]
    to_all = [line for line in asking if line.to_all or len(line.stems) >= 4]
    clear = [line for line in asking if len(line.stems) >= 2]
    return next((found[0].event_id for found in (to_all, clear, asking) if found), None)


# --- reading ----------------------------------------------------------------------------------------------------------


def _lines(transcript: Transcript) -> list[Line]:
    said = [m for m in transcript.messages if m.left_out is None and m.text.strip()]
    place = {m.event_id: i for i, m in enumerate(said)}
    roots: dict[EventId, int] = {}
    calls = call_names(transcript.roster)
    lines = []
    for i, m in enumerate(said):
        links = [place[x] for x in (m.reply_to, m.thread_root) if x is not None and x in place]
        if m.thread_root is not None:  # a root that was left out still holds its answers together
            links.append(roots.setdefault(m.thread_root, i))
        lines.append(_line(m, tuple(sorted({x for x in links if x != i})), calls))
    return lines


def _line(m: Message, links: tuple[int, ...], calls: Mapping[str, frozenset[UserId]]) -> Line:
    spoken = words(m.text)
    named = set(m.mentions)
    for word in spoken:
        named |= calls.get(word.removesuffix("'s"), frozenset())
    stems = frozenset(s for s in content(m.text) if s not in calls)
    asks = "?" in m.text
    return Line(
        m.event_id, m.at.timestamp(), m.sender, stems, links, frozenset(named - {m.sender}), asks, bool(TO_ALL.search(m.text)),
        bool(LEANS.search(m.text)), m.moderator and not links and len(stems) < 4, len(spoken),
    )  # fmt: skip


def call_names(roster: Mapping[UserId, tuple[str, ...]]) -> dict[str, frozenset[UserId]]:
    """The words by which members may be called, from their display names and ids."""
    calls: dict[str, set[UserId]] = defaultdict(set)
    for user, names in roster.items():
        label = " ".join(re.sub(r"\(.*?\)", " ", n) for n in names) + " " + user[1:].split(":")[0]
        for word in re.findall(r"[^\W\d_]{3,}", label.lower()):
            if word not in NOT_NAMES:
                calls[word].add(user)
    return {w: frozenset(u) for w, u in calls.items() if len(u) <= 2}


# --- long logs ----------------------------------------------------------------------------------------------------------


def _stretches(lines: list[Line], topics: list[float]) -> list[list[int]]:
    """Group a log stretch by stretch, and join groups of neighbours by the lines they share."""
    if len(lines) <= STRETCH + OVERLAP:
        return _grouped(Log(lines, topics), 0)
    groups: list[list[int]] = []
    owner: dict[int, int] = {}
    start = 0
    while True:
        stop = len(lines) if start + STRETCH + OVERLAP >= len(lines) else start + STRETCH
        cut = [_shift(line, start) for line in lines[start:stop]]
        for members in _grouped(Log(cut, topics), start):
            shared = Counter(owner[i] for i in members if i in owner)
            fresh = [i for i in members if i not in owner]
            known = sum(shared.values())
            target = (
                min((g for g, n in shared.items() if n == max(shared.values())), default=None)
                if known * 4 >= min(len(members), 8)
                else None
            )
            if target is None:
                target = len(groups)
                groups.append([])
            groups[target] += fresh
            owner |= dict.fromkeys(fresh, target)
        if stop == len(lines):
            return [sorted(g) for g in groups if g]
        start = stop - OVERLAP


def _shift(line: Line, start: int) -> Line:
    links = tuple(x - start for x in line.links if x >= start)
    return Line(
        line.event_id, line.at_s, line.who, line.stems, links, line.named, line.asks, line.to_all, line.leans, line.chair, line.size
    )


# --- pairs ----------------------------------------------------------------------------------------------------------


def _prepare(log: Log) -> None:
    """Weigh words by how rare they are here; give every line the words of its burst and of what it answers."""
    n = len(log.lines)
    seen = Counter(s for line in log.lines for s in line.stems)
    log.weight = {s: math.log(1 + n / c) for s, c in seen.items()}
    log.heaviest = max(log.weight.values(), default=1.0)
    log.far = [0.0, *(math.log(d) for d in range(1, n))]
    log.passed = [bisect_right(log.topics, line.at_s) for line in log.lines]
    for line in log.lines:
        log.vectors.append(_unit({s: log.weight[s] for s in line.stems}))
    last: dict[UserId, int] = {}
    around: list[dict[int, float]] = [{i: 1.0} for i in range(n)]
    for i, line in enumerate(log.lines):
        before = last.get(line.who)
        if before is not None and line.at_s - log.lines[before].at_s <= 2 * BURST_S:
            around[i][before], around[before][i] = 0.6, 0.6
        for j in line.links:
            around[i][j], around[j][i] = 0.6, max(around[j].get(i, 0), 0.4)
            pair = tuple(sorted((line.who, log.lines[j].who)))
            log.ties[(pair[0], pair[1])] += 1
        last[line.who] = i
    for near in around:
        total: dict[str, float] = defaultdict(float)
        for j, share in near.items():
            for s, v in log.vectors[j].items():
                total[s] += share * v
        log.contexts.append(_unit(total))


def _unit(vector: Mapping[str, float]) -> dict[str, float]:
    length = math.sqrt(sum(v * v for v in vector.values()))
    return {s: v / length for s, v in vector.items()} if length else {}


def _dot(a: Mapping[str, float], b: Mapping[str, float]) -> float:
    if len(b) < len(a):
        a, b = b, a
    total = 0.0
    for s, v in a.items():  # a loop: this runs for every pair
        if s in b:
            total += v * b[s]
    return total


def _odds(log: Log) -> Iterator[tuple[int, int, float]]:
    """Every pair worth comparing, and how strongly it belongs together."""
    far: dict[str, list[int]] = defaultdict(list)
    own: list[int] = []
    count: Counter[UserId] = Counter()
    for line in log.lines:
        count[line.who] += 1
        own.append(count[line.who])
    rare_enough = math.log(1 + len(log.lines) / 8)
    for j, line in enumerate(log.lines):
        partners = {i for s in line.stems for i in far[s] if i < j - NEAR} if j > NEAR else set()
        partners.update(range(max(0, j - NEAR), j))
        named_last: set[UserId] = set()
        for i in sorted(partners, reverse=True):
            z = _who(log, i, j, own, named_last) + _what(log, i, j)
            yield i, j, (1.0 / (1.0 + math.exp(-z))) ** SHARPNESS
        for s in line.stems:
            if log.weight[s] >= rare_enough:
                far[s].append(j)


def _what(log: Log, i: int, j: int) -> float:
    """What the words of two lines say, alone and in context."""
    w, line, other = WEIGHTS, log.lines[j], log.lines[i]
    z = w["always"] + w["distance"] * log.far[j - i] + w["alike_context"] * _dot(log.contexts[i], log.contexts[j])
    if shared := line.stems & other.stems:
        z += w["alike"] * _dot(log.vectors[i], log.vectors[j]) + w["rare"] * max(log.weight[s] for s in shared) / log.heaviest
    if line.leans and j - i <= 2:
        z += w["leans"]
    if line.chair or other.chair:
        z += w["chair"]
    if log.passed[i] < log.passed[j]:
        z += w["topic_between"]
    return z


def _who(log: Log, i: int, j: int, own: Sequence[int], named_last: set[UserId]) -> float:
    """What speakers, names and questions say."""
    w, line, other = WEIGHTS, log.lines[j], log.lines[i]
    z = 0.0
    if other.who == line.who:
        z += w["same_speaker"]
        if own[j] - own[i] == 1 and line.at_s - other.at_s <= BURST_S:
            z += w["burst"]
    else:
        if log.ties and (tied := log.ties.get((min(line.who, other.who), max(line.who, other.who)), 0)):
            z += w["ties"] * math.log(1 + tied)
        if other.asks:
            z += w["both_ask"] if line.asks else w["answers"] if j - i <= 15 else 0.0
    if other.who in line.named and other.who not in named_last:
        named_last.add(other.who)
        z += w["names"]
    if line.who in other.named and j - i <= 12:
        z += 0.7 * w["names"]
    return z


# --- grouping ----------------------------------------------------------------------------------------------------------


def _units(lines: Sequence[Line]) -> list[int]:
    """The unit of every line: lines joined by explicit relations are one."""
    parent = list(range(len(lines)))

    def top(x: int) -> int:
        while parent[x] != x:
            parent[x] = parent[parent[x]]
            x = parent[x]
        return x

    for i, line in enumerate(lines):
        for j in line.links:
            a, b = top(i), top(j)
            parent[max(a, b)] = min(a, b)
    return [top(i) for i in range(len(lines))]


def _grouped(log: Log, start: int) -> list[list[int]]:
    """Groups of line numbers (counted from `start`)."""
    if not log.lines:
        return []
    _prepare(log)
    units = _units(log.lines)
    names = sorted(set(units))
    number = {u: k for k, u in enumerate(names)}
    weights: list[dict[int, float]] = [{} for _ in names]
    loops = [0.0] * len(names)
    for i, j, p in _odds(log):
        a, b = number[units[i]], number[units[j]]
        if a == b:
            loops[a] += 2 * p
        elif p > 0.0004:
            weights[a][b] = weights[a].get(b, 0.0) + p
            weights[b][a] = weights[b].get(a, 0.0) + p
    labels = communities(weights, loops, RESOLUTION * math.log(len(log.lines) + 1))
    found: dict[int, list[int]] = defaultdict(list)
    for i, unit in enumerate(units):
        found[labels[number[unit]]].append(i + start)
    return list(found.values())


def communities(weights: list[dict[int, float]], loops: list[float], resolution: float) -> list[int]:
    """Louvain's method, then single moves again: each node's group. Ties go to the lower number, so the result is one and the same."""
    labels = list(range(len(weights)))
    graph, inner = weights, loops
    while True:
        moved = _moves(graph, inner, list(range(len(graph))), resolution)
        order = {g: k for k, g in enumerate(dict.fromkeys(moved))}
        if len(order) == len(graph):
            break
        labels = [order[moved[x]] for x in labels]
        bigger: list[dict[int, float]] = [{} for _ in order]
        heavier = [0.0] * len(order)
        for a, row in enumerate(graph):
            ga = order[moved[a]]
            heavier[ga] += inner[a]
            for b, w in row.items():
                gb = order[moved[b]]
                if ga == gb:
                    heavier[ga] += w
                else:
                    bigger[ga][gb] = bigger[ga].get(gb, 0.0) + w
        graph, inner = bigger, heavier
    return _moves(weights, loops, labels, resolution)


def _moves(graph: list[dict[int, float]], inner: list[float], labels: list[int], resolution: float) -> list[int]:
    """Move nodes one by one to the neighbouring group that gains most, until none gains."""
    labels = list(labels)
    degree = [sum(row.values()) + inner[a] for a, row in enumerate(graph)]
    total = sum(degree) or 1.0
    mass: dict[int, float] = defaultdict(float)
    for a, g in enumerate(labels):
        mass[g] += degree[a]
    for _ in range(30):
        changed = False
        for a, row in enumerate(graph):
            home = labels[a]
            mass[home] -= degree[a]
            pull: dict[int, float] = defaultdict(float)
            pull[home] += 0.0
            for b, w in row.items():
                pull[labels[b]] += w
            stays = pull[home] - resolution * degree[a] * mass[home] / total
            best, most = home, stays
            for g, w in pull.items():
                gain = w - resolution * degree[a] * mass[g] / total
                if gain > most or (gain == most and g < best):
                    best, most = g, gain
            if most <= stays + 1e-12:
                best = home
            labels[a] = best
            mass[best] += degree[a]
            changed = changed or best != home
        if not changed:
            break
    return labels


def by_thread(threads: Sequence[Thread]) -> dict[EventId, ThreadId]:
    """Message -> its thread."""
    return {e: t.thread_id for t in threads for e in t.event_ids}
