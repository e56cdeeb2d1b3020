"""The JSON of things as somebody sees them: accounts, categories, topics, posts, revisions. The fields we read and those around them."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Sequence

from integrations.discourse.sandbox.answers import Json
from integrations.discourse.sandbox.database import Database
from integrations.discourse.sandbox.rows import CREATE, REPLY, Category, Post, Revision, Topic, User

AVATAR = "/letter_avatar_proxy/v4/letter/{letter}/4af34b/{{size}}.png"


def person(user: User) -> Json:
    """Somebody, in short."""
    return {
        "id": user.id,
        "username": user.username,
        "name": user.username,
        "avatar_template": AVATAR.format(letter=user.username[0].lower()),
    }


def poster(user: User) -> Json:
    """Somebody, beside a list of topics or of members: the rights are only named where there are some."""
    rights = {name: True for name, has in (("admin", user.admin), ("moderator", user.moderator)) if has}
    return person(user) | {"flair_name": None} | rights | {"trust_level": user.trust_level}


def account(database: Database, user: User) -> Json:
    """Who the caller is."""
    groups = sorted(user.groups - {"everyone"})
    return person(user) | {
        "unread_notifications": 0,
        "unread_private_messages": 0,
        "admin": bool(user.admin),
        "moderator": bool(user.moderator),
        "staff": user.staff,
        "title": None,
        "trust_level": user.trust_level,
        "can_edit": True,
        "can_create_topic": True,
        "reviewable_count": len(database.rows("SELECT 1 FROM pending")) if user.staff else 0,
        "groups": [{"id": number, "name": name, "has_messages": False} for number, name in enumerate(groups, start=1)],
        "can_review": user.staff,
        "pending_posts_count": len(database.rows("SELECT 1 FROM pending WHERE user_id = ?", user.id)),
        "timezone": None,
    }


def category(database: Database, row: Category, viewer: User | None, *, detailed: bool = False) -> Json:
    """A category as somebody sees it: `permission` is 1 for those who may create topics in it, else null."""
    below = [each.id for each in database.categories(viewer) if each.parent_id == row.id]
    topics = database.topics_in(row.id)
    body: Json = {
        "id": row.id,
        "name": row.name,
        "color": row.color,
        "text_color": "FFFFFF",
        "slug": row.slug,
        "topic_count": len(topics),
        "post_count": sum(len(database.posts_of(topic.id)) for topic in topics),
        "position": row.id,
        "description": None,
        "description_text": None,
        "description_excerpt": None,
        "topic_url": None,
        "read_restricted": row.private,
        "permission": CREATE if viewer is not None and row.lets(viewer, CREATE) else None,
        "topic_template": None,
        "has_children": bool(below),
        "minimum_required_tags": row.minimum_tags,
    }
    if viewer is not None:
        body |= {"notification_level": 1} | ({"can_edit": True} if viewer.admin else {})
    if row.parent_id is not None:
        body["parent_category_id"] = row.parent_id
    return body | (_details(row) if detailed else {"subcategory_ids": below})


def _details(row: Category) -> Json:
    """What is told of one category alone."""
    return {
        "custom_fields": {"require_topic_approval": "true", "require_reply_approval": "true"} if row.approval else {},
        "allowed_tags": row.tag_names,
        "allowed_tag_groups": row.tag_group_names,
        "allow_global_tags": False,
        "min_tags_from_required_group": 1,
        "required_tag_group_name": row.required_tag_group,
        "read_only_banner": None,
        "group_permissions": [{"permission_type": level, "group_name": name} for name, level in row.granted.items()],
        "reviewable_by_group_name": row.moderators,
        "topic_featured_link_allowed": True,
        "search_priority": 0,
    }


def post(database: Database, row: Post, topic: Topic, viewer: User | None, *, with_raw: bool, public_history: bool = True) -> Json:
    """A post as somebody sees it: those who are not staff do not count the hidden revisions."""
    author = database.user(row.user_id)
    category = database.category(topic.category_id)
    staff = viewer is not None and viewer.staff
    hidden = 0 if staff else sum(revision.hidden for revision in database.revisions(row.id, with_hidden=True))
    mine = viewer is not None and viewer.id == row.user_id
    edits = (
        staff or mine or (viewer is not None and (viewer.trust_level >= 4 or (category is not None and category.is_moderated_by(viewer))))
    )
    body = person(author) | {
        "id": row.id,
        "created_at": row.created_at,
        "cooked": row.cooked,
        "post_number": row.number,
        "post_type": row.kind,
        "updated_at": row.updated_at,
        "reply_count": 0,
        "reply_to_post_number": row.reply_to,
        "quote_count": 0,
        "incoming_link_count": 0,
        "reads": 1,
        "readers_count": 0,
        "score": 0,
        "yours": mine,
        "topic_id": row.topic_id,
        "topic_slug": topic.slug,
        "display_username": author.username,
        "version": row.version - hidden,
        "can_edit": edits,
        "can_delete": row.number > 1 and (staff or mine),
        "can_recover": row.deleted_at is not None and staff,
        "can_wiki": staff,
        "user_title": None,
        "bookmarked": False,
        "actions_summary": [],
        "moderator": bool(author.moderator),
        "admin": bool(author.admin),
        "staff": author.staff,
        "user_id": row.user_id,
        "hidden": False,
        "trust_level": author.trust_level,
        "deleted_at": row.deleted_at,
        "user_deleted": bool(row.user_deleted),
        "edit_reason": row.edit_reason,
        "can_view_edit_history": sees_history(row, viewer, public_history=public_history),
        "wiki": bool(row.wiki),
    }
    if row.deleted_by is not None:
        body["deleted_by"] = person(database.user(row.deleted_by))
    if row.action_code:
        body["action_code"] = row.action_code
    if row.locked and staff:
        body["locked"] = True
    return body | ({"raw": row.raw} if with_raw else {})


def sees_history(row: Post, viewer: User | None, *, public_history: bool) -> bool:
    """Whether somebody may read what a post said before."""
    return public_history or (viewer is not None and (viewer.staff or viewer.trust_level >= 4 or viewer.id == row.user_id))


def status(row: Topic) -> Json:
    """What a topic is, beside its text."""
    return {
        "visible": bool(row.visible),
        "closed": bool(row.closed),
        "archived": bool(row.archived),
        "archetype": "regular",
        "pinned": row.pinned_at is not None,
        "pinned_globally": bool(row.pinned_globally),
        "unpinned": None,
    }


def tags(names: Sequence[str], *, modern: bool) -> list[object]:
    """A topic's tags: their names, or objects on a forum of 2026."""
    return [{"id": number, "name": name, "slug": name} for number, name in enumerate(names, start=1)] if modern else list(names)


def topic(database: Database, row: Topic, shown: Iterable[Json], viewer: User | None, *, near: int = 1, modern: bool = False) -> Json:
    """A topic with some of its posts."""
    posts = database.posts_of(row.id, with_deleted_first=row.deleted_at is not None)
    category = database.category(row.category_id)
    moderates = viewer is not None and (viewer.trust_level >= 4 or (category is not None and category.is_moderated_by(viewer)))
    replies = category is not None and category.lets(viewer, REPLY) and (moderates or not (row.closed or row.archived))
    people = list({post.user_id: database.user(post.user_id) for post in posts}.values())
    body = status(row) | {
        "post_stream": {"posts": list(shown), "stream": [post.id for post in posts]},
        "timeline_lookup": [[1, 0]],
        "suggested_topics": [],
        "tags": tags(row.tag_names, modern=modern),
        "tags_descriptions": {},
        "id": row.id,
        "title": row.title,
        "fancy_title": html.escape(row.title),
        "posts_count": len(posts),
        "created_at": row.created_at,
        "views": 1,
        "reply_count": 0,
        "like_count": 0,
        "last_posted_at": posts[-1].created_at if posts else None,
        "has_summary": False,
        "slug": row.slug,
        "category_id": row.category_id,
        "word_count": sum(len(post.raw.split()) for post in posts),
        "deleted_at": row.deleted_at,
        "user_id": row.user_id,
        "pinned_at": row.pinned_at,
        "pinned_until": row.pinned_until,
        "slow_mode_seconds": 0,
        "current_post_number": near,
        "highest_post_number": database.last_number(row.id),
        "deleted_by": person(database.user(row.deleted_by)) if row.deleted_by is not None else None,
        "actions_summary": [],
        "chunk_size": 20,
        "bookmarked": False,
        "topic_timer": None,
        "participant_count": len(people),
        "details": {
            "can_edit": moderates,
            "can_delete": moderates and (viewer is not None and (viewer.staff or viewer.trust_level < 4)),
            "can_create_post": viewer is not None and replies,
            "notification_level": 1,
            "participants": [poster(user) | {"post_count": sum(post.user_id == user.id for post in posts)} for user in people],
            "created_by": person(database.user(row.user_id)),
            "last_poster": person(database.user(posts[-1].user_id if posts else row.user_id)),
        },
    }
    return body | ({"external_id": row.external_id} if row.external_id else {})


def listed(database: Database, row: Topic, *, modern: bool = False) -> Json:
    """A topic in a list."""
    posts = database.posts_of(row.id)
    last = posts[-1] if posts else None
    return status(row) | {
        "id": row.id,
        "title": row.title,
        "fancy_title": html.escape(row.title),
        "slug": row.slug,
        "posts_count": len(posts),
        "reply_count": 0,
        "highest_post_number": database.last_number(row.id),
        "image_url": None,
        "created_at": row.created_at,
        "last_posted_at": last.created_at if last else None,
        "bumped": True,
        "bumped_at": row.bumped_at,
        "unseen": False,
        "bookmarked": None,
        "liked": None,
        "tags": tags(row.tag_names, modern=modern),
        "tags_descriptions": {},
        "views": 1,
        "like_count": 0,
        "has_summary": False,
        "last_poster_username": database.user(last.user_id if last else row.user_id).username,
        "category_id": row.category_id,
        "featured_link": None,
        "posters": [{"extras": "latest single", "description": "Original Poster, Most Recent Poster", "user_id": row.user_id}],
    }


def basic_topic(row: Topic, posts_count: int) -> Json:
    """What a change of title or tags answers."""
    return {
        "basic_topic": {
            "id": row.id,
            "title": row.title,
            "fancy_title": html.escape(row.title),
            "slug": row.slug,
            "posts_count": posts_count,
        }
    }


def revision(database: Database, row: Revision, seen: list[Revision], version: int, post: Post, topic: Topic, viewer: User | None) -> Json:
    """A revision as somebody sees it who may see `seen`; the old text is in it, which is why revisions get hidden."""
    numbers = [each.number for each in seen]
    at = numbers.index(row.number)
    changes: dict[str, list[object]] = json.loads(row.changes)
    author = database.user(row.user_id)
    body: Json = {
        "created_at": row.created_at,
        "post_id": row.post_id,
        "previous_hidden": bool(row.hidden),
        "current_hidden": False,
        "first_revision": numbers[0],
        "previous_revision": numbers[at - 1] if at else None,
        "current_revision": row.number,
        "next_revision": numbers[at + 1] if at + 1 < len(numbers) else None,
        "last_revision": numbers[-1],
        "current_version": at + 2,
        "version_count": version,
        "username": author.username,
        "display_username": author.username,
        "avatar_template": person(author)["avatar_template"],
        "edit_reason": row.edit_reason,
        "body_changes": _diff(_then(database, row, "raw", post.raw)),
        "title_changes": _diff(_then(database, row, "title", topic.title)),
        "user_changes": None,
        "wiki": False,
        "can_edit": viewer is not None and (viewer.staff or viewer.trust_level >= 4),
    }
    if "tags" in changes:
        body["tags_changes"] = {"previous": changes["tags"][0], "current": changes["tags"][1]}
    if "category_id" in changes:
        body["category_id_changes"] = {"previous": changes["category_id"][0], "current": changes["category_id"][1]}
    return body


def _then(database: Database, row: Revision, name: str, now: str) -> list[object]:
    """A text before and after a revision: one that changed something else shows the whole text of that time, too."""
    for each in database.revisions(row.post_id, with_hidden=True):
        changes: dict[str, list[object]] = json.loads(each.changes)
        if each.number >= row.number and name in changes:
            return changes[name] if each.number == row.number else [changes[name][0]] * 2
    return [now, now]


def _diff(change: list[object]) -> Json:
    before, after = (html.escape(str(text)) for text in change)
    if before == after:
        marked, old, new = before, before, after
    else:
        marked, old, new = f"<del>{before}</del><ins>{after}</ins>", f"<del>{before}</del>", f"<ins>{after}</ins>"
    return {
        "inline": f'<div class="inline-diff"><p>{marked}</p></div>',
        "side_by_side": f'<div class="revision-content"><p>{old}</p></div><div class="revision-content"><p>{new}</p></div>',
        "side_by_side_markdown": f'<table class="markdown"><tr><td class="diff-del">{old}</td><td class="diff-ins">{new}</td></tr></table>',
    }


def found(term: str, posts: list[Json], topics: list[Json], *, can_create: bool, error: str | None = None) -> Json:
    """What a search found; `topics` is missing where it found nothing."""
    body: Json = {"posts": posts}
    if topics:
        body["topics"] = topics
    return body | {
        "users": [],
        "categories": [],
        "tags": [],
        "groups": [],
        "grouped_search_result": {
            "more_posts": None,
            "more_users": None,
            "more_categories": None,
            "term": term,
            "more_full_page_results": None,
            "can_create_topic": can_create,
            "error": error,
            "post_ids": [each["id"] for each in posts],
            "user_ids": [],
            "category_ids": [],
            "tag_ids": [],
            "group_ids": [],
        },
    }
