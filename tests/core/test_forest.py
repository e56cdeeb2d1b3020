"""Trees as arrays: a row takes the leaf that walking the tree would reach."""

from __future__ import annotations

import numpy as np
import pytest

from peerplugin.core.forest import LEAVES, Forest


def stump(feature: int, threshold: float, low: float, high: float) -> tuple[list[int], list[float], list[int], list[float]]:
    """A tree of one test: `low` up to the threshold, `high` above it."""
    return [feature], [threshold], [0xFFFFFFFE], [low, high]


def forest(*trees: tuple[list[int], list[float], list[int], list[float]]) -> Forest:
    first = np.cumsum([0, *(len(t[0]) for t in trees)])
    leaves = [t[3] + [0.0] * (LEAVES - len(t[3])) for t in trees]
    return Forest(
        np.array([f for t in trees for f in t[0]], np.int16), np.array([x for t in trees for x in t[1]], np.float32),
        np.array([k for t in trees for k in t[2]], np.uint32), first.astype(np.int32), np.array(leaves, np.float32),
    )  # fmt: skip


def test_a_row_goes_left_up_to_the_threshold_and_right_above_it() -> None:
    scores = forest(stump(0, 2.0, -1, 1)).scores(np.array([[1.0], [2.0], [2.1]]))
    assert scores.tolist() == [-1, -1, 1]


def test_trees_add_up() -> None:
    scores = forest(stump(0, 0, -1, 1), stump(1, 0, -10, 10)).scores(np.array([[1.0, -1.0], [-1.0, 1.0]]))
    assert scores.tolist() == [-9, 9]


@pytest.mark.parametrize(("row", "leaf"), [((0, 0), 1.0), ((0, 1), 2.0), ((1, 0), 3.0), ((1, 1), 3.0)])
def test_a_leaf_is_reached_through_all_tests_above_it(row: tuple[int, int], leaf: float) -> None:
    # leaves 0 and 1 lie left of the root's test, leaf 2 right; leaf 0 left of the second test
    tree = ([0, 1], [0.5, 0.5], [0xFFFFFFFC, 0xFFFFFFFE], [1.0, 2.0, 3.0])
    assert forest(tree).scores(np.array([row], np.float32)).tolist() == [leaf]


def test_the_last_of_thirty_two_leaves_is_found() -> None:
    chain = list(range(LEAVES - 1))
    keep = [0xFFFFFFFF & ~(1 << k) for k in chain]
    tree = ([0] * len(chain), [float(k) for k in chain], keep, [float(k) for k in range(LEAVES)])
    assert forest(tree).scores(np.array([[k - 0.5] for k in range(LEAVES + 1)])).tolist() == [*map(float, range(LEAVES)), LEAVES - 1.0]
