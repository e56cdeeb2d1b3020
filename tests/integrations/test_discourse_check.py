"""What `check` learns from a forum: who we are there, what we may do, what everybody finds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from integrations.discourse.client import Discourse
from integrations.discourse.forum import DiscourseForum
from integrations.discourse.places import Place
from integrations.discourse.rights import scopes
from integrations.discourse.sandbox import Sandbox
from integrations.discourse.survey import Survey, survey
from peerplugin.errors import OutsideError
from tests.integrations.forum_world import WITHDRAWN, World, make_world, world

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


# --- the whole of `check` over the sandbox ------------------------------------------------------------------------------


def surveyed(sandbox: Sandbox, key: str, place: Place) -> Survey:
    """What `check` says with a key of the bot."""
    ours, bare = (Discourse(sandbox.url, api_key=key, username=name, calls_a_minute=600) for name in (sandbox.bot_username, ""))
    try:
        return survey(ours, bare, sandbox.bot_username, [place], lambda: datetime.now(UTC), has_key=True, proven=False)
    finally:
        ours.close()
        bare.close()


def test_a_moderators_key_needs_nothing_more_and_a_plain_members_does(make_world: Callable[..., World]) -> None:
    for moderator in (True, False):
        world = make_world(moderator=moderator)
        found = surveyed(world.sandbox, world.sandbox.bot_key, Place("liver-spot", world.public, world.drafts if moderator else None))
        assert found.needs_the_admin is not moderator
        assert (found.generation, found.key.kind if found.key else "") == ("2022", "single")


def test_a_granular_key_with_the_named_scopes_can_do_all_that_the_service_does() -> None:
    with Sandbox(modern=True) as sandbox:
        public, drafts = sandbox.create_category("Liver Spot"), sandbox.create_category("Drafts", private=True)
        key = sandbox.create_key(sandbox.bot_username, {scope.replace(": ", ":"): {} for scope in scopes()})
        found = surveyed(sandbox, key, Place("liver-spot", public, drafts))
        assert not found.needs_the_admin and (found.generation, found.key.kind if found.key else "") == ("2026", "narrow")
        client = Discourse(sandbox.url, api_key=key, username=sandbox.bot_username, calls_a_minute=600)
        DiscourseForum(client, withdrawn_text=WITHDRAWN).prove(public, "2026-10-07")
        client.close()
        assert [topic["deleted_at"] is not None for topic in sandbox.topics()] == [True]


def test_each_right_that_the_sandbox_takes_away_is_missed(world: World) -> None:
    world.sandbox.settings.set("edit_history_visible_to_public", value=False)
    world.sandbox.settings.set("read_only", value=True)
    taken = {c.what: c.verdict for c in surveyed(world.sandbox, world.sandbox.bot_key, Place("liver-spot", world.public)).capabilities}
    assert (taken["the forum takes changes"], taken["earlier texts of posts are hidden"]) == ("no", "ok")
