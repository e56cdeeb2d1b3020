"""Votes and orders count for exactly one revision; what is withdrawn takes with it what rests on it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from peerplugin.core import review
from peerplugin.core.effects import AnyEffect, React, Redact, Say
from peerplugin.core.facts import ConsentGiven, Sent, Voted
from peerplugin.core.model import EventId, Finding, Level, MeetingKey
from peerplugin.core.record import Verdict
from tests.core.scene import ALMA, BO, CLEO, MARA, M, Play, a_statement, a_summary, at, puts, texts


def said(effects: list[AnyEffect]) -> list[Say]:
    return [e for e in effects if isinstance(e, Say)]


# --- cards and votes --------------------------------------------------------------------------------------------------------


def test_each_draft_gets_a_card_and_under_it_the_two_emojis() -> None:
    play = Play().drafted(a_summary("t1"), a_summary("t2"), a_summary("t3", withheld="two members only"))
    cards = [e for e in play.effects if isinstance(e, Say) and e.text == "card"]
    assert [c.values for c in cards] == [{"number": 1, "revision": 1}, {"number": 2, "revision": 1}]
    reacts = [(e.event_id, e.emoji) for e in play.effects if isinstance(e, React)]
    assert reacts == [(play.card(n), emoji) for n in (1, 2) for emoji in ("✅", "❌")]


def test_a_yes_approves_and_a_no_of_anybody_rejects() -> None:
    play = Play().drafted()
    play.vote("✅", who=MARA)
    assert play.draft().verdict is Verdict.APPROVED
    no = play.vote("❌", who=BO)
    assert play.draft().verdict is Verdict.REJECTED
    play.unvote(no)
    assert (play.draft().verdict, play.draft().approved_at) == (Verdict.APPROVED, at(82))


def test_who_decided_what_and_when_is_kept_without_a_word_of_the_text() -> None:
    play = Play().drafted()
    play.vote("✅")
    play.order("reject 1 too thin", 81)
    kept = [(d.number, d.verdict, d.actor, d.desk, d.at, d.reason) for d in play.record.decisions]
    assert kept == [(1, Verdict.APPROVED, MARA, "reaction", at(80), ""), (1, Verdict.REJECTED, MARA, "command", at(81), "too thin")]
    assert {d.revision_hash for d in play.record.decisions} == {play.draft().revision_hash}


def test_the_same_moderators_second_vote_takes_the_place_of_the_first() -> None:
    play = Play().drafted()
    play.vote("❌")
    play.vote("✅", minutes=81)
    assert play.draft().verdict is Verdict.APPROVED
    assert len(play.draft().votes) == 1


def test_another_moderators_second_yes_does_not_begin_the_grace_time_anew() -> None:
    play = Play().drafted()
    play.vote("✅")
    play.vote("✅", who=BO, minutes=84)
    assert play.draft().approved_at == at(80)


def test_another_emoji_is_no_vote_and_eyes_ask_for_the_sources() -> None:
    play = Play().drafted()
    play.vote("👍")
    assert play.draft().votes == ()
    play.vote("👀")
    assert texts(play.effects)[-1] == "why"
    assert play.draft().verdict is Verdict.WAITING


def test_a_vote_under_an_older_card_is_refused_with_a_sentence_even_after_that_card_was_taken_back() -> None:
    play = Play().drafted()
    old = play.card()
    play.show_cards(play.order("title 1 Is banding painful?"))
    assert [e.event_id for e in play.effects if isinstance(e, Redact)] == [old]
    effects = play.fact(Voted(at(90), EventId("$late"), MARA, old, "✅"))
    assert play.draft().verdict is Verdict.WAITING
    [answer] = said(effects)
    assert (answer.text, answer.values) == ("vote-stale", {"number": 1, "shown": 1, "why": "a moderator changed it"})
    play.vote("✅")
    assert play.draft().verdict is Verdict.APPROVED


def test_a_vote_that_is_taken_away_in_time_cancels_and_too_late_is_told() -> None:
    play = Play().drafted()
    vote = play.vote("✅")
    play.unvote(vote)
    assert play.draft().verdict is Verdict.WAITING
    again = play.vote("✅", minutes=83)
    play.deliver(90)
    effects = play.unvote(again, 91)
    assert texts(effects) == ["already-decided"]
    assert play.draft().verdict is Verdict.PUBLISHED
    assert play.unvote(EventId("$unknown")) == []


def test_after_publication_votes_and_orders_change_nothing() -> None:
    play = Play().drafted()
    vote = play.vote("✅")
    play.deliver(90)
    before = play.record.drafts
    assert vote
    play.vote("❌", minutes=91)
    for line in ("reject 1", "approve 1", "title 1 Other", "drop 1.1", "say 1.1 other"):
        assert texts(play.order(line, 92)) == ["already-decided"], line
    assert play.record.drafts == before


def test_a_vote_under_what_is_no_card_of_this_meeting_is_ignored() -> None:
    play = Play().drafted()
    assert play.fact(Voted(at(80), EventId("$v"), MARA, EventId("$other"), "✅")) == []


# --- orders -----------------------------------------------------------------------------------------------------------------


def test_a_command_approves_only_what_has_been_shown() -> None:
    play = Play().drafted(show=False)
    assert texts(play.order("approve 1")) == ["not-shown"]
    play.order("approve all")
    assert play.draft().verdict is Verdict.WAITING
    play.show_cards(play.effects)
    play.order("approve 1")
    assert play.draft().verdict is Verdict.APPROVED


def test_an_approval_that_crosses_an_edit_does_not_count_for_the_text_nobody_saw() -> None:
    play = Play().drafted()
    effects = play.gone(2, reason="edited", minutes=79)
    assert texts(play.order("approve 1")) == ["not-shown"]
    assert texts(play.order("approve all")) == []
    assert play.draft().verdict is Verdict.WAITING
    play.show_cards(effects)
    play.order("approve all")
    assert play.draft().verdict is Verdict.APPROVED


def test_approving_all_approves_what_waits_and_can_be_published() -> None:
    offered = a_summary("t2", statements=(a_statement("raw", 2, offered=True),))
    play = Play().drafted(a_summary("t1"), offered, a_summary("t3"), a_summary("t4", withheld="rare"))
    play.vote("❌", 3)
    play.order("approve all")
    assert [d.verdict for d in play.record.drafts] == [Verdict.APPROVED, Verdict.WAITING, Verdict.REJECTED, Verdict.WITHHELD]


def test_a_withheld_draft_is_never_approved_whatever_is_said() -> None:
    play = Play().drafted(a_summary(withheld="two members only"))
    for line in ("approve 1", "approve all", "title 1 x", "say 1.1 x", "drop 1.1", "reject 1"):
        play.order(line)
    assert play.draft().verdict is Verdict.WITHHELD
    assert puts(play.effects) == []
    play.record = replace(play.record, drafts=(replace(play.draft(), cards={EventId("$forged"): 1}),))
    play.vote("✅", card=EventId("$forged"))
    assert play.draft().verdict is Verdict.WITHHELD


def test_what_is_not_worded_cannot_be_approved_until_it_is_said() -> None:
    play = Play().drafted(a_summary(statements=(a_statement("mine put me on it", 2, offered=True),)))
    assert texts(play.order("approve 1")) == ["nothing-to-publish"]
    play.show_cards(play.order("say 1.1  One member\nwas put on it. "))
    statement = play.draft().summary.statements[0]
    assert (statement.text, statement.wording, statement.offered, statement.event_ids) == (
        "One member was put on it.",
        "reported",
        False,
        (M[2],),
    )
    play.vote("✅")
    assert play.draft().verdict is Verdict.APPROVED


def test_title_drop_and_say_make_a_new_revision_that_asks_again() -> None:
    play = Play().drafted()
    for n, line in enumerate(("title 1 Is it painful?", "drop 1.3", "say #1.1 One member had many rounds."), 1):
        play.vote("✅")
        play.show_cards(play.order(line))
        draft = play.draft()
        assert (draft.revision, draft.verdict, draft.approved_at) == (n + 1, Verdict.WAITING, None), line
    assert play.draft().summary.title == "Is it painful?"
    assert [s.text for s in play.draft().summary.statements] == [
        "One member had many rounds.",
        "Three members ate soft food for three days.",
    ]


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("title 1", "which-text"), ("drop 1", "no-such-statement"), ("drop 1.9", "no-such-statement"), ("drop 1.0", "no-such-statement"), ("drop 1.m1", "no-such-statement"),
        ("say 1.1", "no-such-statement"), ("say 1 text", "no-such-statement"), ("show 1", "show"), ("why 1.2", "why"), ("status", "status"), ("retract 1", "not-public"),
        ("show 7", "no-such-draft"), ("reject nonsense", "no-such-draft"),
    ],
)  # fmt: skip
def test_an_order_that_cannot_be_done_or_asks_something_is_answered(line: str, answer: str) -> None:
    play = Play().drafted()
    before = play.record.drafts
    assert texts(play.order(line)) == [answer]
    assert play.record.drafts == before


def test_retracting_takes_it_out_of_the_forum_once_and_for_all() -> None:
    play = Play().drafted()
    play.vote("✅")
    play.deliver(90)
    assert texts(play.order("retract 1 too personal", 91)) == ["retracted"]
    play.deliver(92)
    assert play.record.publications == {}
    assert play.draft().verdict is Verdict.RETRACTED
    assert play.record.decisions[-1].reason == "too personal"
    assert texts(play.order("retract 1", 93)) == ["already-decided"]
    assert len(play.record.decisions) == 2


def test_two_answers_to_one_command_have_two_keys() -> None:
    one, two = (
        review._say(play.record, play.series.management_room, EventId("$c"), "already-decided", number=n)
        for n, play in ((1, Play()), (2, Play()))
    )
    assert one.key != two.key


# --- what is withdrawn --------------------------------------------------------------------------------------------------------


def test_a_redaction_voids_an_approval_and_asks_again_for_what_is_left() -> None:
    play = Play().drafted()
    play.vote("✅")
    effects = play.gone(2)
    draft = play.draft()
    assert (draft.verdict, draft.revision, draft.why_again) == (Verdict.WAITING, 2, "withdrawn")
    assert [e.values for e in said(effects)] == [{"number": 1, "revision": 2}]
    assert [s.event_ids for s in draft.summary.statements] == [(M[3], M[4], M[5]), (M[4],)]
    assert "@" not in "".join(play.record.asked)


def test_an_edit_of_a_source_asks_again_and_says_why() -> None:
    play = Play().drafted()
    play.gone(2, reason="edited")
    assert play.draft().why_again == "edited"


def test_a_count_falls_with_its_members_and_below_two_it_goes() -> None:
    summary = a_summary()
    fewer = review.pruned(summary, frozenset({M[5]}))
    counted = fewer.statements[1]
    assert (counted.text, counted.contributors, counted.event_ids) == ("Two members ate soft food for three days.", 2, (M[3], M[4]))
    assert (fewer.contributors, fewer.messages) == (3, 4)
    assert [s.wording for s in review.pruned(summary, frozenset({M[4], M[5]})).statements] == ["reported"]


def test_a_count_goes_with_the_member_whose_words_it_uses() -> None:
    assert [s.event_ids for s in review.pruned(a_summary(), frozenset({M[3]})).statements] == [(M[2],), (M[4],)]


def test_two_messages_of_one_member_are_one_member() -> None:
    statement = a_statement("Three members had an ache.", 2, 3, 4, 5, wording="counted", contributors=3)
    left = review.pruned(a_summary(statements=(statement,)), frozenset({M[4]})).statements[0]
    assert (left.contributors, left.text) == (2, "Two members had an ache.")
    assert review.pruned(a_summary(statements=(statement,)), frozenset({M[4], M[5]})).statements == ()
    both = replace(statement, text="Two members had an ache.", event_ids=(M[4], M[2], M[3]), contributors=2)
    assert review.pruned(a_summary(statements=(both,)), frozenset({M[3]})).statements == (replace(both, event_ids=(M[4], M[2])),)


def test_a_count_whose_number_cannot_be_corrected_goes() -> None:
    statement = a_statement("Several had an ache.", 2, 4, 5, wording="counted", contributors=3)
    assert review.pruned(a_summary(statements=(statement,)), frozenset({M[5]})).statements == ()


def test_without_voices_messages_are_counted() -> None:
    fewer = review.pruned(a_summary(voices=()), frozenset({M[5]}))
    assert (fewer.contributors, fewer.messages, fewer.statements[1].contributors) == (4, 5, 2)


def test_a_title_goes_with_its_source_and_the_open_question_with_the_title() -> None:
    summary = a_summary(open_question=True, findings=(Finding("dose", (M[1],), "x"), Finding("dose", (M[2],), "y")))
    fewer = review.pruned(summary, frozenset({M[1]}))
    assert (fewer.title, fewer.title_sources, fewer.open_question) == ("", (), False)
    assert [f.note for f in fewer.findings] == ["y"]
    assert review.pruned(summary, frozenset({M[19]})) == summary


def test_a_draft_of_which_nothing_is_left_makes_way_without_a_card() -> None:
    play = Play().drafted()
    effects = play.gone(1, 2, 3, 4, 5)
    assert play.draft().verdict is Verdict.SUPERSEDED
    assert texts(effects) == []
    assert [type(e).__name__ for e in effects] == ["Redact"]


def test_a_withheld_draft_shrinks_and_stays_withheld() -> None:
    play = Play().drafted(a_summary(withheld="rare"))
    play.gone(2)
    assert (play.draft().verdict, len(play.draft().summary.statements)) == (Verdict.WITHHELD, 2)


def test_what_is_public_follows_without_asking_and_its_card_is_taken_back() -> None:
    play = Play().drafted()
    play.vote("✅")
    play.deliver(90)
    card = play.card()
    effects = play.gone(2)
    assert play.draft().verdict is Verdict.PUBLISHED
    assert texts(effects) == []
    assert [e.event_id for e in effects if isinstance(e, Redact)] == [card]
    assert {p.document for p in puts(effects)} == {play.draft().document}


def test_a_lower_consent_takes_only_what_it_no_longer_allows() -> None:
    quoted = a_statement('One member: "never again"', 2, wording="quoted")
    play = Play().drafted(a_summary(statements=(quoted, *a_summary().statements)))
    play.vote("✅")
    play.fact(ConsentGiven(at(81), BO, Level.REPORTED, frozenset({M[2], M[3]})))
    assert [s.wording for s in play.draft().summary.statements] == ["reported", "counted", "reported"]
    assert play.draft().verdict is Verdict.WAITING
    play.fact(ConsentGiven(at(82), CLEO, Level.QUOTED, frozenset({M[4]})))
    assert play.draft().revision == 2
    play.fact(ConsentGiven(at(82), CLEO, Level.COUNTED, frozenset({M[4]})))
    assert [s.wording for s in play.draft().summary.statements] == ["reported", "counted"]
    play.fact(ConsentGiven(at(83), ALMA, Level.NONE, frozenset({M[3]})))
    assert [s.wording for s in play.draft().summary.statements] == ["reported"]


def test_answers_that_quote_members_are_taken_back_with_the_first_withdrawal() -> None:
    play = Play().drafted()
    [shown] = said(play.order("show 1"))
    play.fact(Sent(at(80), shown.key, EventId("$shown")))
    assert [e.event_id for e in play.gone(19) if isinstance(e, Redact)] == ["$shown"]
    assert [e for e in play.gone(18) if isinstance(e, Redact)] == []


def test_an_answer_that_was_on_its_way_while_something_was_withdrawn_is_taken_back_as_it_arrives() -> None:
    play = Play().drafted()
    [shown] = said(play.order("why 1"))
    play.gone(19, reason="edited")
    play.gone(19, reason="edited")
    effects = play.fact(Sent(at(80), shown.key, EventId("$shown")))
    assert [e.event_id for e in effects if isinstance(e, Redact)] == ["$shown"]


def test_a_card_that_arrives_after_its_text_changed_is_taken_back_and_gets_no_emojis() -> None:
    play = Play().drafted(show=False)
    [card] = [e for e in play.effects if isinstance(e, Say) and e.text == "card"]
    play.gone(2)
    effects = play.fact(Sent(at(80), card.key, EventId("$old")))
    assert [type(e).__name__ for e in effects] == ["Redact"]


def test_a_receipt_of_something_else_is_no_card() -> None:
    play = Play().drafted()
    other = replace(play.record, key=MeetingKey("liver-spot/2026-09-30"))
    assert review.card_sent(play.record, Sent(at(80), "drafted:x", EventId("$x")), play.series.management_room) == (play.record, ())
    key = f"card:{play.record.key}:1:1"
    assert review.card_sent(other, Sent(at(80), key, EventId("$x")), play.series.management_room) == (other, ())
