"""New topics and posts: what is checked, remembered, queued for approval, and written. The forum's rules, not HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from integrations.discourse import wire
from integrations.discourse.sandbox import answers, rules, shapes
from integrations.discourse.sandbox.answers import Json, RefusedError
from integrations.discourse.sandbox.cooking import cook
from integrations.discourse.sandbox.database import Database
from integrations.discourse.sandbox.hooks import Hooks
from integrations.discourse.sandbox.instants import stamp, understood
from integrations.discourse.sandbox.limits import Limits
from integrations.discourse.sandbox.rows import CREATE, REPLY, Category, Topic, User
from integrations.discourse.sandbox.settings import SiteSettings
from integrations.discourse.sandbox.tagging import NOT_TAGGED, Tagging

MEMO_S = 120.0
"""For how long an identical create is answered with the first one's answer, whatever happened since."""
TOO_SIMILAR = "Body is too similar to what you recently posted"
NO_WHISPERS = "Either whispers are not enabled or you do not have access to create whisper posts"
_PERMITTED = (
    "raw", "title", "topic_id", "category", "tags", "external_id", "created_at", "reply_to_post_number", "visible",
    "typing_duration_msecs", "composer_open_duration_msecs", "skip_validations", "auto_track", "archetype", "target_recipients",
    "whisper", "import_mode", "shared_draft",
)  # fmt: skip
_UNCATEGORIZED = 1
_CREATE = "create_post"

Body = Mapping[str, object]


@dataclass(frozen=True)
class World:
    """What everything that changes the forum needs."""

    database: Database
    clock: Callable[[], datetime]
    settings: SiteSettings
    limits: Limits
    tagging: Tagging
    hooks: Hooks

    @property
    def now(self) -> str:
        """This instant, as it is kept."""
        return stamp(self.clock())

    @property
    def places(self) -> dict[str, str]:
        """What a text may name, and where that is: people, groups, categories, tags."""
        database = self.database
        people = {f"@{user.username}": f"/u/{user.username}" for user in database.users()}
        groups = {f"@{row['name']}": f"/groups/{row['name']}" for row in database.rows("SELECT name FROM groups")}
        tags = {f"#{row['name']}": f"/tag/{row['name']}" for row in database.rows("SELECT name FROM tags")}
        categories = {f"#{row['slug']}": f"/c/{row['slug']}/{row['id']}" for row in database.rows("SELECT id, slug FROM categories")}
        return people | groups | tags | {f"{name}::tag": place for name, place in tags.items()} | categories

    def title_faults(self, user: User, title: str, *, but: int = 0) -> list[str]:
        """Why a title is refused."""
        return rules.title_faults(
            title,
            admin=bool(user.admin),
            taken=self.database.is_title_taken(wire.title_as_kept(title), but=but),
            shortest=self.settings.get("min_topic_title_length", int),
            longest=self.settings.get("max_topic_title_length", int),
        )

    def body_faults(self, user: User, raw: str) -> list[str]:
        """Why a body is refused."""
        get = self.settings.get
        faults = rules.body_faults(raw, shortest=get("min_post_length", int), longest=get("max_post_length", int))
        if user.trust_level > 0 or user.staff:
            return faults
        return faults + rules.newcomer_faults(raw, links=get("newuser_max_links", int), mentions=get("newuser_max_mentions_per_post", int))


class Creating:
    """POST /posts.json, and the review queue."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._database = world.database

    def create(self, user: User, body: Body) -> tuple[int, Json]:
        """A topic or a post, remembered for two minutes: refusals too, but not that one came too soon."""
        permitted = {name: body[name] for name in _PERMITTED if body.get(name) is not None}
        key = json.dumps([user.id, permitted], sort_keys=True)
        now = self._world.clock().timestamp()
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
        if str(body.get("whisper", "")).lower() == "true":
            raise RefusedError(403, {"errors": [NO_WHISPERS], "error_type": "invalid_access"})
        if "topic_id" in body:
            topic, category = self._open_topic(user, body["topic_id"])
        else:
            topic, category = None, self._category(user, body)
        tags = self._checked_topic(user, body, category) if topic is None else []
        if not _is_trusted(body):
            faults = self._world.body_faults(user, str(body.get("raw") or ""))
            if not faults and self._is_similar(user, str(body["raw"])):
                faults = [TOO_SIMILAR]
            if faults:
                raise answers.unacceptable(*faults, action=_CREATE)
        if category.approval and not user.staff:
            return self._enqueue(user, body)
        if topic is None:
            self._world.limits.count_topic(user)
        else:
            self._world.limits.count_reply(user)
        return {"action": _CREATE, "post": self._shown(self._add(user, body, topic, category, tags), user)}

    def _category(self, user: User, body: Body) -> Category:
        wanted = body.get("category", "")
        if wanted == "":
            if not self._world.settings.is_on("allow_uncategorized_topics") and not user.admin:
                raise answers.unacceptable("Category can't be blank", action=_CREATE)
            wanted = _UNCATEGORIZED
        category = self._database.category(int(str(wanted))) if str(wanted).isdecimal() else None
        if category is None:
            raise answers.invalid("category")
        if not category.lets(user, CREATE):
            raise answers.not_permitted()
        return category

    def _open_topic(self, user: User, topic_id: object) -> tuple[Topic, Category]:
        topic = self._database.topic(int(str(topic_id))) if str(topic_id).isdecimal() else None
        category = self._database.category(topic.category_id) if topic else None
        if topic is None or category is None or topic.deleted_at is not None:
            raise answers.unacceptable(answers.TOPIC_GONE, action=_CREATE)
        if not category.lets(user, REPLY):
            raise answers.not_permitted()
        if (topic.closed or topic.archived) and user.trust_level < 4 and not category.is_moderated_by(user):
            raise answers.unacceptable(answers.TOPIC_GONE, action=_CREATE)
        return topic, category

    def _checked_topic(self, user: User, body: Body, category: Category) -> list[str]:
        """The tags of a new topic, if all that it comes with is good."""
        tags = body.get("tags", [])
        if not isinstance(tags, list):  # Discourse falls over a string
            raise answers.fell_over()
        faults = [] if _is_trusted(body) else self._world.title_faults(user, str(body.get("title") or ""))
        if "external_id" in body:
            external_id = str(body["external_id"])
            faults += rules.external_id_faults(external_id, taken=self._database.is_external_id_taken(external_id))
        accepted, unusable = self._world.tagging.accepted(user, [str(tag) for tag in tags], category)
        if not faults and unusable:
            faults = [*unusable, NOT_TAGGED]
        if faults:
            raise answers.unacceptable(*faults, action=_CREATE)
        return accepted

    def _is_similar(self, user: User, raw: str) -> bool:
        """Whether somebody who is not staff posts the same text again within some minutes."""
        if user.staff:
            return False
        since = stamp(self._world.clock() - timedelta(minutes=self._world.settings.get("unique_posts_mins", int)))
        query = "SELECT 1 FROM posts WHERE user_id = ? AND raw = ? AND updated_at > ? AND deleted_at IS NULL"
        return self._database.row(query, user.id, wire.raw_as_kept(raw), since) is not None

    # --- writing ------------------------------------------------------------------------------------------------------

    def _add(self, user: User, body: Body, topic: Topic | None, category: Category, tags: list[str]) -> int:
        now = self._world.now
        created_at = understood(str(body["created_at"])) or now if "created_at" in body else now
        topic_id = topic.id if topic else self._add_topic(user, body, category, tags, created_at)
        title = "" if topic else wire.title_as_kept(str(body["title"]))
        raw = wire.raw_as_kept(str(body.get("raw") or ""))
        reply_to = body.get("reply_to_post_number")
        post_id = self._database.insert(
            "posts",
            topic_id=topic_id,
            number=self._database.last_number(topic_id) + 1,
            user_id=user.id,
            raw=raw,
            cooked=cook(raw, self._world.places),
            sought=rules.searchable(f"{title}\n{raw}"),
            created_at=created_at,
            updated_at=now,
            editor_id=user.id,
            version_at=now,
            reply_to=int(str(reply_to)) if str(reply_to).isdecimal() else None,
        )
        if topic is None:
            self._world.hooks.topic("topic_created", topic_id)
        else:
            self._database.update("topics", topic_id, bumped_at=max(topic.bumped_at, created_at))
        self._world.hooks.post("post_created", post_id)
        return post_id

    def _add_topic(self, user: User, body: Body, category: Category, tags: list[str], created_at: str) -> int:
        title = wire.title_as_kept(str(body["title"]))
        self._world.tagging.keep(tags)
        return self._database.insert(
            "topics",
            title=title,
            slug=rules.slug_of(title),
            category_id=category.id,
            user_id=user.id,
            tags=json.dumps(tags),
            external_id=body.get("external_id"),
            created_at=created_at,
            bumped_at=created_at,
            visible=int(str(body.get("visible", "true")).lower() != "false"),
        )

    # --- the review queue ---------------------------------------------------------------------------------------------

    def _enqueue(self, user: User, body: Body) -> Json:
        now = self._world.now
        pending_id = self._database.insert("pending", user_id=user.id, body=json.dumps(dict(body)), created_at=now)
        count = len(self._database.rows("SELECT 1 FROM pending WHERE user_id = ?", user.id))
        waiting = {"id": pending_id, "raw": wire.raw_as_kept(str(body["raw"])), "created_at": now}
        return {"action": "enqueued", "success": True, "pending_count": count, "pending_post": waiting}

    def pending(self) -> Json:
        """The review queue, newest first."""
        return {
            "reviewables": [
                {
                    "id": row["id"],
                    "status": 0,
                    "type": "ReviewableQueuedPost",
                    "created_at": row["created_at"],
                    "version": 0,
                    "payload": {name: json.loads(row["body"]).get(name) for name in ("raw", "title", "tags")},
                    "created_by_id": row["user_id"],
                    "topic_id": json.loads(row["body"]).get("topic_id"),
                    "category_id": json.loads(row["body"]).get("category"),
                    "bundled_action_ids": ["approve_post", "reject_post"],
                }
                for row in self._database.rows("SELECT * FROM pending ORDER BY id DESC")
            ],
            "meta": {"status": "pending"},
        }

    def decide(self, pending_id: int, *, approved: bool) -> Json:
        """What a moderator does in the review queue; a topic loses its external id there."""
        with self._database.transaction():
            row = self._database.row("SELECT * FROM pending WHERE id = ?", pending_id)
            if row is None:
                raise answers.not_found()
            self._database.execute("DELETE FROM pending WHERE id = ?", pending_id)
            post_id = self._approved(self._database.user(row["user_id"]), json.loads(row["body"])) if approved else None
            post = self._database.post(post_id) if post_id else None
        result = {
            "success": True,
            "transition_to": "approved" if approved else "rejected",
            "remove_reviewable_ids": [pending_id],
            "version": 1,
        }
        made = {"created_post_id": post.id, "created_post_topic_id": post.topic_id} if post else {}
        return {"reviewable_perform_result": result | made}

    def approve_all(self) -> int:
        """Approve everything that waits; how many that were."""
        waiting = self._database.rows("SELECT id FROM pending ORDER BY id")
        for row in waiting:
            self.decide(row["id"], approved=True)
        return len(waiting)

    def _approved(self, user: User, body: dict[str, object]) -> int:
        body.pop("external_id", None)
        topic = self._database.topic(int(str(body["topic_id"]))) if "topic_id" in body else None
        category = self._database.category(topic.category_id) if topic else self._category(user, body)
        assert category is not None, "every topic has a category"
        tags = body.get("tags")
        names = [str(tag) for tag in tags] if isinstance(tags, list) else []
        return self._add(user, body, topic, category, self._world.tagging.accepted(user, names, category)[0])

    def _shown(self, post_id: int, viewer: User) -> Json:
        post = self._database.post(post_id)
        topic = self._database.topic(post.topic_id) if post else None
        assert post is not None and topic is not None, "it was written just now"
        public = self._world.settings.is_on("edit_history_visible_to_public")
        return shapes.post(self._database, post, topic, viewer, with_raw=True, public_history=public)


def _is_trusted(body: Body) -> bool:
    """A key of anybody may ask that nothing is checked."""
    return str(body.get("skip_validations", "")).lower() == "true"
