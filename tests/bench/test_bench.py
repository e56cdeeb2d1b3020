"""That what the bench measures is what it says: long logs that are valid, varied and of the size that was asked for."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from integrations.matrix.export import parse_export
from peerplugin.core.model import Level
from peerplugin.core.rules import Rules
from peerplugin.replaying import Log, log_series
from tests.bench.chained import chained, labelled, related
from tests.bench.replay import said

LONG = 3_500  # more than all labelled meetings together: some are taken twice


@pytest.fixture(scope="module")
def export() -> dict[str, Any]:
    return chained(LONG)


def bodies(export: dict[str, Any]) -> list[str]:
    return [event["content"]["body"] for event in export["messages"] if event["type"] == "m.room.message"]


@pytest.mark.parametrize("size", [1_000, 1_001, LONG])
def test_a_chained_log_has_as_many_messages_as_were_asked_for(size: int) -> None:
    assert said(chained(size)) == size


def test_it_is_one_meeting_from_its_first_line_to_its_last(export: dict[str, Any]) -> None:
    events, skipped = parse_export(json.dumps(export), "chained")
    assert (len(events), dict(skipped)) == (len(export["messages"]), {})
    log = Log(log_series(events, "Chained", Level.REPORTED, 3), Rules())
    for event in events:
        log.hear(event)
    [(key, opened)] = log.opened.items()
    assert (opened.at, log.closed[key]) == (events[1].at, events[-1].at)
    assert len(log.kept[key]) > LONG  # messages and what happened to them


def test_its_events_have_ids_of_their_own_and_speak_only_of_each_other(export: dict[str, Any]) -> None:
    times = Counter(event["event_id"] for event in export["messages"])
    assert set(times.values()) == {1}
    named = [one for event in export["messages"] for one in related(event)]
    assert len(named) > 100
    assert set(named) <= set(times)


def test_every_copy_has_other_members(export: dict[str, Any]) -> None:
    joined = [event["state_key"] for event in export["messages"] if event["type"] == "m.room.member"]
    assert len(joined) == len(set(joined))
    assert len(joined) > sum(len(meeting.members) for meeting in labelled())
    assert {event["sender"] for event in export["messages"]} <= set(joined)


def test_a_meeting_that_is_taken_twice_is_said_in_other_words(export: dict[str, Any]) -> None:
    long = [body for body in bodies(export) if len(body) > 60]
    assert len(set(long)) > 0.98 * len(long)


def test_time_never_runs_backwards(export: dict[str, Any]) -> None:
    at = [event["origin_server_ts"] for event in export["messages"]]
    assert at == sorted(at)


def test_the_same_seed_gives_the_same_log_and_another_seed_another() -> None:
    assert chained(1_000, seed=3) == chained(1_000, seed=3)
    assert bodies(chained(1_000, seed=3)) != bodies(chained(1_000, seed=4))
