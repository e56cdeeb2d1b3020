"""Evaluates boosted trees that were trained elsewhere: plain numbers, no library of the trainer at run time.

Every tree has at most 32 leaves. A leaf is found without walking: each test that fails crosses out the leaves on its left side, and the first
leaf that is left is the answer (Lucchese et al. 2015, QuickScorer). All rows take one test at a time, which numpy does fast."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

LEAVES = 32
ROWS = 16_384
"""So many rows at a time stay in the cache."""

Floats: TypeAlias = npt.NDArray[Any]
Indices: TypeAlias = npt.NDArray[Any]
"""Numbers of lines, units, clusters."""


@dataclass(frozen=True, slots=True, eq=False)
class Forest:
    """Trees as arrays. A test is `value > threshold`; where it holds, the leaves outside `keep` are crossed out."""

    feature: Indices  # (tests,)
    threshold: Floats  # (tests,)
    keep: Indices  # (tests,) a bit for every leaf
    first: Indices  # (trees + 1,) where the tests of each tree begin
    leaf: Floats  # (trees, LEAVES)

    def scores(self, table: Floats) -> Floats:
        """Log-odds of every row of (rows, features)."""
        out = np.zeros(len(table), np.float32)
        for start in range(0, len(table), ROWS):
            columns = np.ascontiguousarray(table[start : start + ROWS].T, np.float32)
            out[start : start + ROWS] = self._some(columns)
        return out

    def _some(self, columns: Floats) -> Floats:
        total = np.zeros(columns.shape[1], np.float32)
        everything = np.uint32(0xFFFFFFFF)
        for tree, leaves in enumerate(self.leaf):
            left = np.full(len(total), everything)
            for t in range(self.first[tree], self.first[tree + 1]):
                left &= np.where(columns[self.feature[t]] > self.threshold[t], self.keep[t], everything)
            lowest = left & (~left + np.uint32(1))
            total += leaves[np.frexp(lowest.astype(np.float64))[1] - 1]
        return total


def sigmoid(z: Floats) -> Floats:
    """Log-odds as probabilities."""
    return np.asarray(1 / (1 + np.exp(-z)), np.float32)
