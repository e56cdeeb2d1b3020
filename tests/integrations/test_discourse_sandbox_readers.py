"""What the sandbox shows readers without an account, and what statuses and tags do."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.integrations.sandbox_forum import LATER, TEXT, Forum, forum, modern, plain

__all__ = ["forum", "modern", "plain"]


# --- what readers without an account get ------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/t/{slug}/{id}.json", "/t/{slug}/{id}", "/t/{slug}/{id}.rss", "/latest.json", "/search.json?q=banding"])
def test_from_the_third_time_on_readers_without_a_key_get_what_was_true_a_minute_ago(forum: Forum, path: str) -> None:
    made = forum.post()
    path = path.format(slug=made["topic_slug"], id=made["topic_id"])
    assert [forum.read(path).headers["X-Discourse-Cached"] for _ in range(3)] == ["skip", "store", "true"]
    assert forum.ask("DELETE", f"/t/{made['topic_id']}.json").status_code == 200
    assert made["topic_slug"] in forum.read(path).text
    assert "X-Discourse-Cached" not in forum.ask("GET", path).headers
    forum.later(60)
    answer = forum.read(path)
    assert answer.status_code == 404 or (f"/{made['topic_id']}" not in answer.text and TEXT not in answer.text)


def test_every_text_for_readers_without_an_account_says_what_stands_and_nothing_of_a_deleted_topic(forum: Forum) -> None:
    made = forum.post(tags=["varices"])
    topic, post, slug = made["topic_id"], made["id"], made["topic_slug"]
    paths = [
        f"/t/{topic}.json", f"/t/{slug}/{topic}/1.json", f"/t/{topic}/last.json", f"/t/{topic}.json?print=true", f"/t/{slug}/{topic}.rss",
        f"/t/{topic}/posts.json", f"/posts/{post}.json", f"/posts/{post}/cooked.json", f"/posts/{post}/raw", f"/raw/{topic}",
        f"/raw/{topic}/1", "/posts.json", "/posts.rss", "/latest.rss", f"/c/liver-spot/{forum.public}.rss", "/tag/varices.rss",
        "/search.json?q=breastbone", f"/posts/by_number/{topic}/1.json",
    ]  # fmt: skip
    for path in paths:
        assert TEXT in forum.read(path).text, path
    forum.ask("DELETE", f"/t/{topic}.json")
    forum.later(61)
    for path in paths:
        assert TEXT not in forum.read(path).text, path


def test_a_topic_that_is_not_listed_is_found_by_its_address_only(forum: Forum) -> None:
    made = forum.post()
    forum.ask("PUT", f"/t/{made['topic_id']}/status.json", {"status": "visible", "enabled": "false"})
    shown = forum.read(f"/t/{made['topic_id']}.json")
    assert (shown.status_code, shown.headers["X-Robots-Tag"]) == (200, "noindex")
    for path in ("/latest.json", "/posts.json", "/latest.rss", "/search.json?q=banding", f"/c/liver-spot/{forum.public}.json"):
        assert made["topic_slug"] not in forum.read(path).text, path


def test_a_search_understands_the_filters_that_people_write(forum: Forum) -> None:
    first = forum.post(tags=["varices", "food"])
    second = forum.post("Soup and banding, that went well together.", tags=["food"], category=1)
    for query, expected in {
        "banding #liver-spot": [first], "banding category:liver-spot": [first], "tags:varices": [first], "tags:varices,food": [second, first],
        "tags:varices+food": [first], "in:title banding order:latest": [second, first], "soup in:title": [], "@bridge_bot soup": [second],
        "banding after:2026-11-26": [], "#food": [second, first],
    }.items():  # fmt: skip
        found = forum.ask("GET", "/search.json?q=" + quote(query)).json().get("topics", [])
        assert [topic["id"] for topic in found] == [made["topic_id"] for made in expected], query
    assert forum.ask("GET", "/search.json?q=banding&page=2").json()["posts"] == []


# --- statuses ---------------------------------------------------------------------------------------------------------


def test_only_the_text_true_switches_a_status_on(forum: Forum) -> None:
    made = forum.post()
    path = f"/t/{made['topic_id']}/status.json"
    for enabled, pinned in (("true", True), (True, False), ("true", True), (False, False)):
        assert forum.ask("PUT", path, {"status": "pinned", "enabled": enabled}).json() == {"success": "OK", "topic_status_update": None}
        assert forum.topic(made["topic_id"])["pinned"] is pinned
    notes = [post["action_code"] for post in forum.topic(made["topic_id"])["post_stream"]["posts"][1:]]
    assert notes == ["pinned.enabled", "pinned.disabled"] * 2
    assert forum.ask("PUT", path, {"status": "sparkly", "enabled": "true"}).status_code == 400


def test_a_closed_topic_takes_no_reply_of_members_and_closing_it_again_leaves_no_second_note(forum: Forum) -> None:
    made, member = forum.post(), forum.sandbox.create_user("ben")
    for _ in range(2):
        forum.ask("PUT", f"/t/{made['topic_id']}/status.json", {"status": "closed", "enabled": "true"})
    assert [post.get("action_code") for post in forum.topic(made["topic_id"])["post_stream"]["posts"]] == [None, "closed.enabled"]
    said = forum.post("A reply that is long enough.", key=member, topic_id=made["topic_id"], status=422)
    assert "topic was closed or deleted" in said["errors"][0]
    forum.post("A reply of the staff that is long enough.", topic_id=made["topic_id"])


def test_what_was_deleted_comes_back_as_it_was(forum: Forum) -> None:
    made = forum.post()
    reply = forum.post("A reply that is long enough.", topic_id=made["topic_id"])
    forum.ask("DELETE", f"/posts/{reply['id']}.json")
    assert forum.ask("PUT", f"/posts/{reply['id']}/recover.json").json()["deleted_at"] is None
    assert forum.ask("PUT", f"/posts/{reply['id']}/recover.json").status_code == 403
    forum.ask("DELETE", f"/t/{made['topic_id']}.json")
    assert forum.ask("PUT", f"/t/{made['topic_id']}/recover.json").status_code == 200
    assert TEXT in forum.read(f"/t/{made['topic_id']}.json").text


def test_a_locked_post_is_changed_by_the_staff_only(plain: Forum) -> None:
    made = plain.post()
    assert plain.as_admin("PUT", f"/posts/{made['id']}/locked.json", {"locked": True}).json() == {"locked": False}
    assert plain.as_admin("PUT", f"/posts/{made['id']}/locked.json", {"locked": "true"}).json() == {"locked": True}
    assert plain.ask("PUT", f"/posts/{made['id']}.json", {"post": {"raw": LATER}}).status_code == 403


# --- tags -------------------------------------------------------------------------------------------------------------


def test_a_category_takes_its_own_tags_only_and_no_other_category_takes_these(forum: Forum) -> None:
    forum.sandbox.create_tag_group("Meetings", ["notes", "recording"])
    own = forum.sandbox.create_category("Notes", tag_groups=["Meetings"])
    made = forum.post(category=own, tags=["notes", "food"])
    assert forum.topic(made["topic_id"])["tags"] == ["notes"]
    assert forum.post("It aches elsewhere, for three days.", category=own, tags=["food"], status=422)["errors"] == [
        "The tag you selected cannot be used", "There was an error tagging the topic.",
    ]  # fmt: skip
    elsewhere = forum.post("It aches somewhere else, for four days.", tags=["food", "notes"])
    assert forum.topic(elsewhere["topic_id"])["tags"] == ["food"]
    moved = forum.ask("PUT", f"/t/-/{elsewhere['topic_id']}.json", {"category_id": own})
    assert (moved.status_code, moved.json()["errors"]) == (422, ["This topic has tags not allowed by this category: 'food'"])


def test_required_tags_bind_members_and_unknown_ones_of_theirs_are_dropped(forum: Forum) -> None:
    forum.sandbox.create_tags("food")
    member = forum.sandbox.create_user("ben")
    strict = forum.sandbox.create_category("Strict", required_tags=1)
    made = forum.post(key=member, tags=["food", "brand-new"])
    assert forum.topic(made["topic_id"])["tags"] == ["food"]
    forum.post("It aches elsewhere, for three days.", key=member, category=strict, tags=["brand-new"], status=422)
    forum.post("It aches elsewhere, for three days.", category=strict)


def test_tag_groups_are_the_staffs_and_tags_everybodys(plain: Forum) -> None:
    plain.sandbox.create_tag_group("Meetings", ["notes"])
    plain.post(tags=["notes"])
    assert plain.ask("GET", "/tag_groups.json").status_code == 404
    assert plain.as_admin("GET", "/tag_groups.json").json()["tag_groups"][0]["tag_names"] == ["notes"]
    assert [tag["id"] for tag in plain.read("/tags.json").json()["tags"]] == ["notes"]
    assert plain.read("/tag/notes.json").json()["topic_list"]["topics"][0]["tags"] == ["notes"]
    assert plain.read("/tag/nothing.json").status_code == 404


def test_on_a_forum_of_2026_tags_come_as_objects(modern: Forum) -> None:
    made = modern.post(tags=["varices"])
    assert [tag["name"] for tag in modern.topic(made["topic_id"])["tags"]] == ["varices"]
