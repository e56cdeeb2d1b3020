"""What was learned, as plain numbers: how likely each label is, and what selection makes of it."""

from __future__ import annotations

import pytest

from peerplugin.core.candidates import Candidate
from peerplugin.core.english import content
from peerplugin.core.learned import Learned
from peerplugin.core.model import EventId, UserId
from peerplugin.core.selection import choose
from peerplugin.core.signals import shape_signals, word_signals
from tests.core.talk import rules


def told(text: str, number: int, worth: float, sender: str = "@a:x") -> Candidate:
    return Candidate(text, "experience", (EventId(f"${number}"),), UserId(sender), (worth,), frozenset(content(text)))


def test_a_label_is_as_likely_as_its_signals_weigh() -> None:
    model = Learned(("doctor", "social"), (0.0, -1.0), {"w gp": (2.0, 0.0)})
    assert model.likely({"w gp": 1.0, "unknown": 5.0}) == pytest.approx({"doctor": 0.8808, "social": 0.2689}, abs=1e-4)
    assert Learned().likely({"w gp": 1.0}) == {}


def test_the_shipped_model_tells_what_doctors_said_from_company() -> None:
    model = rules().learned
    doctor, company = (
        model.likely(word_signals(t) | shape_signals(t, {}))
        for t in ("My nurse told me to take the tablets at night because of the nausea", "welcome back, lovely to see you all, hugs")
    )
    assert doctor["doctor"] > company["doctor"]
    assert company["social"] > doctor["social"]


def test_what_carries_more_is_chosen_first_and_nothing_beyond_the_budget() -> None:
    some = [told("One member slept badly on steroids.", 1, 0.4), told("One member took iron with orange juice.", 2, 0.9)]
    assert [group[0].event_ids for group in choose(some, 8, {}, rules())] == [("$2",)]
    assert len(choose(some, 100, {}, rules())) == 2


def test_what_is_unlikely_to_carry_anything_is_never_chosen() -> None:
    assert choose([told("One member likes plum cake with cream.", 1, 0.1)], 100, {}, rules()) == []
