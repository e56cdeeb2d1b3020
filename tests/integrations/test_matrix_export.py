"""An export file in any of its three shapes is read whole; what is no export is refused with a sentence."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from integrations.matrix.export import parse_export, read_export, room_name
from peerplugin.errors import MistakeError

ROOM = "!liver:peer.test"
Json = dict[str, Any]


def line(number: int, *, room: str = ROOM, at: int | None = None, **more: object) -> Json:
    """One message of an export."""
    return {
        "type": "m.room.message",
        "event_id": f"$e{number}",
        "room_id": room,
        "sender": "@alma:peer.test",
        "origin_server_ts": 1_791_424_800_000 + number if at is None else at,
        "content": {"msgtype": "m.text", "body": f"line {number}"},
        **more,
    }


def element(events: list[Any]) -> str:
    """Element's shape."""
    return json.dumps({"room_name": "Liver Spot", "room_creator": "@alma:peer.test", "topic": "", "messages": events})


@pytest.mark.parametrize("shape", [element, json.dumps, lambda events: "\n".join(map(json.dumps, events)) + "\n"])
def test_all_three_shapes_are_read_alike(shape: Any) -> None:
    events, skipped = parse_export(shape([line(n) for n in range(5)]), "a.json")
    assert [event.body for event in events] == [f"line {n}" for n in range(5)]
    assert not skipped


def test_a_file_is_read_with_its_room_name_and_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    path.write_text("\ufeff" + element([line(1)]), encoding="utf-8")
    events, _ = read_export(path)
    assert (len(events), room_name(path)) == (1, "Liver Spot")


def test_order_and_doubles_do_not_matter() -> None:
    events = [line(n) for n in range(50)]
    shuffled = events + events[10:20]
    random.Random(1).shuffle(shuffled)
    assert parse_export(element(shuffled), "a.json") == parse_export(element(events), "a.json")


def test_state_comes_before_what_was_said_at_the_same_moment_and_the_rest_keeps_its_place() -> None:
    power = line(3, at=9, type="m.room.power_levels", state_key="", content={"users": {}})
    events, _ = parse_export(element([line(1, at=9), line(2, at=9), power]), "a.json")
    assert [event.event_id for event in events] == ["$e3", "$e1", "$e2"]


def test_malformed_events_are_left_out_and_counted_by_reason() -> None:
    bad = [line(1, content={"msgtype": "m.text", "body": "x" * 66_000}), line(2, sender=None), line(3, content={}), "event", None]
    events, skipped = parse_export(element([*bad, line(4)]), "a.json")
    assert [event.event_id for event in events] == ["$e4"]
    assert skipped == {"too large": 1, "no sender": 1, "redacted": 1, "not an object": 2}


def test_a_copy_from_before_a_redaction_does_not_bring_the_words_back() -> None:
    events, _ = parse_export(element([line(1), line(1, content={}), line(2)]), "a.json")
    assert [event.event_id for event in events] == ["$e2"]


def test_events_without_a_room_belong_to_the_exports_room() -> None:
    first = line(1)
    del first["room_id"]
    events, _ = parse_export(element([first, line(2)]), "a.json")
    assert {event.room_id for event in events} == {ROOM}


def test_a_broken_line_in_the_middle_of_jsonl_is_one_lost_event() -> None:
    text = "\n".join([json.dumps(line(1)), '{"type": "m.room.mess', json.dumps(line(2))])
    events, skipped = parse_export(text, "a.jsonl")
    assert [event.event_id for event in events] == ["$e1", "$e2"]
    assert skipped == {"not JSON": 1}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty"),
        (" \n ", "is empty"),
        ("<!DOCTYPE html><p>secret", "is not JSON"),
        ("07:00 Alma: secret", "is not JSON"),
        (element([line(1), line(2)])[:-40], "is cut short or damaged at line 1"),
        (json.dumps([line(1)], indent=1)[:-40], "is cut short or damaged"),
        (json.dumps(line(1)) + "\n" + json.dumps(line(2))[:30], "is cut short in its last line, 2"),
        ('{"messages": {}}', "no list `messages`"),
        ("{}", "no list `messages`"),
        ("[]", "holds no events"),
        (element([]), "holds no events"),
        (element([line(1, sender="secret")]), "no event that can be read: no sender (1)"),
        ("[" * 100_000, "holds JSON that no export holds"),
        ('[{"origin_server_ts": ' + "9" * 5_000 + "}]", "holds JSON that no export holds"),
    ],
)
def test_what_is_no_export_is_refused_with_a_sentence(text: str, says: str) -> None:
    with pytest.raises(MistakeError) as refused:
        parse_export(text, "wednesday.json")
    assert str(refused.value).startswith("wednesday.json ")
    assert says in str(refused.value)
    assert "Export the room again" in str(refused.value)
    assert "secret" not in str(refused.value)


def test_two_rooms_in_one_file_are_named() -> None:
    with pytest.raises(MistakeError, match=r"events of 2 rooms \(!heart:peer\.test, !liver:peer\.test\).*one file for each"):
        parse_export(element([line(1), line(2, room="!heart:peer.test")]), "a.json")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(MistakeError, match=r"There is no file .*missing"):
        read_export(tmp_path / "missing.json")
    with pytest.raises(MistakeError, match="is a folder"):
        read_export(tmp_path)
    archive = tmp_path / "export.zip"
    archive.write_bytes(b"PK\x03\x04\xff\xfe\x00")
    with pytest.raises(MistakeError, match="unpack it first"):
        read_export(archive)
