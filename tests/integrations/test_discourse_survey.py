"""Each thing that can be amiss with a forum and our place in it, provoked: what `check` says of it, and what to click."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from integrations.discourse.address import _here, generation
from integrations.discourse.capability import Capability
from integrations.discourse.looks import About, BasicInfo, SiteSettings
from integrations.discourse.rights import NOBODY
from tests.integrations.answering_forum import CLOSED, KEY, OPEN, PLACE, AnsweringForum, forum, line, verdicts

__all__ = ["forum"]

CATEGORY = f"GET /c/{OPEN}/show.json"
BAD_KEY = {
    "errors": ["You are not permitted to view the requested resource. The API username or key is invalid."],
    "error_type": "invalid_access",
}


# --- as it should be ----------------------------------------------------------------------------------------------------


def test_a_forum_of_2022_with_a_moderators_key_needs_nothing(forum: AnsweringForum) -> None:
    found = forum.survey()
    told = verdicts(found)
    assert set(told) == {"ok", "advice"}
    assert sorted(told["advice"]) == ["earlier texts of posts are hidden", "our topics are not mailed to many"]
    assert not found.needs_the_admin
    assert (found.generation, found.title, found.names) == ("2022", "Liver Lab Forum", {OPEN: "Liver Spot", CLOSED: "Meeting drafts"})
    assert "2.9.0.beta1" in line(found, "version").note


def test_check_is_polite_and_changes_nothing(forum: AnsweringForum) -> None:
    forum.survey()
    assert len(forum.asked) <= 16
    assert {call.split()[0] for call, _ in forum.asked} == {"GET"}
    forum.asked.clear()
    forum.key_lets = lambda call: not call.startswith("GET /session")
    forum.survey()
    assert len(forum.asked) <= 30
    changes = {call for call, _ in forum.asked if not call.startswith("GET")}
    assert all(str(NOBODY) in call or call == "POST /posts.json" for call in changes), (
        "nothing that exists is touched, and an empty post is none"
    )


def test_whatever_is_amiss_comes_with_what_fails_and_where_to_click(forum: AnsweringForum) -> None:
    forum.account(moderator=False, trust_level=1, pending_posts_count=2)
    forum.settings(edit_history_visible_to_public=True, discourse_ai_enabled=True, ai_summarization_enabled=True, default_locale="de")
    forum.category(OPEN, permission=3, mailinglist_mirror=True)
    forum.category(OPEN, ours=False, read_restricted=True)
    forum.category(CLOSED, ours=False)
    for capability in forum.survey().capabilities:
        if capability.verdict in ("no", "advice"):
            assert capability.without and capability.mend.endswith("."), capability


# --- the address --------------------------------------------------------------------------------------------------------


def test_a_redirect_shows_the_address_that_the_forum_really_has(forum: AnsweringForum) -> None:
    target = "https://www.forum.example.org/site/basic-info.json?_=1f"
    forum.answer("GET /site/basic-info.json", 301, "moved", ours=False, Location=target)
    found = forum.survey()
    (only,) = found.capabilities
    assert (only.verdict, only.by) == ("no", "operator")
    assert only.mend == 'Put url = "https://www.forum.example.org" under [discourse].'
    assert not found.needs_the_admin and found.key is None


def test_a_redirect_to_a_log_in_page_is_no_forum(forum: AnsweringForum) -> None:
    forum.answer("GET /site/basic-info.json", 302, "", ours=False, Location="https://sso.example.org/login")
    (only,) = forum.survey().capabilities
    assert only.verdict == "no" and "log-in" in only.note


@pytest.mark.parametrize(("folder", "asked"), [("/forum", ""), ("", "/latest"), ("/community", "/community/c/liver-spot")])
def test_a_forum_in_a_folder_is_found_from_the_host_and_from_one_of_its_pages(forum: AnsweringForum, folder: str, asked: str) -> None:
    host = forum.url
    forum.folder = folder
    (only,) = forum.survey(url=host + asked).capabilities
    assert only.verdict == "no"
    assert only.mend == f'Put url = "{host}{folder}" under [discourse].'


def test_nobody_at_the_address_is_said_as_it_is(forum: AnsweringForum) -> None:
    (only,) = forum.survey(url="http://127.0.0.1:9").capabilities
    assert only.verdict == "no" and "Nothing answers" in only.note


def test_a_forum_that_calls_itself_http_behind_https_is_found() -> None:
    told = _here("https://forum.example.org", BasicInfo(title="F", logo_url="http://forum.example.org/logo.png"), About())
    assert told.verdict == "advice" and "`force_https`" in told.mend
    assert _here("https://forum.example.org", BasicInfo(title="F"), About(https=False)).verdict == "advice"
    assert (
        _here("https://forum.example.org", BasicInfo(title="F", logo_url="http://cdn.example.org/l.png"), About(https=True)).verdict == "ok"
    )


@pytest.mark.parametrize(
    ("off", "verdict", "says"),
    [(30, "ok", ""), (180, "advice", "3 minutes behind"), (-900, "no", "15 minutes ahead"), (-7300, "no", "2 hours")],
)
def test_a_clock_that_is_off_is_found(forum: AnsweringForum, off: int, verdict: str, says: str) -> None:
    forum.clock_off = timedelta(seconds=off)
    told = line(forum.survey(), "clocks")
    assert told.verdict == verdict and says in told.note


def test_a_forum_in_read_only_mode_is_found(forum: AnsweringForum) -> None:
    forum.read_only = True
    assert line(forum.survey(), "takes changes").verdict == "no"


@pytest.mark.parametrize(
    ("version", "fits"),
    [("2.9.0.beta1", "2022"), ("3.2.1", ""), ("3.5.0.beta4", "2026"), ("3.6.0", "2026"), ("2026.8.0-latest", "2026"), ("", "")],
)
def test_a_version_is_like_one_of_the_two_forums_that_we_know_or_lies_between(version: str, fits: str) -> None:
    assert generation(version, SiteSettings()) == fits
    assert generation("", SiteSettings(discourse_ai_enabled=False)) == "2026"


# --- categories ---------------------------------------------------------------------------------------------------------


def test_a_category_that_we_may_not_write_in_or_that_is_not_there_is_found(forum: AnsweringForum) -> None:
    forum.category(OPEN, permission=2)
    assert "may Create" in line(forum.survey(), "create topics in Liver Spot").mend
    gone = forum.survey(place=replace(PLACE, category=99))
    assert (line(gone, "category 99").verdict, "There is no category 99" in line(gone, "category 99").note) == ("no", True)


def test_a_public_category_that_is_not_and_a_private_one_that_is_not_are_found(forum: AnsweringForum) -> None:
    forum.category(CLOSED, ours=False, name="Meeting drafts")
    hidden = {"errors": ["The requested URL or resource could not be found."], "error_type": "not_found"}
    forum.answer(CATEGORY, 404, hidden, ours=False)
    found = forum.survey()
    assert line(found, "everybody can read").verdict == "no" and "everyone may See" in line(found, "everybody can read").mend
    assert line(found, "is private").verdict == "no" and "would be public" in line(found, "is private").without


def test_a_forum_that_asks_readers_to_log_in_is_found(forum: AnsweringForum) -> None:
    forum.change("GET /site/basic-info.json", lambda body: body | {"login_required": True}, ours=False)
    closed = {"errors": ["You need to be logged in to do that."], "error_type": "not_logged_in"}
    for call in (CATEGORY, "GET /about.json", "GET /site/settings.json", "GET /tags.json", "GET /search.json"):
        forum.answer(call, 403, closed, ours=False)
    found = forum.survey()
    assert "`login_required`" in line(found, "everybody can read").mend
    assert line(found, "everybody can search").verdict == "no"
    assert found.generation == "2022", "asked again with the key"
    assert "Readers must log in" in line(forum.survey(key=""), "everybody can read").note


def test_a_sub_category_is_one(forum: AnsweringForum) -> None:
    forum.category(OPEN, permission=1, parent_category_id=4)
    assert "a sub-category of 4" in line(forum.survey(), "everybody can read").note


@pytest.mark.parametrize(
    "says", [{"custom_fields": {"require_topic_approval": "true"}}, {"category_setting": {"require_topic_approval": True}}]
)
def test_a_category_with_approval_holds_up_members_and_not_moderators(forum: AnsweringForum, says: dict[str, object]) -> None:
    forum.category(OPEN, ours=True, permission=1, **says)
    assert line(forum.survey(), "stand at once").verdict == "ok"
    forum.account(moderator=False)
    assert line(forum.survey(), "stand at once").verdict == "advice"


def test_a_category_that_mirrors_a_mailing_list_is_found(forum: AnsweringForum) -> None:
    forum.category(OPEN, permission=1, mailinglist_mirror=True)
    assert line(forum.survey(), "nothing is mailed out of").verdict == "no"


def test_a_category_of_which_the_forum_shows_little_is_read_all_the_same(forum: AnsweringForum) -> None:
    forum.category(
        OPEN, permission=1, custom_fields=None, allowed_tags=None, allowed_tag_groups=None, mailinglist_mirror=None, read_restricted=None
    )
    assert line(forum.survey(), "create topics in Liver Spot").verdict == "ok"


# --- tags ---------------------------------------------------------------------------------------------------------------


def tags(forum: AnsweringForum, *names: str, may_create: bool, numbered: bool = False) -> Capability:
    listed = [{"id": number if numbered else name, "name": name, "text": name} for number, name in enumerate(names, 1)]
    forum.change("GET /tags.json", lambda body: body | {"tags": listed}, ours=False)
    forum.change("GET /site.json", lambda body: body | {"can_create_tag": may_create})
    return line(forum.survey(), ": tags")


def test_tags_that_the_forum_has_not_are_named_where_we_may_not_create_them(forum: AnsweringForum) -> None:
    assert tags(forum, "meeting", "sleep", "pain", may_create=False).note == "the forum has all 3"
    assert tags(forum, "meeting", may_create=True).note == "3 tags, 2 of which will be new"
    told = tags(forum, "meeting", may_create=False)
    assert told.verdict == "advice" and "has not sleep, pain" in told.note and "tag group" in told.mend
    assert told.fits == "2022"
    assert tags(forum, "meeting", may_create=False, numbered=True).fits == "2026"


def test_a_category_that_takes_certain_tags_only_must_take_ours(forum: AnsweringForum) -> None:
    forum.category(OPEN, permission=1, allowed_tags=["meeting", "sleep"])
    told = line(forum.survey(), ": tags")
    assert told.verdict == "no" and told.note == "Liver Spot does not take pain."
    forum.category(OPEN, permission=1, allowed_tag_groups=["Meeting types"])  # as recorded: meeting, notes, recording
    assert line(forum.survey(), ": tags").note == "Liver Spot does not take sleep, pain."
    forum.category(OPEN, permission=1, allowed_tag_groups=["Meeting types"], allow_global_tags=True)
    assert line(forum.survey(), ": tags").verdict == "ok"
    forum.category(OPEN, permission=1, allowed_tag_groups=["Meeting types"])
    forum.answer("GET /tag_groups.json", 403, BAD_KEY, ours=True)
    assert line(forum.survey(), ": tags").verdict == "unknown"


def test_a_forum_without_tags_is_found(forum: AnsweringForum) -> None:
    forum.settings(tagging_enabled=False)
    assert "`tagging_enabled`" in line(forum.survey(), ": tags").mend


# --- the whole site ---------------------------------------------------------------------------------------------------------


def test_a_public_edit_history_is_unsafe_where_we_cannot_hide_it(forum: AnsweringForum) -> None:
    assert line(forum.survey(), "earlier texts of posts").verdict == "advice"
    forum.account(moderator=False)
    assert line(forum.survey(), "earlier texts of posts").verdict == "no"
    forum.settings(edit_history_visible_to_public=False)
    assert line(forum.survey(), "earlier texts of posts").verdict == "ok"


def test_machines_that_word_topics_anew_are_found(forum: AnsweringForum) -> None:
    forum.settings(discourse_ai_enabled=False)
    assert line(forum.survey(), "no machine").verdict == "ok"
    forum.settings(discourse_ai_enabled=True)
    assert line(forum.survey(), "no machine").verdict == "unknown"
    forum.settings(discourse_ai_enabled=True, ai_summarization_enabled=True, ai_translation_enabled=True)
    told = line(forum.survey(), "no machine")
    assert told.verdict == "no" and "summaries, translations" in told.note and "no moderator approved" in told.without


def test_mails_to_many_are_told(forum: AnsweringForum) -> None:
    forum.settings(disable_digest_emails=True, disable_mailing_list_mode=True)
    assert line(forum.survey(), "not mailed to many").verdict == "ok"
    forum.settings(disable_digest_emails=False, disable_mailing_list_mode=False)
    ways = [c.mend for c in forum.survey().capabilities if "not mailed to many" in c.what]
    assert len(ways) == 2 and "`digest_suppress_categories`" in ways[0] and "`disable_mailing_list_mode`" in ways[1]


def test_settings_that_do_not_show_are_named_for_a_person_to_look_at(forum: AnsweringForum) -> None:
    for ours in (False, True):
        forum.answer("GET /site/settings.json", 404, {"errors": ["no"], "error_type": "not_found"}, ours=ours)
    unknown = [c for c in forum.survey().capabilities if c.verdict == "unknown"]
    assert forum.survey().plugins is None
    assert [c.what for c in unknown] == ["edit history", "AI summaries", "mails"] and all(c.mend for c in unknown)


def test_plugins_and_language_are_told(forum: AnsweringForum) -> None:
    forum.settings(default_locale="de", discourse_local_dates_enabled=False, calendar_enabled=True, discourse_post_event_enabled=True)
    found = forum.survey()
    assert line(found, "in English").verdict == "advice" and "`allow_user_locale`" in line(found, "in English").mend
    assert line(found, "reader's time").verdict == "advice"
    assert line(found, "announce meetings").note == "as events: the events plugin is on"
    assert found.plugins == frozenset({"events"})
    forum.settings(calendar_enabled=False)
    assert forum.survey().plugins == frozenset({"local-dates"})


def test_a_search_limit_that_is_used_up_is_no_verdict(forum: AnsweringForum) -> None:
    used_up = {"posts": [], "topics": [], "grouped_search_result": {"error": "You’ve performed this action too many times"}}
    forum.answer("GET /search.json", 200, used_up, ours=False)
    told = line(forum.survey(), "can search")
    assert told.verdict == "unknown" and "15 without" in told.note


def test_a_forum_that_fails_over_the_key_is_asked_again_later(forum: AnsweringForum) -> None:
    forum.answer("GET /session/current.json", 500, {"status": 500, "error": "Internal Server Error"}, ours=True)
    found = forum.survey()
    assert line(found, "forum key").verdict == "unknown" and not found.needs_the_admin


def test_nothing_that_somebody_wrote_and_no_key_stands_in_what_check_says(forum: AnsweringForum) -> None:
    posts = {"latest_posts": [{"id": 1, "topic_id": 1, "raw": "Soft food, said Alma.", "topic_title": "Soft food"}]}
    forum.answer("GET /posts.json", 200, posts, ours=True)
    found = {"posts": [], "topics": [{"id": 1, "title": "Soft food", "slug": "soft-food"}]}
    forum.answer("GET /search.json", 200, found, ours=False)
    said = repr(forum.survey())
    assert "Soft food" not in said and KEY not in said
