"""The forum's webhook that tells us of changes: found by its address, made once, corrected, tried, taken away. Needs an admin's key."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from pydantic import Field

from integrations.discourse.client import Answer, Discourse, UnacceptableError
from integrations.discourse.wire import Read
from peerplugin.errors import OutsideError

PAGE = 50
"""Hooks that one answer of the list holds."""
PAGES = 10
PATIENCE_S, PAUSE_S = 15.0, 1.0
"""How long a ping is waited for, and between two looks: the forum sends it from a job in the background."""
WANTED = frozenset({
    "topic", "post",  # until 2023 these two stood for all that follow
    "topic_created", "topic_edited", "topic_destroyed", "topic_recovered",
    "post_created", "post_edited", "post_destroyed", "post_recovered",
})  # fmt: skip
"""The kinds of events we ask for, by name: their numbers differ between versions."""

_LIST = "/admin/api/web_hooks.json"


@dataclass(frozen=True, slots=True)
class Wanted:
    """The hook as it should be."""

    payload_url: str
    category_ids: tuple[int, ...]
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Made:
    """What was done about it: made or corrected, or neither, and how many second ones were taken away."""

    hook_id: int
    created: bool
    corrected: bool
    doubles: int


class _Named(Read):
    id: int
    name: str


class _Hook(Read):
    id: int
    payload_url: str
    content_type: int = 1
    secret: str | None = None
    wildcard_web_hook: bool = False
    verify_certificate: bool = True
    active: bool = True
    web_hook_event_types: tuple[_Named, ...] = ()
    category_ids: tuple[int, ...] = ()
    tag_names: tuple[object, ...] = ()
    group_ids: tuple[int, ...] = ()


class _One(Read):
    web_hook: _Hook


class _Extras(Read):
    event_types: tuple[_Named, ...] = ()
    grouped_event_types: dict[str, tuple[_Named, ...]] = Field({}, description="forums since 2023")
    content_types: tuple[_Named, ...] = ()


class _Page(Read):
    web_hooks: tuple[_Hook, ...] = ()
    extras: _Extras = _Extras()


class _Event(Read):
    id: int
    status: int | None = None
    headers: str | None = None


class _Events(Read):
    web_hook_events: tuple[_Event, ...] = ()


class HookAdmin:
    """The webhooks of one forum, as an admin manages them."""

    def __init__(self, discourse: Discourse) -> None:
        self._discourse = discourse

    def ensure(self, wanted: Wanted) -> Made:
        """Make the forum have this hook, once. Whatever was lost on the way, doing it again finds what the last time made."""
        extras, there = self._find(wanted.payload_url)
        body = _body(wanted, extras)
        if not there:
            made = self._send("POST", _LIST, body)
            return Made(made.id, created=True, corrected=False, doubles=0)
        first, *others = there
        corrected = bool(_wrong(first, body, unsure=False))
        if corrected:
            self._send("PUT", f"/admin/api/web_hooks/{first.id}.json", body | _filters(first))
        for other in others:
            self._discourse.delete(f"/admin/api/web_hooks/{other.id}.json")
        return Made(first.id, created=False, corrected=corrected, doubles=len(others))

    def remove(self, payload_url: str) -> int:
        """Take away every hook with this address; how many there were."""
        _, there = self._find(payload_url)
        for hook in there:
            self._discourse.delete(f"/admin/api/web_hooks/{hook.id}.json")
        return len(there)

    def ping(self, hook_id: int) -> int | None:
        """Let the forum knock once; the status that it got, -1 where it could not get through, None where it does not say in time."""
        before = max((event.id for event in self._events(hook_id)), default=0)
        self._discourse.post(f"/admin/api/web_hooks/{hook_id}/ping.json", {})
        deadline = time.monotonic() + PATIENCE_S
        while True:
            pings = [event for event in self._events(hook_id) if event.id > before and _is_ping(event)]
            if pings and pings[0].status:
                return pings[0].status
            if time.monotonic() >= deadline:
                return None
            time.sleep(PAUSE_S)

    def _find(self, payload_url: str) -> tuple[_Extras, list[_Hook]]:
        """What the forum offers, and the hooks with this address, the oldest first."""
        pages = list(self._pages())
        hooks = {hook.id: hook for page in pages for hook in page.web_hooks if _same(hook.payload_url, payload_url)}
        return pages[0].extras, [hooks[number] for number in sorted(hooks)]

    def _pages(self) -> Iterator[_Page]:
        for offset in range(0, PAGE * PAGES, PAGE):
            try:
                page = self._discourse.get(_LIST, {"limit": PAGE, "offset": offset}).read(_Page, what=_LIST)
            except OutsideError as error:
                raise _not_an_admin(error) from None
            yield page
            if len(page.web_hooks) < PAGE:
                return

    def _events(self, hook_id: int) -> tuple[_Event, ...]:
        path = f"/admin/api/web_hooks/{hook_id}/events.json"
        return self._discourse.get(path).read(_Events, what=path).web_hook_events

    def _send(self, method: Literal["POST", "PUT"], path: str, body: dict[str, object]) -> _Hook:
        """Make or correct a hook, and look at what became of it."""
        try:
            answer: Answer = (self._discourse.post if method == "POST" else self._discourse.put)(path, {"web_hook": body})
        except UnacceptableError as refused:
            raise _unacceptable(refused, str(body["payload_url"])) from None
        hook = answer.read(_One, what=f"{method} {path}").web_hook
        wrong = _wrong(hook, body, unsure=True)
        if wrong:
            sentence = (
                f"The forum took the hook (number {hook.id}), but not as it was sent ({', '.join(sorted(wrong))}): look at it in Admin, "
                "Webhooks. It should be active, of the events of topics and posts, in the series' categories, for all tags and groups."
            )
            raise OutsideError(sentence, kind="invalid", permanent=True)
        return hook


def _body(wanted: Wanted, extras: _Extras) -> dict[str, object]:
    """A wildcard hook without an event type fires nothing, and with one it fires private matters too: ours names what it wants."""
    types = [*extras.event_types, *(kind for group in extras.grouped_event_types.values() for kind in group)]
    numbers = sorted({kind.id for kind in types if kind.name in WANTED})
    if not numbers:
        sentence = "The forum offers no webhook for topics and posts: it is older or newer than what we know. Polling does the same, a little later."
        raise OutsideError(sentence, kind="invalid", permanent=True)
    json_type = next((kind.id for kind in extras.content_types if kind.name == "application/json"), 1)
    return {
        "payload_url": wanted.payload_url,
        "content_type": str(json_type),
        "secret": wanted.secret,
        "wildcard_web_hook": False,
        "verify_certificate": True,
        "active": True,
        "web_hook_event_type_ids": numbers,
        "category_ids": sorted(wanted.category_ids),
    }


def _wrong(hook: _Hook, body: dict[str, object], *, unsure: bool) -> set[str]:
    """What of the hook is not as it should be; `unsure`: of a secret that the forum does not show, we cannot say."""
    shown: dict[str, object] = {
        "payload_url": hook.payload_url.strip(),
        "content_type": str(hook.content_type),
        "secret": hook.secret,
        "wildcard_web_hook": hook.wildcard_web_hook,
        "verify_certificate": hook.verify_certificate,
        "active": hook.active,
        "web_hook_event_type_ids": sorted(kind.id for kind in hook.web_hook_event_types),
        "category_ids": sorted(hook.category_ids),
    }
    wrong = {name for name, value in shown.items() if value != body[name]} | set(_filters(hook))
    return wrong - {"secret"} if unsure and hook.secret is None else wrong


def _filters(hook: _Hook) -> dict[str, object]:
    """What empties the filters that a person set. One that is not named stays; an empty one has to be sent as an empty word."""
    return {name: [""] for name, found in (("tag_names", hook.tag_names), ("group_ids", hook.group_ids)) if found}


def _same(one: str, other: str) -> bool:
    return one.strip().rstrip("/") == other.rstrip("/")


def _is_ping(event: _Event) -> bool:
    try:
        headers = json.loads(event.headers or "{}")
    except ValueError:
        return False
    return isinstance(headers, dict) and headers.get("X-Discourse-Event-Type") == "ping"


def _not_an_admin(error: OutsideError) -> OutsideError:
    """Discourse hides what is an admin's from everybody else: 404, moderators included."""
    if error.kind not in ("missing", "rights"):
        return error
    sentence = (
        "The forum shows its webhooks to admins only, and does not take this key for an admin's: make one in Admin, API "
        "(for an admin's account; not limited to scopes), and name the account with --admin if the key is for all users. "
        "A moderator's key does not do."
    )
    return OutsideError(sentence, kind="rights", permanent=True)


def _unacceptable(refused: UnacceptableError, payload_url: str) -> OutsideError:
    """The forum's own words: they are about the hook that we sent, and about nobody's text."""
    said = " ".join(f"{error.rstrip('.')}." for error in refused.errors) or "it does not say why."
    sentence = (
        f"The forum refuses the hook: {said} See that http.public_url is an address "
        f"that the forum may call (it was sent {payload_url}); one of a private network has to be allowed there (allowed internal hosts)."
    )
    return OutsideError(sentence, kind="invalid", permanent=True)
