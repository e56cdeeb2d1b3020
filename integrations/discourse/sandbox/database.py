"""The sandbox's memory: one SQLite file (or none), and the questions asked of it."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from integrations.discourse.sandbox.rows import ACCOUNT, SCHEMA, Category, Group, Hook, Post, Revision, Topic, User

__all__ = ["Category", "Database", "Post", "Topic", "User"]


class Database:
    """The tables, and the questions asked of them. Used by one thread at a time."""

    def __init__(self, path: str) -> None:
        self._lock = threading.RLock()
        self._sql = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._sql.row_factory = sqlite3.Row
        self._sql.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;" + SCHEMA)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._sql.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or nothing, and nobody in between."""
        with self._lock:
            self._sql.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._sql.execute("ROLLBACK")
                raise
            self._sql.execute("COMMIT")

    def rows(self, query: str, *values: object) -> list[sqlite3.Row]:
        """All rows of a query."""
        with self._lock:
            return self._sql.execute(query, values).fetchall()

    def row(self, query: str, *values: object) -> sqlite3.Row | None:
        """The first row of a query."""
        with self._lock:
            found: sqlite3.Row | None = self._sql.execute(query, values).fetchone()
            return found

    def insert(self, table: str, **columns: Any) -> int:
        """A new row; its id."""
        names, marks = ", ".join(columns), ", ".join("?" * len(columns))
        with self._lock:
            return self._sql.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(columns.values())).lastrowid or 0

    def update(self, table: str, row_id: int, **columns: Any) -> None:
        """Change the row with this id."""
        pairs = ", ".join(f"{name} = ?" for name in columns)
        with self._lock:
            self._sql.execute(f"UPDATE {table} SET {pairs} WHERE id = ?", (*columns.values(), row_id))

    def execute(self, statement: str, *values: object) -> None:
        """Any other statement."""
        with self._lock:
            self._sql.execute(statement, values)

    # --- single things ------------------------------------------------------------------------------------------------

    def user(self, user_id: int) -> User:
        """The account with this id (which is in some other row)."""
        row = self.row(f"{ACCOUNT} WHERE users.id = ?", user_id)
        assert row is not None, f"no user {user_id}"
        return User.of(row)

    def user_named(self, username: str) -> User | None:
        """The account with this name, in any case."""
        row = self.row(f"{ACCOUNT} WHERE username = ?", username)
        return User.of(row) if row else None

    def category(self, category_id: int) -> Category | None:
        """The category with this id."""
        row = self.row("SELECT * FROM categories WHERE id = ?", category_id)
        return Category.of(row) if row else None

    def category_slugged(self, path: str) -> Category | None:
        """The category with this slug, or `parent/slug`; without a parent the top-level ones come first."""
        parent, _, slug = path.rpartition("/")
        rows = self.rows("SELECT * FROM categories WHERE slug = ? ORDER BY parent_id IS NOT NULL, id", slug)
        for found in map(Category.of, rows):
            above = self.category(found.parent_id) if found.parent_id else None
            if not parent or (above is not None and above.slug == parent):
                return found
        return None

    def topic(self, topic_id: int) -> Topic | None:
        """The topic with this id, deleted or not."""
        row = self.row("SELECT * FROM topics WHERE id = ?", topic_id)
        return Topic.of(row) if row else None

    def topic_with_external_id(self, external_id: str) -> Topic | None:
        """A topic that is not deleted and has exactly this external id."""
        row = self.row("SELECT * FROM topics WHERE external_id = ? AND deleted_at IS NULL", external_id)
        return Topic.of(row) if row else None

    def is_external_id_taken(self, external_id: str) -> bool:
        """Whether any topic, deleted ones too, has this external id in any case."""
        return self.row("SELECT 1 FROM topics WHERE lower(external_id) = lower(?)", external_id) is not None

    def is_title_taken(self, title: str, *, but: int = 0) -> bool:
        """Whether another topic that is not deleted has this title, in any case."""
        rows = self.rows("SELECT title FROM topics WHERE deleted_at IS NULL AND id <> ?", but)
        return any(row["title"].casefold() == title.casefold() for row in rows)

    def post(self, post_id: int) -> Post | None:
        """The post with this id, deleted or not."""
        row = self.row("SELECT * FROM posts WHERE id = ?", post_id)
        return Post.of(row) if row else None

    def first_post(self, topic_id: int) -> Post:
        """The post that opens a topic."""
        row = self.row("SELECT * FROM posts WHERE topic_id = ? AND number = 1", topic_id)
        assert row is not None, f"topic {topic_id} has no first post"
        return Post.of(row)

    # --- lists --------------------------------------------------------------------------------------------------------

    def users(self) -> list[User]:
        """All accounts."""
        return [User.of(row) for row in self.rows(f"{ACCOUNT} ORDER BY users.id")]

    def categories(self, viewer: User | None) -> list[Category]:
        """The categories that somebody may see."""
        rows = self.rows("SELECT * FROM categories ORDER BY id")
        return [category for category in map(Category.of, rows) if category.is_seen_by(viewer)]

    def topics_in(self, category_id: int) -> list[Topic]:
        """A category's listed topics that are not deleted, newest first."""
        rows = self.rows("SELECT * FROM topics WHERE category_id = ? AND deleted_at IS NULL AND visible = 1 ORDER BY id DESC", category_id)
        return [Topic.of(row) for row in rows]

    def topics(self) -> list[Topic]:
        """All topics that are not deleted, the last bumped one first."""
        rows = self.rows("SELECT * FROM topics WHERE deleted_at IS NULL ORDER BY bumped_at DESC, id DESC")
        return [Topic.of(row) for row in rows]

    def posts_of(self, topic_id: int, *, with_deleted_first: bool = False) -> list[Post]:
        """A topic's posts that are not deleted, in order; of a deleted topic the first one as well, for staff."""
        rows = self.rows("SELECT * FROM posts WHERE topic_id = ? ORDER BY number", topic_id)
        posts = map(Post.of, rows)
        return [post for post in posts if post.deleted_at is None or (with_deleted_first and post.number == 1)]

    def last_number(self, topic_id: int) -> int:
        """The highest number that a post of a topic ever had."""
        row = self.row("SELECT max(number) AS number FROM posts WHERE topic_id = ?", topic_id)
        return (row["number"] if row else None) or 0

    def revisions(self, post_id: int, *, with_hidden: bool) -> list[Revision]:
        """A post's revisions, oldest first."""
        rows = self.rows("SELECT * FROM revisions WHERE post_id = ? ORDER BY number", post_id)
        return [revision for revision in map(Revision.of, rows) if with_hidden or not revision.hidden]

    def group(self, id_or_name: int | str) -> Group | None:
        """The group with this number or name."""
        column = "id" if isinstance(id_or_name, int) else "name"
        row = self.row(f"SELECT * FROM groups WHERE {column} = ?", id_or_name)
        return Group.of(row) if row else None

    def hook(self, hook_id: int) -> Hook | None:
        """The hook with this number."""
        row = self.row("SELECT * FROM hooks WHERE id = ?", hook_id)
        return Hook.of(row) if row else None
