"""Event JSON becomes a RoomEvent or a reason; nothing that a member or a server can send raises."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.matrix.events import EFFECT_KEY, WANTED_TYPES, Unreadable, read_event
from peerplugin.core.model import RoomEvent, RoomId

ALMA, BO = "@alma:peer.test", "@bo:peer.test"
ROOM = "!liver:peer.test"
AT = 1_791_424_800_123
Json = dict[str, Any]


def raw(kind: str, content: object, **more: object) -> Json:
    """An event as a homeserver would hand it out."""
    return {"type": kind, "event_id": "$e1", "room_id": ROOM, "sender": ALMA, "origin_server_ts": AT, "content": content, **more}


def message(body: object = "hello", **content: object) -> Json:
    """A text message."""
    return raw("m.room.message", {"msgtype": "m.text", "body": body, **content})


def event(found: RoomEvent | Unreadable) -> RoomEvent:
    """The event, which must have been readable."""
    assert isinstance(found, RoomEvent), found
    return found


def reason(found: RoomEvent | Unreadable) -> str:
    """Why it was not readable."""
    assert isinstance(found, Unreadable), found
    return found.reason


def test_a_message_keeps_who_said_what_when_and_where() -> None:
    found = event(read_event(message("soft food for three days")))
    assert (found.event_id, found.room_id, found.sender, found.kind) == ("$e1", ROOM, ALMA, "text")
    assert found.body == "soft food for three days"
    assert found.at == datetime(2026, 10, 8, 2, 0, 0, 123_000, UTC)


def test_an_event_of_a_sync_answer_takes_the_room_it_was_found_under() -> None:
    without = message()
    del without["room_id"]
    assert event(read_event(without, RoomId("!other:peer.test"))).room_id == "!other:peer.test"
    assert reason(read_event(without)) == "no room id"


@pytest.mark.parametrize(
    ("msgtype", "kind"),
    [("m.text", "text"), ("m.notice", "notice"), ("m.emote", "emote"), ("m.server_notice", "notice"), ("nic.custom.confetti", "text")],
)
def test_what_is_said_keeps_its_kind(msgtype: str, kind: str) -> None:
    assert event(read_event(message(msgtype=msgtype))).kind == kind


@pytest.mark.parametrize("msgtype", ["m.image", "m.file", "m.audio", "m.video", "m.location"])
def test_media_keeps_neither_file_name_nor_caption(msgtype: str) -> None:
    found = event(read_event(message("IMG_0412 Alma at the Mayo.jpg", msgtype=msgtype, filename="x.jpg", url="mxc://peer.test/a")))
    assert (found.kind, found.body) == ("media", "")


def test_a_sticker_is_media_and_an_image_without_url_too() -> None:
    assert event(read_event(raw("m.sticker", {"body": "party"}))).kind == "media"
    assert event(read_event(raw("m.room.message", {"msgtype": "m.image", "body": "x"}))).kind == "media"


def test_nul_bidi_controls_and_half_characters_go_and_all_else_stays() -> None:
    body = "a\x00b\u202ec\u2066d\u200fe \U0001f9d1\u200d\u2695\ufe0f na\u0308chste\u00a0\ud83d"
    assert event(read_event(message(body))).body == "abcde \U0001f9d1\u200d\u2695\ufe0f na\u0308chste\u00a0\ufffd"


def test_a_body_of_64_kib_is_read_and_one_byte_more_is_too_large() -> None:
    assert len(event(read_event(message("x" * 65_536))).body) == 65_536
    assert reason(read_event(message("x" * 65_537))) == "too large"
    assert reason(read_event(message("\U0001f600" * 16_385))) == "too large"


@pytest.mark.parametrize(
    ("body", "own"),
    [
        ("> <@bo:peer.test> does it hurt?\n\nnot much", "not much"),
        ("> <@bo:peer.test> does it hurt?\n> really?\n>\n> really\n\nnot much\n\n> my own quote", "not much\n\n> my own quote"),
        ("> * <@bo:peer.test> waves\n\nhi", "hi"),
        ("> what the nurse said\nyes", "yes"),
        ("> <@bo:peer.test> nothing added", ""),
        ("no quotation", "no quotation"),
    ],
)
def test_a_reply_loses_its_quotation(body: str, own: str) -> None:
    found = event(read_event(message(body, **{"m.relates_to": {"m.in_reply_to": {"event_id": "$q"}}})))
    assert (found.body, found.reply_to, found.thread_root) == (own, "$q", None)


def test_a_quotation_that_no_reply_carries_is_the_members_own() -> None:
    assert event(read_event(message("> <@bo:peer.test> x\n\ny"))).body == "> <@bo:peer.test> x\n\ny"


def test_a_thread_message_answers_its_root_only_when_it_says_so() -> None:
    relation = {"rel_type": "m.thread", "event_id": "$root", "m.in_reply_to": {"event_id": "$last"}}
    falling = event(read_event(message(**{"m.relates_to": {**relation, "is_falling_back": True}})))
    meant = event(read_event(message(**{"m.relates_to": relation})))
    assert (falling.thread_root, falling.reply_to) == ("$root", None)
    assert (meant.thread_root, meant.reply_to) == ("$root", "$last")


def test_an_edit_is_its_new_content() -> None:
    new = {"msgtype": "m.text", "body": "> <@bo:peer.test> 30 ml?\n\n20 ml"}
    found = event(read_event(message("* 20 ml", **{"m.new_content": new, "m.relates_to": {"rel_type": "m.replace", "event_id": "$old"}})))
    assert (found.kind, found.target, found.body) == ("edit", "$old", "20 ml")


def test_an_edit_without_a_target_or_new_content_is_no_message_either() -> None:
    assert reason(read_event(message("* x", **{"m.relates_to": {"rel_type": "m.replace"}}))) == "an edit of nothing"
    relation = {"rel_type": "m.replace", "event_id": "$old"}
    assert reason(read_event(message("* x", **{"m.relates_to": relation}))) == "an edit without new content"


@pytest.mark.parametrize(
    "relation", [None, "$e0", 7, [], {"rel_type": 3, "event_id": []}, {"m.in_reply_to": "$x"}, {"m.in_reply_to": None}]
)
def test_a_relation_that_makes_no_sense_is_none(relation: object) -> None:
    found = event(read_event(message("> still here", **{"m.relates_to": relation})))
    assert (found.body, found.reply_to, found.thread_root, found.target) == ("> still here", None, None, None)


@pytest.mark.parametrize("where", ["top", "content", "both"])
def test_a_redaction_names_its_target_at_the_top_or_in_its_content(where: str) -> None:
    content = {"redacts": "$gone"} if where != "top" else {}
    top = {"redacts": "$gone"} if where != "content" else {}
    found = event(read_event(raw("m.room.redaction", {**content, "reason": "names my clinic"}, **top)))
    assert (found.kind, found.target, found.body) == ("redaction", "$gone", "")


@pytest.mark.parametrize("emoji", ["\u2764\ufe0f", "\u2764\ufe0e", "\u2764"])
def test_a_reaction_loses_its_variation_selector(emoji: str) -> None:
    found = event(read_event(raw("m.reaction", {"m.relates_to": {"rel_type": "m.annotation", "event_id": "$m", "key": emoji}})))
    assert (found.kind, found.target, found.key) == ("reaction", "$m", "\u2764")


@pytest.mark.parametrize("relation", [None, {}, {"rel_type": "m.annotation", "event_id": "$m"}, {"rel_type": "m.annotation", "key": "x"}])
def test_a_reaction_to_nothing_is_unreadable(relation: object) -> None:
    assert reason(read_event(raw("m.reaction", {"m.relates_to": relation}))) == "a reaction to nothing"


def test_what_the_server_has_blanked_is_redacted_and_not_an_empty_message() -> None:
    blanked = message(body="text that a copy still holds") | {"unsigned": {"redacted_because": {"event_id": "$r"}}}
    for one in (blanked, raw("m.room.message", {}), raw("m.reaction", {}), raw("m.room.encrypted", {}), raw("m.room.redaction", {})):
        assert read_event(one) == Unreadable("redacted", blanked["event_id"])


def test_an_encrypted_event_is_a_fact_without_words() -> None:
    found = event(read_event(raw("m.room.encrypted", {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "AwgA"})))
    assert (found.kind, found.body) == ("undecryptable", "")


def test_our_own_key_comes_back_with_our_event() -> None:
    assert event(read_event(message(**{EFFECT_KEY: "liver/2026-10-07/start"}))).effect_key == "liver/2026-10-07/start"
    assert event(read_event(message(**{EFFECT_KEY: ["x"]}))).effect_key == ""


def test_mentions_are_the_stated_the_pills_and_the_written_each_once() -> None:
    html = '<mx-reply><a href="https://matrix.to/#/@zed:peer.test">Zed</a></mx-reply><a href="https://matrix.to/#/%40cy:peer.test">Cy</a>'
    stated = {"user_ids": [BO, 7, "nobody", None]}
    content = {"m.mentions": stated, "format": "org.matrix.custom.html", "formatted_body": html}
    found = event(read_event(message("Cy, @dee:peer.test: and @bo:peer.test. mail me at eve@x.org:99", **content)))
    assert found.mentions == (BO, "@cy:peer.test", "@dee:peer.test")


@pytest.mark.parametrize("stated", [None, "x", {"user_ids": BO}, {"user_ids": {}}, {"room": True}])
def test_mentions_that_make_no_sense_are_none(stated: object) -> None:
    assert event(read_event(message(**{"m.mentions": stated}))).mentions == ()


def test_a_member_event_says_who_and_under_which_name() -> None:
    content = {"membership": "join", "displayname": "Bo \u202e(host)"}
    found = event(read_event(raw("m.room.member", content, state_key=BO)))
    assert (found.kind, found.subject, found.membership, found.name) == ("member", BO, "join", "Bo (host)")
    assert event(read_event(raw("m.room.member", {"membership": "leave", "displayname": None}, state_key=BO))).name == ""
    assert reason(read_event(raw("m.room.member", {"membership": "lurk"}, state_key=BO))) == "no membership"
    assert reason(read_event(raw("m.room.member", content))) == "no member"


def test_power_levels_keep_what_makes_sense() -> None:
    users = {ALMA: 100, BO: "50", "@cy:peer.test": True, "@dee:peer.test": None, "eve": 50, "@fay:peer.test": 1.5}
    found = event(read_event(raw("m.room.power_levels", {"users": users, "users_default": 10}, state_key="")))
    assert found.powers is not None
    assert (dict(found.powers.users), found.powers.users_default) == ({ALMA: 100, BO: 50}, 10)
    assert event(read_event(raw("m.room.power_levels", {"users": []}, state_key=""))).powers is not None


def test_creators_count_from_version_12_on() -> None:
    more = {"additional_creators": [BO, "bo", 3, ALMA]}
    assert event(read_event(raw("m.room.create", {"room_version": "12", **more}, state_key=""))).creators == (ALMA, BO)
    assert event(read_event(raw("m.room.create", {"room_version": "11", **more}, state_key=""))).creators == ()
    assert event(read_event(raw("m.room.create", {}, state_key=""))).room_version == "1"


def test_name_tombstone_and_encryption_are_state_of_the_room() -> None:
    assert event(read_event(raw("m.room.name", {"name": "Liver Spot"}, state_key=""))).name == "Liver Spot"
    assert event(read_event(raw("m.room.tombstone", {"replacement_room": "!new"}, state_key=""))).replacement == "!new"
    assert reason(read_event(raw("m.room.tombstone", {"body": "gone"}, state_key=""))) == "no replacement room"
    assert event(read_event(raw("m.room.encryption", {}, state_key=""))).kind == "encryption"


@pytest.mark.parametrize("kind", ["m.room.power_levels", "m.room.create", "m.room.name", "m.room.tombstone", "m.room.encryption"])
def test_a_message_that_pretends_to_be_state_is_not_believed(kind: str) -> None:
    for pretended in (raw(kind, {"users": {BO: 100}}), raw(kind, {"users": {BO: 100}}, state_key=BO)):
        assert reason(read_event(pretended)) == "not a state of the room"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"event_id": None}, "no event id"),
        ({"event_id": 7}, "no event id"),
        ({"event_id": "e1"}, "no event id"),
        ({"event_id": "$" + "x" * 300}, "no event id"),
        ({"event_id": "$a b"}, "no event id"),
        ({"event_id": "$\ud800"}, "no event id"),
        ({"room_id": ["!r"]}, "no room id"),
        ({"sender": "alma"}, "no sender"),
        ({"sender": None}, "no sender"),
        ({"origin_server_ts": "1791424800123"}, "no time"),
        ({"origin_server_ts": True}, "no time"),
        ({"origin_server_ts": 1.5}, "no time"),
        ({"origin_server_ts": -1}, "an impossible time"),
        ({"origin_server_ts": 10**30}, "an impossible time"),
        ({"content": None}, "no content"),
        ({"content": "hello"}, "no content"),
        ({"content": {"msgtype": "m.text"}}, "no body"),
        ({"content": {"msgtype": "m.text", "body": ["x"]}}, "no body"),
        ({"content": {"body": "x"}}, "no msgtype"),
        ({"content": {"msgtype": "m.key.verification.request", "body": "x"}}, "another msgtype"),
        ({"type": "m.room.topic"}, "another type"),
        ({"type": 1}, "no type"),
    ],
)
def test_what_is_malformed_has_its_reason(change: Json, why: str) -> None:
    assert reason(read_event(message() | change)) == why


@pytest.mark.parametrize("value", [None, 7, "x", [], True])
def test_what_is_no_object_is_no_event(value: object) -> None:
    assert read_event(value) == Unreadable("not an object", None)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["$x", ALMA, ROOM, "m.thread", "> <@b:c> d"]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text() | st.sampled_from(["event_id", "body", "users"]), inner, max_size=4)
    ),
    max_leaves=12,
)
CONTENT = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(
        ("msgtype", "body", "m.relates_to", "m.new_content", "m.mentions", "formatted_body", "membership", "displayname", "users", "redacts",
         "users_default", "room_version", "additional_creators", "name", "replacement_room", EFFECT_KEY),
        JSON,
    ),
)  # fmt: skip


@given(
    kind=st.sampled_from(WANTED_TYPES),
    content=CONTENT | JSON,
    more=st.fixed_dictionaries(
        {}, optional=dict.fromkeys(("event_id", "sender", "origin_server_ts", "state_key", "redacts", "unsigned", "room_id"), JSON)
    ),
)
def test_whatever_stands_in_an_event_reading_it_does_not_raise(kind: str, content: object, more: Json) -> None:
    found = read_event(raw(kind, content, state_key="") | more)
    if isinstance(found, RoomEvent):
        (found.body + found.name + found.key + found.effect_key).encode()  # can be stored


@given(
    msgtype=st.sampled_from(["m.text", "m.emote", "m.image", "x.y"]),
    body=st.text(),
    relation=st.fixed_dictionaries(
        {"rel_type": st.sampled_from(["m.replace", "m.thread", "m.annotation"]) | JSON, "event_id": st.just("$t") | JSON},
        optional={"m.in_reply_to": st.just({"event_id": "$r"}) | JSON, "is_falling_back": JSON, "key": st.text() | JSON},
    ),
    new=st.fixed_dictionaries({"msgtype": st.just("m.text"), "body": st.text()}) | JSON,
)
def test_whatever_is_related_to_whatever_reading_it_does_not_raise(msgtype: str, body: str, relation: Json, new: object) -> None:
    found = read_event(raw("m.room.message", {"msgtype": msgtype, "body": body, "m.relates_to": relation, "m.new_content": new}))
    assert isinstance(found, RoomEvent | Unreadable)


@given(JSON)
def test_a_reason_is_made_of_our_own_words_only(value: object) -> None:
    found = read_event(raw("m.room.message", {"msgtype": "m.text", "body": {"canary": value}}) | {"sender": json.dumps("canary")})
    assert "canary" not in reason(found)
