"""Statements rest on messages, follow consent, and say nothing that should stay in the room."""

from __future__ import annotations

from dataclasses import replace

import pytest

from peerplugin.core.draft import compose
from peerplugin.core.model import EventId, Level, Message, Statement, Summary, Transcript
from peerplugin.core.roles import section_of, sentences
from tests.core.talk import line, model, rules, talk

SAID = [
    ("Alma", "does variceal banding hurt, and what can I eat afterwards?"),
    ("Bo", "I had five rounds of banding under sedation, three weeks apart"),
    ("Cleo", "my surgeon said only soft food for three days after the banding"),
    ("Dov", "eat soup and yogurt after the banding and nothing hot"),
    ("Eve", "I was afraid of the banding for weeks, and it was nothing"),
    ("Bo", "the banding left an ache behind my breastbone for two days"),
]


def lines(*changes: tuple[int, dict[str, object]]) -> list[Message]:
    made = [line(i, who, text, reply_to=EventId("$0") if i else None) for i, (who, text) in enumerate(SAID)]
    for at, change in changes:
        made[at] = replace(made[at], **change)  # type: ignore[arg-type]
    return made


def only(transcript: Transcript) -> Summary:
    (summary,) = compose(transcript, rules(), model()).summaries
    return summary


def told(summary: Summary) -> list[Statement]:
    return [s for s in summary.statements if not s.offered]


def citing(summary: Summary, number: int) -> list[Statement]:
    return [s for s in told(summary) if EventId(f"${number}") in s.event_ids]


def test_a_thread_becomes_its_question_and_statements_with_their_sources() -> None:
    summary = only(talk(*lines()))
    assert summary.title == "Does variceal banding hurt, and what can you eat afterwards?"
    assert summary.title_sources == ("$0",)
    assert summary.contributors == 5
    (experience,) = citing(summary, 1)
    assert experience.text.startswith("One member had five rounds of banding under sedation, they say, three weeks apart.")
    assert [s.section for s in citing(summary, 2)] == ["doctor"]
    assert [s.section for s in citing(summary, 3)] == ["suggestion"]
    assert all(s.event_ids for s in told(summary))


def test_statements_are_read_section_by_section() -> None:
    order = [rules().sections.index(s.section) for s in told(only(talk(*lines())))]
    assert order == sorted(order)


def test_a_member_without_consent_is_not_used() -> None:
    summary = only(talk(*lines((1, {"level": Level.NONE}), (5, {"level": Level.NONE}))))
    assert citing(summary, 1) == citing(summary, 5) == []
    assert summary.contributors == 4


def test_a_counted_member_only_adds_to_a_number() -> None:
    same = line(6, "Gus", "my surgeon said only soft food for three days after the banding", reply_to=EventId("$0"), level=Level.COUNTED)
    other = line(7, "Hal", "the tulips on my balcony needed water during the operation", reply_to=EventId("$0"), level=Level.COUNTED)
    made = lines((2, {"text": "i was told to eat only soft food for three days after the banding"}))
    summary = only(talk(*made, replace(same, text=made[2].text), other))
    (statement,) = citing(summary, 2)
    assert statement.text.startswith("Two members were told")
    assert (statement.wording, statement.contributors, statement.event_ids) == ("counted", 2, ("$2", "$6"))
    assert citing(summary, 7) == []
    assert not any("tulips" in s.text for s in summary.statements)


def test_who_may_be_quoted_is_quoted_only_where_no_other_words_were_found() -> None:
    odd = "banding felt like swallowing a rather large and very slow moving corn chip sideways"
    reported = only(talk(*lines((5, {"text": odd}))))
    quoted = only(talk(*lines((5, {"text": odd, "level": Level.QUOTED}))))
    assert citing(reported, 5) == [] or all(odd not in s.text for s in citing(reported, 5))
    assert all(s.wording in {"quoted", "reported"} for s in citing(quoted, 5))


def test_a_sentence_that_could_not_be_worded_is_offered_and_has_no_name_in_it() -> None:
    summary = only(talk(*lines((3, {"text": "it was fine for him when Zwingelspan clinic did the banding with 5 mg midazolam"}))))
    assert citing(summary, 3) == []
    assert any(s.offered and EventId("$3") in s.event_ids for s in summary.statements)


def test_a_thread_of_two_is_withheld_and_says_why() -> None:
    two = [replace(m, sender=lines()[0].sender if i % 2 == 0 else lines()[1].sender) for i, m in enumerate(lines())]
    assert only(talk(*two)).withheld == "Only 2 people took part (fewer than 3)."


def test_a_question_that_nobody_answered_is_an_open_one() -> None:
    made = [
        line(0, "Alma", "is it safe to fly with large varices?"), line(1, "Bo", "not me, anyone?", reply_to=EventId("$0")),
        line(2, "Alma", "I will ask again next week", reply_to=EventId("$0")),
    ]  # fmt: skip
    summary = only(talk(*made))
    assert summary.open_question
    assert not summary.withheld
    assert "open-question" in summary.tags
    assert [(s.section, s.event_ids) for s in summary.statements] == [("open", ("$0",))]


def test_greetings_make_no_draft() -> None:
    assert (
        compose(
            talk(*[line(i, who, "good evening all") for i, who in enumerate(["Alma", "Bo", "Cleo", "Dov"] * 5)]), rules(), model()
        ).summaries
        == ()
    )


def test_a_joke_that_was_taken_back_is_not_told() -> None:
    made = [
        *lines(),
        line(6, "Gus", "I cured my varices with a belt sander on Sundays", reply_to=EventId("$0")),
        line(7, "Gus", "just joking", reply_to=EventId("$0")),
    ]
    assert citing(only(talk(*made)), 6) == []


def test_a_long_thread_is_cut_to_what_a_reader_will_read() -> None:
    facts = [line(i, f"P{i % 9}", f"I had banding number {i} and the {word} hurt for {i} days", reply_to=EventId("$0")) for i, word in enumerate(
        "throat neck jaw chest belly back arm hand knee foot ankle elbow wrist thumb finger nose ear eye hip shin".split(), 10)]  # fmt: skip
    assert len(told(only(talk(*lines(), *facts)))) <= rules().max_statements


@pytest.mark.parametrize(
    ("reported", "source", "section"),
    [
        ("One member's advice: rest.", "rest", "suggestion"), ("One member's doctor said no.", "my doctor said no", "doctor"),
        ("One member was afraid for weeks.", "i was afraid for weeks", "emotion"), ("One member slept badly.", "i slept badly", "experience"),
        ("According to one member, salt hides in bread.", "salt hides in bread", "suggestion"),
    ],
)  # fmt: skip
def test_sentences_are_told_under_the_heading_they_belong_to(reported: str, source: str, section: str) -> None:
    assert section_of(reported, source) == section


def test_a_message_is_cut_into_sentences_and_not_at_titles_or_decimals() -> None:
    assert sentences("Dr. Pell said 2.5 mg. It helped! now i sleep") == ["Dr. Pell said 2.5 mg.", "It helped!", "now i sleep"]
