"""What changes the sandbox: posts created, edited, deleted, approved, their revisions hidden. The forum's rules, not HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from integrations.discourse import wire
from integrations.discourse.sandbox import answers, rules
from integrations.discourse.sandbox.answers import Json, RefusedError
from integrations.discourse.sandbox.cooking import cook
from integrations.discourse.sandbox.database import Category, Database, Post, Topic, User

MEMO_S = 120.0
"""For how long an identical create is answered with the first one's answer, whatever happened since."""
_PERMITTED = (
    "raw", "title", "topic_id", "category", "tags", "external_id", "created_at", "reply_to_post_number", "visible",
    "typing_duration_msecs", "composer_open_duration_msecs", "skip_validations", "auto_track", "archetype", "target_recipients",
)  # fmt: skip
_UNCATEGORIZED = 1

Body = Mapping[str, object]


def stamp(at: datetime) -> str:
    """An instant as Discourse writes it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


class Writing:
    """Everything that somebody with a key can change."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    # --- creating -----------------------------------------------------------------------------------------------------

    def create(self, user: User, body: Body) -> tuple[int, Json]:
        """A topic or a post, remembered for two minutes: refusals too."""
        permitted = {name: body[name] for name in _PERMITTED if body.get(name) is not None}
        key = json.dumps([user.id, permitted], sort_keys=True)
        now = self._clock().timestamp()
        with self._database.transaction():
            memo = self._database.row("SELECT * FROM memo WHERE key = ? AND at > ?", key, now - MEMO_S)
            if memo:
                return memo["status"], json.loads(memo["body"])
            try:
                status, answer = 200, self._perform(user, permitted)
            except RefusedError as refused:
                if refused.status != 422:
                    raise
                status, answer = refused.status, refused.body
            self._database.execute("INSERT OR REPLACE INTO memo VALUES (?, ?, ?, ?)", key, now, status, json.dumps(answer))
        return status, answer

    def _perform(self, user: User, body: Body) -> Json:
        if "topic_id" in body:
            topic, category = self._open_topic(user, body["topic_id"])
        else:
            topic, category = None, self._category(user, body)
        if topic is None:
            self._check_topic(user, body)
        raw = str(body.get("raw") or "")
        faults = rules.body_faults(raw)
        if faults:
            raise _refused(faults)
        if category.approval and not user.staff:
            return self._enqueue(user, body)
        post_id = self._add(user, body, topic, category)
        return {"action": "create_post", "post": self._shown(post_id, user)}

    def _category(self, user: User, body: Body) -> Category:
        wanted = body.get("category", _UNCATEGORIZED)
        category = self._database.category(int(str(wanted))) if str(wanted).isdecimal() else None
        if category is None:
            raise answers.invalid("category")
        if not category.is_seen_by(user):
            raise answers.not_permitted()
        return category

    def _open_topic(self, user: User, topic_id: object) -> tuple[Topic, Category]:
        topic = self._database.topic(int(str(topic_id))) if str(topic_id).isdecimal() else None
        category = self._database.category(topic.category_id) if topic else None
        if topic is None or category is None or topic.deleted_at is not None:
            raise _refused([answers.TOPIC_GONE])
        if not category.is_seen_by(user):
            raise answers.not_permitted()
        return topic, category

    def _check_topic(self, user: User, body: Body) -> None:
        tags = body.get("tags", [])
        if not isinstance(tags, list):  # Discourse falls over a string
            raise RefusedError(500, {"status": 500, "error": "Internal Server Error"})
        title = str(body.get("title") or "")
        taken = self._database.is_title_taken(wire.title_as_kept(title))
        faults = rules.title_faults(title, admin=bool(user.admin), taken=taken)
        if "external_id" in body:
            external_id = str(body["external_id"])
            faults += rules.external_id_faults(external_id, taken=self._database.is_external_id_taken(external_id))
        if faults:
            raise _refused(faults)

    def _enqueue(self, user: User, body: Body) -> Json:
        now = stamp(self._clock())
        pending_id = self._database.insert("pending", user_id=user.id, body=json.dumps(dict(body)), created_at=now)
        count = len(self._database.rows("SELECT 1 FROM pending WHERE user_id = ?", user.id))
        waiting = {"id": pending_id, "raw": wire.raw_as_kept(str(body["raw"])), "created_at": now}
        return {"action": "enqueued", "success": True, "pending_count": count, "pending_post": waiting}

    def _add(self, user: User, body: Body, topic: Topic | None, category: Category) -> int:
        now = stamp(self._clock())
        if topic is None:
            topic_id, title = self._add_topic(user, body, category, now), wire.title_as_kept(str(body["title"]))
        else:
            topic_id, title = topic.id, ""
        last = self._database.row("SELECT max(number) AS number FROM posts WHERE topic_id = ?", topic_id)
        raw = wire.raw_as_kept(str(body["raw"]))
        return self._database.insert(
            "posts",
            topic_id=topic_id,
            number=((last["number"] if last else None) or 0) + 1,
            user_id=user.id,
            raw=raw,
            cooked=cook(raw),
            sought=rules.searchable(f"{title}\n{raw}"),
            created_at=now,
            updated_at=now,
            editor_id=user.id,
            version_at=now,
        )

    def _add_topic(self, user: User, body: Body, category: Category, now: str) -> int:
        title = wire.title_as_kept(str(body["title"]))
        tags = body.get("tags", [])
        names = wire.tags_as_kept(str(tag) for tag in tags) if isinstance(tags, list) else ()
        return self._database.insert(
            "topics",
            title=title,
            slug=rules.slug_of(title),
            category_id=category.id,
            user_id=user.id,
            tags=json.dumps(list(reversed(names))),  # their order comes back different
            external_id=body.get("external_id"),
            created_at=now,
        )

    def approve_all(self) -> int:
        """What a moderator does in the review queue; the topics lose their external ids there."""
        with self._database.transaction():
            waiting = self._database.rows("SELECT * FROM pending ORDER BY id")
            for row in waiting:
                body = json.loads(row["body"])
                body.pop("external_id", None)
                user = self._database.user(row["user_id"])
                topic = self._database.topic(body["topic_id"]) if "topic_id" in body else None
                category = self._database.category(topic.category_id) if topic else self._category(user, body)
                assert category is not None, "every topic has a category"
                self._add(user, body, topic, category)
            self._database.execute("DELETE FROM pending")
        return len(waiting)

    # --- editing ------------------------------------------------------------------------------------------------------

    def edit_post(self, user: User, post_id: int, body: Body) -> Json:
        """A new text for a post, unless somebody changed it first."""
        wrapped = body.get("post")
        change: Body = wrapped if isinstance(wrapped, dict) else body
        with self._database.transaction():
            post = self._database.post(post_id)
            if post is None:
                raise answers.not_found()
            topic = self._topic_of(post)
            self._may_edit(user, post, topic)
            if "raw_old" in change and str(change["raw_old"]) != post.raw:
                raise RefusedError(409, {"errors": [answers.EDIT_CONFLICT]})
            faults = rules.body_faults(str(change.get("raw") or ""))
            if faults:
                raise RefusedError(422, {"errors": faults})
            changes: dict[str, object] = {"raw": wire.raw_as_kept(str(change["raw"]))}
            if "title" in body and post.number == 1:
                changes["title"] = self._new_title(user, topic, str(body["title"]))
            reason = change.get("edit_reason")
            self._revise(user, post, topic, changes, None if reason is None else str(reason))
            return {"post": self._shown(post_id, user)}

    def edit_topic(self, user: User, topic_id: int, body: Body) -> Json:
        """A topic's title, tags or category. The external id cannot be changed and is let pass without a word."""
        with self._database.transaction():
            topic = self._database.topic(topic_id)
            if topic is None or topic.deleted_at is not None:
                raise answers.not_permitted()
            self._may_edit(user, self._database.first_post(topic_id), topic)
            changes: dict[str, object] = {}
            if "title" in body:
                changes["title"] = self._new_title(user, topic, str(body["title"]))
            tags = body.get("tags")
            if isinstance(tags, list):
                changes["tags"] = list(reversed(wire.tags_as_kept(str(tag) for tag in tags)))
            if "category_id" in body:
                if self._database.category(int(str(body["category_id"]))) is None:
                    raise RefusedError(422, {"errors": ["Category not found!"]})
                changes["category_id"] = int(str(body["category_id"]))
            self._revise(user, self._database.first_post(topic_id), topic, changes, None)
            count = len(self._database.posts_of(topic_id))
            return answers.basic_topic(self._database.topic(topic_id) or topic, count)

    def _new_title(self, user: User, topic: Topic, title: str) -> str:
        kept = wire.title_as_kept(title)
        if kept == topic.title:
            return kept
        faults = rules.title_faults(title, admin=bool(user.admin), taken=self._database.is_title_taken(kept, but=topic.id))
        if faults:
            raise RefusedError(422, {"errors": faults})
        return kept

    def _may_edit(self, user: User, post: Post, topic: Topic) -> None:
        category = self._database.category(topic.category_id)
        seen = category is not None and category.is_seen_by(user) and (user.staff or topic.deleted_at is None)
        if not seen or not (user.staff or user.trust_level >= 4 or user.id == post.user_id):
            raise answers.not_permitted()

    def _revise(self, user: User, post: Post, topic: Topic, wanted: Body, reason: str | None) -> None:
        """Apply a change, as a revision of its own or within the current version."""
        before: dict[str, object] = {"raw": post.raw, "title": topic.title, "tags": topic.tag_names, "category_id": topic.category_id}
        changes = {name: [before[name], value] for name, value in wanted.items() if before[name] != value}
        if not changes:
            return
        now = self._clock()
        size = sum(rules.difference(str(old), str(new)) for old, new in changes.values())
        new_version = rules.makes_version(
            same_editor=user.id == post.editor_id,
            reason_changed=reason is not None and reason != post.edit_reason,
            last_version_at=datetime.fromisoformat(post.version_at),
            now=now,
            changed=size,
        )
        if new_version:
            self._new_revision(user, post, changes, reason, stamp(now))
        elif post.version > 1:
            self._amend_revision(post, changes)
        self._write(user, post, topic, wanted, reason, stamp(now))

    def _new_revision(self, user: User, post: Post, changes: Body, reason: str | None, now: str) -> None:
        number = post.version + 1
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

    def _write(self, user: User, post: Post, topic: Topic, wanted: Body, reason: str | None, now: str) -> None:
        raw, title = str(wanted.get("raw", post.raw)), str(wanted.get("title", topic.title))
        sought = rules.searchable(f"{title if post.number == 1 else ''}\n{raw}")
        self._database.update(
            "posts",
            post.id,
            raw=raw,
            cooked=cook(raw),
            sought=sought,
            updated_at=now,
            editor_id=user.id,
            edit_reason=reason or post.edit_reason,
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

    # --- hiding and deleting --------------------------------------------------------------------------------------------

    def hide_revision(self, user: User, post_id: int, number: int, *, hidden: bool) -> None:
        """Hide a revision from everybody but the staff, or show it again."""
        if not user.staff:
            raise answers.not_permitted()
        with self._database.transaction():
            if self._database.row("SELECT 1 FROM revisions WHERE post_id = ? AND number = ?", post_id, number) is None:
                raise answers.not_found()
            self._database.execute("UPDATE revisions SET hidden = ? WHERE post_id = ? AND number = ?", int(hidden), post_id, number)

    def delete_topic(self, user: User, topic_id: int) -> None:
        """Delete a topic; denied, missing and deleted already are told alike."""
        with self._database.transaction():
            topic = self._database.topic(topic_id)
            if topic is None or topic.deleted_at is not None or not user.staff:
                raise RefusedError(422, {"errors": [answers.NOT_DELETED]})
            now = stamp(self._clock())
            self._database.update("topics", topic_id, deleted_at=now)
            self._database.update("posts", self._database.first_post(topic_id).id, deleted_at=now)

    def delete_post(self, user: User, post_id: int) -> None:
        """Delete a post that is not a topic's first; an author who is not staff only blanks it. A second time is no error."""
        with self._database.transaction():
            post = self._database.post(post_id)
            if post is None:
                raise answers.not_found()
            if post.number == 1 or not (user.staff or user.id == post.user_id):
                raise answers.not_permitted()
            if user.staff:
                self._database.update("posts", post_id, deleted_at=post.deleted_at or stamp(self._clock()))
                return
            self._revise(user, post, self._topic_of(post), {"raw": "(post deleted by author)"}, "deleted by author")
            self._database.update("posts", post_id, user_deleted=1)

    def _topic_of(self, post: Post) -> Topic:
        topic = self._database.topic(post.topic_id)
        assert topic is not None, "every post has a topic"
        return topic

    def _shown(self, post_id: int, viewer: User) -> Json:
        post = self._database.post(post_id)
        assert post is not None, "it was written just now"
        return answers.post(self._database, post, self._topic_of(post), viewer, with_raw=True)


def _refused(faults: list[str]) -> RefusedError:
    return RefusedError(422, {"action": "create_post", "errors": faults})
