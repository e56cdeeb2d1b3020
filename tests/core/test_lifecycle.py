"""One meeting fact by fact; and a thousand meetings in which anything happens in any order."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from peerplugin.core import lifecycle, publish
from peerplugin.core.effects import AnyEffect, Document, Put, Redact, Say, Think, Withdraw
from peerplugin.core.facts import Closed, ConsentGiven, Gone, Held, Opened, Paused, Refused, Sent, Started, Thought, Unvoted, Withdrawn
from peerplugin.core.model import DocumentId, EventId, Level, Summary
from peerplugin.core.record import Phase, Verdict
from peerplugin.core.review import pruned
from tests.core.scene import ALMA, BO, KEY, MARA, M, Play, a_series, a_statement, a_summary, an_outcome, at, puts, texts, words


def test_the_room_hears_of_start_pause_and_end_until_it_is_not_worth_saying() -> None:
    play = Play()
    opened = Opened(at(0), KEY, play.record.series, play.record.room, MARA, at(75), "")
    effects = play.fact(opened, Paused(at(1), EventId("$p"), True), Paused(at(2), EventId("$q"), False), Closed(at(75), "command"))
    says = [e for e in effects if isinstance(e, Say)]
    assert [(s.text, s.not_after) for s in says] == [
        ("meeting-started", at(75)), ("meeting-paused", at(31)), ("meeting-resumed", at(32)), ("meeting-ended", at(75 + 24 * 60)),
    ]  # fmt: skip
    assert isinstance(effects[-1], Think)
    assert (play.record.phase, play.record.closed_by) == (Phase.THINKING, "command")


def test_a_meeting_is_closed_once_and_thought_about_once() -> None:
    play = Play()
    play.fact(Closed(at(75), "command"))
    assert play.fact(Closed(at(105), "schedule")) == []
    assert play.fact(Thought(at(106), 7, an_outcome())) == []
    play.fact(Thought(at(76), 1, an_outcome(a_summary())))
    assert play.fact(Thought(at(77), 1, an_outcome(a_summary()))) == []
    assert [d.number for d in play.record.drafts] == [1]


def test_a_meeting_without_drafts_is_settled_at_once() -> None:
    play = Play()
    play.fact(Closed(at(75), "silence"))
    assert texts(play.fact(Thought(at(76), 1, an_outcome()))) == ["nothing-drafted"]
    assert play.record.phase is Phase.SETTLED


def test_a_thread_that_says_nothing_is_no_draft() -> None:
    play = Play().drafted(
        a_summary("t1", statements=()), a_summary("t2", statements=(), open_question=True), a_summary("t3", statements=(), withheld="rare")
    )
    assert [(d.number, d.verdict) for d in play.record.drafts] == [(1, Verdict.WAITING), (2, Verdict.WITHHELD)]


def test_what_was_withdrawn_while_we_thought_is_not_in_the_drafts() -> None:
    play = Play()
    play.fact(Closed(at(75), "command"))
    play.gone(2)
    play.fact(Thought(at(76), 1, an_outcome(a_summary())))
    assert M[2] not in {e for s in play.draft().summary.statements for e in s.event_ids}


def test_what_was_edited_before_the_meeting_ended_is_drafted_as_it_finally_stood() -> None:
    play = Play()
    play.gone(2, reason="edited", minutes=20)
    play.drafted()
    assert len(play.draft().summary.statements) == 3


def test_who_opted_out_and_in_again_before_a_redraft_is_in_it() -> None:
    play = Play().drafted()
    play.gone(2, reason="consent")
    play.order("redraft")
    play.fact(Thought(at(90), 2, an_outcome(a_summary())))
    assert len(play.draft(2).summary.statements) == 3


def test_thinking_that_began_under_another_consent_begins_anew() -> None:
    play = Play()
    play.fact(Closed(at(75), "command"))
    [again] = play.fact(ConsentGiven(at(75.5), BO, Level.REPORTED, frozenset({M[2]})))
    assert isinstance(again, Think)
    assert again.round == 2
    assert play.fact(Thought(at(76), 1, an_outcome(a_summary()))) == []
    play.fact(Thought(at(77), 2, an_outcome(a_summary())))
    assert play.record.phase is Phase.REVIEW


def test_draft_numbers_go_on_and_are_never_used_again() -> None:
    play = Play(free=7).drafted(a_summary("t1"), a_summary("t2"))
    play.order("redraft")
    assert texts(play.effects)[-1] == "redrafting"
    play.fact(Thought(at(90), 2, an_outcome(a_summary("t1"), a_summary("t2"))))
    assert [(d.number, d.verdict) for d in play.record.drafts] == [
        (7, Verdict.SUPERSEDED), (8, Verdict.SUPERSEDED), (9, Verdict.WAITING), (10, Verdict.WAITING),
    ]  # fmt: skip
    assert play.free == 11
    assert len({d.document for d in play.record.drafts}) == 4


def test_a_redraft_takes_cards_back_cancels_what_is_in_its_grace_time_and_leaves_what_is_public() -> None:
    play = Play().drafted(
        a_summary("t1"),
        a_summary("t2", statements=(a_statement("One member flew.", 6),), title_sources=(M[6],)),
        a_summary("t3", withheld="rare"),
    )
    play.vote("✅")
    play.deliver(90)
    play.vote("✅", 2, minutes=91)
    effects = play.order("redraft", 92)
    assert len([e for e in effects if isinstance(e, Redact)]) == 1
    assert [d.verdict for d in play.record.drafts] == [Verdict.PUBLISHED, Verdict.SUPERSEDED, Verdict.SUPERSEDED]
    assert texts(play.order("redraft", 93)) == ["not-yet"]
    play.fact(Thought(at(94), 2, an_outcome(a_summary("t1"), a_summary("t2", statements=(a_statement("One member flew.", 6),)))))
    assert [d.number for d in play.record.drafts if d.verdict is Verdict.WAITING] == [4], "what is public already is not drafted twice"
    assert [d.document for d in play.deliver(120)] == []


def test_a_settled_meeting_waits_again_when_something_changes() -> None:
    play = Play().drafted()
    play.vote("✅")
    play.deliver(90)
    assert play.record.phase == "settled"
    play.gone(2)
    assert str(play.record.phase) == "review"
    play.deliver(101)
    assert str(play.record.phase) == "settled"


def test_a_way_that_the_diagram_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="no way from open to settled"):
        lifecycle.moved(Play().record, Phase.SETTLED)


def test_what_we_gave_up_changes_nothing() -> None:
    assert Play().fact(Refused(at(1), "key", "because")) == []


# --- anything, in any order -----------------------------------------------------------------------------------------------------


class World(Play):
    """A play that checks, at every step, what must always hold."""

    def begin(self) -> None:
        self.said: dict[str, AnyEffect] = {}
        self.gone_ids: set[EventId] = set()
        self.unusable: set[EventId] = set()
        self.approved_lines: dict[DocumentId, set[str]] = {}
        self.minute = 80.0
        self.votes: list[EventId] = []
        self.finished: set[str] = set()
        self.in_flight: list[Document] = []
        self.drafted(*self.summaries())

    def summaries(self) -> list[Summary]:
        """What a new look at the transcript gives: nothing of what is gone."""
        second = a_summary("t2", title="Is it safe to fly?", title_sources=(M[6],), voices=(), contributors=3, statements=(
            a_statement("One member flew twice.", 6), a_statement('One member: "never again"', 7, wording="quoted"), a_statement("raw words", 8, offered=True)))  # fmt: skip
        third = a_summary(
            "t3", title="Rare", title_sources=(M[9],), statements=(a_statement("One member is rare.", 9),), withheld="rare", voices=()
        )
        return [pruned(s, frozenset(self.unusable)) for s in (a_summary(), second, third)]

    def fact(self, *facts: object) -> list[AnyEffect]:
        effects = super().fact(*facts)  # type: ignore[arg-type]
        for effect in effects:
            assert self.said.setdefault(effect.key, effect) == effect, f"two effects under {effect.key}"
        numbers = [d.number for d in self.record.drafts]
        assert len(set(numbers)) == len(numbers)
        for draft in self.record.drafts:
            if draft.verdict is Verdict.APPROVED:
                assert any(v.yes and v.revision == draft.revision for v in draft.votes)
                assert not draft.summary.withheld
            shown = {e for s in draft.summary.statements for e in s.event_ids}
            assert draft.verdict is Verdict.SUPERSEDED or not shown & self.gone_ids
        return effects

    # --- what people do -------------------------------------------------------------------------------------------

    def react(self, emoji: str, n: int) -> None:
        cards = [c for d in self.record.drafts for c in (*d.cards, *d.old_cards)]
        if cards:
            self.votes.append(self.vote(emoji, minutes=self.minute, card=cards[n % len(cards)], who=(MARA, ALMA)[n % 2]))

    def unreact(self, n: int) -> None:
        if self.votes:
            self.fact(Unvoted(at(self.minute), self.votes[n % len(self.votes)]))

    def command(self, word: str, n: int) -> None:
        number = (n % len(self.record.drafts)) + 1
        self.order({"approve": f"approve {number}", "reject": f"reject {number}", "title": f"title {number} New title {n}", "drop": f"drop {number}.{n % 4}",
                    "say": f"say {number}.{n % 4} Somebody said {n}", "all": "approve all", "retract": f"retract {number}", "show": f"show {number}",
                    "redraft": "redraft"}[word], self.minute)  # fmt: skip

    def withdraw(self, reason: str, n: int) -> None:
        ids = {M[1 + n % 9], M[1 + n // 9 % 9]}
        self.gone_ids |= ids
        self.unusable |= ids
        self.fact(Withdrawn(at(self.minute), frozenset(ids), reason))  # type: ignore[arg-type]

    def allow(self, level: Level, n: int) -> None:
        self.fact(ConsentGiven(at(self.minute), BO, level, frozenset({M[1 + n % 9]})))

    def show(self) -> None:
        """What was said arrives, in any order."""
        for key, effect in list(self.said.items()):
            if isinstance(effect, Say) and effect.text in ("card", "show", "why") and f"sent:{key}" not in self.finished:
                self.finished.add(f"sent:{key}")
                self.fact(Sent(at(self.minute), key, EventId(f"${key}")))

    def think(self) -> None:
        if self.record.phase is Phase.THINKING:
            self.gone_ids &= self.unusable
            self.fact(Thought(at(self.minute), self.record.round, an_outcome(*self.summaries())))

    # --- what the forum does ----------------------------------------------------------------------------------------

    def work(self, lose_reply: bool) -> None:
        """Everything due, one after the other per document; a lost reply is tried again at the next turn."""
        for key, effect in list(self.said.items()):
            if (
                key in self.finished
                or not isinstance(effect, Put | Withdraw)
                or (effect.not_before and effect.not_before > at(self.minute))
            ):
                continue
            if isinstance(effect, Withdraw):
                self.finished.add(key)
                if effect.document not in {d.document for d in publish.documents(self.record, self.series, words())}:
                    self.fact(Gone(at(self.minute), effect.document))
                continue
            doc = publish.claimed(self.record, effect, self.series, words(), at(self.minute))
            if doc is None:
                self.finished.add(key)
                continue
            self.check(doc)
            self.fact(Started(at(self.minute), doc.document))
            if not lose_reply:
                self.finished.add(key)
                self.done(doc, self.minute)

    def check(self, doc: Document) -> None:
        """Only approved lines, and only fewer of them later on."""
        lines = {
            re.sub(r"\b(Two|Three) members", "N members", line)
            for line in [doc.title, *doc.raw.split("\n")]
            if line.startswith("- ") or line == doc.title
        }
        draft = next((d for d in self.record.drafts if d.document == doc.document), None)
        if draft is None:
            return
        assert draft.verdict in (Verdict.APPROVED, Verdict.PUBLISHED)
        assert "raw words" not in doc.raw
        if draft.public:
            assert {line for line in lines if line.startswith("- ")} <= self.approved_lines[doc.document]
        else:
            assert draft.verdict is Verdict.APPROVED
            assert draft.approved_at is not None
            assert at(self.minute) >= draft.approved_at + (at(5) - at(0))
            self.approved_lines[doc.document] = lines


_N = st.integers(0, 80)
_ACTS = st.one_of(
    st.tuples(st.just("react"), st.sampled_from("✅✅✅❌👀👍"), _N),
    st.tuples(st.just("unreact"), _N),
    st.tuples(
        st.just("command"), st.sampled_from(["approve", "reject", "title", "drop", "say", "all", "all", "retract", "show", "redraft"]), _N
    ),
    st.tuples(st.just("withdraw"), st.sampled_from(["redacted", "edited", "off_record", "consent", "crisis"]), _N),
    st.tuples(st.just("allow"), st.sampled_from(list(Level)), _N),
    st.tuples(st.just("show")),
    st.tuples(st.just("think")),
    st.tuples(st.just("work"), st.booleans()),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(_ACTS, max_size=25), st.sampled_from(["topics", "posts"]))
def test_whatever_happens_only_approved_text_is_public_and_in_the_end_the_forum_holds_what_it_should(
    acts: list[tuple[object, ...]], layout: str
) -> None:
    world = World(series=a_series(layout=layout))
    world.begin()
    for name, *arguments in acts:
        world.minute += 2
        getattr(world, str(name))(*arguments)
    for _ in range(12):
        world.minute += 30
        world.think()
        world.show()
        world.work(lose_reply=False)
    wanted = {d.document: publish.document_digest(d) for d in publish.documents(world.record, world.series, words())}
    assert {k: p.digest for k, p in world.record.publications.items()} == wanted
    waits = any(d.verdict is Verdict.WAITING for d in world.record.drafts)
    assert world.record.phase is (Phase.REVIEW if waits else Phase.SETTLED)
    for draft in world.record.drafts:
        assert draft.shown or draft.verdict is not Verdict.WAITING, "every draft that waits has a card to vote under"


def test_a_fact_that_comes_twice_does_no_harm() -> None:
    play = Play().drafted()
    play.vote("✅")
    play.deliver(90)
    before = play.record
    held = Held(at(91), before.publications[DocumentId(f"{KEY}/t1")])
    assert play.fact(held, held, Started(at(91), DocumentId(f"{KEY}/t1")), Gone(at(92), DocumentId("x/2026-10-07/t9"))) == []
    assert play.record == before
    assert puts(play.fact(Closed(at(93), "silence"))) == []
    assert replace(before) == play.record
