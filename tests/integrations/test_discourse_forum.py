"""Documents are kept true in a forum: once, exactly, privately, whatever happens on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import requests

from integrations.discourse.client import Discourse
from integrations.discourse.forum import DiscourseForum
from integrations.discourse.sandbox import Fault
from peerplugin.core.effects import Publication
from peerplugin.core.model import DocumentId
from peerplugin.errors import OutsideError
from tests.integrations.forum_world import TITLE, WITHDRAWN, World, make_world, world

__all__ = ["make_world", "world"]


# --- publishing -------------------------------------------------------------------------------------------------------


def test_a_topic_is_created_as_it_was_written_and_everybody_can_read_it(world: World) -> None:
    published = world.forum.put(world.topic(), None)
    topic = world.anonymous(f"/t/{published.topic_id}.json?include_raw=true").json()
    assert topic["title"] == TITLE
    assert set(topic["tags"]) == {"liver", "open-question"}
    assert topic["external_id"] == "liver-spot-2026-10-07-t8"
    assert topic["post_stream"]["posts"][0]["raw"] == world.topic().raw.rstrip()
    assert "Soft food" in requests.get(published.url, timeout=5).text
    assert published.version == 1


def test_putting_it_again_only_reads(world: World) -> None:
    published = world.forum.put(world.topic(), None)
    world.sandbox.faults.calls.clear()
    assert world.forum.put(world.topic(), published) == published
    assert {method for method, _ in world.sandbox.faults.calls} == {"GET"}


def test_what_was_put_by_somebody_who_forgot_it_is_found_by_its_external_id(world: World) -> None:
    published = world.forum.put(world.topic(), None)
    world.later(minutes=3)
    world.sandbox.faults.calls.clear()
    assert world.forum.put(world.topic(), None) == published
    assert [method for method, _ in world.sandbox.faults.calls] == ["POST", "GET", "GET"], "refused, looked up, read"
    assert len(world.standing_topics()) == 1


def test_a_topic_takes_two_calls(world: World) -> None:
    world.sandbox.faults.calls.clear()
    world.forum.put(world.topic(), None)
    assert [method for method, _ in world.sandbox.faults.calls] == ["POST", "GET"]


@pytest.mark.parametrize(
    "title", ["WHAT CAN ONE EAT AFTER BANDING", "what   can one eat after banding???", "What can one eat after banding."]
)
def test_a_title_that_the_forum_rewrites_is_left_in_peace(title: str, world: World) -> None:
    published = world.forum.put(world.topic(title=title), None)
    world.sandbox.faults.calls.clear()
    world.forum.put(world.topic(title=title), published)
    assert [method for method, _ in world.sandbox.faults.calls] == ["GET"]


def test_a_changed_document_is_edited_in_place(world: World) -> None:
    published = world.forum.put(world.topic(), None)
    world.later(hours=1)
    changed = replace(world.topic("Soft food for a week.", title="What can you eat after a banding?"), tags=("varices",))
    again = world.forum.put(changed, published)
    assert (again.topic_id, again.post_id) == (published.topic_id, published.post_id)
    assert again.version > published.version
    assert again.digest != published.digest
    assert again.url.endswith(f"/what-can-you-eat-after-a-banding/{published.topic_id}")
    topic = world.anonymous(f"/t/{again.topic_id}.json").json()
    assert (topic["title"], topic["tags"]) == ("What can you eat after a banding?", ["varices"])
    assert "a week" in world.standing_posts()[0]


def test_a_taken_title_gets_the_meetings_date_and_keeps_it(world: World) -> None:
    world.forum.put(world.topic(), None)
    second = world.forum.put(world.topic(name="t9"), None)
    assert world.standing_topics() == [TITLE, f"{TITLE} (2026-10-07)"]
    world.sandbox.faults.calls.clear()
    assert world.forum.put(world.topic(name="t9"), second) == second
    assert {method for method, _ in world.sandbox.faults.calls} == {"GET"}


def test_a_title_that_gets_taken_by_an_edit_gets_the_date_too(world: World) -> None:
    world.forum.put(world.topic(), None)
    other = world.forum.put(world.topic(name="t9", title="Is it safe to fly with varices?"), None)
    world.forum.put(world.topic(name="t9"), other)
    assert world.standing_topics() == [TITLE, f"{TITLE} (2026-10-07)"]


def test_a_title_that_the_forum_refuses_is_a_permanent_failure_that_does_not_quote_it(world: World) -> None:
    with pytest.raises(OutsideError, match="Title is too short") as caught:
        world.forum.put(world.topic(title="Pain?"), None)
    assert caught.value.permanent
    assert "Pain" not in caught.value.sentence


def test_a_withdrawn_document_can_be_published_anew_though_its_external_id_is_taken(world: World) -> None:
    first = world.forum.put(world.topic(), None)
    world.forum.withdraw(first)
    world.later(minutes=3)
    second = world.forum.put(world.topic(), None)
    assert second.topic_id != first.topic_id
    assert world.forum.put(world.topic(), None) == second
    world.forum.withdraw(second)
    assert world.forum.put(world.topic(), None).topic_id not in (first.topic_id, second.topic_id)  # within the forum's two minutes
    assert world.standing_topics() == [TITLE]


def test_a_topic_that_somebody_deleted_is_not_made_again(world: World) -> None:
    published = world.forum.put(world.topic(), None)
    world.as_user(world.sandbox.create_user("bo", moderator=True), "DELETE", f"/t/{published.topic_id}.json")
    with pytest.raises(OutsideError, match="deleted in the forum") as caught:
        world.forum.put(world.topic(), published)
    assert (caught.value.kind, caught.value.permanent) == ("missing", True)
    assert len(world.sandbox.topics()) == 1


def test_a_private_correction_reaches_a_deleted_topic_as_well(world: World) -> None:
    published = world.forum.put(world.topic("Alma takes carvedilol."), None)
    world.as_user(world.sandbox.create_user("bo", moderator=True), "DELETE", f"/t/{published.topic_id}.json")
    world.forum.put(world.topic("One member takes carvedilol.", private=True), published)
    assert all("Alma" not in row["raw"] for row in world.sandbox.posts())


def test_a_key_that_is_not_accepted_stops_for_good(world: World) -> None:
    client = Discourse(world.sandbox.url, api_key="revoked")
    with pytest.raises(OutsideError, match="does not accept the key") as caught:
        DiscourseForum(client, withdrawn_text=WITHDRAWN).put(world.topic(), None)
    client.close()
    assert (caught.value.kind, caught.value.permanent) == ("rights", True)
    assert not world.sandbox.topics()


# --- posts in a topic -------------------------------------------------------------------------------------------------


def test_a_post_goes_into_its_topic_once(world: World) -> None:
    index = world.forum.put(world.topic(name="index", title="Liver Spot, 7 October 2026: brain fog"), None)
    first = world.forum.put(world.post(index), None)
    assert world.forum.put(world.post(index), None) == first
    assert world.forum.put(world.post(index), first) == first
    assert len(world.sandbox.posts()) == 2
    assert first.topic_id == index.topic_id
    assert first.url.endswith(f"/{index.topic_id}/2")


def test_a_post_is_found_by_its_mark_among_fifty(world: World) -> None:
    index = world.forum.put(world.topic(name="index", title="Liver Spot, 7 October 2026: brain fog"), None)
    key = world.sandbox.create_user("alma")

    def answer(number: int) -> None:
        said = {"topic_id": index.topic_id, "raw": f"A member answers for the {number}th time, thank you."}
        assert world.as_user(key, "POST", "/posts.json", said).status_code == 200

    for number in range(24):
        answer(number)
    first = world.forum.put(world.post(index), None)
    for number in range(24, 50):
        answer(number)
    world.later(minutes=10)
    assert world.forum.put(world.post(index), None) == first
    assert len(world.sandbox.posts()) == 52


def test_a_quoted_mark_is_not_the_post(world: World) -> None:
    index = world.forum.put(world.topic(name="index", title="Liver Spot, 7 October 2026: brain fog"), None)
    quoting = {"topic_id": index.topic_id, "raw": f"I quote {world.post(index).mark} here, and go on."}
    world.as_user(world.sandbox.create_user("alma"), "POST", "/posts.json", quoting)
    published = world.forum.put(world.post(index), None)
    assert published.url.endswith("/3")


def test_a_post_waits_for_a_topic_that_waits_for_approval(world: World) -> None:
    waiting = Publication(document=DocumentId("d"), topic_id=0, post_id=0, url="", version=0, digest="", enqueued=True)
    with pytest.raises(OutsideError) as caught:
        world.forum.put(world.post(waiting), None)
    assert not caught.value.permanent
    assert not world.sandbox.faults.calls


def test_a_withdrawn_post_can_be_published_anew_within_the_forums_two_minutes(world: World) -> None:
    index = world.forum.put(world.topic(name="index", title="Liver Spot, 7 October 2026: brain fog"), None)
    first = world.forum.put(world.post(index), None)
    world.forum.withdraw(first)
    second = world.forum.put(world.post(index), None)
    assert second.post_id != first.post_id
    assert world.forum.put(world.post(index), None) == second


# --- finding what may or may not be there -----------------------------------------------------------------------------


def test_what_was_created_unnoticed_is_found_and_what_was_not_is_not(world: World) -> None:
    assert world.forum.find(world.topic()) is None
    topic = world.forum.put(world.topic(), None)
    assert world.forum.find(world.post(topic)) is None
    post = world.forum.put(world.post(topic), None)
    for document, published in ((world.topic(), topic), (world.post(topic), post)):
        found = world.forum.find(document)
        assert found is not None
        assert (found.topic_id, found.post_id) == (published.topic_id, published.post_id)


def test_a_topic_under_a_spare_id_is_found(world: World) -> None:
    world.forum.withdraw(world.forum.put(world.topic(), None))
    world.later(minutes=3)
    second = world.forum.put(world.topic(), None)
    found = world.forum.find(world.topic())
    assert found is not None
    assert found.topic_id == second.topic_id


def test_in_a_topic_that_is_gone_or_waits_there_is_nothing_to_find(world: World) -> None:
    topic = world.forum.put(world.topic(), None)
    world.forum.put(world.post(topic), None)
    world.forum.withdraw(topic)
    assert world.forum.find(world.post(topic)) is None
    assert world.forum.find(world.post(replace(topic, topic_id=0, post_id=0, enqueued=True))) is None


# --- the approval queue -----------------------------------------------------------------------------------------------


def test_a_topic_that_waits_for_approval_is_found_by_its_mark_when_it_appears(make_world: Callable[..., World]) -> None:
    world = make_world(moderator=False)
    queued = replace(world.topic(), category=world.sandbox.create_category("Announcements", approval=True))
    waiting = world.forum.put(queued, None)
    assert waiting.enqueued
    world.later(hours=1)
    assert world.forum.put(queued, waiting) == waiting
    assert (world.sandbox.pending(), world.sandbox.topics()) == (1, [])
    world.sandbox.approve_all()
    published = world.forum.put(queued, waiting)
    assert not published.enqueued
    assert published.topic_id == world.sandbox.topics()[0]["id"]
    assert len(world.sandbox.topics()) == 1


def test_a_post_that_waits_for_approval_is_found_by_its_mark_when_it_appears(make_world: Callable[..., World]) -> None:
    world = make_world(moderator=False)
    queued = replace(world.topic(), category=world.sandbox.create_category("Announcements", approval=True))
    waiting = world.forum.put(queued, None)
    world.sandbox.approve_all()
    topic = world.forum.put(queued, waiting)
    post = world.forum.put(world.post(topic), None)
    assert post.enqueued
    assert world.forum.put(world.post(topic), post) == post
    world.sandbox.approve_all()
    assert world.forum.put(world.post(topic), post).post_id == world.sandbox.posts()[-1]["id"]
    assert len(world.sandbox.posts()) == 2


def test_an_older_text_in_the_queue_is_told_until_it_is_corrected(make_world: Callable[..., World]) -> None:
    world = make_world(moderator=False)
    category = world.sandbox.create_category("Announcements", approval=True)
    waiting = world.forum.put(replace(world.topic("Alma takes carvedilol."), category=category), None)
    changed = replace(world.topic("One member takes carvedilol."), category=category)
    with pytest.raises(OutsideError, match="older text") as caught:
        world.forum.put(changed, waiting)
    assert not caught.value.permanent
    world.sandbox.approve_all()
    world.forum.put(changed, waiting)
    assert all("Alma" not in raw for raw in world.standing_posts())


def test_what_waits_for_approval_can_only_be_withdrawn_by_a_person(make_world: Callable[..., World]) -> None:
    world = make_world(moderator=False)
    queued = replace(world.topic(), category=world.sandbox.create_category("Announcements", approval=True))
    waiting = world.forum.put(queued, None)
    with pytest.raises(OutsideError, match="reject it there") as caught:
        world.forum.withdraw(waiting)
    assert caught.value.permanent


# --- privacy ----------------------------------------------------------------------------------------------------------


def test_after_a_private_correction_no_revision_can_be_read_without_an_account(world: World) -> None:
    published = world.forum.put(world.topic("Alma takes carvedilol."), None)
    world.later(hours=1)
    published = world.forum.put(world.topic("Alma, who is fifty, takes carvedilol."), published)
    assert "Alma" in world.anonymous(f"/posts/{published.post_id}/revisions/2.json").text
    world.later(hours=1)
    world.forum.put(world.topic("One member takes carvedilol.", private=True, title="What is carvedilol good for?"), published)
    pages = ["/", f"/c/liver-spot/{world.public}", f"/t/{published.topic_id}", "/search?q=carvedilol", "/posts.json"]
    pages += [f"/posts/{published.post_id}/revisions/{each}.json" for each in ("latest", 2, 3, 4)]
    for page in pages:
        assert "Alma" not in world.anonymous(page).text, page
    assert world.anonymous(f"/posts/{published.post_id}/revisions/3.json").status_code == 403


def test_a_correction_whose_hiding_was_interrupted_is_finished_by_the_repeat(world: World) -> None:
    published = world.forum.put(world.topic("Alma takes carvedilol."), None)
    world.later(hours=1)
    world.sandbox.faults.before = lambda method, path: Fault("status", 500) if path.endswith("hide.json") else None
    with pytest.raises(OutsideError):
        world.forum.put(world.topic("One member takes carvedilol.", private=True), published)
    assert "Alma" in world.anonymous(f"/posts/{published.post_id}/revisions/2.json").text
    world.sandbox.faults.before = None
    world.forum.put(world.topic("One member takes carvedilol.", private=True), published)
    assert world.anonymous(f"/posts/{published.post_id}/revisions/2.json").status_code == 403


def test_without_the_right_to_hide_the_text_is_corrected_and_a_person_is_told(make_world: Callable[..., World]) -> None:
    world = make_world(moderator=False)
    published = world.forum.put(world.topic("Alma takes carvedilol."), None)
    world.later(hours=1)
    with pytest.raises(OutsideError, match="moderator") as caught:
        world.forum.put(world.topic("One member takes carvedilol.", private=True), published)
    assert (caught.value.kind, caught.value.permanent) == ("rights", True)
    assert "One member" in world.standing_posts()[0]


def test_the_text_is_hidden_even_if_the_forum_refuses_the_new_title(world: World) -> None:
    published = world.forum.put(world.topic("Alma takes carvedilol."), None)
    world.later(hours=1)
    with pytest.raises(OutsideError, match="Title"):
        world.forum.put(world.topic("One member takes carvedilol.", private=True, title="Pain?"), published)
    assert world.anonymous(f"/posts/{published.post_id}/revisions/2.json").status_code == 403


# --- withdrawing ------------------------------------------------------------------------------------------------------


def test_a_withdrawn_topic_is_gone_and_its_words_with_it(world: World) -> None:
    published = world.forum.put(world.topic("Alma takes carvedilol."), None)
    world.later(hours=1)
    world.forum.withdraw(published)
    assert world.anonymous(f"/t/{published.topic_id}.json").status_code == 404
    assert not world.forum.search("carvedilol", anonymous=True)
    (post,), (topic,) = world.sandbox.posts(), world.sandbox.topics()
    assert post["raw"] == WITHDRAWN
    assert topic["title"] == f"Withdrawn topic {topic['id']}"


def test_withdrawing_twice_deletes_once(world: World) -> None:
    index = world.forum.put(world.topic(), None)
    post = world.forum.put(world.post(index), None)
    for publication in (post, post, index, index, post):
        world.forum.withdraw(publication)
    assert [path for method, path in world.sandbox.faults.calls if method == "DELETE"] == [
        f"/posts/{post.post_id}.json",
        f"/t/{index.topic_id}.json",
    ]
    assert not world.standing_topics()


def test_withdrawing_what_never_was_is_no_error(world: World) -> None:
    world.forum.withdraw(Publication(document=DocumentId("d"), topic_id=99, post_id=99, url="", version=1, digest=""))


def test_a_refused_neutral_text_does_not_keep_a_topic_standing(world: World) -> None:
    published = world.forum.put(world.topic("Alma takes carvedilol."), None)
    with pytest.raises(OutsideError, match="in our settings"):
        DiscourseForum(world.client, withdrawn_text="Gone.").withdraw(published)
    assert not world.standing_topics()


def test_a_plain_bot_blanks_its_topic_and_says_what_it_may_not_do(make_world: Callable[..., World]) -> None:
    world = make_world(moderator=False)
    published = world.forum.put(world.topic("Alma takes carvedilol."), None)
    with pytest.raises(OutsideError, match="may not delete it") as caught:
        world.forum.withdraw(published)
    assert caught.value.permanent
    assert world.standing_posts() == [WITHDRAWN]
    assert world.standing_topics() == [f"Withdrawn topic {published.topic_id}"]
