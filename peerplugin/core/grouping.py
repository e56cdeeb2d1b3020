"""One global grouping over all pairs: units move between clusters until none gains; then trained sweeps mend what is wrong.

A line at a time is the wrong shape: what is said later tells what was meant before. The draws are seeded: the same talk gives the same groups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from peerplugin.core.forest import Floats, Forest, Indices
from peerplugin.core.joining import Field, joining

RESOLUTION = 1.5
JOINED = 0.11
"""Mean probability at which the start still joins clusters: in an hour of talk some fifteen are left. Moves make more or fewer."""
TRIES = 4
COMPLETE, SMALL = 0.6, 4
"""Openings in this proportion to clusters of so many lines are taken as all there are."""
SPARE = 40
"""So many clusters more than at the start there may be at once."""
COOL = 0.7
"""The noise has gone after this part of the moves."""


def unit_sums(weight: Floats, units: Indices) -> tuple[Floats, Floats]:
    """Weights summed over units, and the sizes of units."""
    member = np.eye(units.max() + 1, dtype=np.float32)[units]
    return member.T @ weight @ member, member.sum(0)


def average_link(pairs: Floats, units: Indices, least: float = JOINED) -> Indices:
    """Join the two likeliest clusters while the mean probability between them is `least`: the cluster of every line."""
    total, size = unit_sums(pairs, units)
    label, alive = np.arange(len(size)), np.ones(len(size), bool)
    mean = total / np.outer(size, size)
    np.fill_diagonal(mean, -np.inf)
    while mean.max() >= least:
        a, b = divmod(int(mean.argmax()), len(size))
        total[a] += total[b]
        total[:, a] += total[:, b]
        size[a] += size[b]
        alive[b], label[label == b] = False, a
        mean[a] = mean[:, a] = np.where(alive, total[a] / (size[a] * size), -np.inf)
        mean[a, a] = mean[b] = mean[:, b] = -np.inf
    return label[units]


def moves(weight: Floats, units: Indices, start: Indices, draw: np.random.Generator, sweeps: int = 60, heat: float = 1.0) -> Indices:
    """Move units to the cluster they gain most from, or to a new one; Gumbel noise cools to none."""
    between, _ = unit_sums(weight, units)
    np.fill_diagonal(between, 0)
    first = np.unique(units, return_index=True)[1]
    label = np.unique(start[first], return_inverse=True)[1]
    room = min(len(first), int(label.max()) + 1 + SPARE)
    gain = between @ np.eye(room, dtype=np.float32)[label]
    count = np.bincount(label, minlength=room)
    shut = _shut(count)
    for t in range(sweeps):
        warm, moved = max(0.0, heat * (1 - t / (COOL * sweeps))), False
        noise = warm * draw.gumbel(size=gain.shape) if warm else np.zeros(gain.shape)
        for u in draw.permutation(len(first)):
            best, old = int((gain[u] + noise[u] + shut).argmax()), int(label[u])
            if best != old:
                gain[:, old] -= between[:, u]
                gain[:, best] += between[:, u]
                count[old], count[best], label[u], moved = count[old] - 1, count[best] + 1, best, True
                if not count[old] or count[best] == 1:
                    shut = _shut(count)
        if not moved and not warm:
            break
    return label[units]


def _shut(count: Indices) -> Floats:
    """Of the empty clusters only the first may be entered."""
    shut = np.where(count > 0, 0.0, -np.inf)
    empty = np.flatnonzero(count == 0)
    if len(empty):
        shut[empty[0]] = 0.0
    return shut


def modularity(pairs: Floats) -> Floats:
    """A pair's probability against what its two lines' totals lead to expect (Newman and Girvan 2004)."""
    degree = pairs.sum(1)
    return np.asarray(pairs - RESOLUTION * np.outer(degree, degree) / max(float(degree.sum()), 1e-9), np.float32)


def first_groupings(pairs: Floats, units: Indices, seeds: Iterable[int]) -> Iterator[Indices]:
    """The cluster of every line, from what pairs say alone: once for each seed, all from the same start."""
    weight, start = modularity(pairs), average_link(pairs, units)
    for seed in seeds:
        yield moves(weight, units, start, np.random.default_rng(seed))


def taken_as_complete(openings: Sequence[int], label: Indices) -> bool:
    """Whether openings are nearly as many as the clusters that form anyway: then they are all there are."""
    return len(openings) >= COMPLETE * int((np.bincount(label) >= SMALL).sum())


def parted(pairs: Floats, units: Indices, openings: Sequence[int], label: Indices) -> Indices:
    """Clusters in which several questions begin are parted between them; other clusters stay as they are."""
    reached = walk_from(pairs, units, openings)  # the number of the opening that each line is nearest to
    found = label.copy()
    for k in np.unique(label[list(openings)]):
        inside = [o for o, opening in enumerate(openings) if label[opening] == k]
        for o in inside[1:]:
            found[(label == k) & (reached == o)] = found.max() + 1
    return np.asarray(found)


def held(units: Indices, openings: Sequence[int]) -> Floats:
    """Which units hold an opening: they stay where they are."""
    found = np.zeros(int(units.max()) + 1, bool)
    found[units[list(openings)]] = True
    return found


def walk_from(pairs: Floats, units: Indices, openings: Sequence[int]) -> Indices:
    """Random walk with restart from the openings (Tong et al. 2006); no line joins a thread that opens after it."""
    total, size = unit_sums(pairs**1.5, units)
    np.fill_diagonal(total, 0)
    step = total / size[:, None]
    step /= step.sum(1, keepdims=True) + 1e-9
    seed = np.zeros((len(size), len(openings)))
    seed[units[list(openings)], np.arange(len(openings))] = 1
    reach = np.linalg.solve(np.eye(len(size)) - 0.9 * step, seed)
    last = np.zeros(len(size), np.intp)
    np.maximum.at(last, units, np.arange(len(units)))
    reach = reach / reach.sum(0) * (last[:, None] >= np.array(openings)[None] - 2) + 1e-12
    return np.asarray(np.where(seed.any(1), seed.argmax(1), reach.argmax(1))[units])


@dataclass(frozen=True, slots=True)
class Sweeps:
    """How the second model is applied."""

    count: int = 12
    heat: float = 0.5
    share: float = 0.5  # of the units, that move in one sweep
    last_share: float = 0.8


def improve(forest: Forest, known: Field, label: Indices, seed: int, openings: Sequence[int] = (),
            sweeps: Sweeps = Sweeps()) -> Indices:  # fmt: skip
    """Sweeps: a random part of the units moves to the cluster that the second model prefers, with cooling noise."""
    draw, units = np.random.default_rng(seed), known.ready.units
    first = np.unique(units, return_index=True)[1]
    fixed = held(units, openings)
    for t in range(sweeps.count):
        label = np.unique(label, return_inverse=True)[1]
        total = belonging(forest, known, label, openings)
        warm = sweeps.heat * max(0.0, 1 - t / (0.6 * sweeps.count))
        best = (total + warm * draw.gumbel(size=total.shape)).argmax(1)
        free = (draw.random(len(first)) < (sweeps.share if t < sweeps.count - 2 else sweeps.last_share)) & ~fixed
        label = np.where(free, best, label[first])[units]
    return np.unique(label, return_inverse=True)[1]


def belonging(forest: Forest, known: Field, label: Indices, openings: Sequence[int] = ()) -> Floats:
    """(units, clusters): how strongly the second model holds that a unit belongs to a cluster, in log-probabilities."""
    table = joining(known, label, openings)
    score = forest.scores(table.reshape(-1, table.shape[2])).reshape(len(label), -1)
    score = score - np.logaddexp.reduce(score, axis=1, keepdims=True)
    total = np.zeros((int(known.ready.units.max()) + 1, score.shape[1]), np.float32)
    np.add.at(total, known.ready.units, score)
    return total


def grouped(forest: Forest, known: Field, openings: Sequence[int], seed: int, tries: int = TRIES) -> Indices:
    """The cluster of every line. Openings that are nearly as many as the clusters that would form are all there are; else others stay free."""
    free = _best(forest, known, seed, tries)
    if not openings:
        return free
    if taken_as_complete(openings, free):
        return improve(forest, known, walk_from(known.pairs, known.ready.units, openings), seed, openings, Sweeps(heat=0.3))
    return improve(forest, known, parted(known.pairs, known.ready.units, openings, free), seed, openings, Sweeps(2, 0.0))


def _best(forest: Forest, known: Field, seed: int, tries: int) -> Indices:
    """Of some tries the one in which lines belong together most."""
    weight, seeds = modularity(known.pairs), range(seed, seed + tries)
    starts = first_groupings(known.pairs, known.ready.units, seeds)
    found = [improve(forest, known, start, number) for start, number in zip(starts, seeds, strict=True)]
    return max(found, key=lambda label: float(weight[label[:, None] == label[None]].sum()))
