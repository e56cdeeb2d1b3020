"""Before anything is published: it is shown that it could be taken back. And where it could not, nothing is left of the attempt but its reason."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from integrations.discourse.sandbox import Fault
from peerplugin.errors import OutsideError
from tests.integrations.forum_world import World, make_world, world

__all__ = ["make_world", "world"]

DAY = "2026-10-07"


def test_where_an_erasure_works_nothing_of_the_proof_stays_readable(world: World) -> None:
    world.forum.prove(world.public, DAY)
    assert world.standing_topics() == []
    [topic] = world.sandbox.topics()
    post = world.sandbox.posts()[0]
    assert topic["category_id"] == world.public
    for path in (f"/t/{topic['id']}.json", f"/posts/{post['id']}.json", f"/posts/{post['id']}/revisions/latest.json"):
        assert world.anonymous(path).status_code in (403, 404)


def test_it_may_be_shown_again_on_the_same_day(world: World) -> None:
    for _ in range(3):
        world.forum.prove(world.public, DAY)
        world.later(hours=1)
    assert world.standing_topics() == []


def test_a_plain_account_can_neither_hide_nor_delete_and_a_person_is_told_what_to_change(make_world: Callable[..., World]) -> None:
    world = make_world(moderator=False)
    with pytest.raises(OutsideError, match="moderator") as caught:
        world.forum.prove(world.public, DAY)
    assert (caught.value.kind, caught.value.permanent) == ("rights", True)
    assert "amaranth" not in world.sandbox.posts()[0]["raw"], "the test's own text is neutral by now"


def test_where_the_forum_keeps_showing_the_old_text_it_is_no_proof(world: World) -> None:
    shown = [Fault("status", 200, body={"cooked": "<p>The word amaranth</p>"})]
    world.sandbox.faults.before = lambda _, path: shown.pop() if shown and _reads_the_corrected_post(world, path) else None
    with pytest.raises(OutsideError, match="still shows everybody"):
        world.forum.prove(world.public, DAY)
    world.sandbox.faults.clear()
    assert world.standing_topics() == []


def _reads_the_corrected_post(world: World, path: str) -> bool:
    """The first to ask for it is the reader without an account."""
    posts = world.sandbox.posts()
    return bool(posts) and path == f"/posts/{posts[0]['id']}.json" and "amaranth" not in posts[0]["raw"]


def test_posts_that_wait_for_approval_prove_nothing(make_world: Callable[..., World]) -> None:
    world = make_world(moderator=False)
    approved = world.sandbox.create_category("Announcements", approval=True)
    with pytest.raises(OutsideError, match="approval") as caught:
        world.forum.prove(approved, DAY)
    assert caught.value.permanent


def test_a_proof_that_is_interrupted_at_any_call_is_finished_by_the_next(make_world: Callable[..., World]) -> None:
    smooth = make_world()
    smooth.sandbox.faults.clear()
    smooth.forum.prove(smooth.public, DAY)
    calls = len(smooth.sandbox.faults.calls)
    assert calls > 10
    for call in range(1, calls + 1):
        world = make_world()
        world.sandbox.faults.at(call, Fault("lost_reply"))
        with pytest.raises(OutsideError):
            world.forum.prove(world.public, DAY)
        world.sandbox.faults.clear()
        world.later(minutes=3)
        world.forum.prove(world.public, DAY)
        assert world.standing_topics() == [], f"call {call}"
