"""What is said, word for word, and what is no longer said because it is no longer true."""

from __future__ import annotations

from dataclasses import replace

import pytest

from peerplugin.core.capture import Kept, transcript
from peerplugin.core.effects import Answer, Say
from peerplugin.core.facts import Closed, Opened, Thought
from peerplugin.core.model import Finding, Level
from peerplugin.core.record import Record
from peerplugin.core.telling import Pages, status_line, tell
from tests.core.scene import ALMA, BO, DESK, KEY, MARA, M, Play, a_series, a_statement, a_summary, an_event, an_outcome, at, words


def told(play: Play, effect: Say | Answer | None = None, text: str = "", **values: str | int) -> str | None:
    rows = [Kept(an_event(BO, f"words {n}", event_id=M[n]), "Bo", False) for n in range(1, 6)]
    rows.append(Kept(an_event(ALMA, ""), "Alma", False, "off_record"))
    pages = Pages(play.record, play.series, lambda: transcript(KEY, rows, default=Level.REPORTED))
    return tell(effect or Say(key="k", meeting=KEY, room=DESK, text=text, values=values), words(), pages)


def test_the_start_says_since_when_until_when_and_how_to_stay_out() -> None:
    play = Play(series=a_series(forum_url="https://forum.example.org/c/liver-spot"))
    assert told(play, text="meeting-started") == (
        "🔴 The meeting is being noted, since 19:00 (Los Angeles). Afterwards a summary without names is drafted, approved by a moderator "
        "and published at https://forum.example.org/c/liver-spot.\n"
        "Start a line with [off], react 🔒 to your own message, or send me `!optout` to stay out.\n"
        "This is Liver Spot, until 20:15."
    )


def test_where_nothing_is_used_by_default_the_start_says_how_to_take_part() -> None:
    play = Play(series=a_series(default_consent=Level.NONE, schedule=None))
    play.record = replace(play.record, ends_at=None, name="Special guest")
    text = told(play, text="meeting-started")
    assert text is not None
    assert "!optin" in text
    assert "(UTC)" in text
    assert text.endswith("This is Special guest.")


def test_the_start_of_a_meeting_that_is_over_is_not_told() -> None:
    play = Play()
    play.fact(Closed(at(75), "command"))
    assert told(play, text="meeting-started") is None


@pytest.mark.parametrize(
    ("reason", "why"), [("command", ""), ("silence", " (nobody has spoken for a while)"), ("schedule", " (the time is over)")]
)
def test_the_end_says_how_much_was_noted_and_left_out(reason: str, why: str) -> None:
    play = Play()
    play.fact(Closed(at(75), reason))  # type: ignore[arg-type]
    assert told(play, text="meeting-ended") == (
        f"⏹ Noted until here{why}. 6 messages, 1 left out at their authors' wish. The summary comes when a moderator has approved it."
    )


def test_the_moderators_hear_what_waits_what_is_withheld_and_what_is_missing() -> None:
    play = Play()
    play.fact(Closed(at(75), "command"))
    outcome = replace(
        an_outcome(a_summary("t1"), a_summary("t2", title="Secret title", withheld="Two members only (fewer than 3).")), gaps=1
    )
    play.fact(Thought(at(76), 1, outcome))
    assert told(play, text="drafted", round=1) == (
        "Liver Spot, 7 October 2026: 1 draft to look at. ✅ publishes 5 minutes later, ❌ does not; `!help` lists what else you can do.\n"
        "#2 withheld: Two members only (fewer than 3). (`!show 2`)\n"
        "A part of the meeting could not be read (1 gap): the drafts may lack something."
    )
    assert told(play, text="drafted", round=2) is None


def test_a_card_is_short_and_holds_all_that_an_approval_is_about() -> None:
    summary = a_summary(
        removed={"name": 1, "day of a procedure": 1},
        findings=(Finding("medicine", (M[4],), "Medicine in 3: carvedilol."),),
        tags=("banding", "varices"),
    )
    play = Play().drafted(replace(summary, statements=(*summary.statements, a_statement("mine put me on it", 5, offered=True))))
    assert told(play, text="card", number=1, revision=1) == (
        "#1 · Does variceal banding hurt?    (4 members, 5 messages)\n"
        "1 One member had five rounds.\n"
        "2 Three members ate soft food for three days.\n"
        "3 One member was also given carvedilol.\n"
        "4 mine put me on it   ← not worded, will not be published: !say 1.4 …\n"
        "Tags: banding, varices\n"
        "Removed: day of a procedure ×1, name ×1.\n"
        "Look: Medicine in 3: carvedilol.\n"
        "✅ publish   ❌ no   👀 sources   (liver-spot/2026-10-07/t1)"
    )


def test_a_card_says_what_is_missing_and_why_it_asks_again() -> None:
    summary = a_summary(
        title="",
        tags=(),
        contributors=1,
        messages=1,
        statements=(a_statement("raw", 2, 3, offered=True), a_statement("raw", 4, offered=True)),
    )
    play = Play().drafted(summary)
    play.gone(4, reason="edited")
    assert told(play, text="card", number=1, revision=1) is None
    text = told(play, text="card", number=1, revision=2)
    assert text is not None
    assert "(no title: give one by !title 1 …)    (1 member, 1 message)" in text
    assert "Changed since it was last shown: a source was edited. Any earlier vote no longer counts." in text
    assert "Nothing here can be published before it is worded." in text


def test_the_card_of_an_open_question_says_so_and_the_card_of_no_draft_is_not_told() -> None:
    play = Play().drafted(a_summary(open_question=True, statements=()))
    assert "An open question: nobody there had an answer." in str(told(play, text="card", number=1, revision=1))
    assert told(play, text="card", number=9, revision=1) is None


def test_a_card_is_told_to_those_who_voted_before_they_saw_it_and_not_once_it_is_public() -> None:
    play = Play().drafted()
    play.order("reject 1")
    assert told(play, text="card", number=1, revision=1) is not None
    play.order("approve 1")
    play.deliver(90)
    assert told(play, text="card", number=1, revision=1) is None


def test_show_gives_the_post_as_it_would_stand_or_why_it_is_withheld() -> None:
    play = Play().drafted(a_summary("t1"), a_summary("t2", withheld="rare"))
    shown = told(play, text="show", number=1, statement=0)
    assert shown is not None
    assert shown.startswith("#1 Does variceal banding hurt?\n")
    assert "- One member had five rounds." in shown
    assert "Withheld: rare" in str(told(play, text="show", number=2, statement=0))
    assert told(play, text="show", number=9, statement=0) is None


def test_why_numbers_the_messages_through_the_draft_and_quotes_only_what_may_still_be_used() -> None:
    play = Play().drafted(a_summary(statements=(*a_summary().statements, a_statement("Gone.", 9))))
    assert told(play, text="why", number=1, statement=0) == (
        '1.1 rests on:\n1.m1 "words 2"\n1.2 rests on:\n1.m2 "words 3"\n1.m3 "words 4"\n1.m4 "words 5"\n1.3 rests on:\n1.m3 "words 4"\n'
        "1.4 rests on:\nmessages that are no longer stored"
    )
    assert told(play, text="why", number=1, statement=2) == '1.2 rests on:\n1.m2 "words 3"\n1.m3 "words 4"\n1.m4 "words 5"'
    assert told(play, text="why", number=1, statement=9) == "#1 has no such statement."
    assert told(play, text="why", number=7, statement=0) is None


def test_the_state_of_a_meeting_is_one_line_without_a_word_of_anybodys() -> None:
    play = Play().drafted(a_summary("t1"), a_summary("t2"), a_summary("t3", withheld="rare"))
    play.vote("✅")
    play.deliver(90)
    line = "captured 40 (gap: none), left out 0, drafts 2, withheld 1, approved 1, rejected 0, published 1, retracted 0, waiting 1"
    assert told(play, text="status") == f"Liver Spot: {line}"
    assert status_line(play.record, 3) == f"{line}, unsent 3"
    assert "gap: 2" in status_line(replace(play.record, gaps=2))


def test_an_answer_needs_no_meeting() -> None:
    assert tell(Answer(key="a", user=ALMA, text="consent-none", values={"series": "Liver Spot"}), words(), None) == (
        "Done (Liver Spot). Nothing you wrote, before or after now, will be used. `!optin` undoes it."
    )


def test_every_text_that_a_step_says_can_be_filled() -> None:
    play = Play()
    play.fact(Opened(at(0), KEY, play.record.series, play.record.room, MARA, at(75), ""))
    began: Record = play.record
    play.drafted(a_summary("t1"), a_summary("t2", withheld="rare"), a_summary("t3"))
    play.vote("❌", 3)
    for line in (
        "why 1",
        "show 1",
        "show 2",
        "status",
        "approve 9",
        "title 1",
        "drop 1.7",
        "say 2.1 x",
        "retract 1",
        "approve 1",
        "redraft",
        "redraft",
    ):
        play.order(line)
    for effect in play.effects:
        if isinstance(effect, Say):
            pages = play if effect.text != "meeting-started" else replace(play, record=began)
            text = told(pages, effect)
            assert text is None or text.strip(), effect.text
