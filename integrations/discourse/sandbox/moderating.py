"""What moderators do: delete and recover, hide and destroy revisions, lock, close, pin, unlist. The forum's rules, not HTTP."""

from __future__ import annotations

from integrations.discourse.sandbox import answers, shapes
from integrations.discourse.sandbox.answers import Json
from integrations.discourse.sandbox.creating import Body, World
from integrations.discourse.sandbox.editing import Editing
from integrations.discourse.sandbox.instants import understood
from integrations.discourse.sandbox.parameters import is_true
from integrations.discourse.sandbox.rows import SMALL_ACTION, Post, Topic, User

STATUSES = ("closed", "archived", "visible", "pinned", "pinned_globally")


class Moderating:
    """Everything that needs more than being the author."""

    def __init__(self, world: World, editing: Editing, *, modern: bool) -> None:
        self._world = world
        self._database = world.database
        self._editing = editing
        self._modern = modern

    # --- revisions ----------------------------------------------------------------------------------------------------

    def hide_revision(self, user: User, post_id: int, number: int, *, hidden: bool) -> None:
        """Hide a revision from everybody but the staff, or show it again. A category's moderators are not staff."""
        if not user.staff:
            raise answers.not_permitted()
        with self._database.transaction():
            if self._database.row("SELECT 1 FROM revisions WHERE post_id = ? AND number = ?", post_id, number) is None:
                raise answers.not_found()
            self._database.execute("UPDATE revisions SET hidden = ? WHERE post_id = ? AND number = ?", int(hidden), post_id, number)

    def destroy_revisions(self, user: User, post_id: int) -> None:
        """Destroy what a post said before: an admin's right, only on forums of 2026 and where the site has it switched on."""
        if not self._modern:
            raise answers.no_route()
        self._world.limits.count_permanent_deletion(user)
        with self._database.transaction():
            post = self._database.post(post_id)
            if post is None:
                raise answers.not_found()
            if not user.admin or not self._world.settings.is_on("can_permanently_delete"):
                raise answers.not_permitted()
            if not self._database.revisions(post_id, with_hidden=True):
                raise answers.not_found()
            self._database.execute("DELETE FROM revisions WHERE post_id = ?", post_id)
            self._database.update("posts", post_id, version=1, version_at=self._world.now)

    # --- deleting and recovering --------------------------------------------------------------------------------------

    def delete_topic(self, user: User, topic_id: int) -> None:
        """Delete a topic; denied, missing and deleted already are told alike."""
        with self._database.transaction():
            topic = self._database.topic(topic_id)
            if topic is None or topic.deleted_at is not None or not self._moderates(user, topic):
                raise answers.unacceptable(answers.NOT_DELETED)
            first = self._database.first_post(topic_id)
            # What the hooks hear of is the topic as it was, not as it is now.
            self._world.hooks.post("post_destroyed", first.id)
            self._world.hooks.topic("topic_destroyed", topic_id)
            self._database.update("topics", topic_id, deleted_at=self._world.now, deleted_by=user.id)
            self._database.update("posts", first.id, deleted_at=self._world.now, deleted_by=user.id)

    def recover_topic(self, user: User, topic_id: int) -> None:
        """Bring a deleted topic back."""
        with self._database.transaction():
            topic = self._database.topic(topic_id)
            if topic is None:
                raise answers.not_found()
            if topic.deleted_at is None or not self._moderates(user, topic):
                raise answers.not_permitted()
            first = self._database.first_post(topic_id)
            self._world.hooks.topic("topic_recovered", topic_id)  # comes twice, the first time with the old date
            self._database.update("topics", topic_id, deleted_at=None, deleted_by=None)
            self._database.update("posts", first.id, deleted_at=None, deleted_by=None)
            self._world.hooks.post("post_recovered", first.id)
            self._world.hooks.topic("topic_recovered", topic_id)

    def delete_post(self, user: User, post_id: int) -> None:
        """Delete a post that is not a topic's first; an author who is not staff only blanks it. A second time is no error."""
        with self._database.transaction():
            post = self._database.post(post_id)
            if post is None:
                raise answers.not_found()
            moderates = self._moderates_post(user, post)
            if post.number == 1 or not (moderates or user.id == post.user_id):
                raise answers.not_permitted()
            self._world.limits.count_deletion(user)
            if not moderates:
                self._editing.blank(user, post)
            elif post.deleted_at is None:
                self._world.hooks.post("post_destroyed", post_id)
                self._database.update("posts", post_id, deleted_at=self._world.now, deleted_by=user.id)

    def recover_post(self, user: User, post_id: int) -> Json:
        """Bring a deleted post back."""
        with self._database.transaction():
            post = self._database.post(post_id)
            if post is None:
                raise answers.not_found()
            if post.deleted_at is None or not self._moderates_post(user, post):
                raise answers.not_permitted()
            self._database.update("posts", post_id, deleted_at=None, deleted_by=None)
            self._world.hooks.post("post_recovered", post_id)
            back = self._database.post(post_id)
            topic = self._database.topic(post.topic_id)
            assert back is not None and topic is not None, "it was there just now"
            return shapes.post(self._database, back, topic, user, with_raw=True)

    # --- what a topic or a post is ------------------------------------------------------------------------------------

    def lock(self, user: User, post_id: int, body: Body) -> Json:
        """Let only the staff change a post; anything but the text "true" unlocks it."""
        post = self._database.post(post_id)
        if post is None:
            raise answers.not_found()
        if not user.staff:
            raise answers.not_permitted()
        self._database.update("posts", post_id, locked=int(is_true(body.get("locked"))))
        return {"locked": is_true(body.get("locked"))}

    def make_wiki(self, user: User, post_id: int, body: Body) -> None:
        """Let everybody change a post."""
        post = self._database.post(post_id)
        if post is None:
            raise answers.not_found()
        if not (user.staff or user.trust_level >= 4):
            raise answers.not_permitted()
        self._database.update("posts", post_id, wiki=int(is_true(body.get("wiki"))))

    def set_status(self, user: User, topic_id: int, body: Body) -> Json:
        """Close, archive, unlist or pin a topic, or undo it: anything but the text "true" undoes."""
        status, enabled = str(body.get("status", "")), is_true(body.get("enabled"))
        with self._database.transaction():
            topic = self._database.topic(topic_id)
            if topic is None:
                raise answers.not_found()
            if "status" not in body or "enabled" not in body:
                raise answers.missing("status" if "status" not in body else "enabled")
            if status not in STATUSES:
                raise answers.invalid("status")
            if not (self._moderates(user, topic) or user.trust_level >= 4):
                raise answers.not_permitted()
            changed = self._apply(topic, status, body.get("until"), enabled=enabled)
            if changed:
                self._note(user, topic_id, f"{status}.{'enabled' if enabled else 'disabled'}")
                self._world.hooks.topic(f"topic_{status}_status_updated", topic_id)
        return {"success": "OK", "topic_status_update": None}

    def change_timestamp(self, user: User, topic_id: int, body: Body) -> Json:
        """Let a topic have begun at another instant (seconds since 1970)."""
        topic = self._database.topic(topic_id)
        if topic is None:
            raise answers.not_found()
        if not user.staff:
            raise answers.not_permitted()
        at = self._world.clock().fromtimestamp(float(str(body.get("timestamp", "0"))), tz=self._world.clock().tzinfo)
        kept = understood(at.isoformat())
        self._database.update("topics", topic_id, created_at=kept, bumped_at=kept)
        self._database.update("posts", self._database.first_post(topic_id).id, created_at=kept)
        return {"success": "OK"}

    def _apply(self, topic: Topic, status: str, until: object, *, enabled: bool) -> bool:
        if status in ("pinned", "pinned_globally"):
            self._database.update(
                "topics",
                topic.id,
                pinned_at=self._world.now if enabled else None,
                pinned_until=understood(str(until)) if until else None,
                pinned_globally=int(status == "pinned_globally"),
            )
            return True
        before = {"closed": topic.closed, "archived": topic.archived, "visible": topic.visible}[status]
        self._database.update("topics", topic.id, **{status: int(enabled)})
        return bool(before) != enabled

    def _note(self, user: User, topic_id: int, action_code: str) -> None:
        """The small post that tells readers what was done."""
        now = self._world.now
        post_id = self._database.insert(
            "posts",
            topic_id=topic_id,
            number=self._database.last_number(topic_id) + 1,
            user_id=user.id,
            raw="",
            cooked="",
            sought="",
            created_at=now,
            updated_at=now,
            editor_id=user.id,
            version_at=now,
            kind=SMALL_ACTION,
            action_code=action_code,
        )
        self._world.hooks.post("post_created", post_id)

    def _moderates(self, user: User, topic: Topic) -> bool:
        category = self._database.category(topic.category_id)
        return category is not None and category.is_seen_by(user) and category.is_moderated_by(user)

    def _moderates_post(self, user: User, post: Post) -> bool:
        """Trust level 4 may delete the posts of others, too."""
        topic = self._database.topic(post.topic_id)
        return topic is not None and (self._moderates(user, topic) or user.trust_level >= 4)
