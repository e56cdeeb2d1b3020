"""A sync answer of any shape becomes rooms, invitations and gaps; nothing in it raises."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from integrations.matrix.facts import INFINITE, room_facts
from integrations.matrix.sync import VISIBILITY, Filled, RoomAnswer, invitations, left_rooms, room_answers, room_batch
from peerplugin.core.model import RoomId, UserId

ME, ALMA = UserId("@bot:peer.test"), "@alma:peer.test"
ROOM = RoomId("!liver:peer.test")
Json = dict[str, Any]


def state(kind: str, content: Json, key: str = "", number: int = 1, **more: object) -> Json:
    """A state event as sync hands it out: without its room."""
    more.setdefault("sender", ALMA)
    return {"type": kind, "event_id": f"${kind}{number}", "origin_server_ts": number, "state_key": key, "content": content, **more}


def said(number: int, **more: object) -> Json:
    """A message as sync hands it out."""
    content = {"msgtype": "m.text", "body": f"line {number}"}
    return {"type": "m.room.message", "event_id": f"$e{number}", "sender": ALMA, "origin_server_ts": number, "content": content, **more}


def room(timeline: list[Json], before: list[Json] | None = None) -> RoomAnswer:
    """A room's part of an answer."""
    return RoomAnswer(ROOM, before or [], timeline, limited=True, prev_batch="p")


def test_the_filling_comes_first_and_nothing_twice() -> None:
    batch = room_batch(room([said(3), said(4)]), Filled([said(1), said(2), said(3)]), ME, [])
    assert [event.body for event in batch.timeline] == ["line 1", "line 2", "line 3", "line 4"]
    assert batch.gap is None


def test_a_change_that_happened_in_the_hole_is_not_true_before_it() -> None:
    renamed = state("m.room.member", {"membership": "join", "displayname": "Alma B."}, ALMA, 2)
    named = state("m.room.name", {"name": "Liver Spot"})
    batch = room_batch(room([said(3)], [named, renamed]), Filled([said(1), renamed]), ME, [])
    assert [event.kind for event in batch.state] == ["name"]
    assert [event.kind for event in batch.timeline] == ["text", "member", "text"]


def test_a_hole_that_stays_ends_at_the_first_event_we_have() -> None:
    batch = room_batch(room([said(3)]), Filled([said(2)], "the earlier messages could not be had (rights)"), ME, [])
    assert batch.gap is not None
    assert (batch.gap.before, batch.gap.reason) == (batch.timeline[0].at, "the earlier messages could not be had (rights)")


def test_events_that_cannot_be_read_are_counted() -> None:
    batch = room_batch(room([said(1), said(2, content={}), said(3, room_id="!heart:peer.test"), said(4, sender=None)]), Filled(), ME, [])
    assert [event.body for event in batch.timeline] == ["line 1"]
    assert batch.skipped == {"redacted": 1, "another room": 1, "no sender": 1}


def test_coming_into_a_room_that_hides_its_past_is_a_gap_and_a_new_name_is_not() -> None:
    hidden = state(VISIBILITY, {"history_visibility": "joined"})
    arrival = state("m.room.member", {"membership": "join"}, ME, 5, unsigned={"prev_content": {"membership": "invite"}})
    renamed = state("m.room.member", {"membership": "join", "displayname": "Bot"}, ME, 5, unsigned={"prev_content": {"membership": "join"}})
    gap = room_batch(room([arrival], [hidden]), Filled(), ME, [arrival]).gap
    assert gap is not None
    assert "newcomers" in gap.reason
    assert room_batch(room([renamed], [hidden]), Filled(), ME, [renamed]).gap is None
    assert room_batch(room([said(6)], [hidden, arrival]), Filled(), ME, [said(6)]).gap is None


def test_an_invitation_says_whether_it_is_direct_and_encrypted() -> None:
    member = {"type": "m.room.member", "state_key": ME, "sender": ALMA, "content": {"membership": "invite", "is_direct": True}}
    encryption = {"type": "m.room.encryption", "state_key": "", "sender": ALMA, "content": {"algorithm": "m.megolm.v1.aes-sha2"}}
    answer = {"rooms": {"invite": {ROOM: {"invite_state": {"events": [encryption, None, member]}}}}}
    (found,) = invitations(answer, ME)
    assert (found.room_id, found.inviter, found.direct, found.encrypted) == (ROOM, ALMA, True, True)


def test_facts_of_a_room_whose_creator_we_are_or_whose_power_levels_name_us() -> None:
    create = state("m.room.create", {"room_version": "12"}, sender=str(ME))
    joined = state("m.room.member", {"membership": "join"}, ME)
    assert room_facts(ROOM, [create, joined], ME).power == INFINITE
    old = [state("m.room.create", {"room_version": "11"}, sender=str(ME)), joined]
    assert room_facts(ROOM, old, ME).power == 100
    levels = state("m.room.power_levels", {"users": {str(ME): 10}, "events": {"m.room.message": 25}, "redact": 60})
    facts = room_facts(ROOM, [*old, levels], ME)
    assert (facts.power, facts.power_to_speak, facts.power_to_redact, facts.may_speak) == (10, 25, 60, False)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.sampled_from(["events", "content", "type"]), inner, max_size=3)
    ),
    max_leaves=8,
)
EVENTS = st.lists(JSON | st.sampled_from([said(1), state("m.room.member", {"membership": "join"}, ME)]), max_size=4)
ROOM_PART = JSON | st.fixed_dictionaries(
    {"timeline": JSON | st.fixed_dictionaries({"events": EVENTS, "limited": JSON, "prev_batch": JSON}), "state": JSON, "invite_state": JSON}
)
ROOMS = st.fixed_dictionaries(
    {}, optional={kind: JSON | st.dictionaries(st.text(), ROOM_PART, max_size=2) for kind in ("join", "leave", "invite")}
)


@given(st.fixed_dictionaries({"rooms": ROOMS | JSON}))
def test_whatever_stands_in_an_answer_reading_it_does_not_raise(answer: Json) -> None:
    for part in room_answers(answer):
        room_batch(part, Filled(), ME, part.timeline)
    invitations(answer, ME)
    left_rooms(answer)


@given(JSON | EVENTS)
def test_whatever_stands_in_a_rooms_state_its_facts_do_not_raise(found: object) -> None:
    room_facts(ROOM, found, ME)
