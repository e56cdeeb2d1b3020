"""Whatever can be amiss with our key and its account, provoked: what `check` says of it, and what to click."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from integrations.discourse.looks import About
from integrations.discourse.rights import NOBODY, SCOPES, scopes
from tests.integrations.answering_forum import BOT, CLOSED, OPEN, AnsweringForum, forum, line, verdicts

__all__ = ["forum"]


CATEGORY = f"GET /c/{OPEN}/show.json"


# --- the key ------------------------------------------------------------------------------------------------------------


def test_without_a_key_everything_public_is_looked_at_and_no_call_has_a_key(forum: AnsweringForum) -> None:
    found = forum.survey(key="")
    assert line(found, "forum key").note == "There is no API key in the settings."
    assert line(found, "everybody can read").verdict == "ok"
    assert line(found, "create topics in").verdict == "unknown"
    assert found.needs_the_admin
    assert not any(ours for _, ours in forum.asked)


def test_a_key_that_is_not_accepted_is_told_from_a_suspended_account(forum: AnsweringForum) -> None:
    forum.key_lets = lambda call: False
    found = forum.survey()
    assert "wrong or revoked" in line(found, "forum key").note and found.needs_the_admin
    forum.key_lets = lambda call: True
    suspended = {"errors": ["You are not permitted to view the requested resource."], "error_type": "invalid_access"}
    forum.answer("GET /session/current.json", 403, suspended, ours=True)
    assert "suspended" in line(forum.survey(), "forum key").note


def test_a_key_of_another_account_is_the_operators_to_mend(forum: AnsweringForum) -> None:
    forum.key_names = "cleo"
    forum.account(username="cleo", moderator=True)
    found = forum.survey()
    told = line(found, "forum key")
    assert (told.verdict, told.by, told.note) == ("no", "operator", "The key speaks for cleo.")
    assert told.mend.startswith("Set discourse.username to cleo")
    assert not found.needs_the_admin


def test_a_key_and_an_account_that_may_more_than_is_needed_are_said(forum: AnsweringForum) -> None:
    forum.key_names = None
    forum.account(admin=True, moderator=True)
    found = forum.survey()
    assert line(found, "forum key").verdict == "advice" and "all users" in line(found, "forum key").note
    assert "Revoke Admin" in line(found, "is a moderator").mend


def test_an_account_that_is_no_moderator_may_not_take_back(forum: AnsweringForum) -> None:
    forum.account(moderator=False)
    found = forum.survey()
    assert "Grant Moderation" in line(found, "is a moderator").mend
    assert {c.what for c in found.capabilities if c.verdict == "no"} >= {"bridge_bot is a moderator", "delete topics", "hide earlier texts"}
    assert line(found, "correct posts").verdict == "ok"


def test_posts_of_ours_in_the_approval_queue_are_told(forum: AnsweringForum) -> None:
    forum.account(pending_posts_count=3)
    assert "3" in line(forum.survey(), "waits for approval").note


def test_a_proof_makes_what_was_inferred_tried(forum: AnsweringForum) -> None:
    assert line(forum.survey(), "hide earlier texts").how == "inferred"
    assert line(forum.survey(proven=True), "hide earlier texts").how == "tried"


# --- granular keys --------------------------------------------------------------------------------------------------------


def modern(forum: AnsweringForum, version: str = "2026.8.0-latest", *, moderators: tuple[str, ...] = (BOT,)) -> None:
    """The forum tells another version, and who is of its staff."""
    about = {"about": {"version": version, "locale": "en", "https": False, "moderators": [{"username": name} for name in moderators]}}
    forum.answer("GET /about.json", 200, about, ours=False)


def narrow(*names: str) -> Callable[[str], bool]:
    """What a granular key with these scopes lets through."""
    calls = {f"{scope.method} {scope.path}" for scope in SCOPES if scope.name in names}
    calls |= {CATEGORY, f"GET /c/{CLOSED}/show.json"} if "categories: show" in names else set()
    return lambda call: call in calls or (call == "GET /tags.json" and "tags: list" in names)


def test_a_granular_key_with_the_named_scopes_suffices_on_a_forum_of_2026(forum: AnsweringForum) -> None:
    modern(forum)
    forum.key_lets = narrow(*scopes())
    found = forum.survey()
    assert "no" not in verdicts(found), verdicts(found)
    assert line(found, "forum key").note.startswith("a key for a few scopes")
    assert line(found, "is a moderator").how == "inferred"
    assert line(found, "external id").fits == "2026"
    assert line(found, "create topics in Liver Spot").verdict == "ok"


@pytest.mark.parametrize("lacking", [scope for scope in dict.fromkeys(scope.name for scope in SCOPES) if scope != "topics: read"])
def test_each_scope_that_a_granular_key_lacks_is_named(forum: AnsweringForum, lacking: str) -> None:
    modern(forum)
    forum.key_lets = narrow(*(scope for scope in scopes() if scope != lacking))
    found = forum.survey()
    missing = [c for c in found.capabilities if c.verdict == "no"]
    assert {c.what for c in missing} == {f"{s.what} (scope {lacking})" for s in SCOPES if s.name == lacking} | {"the key suffices"}
    assert line(found, "the key suffices").note == f"The key lacks {lacking}; a key's scopes cannot be changed later."
    assert all(name in line(found, "the key suffices").mend for name in scopes())
    assert found.needs_the_admin


def test_a_granular_key_of_2022_cannot_suffice_and_another_one_is_recommended(forum: AnsweringForum) -> None:
    modern(forum, "2.9.0.beta1")
    of_2022 = {f"GET /t/{NOBODY}.json", "POST /posts.json", f"PUT /posts/{NOBODY}.json"}
    forum.key_lets = lambda call: call in of_2022
    found = forum.survey()
    assert line(found, "external id").fits == "2022"
    assert "Global Key" in line(found, "the key suffices").mend and "Granular;" not in line(found, "the key suffices").mend


def test_a_granular_key_of_a_plain_member_is_told_by_the_page_about(forum: AnsweringForum) -> None:
    modern(forum, moderators=("mara",))
    forum.key_lets = narrow(*scopes())
    told = line(forum.survey(), "is a moderator")
    assert (told.verdict, told.how) == ("no", "inferred")


def test_a_key_that_may_not_ask_for_a_category_leaves_it_open(forum: AnsweringForum) -> None:
    modern(forum)
    forum.key_lets = narrow(*(scope for scope in scopes() if scope != "categories: show"))
    found = forum.survey()
    for what in ("create topics in Liver Spot", f"drafts category {CLOSED}"):
        assert line(found, what).verdict == "unknown" and "categories: show" in line(found, what).note
    assert "no" not in verdicts(found)


@pytest.mark.parametrize(
    ("listed", "knows"), [([{"username": "Bridge_Bot"}], True), ([{"username": "mara"}], False), ([4, 5], None), (None, None)]
)
def test_the_page_about_names_the_staff_or_does_not(listed: object, knows: bool | None) -> None:
    about = About.model_validate({"version": "2026.8.0", "moderators": listed, "admins": None})
    assert about.names_as_staff(BOT) is knows
