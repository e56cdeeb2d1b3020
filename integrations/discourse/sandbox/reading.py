"""What the sandbox shows, and to whom: topics, posts, revisions, categories, search. The forum's rules, not HTTP."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from integrations.discourse.sandbox import answers, shapes
from integrations.discourse.sandbox.answers import Json, RefusedError
from integrations.discourse.sandbox.database import Database
from integrations.discourse.sandbox.limits import SEARCH_LIMIT
from integrations.discourse.sandbox.rows import CREATE, Category, Post, Topic, User
from integrations.discourse.sandbox.search import Query, understood
from integrations.discourse.sandbox.settings import SiteSettings

PAGE = 20
LATEST_WINDOW = 50
MOST_HITS = 50


class Reading:
    """Everything that somebody (or, with no account, anybody) can read."""

    def __init__(self, database: Database, settings: SiteSettings, *, modern: bool = False) -> None:
        self.database = database
        self.settings = settings
        self.modern = modern

    # --- topics and posts ---------------------------------------------------------------------------------------------

    def topic(self, topic_id: int, viewer: User | None) -> Topic:
        """A topic that somebody may read; deleted ones are the staff's."""
        topic = self.database.topic(topic_id)
        category = self.database.category(topic.category_id) if topic else None
        if topic is None or category is None or not category.is_seen_by(viewer):
            raise answers.topic_not_found()
        if topic.deleted_at is not None and not category.is_moderated_by(viewer):
            raise answers.topic_not_found()
        return topic

    def posts(self, topic: Topic) -> list[Post]:
        """The posts of a topic in order; of a deleted one the first as well."""
        return self.database.posts_of(topic.id, with_deleted_first=topic.deleted_at is not None)

    def topic_page(self, topic_id: int, viewer: User | None, *, page: int, with_raw: bool, whole: bool = False) -> Json:
        """A topic with one page of its posts, or (`whole`) all of them; a page beyond the end is not there."""
        topic = self.topic(topic_id, viewer)
        posts = self.posts(topic)
        shown = posts if whole else posts[(page - 1) * PAGE : page * PAGE] if page > 0 else []
        if not shown:
            raise answers.topic_not_found()
        return self._shown_topic(topic, shown, viewer, with_raw=with_raw)

    def topic_near(self, topic_id: int, number: int | None, viewer: User | None, *, with_raw: bool) -> Json:
        """A topic with the posts around the one with a number, or (without) its last ones."""
        topic = self.topic(topic_id, viewer)
        posts = self.posts(topic)
        near = number if number is not None else posts[-1].number
        at = next((index for index, post in enumerate(posts) if post.number >= near), len(posts) - 1)
        start = max(0, min(at - PAGE // 4, len(posts) - PAGE))
        return self._shown_topic(topic, posts[start : start + PAGE], viewer, with_raw=with_raw, near=near)

    def _shown_topic(self, topic: Topic, posts: Sequence[Post], viewer: User | None, *, with_raw: bool, near: int = 1) -> Json:
        shown = self._all(posts, topic, viewer, with_raw=with_raw)
        return shapes.topic(self.database, topic, shown, viewer, near=near, modern=self.modern)

    def open_topic(self, topic_id: int, viewer: User | None) -> Topic:
        """The same topic, where a hidden one is told from a missing one."""
        try:
            return self.topic(topic_id, viewer)
        except RefusedError:
            raise (answers.not_permitted() if self.database.topic(topic_id) else answers.not_found()) from None

    def posts_by_id(self, topic_id: int, ids: Sequence[int], viewer: User | None, *, with_raw: bool) -> Json:
        """Some posts of a topic; ids of other topics are ignored."""
        topic = self.open_topic(topic_id, viewer)
        chosen = [post for post in self.posts(topic) if post.id in ids] if ids else self.posts(topic)[:PAGE]
        return {"post_stream": {"posts": self._all(chosen, topic, viewer, with_raw=with_raw)}, "id": topic_id}

    def posts_beside(self, topic_id: int, number: int, viewer: User | None, *, after: bool, with_raw: bool) -> Json:
        """The posts after (or before) the one with a number."""
        topic = self.open_topic(topic_id, viewer)
        posts = self.posts(topic)
        chosen = (
            [post for post in posts if post.number > number][:PAGE] if after else [post for post in posts if post.number < number][-PAGE:]
        )
        return {"post_stream": {"posts": self._all(chosen, topic, viewer, with_raw=with_raw)}, "id": topic_id}

    def post(self, post_id: int, viewer: User | None) -> tuple[Post, Topic]:
        """A post that somebody may read: forbidden where the category is closed, missing where it is deleted."""
        post = self.database.post(post_id)
        if post is None:
            raise answers.not_found()
        topic = self.database.topic(post.topic_id)
        category = self.database.category(topic.category_id) if topic else None
        if post.deleted_at is not None and (category is None or not category.is_moderated_by(viewer)):
            raise answers.not_found()
        try:
            return post, self.topic(post.topic_id, viewer)
        except RefusedError:
            raise answers.not_permitted() from None

    def numbered_post(self, topic_id: int, number: int, viewer: User | None) -> tuple[Post, Topic]:
        """The same, by its topic and its number in it."""
        row = self.database.row("SELECT id FROM posts WHERE topic_id = ? AND number = ?", topic_id, number)
        if row is None:
            raise answers.not_found()
        return self.post(row["id"], viewer)

    def shown_post(self, post: Post, topic: Topic, viewer: User | None) -> Json:
        """A post with its text, as an answer."""
        return self._shown(post, topic, viewer, with_raw=True)

    def external_id(self, external_id: str, viewer: User | None) -> Topic:
        """A topic by its external id, in exactly this case; deleted ones do not show, not even to staff."""
        topic = self.database.topic_with_external_id(external_id)
        if topic is None:
            raise answers.not_found()
        category = self.database.category(topic.category_id)
        if category is None or not category.is_seen_by(viewer):
            raise answers.not_permitted()
        return topic

    def latest_posts(self, before: int | None, viewer: User | None) -> list[tuple[Post, Topic]]:
        """The newest posts, by date, of a window of fifty ids; `before` counts itself in."""
        last = self.database.row("SELECT max(id) AS id FROM posts")
        newest = before if before is not None else ((last["id"] if last else None) or 0)
        rows = self.database.rows("SELECT * FROM posts WHERE id <= ? AND id > ? AND deleted_at IS NULL", newest, newest - LATEST_WINDOW)
        posts = sorted(map(Post.of, rows), key=lambda post: (post.created_at, post.id), reverse=True)
        found = ((post, self.database.topic(post.topic_id)) for post in posts)
        return [(post, topic) for post, topic in found if topic is not None and self.is_public(topic, viewer)]

    def shown_latest_posts(self, before: int | None, viewer: User | None) -> Json:
        """The same, as an answer."""
        shown = [
            self._shown(post, topic, viewer, with_raw=True)
            | {"topic_title": topic.title, "topic_html_title": html.escape(topic.title), "category_id": topic.category_id}
            for post, topic in self.latest_posts(before, viewer)
        ]
        return {"latest_posts": shown}

    def is_public(self, topic: Topic, viewer: User | None) -> bool:
        """Whether a topic stands in somebody's lists."""
        category = self.database.category(topic.category_id)
        return topic.deleted_at is None and bool(topic.visible) and category is not None and category.is_seen_by(viewer)

    # --- revisions ----------------------------------------------------------------------------------------------------

    def revision(self, post_id: int, number: int | None, viewer: User | None) -> Json:
        """One revision of a post, or (without a number) the latest that somebody may see."""
        post, topic = self.post(post_id, viewer)
        every = self.database.revisions(post_id, with_hidden=True)
        seen = every if viewer is not None and viewer.staff else [each for each in every if not each.hidden]
        wanted = seen[-1:] if number is None else [each for each in seen if each.number == number]
        if not wanted and not any(each.number == number for each in every):
            raise answers.not_found()
        if not wanted or not shapes.sees_history(post, viewer, public_history=self._public_history):
            raise answers.not_permitted()
        return shapes.revision(self.database, wanted[0], seen, post.version - (len(every) - len(seen)), post, topic, viewer)

    @property
    def _public_history(self) -> bool:
        return self.settings.is_on("edit_history_visible_to_public")

    # --- categories ---------------------------------------------------------------------------------------------------

    def category(self, id_or_slug: int | str, viewer: User | None) -> Category:
        """A category that somebody may see; a slug may have its parent's before it."""
        by_id = isinstance(id_or_slug, int)
        category = self.database.category(int(id_or_slug)) if by_id else self.database.category_slugged(str(id_or_slug))
        if category is None or not category.is_seen_by(viewer):
            raise answers.not_found()
        return category

    def family(self, category: Category) -> list[Category]:
        """A category and, if it has one, the category above it."""
        above = self.database.category(category.parent_id) if category.parent_id is not None else None
        return [category] if above is None else [category, above]

    def path(self, category: Category) -> str:
        """The part of an address that names a category."""
        return "/".join(each.slug for each in reversed(self.family(category))) + f"/{category.id}"

    # --- search -------------------------------------------------------------------------------------------------------

    def search(self, query: str, viewer: User | None, *, page: int = 1) -> list[tuple[Topic, Post]]:
        """The best post of every topic that holds all the words, newest topics first; fifty to a page."""
        wanted = understood(query)
        if wanted.is_empty:
            return []
        rows = self.database.rows(
            "SELECT posts.* FROM posts JOIN topics ON topics.id = posts.topic_id"
            " WHERE posts.deleted_at IS NULL AND posts.kind = 1 AND topics.deleted_at IS NULL"
            + " AND instr(posts.sought, ?) > 0" * len(wanted.words)
            + (" ORDER BY posts.id DESC" if wanted.latest_first else " ORDER BY topics.id DESC, posts.number"),
            *wanted.words,
        )
        hits: dict[int, tuple[Topic, Post]] = {}
        for post in map(Post.of, rows):
            topic = self.database.topic(post.topic_id)
            if topic is not None and post.topic_id not in hits and self._is_hit(topic, post, wanted, viewer):
                hits[post.topic_id] = (topic, post)
        return list(hits.values())[(page - 1) * MOST_HITS : page * MOST_HITS]

    def found(self, query: str, viewer: User | None, *, page: int = 1, allowed: bool = True) -> Json:
        """The same, as an answer; over the limit it is an empty one that says so."""
        if not query.strip():
            return {"grouped_search_result": None}
        if len(query.strip()) < 2:
            raise answers.invalid("q")
        hits = self.search(query, viewer, page=page) if allowed else []
        posts: list[Json] = [
            shapes.person(self.database.user(post.user_id))
            | {
                "id": post.id,
                "created_at": post.created_at,
                "like_count": 0,
                "blurb": blurb(post.cooked),
                "post_number": post.number,
                "topic_id": topic.id,
            }
            for topic, post in hits
        ]
        topics = [shapes.listed(self.database, topic, modern=self.modern) for topic, _ in hits]
        return shapes.found(query, posts, topics, can_create=viewer is not None, error=None if allowed else SEARCH_LIMIT)

    def _is_hit(self, topic: Topic, post: Post, wanted: Query, viewer: User | None) -> bool:
        category = self.database.category(topic.category_id)
        if category is None or not self.is_public(topic, viewer):
            return False
        return wanted.wants(topic, post, self.database.user(post.user_id).username, self.family(category))

    # --- answers ------------------------------------------------------------------------------------------------------

    def may_create_somewhere(self, viewer: User | None) -> bool:
        """Whether there is a category in which somebody may create a topic."""
        return viewer is not None and any(category.lets(viewer, CREATE) for category in self.database.categories(viewer))

    def _shown(self, post: Post, topic: Topic, viewer: User | None, *, with_raw: bool) -> Json:
        return shapes.post(self.database, post, topic, viewer, with_raw=with_raw, public_history=self._public_history)

    def _all(self, posts: Sequence[Post], topic: Topic, viewer: User | None, *, with_raw: bool) -> list[Json]:
        return [self._shown(post, topic, viewer, with_raw=with_raw) for post in posts]


def blurb(cooked: str) -> str:
    """The beginning of a post as plain text, for a list."""
    inline = re.sub(r"</?(?:a|code|em|s|span|strong)\b[^>]*>", "", cooked)
    text = " ".join(html.unescape(re.sub(r"<[^>]*>", " ", inline)).split())
    return text if len(text) <= 200 else text[:200].rsplit(" ", 1)[0] + "..."
