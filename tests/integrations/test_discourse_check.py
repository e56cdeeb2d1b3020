"""What `check` learns from a forum: who we are there, what we may do, what everybody finds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from peerplugin.errors import OutsideError
from tests.integrations.forum_world import World, make_world, world

__all__ = ["make_world", "world"]


def test_check_learns_who_we_are_and_what_we_may(world: World) -> None:
    account, category = world.forum.whoami(), world.forum.category("liver-spot")
    assert (account.username, account.moderator, account.admin) == ("bridge_bot", True, False)
    assert category.id == world.public
    assert world.forum.category(str(world.drafts)).read_restricted
    assert world.forum.may_create(category) is True


def test_check_learns_that_a_category_is_closed_to_us(make_world: Callable[..., World]) -> None:
    world = make_world(moderator=False)
    with pytest.raises(OutsideError) as caught:
        world.forum.category(world.drafts)
    assert caught.value.kind == "missing"


def test_everybody_finds_a_published_topic_by_a_word_of_its_text_and_nobody_a_private_one(world: World) -> None:
    published = world.forum.put(world.topic(), None)
    world.forum.put(replace(world.topic("Soft food, said Alma.", name="t9", title="A draft about soft food"), category=world.drafts), None)
    assert [hit.topic_id for hit in world.forum.search("SOFT food", anonymous=True)] == [published.topic_id]
    assert len(world.forum.search("soft food")) == 2
    assert not world.forum.search("peerplugin", anonymous=True)  # the mark is not part of the text
