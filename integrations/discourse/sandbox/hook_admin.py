"""How admins make, change, try and remove webhooks."""

from __future__ import annotations

import json
import re

from aiohttp import web

from integrations.discourse.sandbox import answers
from integrations.discourse.sandbox.answers import Json
from integrations.discourse.sandbox.database import Database
from integrations.discourse.sandbox.gate import admin_of, as_json
from integrations.discourse.sandbox.hooks import CONTENT_TYPES, EVENT_TYPES, Hooks
from integrations.discourse.sandbox.parameters import body_of, inner, number, numbers, texts
from integrations.discourse.sandbox.rows import Hook

SHORTEST_SECRET = 12
PER_PAGE = 50
_BAD_URL = "Payload url URL is invalid. URL should includes http:// or https://. And no blank is allowed."
_STATUSES = {1: "inactive", 2: "failed", 3: "successful", 4: "disabled"}


class HookAdmin:
    """One method for each call."""

    def __init__(self, database: Database, hooks: Hooks) -> None:
        self._database = database
        self._hooks = hooks

    def routes(self) -> list[web.RouteDef]:
        """The addresses of webhooks, for admins only."""
        one = r"/admin/api/web_hooks/{id:\d+}"
        return [
            web.get("/admin/api/web_hooks.json", self.index),
            web.post("/admin/api/web_hooks.json", self.create),
            web.get(f"{one}.json", self.show),
            web.put(f"{one}.json", self.change),
            web.delete(f"{one}.json", self.delete),
            web.post(f"{one}/ping.json", self.ping),
            web.get(f"{one}/events.json", self.events),
            web.post(one + r"/events/{event:\d+}/redeliver.json", self.redeliver),
        ]

    async def index(self, request: web.Request) -> web.Response:
        """All hooks, and what there is to choose from."""
        admin_of(request)
        rows = [Hook.of(row) for row in self._database.rows("SELECT * FROM hooks ORDER BY id DESC")]
        extras = {
            "event_types": _named(EVENT_TYPES),
            "default_event_types": _named({2: EVENT_TYPES[2]}),
            "content_types": _named(CONTENT_TYPES),
            "delivery_statuses": _named(_STATUSES),
        }
        more = {"total_rows_web_hooks": len(rows), "load_more_web_hooks": f"/admin/api/web_hooks.json?limit={PER_PAGE}&offset={PER_PAGE}"}
        return as_json({"web_hooks": [_shown(hook) for hook in rows], "extras": extras} | more)

    async def create(self, request: web.Request) -> web.Response:
        """A new hook."""
        admin_of(request)
        body = {"content_type": 1, "secret": "", "wildcard_web_hook": False, "verify_certificate": True, "active": True} | inner(
            body_of(request), "web_hook"
        )
        hook_id = self._database.insert("hooks", **{"event_types": "[]"} | _understood(body))
        return as_json({"web_hook": _shown(self._hook(hook_id))})

    async def show(self, request: web.Request) -> web.Response:
        """One hook, with its secret."""
        admin_of(request)
        return as_json({"web_hook": _shown(self._hook(number(request, "id")))})

    async def change(self, request: web.Request) -> web.Response:
        """A hook that listens to something else; what is not said stays."""
        admin_of(request)
        hook = self._hook(number(request, "id"))
        self._database.update("hooks", hook.id, **_understood(_shown(hook) | inner(body_of(request), "web_hook")))
        return as_json({"web_hook": _shown(self._hook(hook.id))})

    async def delete(self, request: web.Request) -> web.Response:
        """A hook away."""
        admin_of(request)
        self._database.execute("DELETE FROM hooks WHERE id = ?", self._hook(number(request, "id")).id)
        return as_json({"success": "OK"})

    async def ping(self, request: web.Request) -> web.Response:
        """A greeting to whoever listens."""
        admin_of(request)
        self._hooks.ping(self._hook(number(request, "id")))
        return as_json({"success": "OK"})

    async def events(self, request: web.Request) -> web.Response:
        """What was sent, the newest first, and what came back."""
        admin_of(request)
        hook = self._hook(number(request, "id"))
        rows = self._database.rows("SELECT * FROM deliveries WHERE hook_id = ? ORDER BY id DESC", hook.id)
        shown = [self._event(row["id"], hook) for row in rows[:PER_PAGE]]
        more = {
            "total_rows_web_hook_events": len(rows),
            "load_more_web_hook_events": f"/admin/api/web_hook_events/{hook.id}.json?limit={PER_PAGE}&offset={PER_PAGE}",
            "extras": {"web_hook_id": hook.id},
        }
        return as_json({"web_hook_events": shown} | more)

    async def redeliver(self, request: web.Request) -> web.Response:
        """The same once more."""
        admin_of(request)
        hook = self._hook(number(request, "id"))
        event = self._event(number(request, "event"), hook)
        self._hooks.resend(number(request, "event"))
        return as_json({"web_hook_event": event})

    def _hook(self, hook_id: int) -> Hook:
        hook = self._database.hook(hook_id)
        if hook is None:
            raise answers.not_found()
        return hook

    def _event(self, delivery_id: int, hook: Hook) -> Json:
        row = self._database.row("SELECT * FROM deliveries WHERE id = ? AND hook_id = ?", delivery_id, hook.id)
        if row is None:
            raise answers.not_found()
        return {
            "id": row["id"],
            "web_hook_id": hook.id,
            "request_url": hook.payload_url,
            "headers": row["headers"],
            "payload": row["payload"],
            "status": row["status"] or 0,  # not delivered yet
            "response_headers": row["response_headers"],
            "response_body": row["response_body"],
            "duration": row["duration"],
            "created_at": row["created_at"],
        }


def _understood(body: Json) -> dict[str, object]:
    """What a call says of a hook, as it is kept, if the forum takes it."""
    url, secret = str(body.get("payload_url", "")), str(body.get("secret") or "")
    said = body.get("web_hook_event_type_ids")
    shown = body.get("web_hook_event_types")
    types = numbers(said) if said is not None else [each["id"] for each in shown] if isinstance(shown, list) else []
    wildcard = _is_on(body.get("wildcard_web_hook"))
    faults = [] if re.fullmatch(r"https?://\S+", url) else [_BAD_URL]
    if secret and len(secret) < SHORTEST_SECRET:
        faults.append(f"Secret is too short (minimum is {SHORTEST_SECRET} characters)")
    if not types and not wildcard:
        faults.append("Web hook event types can't be blank")
    if faults:
        raise answers.unacceptable(*faults)
    content_type = int(str(body.get("content_type", 1)))
    return {
        "payload_url": url,
        "content_type": content_type if content_type in CONTENT_TYPES else 1,
        "secret": secret,
        "wildcard": int(wildcard),
        "verify_certificate": int(_is_on(body.get("verify_certificate"))),
        "active": int(_is_on(body.get("active"))),
        "event_types": json.dumps([each for each in types if each in EVENT_TYPES]),
        "category_ids": json.dumps(numbers(body.get("category_ids", []))),
        "tag_names": json.dumps(texts(body.get("tag_names", []))),
    }


def _is_on(value: object) -> bool:
    return str(value).lower() in ("true", "1")


def _shown(hook: Hook) -> Json:
    return {
        "id": hook.id,
        "payload_url": hook.payload_url,
        "content_type": hook.content_type,
        "last_delivery_status": hook.last_delivery_status,
        "secret": hook.secret,
        "wildcard_web_hook": bool(hook.wildcard),
        "verify_certificate": bool(hook.verify_certificate),
        "active": bool(hook.active),
        "web_hook_event_types": [{"id": each, "name": EVENT_TYPES[each]} for each in json.loads(hook.event_types)],
        "category_ids": json.loads(hook.category_ids),
        "tag_names": json.loads(hook.tag_names),
        "group_ids": [],
    }


def _named(numbers_and_names: dict[int, str]) -> list[Json]:
    return [{"id": number, "name": name} for number, name in numbers_and_names.items()]
