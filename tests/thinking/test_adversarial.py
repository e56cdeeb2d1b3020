"""Meetings that nobody would hold: what comes out is still sensible, and no part of the work grows with the square of the talk."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from peerplugin.core.draft import compose
from peerplugin.core.model import EventId, Message, Outcome
from peerplugin.core.threads import LONGEST, OVERLAP, join, stretches
from tests.core.talk import line, model, rules, talk

PEOPLE = ("Alma", "Bo", "Cleo", "Dov", "Eve", "Finn", "Gia")
SUBJECTS = (
    "syrup",
    "ferry",
    "garden",
    "violin",
    "bakery",
    "tunnel",
    "walnut",
    "saddle",
    "lantern",
    "pillow",
    "copper",
    "meadow",
    "harbour",
    "ladder",
)
LANGUAGES = (
    "Ich nehme die Tabletten abends mit Wasser", "Je prends les comprimés le soir avec de l'eau", "Tomo las pastillas por la noche", "Prendo le pastiglie la sera",
    "Biorę tabletki wieczorem z wodą", "Ik neem de tabletten 's avonds", "Jeg tager tabletterne om aftenen", "Tabletit otan iltaisin veden kanssa",
    "Я пью таблетки вечером", "我晚上用水吃药", "私は夜に薬を飲みます", "저는 저녁에 약을 먹어요", "أتناول الأقراص مساءً مع الماء", "אני לוקחת את הכדורים בערב",
    "मैं शाम को गोलियाँ लेती हूँ", "ฉันกินยาตอนเย็น", "Ben hapları akşam alıyorum", "Uống thuốc vào buổi tối", "Παίρνω τα χάπια το βράδυ", "Mimi hunywa vidonge jioni",
)  # fmt: skip


def spoken(texts: Sequence[str], people: Sequence[str] = PEOPLE) -> tuple[Message, ...]:
    return tuple(line(k, people[k % len(people)], text) for k, text in enumerate(texts))


def drafted(messages: Sequence[Message]) -> Outcome:
    """The outcome, if it is sensible: every message in one thread at most, every statement of its own thread's messages, numbers in order."""
    outcome = compose(talk(*messages), rules(), model())
    ids = [e for t in outcome.threads for e in t.event_ids]
    assert len(ids) == len(set(ids))
    assert set(ids) <= {m.event_id for m in messages}
    threads = {t.thread_id: set(t.event_ids) for t in outcome.threads}
    for summary in outcome.summaries:
        assert all(set(s.event_ids) <= threads[summary.thread_id] for s in summary.statements)
    return outcome


def subjects(number: int, each: int) -> list[Message]:
    """So many conversations one after another, each about words of its own."""
    lines: list[Message] = []
    known = sorted(word for word in rules().ordinary if len(word) > 6 and word.isalpha())
    for k in range(number):
        words = known[(k + 1) * len(known) // (number + 2)]
        texts = (
            f"does anyone know how the {words} works",
            f"my {words} was fixed with oil",
            f"i keep the {words} dry",
            f"thanks, the {words} it is",
        )
        for n, text in enumerate(texts[:each]):
            m = line(len(lines), PEOPLE[(k + n) % len(PEOPLE)], text)
            lines.append(replace(m, at=m.at + timedelta(minutes=10 * k)))
    return lines


def test_one_word_at_a_time_says_nothing_in_public() -> None:
    outcome = drafted(spoken(["yes", "same", "ok", "thanks", "lol", "hugs", "this", "wow"] * 25))
    assert [s for d in outcome.summaries for s in d.statements if not s.offered] == []


def test_one_speaker_alone_is_withheld() -> None:
    texts = [f"day {k}: I took the tablets with {food} and slept well" for k, food in enumerate(["rice", "soup", "bread", "milk"] * 15)]
    outcome = drafted(spoken(texts, ["Alma"]))
    assert all(summary.withheld for summary in outcome.summaries)


def test_two_hundred_conversations_do_not_fall_into_a_handful() -> None:
    outcome = drafted(subjects(200, 4))
    assert len(outcome.threads) >= 50
    assert max(len(t.event_ids) for t in outcome.threads) <= 160


def test_twenty_languages_do_no_harm() -> None:
    drafted(spoken([*LANGUAGES] * 5))


def test_messages_of_five_thousand_letters_do_no_harm() -> None:
    texts = [
        "I took the tablets with food and then " * 130,
        "x" * 5000,
        "1 2 3 " * 830,
        "why? " * 1000,
        "https://example.org/" + "a" * 4970,
    ]
    drafted(spoken(texts * 4))


@pytest.mark.parametrize("step_s", [0, -7])
def test_all_in_one_second_or_with_clocks_going_backwards(step_s: float) -> None:
    told = [replace(m, at=m.at + timedelta(seconds=(step_s - 20) * k)) for k, m in enumerate(subjects(12, 4))]
    assert sum(len(t.event_ids) for t in drafted(told).threads) >= 40


@pytest.mark.parametrize("n", [0, 1, 2, LONGEST, LONGEST + 1, 3_000, 10_007])
def test_a_long_talk_is_cut_into_stretches_that_cover_it_and_are_never_longer(n: int) -> None:
    spans = stretches(n)
    assert [spans[0][0], spans[-1][1]] == [0, n]
    assert max(stop - start for start, stop in spans) <= LONGEST
    assert all(before[1] - after[0] >= OVERLAP for before, after in itertools.pairwise(spans))
    assert sum(stop - start for start, stop in spans) <= 2 * n


def test_stretches_are_joined_where_their_shared_lines_agree() -> None:
    spans = [(0, 400), (300, 700)]
    first, second = np.arange(400) // 50, np.arange(400) // 50
    label = join(spans, [first, second])
    assert len(set(label.tolist())) == 14
    assert label[299] != label[300] and label[350] == label[399] != label[400]


def test_a_message_that_many_answer_holds_its_answers_together() -> None:
    root = line(0, "Alma", "where do you keep the tablets?")
    answers = [replace(line(k, PEOPLE[k % 6], f"in the {SUBJECTS[k % 14]}"), reply_to=EventId("$0")) for k in range(1, 60)]
    threads = drafted([root, *answers]).threads
    assert len(threads) == 1
