"""Which recordings are asked again, what has to be asked before, and where a forum of 2026 may answer otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from tests.contract.recordings import Recording, recording, recordings

FULL = "topics.create.full"

NEEDS: dict[str, list[str]] = {
    "anon_cache.json_get_1": ["+cached topic"],
    "anon_cache.json_get_2": ["anon_cache.json_get_1"],
    "anon_cache.json_get_3": ["anon_cache.json_get_2"],
    "anon_cache.edit": ["anon_cache.json_get_3"],
    "anon_cache.*": ["anon_cache.edit"],
    "auth.suspended_user.request": ["+newbie suspended"],
    "cooked.mentions": [FULL],
    "errors.approval.enqueued*": [],
    "errors.approval.review_list": ["errors.approval.enqueued_topic"],
    "errors.approval.approve": ["errors.approval.review_list"],
    "errors.approval.*": ["errors.approval.approve"],
    "errors.closed.topic": [],
    "errors.closed.close": ["errors.closed.topic"],
    "errors.closed.archive": ["errors.closed.reply_as_admin"],
    "errors.closed.reply_as_admin": ["errors.closed.reply_as_bot_tl4"],
    "errors.closed.*": ["errors.closed.close"],
    "errors.archived.*": ["errors.closed.archive"],
    "errors.create.category_readonly_bot": ["+announcements of the staff"],
    "errors.create.similar_body_second": ["errors.create.similar_body_first"],
    "errors.create.title_duplicate*": ["errors.create.dup_base"],
    "errors.readonly.enable": [],
    "errors.readonly.*": ["errors.readonly.enable"],
    "feeds.t*": [FULL, "plainbot.edit_anyones_title"],
    "feeds.*": ["paging.create"],
    "granular.create_topic": [],
    "granular.edit_title_through_post": ["granular.edit_post"],
    "granular.*": ["granular.create_topic"],
    "groups.*": [],
    "html.topic.missing": [],
    "html.private_topic.*": ["move.create_in_private"],
    "html.category.*": ["paging.create"],
    "html.latest.*": ["paging.create"],
    "html.*": [FULL, "plainbot.edit_anyones_title"],
    "latency.create": [],
    "latency.*": ["latency.create"],
    "member.edit_too_late": ["member.create_backdated"],
    "memo.create": [],
    "memo.delete": ["memo.create"],
    "memo.error_base": [],
    "memo.error_first": ["memo.error_base"],
    "memo.error_*": ["memo.error_first", "+topic 19 deleted"],
    "memo.reply": [FULL],
    "memo.reply_identical": ["memo.reply"],
    "memo.*": ["memo.delete"],
    "modbot.create_in_staff_category": [],
    "modbot.edit_own": ["modbot.create_in_staff_category"],
    "modbot.edit_by_admin": ["modbot.edit_own"],
    "modbot.hide_revision": ["modbot.edit_by_admin"],
    "modbot.pin": ["modbot.create_in_staff_category"],
    "modbot.delete_topic": ["modbot.create_in_staff_category"],
    "move.create_in_private": [],
    "move.private.reply_with_secret": ["move.create_in_private"],
    "move.private.*": ["move.private.reply_with_secret"],
    "move.redact_before_move": ["move.private.reply_with_secret"],
    "move.to_public": ["move.redact_before_move"],
    "move.public.hide_revision_2": ["move.to_public"],
    "move.public.*_after_hide": ["move.public.hide_revision_2"],
    "move.public.*_setting_off": ["move.to_public", "move.setting_edit_history_private"],
    "move.public.*": ["move.to_public"],
    "move.back_to_private": ["move.to_public"],
    "move.private_again.*": ["move.back_to_private"],
    "paging.create": [],
    "paging.posts_duplicate_and_foreign_ids": ["errors.create.dup_base", "paging.create", "+replies"],
    "paging.*": ["paging.create", "+replies"],
    "plainbot.edit_anyones_title": [FULL],
    "plainbot.*": ["granular.create_topic"],
    "post.lock": ["status.setup"],
    "post.edit_locked_as_bot": ["post.lock"],
    "posts.delete.own_reply_create": [FULL],
    "posts.delete.own_reply_as_author": ["posts.delete.own_reply_create"],
    "posts.delete.own_reply_after": ["posts.delete.own_reply_as_author"],
    "posts.delete.reply": ["posts.reply.form_encoded"],
    "posts.delete.show_deleted_*": ["posts.delete.reply"],
    "posts.delete.twice_first": ["status.setup", "+reply 106"],
    "posts.delete.twice_second": ["posts.delete.twice_first"],
    "posts.delete.first_post": [FULL, "posts.reply.create"],
    "posts.show.missing": [],
    "posts.update.missing": [],
    "posts.update.other_users_*": ["posts.reply.create"],
    "posts.update.same_raw": ["posts.update.raw"],
    "posts.update.raw_old_match": ["posts.update.raw"],
    "posts.update.missing_post_param": ["posts.update.raw"],
    "posts.update.title_in_first_post": ["posts.update.raw"],
    "posts.reply.to_missing_topic": [],
    "posts.*": [FULL],
    "ratelimit.admin_api.after_retry_after": ["+key limit", "+a minute later"],
    "ratelimit.admin_api.*": ["+key limit"],
    "ratelimit.create_topic.first": ["+limits of members"],
    "ratelimit.create_topic.second_within_15s": ["ratelimit.create_topic.first"],
    "ratelimit.create_topic.retry_identical_after_429": ["ratelimit.create_topic.second_within_15s"],
    "ratelimit.create_topic.after_waiting": ["ratelimit.create_topic.second_within_15s", "+a minute later"],
    "ratelimit.create_topic.moderator_1": ["+limits of members"],
    "ratelimit.create_topic.moderator_2": ["ratelimit.create_topic.moderator_1"],
    "ratelimit.create_post.first": ["ratelimit.create_topic.first", "+a minute later"],
    "ratelimit.create_post.second_within_5s": ["ratelimit.create_post.first"],
    "ratelimit.delete_own_post_tl2.1": ["status.setup", "+replies of second", "+limits of members"],
    "ratelimit.delete_own_post_tl2.2": ["ratelimit.delete_own_post_tl2.1"],
    "ratelimit.delete_own_post_tl2.3": ["ratelimit.delete_own_post_tl2.2"],
    "ratelimit.topics_per_day": ["+twenty topics today"],
    "ratelimit.edits_per_day": ["ratelimit.create_topic.first", "+ninety edits today"],
    "ratelimit.edits_per_day.grace_edit_still_ok": ["ratelimit.create_topic.first", "+ninety edits today"],
    "ratelimit.search_user": ["+thirty searches"],
    "ratelimit.search_anon": ["+fifteen anonymous searches"],
    "ratelimit.per_ip.10s": ["+fifty anonymous requests"],
    "raw.*": [FULL],
    "revisions.setup.create": [],
    "revisions.public.none_yet": ["revisions.setup.create"],
    "revisions.setup.edit_within_grace": ["revisions.setup.create"],
    "revisions.public.after_grace_edit": ["revisions.setup.edit_within_grace"],
    "revisions.setup.edit_by_other": ["revisions.setup.edit_within_grace"],
    "revisions.hide_as_*": ["revisions.setup.edit_by_other"],
    "revisions.public.*": ["revisions.setup.edit_by_other"],
    "revisions.hidden.*": ["revisions.hide_as_admin"],
    "search.full.private_word_anon": ["move.create_in_private"],
    "search.full.empty": [],
    "search.full.none": [],
    "search.full.too_short": [],
    "search.*": [FULL],
    "status.setup": [],
    "status.unlisted_show_anon": ["status.unlist"],
    "status.pinned_show": ["status.pin", "status.pin_without_until", "status.pin_boolean_true"],
    "status.unpin": ["status.pin"],
    "status.close_again": ["status.close"],
    "status.open": ["status.close"],
    "status.list_again": ["status.unlist"],
    "status.*": ["status.setup"],
    "status_bool.show_after_string_true": ["status_bool.pin_string_true"],
    "status_bool.show_after_json_true": ["status_bool.pin_string_true", "status_bool.pin_json_true"],
    "status_bool.show_after_close_json_true": ["status_bool.close_json_true"],
    "status_bool.*": ["+boolean topic"],
    "tag_rules.two_of_one_per_topic": ["tag_rules.one_per_topic_setting"],
    "tag_rules.*_setting": ["+tags", "tags.group_create"],
    "tag_rules.one_per_topic_off": ["tag_rules.one_per_topic_setting"],
    "tag_rules.*.read_back": ["tag_rules.allowed_and_not_allowed"],
    "tag_rules.*": ["tag_rules.required_tags_setting"],
    "tags.groups.*": ["tags.group_create"],
    "tags.search*": [FULL],
    "tags.show.anon": [FULL],
    "topics.create.full": [],
    "topics.create.identical_*": [FULL],
    "topics.create.same_*": [FULL],
    "topics.create.*": [],
    "topics.delete.missing": [],
    "topics.delete.ok": [FULL],
    "topics.delete.as_member": [FULL],
    "topics.delete.*": ["topics.delete.ok"],
    "topics.external_id.get_unknown": [],
    "topics.external_id.follow_redirect": ["plainbot.edit_anyones_title"],
    "topics.posts.by_ids": ["posts.reply.create"],
    "topics.show.missing*": [],
    "topics.show.giant_id": [],
    "topics.update.missing_topic": [],
    "topics.update.category_and_tags": ["topics.update.title"],
    "topics.update.revision_of_tags": ["posts.update.raw", "topics.update.category_and_tags"],
    "topics.update.tags_*": ["topics.update.title"],
    "topics.update.after_tags_empty_json_array": ["topics.update.tags_empty_json_array"],
    "topics.update.after_tags_array_with_empty_string": ["topics.update.tags_array_with_empty_string"],
    "topics.update.external_id_is_ignored": ["topics.update.title"],
    "topics.update.no_change": ["topics.update.category_and_tags"],
    "topics.update.after_external_id": ["topics.update.external_id_is_ignored"],
    "topics.*": [FULL],
    "transform.tags.new_tag_as_member*": [FULL],
    "webhook_admin.create*": [],
    "webhook_admin.list_as_bot": [],
    "webhook_admin.event_types": [],
    "webhook_admin.update_clear_category_filter": ["webhook_admin.update_filter_category_and_events"],
    "webhook_admin.update_wildcard_keeps_category_filter": ["webhook_admin.update_filter_category_and_events"],
    "webhook_admin.events": ["webhook_admin.ping"],
    "webhook_admin.redeliver": ["webhook_admin.events"],
    "webhook_admin.*": ["webhook_admin.create"],
}
"""The recordings (or steps, with `+`) that come before; the first pattern counts, and what a step needs comes before it."""


UNLIKE: dict[str, tuple[str, ...]] = {
    "topics.update.revision_of_tags": ("words",),
    "transform.title.quotes.read_back": ("values.slug",),
    "feeds.topic_rss": ("sentences.raw*",),
    "posts.delete.own_reply_*": ("values.post_number",),
    "topics.external_id.follow_redirect": ("values.tags", "values.posts*"),
    "memo.reply*": ("values.post_number",),
    "posts.reply.form_encoded": ("values.post_number",),
    "ratelimit.per_ip.10s": ("media_type",),
    "topics.show.after_replies": ("values.posts*",),
    "topics.update.after_*": ("values.posts*",),
    "topics.delete.update_post_of_deleted": ("values.post.edit_reason",),
    "posts.delete.show_deleted_admin": ("values.raw", "values.cooked", "values.post_number"),
    "status.unlisted_show_anon": ("values.posts*", "values.pinned*"),
    "status_bool.show_after_close_json_true": ("values.posts*",),
    "topics.delete.show_*": ("values.*",),
    "html.category.crawler": ("sentences.raw*",),
    "html.latest.crawler": ("sentences.raw*",),
}
"""Values that are not compared: the recorded topic had lived longer than ours, or the sandbox's lists show people how a text begins."""


def unlike(name: str) -> tuple[str, ...]:
    """What of a case is not compared."""
    return next((names for pattern, names in UNLIKE.items() if fnmatchcase(name, pattern)), ())


def needs(name: str) -> list[str]:
    """Everything that has to be done before a case, in order."""
    return list(dict.fromkeys(_before(name)))


def _before(name: str) -> Iterator[str]:
    for step in _directly_before(name):
        yield from _before(step)
        yield step


@cache
def _directly_before(name: str) -> list[str]:
    if name.endswith(".read_back"):
        return [name.removesuffix(".read_back")]
    return next((steps for pattern, steps in NEEDS.items() if fnmatchcase(name, pattern)), [])


# --- what was not recorded --------------------------------------------------------------------------------------------


def asked(role: str, method: str, path: str, sent: Any, body: Any = None) -> Recording:
    """An exchange that went well without being kept."""
    names = {"Accept": "application/json", "Api-Key": "PLACEHOLDER", "Api-Username": role.partition(":")[2]}
    return Recording(f"{method} {path}", role, method, path, names, sent, 200, {}, body)


def created(title: str, raw: str, topic: int, post: int, **more: Any) -> Recording:
    """A topic that the admin made."""
    sent = {"title": title, "raw": raw, "category": 5} | more
    return asked("global:lab_admin", "POST", "/posts.json", sent, {"id": post, "topic_id": topic})


def replied(raw: str, topic: int, post: int, role: str = "global:lab_admin") -> Recording:
    """A reply that somebody wrote."""
    return asked(role, "POST", "/posts.json", {"topic_id": topic, "raw": raw}, {"id": post, "topic_id": topic})


UNRECORDED: dict[str, list[Recording]] = {
    "+cached topic": [created("A topic to watch the anonymous page cache", "Original cache text before any edit happened.", 80, 138)],
    "+boolean topic": [
        created(
            "A topic for the boolean trap of the status",
            "This is a sufficiently long body for a forum post, number bool, with some words about the liver.",
            14,
            17,
        )
    ],
    "+reply 106": [replied("A reply that is deleted twice in a row by an admin.", 76, 106)],
    "+replies": [replied(f"Reply number {at} to make the topic long enough for paging.", 79, 114 + at) for at in range(24)],
    "+topic 19 deleted": [asked("global:lab_admin", "DELETE", "/t/19.json", None)],
    "+tags": [
        created(
            "A topic that gives the tags their names",
            "A sufficiently long body with the words of some tags.",
            90,
            190,
            tags=["meeting", "notes", "recording"],
        )
    ],
    "+replies of second": [replied(f"Reply number {at} of a member who takes it back.", 76, at, "global:second") for at in (26, 27, 28)],
}
"""Steps that the recorder took without keeping them."""


def steps(name: str) -> Iterator[Recording | str]:
    """What is done before a case: exchanges, and names of what is staged."""
    for step in needs(name):
        if step in UNRECORDED:
            yield from UNRECORDED[step]
        elif step.startswith("+"):
            yield step
        else:
            yield recording(step)


# --- a real Discourse -------------------------------------------------------------------------------------------------

NOT_ON_REAL: dict[str, str] = {
    "auth.session_current.global_key_*": "the admin's key may be one of a single account",
    "auth.session_current.empty_key": "an address that sends such keys gets blocked by some firewalls",
    "anon_cache.*": "how soon pages are cached differs with the number of processes",
    "cooked.mentions": "it would mention people",
    "errors.approval.*": "needs a category with approval",
    "errors.create.category_missing": "it would land outside of the categories that were named for tests",
    "errors.create.category_readonly_bot": "needs a category that the bot only reads",
    "errors.create.category_forbidden_bot": "a moderator is let in",
    "errors.create.title_too_short_as_admin": "the site's own shortest title counts",
    "errors.readonly.*": "would stop a site",
    "feeds.*": "cached for a minute",
    "granular.*": "needs a key of its own",
    "groups.*": "needs the recorded groups",
    "html.*": "cached for a minute",
    "memo.error_*": "needs two minutes of patience",
    "move.setting_*": "we change no setting",
    "move.public.*_setting_off": "we change no setting",
    "paging.*": "twenty-four replies each",
    "plainbot.*": "a moderator may",
    "post.*": "a moderator may edit what staff has locked",
    "posts.latest.*": "other people write there too",
    "ratelimit.*": "would stop a site for a minute",
    "revisions.hide_as_bot": "a moderator may",
    "search.full.by_user": "other people write there too",
    "search.full.page_2": "other people write there too",
    "site.*_json.*": "differs from site to site",
    "site.settings.admin": "differs from site to site",
    "site.basic_info.anon": "differs from site to site",
    "site.categories.*": "differs from site to site",
    "site.category_find_by_slug": "the category may be a sub-category",
    "status.pin_globally": "it would stand above everything for everybody",
    "tag_rules.*": "we change no category",
    "tags.*": "we make no tag group",
    "topics.delete.show_bot": "a moderator sees what was deleted",
    "topics.update.category_*": "needs a second public category",
    "topics.update.no_change": "needs a second public category",
    "topics.update.revision_of_tags": "needs a second public category",
    "webhook_admin.*": "would call an address of ours",
}
"""What a site that people use is not asked, and why."""

HERS = (
    "anon",
    "global:lab_admin",
    "global:lab_mod",
    "global:bridge_bot",
    "modbot_single:bridge_modbot",
    "bot_single",
    "bot_single:bridge_bot",
)
"""The roles that two keys can play: an admin's, and a bot's that is a moderator."""

TOLERATED: dict[str, tuple[int, ...]] = {
    "errors.create.empty_object": (400, 422),
    "posts.delete.twice_second": (200, 403, 404, 422),
    "site.category_show.p*": (200, 403, 404),
    "site.category_show.subcategory": (200, 301, 404),
    "topics.show.dash_slug": (200, 301),
    "topics.update.without_slug_segment": (200, 403),
    "transform.tags.comma_string": (200, 400, 422, 500),
    "revisions.public.*": (200, 403, 404),
    "move.public.re*": (200, 403, 404),
}
"""Statuses that a forum of another generation, or with another setting, may answer instead."""

OWN_WORDS = (
    "error.*",
    "shape*",
    "values*cooked",
    "values*version",
    "values*slug",
    "values*permission",
    "values*admin",
    "values*moderator",
    "values*trust_level",
    "words",
    "text",
    "body*",
)
"""What is not compared on a real Discourse: sentences in its own language, how it renders, what depends on its settings."""


@cache
def on_real() -> list[str]:
    """The cases that a real Discourse is asked: nothing staged, nobody but an admin and a moderator bot."""
    return [name for name in recordings() if not any(fnmatchcase(name, pattern) for pattern in NOT_ON_REAL) and _is_theirs(name)]


def _is_theirs(name: str) -> bool:
    before = list(steps(name))
    exchanges = [step for step in before if not isinstance(step, str)]
    refused = any(fnmatchcase(step.name, pattern) for step in exchanges for pattern in NOT_ON_REAL)
    return len(exchanges) == len(before) and not refused and all(each.role in HERS for each in [*exchanges, recording(name)])


def tolerated(name: str) -> tuple[int, ...]:
    """The other statuses that are as good."""
    return next((statuses for pattern, statuses in TOLERATED.items() if fnmatchcase(name, pattern)), ())


def fitting(pattern: str) -> list[str]:
    """The exchanges that are kept here and fit a pattern."""
    return [name for name in recordings() if fnmatchcase(name, pattern)]
