"""The outbox: once each, in order per target, never too late."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peerplugin.core.effects import AnyEffect, Put, Redact, Say, Think, Withdraw
from peerplugin.core.model import DocumentId, EventId, MeetingKey, RoomId
from peerplugin.store import Store, Tx
from peerplugin.store.outbox import REPEATABLE_FOR

NOW = datetime(2026, 10, 7, 19, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ROOM = RoomId("!liver:example.org")
DESK = RoomId("!desk:example.org")
BANDING = DocumentId("liver-spot/2026-10-07/t8")
WEDNESDAY = MeetingKey("liver-spot/2026-10-07")
MATRIX = frozenset({"Say", "Answer", "React", "Redact", "Join"})
FORUM = frozenset({"Put", "Withdraw"})
ALL = MATRIX | FORUM | {"Think"}


def say(key: str, room: RoomId = ROOM, not_before: datetime | None = None, not_after: datetime | None = None) -> Say:
    return Say(key=key, room=room, text="opened", values={"messages": 412}, not_before=not_before, not_after=not_after)


def claim(tx: Tx, now: datetime = NOW, kinds: frozenset[str] = ALL) -> str | None:
    claimed = tx.claim(now, kinds)
    return None if claimed is None else claimed.effect.key


def claim_all(tx: Tx, now: datetime = NOW) -> list[str]:
    keys: list[str] = []
    while (key := claim(tx, now)) is not None:
        keys.append(key)
    return keys


# --- claiming -------------------------------------------------------------------------------------------------------


def test_effects_of_one_target_are_claimed_one_after_the_other(store: Store) -> None:
    with store.transaction() as tx:
        tx.add_effects([say("1"), say("2"), say("a", DESK)], NOW)
        assert claim_all(tx) == ["1", "a"]
        assert tx.finish("1", "done", event_id=EventId("$1"))
        assert claim_all(tx) == ["2"]


def test_a_claim_carries_the_effect_and_counts_its_tries_from_the_first(store: Store) -> None:
    with store.transaction() as tx:
        tx.add_effects([say("1")], NOW)
        first = tx.claim(NOW, ALL)
        tx.retry("1", NOW + MINUTE, "the homeserver answered 502")
        second = tx.claim(NOW + MINUTE, ALL)
    assert first is not None
    assert second is not None
    assert (first.effect, first.attempts, first.first_tried_at, first.known_receipt) == (say("1"), 1, NOW, None)
    assert (second.effect, second.attempts, second.first_tried_at) == (say("1"), 2, NOW)


def test_a_key_that_was_decided_before_is_left_as_it_is(store: Store) -> None:
    with store.transaction() as tx:
        assert tx.add_effects([say("1"), say("2", DESK)], NOW) == ("1", "2")
        tx.finish("2", "done")
        assert tx.add_effects([say("1", DESK), say("2"), say("3")], NOW) == ("3",)
        assert claim_all(tx) == ["1"]


def test_a_worker_is_given_only_what_it_can_perform(store: Store) -> None:
    with store.transaction() as tx:
        tx.add_effects([say("1"), Put(key="2", document=BANDING), Think(key="3", meeting=WEDNESDAY)], NOW)
        assert claim(tx, kinds=FORUM) == "2"
        assert claim(tx, kinds=FORUM) is None
        assert claim(tx, kinds=frozenset({"Think"})) == "3"
        assert claim(tx, kinds=MATRIX) == "1"


def test_a_back_off_holds_up_its_target_and_no_other(store: Store) -> None:
    with store.transaction() as tx:
        tx.add_effects([say("1"), say("2"), say("a", DESK)], NOW)
        claim(tx)
        tx.retry("1", NOW + 5 * MINUTE, "slow down")
        assert claim_all(tx) == ["a"]
        assert claim_all(tx, NOW + 5 * MINUTE) == ["1"]


def test_what_is_for_later_holds_nobody_up(store: Store) -> None:
    with store.transaction() as tx:
        tx.add_effects([say("tomorrow", not_before=NOW + timedelta(days=1)), say("now")], NOW)
        assert claim_all(tx) == ["now"]
        tx.finish("now", "done")
        assert claim_all(tx, NOW + timedelta(days=1)) == ["tomorrow"]


def test_hurry_ends_the_back_off_of_one_target(store: Store) -> None:
    with store.transaction() as tx:
        tx.add_effects([Put(key="1", document=BANDING), say("a", DESK)], NOW)
        claim_all(tx)
        tx.retry("1", NOW + timedelta(hours=1), "the forum is read-only")
        tx.retry("a", NOW + timedelta(hours=1), "the homeserver is away")
        tx.add_effects([Withdraw(key="2", document=BANDING)], NOW)
        tx.hurry(f"forum:{BANDING}", NOW + MINUTE)
        assert claim_all(tx, NOW + MINUTE) == ["1"]
        tx.finish("1", "dropped", "withdrawn before it was there")
        assert claim_all(tx, NOW + MINUTE) == ["2"]


def test_taking_a_message_back_never_waits_for_what_is_still_to_be_said(store: Store) -> None:
    with store.transaction() as tx:
        tx.add_effects([say("1")], NOW)
        claim(tx)
        tx.add_effects([Redact(key="2", room=ROOM, event_id=EventId("$card"))], NOW)
        assert claim(tx) == "2"


# --- too late -------------------------------------------------------------------------------------------------------


def test_taking_a_document_back_overtakes_a_put_that_waits_but_none_that_is_under_way(store: Store) -> None:
    put, withdraw = Put(key="put", document=DocumentId("d/1")), Withdraw(key="withdraw", document=DocumentId("d/1"))
    with store.transaction() as tx:
        tx.add_effects([put, withdraw], NOW)
        claimed = tx.claim(NOW, frozenset({"Put"}))
        assert claimed is not None
        assert tx.claim(NOW, frozenset({"Withdraw"})) is None, "under way"
        tx.retry("put", NOW + 15 * MINUTE, "the forum answered 502")
        assert tx.next_due(NOW, frozenset({"Withdraw"})) == NOW
        overtaking = tx.claim(NOW, frozenset({"Withdraw"}))
        assert overtaking is not None
        assert overtaking.effect == withdraw


def test_what_is_too_late_is_not_done_and_is_reported_once(store: Store) -> None:
    with store.transaction() as tx:
        tx.add_effects([say("1", not_after=NOW + MINUTE), say("2")], NOW)
        assert claim_all(tx, NOW + MINUTE) == ["2"]
        assert (tx.expired(NOW + MINUTE), tx.expired(NOW + MINUTE)) == (("1",), ())
        assert tx.effect_of("1") == (say("1", not_after=NOW + MINUTE), "missed", None)


def test_a_message_is_not_tried_again_when_the_homeserver_has_forgotten_its_first_try(store: Store) -> None:
    with store.transaction() as tx:
        tx.add_effects([say("tried"), say("never tried", DESK)], NOW)
        assert claim(tx) == "tried"
        tx.retry("tried", NOW + MINUTE, "cut off")
        assert claim(tx, NOW + REPEATABLE_FOR - MINUTE) == "tried"
        tx.retry("tried", NOW + REPEATABLE_FOR, "cut off")
        assert claim_all(tx, NOW + REPEATABLE_FOR) == ["never tried"]
        assert tx.expired(NOW + REPEATABLE_FOR) == ("tried",)


def test_a_post_is_tried_for_as_long_as_the_forum_is_away(store: Store) -> None:
    with store.transaction() as tx:
        tx.add_effects([Put(key="1", document=BANDING)], NOW)
        claim(tx)
        tx.retry("1", NOW + timedelta(days=9), "the forum answered 500")
        assert tx.expired(NOW + timedelta(days=9)) == ()
        assert claim(tx, NOW + timedelta(days=9)) == "1"


def test_what_is_being_performed_is_never_called_too_late(store: Store) -> None:
    with store.transaction() as tx:
        tx.add_effects([say("1", not_after=NOW + MINUTE)], NOW)
        claim(tx)
        assert tx.expired(NOW + 2 * MINUTE) == ()


# --- receipts -------------------------------------------------------------------------------------------------------


def test_our_own_event_coming_back_is_the_receipt_of_a_send_that_was_never_acknowledged(store: Store) -> None:
    with store.transaction() as tx:
        tx.add_effects([say("1", not_after=NOW + MINUTE)], NOW)
        claim(tx)
        assert (tx.receive("1", EventId("$1")), tx.receive("1", EventId("$1"))) == (True, False)
        assert not tx.receive("nobody's", EventId("$2"))
        tx.reopen_claimed()
        assert tx.expired(NOW + timedelta(days=2)) == ()
        claimed = tx.claim(NOW + timedelta(days=2), ALL)
        assert claimed is not None
        assert claimed.known_receipt == EventId("$1")
        tx.finish("1", "done")
        assert tx.effect_of("1") == (say("1", not_after=NOW + MINUTE), "done", EventId("$1"))
        assert (tx.key_of_event(EventId("$1")), tx.key_of_event(EventId("$2"))) == ("1", None)


def test_an_effect_is_finished_once_and_a_late_failure_does_not_reopen_it(store: Store) -> None:
    with store.transaction() as tx:
        tx.add_effects([say("1")], NOW)
        claim(tx)
        assert tx.finish("1", "done", event_id=EventId("$1"))
        assert not tx.finish("1", "failed", "timed out")
        assert not tx.retry("1", NOW, "timed out")
        assert tx.effect_of("1") == (say("1"), "done", EventId("$1"))
        assert tx.effect_of("2") is None


def test_what_a_dead_process_had_claimed_is_claimed_again_in_its_old_place(store: Store, path: Path) -> None:
    with store.transaction() as tx:
        tx.add_effects([say("1"), say("2")], NOW)
    with store.transaction() as tx:
        assert claim(tx) == "1"
    store.close()
    again = Store.open(path)
    with again.transaction() as tx:
        assert claim(tx) is None
        assert tx.reopen_claimed() == 1
        claimed = tx.claim(NOW + MINUTE, ALL)
        assert claimed is not None
        assert (claimed.effect.key, claimed.attempts, claimed.first_tried_at) == ("1", 2, NOW)
    again.close()


# --- questions --------------------------------------------------------------------------------------------------------


def test_the_next_moment_is_that_of_the_first_effect_nothing_stands_before(store: Store) -> None:
    with store.transaction() as tx:
        assert tx.next_due(NOW, ALL) is None
        tx.add_effects([say("1"), say("2"), say("later", DESK, not_before=NOW + 9 * MINUTE)], NOW)
        assert tx.next_due(NOW, ALL) == NOW
        assert tx.next_due(NOW, FORUM) is None
        claim(tx)
        assert tx.next_due(NOW, ALL) == NOW + 9 * MINUTE
        tx.retry("1", NOW + 5 * MINUTE, "slow down")
        assert tx.next_due(NOW, ALL) == NOW + 5 * MINUTE
        assert tx.next_due(NOW + 6 * MINUTE, ALL) == NOW + 6 * MINUTE


def test_the_moment_at_which_something_is_too_late_is_a_moment_to_wake_at(store: Store) -> None:
    with store.transaction() as tx:
        tx.add_effects([say("1", not_after=NOW + 3 * MINUTE), say("2")], NOW)
        claim(tx)
        tx.retry("1", NOW + 5 * MINUTE, "slow down")
        assert tx.next_due(NOW, ALL) == NOW + 3 * MINUTE
        tx.expired(NOW + 3 * MINUTE)
        assert claim(tx, NOW + 3 * MINUTE) == "2"


def test_effects_are_counted_by_state_and_by_target(store: Store) -> None:
    with store.transaction() as tx:
        tx.add_effects([say("1"), say("2"), say("a", DESK)], NOW)
        claim(tx)
        tx.finish("1", "done")
        claim(tx)
        assert tx.outbox_counts() == {"claimed": 1, "done": 1, "waiting": 1}
        assert (tx.pending(), tx.pending(f"room:{ROOM}"), tx.pending("room:!other")) == (2, 1, 0)


def test_what_does_not_get_through_is_shown_with_the_reason(store: Store) -> None:
    hour = timedelta(hours=1)
    with store.transaction() as tx:
        tx.add_effects([say("1"), say("2"), say("later", DESK, not_before=NOW + 9 * hour)], NOW)
        claim(tx)
        tx.retry("1", NOW + MINUTE, "the homeserver answered 502")
        assert [(one.key, one.attempts, one.note) for one in tx.stuck(NOW)] == [("1", 1, "the homeserver answered 502")]
        assert [one.key for one in tx.stuck(NOW + hour)] == ["1", "2"]


# --- whatever happens ---------------------------------------------------------------------------------------------------

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.sampled_from([ROOM, DESK, "put", "withdraw"]), st.integers(0, 4), st.integers(1, 6)),
        st.tuples(st.just("claim"), st.just(ROOM), st.just(0), st.just(0)),
        st.tuples(st.sampled_from(["done", "retry", "receive"]), st.just(ROOM), st.integers(0, 3), st.integers(1, 4)),
        st.tuples(st.just("crash"), st.just(ROOM), st.just(0), st.just(0)),
        st.tuples(st.just("wait"), st.just(ROOM), st.integers(1, 3), st.just(0)),
    ),
    max_size=25,
)


def decided(key: str, where: str, not_before: datetime, not_after: datetime) -> AnyEffect:
    """Something to say in a room, or to do about one document."""
    if where not in ("put", "withdraw"):
        return say(key, RoomId(where), not_before, not_after)
    kind = Put if where == "put" else Withdraw
    return kind(key=key, document=DocumentId("d/1"), not_before=not_before, not_after=not_after)


class Run:
    """One random life of an outbox, with what must hold at each step."""

    def __init__(self, tx: Tx) -> None:
        self.tx = tx
        self.now = NOW
        self.added: list[AnyEffect] = []
        self.in_hand: list[str] = []
        self.done: list[str] = []

    def step(self, step: Sequence[object]) -> None:
        what, room, first, second = step
        assert isinstance(first, int)
        assert isinstance(second, int)
        if what == "add":
            limits = (self.now + first * MINUTE, self.now + (first + second) * MINUTE)
            effect = decided(f"{len(self.added)}", str(room), *limits)
            self.added.append(effect)
            self.tx.add_effects([effect], self.now)
        elif what == "claim":
            self.claim()
        elif what == "wait":
            self.now += first * MINUTE
        elif what == "crash":
            self.tx.reopen_claimed()
            self.in_hand.clear()
        elif self.in_hand:
            key = self.in_hand[first % len(self.in_hand)]
            if what == "receive":
                self.tx.receive(key, EventId(f"${key}"))
                return
            self.in_hand.remove(key)
            if what == "done":
                self.done.append(key)
                self.tx.finish(key, "done")
            else:
                self.tx.retry(key, self.now + second * MINUTE, "again")

    def claim(self) -> None:
        moment = self.tx.next_due(self.now, ALL)
        self.tx.expired(self.now)
        claimed = self.tx.claim(self.now, ALL)
        assert claimed is None or moment == self.now
        if claimed is None:
            later = self.tx.next_due(self.now, ALL)
            assert later is None or later > self.now
            return
        effect = claimed.effect
        assert effect.key not in self.done
        assert effect.key not in self.in_hand
        assert effect.not_before is not None
        assert effect.not_before <= self.now
        assert effect.not_after is not None
        assert self.now < effect.not_after or claimed.known_receipt is not None
        assert not [key for key in self.in_hand if self.added[int(key)].target == effect.target]
        self.in_hand.append(effect.key)


class LifeOverError(Exception):
    """Ends one life, so that the next begins with an empty outbox."""


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = Store.open(tmp_path_factory.mktemp("outbox") / "peerplugin.sqlite")
    yield store
    store.close()


@settings(max_examples=80, deadline=None)
@given(steps=STEPS)
def test_no_order_of_claims_failures_and_crashes_does_anything_twice_late_or_out_of_turn(
    steps: list[Sequence[object]], lasting: Store
) -> None:
    with suppress(LifeOverError), lasting.transaction() as tx:
        run = Run(tx)
        for step in steps:
            run.step(step)
        raise LifeOverError
