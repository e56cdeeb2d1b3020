"""Asks a forum what the recorded one was asked, in fresh words, and keeps book of what its topics and posts are called there."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import requests

from tests.contract.fresh import Fresh
from tests.contract.recordings import Recording

OLD, MISSING = 13, {999, 999_999}
"""Numbers up to here are of what the forum came with; these were asked for because nothing had them."""
NEVER_MADE = 1_999_999_999
"""Nothing has this number on any forum."""
_TOPIC, _POST, _CATEGORY, _HOOK, _EVENT, _REVIEWABLE, _TAG_GROUP = "topic", "post", "category", "hook", "event", "reviewable", "tag group"
_NUMBERS = (
    (_TOPIC, re.compile(r"(?<=/t/)()(\d+)|(?<=/t/)((?!external_id/)[^/]+/)(\d+)|(?<=/raw/)()(\d+)")),
    (_POST, re.compile(r"(?<=/posts/)()(\d+)|(?<=/p/)()(\d+)")),
    (_CATEGORY, re.compile(r"(?<=/c/)((?:[^/]+/)*?)(\d+)|(?<=/categories/)()(\d+)")),
    (_HOOK, re.compile(r"(?<=/web_hooks/)()(\d+)")),
    (_EVENT, re.compile(r"(?<=/events/)()(\d+)")),
    (_REVIEWABLE, re.compile(r"(?<=/review/)()(\d+)")),
    (_TAG_GROUP, re.compile(r"(?<=/tag_groups/)()(\d+)")),
)
_SLUG = re.compile(
    r"(?<=/t/)(?!external_id/)(?!-/)[^/\d][^/]*(?=/)|(?<=/c/)[^/\d][^/]*(?=/)|(?<=/tag/)[^/.]+|(?<=/groups/)[^/.]+|(?<=/u/)[^/.]+"
)
_EXTERNAL_ID = re.compile(r"(?<=/t/external_id/)[^/.]+")
_SAID = {
    "title",
    "raw",
    "edit_reason",
    "raw_old",
    "name",
    "q",
    "term",
    "tags[]",
    "tags",
    "tag_names",
    "allowed_tags",
    "reason",
    "slug",
    "topic_slug",
}
_MEANT: Mapping[str, str] = {"category": _CATEGORY, "category_id": _CATEGORY, "destination_category_id": _CATEGORY, "topic_id": _TOPIC}


@dataclass(frozen=True)
class Place:
    """A category."""

    id: int
    slug: str
    name: str


@dataclass(frozen=True)
class Forum:
    """Where a case is asked."""

    url: str
    key: Callable[[str], str]
    """The key that a recorded role has here."""
    user_id: int
    """What the bot's account is numbered."""
    categories: Mapping[int, Place]
    send: Callable[..., requests.Response]


@dataclass
class Replay:
    """One case: the questions in fresh words, what was made on the way, and under which number."""

    forum: Forum
    fresh: Fresh
    ids: dict[str, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))
    sentences: list[tuple[str, str]] = field(default_factory=list)
    """What was sent, as recorded: `title` or `raw`, and a line of it."""
    made: set[int] = field(default_factory=set)
    """The topics that were made, by their numbers here."""
    tags: set[str] = field(default_factory=set)
    """The tags that were sent."""

    def __post_init__(self) -> None:
        self.ids[_CATEGORY] = {then: place.id for then, place in self.forum.categories.items()}

    def ask(self, then: Recording) -> requests.Response:
        """Ask what was asked then."""
        answer = self.forum.send(then.method, self.forum.url + self.path(then.path), headers=self._headers(then), **self._body(then))
        self._note(then, answer)
        return answer

    # --- from then to here --------------------------------------------------------------------------------------------

    def path(self, path: str) -> str:
        """An address of then, here."""
        parts = urlsplit(path)
        found = _EXTERNAL_ID.sub(lambda match: self.fresh.external_id(match[0]), parts.path)
        found = _SLUG.sub(lambda match: self.fresh.text(match[0]), found)
        for kind, pattern in _NUMBERS:
            found = pattern.sub(partial(self._renumbered, kind), found)
        pairs = [(name, self._query(name, value)) for name, value in parse_qsl(parts.query, keep_blank_values=True)]
        return found + (f"?{urlencode(pairs, safe='[]')}" if parts.query else "")

    def number(self, kind: str, then: int) -> int:
        """What has this number then is called here; what nothing recorded made is the last that was made."""
        known = self.ids[kind]
        if then in MISSING:
            return NEVER_MADE
        if then in known or not known or kind == _CATEGORY or (then <= OLD and kind in (_TOPIC, _POST)):
            return known.get(then, then)
        return list(known.values())[-1]

    def value(self, value: Any, name: str = "") -> Any:
        """A JSON value of then, here."""
        if isinstance(value, dict):
            return {key: self.value(each, key) for key, each in value.items()}
        if isinstance(value, list):
            return [self.value(each, name) for each in value]
        if name in _MEANT and isinstance(value, int):
            return self.number(_MEANT[name], value)
        if not isinstance(value, str):
            return value
        if name == "external_id":
            return self.fresh.external_id(value)
        if name == "cooked":
            return re.sub(r'(?<=href=")/[^"]*', lambda match: self.path(match[0]), self.fresh.text(value))
        return self.fresh.text(value) if name in _SAID else value

    def username(self, then: str) -> str:
        """What somebody is called here, in capitals where that was so then."""
        known = next((here for name, here in self.fresh.people.items() if name.lower() == then.lower()), then)
        return "".join(sign.upper() if at < len(then) and then[at].isupper() else sign for at, sign in enumerate(known))

    def _renumbered(self, kind: str, match: re.Match[str]) -> str:
        slug, number = [group for group in match.groups() if group is not None]
        return f"{slug}{self.number(kind, int(number))}"

    def _query(self, name: str, value: str) -> str:
        if name == "post_ids[]" or (name == "before" and value.isdecimal()):
            return str(self.number(_POST, int(value)))
        return self.fresh.text(value) if name in _SAID else value

    def _headers(self, then: Recording) -> dict[str, str]:
        headers = {"Accept": then.asked.get("Accept", "*/*")}
        if isinstance(then.sent, str):
            headers["Content-Type"] = "application/json"
        key = then.asked.get("Api-Key")
        if key is not None:
            headers["Api-Key"] = self.forum.key(then.role) if key == "PLACEHOLDER" else key
        if "Api-Username" in then.asked:
            headers["Api-Username"] = self.username(then.asked["Api-Username"])
        if "Api-User-Id" in then.asked:
            headers["Api-User-Id"] = str(self.forum.user_id)
        if "Mozilla" in then.asked.get("User-Agent", "") or then.asked.get("Accept") == "text/html":
            headers["User-Agent"] = then.asked["User-Agent"]
        return headers

    def _body(self, then: Recording) -> dict[str, Any]:
        if then.method in ("GET", "HEAD"):
            return {}
        if isinstance(then.sent, str):
            return {"data": then.sent}
        self._remember(then.sent)
        if isinstance(then.sent, dict) and "_form" in then.sent:
            form = then.sent["_form"]
            pairs = list(form.items()) if isinstance(form, dict) else form
            return {"data": [(name, self._form_value(name, value)) for name, value in pairs]}
        return {"json": self.value(then.sent or {})}

    def _form_value(self, name: str, value: str) -> str:
        return str(self.number(_MEANT[name], int(value))) if name in _MEANT else str(self.value(value, name))

    def _remember(self, sent: Any) -> None:
        if isinstance(sent, dict):
            for name, value in sent.items():
                if name in ("title", "raw") and isinstance(value, str):
                    self.sentences += [(name, line.strip()) for line in value.splitlines() if len(line) >= 20]
                if name == "tags" and isinstance(value, list):
                    self.tags |= {self.fresh.text(tag) for tag in value}
                self._remember(value)

    # --- from here to then --------------------------------------------------------------------------------------------

    def _note(self, then: Recording, answer: requests.Response) -> None:
        """Whatever was made, and of what is known from then its number."""
        now = _object(answer)
        if answer.status_code != 200 or now is None:
            return
        if then.method == "POST" and then.path == "/posts.json":
            self.made |= {each["topic_id"] for each in (now, now.get("post")) if isinstance(each, dict) and "topic_id" in each}
        if then.status == 200 and isinstance(then.body, dict):
            for kind, old, new in _made(then.path, then.body, now):
                self.ids[kind].pop(old, None)  # the newest stands last
                self.ids[kind][old] = new


def _object(answer: requests.Response) -> dict[str, Any] | None:
    try:
        body = answer.json()
    except requests.JSONDecodeError:
        return None
    return body if isinstance(body, dict) else None


def _made(path: str, then: dict[str, Any], now: dict[str, Any]) -> list[tuple[str, int, int]]:
    if path == "/posts.json" and "latest_posts" not in then:
        then, now = then.get("post", then), now.get("post", now)
        return (
            [(_TOPIC, then["topic_id"], now["topic_id"]), (_POST, then["id"], now["id"])]
            if {"topic_id", "id"} <= then.keys() & now.keys()
            else []
        )
    if "reviewable_perform_result" in then and "reviewable_perform_result" in now:
        old, new = then["reviewable_perform_result"], now["reviewable_perform_result"]
        return [
            (_TOPIC, old["created_post_topic_id"], new["created_post_topic_id"]),
            (_POST, old["created_post_id"], new["created_post_id"]),
        ]
    found = [
        (kind, then[name]["id"], now[name]["id"])
        for name, kind in (("web_hook", _HOOK), ("tag_group", _TAG_GROUP), ("category", _CATEGORY))
        if name in then and isinstance(now.get(name), dict) and "id" in then[name] and "id" in now[name] and "/c/" not in path
    ]
    for name, kind in (("reviewables", _REVIEWABLE), ("web_hook_events", _EVENT)):
        if then.get(name) and now.get(name):
            found.append((kind, then[name][0]["id"], now[name][0]["id"]))
    return found
