"""The JSON that Discourse answers with: the fields we read and the ones beside them that a person looks for."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Mapping

from integrations.discourse.sandbox.database import Category, Database, Post, Revision, Topic, User

Json = dict[str, object]

NOT_FOUND: Json = {"errors": ["The requested URL or resource could not be found."], "error_type": "not_found"}
NOT_PERMITTED: Json = {"errors": ["You are not permitted to view the requested resource."], "error_type": "invalid_access"}
BAD_KEY: Json = {
    "errors": ["You are not permitted to view the requested resource. The API username or key is invalid."],
    "error_type": "invalid_access",
}
TOPIC_GONE = "Something has gone wrong. Perhaps this topic was closed or deleted while you were looking at it?"
EDIT_CONFLICT = "That post was edited by another user and your changes can no longer be saved."
NOT_DELETED = "There was an error deleting that topic. Please contact the site's administrator."


class RefusedError(Exception):
    """A call is answered with an error."""

    def __init__(self, status: int, body: Mapping[str, object]) -> None:
        super().__init__(status)
        self.status = status
        self.body = dict(body)


def not_found() -> RefusedError:
    """It is not there, or not to be seen."""
    return RefusedError(404, NOT_FOUND)


def not_permitted() -> RefusedError:
    """It is there, but not for this account."""
    return RefusedError(403, NOT_PERMITTED)


def invalid(parameter: str) -> RefusedError:
    """A parameter of the call makes no sense."""
    return RefusedError(
        400, {"errors": [f"You supplied invalid parameters to the request: {parameter}"], "error_type": "invalid_parameters"}
    )


def account(user: User) -> Json:
    """Who somebody is."""
    return {
        "id": user.id,
        "username": user.username,
        "name": user.username,
        "trust_level": user.trust_level,
        "admin": bool(user.admin),
        "moderator": bool(user.moderator),
        "staff": user.staff,
    }


def category(row: Category, viewer: User | None) -> Json:
    """A category as somebody sees it: `permission` is null to those who have no account."""
    return {
        "id": row.id,
        "name": row.name,
        "slug": row.slug,
        "description": None,
        "read_restricted": bool(row.private),
        "permission": 1 if viewer else None,
    }


def post(database: Database, row: Post, topic: Topic, viewer: User | None, *, with_raw: bool) -> Json:
    """A post as somebody sees it: those who are not staff do not count the hidden revisions."""
    author = database.user(row.user_id)
    staff = viewer is not None and viewer.staff
    hidden = 0 if staff else sum(revision.hidden for revision in database.revisions(row.id, with_hidden=True))
    mine = viewer is not None and viewer.id == row.user_id
    body: Json = {
        "id": row.id,
        "name": author.username,
        "username": author.username,
        "created_at": row.created_at,
        "cooked": row.cooked,
        "post_number": row.number,
        "post_type": 1,
        "updated_at": row.updated_at,
        "yours": mine,
        "topic_id": row.topic_id,
        "topic_slug": topic.slug,
        "version": row.version - hidden,
        "can_edit": staff or mine,
        "can_delete": row.number > 1 and (staff or mine),
        "moderator": bool(author.moderator),
        "admin": bool(author.admin),
        "staff": author.staff,
        "user_id": row.user_id,
        "hidden": False,
        "deleted_at": row.deleted_at,
        "user_deleted": bool(row.user_deleted),
        "edit_reason": row.edit_reason,
        "can_view_edit_history": True,
    }
    return body | ({"raw": row.raw} if with_raw else {})


def topic(row: Topic, posts: Iterable[Json], stream: list[int], viewer: User | None) -> Json:
    """A topic with one page of its posts."""
    staff = viewer is not None and viewer.staff
    body: Json = {
        "post_stream": {"posts": list(posts), "stream": stream},
        "tags": row.tag_names,
        "id": row.id,
        "title": row.title,
        "fancy_title": html.escape(row.title),
        "posts_count": len(stream),
        "created_at": row.created_at,
        "visible": True,
        "closed": False,
        "archived": False,
        "archetype": "regular",
        "slug": row.slug,
        "category_id": row.category_id,
        "deleted_at": row.deleted_at,
        "user_id": row.user_id,
        "highest_post_number": len(stream),
        "chunk_size": 20,
        "details": {"can_edit": staff, "can_delete": staff, "can_create_post": viewer is not None},
    }
    return body | ({"external_id": row.external_id} if row.external_id else {})


def listed(row: Topic) -> Json:
    """A topic in a list."""
    return {
        "id": row.id,
        "title": row.title,
        "fancy_title": html.escape(row.title),
        "slug": row.slug,
        "created_at": row.created_at,
        "tags": row.tag_names,
        "category_id": row.category_id,
        "archetype": "regular",
        "visible": True,
        "closed": False,
        "archived": False,
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


def revision(database: Database, row: Revision, seen: list[Revision], version: int) -> Json:
    """A revision as somebody sees it who may see `seen`; the old text is in it, which is why revisions get hidden."""
    numbers = [each.number for each in seen]
    at = numbers.index(row.number)
    changes: dict[str, list[object]] = json.loads(row.changes)
    username = database.user(row.user_id).username
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
        "username": username,
        "display_username": username,
        "edit_reason": row.edit_reason,
        "body_changes": _diff(changes.get("raw")),
        "title_changes": _diff(changes.get("title")),
        "user_changes": None,
        "wiki": False,
        "can_edit": False,
    }
    return body | ({"tags_changes": changes["tags"]} if "tags" in changes else {})


def _diff(change: list[object] | None) -> Json | None:
    if change is None:
        return None
    before, after = (html.escape(str(text)) for text in change)
    return {
        "inline": f'<div class="inline-diff"><del>{before}</del><ins>{after}</ins></div>',
        "side_by_side": f'<div class="revision-content"><del>{before}</del></div><div class="revision-content"><ins>{after}</ins></div>',
    }


def found(term: str, posts: list[Json], topics: list[Json], *, can_create: bool) -> Json:
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
            "term": term,
            "more_full_page_results": None,
            "can_create_topic": can_create,
            "error": None,
            "post_ids": [each["id"] for each in posts],
        },
    }
