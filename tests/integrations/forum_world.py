"""A forum with a bot that publishes into it, for the tests of the Discourse integration."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
import requests

from integrations.discourse.client import Discourse
from integrations.discourse.forum import DiscourseForum
from integrations.discourse.sandbox import Sandbox
from peerplugin.core.effects import Document, Publication
from peerplugin.core.model import DocumentId

WITHDRAWN = "This text was taken back by the people it came from."
TITLE = "Does variceal banding hurt, and what can you eat afterwards?"


@dataclass
class World:
    """A forum with a bot, on a day that passes when a test says so."""

    moderator: bool = True
    now: datetime = datetime(2026, 10, 7, 21, 0, tzinfo=UTC)
    sandbox: Sandbox = field(init=False)
    forum: DiscourseForum = field(init=False)
    client: Discourse = field(init=False)

    def __post_init__(self) -> None:
        self.sandbox = Sandbox(clock=lambda: self.now, bot_moderator=self.moderator)
        self.sandbox.start()
        self.public = self.sandbox.create_category("Liver Spot")
        self.drafts = self.sandbox.create_category("Liver Spot drafts", private=True)
        self.editor = self.sandbox.create_user("ines", moderator=True, trust_level=4)
        self.client = Discourse(self.sandbox.url, api_key=self.sandbox.bot_key, read_timeout_s=20)
        self.forum = DiscourseForum(self.client, withdrawn_text=WITHDRAWN)

    def close(self) -> None:
        self.client.close()
        self.sandbox.close()

    def later(self, **ago: float) -> None:
        self.now += timedelta(**ago)

    @contextmanager
    def patience(self, seconds: float) -> Iterator[None]:
        """How long the bot waits for an answer meanwhile."""
        usual, self.client._timeout = self.client._timeout, (20, seconds)
        try:
            yield
        finally:
            self.client._timeout = usual

    def topic(self, words: str = "Soft food for three days.", *, name: str = "t8", title: str = TITLE, private: bool = False) -> Document:
        mark = f"<!-- peerplugin:liver-spot/2026-10-07/{name} -->"
        return Document(
            document=DocumentId(f"liver-spot/2026-10-07/{name}"),
            kind="topic",
            category=self.public,
            title=title,
            raw=f"**What helped**\n\n- {words}\n\n{mark}\n",
            tags=("Liver", "open question"),
            external_id=f"liver-spot-2026-10-07-{name}",
            mark=mark,
            private=private,
        )

    def edit_by_hand(self, published: Publication, raw: str, title: str = "") -> None:
        """A person of the forum's staff changes what we published."""
        if title:
            self.as_user(self.editor, "PUT", f"/t/-/{published.topic_id}.json", {"title": title}).raise_for_status()
        self.as_user(self.editor, "PUT", f"/posts/{published.post_id}.json", {"post": {"raw": raw}}).raise_for_status()

    def post(
        self, within: Publication, words: str = "Nothing hot on the first day.", *, name: str = "t9", private: bool = False
    ) -> Document:
        return replace(self.topic(words, name=name, private=private), kind="post", external_id="", within=within)

    def anonymous(self, path: str) -> requests.Response:
        return requests.get(self.sandbox.url + path, timeout=5)

    def as_user(self, key: str, method: str, path: str, body: object = None) -> requests.Response:
        return requests.request(method, self.sandbox.url + path, json=body, headers={"Api-Key": key}, timeout=5)

    def standing_topics(self) -> list[str]:
        return [row["title"] for row in self.sandbox.topics() if row["deleted_at"] is None]

    def standing_posts(self) -> list[str]:
        return [row["raw"] for row in self.sandbox.posts() if row["deleted_at"] is None]


@pytest.fixture
def make_world() -> Iterator[Callable[..., World]]:
    made: list[World] = []

    def make(*, moderator: bool = True) -> World:
        made.append(World(moderator=moderator))
        return made[-1]

    yield make
    for world in made:
        world.close()


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    return make_world()
