"""People edit in the forum what we published there: theirs stays, unless something in it has to go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import requests

from integrations.discourse.sandbox import Fault
from peerplugin.errors import OutsideError
from tests.integrations.forum_world import TITLE, World, make_world, world

__all__ = ["make_world", "world"]

THEIRS = "- Soft food for three days.\n\nMy own words, by a moderator of the forum."
NEWER = "Soft food for four days."


def refused(world: World, *args: object) -> OutsideError:
    with pytest.raises(OutsideError) as caught:
        world.forum.put(*args)  # type: ignore[arg-type]
    return caught.value


def test_a_persons_edit_is_not_written_over_and_a_moderator_is_told_where(world: World) -> None:
    published = world.forum.put(world.topic(), None)
    world.edit_by_hand(published, THEIRS)
    error = refused(world, world.topic(NEWER), published)
    assert (error.kind, error.permanent) == ("conflict", True)
    assert published.url in error.sentence
    assert "own words" not in error.sentence
    assert world.standing_posts() == [THEIRS]


def test_a_persons_title_stays_as_well(world: World) -> None:
    published = world.forum.put(world.topic(), None)
    world.edit_by_hand(published, world.topic().raw, "What is banding like, and what can one eat?")
    assert refused(world, world.topic(NEWER), published).kind == "conflict"
    assert world.standing_topics() == ["What is banding like, and what can one eat?"]


def test_with_a_moderators_word_ours_is_put_there(world: World) -> None:
    published = world.forum.put(world.topic(), None)
    world.edit_by_hand(published, THEIRS)
    newer = replace(world.topic(NEWER), over=True)
    put = world.forum.put(newer, published)
    assert put.overrode
    assert world.standing_posts() == [newer.raw.rstrip()]
    assert not world.forum.put(newer, put).overrode, "it is ours now"


def test_an_erasure_goes_over_a_persons_edit_says_so_and_hides_it(world: World) -> None:
    published = world.forum.put(world.topic(), None)
    world.edit_by_hand(published, THEIRS)
    world.later(hours=1)
    put = world.forum.put(world.topic(NEWER, private=True), published)
    assert put.overrode
    assert world.anonymous(f"/posts/{published.post_id}/revisions/latest.json").status_code in (403, 404)
    assert "own words" not in world.anonymous(f"/t/{published.topic_id}.json").text


def test_a_person_who_only_looked_after_the_tags_is_no_conflict_and_keeps_them(world: World) -> None:
    published = world.forum.put(world.topic(), None)
    world.as_user(world.editor, "PUT", f"/t/-/{published.topic_id}.json", {"tags": ["varices"]}).raise_for_status()
    put = world.forum.put(world.topic(NEWER), published)
    assert world.standing_posts() == [world.topic(NEWER).raw.rstrip()]
    assert world.sandbox.topics()[0]["tags"] == '["varices"]'
    assert not put.overrode


def test_a_correction_that_was_cut_in_the_middle_is_not_taken_for_a_persons_edit(world: World) -> None:
    published = world.forum.put(world.topic(), None)
    world.later(hours=1)
    first = world.topic(NEWER, title="What may one eat after a banding?")
    world.sandbox.faults.at(3, Fault("status", 502))  # the text is changed, the title is not
    assert refused(world, first, published).kind == "server"
    second = world.topic("Soft food for five days.", title="What may one eat after two bandings?")
    assert not world.forum.put(second, published).overrode
    assert world.standing_posts() == [second.raw.rstrip()]


def test_an_edit_between_our_reading_and_our_writing_is_read_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    published = world.forum.put(world.topic(), None)
    send = world.client._session.request

    def meanwhile(method: str, *args: Any, **more: Any) -> requests.Response:
        if method == "PUT":
            monkeypatch.undo()
            world.edit_by_hand(published, THEIRS)
        return send(method, *args, **more)

    monkeypatch.setattr(world.client._session, "request", meanwhile)
    crossed = refused(world, world.topic(NEWER), published)
    assert (crossed.kind, crossed.permanent) == ("conflict", False)
    assert refused(world, world.topic(NEWER), published).permanent, "read again, it is a person's"
    assert world.standing_posts() == [THEIRS]


def test_where_we_may_not_ask_who_edited_we_do_not_write_over_it(make_world: Callable[..., World]) -> None:
    world = make_world()
    published = world.forum.put(world.topic(), None)
    world.edit_by_hand(published, THEIRS)
    world.sandbox.faults.before = lambda method, path: Fault("status", 403) if "revisions" in path else None
    assert refused(world, world.topic(NEWER), published).kind == "conflict"


def test_a_post_that_a_person_edited_stays_too(world: World) -> None:
    index = world.forum.put(world.topic(), None)
    published = world.forum.put(world.post(index), None)
    world.edit_by_hand(published, THEIRS)
    assert refused(world, world.post(index, NEWER), published).kind == "conflict"
    assert world.forum.put(world.post(index, NEWER, private=True), published).overrode


def test_a_topic_of_somebody_else_that_has_our_external_id_is_left_alone(world: World) -> None:
    theirs = {"title": "Somebody else's question about soup", "raw": "Is soup allowed after all this, and when?", "category": world.public}
    world.as_user(world.editor, "POST", "/posts.json", theirs | {"external_id": world.topic().external_id}).raise_for_status()
    world.forum.put(world.topic(), None)
    assert world.standing_posts() == [theirs["raw"], world.topic().raw.rstrip()]
    assert [row["external_id"] for row in world.sandbox.topics()][1].endswith("-2")


def test_what_a_person_closed_pinned_or_moved_is_still_corrected(world: World) -> None:
    published = world.forum.put(world.topic(), None)
    elsewhere = world.sandbox.create_category("Archive of the group")
    world.as_user(world.editor, "PUT", f"/t/-/{published.topic_id}.json", {"category_id": elsewhere}).raise_for_status()
    world.forum.put(world.topic(NEWER), published)
    assert world.standing_posts() == [world.topic(NEWER).raw.rstrip()]
    assert world.sandbox.topics()[0]["category_id"] == elsewhere, "where it stands now is the forum's affair"
    assert world.standing_topics() == [TITLE]
