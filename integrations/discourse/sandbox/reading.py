"""What the sandbox shows, and to whom: topics, posts, revisions, categories, search. The forum's rules, not HTTP."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from integrations.discourse.sandbox import answers, rules
from integrations.discourse.sandbox.answers import Json
from integrations.discourse.sandbox.database import Category, Database, Post, Topic, User

PAGE = 20
LATEST_WINDOW = 50
MOST_HITS = 50


class Reading:
    """Everything that somebody (or, with no account, anybody) can read."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def topic(self, topic_id: int, viewer: User | None) -> Topic:
        """A topic that somebody may read; deleted ones are the staff's."""
        topic = self.database.topic(topic_id)
        category = self.database.category(topic.category_id) if topic else None
        if topic is None or category is None or not category.is_seen_by(viewer):
            raise answers.not_found()
        if topic.deleted_at is not None and not _is_staff(viewer):
            raise answers.not_found()
        return topic

    def topic_page(self, topic_id: int, viewer: User | None, *, page: int, with_raw: bool) -> Json:
        """A topic with one page of its posts; a page beyond the end is not there."""
        topic = self.topic(topic_id, viewer)
        posts = self.database.posts_of(topic_id, with_deleted_first=topic.deleted_at is not None)
        shown = posts[(page - 1) * PAGE : page * PAGE]
        if not shown:
            raise answers.not_found()
        return answers.topic(topic, self._all(shown, topic, viewer, with_raw=with_raw), [post.id for post in posts], viewer)

    def posts_by_id(self, topic_id: int, ids: Sequence[int], viewer: User | None, *, with_raw: bool) -> Json:
        """Some posts of a topic; ids of other topics are ignored."""
        try:
            topic = self.topic(topic_id, viewer)
        except answers.RefusedError:
            raise (answers.not_permitted() if self.database.topic(topic_id) else answers.not_found()) from None
        chosen = [post for post in self.database.posts_of(topic_id) if post.id in ids] if ids else self.database.posts_of(topic_id)[:PAGE]
        return {"post_stream": {"posts": self._all(chosen, topic, viewer, with_raw=with_raw)}, "id": topic_id}

    def post(self, post_id: int, viewer: User | None) -> tuple[Post, Topic]:
        """A post that somebody may read: forbidden where the category is closed, missing where it is deleted."""
        post = self.database.post(post_id)
        if post is None or (post.deleted_at is not None and not _is_staff(viewer)):
            raise answers.not_found()
        try:
            return post, self.topic(post.topic_id, viewer)
        except answers.RefusedError:
            raise answers.not_permitted() from None

    def shown_post(self, post_id: int, viewer: User | None) -> Json:
        """The same, as an answer."""
        post, topic = self.post(post_id, viewer)
        return answers.post(self.database, post, topic, viewer, with_raw=True)

    def external_id(self, external_id: str, viewer: User | None) -> Topic:
        """A topic by its external id, in exactly this case; deleted ones do not show, not even to staff."""
        topic = self.database.topic_with_external_id(external_id)
        if topic is None:
            raise answers.not_found()
        category = self.database.category(topic.category_id)
        if category is None or not category.is_seen_by(viewer):
            raise answers.not_permitted()
        return topic

    def revision(self, post_id: int, number: int | None, viewer: User | None) -> Json:
        """One revision of a post, or (without a number) the latest that somebody may see."""
        post, _ = self.post(post_id, viewer)
        every = self.database.revisions(post_id, with_hidden=True)
        seen = every if _is_staff(viewer) else [each for each in every if not each.hidden]
        wanted = seen[-1:] if number is None else [each for each in seen if each.number == number]
        if not wanted and any(each.number == number for each in every):
            raise answers.not_permitted()
        if not wanted:
            raise answers.not_found()
        return answers.revision(self.database, wanted[0], seen, post.version - (len(every) - len(seen)))

    def latest_posts(self, before: int | None, viewer: User | None) -> Json:
        """The newest posts, by date, of a window of fifty ids; `before` counts itself in."""
        last = self.database.row("SELECT max(id) AS id FROM posts")
        newest = before if before is not None else ((last["id"] if last else None) or 0)
        rows = self.database.rows("SELECT * FROM posts WHERE id <= ? AND id > ? AND deleted_at IS NULL", newest, newest - LATEST_WINDOW)
        posts = sorted(map(Post.of, rows), key=lambda post: (post.created_at, post.id), reverse=True)
        shown: list[Json] = []
        for post in posts:
            topic = self.database.topic(post.topic_id)
            if topic is None or topic.deleted_at is not None or not self._is_seen(topic, viewer):
                continue
            body = answers.post(self.database, post, topic, viewer, with_raw=True)
            shown.append(body | {"topic_title": topic.title, "category_id": topic.category_id})
        return {"latest_posts": shown}

    def category(self, id_or_slug: int | str, viewer: User | None) -> Category:
        """A category that somebody may see."""
        by_id = isinstance(id_or_slug, int)
        category = self.database.category(int(id_or_slug)) if by_id else self.database.category_slugged(str(id_or_slug))
        if category is None or not category.is_seen_by(viewer):
            raise answers.not_found()
        return category

    def search(self, query: str, viewer: User | None, *, page: int = 1) -> list[tuple[Topic, Post]]:
        """The best post of every topic that holds all the words, newest topics first."""
        words, category, tags = _understood(query)
        if page > 1 or not (words or category or tags):
            return []
        rows = self.database.rows(
            "SELECT posts.* FROM posts JOIN topics ON topics.id = posts.topic_id"
            " WHERE posts.deleted_at IS NULL AND topics.deleted_at IS NULL"
            + " AND instr(posts.sought, ?) > 0" * len(words)
            + " ORDER BY topics.id DESC, posts.number",
            *words,
        )
        hits: dict[int, tuple[Topic, Post]] = {}
        for post in map(Post.of, rows):
            topic = self.database.topic(post.topic_id)
            if topic is not None and post.topic_id not in hits and self._is_wanted(topic, category, tags, viewer):
                hits[post.topic_id] = (topic, post)
        return list(hits.values())[:MOST_HITS]

    def found(self, query: str, viewer: User | None, *, page: int = 1) -> Json:
        """The same, as an answer."""
        if not query.strip():
            return {"grouped_search_result": None}
        if len(query.strip()) < 2:
            raise answers.invalid("q")
        hits = self.search(query, viewer, page=page)
        posts: list[Json] = [
            {
                "id": post.id,
                "username": self.database.user(post.user_id).username,
                "created_at": post.created_at,
                "blurb": blurb(post.cooked),
                "post_number": post.number,
                "topic_id": topic.id,
            }
            for topic, post in hits
        ]
        return answers.found(query, posts, [answers.listed(topic) for topic, _ in hits], can_create=viewer is not None)

    def _is_wanted(self, topic: Topic, category: str, tags: list[str], viewer: User | None) -> bool:
        row = self.database.category(topic.category_id)
        if row is None or not row.is_seen_by(viewer):
            return False
        return (not category or row.slug == category) and set(tags) <= set(topic.tag_names)

    def _is_seen(self, topic: Topic, viewer: User | None) -> bool:
        category = self.database.category(topic.category_id)
        return category is not None and category.is_seen_by(viewer)

    def _all(self, posts: Sequence[Post], topic: Topic, viewer: User | None, *, with_raw: bool) -> list[Json]:
        return [answers.post(self.database, post, topic, viewer, with_raw=with_raw) for post in posts]


def blurb(cooked: str) -> str:
    """The beginning of a post as plain text, for a list."""
    inline = re.sub(r"</?(?:a|code|em|s|span|strong)\b[^>]*>", "", cooked)
    text = " ".join(html.unescape(re.sub(r"<[^>]*>", " ", inline)).split())
    return text if len(text) <= 200 else text[:200].rsplit(" ", 1)[0] + "..."


def _is_staff(viewer: User | None) -> bool:
    return viewer is not None and viewer.staff


def _understood(query: str) -> tuple[list[str], str, list[str]]:
    """The words of a query, and the two filters that are understood; other filters are let pass."""
    words: list[str] = []
    category, tags = "", []
    for part in query.split():
        name, colon, value = part.partition(":")
        if colon and name in ("category", "categories"):
            category = value.casefold()
        elif colon and name in ("tags", "tag"):
            tags += value.casefold().split(",")
        elif not (colon and name in ("order", "in", "status", "before", "after", "with")) and not part.startswith("@"):
            words.append(rules.searchable(part).strip("\"'"))
    return [word for word in words if word], category, tags
