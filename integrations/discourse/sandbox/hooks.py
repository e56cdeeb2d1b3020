"""Webhooks: what happened is written down, once for each hook that listens, in the shape that was recorded."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import datetime

from integrations.discourse.sandbox import shapes
from integrations.discourse.sandbox.answers import Json
from integrations.discourse.sandbox.database import Database
from integrations.discourse.sandbox.instants import stamp
from integrations.discourse.sandbox.rows import REGULAR, Hook, Post, Topic

CONTENT_TYPES = {1: "application/json", 2: "application/x-www-form-urlencoded"}
EVENT_TYPES = {
    1: "topic", 2: "post", 3: "user", 4: "group", 5: "category", 6: "tag", 9: "reviewable", 10: "notification", 13: "user_badge",
    14: "group_user", 15: "like",
}  # fmt: skip


class Hooks:
    """Who listens, and what is on its way to them. Sending is somebody else's (`deliveries`)."""

    def __init__(self, database: Database, clock: Callable[[], datetime], *, version: str) -> None:
        self._database = database
        self._clock = clock
        self._version = version
        self.instance = ""
        self.wake: Callable[[int], None] = lambda _delivery: None

    # --- what happened ------------------------------------------------------------------------------------------------

    def topic(self, event: str, topic_id: int, *, as_of: Topic | None = None) -> None:
        """Something happened to a topic; `as_of` is the topic as it was when it happened."""
        topic = as_of or self._database.topic(topic_id)
        if topic is not None and self._listeners("topic", topic):
            self._tell("topic", event, {"topic": self._topic(topic)}, topic)

    def post(self, event: str, post_id: int, *, as_of: Post | None = None) -> None:
        """Something happened to a post."""
        post = as_of or self._database.post(post_id)
        topic = self._database.topic(post.topic_id) if post else None
        if post is not None and topic is not None and self._listeners("post", topic):
            self._tell("post", event, {"post": self._post(post, topic)}, topic)

    def ping(self, hook: Hook) -> None:
        """A greeting that somebody asked for."""
        self._send(hook, "ping", "ping", {"ping": "OK"})

    def resend(self, delivery_id: int) -> None:
        """The same once more: body, id and signature."""
        self.wake(delivery_id)

    def _listeners(self, kind: str, topic: Topic) -> list[Hook]:
        """The active hooks for an event. Even a wildcard hook needs some event type: Discourse joins the two tables."""
        hooks = [Hook.of(row) for row in self._database.rows("SELECT * FROM hooks WHERE active = 1 ORDER BY id")]
        return [hook for hook in hooks if self._hears(hook, kind, topic)]

    def _hears(self, hook: Hook, kind: str, topic: Topic) -> bool:
        types = [EVENT_TYPES.get(each) for each in json.loads(hook.event_types)]
        categories, tags = json.loads(hook.category_ids), json.loads(hook.tag_names)
        return (
            bool(types)
            and (bool(hook.wildcard) or kind in types)
            and (not categories or topic.category_id in categories)
            and (not tags or bool(set(tags) & set(topic.tag_names)))
        )

    def _tell(self, kind: str, event: str, payload: Json, topic: Topic) -> None:
        for hook in self._listeners(kind, topic):
            self._send(hook, kind, event, payload)

    def _send(self, hook: Hook, kind: str, event: str, payload: Json) -> None:
        body = json.dumps(payload, separators=(",", ":"), ensure_ascii=False)
        delivery = self._database.insert("deliveries", hook_id=hook.id, headers="{}", payload=body, created_at=stamp(self._clock()))
        headers = {
            "Accept": "*/*",
            "Connection": "close",
            "Content-Length": str(len(body.encode())),
            "Content-Type": CONTENT_TYPES[hook.content_type],
            "Host": hook.payload_url.split("/")[2].split(":")[0],
            "User-Agent": f"Discourse/{self._version}",
            "X-Discourse-Instance": self.instance,
            "X-Discourse-Event-Id": str(delivery),
            "X-Discourse-Event-Type": kind,
            "X-Discourse-Event": event,
        }
        if hook.secret:
            signature = hmac.new(hook.secret.encode(), body.encode(), hashlib.sha256).hexdigest()
            headers["X-Discourse-Event-Signature"] = f"sha256={signature}"
        self._database.update("deliveries", delivery, headers=json.dumps(headers))
        self.wake(delivery)

    # --- in what shape ------------------------------------------------------------------------------------------------

    def _topic(self, topic: Topic) -> Json:
        """A topic without any text: who hears of it has to read the first post again."""
        whole = shapes.topic(self._database, topic, [], None)
        left_out = ("post_stream", "timeline_lookup", "suggested_topics", "details", "actions_summary", "chunk_size", "current_post_number",
                    "has_summary", "topic_timer", "slow_mode_seconds")  # fmt: skip
        people = {
            "created_by": shapes.person(self._database.user(topic.user_id)),
            "last_poster": shapes.person(self._database.user(self._last_poster(topic))),
        }
        return (
            {name: value for name, value in whole.items() if name not in left_out} | {"featured_link": None, "has_deleted": False} | people
        )

    def _last_poster(self, topic: Topic) -> int:
        posts = self._database.posts_of(topic.id)
        return posts[-1].user_id if posts else topic.user_id

    def _post(self, post: Post, topic: Topic) -> Json:
        whole = shapes.post(self._database, post, topic, None, with_raw=True)
        left_out = ("can_edit", "can_delete", "can_recover", "can_wiki", "can_view_edit_history", "yours", "actions_summary",
                    "readers_count")  # fmt: skip
        posts = self._database.posts_of(topic.id)
        category = self._database.category(topic.category_id)
        return {name: value for name, value in whole.items() if name not in left_out} | {
            "topic_title": topic.title,
            "category_id": topic.category_id,
            "reviewable_id": None,
            "reviewable_score_count": 0,
            "reviewable_score_pending_count": 0,
            "topic_posts_count": len(posts),
            "topic_filtered_posts_count": sum(each.kind == REGULAR for each in posts),
            "topic_archetype": "regular",
            "category_slug": category.slug if category else None,
        }
