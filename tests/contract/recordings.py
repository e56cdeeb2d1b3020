"""Recorded exchanges with a real Discourse, and how they are asked again of the sandbox."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import requests

from integrations.discourse.sandbox import Sandbox

RECORDED = Path(__file__).parent / "recorded"


@dataclass(frozen=True)
class Recording:
    """One exchange."""

    name: str
    role: str
    method: str
    path: str
    has_key: bool
    sent: Any
    status: int
    headers: dict[str, str]
    body: Any

    @property
    def media_type(self) -> str:
        return self.headers.get("Content-Type", "").split(";")[0]


@cache
def recording(name: str) -> Recording:
    """The exchange with this name."""
    whole = json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))
    asked, answered = whole["request"], whole["response"]
    return Recording(
        name=name,
        role=whole["role"],
        method=asked["method"],
        path=asked["path"],
        has_key="Api-Key" in asked["headers"],
        sent=asked.get("body"),
        status=answered["status"],
        headers=answered["headers"],
        body=answered["body"],
    )


def recordings() -> list[str]:
    """The names of all exchanges."""
    return sorted(path.stem for path in RECORDED.glob("*.json"))


@dataclass
class Replay:
    """A sandbox that was built like the recorded forum, and what its topics and posts are called there."""

    sandbox: Sandbox
    topics: dict[int, int] = field(default_factory=dict)
    posts: dict[int, int] = field(default_factory=dict)
    categories: dict[int, int] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        make = self.sandbox.create_category
        self.categories = {
            5: make("Liver Spot"),
            6: make("Meeting drafts", private=True),
            7: make("Meetings"),
            8: make("Announcements", approval=True),
        }
        self.sandbox.create_user("lab_admin", admin=True, trust_level=4)
        self.sandbox.create_user("lab_mod", moderator=True, trust_level=4)
        self.sandbox.create_user("second", trust_level=2)
        self.sandbox.create_user("member", trust_level=1)
        self.keys = {
            "bot_single": self.sandbox.bot_key,
            "modbot_single": self.sandbox.create_user("bridge_modbot", moderator=True, trust_level=4),
        }

    def ask(self, name: str) -> requests.Response:
        """Ask what was asked then; what a create made is known by its old number afterwards."""
        then = recording(name)
        key_of, _, username = then.role.partition(":")
        headers = {"Accept": "application/json"}
        if key_of != "anon":
            headers["Api-Key"] = self.keys.get(key_of, self.sandbox.admin_key)
        elif then.has_key:
            headers["Api-Key"] = "a key that nobody has"
        if username:
            headers["Api-Username"] = username
        sent: dict[str, Any] = (
            {"data": then.sent} if isinstance(then.sent, str) else {"json": self._sent(then.sent)} if then.method != "GET" else {}
        )
        if isinstance(then.sent, str):
            headers["Content-Type"] = "application/json"
        answer = requests.request(
            then.method, self.sandbox.url + self._path(then.path), headers=headers, allow_redirects=False, timeout=10, **sent
        )
        self._learn(then, answer)
        return answer

    def _sent(self, body: Any) -> Any:
        if not isinstance(body, dict):
            return {} if body is None else body
        known = {"category": self.categories, "category_id": self.categories, "topic_id": self.topics}
        return {name: known.get(name, {}).get(value, value) if isinstance(value, int) else value for name, value in body.items()}

    def _path(self, path: str) -> str:
        path = re.sub(r"(/t/(?:[^/]+/)?)(\d+)", lambda match: match[1] + str(self.topics.get(int(match[2]), match[2])), path)
        path = re.sub(r"(/posts/|post_ids\[\]=)(\d+)", lambda match: match[1] + str(self.posts.get(int(match[2]), match[2])), path)
        return re.sub(r"(/c/(?:[^/]+/)?)(\d+)", lambda match: match[1] + str(self.categories.get(int(match[2]), match[2])), path)

    def _learn(self, then: Recording, answer: requests.Response) -> None:
        if then.method != "POST" or then.status != 200 or answer.status_code != 200:
            return
        old, new = (body.get("post", body) if body else {} for body in (then.body, answer.json()))
        if "topic_id" in old and "topic_id" in new:
            self.topics[old["topic_id"]], self.posts[old["id"]] = new["topic_id"], new["id"]
