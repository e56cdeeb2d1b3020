"""The simpler ways do what their names say, on a talk small enough to see."""

from __future__ import annotations

from dataclasses import replace

import pytest

from peerplugin.core.lines import read
from peerplugin.core.model import EventId
from tests.core.talk import line, talk
from tests.quality.baselines import CHOICES, names, pauses, previous

TEXTS = [
    "the syrup made me gag at first",
    "i mix the syrup with cold juice and drink it through a straw",
    "ok",
    "cold juice helped me with the syrup too",
]


def test_the_groupings() -> None:
    lines = [
        line(0, "Alma", "one"),
        line(1, "Bo", "two"),
        line(2, "Cleo", "alma, three"),
        replace(line(9, "Dov", "four"), reply_to=EventId("$1")),
    ]
    found = read(talk(*lines))
    assert previous(found) == [0, 0, 0, 0]
    assert pauses(found) == [0, 0, 0, 1]
    assert names(found) == [0, 1, 0, 1]


@pytest.mark.parametrize("way", sorted(CHOICES))
def test_a_choice_stays_within_its_words(way: str) -> None:
    chosen = CHOICES[way](TEXTS, 21)
    assert chosen
    assert sum(len(TEXTS[k].split()) for k in chosen) <= 21
