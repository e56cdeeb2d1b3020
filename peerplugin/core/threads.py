"""Who answers whom: explicit relations first, then one global grouping over trained odds; never a line at a time.

Lines joined by a reply or a Matrix thread move together. Openings that a facilitator gave ("a question begins here") are facts: no two of them
share a thread, while other threads stay free to form. Long talks are grouped in overlapping stretches. The same talk gives the same threads."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from peerplugin.core.forest import Forest, Indices
from peerplugin.core.grouping import grouped
from peerplugin.core.joining import field
from peerplugin.core.lines import Line, Talk, read
from peerplugin.core.meaning import Vocabulary
from peerplugin.core.model import EventId, Thread, ThreadId, Transcript
from peerplugin.core.pairs import TO_ALL, probabilities, window

STRETCH, OVERLAP, LONGEST = 400, 100, 500
"""A talk of more lines than LONGEST is cut: pairs further apart are never compared, so that memory and the number of threads grow with length."""
SEED = 0


@dataclass(frozen=True, slots=True, eq=False)
class ThreadModel:
    """What was learned from labelled meetings: words, the odds of pairs, and whether a line belongs to a cluster."""

    vocabulary: Vocabulary
    pairs: Forest
    joining: Forest


def group(transcript: Transcript, model: ThreadModel, openings: Collection[EventId] = ()) -> tuple[Thread, ...]:
    """The conversations of a meeting, in the order in which they begin. A line that nobody took up is in none."""
    talk = read(transcript)
    if not talk.lines:
        return ()
    given = [i for i, line in enumerate(talk.lines) if line.event_id in openings]
    label = labels(talk, model, given)
    threads: list[Thread] = []
    for k in dict.fromkeys(label.tolist()):
        members = [talk.lines[i] for i in np.flatnonzero(label == k)]
        if len(members) < 2:
            continue
        opening = next((m.event_id for m in members if m.event_id in openings), None) or opening_of(members)
        threads.append(Thread(ThreadId(f"t{len(threads) + 1}"), tuple(m.event_id for m in members), opening))
    return tuple(threads)


def opening_of(lines: Sequence[Line]) -> EventId | None:
    """The line that asks: the first question to the room, else the first question with enough words in it."""
    asking = [line for line in lines if "?" in line.text]
    to_all = [line for line in asking if TO_ALL.search(line.text) or len(line.words) >= 8]
    clear = [line for line in asking if len(line.words) >= 4]
    return next((found[0].event_id for found in (to_all, clear, asking) if found), None)


def labels(talk: Talk, model: ThreadModel, openings: Sequence[int] = ()) -> Indices:
    """The cluster of every line."""
    spans = stretches(len(talk.lines))
    parts = []
    for start, stop in spans:
        here = [o - start for o in openings if start <= o < stop]
        parts.append(_labels(talk.part(start, stop), model, here))
    return join(spans, parts)


def _labels(talk: Talk, model: ThreadModel, openings: Sequence[int]) -> Indices:
    if len(talk.lines) < 2:
        return np.zeros(len(talk.lines), np.intp)
    ready = window(talk, model.vocabulary)
    return grouped(model.joining, field(ready, probabilities(model.pairs, ready)), openings, SEED)


def stretches(n: int) -> list[tuple[int, int]]:
    """One stretch where it fits, else overlapping ones; the last takes the remainder."""
    starts = [0] if n <= LONGEST else list(range(0, n - LONGEST + STRETCH - OVERLAP, STRETCH - OVERLAP))
    return [(a, min(n, a + STRETCH) if b else n) for a, b in zip(starts, [*starts[1:], 0], strict=True)]


def join(spans: Sequence[tuple[int, int]], parts: Sequence[Indices]) -> Indices:
    """Clusters of neighbouring stretches are one where at least 3 shared lines, and 30 % of the smaller, agree."""
    out = np.full(spans[-1][1], -1, np.intp)
    for (start, stop), part in zip(spans, parts, strict=True):
        held = out[start:stop]
        part = np.unique(part, return_inverse=True)[1]
        label, shared = part + out.max() + 1, held >= 0
        if shared.any():
            overlap = np.zeros((int(out.max()) + 1, int(part.max()) + 1), np.intp)
            np.add.at(overlap, (held[shared], part[shared]), 1)
            for old, new in _matches(overlap):
                label[part == new] = old
        keep = shared & (np.arange(stop - start) < OVERLAP // 2)
        out[start:stop] = np.where(keep, held, label)
    return np.unique(out, return_inverse=True)[1]


def _matches(overlap: Indices) -> list[tuple[int, int]]:
    """Pairs of clusters that agree, the largest overlap first; each cluster once."""
    found: list[tuple[int, int]] = []
    left = overlap.copy()
    while left.max(initial=0) >= 3:
        old, new = divmod(int(left.argmax()), left.shape[1])
        if left[old, new] >= 0.3 * min(overlap[old].sum(), overlap[:, new].sum()):
            found.append((old, new))
            left[old], left[:, new] = 0, 0
        else:
            left[old, new] = 0
    return found
