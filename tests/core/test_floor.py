"""The chair's words in the room: who may say them, the hand queue, and what is answered to whom."""

from __future__ import annotations

import pytest

from peerplugin.core import floor
from peerplugin.core.effects import Answer, Join, Say
from peerplugin.core.facts import Opened, Paused
from peerplugin.core.model import Powers, RoomId, UserId
from tests.core.scene import ALMA, BEGAN, BO, CLEO, DOV, MARA, ROOM, US, Ear, a_series, a_state, an_event, at


def queue(ear: Ear) -> str:
    ear.say(ALMA, "q?")
    said = ear.effects[-1]
    assert isinstance(said, Say)
    assert (said.text, said.room) == ("queue", ROOM)
    return str(said.values["names"])


# --- the chair's words ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["endmeeting", "topic x", "agreed x", "undo", "chair Bo", "pause", "resume"])
def test_a_members_chair_word_does_nothing_and_is_answered_privately(word: str) -> None:
    ear = Ear().start()
    before = ear.listening.floor
    ear.say(ALMA, f"!{word}", 0)
    assert ear.listening.floor == before
    assert ear.transcript().cues == ()
    answer = ear.effects[-1]
    assert isinstance(answer, Answer)
    assert (answer.user, answer.text) == (ALMA, "chairs-only")


def test_a_chair_names_a_chair_who_then_may_do_the_same() -> None:
    ear = Ear().start()
    ear.say(MARA, "!chair Bo")
    ear.say(BO, "!pause", 2)
    ear.say(BO, "!topic unheard", 3)
    ear.say(BO, "!resume", 4)
    ear.say(BO, "!topic Heard", 5)
    assert [c.text for c in ear.transcript().cues if c.kind == "topic"] == ["Heard"]
    assert [f.paused for f in ear.facts_of(Paused) if isinstance(f, Paused)] == [True, False]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("bo", [BO]),
        ("@Bo", [BO]),
        ("@bo:example.org", [BO]),
        ("Cleo", [CLEO]),
        ("cleo marsh", [CLEO]),
        ("Marsh", []),
        ("", []),
        ("nobody", []),
    ],
)
def test_a_person_is_known_by_name_first_name_or_id(name: str, found: list[UserId]) -> None:
    assert floor.called(Ear().listening, name) == found


def test_a_mention_says_whom_better_than_a_name() -> None:
    ear = Ear().start()
    ear.say(MARA, "!chair Bo", mentions=(DOV, UserId("@stranger:example.org")))
    assert ear.listening.floor is not None
    assert ear.listening.floor.chairs == {DOV}


def test_two_people_of_one_name_are_asked_about_and_so_is_nobody() -> None:
    ear = Ear(state=a_state(members={ALMA: "Sam", BO: "Sam", MARA: "Mara"})).start()
    ear.say(MARA, "!chair Sam")
    ear.say(MARA, "!chair Zoe")
    assert ear.answers() == ["who-is-that", "who-is-that"]


def test_pausing_twice_or_resuming_what_runs_is_told() -> None:
    ear = Ear().start()
    ear.say(MARA, "!resume")
    ear.say(MARA, "!pause")
    ear.say(MARA, "!pause")
    assert ear.answers() == ["not-paused", "already-paused"]
    assert len(ear.facts_of(Paused)) == 1


def test_a_demoted_moderator_is_no_chair_any_more() -> None:
    ear = Ear().start()
    ear.hear(an_event(MARA, "", kind="powers", powers=Powers({})))
    ear.say(MARA, "!endmeeting")
    assert ear.listening.floor is not None


# --- the hand queue ---------------------------------------------------------------------------------------------------------


def test_hands_are_raised_in_turn_lowered_and_called() -> None:
    ear = Ear().start()
    for user, line in ((ALMA, "q+"), (BO, "✋"), (CLEO, "!"), (DOV, "q+"), (ALMA, "q+")):
        ear.say(user, line)
    assert queue(ear) == "Alma, Bo, Cleo Marsh, Dov"
    ear.say(BO, "q-")
    ear.say(MARA, "ack")
    assert queue(ear) == "Cleo Marsh, Dov"
    ear.say(MARA, "ack Dov")
    ear.say(MARA, "ack Alma")
    ear.say(ALMA, "ack")
    assert queue(ear) == "Cleo Marsh"
    ear.say(MARA, "ack")
    ear.say(MARA, "ack")
    assert queue(ear) == ""
    assert ear.texts() == []


# --- what is not known ------------------------------------------------------------------------------------------------------


def test_an_unknown_command_is_answered_privately_with_the_nearest_word() -> None:
    ear = Ear().start()
    ear.say(ALMA, "!optuot")
    answer = ear.effects[-1]
    assert isinstance(answer, Answer)
    assert (answer.user, answer.text, answer.values) == (ALMA, "unknown-command", {"word": "optuot", "nearest": "optout"})
    assert ear.texts() == []


def test_outside_a_meeting_commands_are_answered_and_nothing_else_is() -> None:
    ear = Ear()
    for line in ("!topic x", "!help", "!tpoic", "!", "q+", "✋", "hello"):
        ear.say(ALMA, line)
    assert ear.answers() == ["no-meeting", "help-room", "unknown-command"]
    assert ear.kept == {}


def test_help_is_private_in_a_meeting_too() -> None:
    ear = Ear().start()
    ear.say(ALMA, "!help")
    assert [type(e).__name__ for e in ear.effects] == ["Answer"]


def test_a_command_within_a_shrug_is_no_command() -> None:
    ear = Ear().start()
    ear.say(MARA, "!endmeeting", kind="emote")
    assert ear.listening.floor is not None


# --- the room itself --------------------------------------------------------------------------------------------------------


def test_what_we_said_ourselves_is_a_receipt_and_no_part_of_the_meeting() -> None:
    ear = Ear().start()
    heard = ear.hear(an_event(US, "🔴", effect_key="started:x"))
    assert (heard.receipt, heard.kept) == ("started:x", None)


def test_names_are_those_of_the_moment() -> None:
    ear = Ear().start()
    ear.say(BO, "as Bo")
    ear.hear(an_event(BO, "", kind="member", membership="join", name="Robert"))
    ear.say(BO, "as Robert")
    ear.hear(an_event(MARA, "", kind="member", subject=BO, membership="ban"))
    assert [m.name for m in ear.transcript().messages[1:]] == ["Bo", "Robert"]
    assert BO not in ear.listening.state.members
    assert ear.listening.state.names[BO] == ("Bo", "Robert")


def test_the_rooms_state_is_followed_and_its_replacement_entered() -> None:
    ear = Ear()
    ear.hear(an_event(MARA, "", kind="name", name="Liver Spot 2"))
    ear.hear(an_event(MARA, "", kind="create", creators=(MARA,), room_version="12"))
    ear.hear(an_event(MARA, "", kind="tombstone", replacement=RoomId("!new:example.org")))
    state = ear.listening.state
    assert (state.name, state.version, state.creators, state.replaced_by) == ("Liver Spot 2", "12", (MARA,), "!new:example.org")
    assert [e for e in ear.effects if isinstance(e, Join)] == [Join(key="join:!new:example.org", room=RoomId("!new:example.org"))]


@pytest.mark.parametrize("place", ["room", "management"])
def test_a_room_that_becomes_encrypted_is_told_loudly_at_the_desk_and_once(place: str) -> None:
    ear = Ear(place=place, state=a_state(name=""))  # type: ignore[arg-type]
    ear.hear(an_event(MARA, "", kind="encryption"))
    ear.hear(an_event(MARA, "", kind="encryption"))
    assert [(e.room, e.text, e.values["room"]) for e in ear.effects if isinstance(e, Say)] == [
        (ear.series[0].management_room, "room-encrypted", ROOM)
    ]


def test_a_direct_room_that_becomes_encrypted_is_nobodys_business() -> None:
    ear = Ear(place="direct")
    ear.hear(an_event(ALMA, "", kind="encryption"))
    assert ear.effects == []


def test_time_alone_opens_and_closes_what_the_schedule_says() -> None:
    ear = Ear(series=(a_series(start_by_schedule=True),))
    after, facts = floor.on_time(ear.listening, at(0), ear.memory, at(0))
    assert [type(f) for _, f in facts] == [Opened]
    assert floor.on_time(after, at(30), ear.memory, at(30))[1] == ()
    assert floor.on_time(ear.listening, BEGAN.replace(year=2025), ear.memory, BEGAN.replace(year=2025))[1] == ()
