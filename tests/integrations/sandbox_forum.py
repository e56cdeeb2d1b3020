"""A sandbox forum whose clock is turned by hand, for the tests of the sandbox itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from integrations.discourse.sandbox import Sandbox

TEXT = "It aches behind the breastbone for two days."
LATER = "It aches no longer, and that is all there is to say."


@dataclass
class Forum:
    """A sandbox whose clock a test turns, and the calls that the tests make of it."""

    modern: bool = False
    moderator: bool = True
    now: datetime = datetime(2026, 11, 25, 12, tzinfo=UTC)
    made: int = 0
    sandbox: Sandbox = field(init=False)

    def __post_init__(self) -> None:
        self.sandbox = Sandbox(clock=lambda: self.now, caching=True, modern=self.modern, bot_moderator=self.moderator)
        self.sandbox.start()
        self.public = self.sandbox.create_category("Liver Spot")

    def later(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def ask(self, method: str, path: str, body: object = None, *, key: str | None = None, **headers: str) -> requests.Response:
        """A call; without a key it is the bot's, an empty one is nobody's."""
        key = self.sandbox.bot_key if key is None else key
        sent = headers | ({"Api-Key": key} if key else {})
        return requests.request(method, self.sandbox.url + path, json=body, headers=sent, timeout=5, allow_redirects=False)

    def read(self, path: str) -> requests.Response:
        """What somebody without an account gets."""
        return self.ask("GET", path, key="")

    def as_admin(self, method: str, path: str, body: object = None) -> requests.Response:
        return self.ask(method, path, body, key=self.sandbox.admin_key, **{"Api-Username": self.sandbox.admin_username})

    def post(self, raw: str = TEXT, *, key: str | None = None, status: int = 200, **more: object) -> dict[str, Any]:
        """A topic, or with `topic_id` a reply."""
        self.made += 1
        body: dict[str, object] = {"title": f"Does banding hurt for long, part {self.made}?", "category": self.public, "raw": raw}
        body = {"raw": raw} | more if "topic_id" in more else body | more
        answer = self.ask("POST", "/posts.json", body, key=key)
        assert answer.status_code == status, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def edit(self, post_id: int, raw: str, reason: str) -> None:
        answer = self.ask("PUT", f"/posts/{post_id}.json", {"post": {"raw": raw, "edit_reason": reason}})
        assert answer.status_code == 200, answer.text

    def topic(self, topic_id: int) -> dict[str, Any]:
        shown: dict[str, Any] = self.ask("GET", f"/t/{topic_id}.json").json()
        return shown


@pytest.fixture
def forum() -> Iterator[Forum]:
    made = Forum()
    yield made
    made.sandbox.close()


@pytest.fixture
def modern() -> Iterator[Forum]:
    made = Forum(modern=True)
    yield made
    made.sandbox.close()


@pytest.fixture
def plain() -> Iterator[Forum]:
    """A forum whose bot is no moderator."""
    made = Forum(moderator=False)
    yield made
    made.sandbox.close()
