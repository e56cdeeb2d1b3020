"""Crisis lines are found, harmless ones mostly not; what surrounds a crisis is left alone; doses are pointed out."""

from __future__ import annotations

import pytest

from peerplugin.core.model import EventId, Statement
from peerplugin.core.safety import is_crisis, near_crisis, screen
from tests.core.talk import line, rules


@pytest.mark.parametrize(
    "said",
    [
        "i want to die", "some days I don't want to be here anymore", "dont want to wake up tomorrow", "They would be better off without me",
        "I’ve been thinking about ending it all", "thought about taking all my pills", "i feel SUICIDAL tonight", "no reason to live any more",
        "i just want to end my life", "whats the point of going on", "i hope i just dont wake up", "I can't go on like this", "I have a plan and the pills are counted",
        "everybody would be happier without me", "i am such a burden to them",
    ],
)  # fmt: skip
def test_a_line_of_somebody_in_danger_is_found(said: str) -> None:
    assert is_crisis(said, rules().crisis_phrases)


@pytest.mark.parametrize(
    "said",
    [
        "I would die for that cake", "this itch is killing me", "my phone died", "he died in 2019", "the pump battery is dead", "I'm dead tired",
        "the end of my rope with the insurance", "cut the tablet in half", "I live alone with a dog", "good night all, sleep well", "is 84 dangerous?",
        "take two tablets at night", "I jumped off the bus",
    ],
)  # fmt: skip
def test_a_harmless_line_is_left_alone(said: str) -> None:
    assert not is_crisis(said, rules().crisis_phrases)


def test_a_star_in_a_phrase_stands_for_up_to_three_words() -> None:
    assert is_crisis("better for the kids if I was gone", ["better * if i was gone"])
    assert not is_crisis("better for my wife and all the kids if I was gone", ["better * if i was gone"])


def test_around_a_crisis_its_author_and_the_answers_are_not_drafted() -> None:
    lines = [
        line(0, "Alma", "i sleep badly since the summer"), line(1, "Bo", "", left_out="crisis"), line(2, "Cleo", "are you safe", reply_to=EventId("$1")),
        line(3, "Bo", "my wife is here"), line(4, "Dov", "salt hides in bread"), line(200, "Bo", "i am better now"),
    ]  # fmt: skip
    assert near_crisis(lines, rules()) == {"$1", "$2", "$3"}


def test_whom_a_crisis_question_answers_is_left_alone_too() -> None:
    lines = [
        line(0, "Bo", "the pickup is quiet in the mornings"),
        line(1, "Cleo", "", left_out="crisis", reply_to=EventId("$0")),
        line(2, "Bo", "yes"),
    ]
    assert near_crisis(lines, rules()) >= {"$0", "$1", "$2"}


def test_doses_medicines_and_changes_of_treatment_are_pointed_out() -> None:
    rows = [
        Statement("One member takes 20 mg of omeprazole.", "experience", "reported", (EventId("$1"),)),
        Statement("One member stopped atorvastatin.", "experience", "reported", (EventId("$2"),)),
        Statement("One member rests after lunch.", "experience", "reported", (EventId("$3"),)),
        Statement("take 40 mg", "suggestion", "reported", (EventId("$4"),), offered=True),
    ]
    assert [(f.kind, f.event_ids) for f in screen(rows)] == [("dose", ("$1",)), ("treatment", ("$2",))]
