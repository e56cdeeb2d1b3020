"""Whom a call speaks for: global keys, keys of one account, and keys that may do a few things only."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from aiohttp import web

from integrations.discourse.sandbox import answers
from integrations.discourse.sandbox.answers import Json
from integrations.discourse.sandbox.database import Database, User
from integrations.discourse.sandbox.instants import stamp
from integrations.discourse.sandbox.limits import Limits

Scopes = Mapping[str, Mapping[str, Sequence[int]]]
"""Scope -> parameter (`topic_id`, `category_id`, `id`) -> the only numbers it may have; a scope without parameters takes all."""

_TOPIC = r"/t/(?:[^/]+/)?(?P<topic_id>\d+)"
_READ_TOPIC = rf"GET {_TOPIC}(?:/\d+|/last|/posts|/print|/summary)?\.(?:json|rss)"
_LISTS = r"GET /(?:c/(?:[^/]+/)*(?P<category_id>\d+)(?:/none)?(?:/l/(?:latest|new|unread|top)\.json|\.rss)|(?:latest|new|unread|top)\.json)"
_REVISION = r"/posts/(?P<id>\d+)/revisions"
_SCOPES: dict[str, str] = {
    "global:read": r"GET .*",
    "topics:write": r"POST /posts\.json",
    "topics:read": _READ_TOPIC,
    "topics:read_lists": _LISTS,
    "posts:edit": r"PUT /posts/(?P<id>\d+)\.json",
    "uploads:create": r"POST /uploads\.json",
}
"""What each scope of 2022 lets through, as the recorded forum listed it."""
_SCOPES_2026: dict[str, str] = _SCOPES | {
    "topics:read": rf"{_READ_TOPIC}|GET /t/external_id/[^/]+\.json",
    "topics:update": rf"PUT {_TOPIC}(?:/status)?\.json",
    "topics:delete": rf"DELETE {_TOPIC}\.json",
    "topics:recover": rf"PUT {_TOPIC}/recover\.json",
    "topics:status": rf"PUT {_TOPIC}/status\.json",
    "posts:delete": r"DELETE /posts/(?P<id>\d+)\.json",
    "posts:recover": r"PUT /posts/(?P<id>\d+)/recover\.json",
    "posts:list": r"GET /posts\.json",
    "revisions:read": rf"GET {_REVISION}/(?:\d+|latest)\.json",
    "revisions:modify": rf"PUT {_REVISION}/\d+/(?:hide|show)\.json",
    "revisions:permanently_delete": rf"DELETE {_REVISION}/permanently_delete\.json",
    "search:show": r"GET /search\.json",
    "search:query": r"GET /search/query\.json",
    "tags:list": r"GET /tags\.json",
    "tag_groups:list": r"GET /tag_groups\.json",
    "tag_groups:show": r"GET /tag_groups/(?P<id>\d+)\.json",
    "categories:list": r"GET /categories\.json",
    "categories:show": r"GET /c/(?P<id>\d+)/show\.json",
    "groups:members": r"GET /groups/[^/]+/members\.json",
}
"""What the source of 2026 adds."""


class Keys:
    """The keys that were made, and what a call with one of them may do."""

    def __init__(self, database: Database, clock: Callable[[], datetime], limits: Limits, *, modern: bool) -> None:
        self._database = database
        self._clock = clock
        self._limits = limits
        self._scopes = _SCOPES_2026 if modern else _SCOPES

    # --- making them --------------------------------------------------------------------------------------------------

    def keep(self, user_id: int | None, key: str = "") -> str:
        """A key without limits for an account (or, without one, for all): the given one, else the one there is, else a new one."""
        query = "SELECT key FROM keys WHERE user_id IS ? AND scopes = '{}' AND revoked_at IS NULL"
        there = self._database.row(query, user_id)
        if key == "" and there is not None:
            return str(there["key"])
        return self.make(user_id, {}, key=key)

    def make(self, user_id: int | None, scopes: Scopes, *, key: str = "", description: str = "") -> str:
        """One more key."""
        unknown = scopes.keys() - self._scopes.keys()
        if unknown:
            raise answers.unacceptable(f"There is no scope {min(unknown)} on this forum.")
        key = key or secrets.token_hex(32)
        self._database.execute("DELETE FROM keys WHERE key = ?", key)
        kept = json.dumps({name: {parameter: list(ids) for parameter, ids in allowed.items()} for name, allowed in scopes.items()})
        now = stamp(self._clock())
        self._database.insert("keys", key=key, user_id=user_id, scopes=kept, description=description, created_at=now)
        return key

    def revoke(self, key: str) -> None:
        """Let a key no longer speak for anybody."""
        self._database.execute("UPDATE keys SET revoked_at = ? WHERE key = ?", stamp(self._clock()), key)

    # --- using them ---------------------------------------------------------------------------------------------------

    def viewer(self, request: web.Request, body: Json) -> User:
        """The account that a call's key speaks for, if this call is one that the key may make."""
        row = self._database.row("SELECT * FROM keys WHERE key = ? AND revoked_at IS NULL", request.headers["Api-Key"])
        named = self._named(request.headers)
        user = named if row is None or row["user_id"] is None else self._database.user(row["user_id"])
        names_another = user is not None and named is not None and named.id != user.id
        unknown_name = bool(request.headers.get("Api-Username")) and named is None
        if row is None or user is None or names_another or unknown_name or not self._lets(json.loads(row["scopes"]), request, body):
            raise answers.bad_key()
        self._limits.count_key()
        if user.suspended_till is not None and user.suspended_till > stamp(self._clock()):
            raise answers.RefusedError(403, answers.NOT_PERMITTED, before_known=True)
        return user

    def _named(self, headers: Mapping[str, str]) -> User | None:
        if headers.get("Api-Username"):
            return self._database.user_named(headers["Api-Username"])
        wanted = headers.get("Api-User-Id", "")
        row = self._database.row("SELECT username FROM users WHERE id = ?", int(wanted)) if wanted.isdecimal() else None
        return self._database.user_named(row["username"]) if row else None

    def _lets(self, scopes: Scopes, request: web.Request, body: Json) -> bool:
        return not scopes or any(self._permits(name, allowed, request, body) for name, allowed in scopes.items())

    def _permits(self, name: str, allowed: Mapping[str, Sequence[int]], request: web.Request, body: Json) -> bool:
        match = re.fullmatch(self._scopes[name], f"{'GET' if request.method == 'HEAD' else request.method} {request.path}")
        if match is None:
            return False
        said = {"category_id": body.get("category")} | body | dict(request.query) | {k: v for k, v in match.groupdict().items() if v}
        return all(str(said.get(parameter)) in map(str, ids) for parameter, ids in allowed.items())

    # --- telling them -------------------------------------------------------------------------------------------------

    def listed(self) -> Json:
        """All keys, for admins; of each only the beginning."""
        return {"keys": [self.shown(row["id"]) for row in self._database.rows("SELECT id FROM keys ORDER BY id DESC")]}

    def shown(self, key_id: int, *, whole: bool = False) -> Json:
        """One key, for admins; the whole of it is shown only once."""
        row = self._database.row("SELECT * FROM keys WHERE id = ?", key_id)
        if row is None:
            raise answers.not_found()
        user = self._database.user(row["user_id"]) if row["user_id"] is not None else None
        scopes = [
            {
                "resource": name.partition(":")[0],
                "action": name.partition(":")[2],
                "key": name.partition(":")[2],
                "allowed_parameters": allowed,
            }
            for name, allowed in json.loads(row["scopes"]).items()
        ]
        return ({"key": row["key"]} if whole else {}) | {
            "id": row["id"],
            "truncated_key": f"{row['key'][:4]}...",
            "description": row["description"],
            "last_used_at": None,
            "created_at": row["created_at"],
            "updated_at": row["revoked_at"] or row["created_at"],
            "revoked_at": row["revoked_at"],
            "user": {"id": user.id, "username": user.username, "name": user.username} if user else None,
            "api_key_scopes": scopes,
        }

    def scopes(self) -> Json:
        """Every scope that a key may be narrowed to."""
        resources: dict[str, list[Json]] = {}
        for name, pattern in self._scopes.items():
            resource, _, action = name.partition(":")
            parameters = list(re.compile(pattern).groupindex) or None
            resources.setdefault(resource, []).append(
                {"scope_id": name, "key": action, "name": action.replace("_", " "), "params": parameters}
            )
        return {"scopes": resources}
