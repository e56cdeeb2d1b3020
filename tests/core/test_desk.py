"""The management room: whose votes and words become facts, and of which meeting."""

from __future__ import annotations

import pytest

from peerplugin.core.effects import Say
from peerplugin.core.facts import Commanded, Unvoted, Voted
from peerplugin.core.model import EventId, MeetingKey
from tests.core.scene import ALMA, DESK, KEY, MARA, US, Ear, a_state, an_event, at

CARD = EventId("$card")


@pytest.fixture
def desk() -> Ear:
    ear = Ear(place="management", state=a_state(DESK))
    ear.cards[CARD] = KEY
    ear.numbers[3] = KEY
    return ear


def test_a_moderators_reaction_under_a_card_is_a_vote(desk: Ear) -> None:
    vote = desk.about(MARA, "reaction", CARD, key="✅")
    assert desk.facts == [(KEY, Voted(at(2), vote, MARA, CARD, "✅"))]


def test_a_member_of_the_desk_without_power_has_no_vote_and_neither_have_we(desk: Ear) -> None:
    desk.about(ALMA, "reaction", CARD, key="✅")
    desk.about(US, "reaction", CARD, key="✅")
    assert desk.facts == []
    assert desk.ignored == ["not a moderator's vote", "ours"]


def test_a_reaction_under_anything_else_is_no_vote(desk: Ear) -> None:
    desk.about(MARA, "reaction", EventId("$faked-card"), key="✅")
    desk.hear(an_event(MARA, "", kind="reaction", key="✅", target=None))
    assert desk.facts == []


def test_taking_a_vote_away_is_a_fact_and_another_redaction_is_not(desk: Ear) -> None:
    vote = desk.about(MARA, "reaction", CARD, key="✅")
    desk.about(MARA, "redaction", CARD, 3)
    desk.about(MARA, "redaction", vote, 4)
    assert desk.facts[1:] == [(KEY, Unvoted(at(4), vote))]


@pytest.mark.parametrize("line", ["!approve 3", "!reject #3 too thin", "!say 3.1 text", "!why 3", "!redraft 3"])
def test_a_moderators_command_goes_to_the_meeting_of_its_number(desk: Ear, line: str) -> None:
    desk.say(MARA, line)
    [(meeting, fact)] = desk.facts
    assert isinstance(fact, Commanded)
    word, _, text = line[1:].partition(" ")
    assert (meeting, fact.word, fact.text, fact.actor) == (KEY, word, text, MARA)


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("!approve 4", "no-such-draft"), ("!approve", "which-draft"), ("!reject all", "which-draft"), ("!aprove 3", "unknown-command"), ("!help", "help-desk"),
        ("!approve all", "nothing-waits"), ("!redraft", "nothing-waits"), ("!status", "nothing-waits"), ("!startmeeting", "unknown-command"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_answered_at_the_desk(desk: Ear, line: str, answer: str) -> None:
    desk.say(MARA, line)
    [said] = desk.effects
    assert isinstance(said, Say)
    assert (said.text, said.room, desk.facts) == (answer, DESK, [])


def test_a_command_of_somebody_without_power_is_refused(desk: Ear) -> None:
    desk.say(ALMA, "!approve 3")
    assert (desk.answers(), desk.facts) == (["moderators-only"], [])


def test_approving_all_concerns_all_meetings_that_wait_and_redrafting_the_latest(desk: Ear) -> None:
    desk.waiting = (MeetingKey("liver-spot/2026-09-30"), KEY)
    desk.say(MARA, "!approve all")
    desk.say(MARA, "!redraft")
    desk.say(MARA, "!status")
    assert [(m, f.word) for m, f in desk.facts if isinstance(f, Commanded)] == [
        ("liver-spot/2026-09-30", "approve"), (KEY, "approve"), (KEY, "redraft"), (KEY, "status"),
    ]  # fmt: skip


def test_talk_at_the_desk_is_nobodys_business_and_nothing_is_kept(desk: Ear) -> None:
    for line in ("looks good to me", "q+", "!", "ack"):
        desk.say(MARA, line)
    desk.say(MARA, "!approve 3", kind="notice")
    assert (desk.facts, desk.effects, desk.kept) == ([], [], {})


def test_an_order_from_before_our_time_is_not_taken(desk: Ear) -> None:
    desk.hear(an_event(MARA, "!approve 3", -60 * 24 * 365 * 7), now=at(0))
    assert desk.ignored == ["older than the service"]
