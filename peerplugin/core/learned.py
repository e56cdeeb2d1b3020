"""What was learned from labelled meetings, as plain numbers: for each label the weight of every signal."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Learned:
    """A linear model of several labels; empty, it knows nothing and the rules decide alone."""

    labels: tuple[str, ...] = ()
    biases: tuple[float, ...] = ()
    weights: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    """Signal -> its weight for each label, in their order."""

    def likely(self, signals: Mapping[str, float]) -> dict[str, float]:
        """How likely each label is, from 0 to 1."""
        sums = list(self.biases)
        for name, value in sorted(signals.items()):
            for k, weight in enumerate(self.weights.get(name, ())):
                sums[k] += weight * value
        return {label: 1 / (1 + math.exp(-max(-30.0, min(30.0, total)))) for label, total in zip(self.labels, sums, strict=True)}
