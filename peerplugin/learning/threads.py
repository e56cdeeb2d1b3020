"""Trains what groups lines into threads: the odds of pairs, then whether a line belongs to a cluster that is not yet right."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from peerplugin.core import grouping, lines, pairs
from peerplugin.core.forest import Floats, Forest, Indices
from peerplugin.core.joining import field as field_of
from peerplugin.core.joining import joining
from peerplugin.core.meaning import Vocabulary
from peerplugin.core.pairs import Window
from peerplugin.core.threads import ThreadModel, stretches
from peerplugin.learning.forests import train
from peerplugin.learning.labelled import Labelled

CLOSE, FAR_SHARE = 80, 0.35
"""Pairs further apart than CLOSE are learned from in this part only: they are many and alike."""
OTHERS_SHARE = 0.4
"""Of the clusters to which a line does not belong, so many are enough to learn from."""
PAIR_ROUNDS, JOIN_ROUNDS = 200, 110
JOIN_SETTINGS: dict[str, Any] = {
    "learning_rate": 0.08,
    "num_leaves": 20,
    "min_data_in_leaf": 80,
    "feature_fraction": 0.4,
    "bagging_fraction": 0.6,
}


@dataclass(frozen=True, eq=False)
class Case:
    """A stretch of a labelled meeting: `gold` is the number of each line's thread, -1 for none."""

    name: str
    ready: Window
    gold: Indices


def cases(meetings: Iterable[Labelled], vocabulary: Vocabulary) -> list[Case]:
    """The labelled meetings, made ready."""
    found = []
    for meeting in meetings:
        talk, thread = lines.read(meeting.transcript), meeting.thread_of()
        number = {name: k for k, name in enumerate(sorted(set(thread.values())))}
        gold = np.array([number.get(thread.get(line.event_id, ""), -1) for line in talk.lines], np.intp)
        for start, stop in stretches(len(talk.lines)):
            found.append(Case(meeting.name, pairs.window(talk.part(start, stop), vocabulary), gold[start:stop]))
    return found


def openings(gold: Indices) -> list[int]:
    """The first line of every thread, in order."""
    return sorted(int(np.flatnonzero(gold == k)[0]) for k in range(int(gold.max(initial=-1)) + 1) if (gold == k).any())


def train_pairs(some: Sequence[Case], seed: int = 0) -> Forest:
    """Nearer pairs weigh more, meetings weigh the same."""
    draw = np.random.default_rng(0)
    tables, answers, weights = [], [], []
    for case in some:
        i, j = case.ready.earlier, case.ready.later
        apart = j - i
        keep = (case.gold[i] >= 0) & (case.gold[j] >= 0) & ((apart <= CLOSE) | (draw.random(len(apart)) < FAR_SHARE))
        weight = (np.where(apart <= CLOSE, 1, 1 / FAR_SHARE) / (1 + apart / 60))[keep]
        tables.append(case.ready.features[keep])
        answers.append((case.gold[i] == case.gold[j])[keep])
        weights.append(weight / weight.sum() * 1e4)
    return train(np.concatenate(tables), np.concatenate(answers), PAIR_ROUNDS, seed=seed, weight=np.concatenate(weights))


def noisy_states(case: Case, chance: Floats) -> list[tuple[Indices, list[int]]]:
    """Groupings as wrong as those met in use, with the openings given to each: cheap ones, and gold with units moved nearby."""
    draw, units = np.random.default_rng(0), case.ready.units
    start = grouping.average_link(chance, units)
    first, second, third = grouping.first_groupings(chance, units, range(3))
    known = openings(case.gold)
    some = sorted(draw.choice(known, max(1, len(known) // 2), replace=False).tolist())
    states: list[tuple[Indices, list[int]]] = [
        (first, []),
        (second, []),
        (start, []),
        (grouping.moves(chance - np.float32(0.18), units, start, draw, 30, 0.0), []),
        (grouping.parted(chance, units, some, third), some),
        (grouping.walk_from(chance, units, known), known),
    ]
    gold = case.gold[np.unique(units, return_index=True)[1]]
    for rate in (0.2, 0.45):
        near = np.clip(np.arange(len(gold)) + draw.integers(-25, 25, len(gold)), 0, len(gold) - 1)
        states.append((np.where(draw.random(len(gold)) < rate, gold[near], gold)[units], []))
    return states


def home_of(gold: Indices, label: Indices) -> Indices:
    """Thread -> the cluster that is its best match; -1 for none. The last entry is for lines outside all threads."""
    counts = np.zeros((int(gold.max()) + 1, int(label.max()) + 1))
    np.add.at(counts, (gold[gold >= 0], label[gold >= 0]), 1)
    thread, cluster = linear_sum_assignment(-counts)
    home = np.full(len(counts) + 1, -1, np.intp)
    home[thread] = cluster
    return home


def train_joining(some: Sequence[tuple[Case, Floats]], seed: int = 0) -> Forest:
    """From meetings with odds that come from models which have not seen them."""
    draw, tables, answers = np.random.default_rng(0), [], []
    for case, chance in some:
        known_field = field_of(case.ready, chance)
        for state, given in noisy_states(case, chance):
            label = np.unique(state, return_inverse=True)[1]
            home = home_of(case.gold, label)[case.gold]
            known = home >= 0
            table = joining(known_field, label, given)[known]
            right = home[known, None] == np.arange(int(label.max()) + 1)[None]
            kept = right | (draw.random(right.shape) < OTHERS_SHARE)
            tables.append(table[kept])
            answers.append(right[kept])
    return train(np.concatenate(tables), np.concatenate(answers), JOIN_ROUNDS, seed=seed, settings=JOIN_SETTINGS)


@dataclass
class Trainer:
    """Trains models by the set of meetings they may see, and keeps them: leave-one-out shares its inner models."""

    cases: Sequence[Case]
    _pairs: dict[frozenset[str], Forest] = field(default_factory=dict)

    def pairs(self, seen: frozenset[str]) -> Forest:
        """The odds of pairs, learned from these meetings."""
        if seen not in self._pairs:
            self._pairs[seen] = train_pairs([c for c in self.cases if c.name in seen])
        return self._pairs[seen]

    def joining(self, seen: frozenset[str]) -> Forest:
        """The second model, learned from these meetings."""
        some = [(c, pairs.probabilities(self.pairs(seen - {c.name}), c.ready)) for c in self.cases if c.name in seen]
        return train_joining(some)

    def model(self, seen: frozenset[str], vocabulary: Vocabulary) -> ThreadModel:
        """All of it."""
        return ThreadModel(vocabulary, self.pairs(seen), self.joining(seen))
