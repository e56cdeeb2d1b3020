"""`peerplugin replay`: every bad file gets a sentence or is counted, never a traceback; and the labelled meetings come out honest."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from peerplugin.core.markup import shown_as_text, with_links
from peerplugin.settings import config_dir
from tests.command import Result, call

MEETINGS = Path(__file__).parent / "data" / "meetings"
SMALL = "newgroup"
"""Most of its threads are withheld, since so few voices hide nobody: what is left is too little to be measured by shares."""
ROOM = "!liver:example.org"
ALMA, BO, CLEO = "@alma:example.org", "@bo:example.org", "@cleo:example.org"
Event = dict[str, Any]


def line(number: int, sender: str, text: object, **more: Any) -> Event:
    content = {"msgtype": "m.text", "body": text, **more}
    return {
        "type": "m.room.message", "sender": sender, "event_id": f"$line-{number}", "room_id": ROOM,
        "origin_server_ts": 1_793_577_600_000 + number * 30_000, "content": content,
    }  # fmt: skip


def talk(start: int = 0) -> list[Event]:
    """A question and two answers."""
    return [
        line(start + 1, ALMA, "Does variceal banding hurt, and what can I eat after the banding?"),
        answer(start + 2, BO, "I had five rounds of banding and I had an ache for two days.", start + 1),
        answer(start + 3, CLEO, "After my banding I ate soft food for three days, soup and yogurt.", start + 1),
    ]


def answer(number: int, sender: str, text: str, to: int) -> Event:
    return line(number, sender, text, **{"m.relates_to": {"m.in_reply_to": {"event_id": f"$line-{to}"}}})


def chair(user: str = ALMA) -> Event:
    content = {"users": {user: 50}, "users_default": 0}
    return {**line(0, user, ""), "type": "m.room.power_levels", "state_key": "", "content": content, "event_id": "$powers"}


@pytest.fixture
def replay(tmp_path: Path) -> Callable[..., Result]:
    """Replays events, or whatever else is put into the file."""

    def run(content: list[Any] | bytes, *options: str) -> Result:
        file = tmp_path / "export.json"
        if isinstance(content, bytes):
            file.write_bytes(content)
        else:
            file.write_text(json.dumps({"room_name": "Liver Spot", "room_id": ROOM, "messages": content}), encoding="utf-8")
        return call("replay", file, *options)

    return run


def heard(replay: Callable[..., Result], events: list[Any]) -> tuple[Any, str]:
    """The JSON form and what was said about skipped events."""
    result = replay(events, "--json", "--min-contributors", "1")
    assert result.code == 0, result.err
    return json.loads(result.out), result.err


# --- files that are no export -----------------------------------------------------------------------------------------------------

WHOLE = json.dumps({"messages": talk()}, indent=1).encode()
BAD = {
    "empty": (b"", "is empty"),
    "blank": (b" \n\n", "is empty"),
    "not JSON": (b"<html>Please sign in</html>", "is not JSON"),
    "cut in the middle": (WHOLE[: len(WHOLE) // 2], "is cut short or damaged at line"),
    "cut in its last line": (b"\n".join(json.dumps(e).encode() for e in talk())[:-20], "is cut short in its last line, 3"),
    "no text at all": (b"\x89PNG\r\n\x1a\n\xff\xfe", "is not text in UTF-8"),
    "JSON of something else": (b'{"members": []}', "no list `messages`"),
    "no events": (b'{"messages": []}', "holds no events"),
    "only what cannot be read": (b'{"messages": [1, null, {"type": "m.room.message"}]}', "holds no event that can be read"),
    "brackets without end": (b"[" * 50_000, "is cut short or damaged|holds JSON that no export holds"),
    "a number without end": (b'{"messages": [' + b"9" * 6000 + b"]}", "holds JSON that no export holds"),
    "nobody says anything": (json.dumps({"messages": [chair()]}).encode(), "nobody said anything"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_file_that_is_no_export_is_refused_in_a_sentence(replay: Callable[..., Result], kind: str) -> None:
    content, sentence = BAD[kind]
    result = replay(content)
    assert result.code == 1
    assert result.out == ""
    assert re.fullmatch(rf"peerplugin: .*export\.json.*(?:{sentence}).*\n", result.err), result.err


def test_a_file_that_is_not_there_and_a_folder_are_refused_in_a_sentence(tmp_path: Path) -> None:
    for path, sentence in ((tmp_path / "no.json", "There is no file"), (tmp_path, "is a folder")):
        result = call("replay", path)
        assert (result.code, result.out) == (1, "")
        assert sentence in result.err and result.err.count("\n") == 1


def test_an_export_with_another_room_mixed_in_is_refused_and_both_rooms_are_named(replay: Callable[..., Result]) -> None:
    result = replay([*talk(), {**line(9, BO, "elsewhere"), "room_id": "!other:example.org"}])
    assert result.code == 1
    assert "holds events of 2 rooms" in result.err and ROOM in result.err and "!other:example.org" in result.err


# --- events that are no events ------------------------------------------------------------------------------------------------------

MALFORMED: list[Any] = [
    None, 7, "text", [], {}, {"type": "m.room.message"},
    {**line(50, BO, "no time"), "origin_server_ts": "soon"},
    {**line(51, BO, "a time that cannot be"), "origin_server_ts": 10**40},
    {**line(52, BO, "nobody"), "sender": 7},
    {**line(53, BO, "no content"), "content": "words"},
    line(54, BO, None),
    line(55, BO, ["a", "list"]),
    line(56, BO, "a strange relation", **{"m.relates_to": "none"}),
    line(57, BO, "another one", **{"m.relates_to": {"m.in_reply_to": 7}}),
    {**line(58, BO, ""), "type": "m.reaction", "content": {}},
    {**line(59, BO, ""), "type": "m.room.redaction", "content": {}},
    {**line(60, BO, ""), "type": "org.example.unknown"},
]  # fmt: skip


def test_events_that_cannot_be_read_are_counted_and_the_others_drafted(replay: Callable[..., Result]) -> None:
    whole, _ = heard(replay, talk())
    found, said = heard(replay, [*talk(), *MALFORMED])
    assert [d["title"] for d in found["drafts"]] == [d["title"] for d in whole["drafts"]]
    assert re.search(r"^Skipped: .*\d+ × ", said)
    assert sum(int(n) for n in re.findall(r"(\d+) ×", said)) >= 12
    for event in found["threads"]:
        assert "$line-1" not in event["event_ids"] or event["state"] == "drafted"


def test_a_body_of_65_kb_does_no_harm(replay: Callable[..., Result]) -> None:
    long = "My banding was long. " * 3100
    events = [*talk(), answer(4, BO, long, 1), line(5, CLEO, "x" * 65_000), line(6, CLEO, "a " * 32_000), line(7, CLEO, "b" * 70_000)]
    found, said = heard(replay, events)
    assert found["meeting"]["messages"] == 6
    assert "Skipped: 1 × " in said, "no homeserver takes an event of more than 64 KiB"
    assert found["drafts"]
    assert max(len(d["raw"]) for d in found["drafts"]) < 32_000, "a forum takes no post over 32,000 characters"


def test_nul_and_bidi_characters_stand_in_no_text(replay: Callable[..., Result]) -> None:
    events = talk()
    events[1]["content"]["body"] = "I had five \u202erounds\u202c of band\x00ing\u2066 and I had an ache for two days."
    found, _ = heard(replay, events)
    printed = json.dumps(found, ensure_ascii=False)
    assert "five rounds of banding" in printed
    assert not re.search("[\x00\u202a-\u202e\u2066-\u2069]", printed)


def test_events_twice_and_in_any_order_are_the_same_meeting(replay: Callable[..., Result]) -> None:
    once, _ = heard(replay, talk())
    twice, _ = heard(replay, [*reversed(talk()), *talk()])
    assert twice == once


# --- meetings in a log --------------------------------------------------------------------------------------------------------------


def test_a_log_in_which_nobody_starts_a_meeting_is_one_meeting(replay: Callable[..., Result]) -> None:
    found, _ = heard(replay, talk())
    assert found["meeting"]["messages"] == 3
    assert {e for t in found["threads"] for e in t["event_ids"]} == {"$line-1", "$line-2", "$line-3"}
    assert found["left_out"] == [], "nothing is invented"


def test_several_meetings_in_a_log_are_told_apart(replay: Callable[..., Result]) -> None:
    events = [
        chair(), line(0, ALMA, "!startmeeting Banding"), *talk(), line(10, ALMA, "!endmeeting"), line(11, BO, "chatter between meetings"),
        line(20, ALMA, "!startmeeting Again"), *talk(20), line(30, ALMA, "!endmeeting"),
    ]  # fmt: skip
    found, _ = heard(replay, events)
    assert [m["meeting"]["name"] for m in found] == ["Banding", "Again"]
    assert [sum(len(t["event_ids"]) for t in m["threads"]) for m in found] == [3, 3]
    assert "$line-11" not in json.dumps(found)


# --- the labelled meetings ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Scored:
    """A labelled meeting, replayed and scored."""

    name: str
    replay: dict[str, Any]
    figures: dict[str, Any]


@pytest.fixture(scope="module", params=sorted(folder.name for folder in MEETINGS.iterdir()))
def scored(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Scored:
    """Each of the meetings, once."""
    result = call("replay", MEETINGS / request.param / "export.json", "--json")
    assert result.code == 0, result.err
    file = tmp_path_factory.mktemp(request.param) / "replay.json"
    file.write_text(result.out, encoding="utf-8")
    scorer = [sys.executable, Path(__file__).parent / "score_replay.py", file, MEETINGS / request.param / "gold.json"]
    figures = subprocess.run(scorer, check=True, capture_output=True).stdout
    return Scored(request.param, json.loads(result.out), json.loads(figures))


def test_a_labelled_meeting_gives_a_readable_number_of_drafts(scored: Scored) -> None:
    least, most = (2, 8) if scored.name == SMALL else (5, 25)
    assert least <= scored.figures["drafts"] <= most


def test_no_draft_of_a_labelled_meeting_holds_what_must_not_be_published(scored: Scored) -> None:
    assert (scored.figures["forbidden"], scored.figures["forbidden_text"]) == (0, 0)


def test_the_drafts_of_a_labelled_meeting_carry_half_of_what_mattered(scored: Scored) -> None:
    assert scored.name == SMALL or scored.figures["key_point_coverage"] >= 0.5


def test_the_statements_of_a_labelled_meeting_keep_to_their_thread_and_to_the_matter(scored: Scored) -> None:
    assert scored.name == SMALL or scored.figures["statement_precision"] >= 0.7


def test_every_line_of_a_draft_is_a_statement_or_a_text_of_ours(scored: Scored) -> None:
    ours = _lines_of_texts()
    for draft in scored.replay["drafts"]:
        statements = {with_links(s["text"]) if s["section"] == "resource" else shown_as_text(s["text"]) for s in draft["statements"]}
        for number, text in enumerate(filter(None, draft["raw"].splitlines())):
            assert text.removeprefix("- ") in statements or any(re.fullmatch(pattern, text) for pattern in ours), (
                draft["title"],
                number,
                text,
            )


def _lines_of_texts() -> list[str]:
    """What a line of `config/texts/post.md` can look like; where it has a hole for a value, only what is no sentence of anybody's fits."""
    source = (config_dir() / "texts" / "post.md").read_text(encoding="utf-8")
    headings = re.findall(r'"([A-Z][^"]+)"', source)
    series, day, count = r"[\w .&'-]{1,40}", r"\d{1,2} [A-Z][a-z]+ \d{4}", r"[A-Za-z]+|\d+"
    return [
        *(re.escape(f"## {heading}") for heading in headings),
        (
            rf"\*From the {series} meeting of {day}\. (?:(?:{count}) members? contributed\.|Asked by (?:{count}) members?; nobody there had experience\.)"
            r" Experience of patients, not medical advice: ask your own team\.\*"
        ),
        r"\*If you have been there, please answer here: it will be told at the next meeting\.\*",
        r"\*Something to add\? Answer here\.\*",
    ]


# --- the shape ------------------------------------------------------------------------------------------------------------------------


def test_the_json_form_is_what_its_description_says(scored: Scored) -> None:
    found = scored.replay
    assert found["format"] == "peerplugin-replay/1"
    assert set(found) == {"format", "meeting", "threads", "drafts", "left_out", "scrubbed"}
    assert set(found["meeting"]) == {"name", "room_id", "started_at", "ended_at", "speakers", "messages"}
    in_threads = [e for t in found["threads"] for e in t["event_ids"]]
    assert len(in_threads) == len(set(in_threads)), "a message is in one thread at most"
    for thread in found["threads"]:
        assert set(thread) == {"thread_id", "title", "event_ids", "contributors", "state", "reason"}
        assert (thread["state"] == "drafted") == (thread["reason"] is None)
    drafted = {t["thread_id"] for t in found["threads"] if t["state"] == "drafted"}
    assert {d["thread_id"] for d in found["drafts"]} == drafted
    for draft in found["drafts"]:
        assert set(draft) == {"thread_id", "title", "tags", "raw", "statements", "findings"}
        assert not any(event_id in draft["raw"] for event_id in in_threads), "an event's id is nobody's business"
        for statement in draft["statements"]:
            assert set(statement) == {"text", "section", "wording", "event_ids", "contributors"}
            assert statement["section"] in {"question", "experience", "emotion", "suggestion", "doctor", "open", "resource"}
            assert statement["wording"] in {"quoted", "reported", "counted"}
            assert set(statement["event_ids"]) <= set(in_threads) and statement["event_ids"]
    for cut in found["scrubbed"]:
        assert set(cut) == {"event_id", "start", "end", "kind", "replacement"} and 0 <= cut["start"] < cut["end"]


def test_withheld_threads_are_drafted_only_where_quality_is_measured() -> None:
    file = MEETINGS / "newgroup" / "export.json"
    usual, all_of_them = (json.loads(call("replay", file, "--json", *more).out) for more in ((), ("--include-withheld",)))
    assert len(all_of_them["drafts"]) > len(usual["drafts"])
    assert [t["state"] for t in all_of_them["threads"]] == [t["state"] for t in usual["threads"]]


def test_without_json_the_drafts_are_printed_as_posts() -> None:
    result = call("replay", MEETINGS / "newgroup" / "export.json")
    found = json.loads(call("replay", MEETINGS / "newgroup" / "export.json", "--json").out)
    for draft in found["drafts"]:
        assert f"# {draft['title']}\n\n{draft['raw']}" in result.out
    assert "# Withheld" in result.out
