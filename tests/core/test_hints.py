"""What hooks tell is remembered by number and body, bounded in number and in age, and never by what it said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from peerplugin.core.hints import KEPT, KEPT_FOR, Delivery, Hint, Seen, joined, seen_as_text, seen_from_text

NOW = datetime(2026, 10, 7, 19, 0, tzinfo=UTC)
DELIVERIES = st.builds(lambda number, body: Delivery((str(number), f"body-{body}")), st.integers(0, 30), st.integers(0, 30))


def test_a_delivery_is_known_by_its_number_or_by_its_body() -> None:
    seen = Seen().remembering(Delivery(("70", "aa")), NOW)
    assert seen.knows(Delivery(("70", "bb"))), "sent again by an admin"
    assert seen.knows(Delivery(("71", "aa"))), "tried again by the forum, or replayed under another number"
    assert not seen.knows(Delivery(("71", "bb")))


def test_only_so_many_are_remembered_and_only_for_so_long() -> None:
    seen = Seen()
    for number in range(KEPT):
        seen = seen.remembering(Delivery((str(number), f"body-{number}")), NOW + timedelta(seconds=number))
    assert len(seen.marks) == KEPT
    assert not seen.knows(Delivery(("0",))) and seen.knows(Delivery((str(KEPT - 1),)))
    later = seen.remembering(Delivery(("new",)), NOW + KEPT_FOR + timedelta(seconds=KEPT - 1))
    assert list(later.marks) == ["new"]


@settings(deadline=None)
@given(st.lists(DELIVERIES, max_size=40))
def test_whatever_came_the_last_one_is_known_and_a_restart_forgets_nothing(deliveries: list[Delivery]) -> None:
    seen = Seen()
    for delivery in deliveries:
        seen = seen.remembering(delivery, NOW)
        assert seen.knows(delivery)
    assert seen_from_text(seen_as_text(seen)) == seen


def test_a_service_that_never_ran_has_seen_nothing() -> None:
    assert seen_from_text(None) == Seen()


def test_two_hints_about_one_topic_are_one() -> None:
    one, other = Hint(14, 17, "post_edited"), Hint(14, 18, "post_created")
    assert joined(one, one) == one
    assert joined(one, other) == Hint(14, None, "post_created")
    assert joined(joined(one, other), one) == Hint(14, None, "post_edited")
