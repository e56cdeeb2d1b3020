"""The sandbox's memory: one SQLite file (or none), and the rows it holds as values."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import Any, Self

_SCHEMA = """
CREATE TABLE IF NOT EXISTS users (
    id INTEGER PRIMARY KEY, username TEXT NOT NULL UNIQUE COLLATE NOCASE, admin INTEGER NOT NULL, moderator INTEGER NOT NULL,
    trust_level INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS keys (key TEXT PRIMARY KEY, user_id INTEGER REFERENCES users);
CREATE TABLE IF NOT EXISTS categories (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, slug TEXT NOT NULL UNIQUE, private INTEGER NOT NULL, approval INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS topics (
    id INTEGER PRIMARY KEY AUTOINCREMENT, title TEXT NOT NULL, slug TEXT NOT NULL, category_id INTEGER NOT NULL REFERENCES categories,
    user_id INTEGER NOT NULL REFERENCES users, tags TEXT NOT NULL, external_id TEXT, created_at TEXT NOT NULL, deleted_at TEXT);
CREATE UNIQUE INDEX IF NOT EXISTS topics_external_id ON topics (lower(external_id));
CREATE TABLE IF NOT EXISTS posts (
    id INTEGER PRIMARY KEY AUTOINCREMENT, topic_id INTEGER NOT NULL REFERENCES topics, number INTEGER NOT NULL,
    user_id INTEGER NOT NULL REFERENCES users, raw TEXT NOT NULL, cooked TEXT NOT NULL, sought TEXT NOT NULL,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL, deleted_at TEXT, user_deleted INTEGER NOT NULL DEFAULT 0,
    version INTEGER NOT NULL DEFAULT 1, editor_id INTEGER NOT NULL, version_at TEXT NOT NULL, edit_reason TEXT,
    UNIQUE (topic_id, number));
CREATE TABLE IF NOT EXISTS revisions (
    post_id INTEGER NOT NULL REFERENCES posts, number INTEGER NOT NULL, user_id INTEGER NOT NULL, created_at TEXT NOT NULL,
    changes TEXT NOT NULL, edit_reason TEXT, hidden INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (post_id, number));
CREATE TABLE IF NOT EXISTS pending (
    id INTEGER PRIMARY KEY AUTOINCREMENT, user_id INTEGER NOT NULL, body TEXT NOT NULL, created_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS memo (key TEXT PRIMARY KEY, at REAL NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL);
"""


class Row:
    """Made from a row by the names of its columns."""

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        """The row as a value; columns without a field are left out."""
        return cls(**{field.name: row[field.name] for field in fields(cls)})  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class User(Row):
    """An account."""

    id: int
    username: str
    admin: int
    moderator: int
    trust_level: int

    @property
    def staff(self) -> bool:
        """An admin or a moderator."""
        return bool(self.admin or self.moderator)


@dataclass(frozen=True, slots=True)
class Category(Row):
    """A category; a private one is the staff's, in one with approval the posts of others wait."""

    id: int
    name: str
    slug: str
    private: int
    approval: int

    def is_seen_by(self, viewer: User | None) -> bool:
        """Whether somebody (or anybody) may read in it."""
        return not self.private or (viewer is not None and viewer.staff)


@dataclass(frozen=True, slots=True)
class Topic(Row):
    """A topic."""

    id: int
    title: str
    slug: str
    category_id: int
    user_id: int
    tags: str
    external_id: str | None
    created_at: str
    deleted_at: str | None

    @property
    def tag_names(self) -> list[str]:
        """The tags as a list."""
        names: list[str] = json.loads(self.tags)
        return names


@dataclass(frozen=True, slots=True)
class Post(Row):
    """A post."""

    id: int
    topic_id: int
    number: int
    user_id: int
    raw: str
    cooked: str
    created_at: str
    updated_at: str
    deleted_at: str | None
    user_deleted: int
    version: int
    editor_id: int
    version_at: str
    edit_reason: str | None


@dataclass(frozen=True, slots=True)
class Revision(Row):
    """What version `number` of a post changed: field -> [before, after]."""

    post_id: int
    number: int
    user_id: int
    created_at: str
    changes: str
    edit_reason: str | None
    hidden: int


class Database:
    """The tables, and the questions asked of them. Used by one thread at a time."""

    def __init__(self, path: str) -> None:
        self._lock = threading.RLock()
        self._sql = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._sql.row_factory = sqlite3.Row
        self._sql.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;" + _SCHEMA)

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
        row = self.row("SELECT * FROM users WHERE id = ?", user_id)
        assert row is not None, f"no user {user_id}"
        return User.of(row)

    def user_named(self, username: str) -> User | None:
        """The account with this name, in any case."""
        row = self.row("SELECT * FROM users WHERE username = ?", username)
        return User.of(row) if row else None

    def category(self, category_id: int) -> Category | None:
        """The category with this id."""
        row = self.row("SELECT * FROM categories WHERE id = ?", category_id)
        return Category.of(row) if row else None

    def category_slugged(self, slug: str) -> Category | None:
        """The category with this slug."""
        row = self.row("SELECT * FROM categories WHERE slug = ?", slug)
        return Category.of(row) if row else None

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

    def categories(self, viewer: User | None) -> list[Category]:
        """The categories that somebody may see."""
        rows = self.rows("SELECT * FROM categories ORDER BY id")
        return [category for category in map(Category.of, rows) if category.is_seen_by(viewer)]

    def topics_in(self, category_id: int) -> list[Topic]:
        """A category's topics that are not deleted, newest first."""
        rows = self.rows("SELECT * FROM topics WHERE category_id = ? AND deleted_at IS NULL ORDER BY id DESC", category_id)
        return [Topic.of(row) for row in rows]

    def posts_of(self, topic_id: int, *, with_deleted_first: bool = False) -> list[Post]:
        """A topic's posts that are not deleted, in order; of a deleted topic the first one as well, for staff."""
        rows = self.rows("SELECT * FROM posts WHERE topic_id = ? ORDER BY number", topic_id)
        posts = map(Post.of, rows)
        return [post for post in posts if post.deleted_at is None or (with_deleted_first and post.number == 1)]

    def revisions(self, post_id: int, *, with_hidden: bool) -> list[Revision]:
        """A post's revisions, oldest first."""
        rows = self.rows("SELECT * FROM revisions WHERE post_id = ? ORDER BY number", post_id)
        return [revision for revision in map(Revision.of, rows) if with_hidden or not revision.hidden]
