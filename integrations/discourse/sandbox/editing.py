"""Posts and topics changed, and the revisions that this leaves behind. The forum's rules, not HTTP."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta

from integrations.discourse import wire
from integrations.discourse.sandbox import answers, rules, shapes
from integrations.discourse.sandbox.answers import Json, RefusedError
from integrations.discourse.sandbox.cooking import cook
from integrations.discourse.sandbox.creating import Body, World
from integrations.discourse.sandbox.rows import CREATE, Category, Post, Topic, User
from integrations.discourse.sandbox.tagging import CANNOT_MOVE


class Editing:
    """PUT /posts/{id}.json and PUT /t/-/{id}.json."""

    def __init__(self, world: World, *, modern: bool) -> None:
        self._world = world
        self._database = world.database
        self._modern = modern

    def edit_post(self, user: User, post_id: int, body: Body) -> Json:
        """A new text for a post, unless somebody changed it first."""
        wrapped = body.get("post")
        change: Body = wrapped if isinstance(wrapped, dict) else body
        with self._database.transaction():
            post = self._database.post(post_id)
            if post is None:
                raise answers.not_found()
            topic = self._topic_of(post)
            self._ensure_may_edit(user, post, topic)
            self._ensure_is_current(post, change)
            changes = self._text_and_title(user, post, topic, change, body)
            reason = change.get("edit_reason")
            events = "topic_edited" if "title" in changes and changes["title"] != topic.title else "post_edited"
            self._revise(user, post, topic, changes, None if reason is None else str(reason), event=events)
            return {"post": self._shown(post_id, user)}

    def edit_topic(self, user: User, topic_id: int, body: Body) -> Json:
        """A topic's title, tags or category. The external id cannot be changed and is let pass without a word."""
        with self._database.transaction():
            topic = self._database.topic(topic_id)
            if topic is None or topic.deleted_at is not None:
                raise answers.not_permitted()
            post = self._database.first_post(topic_id)
            self._ensure_may_edit(user, post, topic)
            changes: dict[str, object] = {}
            if "title" in body:
                changes["title"] = self._new_title(user, topic, str(body["title"]))
            category = self._new_category(user, topic, body)
            changes |= self._new_tags(user, topic, body, category)
            if category.id != topic.category_id:
                changes["category_id"] = category.id
            self._revise(user, post, topic, changes, None, event="topic_edited")
            return self._basic(topic_id)

    def set_tags(self, user: User, topic_id: int, body: Body) -> Json:
        """PUT /t/{id}/tags.json: only the tags."""
        return self.edit_topic(user, topic_id, {"tags": body.get("tags", [])})

    def publish(self, user: User, topic_id: int, body: Body) -> Json:
        """Move a topic to where it is read: the first post's history goes, the replies' history stays, its date is now."""
        with self._database.transaction():
            topic = self._database.topic(topic_id)
            wanted = str(body.get("destination_category_id", ""))
            category = self._database.category(int(wanted)) if wanted.isdecimal() else None
            if topic is None or category is None:
                raise answers.not_found()
            if not user.staff or not category.lets(user, CREATE):
                raise answers.not_permitted()
            now = self._world.now
            first = self._database.first_post(topic_id)
            self._database.execute("DELETE FROM revisions WHERE post_id = ?", first.id)
            self._database.update("posts", first.id, version=1, created_at=now, updated_at=now, version_at=now)
            self._database.update("topics", topic_id, category_id=category.id, created_at=now, bumped_at=now, visible=1)
            self._world.hooks.topic("topic_edited", topic_id)
            return self._basic(topic_id)

    def blank(self, user: User, post: Post) -> None:
        """What is left of a post whose author, who is not staff, deleted it."""
        self._revise(user, post, self._topic_of(post), {"raw": "(post deleted by author)"}, None, event="post_edited", anyway=True)
        self._database.update("posts", post.id, user_deleted=1)

    # --- what is allowed ----------------------------------------------------------------------------------------------

    def _ensure_may_edit(self, user: User, post: Post, topic: Topic) -> None:
        category = self._database.category(topic.category_id)
        if category is None or not category.is_seen_by(user) or (topic.deleted_at is not None and not user.staff):
            raise answers.not_permitted()
        if user.staff or post.wiki:
            return
        if post.locked:
            raise answers.not_permitted()
        if user.trust_level >= 4 or category.is_moderated_by(user):
            return
        if user.id != post.user_id:
            raise answers.not_permitted()
        minutes = self._world.settings.get("tl2_post_edit_time_limit" if user.trust_level >= 2 else "post_edit_time_limit", int)
        if self._world.clock() - datetime.fromisoformat(post.created_at) > timedelta(minutes=minutes):
            raise answers.unacceptable(answers.TOO_LATE)

    def _ensure_is_current(self, post: Post, change: Body) -> None:
        """The text that the caller changed has to be the one that stands; forums of 2026 call it `original_text` as well."""
        for name in ("raw_old", "original_text") if self._modern else ("raw_old",):
            if change.get(name) is not None and str(change[name]) != post.raw:
                raise RefusedError(409, {"errors": [answers.EDIT_CONFLICT]})

    def _text_and_title(self, user: User, post: Post, topic: Topic, change: Body, body: Body) -> dict[str, object]:
        faults = self._world.body_faults(user, str(change.get("raw") or ""))
        if faults:
            raise answers.unacceptable(*faults)
        changes: dict[str, object] = {"raw": wire.raw_as_kept(str(change["raw"]))}
        if "title" in body and post.number == 1:
            changes["title"] = self._new_title(user, topic, str(body["title"]))
        return changes

    def _new_title(self, user: User, topic: Topic, title: str) -> str:
        kept = wire.title_as_kept(title)
        if kept == topic.title:
            return kept
        faults = self._world.title_faults(user, title, but=topic.id)
        if faults:
            raise answers.unacceptable(*faults)
        return kept

    def _new_category(self, user: User, topic: Topic, body: Body) -> Category:
        wanted = body.get("category_id", topic.category_id)
        category = self._database.category(int(str(wanted))) if str(wanted).isdecimal() else None
        if category is None:
            raise answers.unacceptable("Category not found!")
        if category.id != topic.category_id and not category.lets(user, CREATE):
            raise answers.not_permitted()
        return category

    def _new_tags(self, user: User, topic: Topic, body: Body, category: Category) -> dict[str, object]:
        tags = body.get("tags")
        if isinstance(tags, list):
            accepted, faults = self._world.tagging.accepted(user, [str(tag) for tag in tags], category)
            if faults:
                raise answers.unacceptable(*faults)
            self._world.tagging.keep(accepted)
            return {"tags": accepted}
        forbidden = self._world.tagging.forbidden(topic.tag_names, category) if category.id != topic.category_id else []
        if forbidden:
            raise answers.unacceptable(CANNOT_MOVE.format(tags=", ".join(f"'{name}'" for name in forbidden)))
        return {}

    # --- revisions ----------------------------------------------------------------------------------------------------

    def _revise(self, user: User, post: Post, topic: Topic, wanted: Body, reason: str | None, *, event: str, anyway: bool = False) -> None:
        """Apply a change, as a revision of its own (`anyway`: in any case) or within the current version."""
        before: dict[str, object] = {"raw": post.raw, "title": topic.title, "tags": topic.tag_names, "category_id": topic.category_id}
        changes = {name: [before[name], value] for name, value in wanted.items() if before[name] != value}
        if not changes:
            return
        now = self._world.clock()
        new_version = anyway or rules.makes_version(
            same_editor=user.id == post.editor_id,
            reason_changed=reason is not None and reason != post.edit_reason,
            last_version_at=datetime.fromisoformat(post.version_at),
            now=now,
            changed=sum(rules.difference(str(old), str(new)) for old, new in changes.values()),
            trusted=user.trust_level >= 2 or user.staff,
        )
        if new_version:
            self._world.limits.count_version(user)
            self._new_revision(user, post, changes, reason)
        elif post.version > 1:
            self._amend_revision(post, changes)
        # A version has the reason that was given for it or none; an edit within one leaves it its reason.
        self._write(user, post, topic, wanted, reason if new_version else reason or post.edit_reason)
        if event == "topic_edited":
            self._world.hooks.topic(event, topic.id)
        else:
            self._world.hooks.post(event, post.id)

    def _new_revision(self, user: User, post: Post, changes: Body, reason: str | None) -> None:
        number, now = post.version + 1, self._world.now
        self._database.insert(
            "revisions", post_id=post.id, number=number, user_id=user.id, created_at=now, changes=json.dumps(changes), edit_reason=reason
        )
        self._database.update("posts", post.id, version=number, version_at=now)

    def _amend_revision(self, post: Post, changes: Mapping[str, list[object]]) -> None:
        """An edit within the grace time: the latest revision keeps its old text and gets the newest as its new one."""
        row = self._database.row("SELECT changes FROM revisions WHERE post_id = ? AND number = ?", post.id, post.version)
        kept: dict[str, list[object]] = json.loads(row["changes"]) if row else {}
        for name, (old, new) in changes.items():
            kept[name] = [kept[name][0] if name in kept else old, new]
        self._database.execute("UPDATE revisions SET changes = ? WHERE post_id = ? AND number = ?", json.dumps(kept), post.id, post.version)

    def _write(self, user: User, post: Post, topic: Topic, wanted: Body, reason: str | None) -> None:
        raw, title = str(wanted.get("raw", post.raw)), str(wanted.get("title", topic.title))
        self._database.update(
            "posts",
            post.id,
            raw=raw,
            cooked=cook(raw, self._world.places),
            sought=rules.searchable(f"{title if post.number == 1 else ''}\n{raw}"),
            updated_at=self._world.now,
            editor_id=user.id,
            edit_reason=reason,
        )
        if wanted.keys() & {"title", "tags", "category_id"}:
            self._database.update(
                "topics",
                topic.id,
                title=title,
                slug=rules.slug_of(title),
                tags=json.dumps(wanted.get("tags", topic.tag_names)),
                category_id=wanted.get("category_id", topic.category_id),
            )

    # --- answers ------------------------------------------------------------------------------------------------------

    def _topic_of(self, post: Post) -> Topic:
        topic = self._database.topic(post.topic_id)
        assert topic is not None, "every post has a topic"
        return topic

    def _basic(self, topic_id: int) -> Json:
        topic = self._database.topic(topic_id)
        assert topic is not None, "it was written just now"
        return shapes.basic_topic(topic, len(self._database.posts_of(topic_id)))

    def _shown(self, post_id: int, viewer: User) -> Json:
        post = self._database.post(post_id)
        assert post is not None, "it was written just now"
        public = self._world.settings.is_on("edit_history_visible_to_public")
        return shapes.post(self._database, post, self._topic_of(post), viewer, with_raw=True, public_history=public)
