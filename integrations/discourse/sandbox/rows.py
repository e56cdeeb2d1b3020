"""What the sandbox remembers, as tables and as values: accounts, categories, topics, posts and their revisions."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass, fields
from typing import Self

SCHEMA = """
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS users (
    id INTEGER PRIMARY KEY, username TEXT NOT NULL UNIQUE COLLATE NOCASE, admin INTEGER NOT NULL, moderator INTEGER NOT NULL,
    trust_level INTEGER NOT NULL, suspended_till TEXT);
CREATE TABLE IF NOT EXISTS groups (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE COLLATE NOCASE, full_name TEXT, visibility INTEGER NOT NULL DEFAULT 0,
    members_visibility INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS members (
    group_id INTEGER NOT NULL REFERENCES groups, user_id INTEGER NOT NULL REFERENCES users, owner INTEGER NOT NULL DEFAULT 0,
    added_at TEXT NOT NULL, PRIMARY KEY (group_id, user_id));
CREATE TABLE IF NOT EXISTS keys (
    id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, user_id INTEGER REFERENCES users, description TEXT NOT NULL DEFAULT '',
    scopes TEXT NOT NULL DEFAULT '{}', created_at TEXT NOT NULL, revoked_at TEXT);
CREATE TABLE IF NOT EXISTS categories (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, slug TEXT NOT NULL, parent_id INTEGER REFERENCES categories, color TEXT NOT NULL DEFAULT '0088CC',
    approval INTEGER NOT NULL DEFAULT 0, permissions TEXT NOT NULL DEFAULT '{"everyone": 1}', allowed_tags TEXT NOT NULL DEFAULT '[]',
    allowed_tag_groups TEXT NOT NULL DEFAULT '[]', minimum_tags INTEGER NOT NULL DEFAULT 0, required_tag_group TEXT,
    moderators TEXT);
CREATE TABLE IF NOT EXISTS tags (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS tag_groups (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, tags TEXT NOT NULL, one_per_topic INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS topics (
    id INTEGER PRIMARY KEY AUTOINCREMENT, title TEXT NOT NULL, slug TEXT NOT NULL, category_id INTEGER NOT NULL REFERENCES categories,
    user_id INTEGER NOT NULL REFERENCES users, tags TEXT NOT NULL, external_id TEXT, created_at TEXT NOT NULL, bumped_at TEXT NOT NULL,
    deleted_at TEXT, deleted_by INTEGER, closed INTEGER NOT NULL DEFAULT 0, archived INTEGER NOT NULL DEFAULT 0,
    visible INTEGER NOT NULL DEFAULT 1, pinned_at TEXT, pinned_until TEXT, pinned_globally INTEGER NOT NULL DEFAULT 0);
CREATE UNIQUE INDEX IF NOT EXISTS topics_external_id ON topics (lower(external_id));
CREATE TABLE IF NOT EXISTS posts (
    id INTEGER PRIMARY KEY AUTOINCREMENT, topic_id INTEGER NOT NULL REFERENCES topics, number INTEGER NOT NULL,
    user_id INTEGER NOT NULL REFERENCES users, raw TEXT NOT NULL, cooked TEXT NOT NULL, sought TEXT NOT NULL,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL, deleted_at TEXT, deleted_by INTEGER, user_deleted INTEGER NOT NULL DEFAULT 0,
    version INTEGER NOT NULL DEFAULT 1, editor_id INTEGER NOT NULL, version_at TEXT NOT NULL, edit_reason TEXT,
    kind INTEGER NOT NULL DEFAULT 1, action_code TEXT, reply_to INTEGER, locked INTEGER NOT NULL DEFAULT 0, wiki INTEGER NOT NULL DEFAULT 0,
    UNIQUE (topic_id, number));
CREATE TABLE IF NOT EXISTS revisions (
    post_id INTEGER NOT NULL REFERENCES posts, number INTEGER NOT NULL, user_id INTEGER NOT NULL, created_at TEXT NOT NULL,
    changes TEXT NOT NULL, edit_reason TEXT, hidden INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (post_id, number));
CREATE TABLE IF NOT EXISTS pending (
    id INTEGER PRIMARY KEY AUTOINCREMENT, user_id INTEGER NOT NULL, body TEXT NOT NULL, created_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS memo (key TEXT PRIMARY KEY, at REAL NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS hooks (
    id INTEGER PRIMARY KEY AUTOINCREMENT, payload_url TEXT NOT NULL, content_type INTEGER NOT NULL, secret TEXT NOT NULL,
    wildcard INTEGER NOT NULL, verify_certificate INTEGER NOT NULL, active INTEGER NOT NULL, event_types TEXT NOT NULL,
    category_ids TEXT NOT NULL DEFAULT '[]', tag_names TEXT NOT NULL DEFAULT '[]', last_delivery_status INTEGER NOT NULL DEFAULT 1);
CREATE TABLE IF NOT EXISTS deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT, hook_id INTEGER NOT NULL, headers TEXT NOT NULL, payload TEXT NOT NULL, created_at TEXT NOT NULL,
    status INTEGER, response_headers TEXT, response_body TEXT, duration INTEGER);
"""
ACCOUNT = (
    "SELECT users.*, (SELECT json_group_array(groups.name) FROM members JOIN groups ON groups.id = members.group_id"
    " WHERE members.user_id = users.id) AS joined FROM users"
)
"""Accounts with the groups that they joined; a WHERE is to follow."""

CREATE, REPLY, READ = 1, 2, 3
"""What a category lets a group do, as Discourse numbers it; each lets the later ones as well."""
REGULAR, SMALL_ACTION = 1, 3
"""The kinds of posts: written by somebody, or left by the forum when a topic was closed, pinned and so on."""


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
    suspended_till: str | None
    joined: str

    @property
    def staff(self) -> bool:
        """An admin or a moderator."""
        return bool(self.admin or self.moderator)

    @property
    def groups(self) -> frozenset[str]:
        """The groups it is in: joined ones, and those that everybody of a kind is in."""
        kinds = {"staff": self.staff, "admins": bool(self.admin), "moderators": bool(self.moderator)}
        automatic = {name for name, holds in kinds.items() if holds} | {f"trust_level_{level}" for level in range(self.trust_level + 1)}
        return frozenset(json.loads(self.joined)) | automatic | {"everyone"}


@dataclass(frozen=True, slots=True)
class Category(Row):
    """A category. `permissions` says what each group may do in it; in one with approval the posts of others wait."""

    id: int
    name: str
    slug: str
    parent_id: int | None
    color: str
    approval: int
    permissions: str
    allowed_tags: str
    allowed_tag_groups: str
    minimum_tags: int
    required_tag_group: str | None
    moderators: str | None

    @property
    def granted(self) -> dict[str, int]:
        """What each group may do."""
        groups: dict[str, int] = json.loads(self.permissions)
        return groups

    @property
    def private(self) -> bool:
        """Not for everybody."""
        return "everyone" not in self.granted

    @property
    def tag_names(self) -> list[str]:
        """The only tags it takes, beside those of its tag groups."""
        names: list[str] = json.loads(self.allowed_tags)
        return names

    @property
    def tag_group_names(self) -> list[str]:
        """The tag groups whose tags it takes."""
        names: list[str] = json.loads(self.allowed_tag_groups)
        return names

    def permission(self, viewer: User | None) -> int | None:
        """The most that somebody (or anybody) may do in it; None where it is not even seen."""
        if viewer is None:
            return None if self.private else READ
        if viewer.admin:
            return CREATE
        return min((level for name, level in self.granted.items() if name in viewer.groups), default=None)

    def is_seen_by(self, viewer: User | None) -> bool:
        """Whether somebody (or anybody) may read in it."""
        return self.permission(viewer) is not None

    def lets(self, viewer: User | None, level: int) -> bool:
        """Whether somebody may create, reply or read in it."""
        granted = self.permission(viewer)
        return granted is not None and granted <= level

    def is_moderated_by(self, viewer: User | None) -> bool:
        """Whether somebody is staff, or in the group that moderates this category."""
        return viewer is not None and (viewer.staff or (self.moderators is not None and self.moderators in viewer.groups))


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
    bumped_at: str
    deleted_at: str | None
    deleted_by: int | None
    closed: int
    archived: int
    visible: int
    pinned_at: str | None
    pinned_until: str | None
    pinned_globally: int

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
    deleted_by: int | None
    user_deleted: int
    version: int
    editor_id: int
    version_at: str
    edit_reason: str | None
    kind: int
    action_code: str | None
    reply_to: int | None
    locked: int
    wiki: int


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


@dataclass(frozen=True, slots=True)
class Group(Row):
    """A group that somebody made; the automatic ones (staff, trust levels) have no row."""

    id: int
    name: str
    full_name: str | None
    visibility: int
    members_visibility: int


@dataclass(frozen=True, slots=True)
class Hook(Row):
    """An address that hears of what happens."""

    id: int
    payload_url: str
    content_type: int
    secret: str
    wildcard: int
    verify_certificate: int
    active: int
    event_types: str
    category_ids: str
    tag_names: str
    last_delivery_status: int
