"""Who may do what in the sandbox, by key, role, group and category, and how often."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.integrations.sandbox_forum import LATER, Forum, forum, modern, plain

__all__ = ["forum", "modern", "plain"]

BAD_KEY = "The API username or key is invalid."


# --- keys and rights --------------------------------------------------------------------------------------------------


def test_a_narrow_key_may_do_what_its_scopes_name_and_is_told_nothing_else(forum: Forum) -> None:
    key = forum.sandbox.create_key("bridge_bot", ["topics:write", "topics:read", "posts:edit"])
    made = forum.post(key=key, external_id="narrow-1")
    assert forum.ask("GET", f"/t/{made['topic_id']}.json", key=key).status_code == 200
    assert forum.ask("PUT", f"/posts/{made['id']}.json", {"post": {"raw": LATER}}, key=key).status_code == 200
    for method, path in (
        ("GET", "/session/current.json"), ("GET", f"/posts/{made['id']}.json"), ("GET", "/t/external_id/narrow-1.json"),
        ("GET", "/search.json?q=banding"), ("PUT", f"/t/-/{made['topic_id']}.json"), ("DELETE", f"/t/{made['topic_id']}.json"),
    ):  # fmt: skip
        answer = forum.ask(method, path, {} if method == "PUT" else None, key=key)
        assert (answer.status_code, BAD_KEY in answer.text) == (403, True), path
        assert "X-Discourse-Username" not in answer.headers


def test_a_key_of_2026_looks_an_external_id_up_deletes_and_hides_but_only_where_a_scope_names_it(modern: Forum) -> None:
    key = modern.sandbox.create_key("bridge_bot", ["topics:write", "topics:read", "topics:delete", "revisions:modify"])
    made = modern.post(key=key, external_id="narrow-1")
    modern.edit(made["id"], LATER, "better")
    assert modern.ask("GET", "/t/external_id/narrow-1.json", key=key).status_code == 301
    assert modern.ask("PUT", f"/posts/{made['id']}/revisions/2/hide.json", key=key).status_code == 200
    assert modern.ask("GET", f"/posts/{made['id']}/revisions/2.json", key=key).status_code == 403
    assert modern.ask("DELETE", f"/t/{made['topic_id']}.json", key=key).status_code == 200


def test_a_scope_can_be_narrowed_to_some_categories(modern: Forum) -> None:
    other = modern.sandbox.create_category("Another place")
    key = modern.sandbox.create_key(
        "bridge_bot", {"topics:write": {"category_id": [modern.public]}, "topics:read_lists": {"category_id": [modern.public]}}
    )
    modern.post(key=key)
    modern.post(key=key, category=other, status=403)
    assert modern.ask("GET", f"/c/liver-spot/{modern.public}/l/latest.json", key=key).status_code == 200
    assert modern.ask("GET", f"/c/another-place/{other}/l/latest.json", key=key).status_code == 403


def test_a_reading_key_reads_and_changes_nothing_and_a_revoked_one_does_neither(forum: Forum) -> None:
    key = forum.sandbox.create_key("bridge_bot", ["global:read"])
    assert forum.ask("GET", "/latest.json", key=key).status_code == 200
    forum.post(key=key, status=403)
    forum.sandbox.keys.revoke(key)
    assert BAD_KEY in forum.ask("GET", "/latest.json", key=key).text


def test_a_key_for_all_needs_to_say_for_whom_by_name_or_number(forum: Forum) -> None:
    key = forum.sandbox.admin_key
    user_id = forum.ask("GET", "/session/current.json").json()["current_user"]["id"]
    assert forum.ask("GET", "/session/current.json", key=key).status_code == 403
    for said in ({"Api-Username": "BRIDGE_bot"}, {"Api-User-Id": str(user_id)}):
        answer = forum.ask("GET", "/session/current.json", key=key, **said)
        assert answer.json()["current_user"]["username"] == "bridge_bot"


def test_a_suspended_account_is_refused_until_its_time_is_over(forum: Forum) -> None:
    forum.sandbox.suspend("bridge_bot", until=forum.now + timedelta(days=1))
    answer = forum.ask("GET", "/session/current.json")
    assert (answer.status_code, BAD_KEY in answer.text) == (403, False)
    forum.later(86_401)
    assert forum.ask("GET", "/session/current.json").status_code == 200


@pytest.mark.parametrize("path", ["/admin/site_settings.json", "/admin/api/keys.json", "/admin/api/web_hooks.json"])
def test_for_a_moderator_admins_addresses_do_not_exist(forum: Forum, path: str) -> None:
    assert forum.as_admin("GET", path).status_code == 200
    answer = forum.ask("GET", path)
    assert (answer.status_code, answer.json()["error_type"]) == (404, "not_found")
    assert "X-Discourse-Username" not in answer.headers


def test_a_category_lets_each_group_do_what_it_was_given(plain: Forum) -> None:
    host = plain.sandbox.create_user("mara")
    plain.sandbox.create_group("hosts", ["mara"])
    category = plain.sandbox.create_category("Hosts write here", permissions={"hosts": 1, "trust_level_4": 2, "everyone": 3})
    made = plain.post(key=host, category=category)
    plain.post(category=category, status=403)
    plain.post("A reply that is long enough.", topic_id=made["topic_id"])
    newcomer = plain.sandbox.create_user("ben")
    plain.post("A reply that is long enough.", key=newcomer, topic_id=made["topic_id"], status=403)
    seen = {
        who: plain.ask("GET", f"/c/{category}/show.json", key=key).json()["category"] for who, key in (("mara", host), ("ben", newcomer))
    }
    assert (seen["mara"]["permission"], seen["ben"]["permission"]) == (1, None)
    assert {each["group_name"]: each["permission_type"] for each in seen["ben"]["group_permissions"]} == {
        "hosts": 1, "trust_level_4": 2, "everyone": 3,
    }  # fmt: skip


def test_the_moderators_of_a_category_delete_pin_and_edit_in_it_but_hide_no_revisions(plain: Forum) -> None:
    key = plain.sandbox.create_user("mara")
    plain.sandbox.create_group("hosts", ["mara"])
    category = plain.sandbox.create_category("Hosts keep order", moderators="hosts")
    inside, outside = plain.post(category=category), plain.post("It aches elsewhere, for three days.")
    plain.edit(inside["id"], LATER, "better")
    pin = {"status": "pinned", "enabled": "true"}
    assert plain.ask("PUT", f"/t/{inside['topic_id']}/status.json", pin, key=key).status_code == 200
    assert plain.ask("PUT", f"/t/{outside['topic_id']}/status.json", pin, key=key).status_code == 403
    assert plain.ask("PUT", f"/posts/{inside['id']}/revisions/2/hide.json", key=key).status_code == 403
    assert plain.ask("DELETE", f"/t/{outside['topic_id']}.json", key=key).status_code == 422
    assert plain.ask("DELETE", f"/t/{inside['topic_id']}.json", key=key).status_code == 200


def test_a_category_below_another_is_found_by_both_slugs_and_its_topics_stand_in_both_lists(forum: Forum) -> None:
    below = forum.sandbox.create_category("Meetings", parent=forum.public)
    made = forum.post(category=below)
    found = forum.read("/c/liver-spot/meetings/find_by_slug.json").json()["category"]
    assert (found["id"], found["parent_category_id"]) == (below, forum.public)
    for path in (f"/c/liver-spot/{forum.public}/l/latest.json", f"/c/liver-spot/meetings/{below}.json"):
        assert [topic["id"] for topic in forum.read(path).json()["topic_list"]["topics"]] == [made["topic_id"]], path
    assert forum.read(f"/c/wrong/{below}.json").headers["Location"].endswith(f"/c/liver-spot/meetings/{below}.json")


def test_a_groups_members_come_in_pages_and_only_to_those_who_may_know(forum: Forum) -> None:
    for name in ("mara", "ben", "alma"):
        forum.sandbox.create_user(name)
    forum.sandbox.create_group("hosts", ["mara", "ben", "alma"])
    forum.sandbox.create_group("shy", ["mara"], visibility=3)
    page = forum.read("/groups/hosts/members.json?limit=2&offset=1").json()
    assert [member["username"] for member in page["members"]] == ["ben", "alma"]
    assert (page["meta"]["total"], [owner["username"] for owner in page["owners"]]) == (3, ["mara"])
    assert forum.read("/groups/shy/members.json").status_code == 404
    assert forum.ask("GET", "/groups/shy/members.json").status_code == 200


# --- settings ---------------------------------------------------------------------------------------------------------


def test_a_history_that_is_not_public_is_the_staffs_and_the_authors(forum: Forum) -> None:
    made = forum.post()
    forum.edit(made["id"], LATER, "better")
    path = f"/posts/{made['id']}/revisions/latest.json"
    assert "breastbone" in forum.read(path).text
    forum.sandbox.settings.set("edit_history_visible_to_public", False)
    assert forum.read(path).status_code == 403
    assert forum.read(f"/raw/{made['topic_id']}/1?revision=2").status_code == 403
    assert forum.read(f"/posts/{made['id']}.json").json()["can_view_edit_history"] is False
    assert forum.ask("GET", path).status_code == 200


def test_a_later_revision_that_left_the_text_alone_still_shows_the_text_of_its_time(forum: Forum) -> None:
    made = forum.post()
    forum.later(400)
    assert forum.ask("PUT", f"/t/-/{made['topic_id']}.json", {"title": "Does banding hurt at all then?"}).status_code == 200
    forum.later(400)
    forum.edit(made["id"], LATER, "better")
    forum.ask("PUT", f"/posts/{made['id']}/revisions/3/hide.json")
    assert "breastbone" in forum.read(f"/posts/{made['id']}/revisions/2.json").json()["body_changes"]["inline"]


def test_a_history_is_destroyed_by_an_admin_where_the_site_allows_it_and_only_on_forums_of_2026(forum: Forum, modern: Forum) -> None:
    for site in (forum, modern):
        made = site.post()
        site.edit(made["id"], LATER, "better")
        path = f"/posts/{made['id']}/revisions/permanently_delete.json"
        if site is forum:
            site.sandbox.settings.set("can_permanently_delete", True)
            assert site.as_admin("DELETE", path).status_code == 404
            continue
        assert site.as_admin("DELETE", path).status_code == 403
        site.sandbox.settings.set("can_permanently_delete", True)
        assert site.ask("DELETE", path).status_code == 403
        assert site.as_admin("DELETE", path).status_code == 200
        assert site.read(f"/posts/{made['id']}.json").json()["version"] == 1
        assert site.as_admin("DELETE", path).status_code == 404


def test_in_read_only_mode_everything_is_read_and_nothing_changed(forum: Forum) -> None:
    made = forum.post()
    assert forum.as_admin("PUT", "/admin/backups/readonly.json", {"enable": "true"}).status_code == 200
    for answer in (
        forum.ask("PUT", f"/posts/{made['id']}.json", {"post": {"raw": LATER}}),
        forum.ask("DELETE", f"/t/{made['topic_id']}.json"),
    ):
        assert (answer.status_code, answer.json()["error_type"]) == (503, "read_only")
    assert forum.read("/latest.json").headers["Discourse-Readonly"] == "true"
    assert forum.as_admin("PUT", "/admin/backups/readonly.json", {"enable": "false"}).status_code == 200
    forum.edit(made["id"], LATER, "better")


# --- limits -----------------------------------------------------------------------------------------------------------


def test_all_keys_together_have_so_many_calls_a_minute(forum: Forum) -> None:
    forum.sandbox.limits.keys_per_minute = 2
    assert forum.ask("GET", "/session/current.json").status_code == 200
    assert forum.as_admin("GET", "/latest.json").status_code == 200
    forum.later(20)
    answer = forum.ask("GET", "/session/current.json")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "40")
    assert answer.headers["Discourse-Rate-Limit-Error-Code"] == "admin_api_key_rate_limit"
    assert answer.json()["extras"]["wait_seconds"] == 40
    assert forum.read("/latest.json").status_code == 200
    forum.later(40)
    assert forum.ask("GET", "/session/current.json").status_code == 200


def test_a_member_waits_between_topics_and_replies_and_staff_does_not(plain: Forum) -> None:
    plain.sandbox.limits.members = True
    made = plain.post()
    said = plain.post("It aches elsewhere, for three days.", status=429)
    assert "creating topics a bit too quickly. Please wait 15 seconds" in said["errors"][0]
    plain.post("A first reply that is long enough.", topic_id=made["topic_id"])
    assert plain.post("A second reply that is long enough.", topic_id=made["topic_id"], status=429)["extras"] == {"wait_seconds": 5}
    plain.later(15)
    plain.post("It aches elsewhere, for three days.")
    moderator = plain.sandbox.create_user("mara", moderator=True)
    for number in range(3):
        plain.post(f"A text of a moderator, number {number}.", key=moderator)


def test_a_member_has_twenty_topics_a_day(plain: Forum) -> None:
    plain.sandbox.limits.members = True
    for number in range(20):
        plain.post(f"Another text that says something, number {number}.")
        plain.later(16)
    assert plain.post("The one that is too many today, in any case.", status=429)["extras"]["wait_seconds"] == 86_400 - 20 * 16


def test_over_its_limit_a_search_is_answered_with_an_error_inside(forum: Forum) -> None:
    forum.sandbox.limits.searches = True
    forum.post()
    for number in range(15):
        assert forum.read(f"/search.json?q=banding&n={number}").json()["posts"]
    answer = forum.read("/search.json?q=banding&n=15")
    assert (answer.status_code, answer.json()["posts"]) == (200, [])
    assert "too many times" in answer.json()["grouped_search_result"]["error"]


def test_an_address_that_asks_too_often_is_told_so_in_plain_text(forum: Forum) -> None:
    forum.sandbox.limits.per_address = True
    for _ in range(50):
        assert forum.read("/robots.txt").status_code == 200
    answer = forum.read("/latest.json")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "10")
    assert "ip_10_secs_limit" in answer.text
    assert forum.ask("GET", "/latest.json").status_code == 200
