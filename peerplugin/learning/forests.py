"""Trains boosted trees with LightGBM and hands them over as plain arrays."""

from __future__ import annotations

from typing import Any

import lightgbm
import numpy as np

from peerplugin.core.forest import LEAVES, Floats, Forest

SETTINGS: dict[str, Any] = {
    "objective": "binary", "learning_rate": 0.05, "num_leaves": 24, "min_data_in_leaf": 100, "feature_fraction": 0.5, "bagging_fraction": 0.7,
    "bagging_freq": 1, "lambda_l2": 5.0, "max_bin": 63, "verbose": -1, "deterministic": True, "force_col_wise": True,
}  # fmt: skip


def train(
    table: Floats,
    answers: Floats,
    rounds: int,
    *,
    seed: int = 0,
    weight: Floats | None = None,
    settings: dict[str, Any] | None = None,
) -> Forest:
    """Trees that tell how likely the answer of a row (rows, features) is yes. The same input gives the same trees."""
    data = lightgbm.Dataset(table, answers.astype(int), weight=weight, params={"max_bin": 63, "verbose": -1})
    return as_forest(lightgbm.train(SETTINGS | (settings or {}) | {"seed": seed}, data, rounds))


def as_forest(booster: lightgbm.Booster) -> Forest:
    """The trees as arrays; what the trainer adds to every score is in the first tree's leaves already."""
    feature: list[int] = []
    threshold: list[float] = []
    keep: list[int] = []
    first, leaves = [0], []

    def walk(node: dict[str, Any], values: list[float]) -> int:
        """Appends the tests below a node; gives the bits of its leaves."""
        if "split_index" not in node:
            values.append(float(node["leaf_value"]))
            return 1 << (len(values) - 1)
        place = len(feature)
        feature.append(int(node["split_feature"]))
        threshold.append(float(node["threshold"]))
        keep.append(0)
        left = walk(node["left_child"], values)
        keep[place] = 0xFFFFFFFF & ~left
        return left | walk(node["right_child"], values)

    for tree in booster.dump_model()["tree_info"]:
        values: list[float] = []
        walk(tree["tree_structure"], values)
        assert len(values) <= LEAVES
        leaves.append(values + [0.0] * (LEAVES - len(values)))
        first.append(len(feature))
    limits = np.array(threshold, np.float32)
    limits = np.where(limits.astype(np.float64) > threshold, np.nextafter(limits, -np.inf), limits)  # rounded down: no row changes sides
    return Forest(
        np.array(feature, np.int16), limits.astype(np.float32), np.array(keep, np.uint32), np.array(first, np.int32), np.array(leaves, np.float32)
    )  # fmt: skip
