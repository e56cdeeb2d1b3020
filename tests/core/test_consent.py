"""Consent by command: private answers, valid for the past too, for the right series."""

from __future__ import annotations

from dataclasses import replace

import pytest

from peerplugin.core.effects import Answer
from peerplugin.core.facts import ConsentGiven, Withdrawn
from peerplugin.core.model import Level
from tests.core.scene import ALMA, BO, KEY, MARA, PRIVATE, Ear, a_series, a_state, at


def levels(ear: Ear) -> list[tuple[str, Level]]:
    return [(c.source, c.level) for c in ear.consents]


def direct(ear: Ear) -> Ear:
    """The direct room beside a meeting's room, with the same memory."""
    beside = Ear(series=ear.series, place="direct", state=a_state(PRIVATE, direct_with=ALMA))
    beside.kept, beside.opened = ear.kept, ear.opened
    return beside


def test_opting_out_withdraws_all_that_was_said_before_and_all_that_follows() -> None:
    ear = Ear().start()
    said = ear.say(ALMA, "before")
    ear.say(BO, "somebody else's")
    ear.say(ALMA, "!optout", 2)
    ear.say(ALMA, "after", 3)
    assert ear.texts() == ["somebody else's"]
    assert ear.facts_of(Withdrawn) == [Withdrawn(at(2), frozenset({said}), "consent")]
    assert [m.left_out for m in ear.transcript().messages if m.sender == ALMA] == ["consent", "command", "consent"]


def test_it_is_answered_privately_and_never_in_the_room() -> None:
    ear = Ear().start()
    ear.say(ALMA, "!optout")
    answer = ear.effects[-1]
    assert isinstance(answer, Answer)
    assert (answer.user, answer.text, answer.values) == (ALMA, "consent-none", {"series": "Liver Spot"})


def test_opting_in_again_brings_everything_back() -> None:
    ear = Ear().start()
    ear.say(ALMA, "hello")
    ear.say(ALMA, "!optout", 2)
    ear.say(ALMA, "!optin", 3)
    assert ear.texts() == ["hello"]
    assert levels(ear) == [("room", Level.NONE), ("room", Level.REPORTED)]


@pytest.mark.parametrize(
    ("default", "back"),
    [(Level.NONE, Level.REPORTED), (Level.COUNTED, Level.REPORTED), (Level.REPORTED, Level.REPORTED), (Level.QUOTED, Level.QUOTED)],
)
def test_opting_in_is_what_the_group_chose_and_at_least_being_reported(default: Level, back: Level) -> None:
    ear = Ear(series=(a_series(default_consent=default),)).start()
    ear.say(ALMA, "!optin")
    assert levels(ear) == [("room", back)]


@pytest.mark.parametrize("level", list(Level))
def test_each_level_can_be_chosen_by_name(level: Level) -> None:
    ear = Ear().start()
    ear.say(ALMA, f"!consent {level.value.upper()}, please")
    assert levels(ear) == [("room", level)]
    assert ear.answers() == [f"consent-{level}"]


def test_a_lower_level_takes_effect_on_the_past_and_says_for_which_messages() -> None:
    ear = Ear().start()
    said = ear.say(ALMA, "hello")
    ear.say(ALMA, "!consent reported", 2)
    ear.say(ALMA, "!consent counted", 3)
    given = [f for f in ear.facts_of(ConsentGiven) if isinstance(f, ConsentGiven)]
    assert [(f.level, said in f.event_ids) for f in given] == [(Level.REPORTED, True), (Level.COUNTED, True)]
    withdrawn = [f for f in ear.facts_of(Withdrawn) if isinstance(f, Withdrawn)]
    assert [(f.at, f.reason) for f in withdrawn] == [(at(3), "consent")]


def test_no_level_or_a_strange_one_is_answered_and_changes_nothing() -> None:
    ear = Ear().start()
    ear.say(ALMA, "!consent")
    ear.say(ALMA, "!consent perhaps")
    assert ear.answers() == ["consent-levels", "consent-unknown"]
    assert ear.consents == []


def test_to_us_alone_it_is_valid_for_meetings_that_are_over() -> None:
    ear = Ear().start()
    said = ear.say(ALMA, "hello")
    ear.say(MARA, "!endmeeting", 5)
    beside = direct(ear)
    beside.say(ALMA, "!optout", 60 * 24)
    assert levels(beside) == [("direct", Level.NONE)]
    assert (KEY, Withdrawn(at(60 * 24), frozenset({said}), "consent")) in beside.facts
    assert beside.kept is ear.kept
    assert len(ear.kept[KEY]) == 3


def test_to_us_alone_only_commands_mean_anything() -> None:
    ear = direct(Ear().start())
    for line in ("hello", "q+", "!help", "!topic x", "!optuot"):
        ear.say(ALMA, line)
    ear.say(ALMA, "!optout", kind="notice")
    assert ear.answers() == ["help-direct", "in-the-room", "unknown-command"]
    assert ear.consents == []


def test_somebody_of_whom_we_know_no_meeting_is_told_so() -> None:
    ear = Ear(series=(), place="direct")
    ear.say(ALMA, "!optout")
    assert ear.answers() == ["consent-nowhere"]


def test_in_a_room_of_two_series_the_open_one_is_meant_and_between_meetings_both() -> None:
    other = a_series("young", name="Young Livers", schedule=replace(a_series().schedule, time="21:00"))  # type: ignore[type-var]
    ear = Ear(series=(a_series(), other)).start()
    ear.say(ALMA, "!optout")
    assert ear.effects[-1].values == {"series": "Liver Spot"}  # type: ignore[union-attr]
    ear.say(MARA, "!endmeeting")
    ear.say(ALMA, "!optout")
    assert ear.effects[-1].values == {"series": "Liver Spot, Young Livers"}  # type: ignore[union-attr]
