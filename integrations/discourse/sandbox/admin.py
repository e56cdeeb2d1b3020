"""What admins do by calls: site settings, read-only mode, keys, suspensions, categories, webhooks. For others these addresses do not exist."""

from __future__ import annotations

import json
import re

from aiohttp import web

from integrations.discourse.sandbox import answers, rules, shapes
from integrations.discourse.sandbox.answers import Json
from integrations.discourse.sandbox.creating import World
from integrations.discourse.sandbox.gate import READ_ONLY_SWITCH, admin_of, as_json, as_text, writer_of
from integrations.discourse.sandbox.instants import understood
from integrations.discourse.sandbox.keys import Keys, Scopes
from integrations.discourse.sandbox.parameters import body_of, inner, number, texts
from integrations.discourse.sandbox.settings import READ_ONLY


class Admin:
    """One method for each call; the webhooks have a place of their own (`hook_admin`)."""

    def __init__(self, world: World, keys: Keys) -> None:
        self._world = world
        self._database = world.database
        self._keys = keys

    def routes(self) -> list[web.RouteDef]:
        """The addresses for admins only."""
        return [
            web.get("/admin/site_settings.json", self.settings),
            web.put("/admin/site_settings/{name}.json", self.set_setting),
            web.put(READ_ONLY_SWITCH, self.set_read_only),
            web.get("/admin/api/keys.json", self.list_keys),
            web.post("/admin/api/keys.json", self.make_key),
            web.get("/admin/api/keys/scopes.json", self.scopes),
            web.get(r"/admin/api/keys/{id:\d+}.json", self.show_key),
            web.post(r"/admin/api/keys/{id:\d+}/revoke.json", self.revoke_key),
            web.put(r"/admin/users/{id:\d+}/{verb:suspend|unsuspend}.json", self.suspend),
            web.post("/categories.json", self.create_category),
            web.put(r"/categories/{id:\d+}.json", self.change_category),
        ]

    # --- settings -----------------------------------------------------------------------------------------------------

    async def settings(self, request: web.Request) -> web.Response:
        """All site settings."""
        admin_of(request)
        return as_json(self._world.settings.listed())

    async def set_setting(self, request: web.Request) -> web.Response:
        """Another value for one."""
        admin_of(request)
        name = request.match_info["name"]
        if not self._world.settings.exists(name):
            raise answers.unacceptable(f"No setting named '{name}' exists")
        self._world.settings.set(name, str(body_of(request).get(name, "")))
        return as_text("")

    async def set_read_only(self, request: web.Request) -> web.Response:
        """The read-only mode on or off."""
        admin_of(request)
        self._world.settings.set(READ_ONLY, str(body_of(request).get("enable", "")))
        return as_text("")

    # --- keys and accounts --------------------------------------------------------------------------------------------

    async def list_keys(self, request: web.Request) -> web.Response:
        """All keys."""
        admin_of(request)
        return as_json(self._keys.listed())

    async def make_key(self, request: web.Request) -> web.Response:
        """A new key: for all accounts, for one, for a few things."""
        admin_of(request)
        body = inner(body_of(request), "key")
        name = str(body.get("username") or "")
        user = self._database.user_named(name) if name else None
        if name and user is None:
            raise answers.not_found()
        asked = body.get("scopes")
        scopes: Scopes = {str(each.get("scope_id")): {} for each in asked if isinstance(each, dict)} if isinstance(asked, list) else {}
        key = self._keys.make(user.id if user else None, scopes, description=str(body.get("description", "")))
        row = self._database.row("SELECT id FROM keys WHERE key = ?", key)
        assert row is not None, "it was made just now"
        return as_json({"key": self._keys.shown(row["id"], whole=True)})

    async def show_key(self, request: web.Request) -> web.Response:
        """One key."""
        admin_of(request)
        return as_json({"key": self._keys.shown(number(request, "id"))})

    async def revoke_key(self, request: web.Request) -> web.Response:
        """A key that no longer works."""
        admin_of(request)
        row = self._database.row("SELECT key FROM keys WHERE id = ?", number(request, "id"))
        if row is None:
            raise answers.not_found()
        self._keys.revoke(row["key"])
        return as_json({"api_key": self._keys.shown(number(request, "id"))})

    async def scopes(self, request: web.Request) -> web.Response:
        """What a key may be narrowed to."""
        admin_of(request)
        return as_json(self._keys.scopes())

    async def suspend(self, request: web.Request) -> web.Response:
        """An account that may do nothing for a while, or again something."""
        admin_of(request)
        user = self._database.row("SELECT id FROM users WHERE id = ?", number(request, "id"))
        if user is None:
            raise answers.not_found()
        suspends = request.match_info["verb"] == "suspend"
        until = understood(str(body_of(request).get("suspend_until", ""))) if suspends else None
        self._database.update("users", user["id"], suspended_till=until)
        reason = {"suspend_reason": body_of(request).get("reason")} if suspends else {}
        return as_json({"suspension": reason | {"suspended_till": until, "suspended_at": self._world.now if suspends else None}})

    # --- categories ---------------------------------------------------------------------------------------------------

    async def create_category(self, request: web.Request) -> web.Response:
        """A new category. Here others are told that they may not."""
        if not writer_of(request).admin:
            raise answers.not_permitted()
        body = body_of(request)
        name = str(body.get("name", ""))
        if self._database.row("SELECT 1 FROM categories WHERE lower(name) = lower(?)", name) is not None:
            raise answers.unacceptable("Category Name has already been taken")
        slug = str(body.get("slug") or rules.slug_of(name))
        category_id = self._database.insert("categories", name=name, slug=slug, **_understood(body))
        return as_json({"category": self._shown(category_id, request)})

    async def change_category(self, request: web.Request) -> web.Response:
        """A category with other rules."""
        if not writer_of(request).admin:
            raise answers.not_permitted()
        category_id = number(request, "id")
        if self._database.category(category_id) is None:
            raise answers.not_found()
        body = body_of(request)
        named = {name: str(body[name]) for name in ("name", "slug") if body.get(name)}
        changes = named | _understood(body)
        if changes:
            self._database.update("categories", category_id, **changes)
        return as_json({"success": "OK", "category": self._shown(category_id, request)})

    def _shown(self, category_id: int, request: web.Request) -> Json:
        category = self._database.category(category_id)
        assert category is not None, "it was written just now"
        return shapes.category(self._database, category, writer_of(request), detailed=True) | {"permission": None}


def _understood(body: Json) -> dict[str, object]:
    """What a call says of a category, as it is kept; what it does not say stays."""
    kept: dict[str, object] = {}
    permissions, custom = body.get("permissions"), body.get("custom_fields")
    if isinstance(permissions, dict):
        kept["permissions"] = json.dumps(
            {name: int(str(level)) for name, level in permissions.items() if re.fullmatch("[123]", str(level))}
        )
    if isinstance(custom, dict):
        kept["approval"] = int(str(custom.get("require_topic_approval", "")).lower() == "true")
    for name, column in (("allowed_tags", "allowed_tags"), ("allowed_tag_groups", "allowed_tag_groups")):
        if name in body:
            kept[column] = json.dumps(texts(body[name]))
    for name, column in (("minimum_required_tags", "minimum_tags"), ("parent_category_id", "parent_id")):
        if str(body.get(name, "")).isdecimal():
            kept[column] = int(str(body[name]))
    if "reviewable_by_group_name" in body:
        kept["moderators"] = body["reviewable_by_group_name"] or None
    return kept | ({"color": str(body["color"])} if body.get("color") else {})
