"""Grouping: explicit relations always, the rest by what lines have in common; the same talk always gives the same threads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from peerplugin.core.model import EventId, Thread, Transcript
from peerplugin.core.threads import group
from tests import score_replay
from tests.core.talk import line, meeting, model, talk

thread_scores: Callable[..., dict[str, float]] = score_replay.thread_scores


def grouped(transcript: Transcript, *openings: str) -> tuple[Thread, ...]:
    return group(transcript, model(), [EventId(o) for o in openings])


def holding(threads: tuple[Thread, ...], number: int) -> Thread:
    return next(t for t in threads if EventId(f"${number}") in t.event_ids)


def two_subjects() -> list[tuple[str, str]]:
    return [
        ("Alma", "how do you keep the lactulose down, the syrup makes me gag"),
        ("Bo", "new question: does the insurance pay for a home oxygen concentrator"),
        ("Cleo", "i mix the lactulose syrup with cold lemon juice"),
        ("Dov", "my insurance paid the oxygen concentrator after an appeal"),
        ("Alma", "lemon juice with the syrup, i will try"),
        ("Bo", "an appeal to the insurance, did they answer"),
        ("Cleo", "and drink the lactulose syrup through a straw"),
        ("Dov", "the insurance answered the appeal in six weeks"),
    ]


def test_a_reply_and_its_target_are_in_one_thread_however_far_apart() -> None:
    lines = [line(i, who, text) for i, (who, text) in enumerate(two_subjects() * 12)]
    lines[90] = replace(lines[90], text="yes", reply_to=EventId("$3"))
    threads = grouped(talk(*lines))
    assert holding(threads, 90) == holding(threads, 3)


def test_answers_in_a_matrix_thread_stay_together_when_its_root_was_left_out() -> None:
    root = line(0, "Alma", "", left_out="off_record")
    answers = [line(i, who, text, thread_root=root.event_id) for i, (who, text) in enumerate(two_subjects(), 1)]
    threads = grouped(talk(root, *answers))
    assert [t.event_ids for t in threads] == [(root.event_id, *(a.event_id for a in answers))]


def test_two_conversations_that_cross_are_told_apart_by_their_words_and_people() -> None:
    threads = grouped(talk(*[line(i, who, text) for i, (who, text) in enumerate(two_subjects())]))
    assert holding(threads, 0) != holding(threads, 1)
    assert {EventId("$2"), EventId("$6")} <= set(holding(threads, 0).event_ids)
    assert {EventId("$3"), EventId("$7")} <= set(holding(threads, 1).event_ids)


def test_the_opening_is_the_line_that_asks() -> None:
    threads = grouped(talk(*[line(i, who, text) for i, (who, text) in enumerate([("Eve", "good evening"), ("Alma", "does anyone take lactulose at night?"),
                                                                              ("Bo", "i take the lactulose at night, yes")])]))  # fmt: skip
    assert holding(threads, 2).opening == EventId("$1")


def test_two_openings_never_share_a_thread_and_open_their_own() -> None:
    lines = [line(i, who, text) for i, (who, text) in enumerate(two_subjects())]
    threads = grouped(talk(*lines), "$0", "$4")
    assert holding(threads, 0) != holding(threads, 4)
    assert (holding(threads, 0).opening, holding(threads, 4).opening) == (EventId("$0"), EventId("$4"))


def test_a_line_that_was_left_out_keeps_its_place_and_never_opens() -> None:
    lines = [line(i, who, text) for i, (who, text) in enumerate(two_subjects())]
    lines[2] = replace(lines[2], text="", left_out="consent")
    threads = grouped(talk(*lines))
    assert EventId("$2") not in {t.opening for t in threads}
    assert sum(len(t.event_ids) for t in threads) == len(lines)


def test_no_line_is_in_two_threads_and_ids_are_counted_from_one() -> None:
    threads = grouped(meeting("newgroup")[0])
    ids = [e for t in threads for e in t.event_ids]
    assert len(ids) == len(set(ids))
    assert [t.thread_id for t in threads] == [f"t{k}" for k in range(1, len(threads) + 1)]


def test_the_same_talk_gives_the_same_threads() -> None:
    transcript, _ = meeting("newgroup")
    assert grouped(transcript) == grouped(transcript)


@pytest.mark.parametrize("gap_s", [0, -5])
def test_lines_in_one_second_or_with_clocks_going_backwards_are_grouped_too(gap_s: float) -> None:
    threads = grouped(talk(*[line(i, who, text, gap_s=gap_s) for i, (who, text) in enumerate(two_subjects() * 20)]))
    assert sum(len(t.event_ids) for t in threads) > 100


def test_a_long_log_is_cut_into_stretches_and_its_threads_do_not_grow_with_it() -> None:
    lines = []
    for part in range(12):
        for i, (who, text) in enumerate(two_subjects() * 8):
            m = line(part * 64 + i, who, f"{text} {chr(97 + part) * 5}")
            lines.append(replace(m, at=m.at + timedelta(hours=3 * part)))
    threads = grouped(talk(*lines))
    assert max(len(t.event_ids) for t in threads) < 200


def test_an_empty_meeting_has_no_threads() -> None:
    assert grouped(talk()) == ()


def test_a_meeting_of_four_hundred_lines_is_grouped_better_than_by_taking_all_as_one() -> None:
    transcript, gold = meeting("liver")
    ours = {"threads": [{"thread_id": t.thread_id, "event_ids": t.event_ids} for t in grouped(transcript)]}
    one = {"threads": [{"thread_id": "all", "event_ids": [m.event_id for m in transcript.messages]}]}
    score = thread_scores(ours, gold)["thread_one_to_one"]
    assert score > 2 * thread_scores(one, gold)["thread_one_to_one"]
