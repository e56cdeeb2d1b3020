"""The stage of the stories: one room, one desk, one forum category on real servers, and the people who meet there."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import requests

from integrations.discourse.client import Discourse
from integrations.discourse.forum import DiscourseForum
from integrations.discourse.sandbox import Sandbox
from integrations.matrix.client import MatrixChat
from peerplugin import app
from peerplugin.core.model import Level, RoomId, Series, SeriesId, UserId
from peerplugin.demo.homeserver import Homeserver
from peerplugin.demo.person import Person
from peerplugin.group import Group
from peerplugin.ports import Chat, Forum
from peerplugin.service import LANES, Pace, Service
from peerplugin.settings import config_dir
from peerplugin.store import Store
from peerplugin.vocabulary import load_rules

NAMES = itertools.count(1)
PATIENCE_S = 60
THINKERS = get_context("forkserver")
THINKERS.set_forkserver_preload(["__main__", "peerplugin.core.draft"])  # a child process all the same, made in a hundredth of the time


@dataclass
class Cast:
    """Who meets: a moderator, four members, one who only listens."""

    bot: Person
    mara: Person  # moderates the room and the desk
    alma: Person
    bo: Person
    cleo: Person
    dov: Person


@dataclass
class Stage:
    """A group with its room, its desk, its category. Every stage has its own, on servers that all share."""

    homeserver: Homeserver
    sandbox: Sandbox
    folder: Path
    cast: Cast
    room: str
    desk: str
    category: int
    slug: str
    series: Series
    group: Group
    at_work: bool = False  # the service is, not its audience

    @classmethod
    def build(cls, homeserver: Homeserver, sandbox: Sandbox, folder: Path, cast: Cast | None = None, version: str = "12") -> Stage:
        number = next(NAMES)
        cast = cast or new_cast(homeserver)
        members = [cast.alma, cast.bo, cast.cleo, cast.dov]
        room = cast.mara.create_room("Liver Spot", version=version, invite=[cast.bot, *members])
        desk = cast.mara.create_room("Liver Spot moderators", version=version, invite=[cast.bot])
        for person in (cast.bot, *members):
            person.join(room)
        cast.bot.join(desk)
        slug = f"liver-spot-{number}"
        category = sandbox.create_category(f"Liver Spot {number}", slug)
        series = Series(
            SeriesId(f"s{number}"), "Liver Spot", RoomId(room), RoomId(desk), category, Level.REPORTED, tags=("meeting",),
            publish_grace_min=0, publish_unproven=True, how_to_join="https://example.org/join", forum_url=f"{sandbox.url}/c/{slug}/{category}",
        )  # fmt: skip
        rules = load_rules(config_dir())
        group = Group(UserId(cast.bot.user_id), (series,), app.load_words(), rules)
        return cls(homeserver, sandbox, folder, cast, room, desk, category, slug, series, group)

    def with_series(self, **changes: object) -> Stage:
        """The same stage under other rules."""
        series = replace(self.series, **changes)  # type: ignore[arg-type]
        return replace(self, series=series, group=replace(self.group, series=(series,)))

    def close(self) -> None:
        """Everybody hangs up."""
        for person in (self.cast.bot, self.cast.mara, self.cast.alma, self.cast.bo, self.cast.cleo, self.cast.dov):
            person.close()

    # --- the service ------------------------------------------------------------------------------------------------

    def store(self) -> Store:
        return Store.open(self.folder / "store.sqlite")

    def chat(self, sync_timeout_s: float = 2.0, homeserver: str = "") -> MatrixChat:
        user = self.cast.bot.user
        return MatrixChat(
            homeserver or self.homeserver.url, user.user_id, device_id=user.device_id, token=user.token, sync_timeout_s=sync_timeout_s
        )

    def forum(self, url: str = "", read_timeout_s: float = 10.0) -> tuple[Discourse, DiscourseForum]:
        client = Discourse(
            url or self.sandbox.url, api_key=self.sandbox.bot_key, username=self.sandbox.bot_username, read_timeout_s=read_timeout_s
        )
        return client, DiscourseForum(client, withdrawn_text=self.group.words.text("withdrawn.md"))

    def service(self, store: Store, chat: Chat, forum: Forum) -> Service:
        pace = Pace(wake_s=1, retry_first_s=0.05, retry_most_s=0.2)
        return Service(store, chat, forum, self.group, lambda: datetime.now(UTC), pace, THINKERS)

    # --- what can be seen ---------------------------------------------------------------------------------------------

    def said(self, room: str) -> list[str]:
        """The bodies of what the bot said in a room and has not taken back."""
        return [str(e["content"]["body"]) for e in self.events(room) if "body" in e["content"]]

    def events(self, room: str) -> list[dict[str, Any]]:
        """The bot's messages in a room."""
        everything = self.cast.mara.messages(room)
        return [e for e in everything if e["sender"] == self.cast.bot.user_id and e["type"] == "m.room.message"]

    def cards(self) -> dict[int, str]:
        """The cards that stand on the desk: number -> event id."""
        found = {}
        for event in self.events(self.desk):
            body = str(event["content"].get("body", ""))
            if body.startswith("#") and "✅ publish" in body:
                found[int(body[1:].split()[0])] = str(event["event_id"])
        return found

    def topics(self) -> list[dict[str, Any]]:
        """The topics of this stage's category that are not deleted."""
        return [t for t in self.sandbox.topics() if t["category_id"] == self.category and not t["deleted_at"]]

    def pages(self) -> str:
        """Everything that an anonymous reader can read of this stage's category, in one text."""
        read = [requests.get(f"{self.sandbox.url}/c/{self.slug}/{self.category}", timeout=10).text]
        for topic in self.topics():
            for address in (f"/t/-/{topic['id']}", f"/t/{topic['id']}.json"):
                read.append(requests.get(f"{self.sandbox.url}{address}", timeout=10).text)
        return "\n".join(read)

    def search(self, term: str) -> list[str]:
        """The titles that an anonymous search finds."""
        found = requests.get(f"{self.sandbox.url}/search.json", params={"q": term}, timeout=10).json()
        return [t["title"] for t in found.get("topics", []) if t["category_id"] == self.category]


def new_cast(homeserver: Homeserver) -> Cast:
    """New people, registered."""
    number = next(NAMES)
    found = [Person.arrive(homeserver, f"{name}{number}") for name in ("peerplugin", "mara", "alma", "bo", "cleo", "dov")]
    return Cast(*found)


def with_new_bot(homeserver: Homeserver, cast: Cast) -> Cast:
    """The same people with another bot."""
    return replace(cast, bot=Person.arrive(homeserver, f"peerplugin{next(NAMES)}"))


async def wait_for(seen: Callable[[], object], what: str) -> None:
    """Until something can be seen; fails with what was waited for."""
    deadline = time.monotonic() + PATIENCE_S
    while not await asyncio.to_thread(seen):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {PATIENCE_S} s for {what}")
        await asyncio.sleep(0.05)


async def settle(service: Service) -> None:
    """Turn the three loops by hand, in one fixed order, until nothing is left to hear or to do."""
    while True:
        news = await service.listen_once()
        await service.advance_once()
        done = False
        for lane in LANES:
            while await service.deliver_one(lane):
                done = True
        if news or done:
            continue
        due = [d for d in [await service.next_due(lane) for lane in LANES] if d is not None]
        if not due:
            return
        await asyncio.sleep(max(0.0, min((min(due) - datetime.now(UTC)).total_seconds(), 0.2)) + 0.001)
