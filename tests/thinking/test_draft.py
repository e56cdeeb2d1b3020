"""The whole of the thinking over real talk: figures of the labelled meetings, nothing private, the same every time."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from peerplugin.core.draft import compose, distinct, transcript_hash
from peerplugin.core.model import EventId, Level, Summary, ThreadId
from tests.core.talk import MEETINGS, ROOT, as_replay, line, meeting, model, rules, talk


def score(name: str, tmp_path: Path) -> dict[str, Any]:
    transcript, _ = meeting(name)
    path = tmp_path / "replay.json"
    path.write_text(json.dumps(as_replay(compose(transcript, rules(), model()))), encoding="utf-8")
    scorer = [sys.executable, str(ROOT / "tests" / "score_replay.py"), str(path), str(MEETINGS / name / "gold.json")]
    found: dict[str, Any] = json.loads(subprocess.run(scorer, check=True, capture_output=True, text=True).stdout)
    return found


@pytest.mark.parametrize("name", ["liver"])
def test_a_large_meeting_gives_drafts_that_cover_it_and_hold_nothing_forbidden(name: str, tmp_path: Path) -> None:
    figures = score(name, tmp_path)
    assert 5 <= figures["drafts"] <= 25
    assert (figures["forbidden"], figures["forbidden_text"], figures["unsupported_numbers"], figures["leaked"]) == (0, 0, 0, [])
    assert figures["key_point_coverage"] >= 0.5
    assert figures["statement_precision"] >= 0.7
    assert figures["verbatim"] <= 0.05
    assert figures["compression"] <= 0.3


def test_a_small_group_gives_few_drafts_and_leaks_nobody(tmp_path: Path) -> None:
    figures = score("newgroup", tmp_path)
    assert 2 <= figures["drafts"] <= 8
    assert (figures["forbidden"], figures["forbidden_text"], figures["unsupported_numbers"], figures["leaked"]) == (0, 0, 0, [])


def test_the_same_transcript_gives_the_same_outcome() -> None:
    transcript = talk(
        *[line(i, f"P{i % 5}", f"my doctor said {word} helps with the {word} pain") for i, word in enumerate(["ice", "heat", "rest"] * 8)]
    )
    assert compose(transcript, rules(), model()) == compose(transcript, rules(), model())


def test_an_empty_meeting_gives_an_empty_outcome() -> None:
    outcome = compose(talk(), rules(), model())
    assert (outcome.threads, outcome.summaries, outcome.messages) == ((), (), 0)


@pytest.mark.parametrize(
    "said",
    [
        ["yes"] * 80, ["I take the tablet with food and water"] * 80, ["私は毎日薬を飲みます", "Ich nehme das jeden Tag", "🙂🙂", "تناولت الدواء"] * 10,
        ["I take the tablet with food and then " * 130] * 5, ["a" * 5000, "1-" * 3000, "." * 5000], ["my doc\x00tor \u202esaid\u202c 3 mg\u200b"] * 20,
    ],
)  # fmt: skip
def test_odd_talk_does_no_harm(said: list[str]) -> None:
    outcome = compose(talk(*[line(i, f"P{i % 7}", text) for i, text in enumerate(said)]), rules(), model())
    assert outcome.messages == len(said)


def test_the_hash_changes_with_every_thing_that_thinking_depends_on() -> None:
    transcript = talk(line(0, "Alma", "does it hurt?"), line(1, "Bo", "no"))
    first, second = transcript.messages
    others = [
        replace(transcript, messages=(first, replace(second, text="yes"))), replace(transcript, messages=(first, replace(second, level=Level.NONE))),
        replace(transcript, messages=(first, replace(second, reply_to=EventId("$0")))), replace(transcript, messages=(first,)),
        replace(transcript, roster={**transcript.roster, second.sender: ("Bo", "Bobby")}),
    ]  # fmt: skip
    hashes = {transcript_hash(t) for t in (transcript, *others)}
    assert len(hashes) == 1 + len(others)
    assert transcript_hash(transcript) == transcript_hash(talk(*transcript.messages))


def test_left_out_lines_are_counted_by_their_reason() -> None:
    outcome = compose(
        talk(line(0, "Alma", "", left_out="off_record"), line(1, "Bo", "", left_out="off_record"), line(2, "Bo", "hello")), rules(), model()
    )
    assert outcome.left_out == {"off_record": 2}
    assert (outcome.messages, outcome.speakers) == (3, 2)


def test_no_two_drafts_have_the_same_title() -> None:
    titles = ("Can you fly?", "Can you fly?", "can you fly?")
    drafts = [Summary(ThreadId(f"t{n}"), title, (), ("travel",), (), 3, 3) for n, title in enumerate(titles)]
    assert [d.title for d in distinct(drafts)] == ["Can you fly?", "Can you fly? (travel)", "Can you fly? (2)"]
