"""The evidence gate: what a statement may say of the messages it cites."""

from __future__ import annotations

import pytest

from peerplugin.core.evidence import Source, reasons
from tests.core.talk import rules

TERMS = rules().terms


def why(text: str, *said: str | tuple[str, str]) -> tuple[str, ...]:
    sources = [Source(s, f"member {n}") if isinstance(s, str) else Source(s[1], s[0]) for n, s in enumerate(said)]
    return reasons(text, sources, TERMS)


NIGHT = "I take 20 mg of prednisone at night and my knee is calmer"


def test_what_was_said_is_accepted() -> None:
    assert why("One member takes 20 mg of prednisone at night; says their knee is calmer", NIGHT) == ()


def test_a_statement_without_sources_is_refused() -> None:
    assert why("One member takes it at night") == ("it cites no message",)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("One member takes 40 mg of prednisone at night; their knee is calmer", "the dose 40 mg is in none of the cited messages"),
        (
            "One member takes 20 mg of methotrexate at night; their knee is calmer",
            "the medicine methotrexate is in none of the cited messages",
        ),
        ("One member takes 20 mg of prednisone at night; their elbow is calmer", "the body part elbow is in none of the cited messages"),
        ("Two members take 20 mg of prednisone at night", "it speaks of 2 members, and 1 wrote what it cites"),
        ("One member takes 20 mg of prednisone at night; the knee is not calmer", "it denies what the cited messages affirm"),
    ],
)
def test_a_changed_fact_is_refused_with_its_reason(text: str, reason: str) -> None:
    assert reason in why(text, NIGHT)


def test_one_member_who_writes_twice_is_one() -> None:
    said = ("ana", "ice packs help my knee"), ("ana", "ice packs again helped my knee")
    assert why("Two members say ice packs help the knee", *said) == ("it speaks of 2 members, and 1 wrote what it cites",)
