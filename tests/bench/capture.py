"""How fast a backlog is captured, every batch durable, against a bare nio loop that only reads: same room, server, filter, limits."""

from __future__ import annotations

import asyncio
import itertools
import statistics
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from nio import AsyncClient, AsyncClientConfig, MessageDirection, RoomMessage, RoomMessagesResponse, SyncResponse, UploadFilterResponse

from integrations.matrix.client import MatrixChat
from integrations.matrix.history import PAGE
from integrations.matrix.sync import FILTER, TYPES
from peerplugin import app
from peerplugin.advance import advance
from peerplugin.core.capture import SAID
from peerplugin.core.model import Level, RoomId, Series, SeriesId, UserId
from peerplugin.demo.homeserver import Homeserver
from peerplugin.demo.person import Person
from peerplugin.group import Group
from peerplugin.listen import listen
from peerplugin.settings import config_dir
from peerplugin.store import Store
from peerplugin.vocabulary import load_rules
from tests.bench import chained
from tests.bench.tables import Sheet

BACKLOG, RUNS = 1_000, 9
ROUNDS, A_ROUND = 20, 10
LEAST = 0.70  # of the bare loop's rate
SYNC_MS = 1_000


class Ear(Protocol):
    """Something that hears the room."""

    async def hear(self, messages: int) -> None:
        """Until so many messages more have been heard."""


@dataclass
class Times:
    """Seconds of either loop."""

    bare: list[float]
    ours: list[float]


@dataclass
class Scene:
    """A room with a meeting that is open, and our bot in it."""

    homeserver: Homeserver
    bot: Person
    mara: Person
    members: Sequence[Person]
    room: RoomId
    group: Group

    @classmethod
    def build(cls, homeserver: Homeserver, number: int) -> Scene:
        bot, mara, *members = (Person.arrive(homeserver, f"{name}{number}") for name in ("peerplugin", "mara", "alma", "bo", "cleo", "dov"))
        room = mara.create_room("Liver Spot", invite=[bot, *members])
        desk = mara.create_room("Liver Spot moderators", invite=[bot])
        for person in (bot, *members):
            person.join(room)
        bot.join(desk)
        series = Series(SeriesId("liver-spot"), "Liver Spot", RoomId(room), RoomId(desk), 1, Level.REPORTED)
        group = Group(UserId(bot.user_id), (series,), app.load_words(), load_rules(config_dir()))
        return cls(homeserver, bot, mara, members, RoomId(room), group)

    def say(self, bodies: Sequence[str]) -> None:
        """Each line by the next member."""
        for body, member in zip(bodies, itertools.cycle(self.members), strict=False):
            member.say(self.room, body)

    def close(self) -> None:
        for person in (self.bot, self.mara, *self.members):
            person.close()


class Bare:
    """nio as its documentation has it: sync, parse, fill what a limited timeline left out. Nothing is kept."""

    def __init__(self, client: AsyncClient, filter_id: str, since: str) -> None:
        self._client, self._filter_id, self.since = client, filter_id, since

    async def hear(self, messages: int) -> None:
        heard = 0
        while heard < messages:
            self._client.next_batch = self.since  # else nio leaves aside an answer that it has seen
            answer = await self._client.sync(SYNC_MS, self._filter_id, self.since)
            assert isinstance(answer, SyncResponse), answer
            for room_id, room in answer.rooms.join.items():
                earlier = await self._earlier(room_id, room.timeline.prev_batch) if room.timeline.limited else []
                heard += sum(isinstance(event, RoomMessage) for event in [*earlier, *room.timeline.events])
            self.since = answer.next_batch

    async def _earlier(self, room_id: str, start: str) -> list[Any]:
        pages: list[list[Any]] = []
        only = {"types": TYPES, "lazy_load_members": False}
        while True:
            page = await self._client.room_messages(room_id, start, self.since, MessageDirection.back, PAGE, only)
            assert isinstance(page, RoomMessagesResponse), page
            pages.append(page.chunk)
            if not page.end or page.end == start:
                return [event for one in reversed(pages) for event in reversed(one)]
            start = page.end


class Ours:
    """What the service does with each answer: all of it, and the token, in one transaction."""

    def __init__(self, chat: MatrixChat, store: Store, group: Group) -> None:
        self._chat, self._store, self._group = chat, store, group
        with store.transaction() as tx:
            self.since = tx.token()

    async def hear(self, messages: int) -> None:
        heard = 0
        while heard < messages:
            heard += await self.listen()

    async def listen(self, *, full_state: bool = False) -> int:
        """One answer, stored. How many messages it held."""
        batch = await self._chat.sync(self.since, full_state=full_state)
        now = datetime.now(UTC)
        with self._store.transaction() as tx:
            listen(tx, batch, self._group, now)
            advance(tx, self._group, now)
        self.since = batch.token
        return sum(event.kind in SAID for room in batch.rooms for event in room.timeline)

    def kept(self) -> int:
        """The messages that stand in the store."""
        with self._store.transaction() as tx:
            return sum(sum(tx.counts(key).values()) for key in tx.record_keys())


@dataclass
class Ears:
    """Both clients, logged in and warm, and a store that has heard a meeting open."""

    client: AsyncClient
    filter_id: str
    chat: MatrixChat
    store: Store
    scene: Scene

    def bare(self, since: str) -> Bare:
        return Bare(self.client, self.filter_id, since)

    def ours(self, store: Store) -> Ours:
        return Ours(self.chat, store, self.scene.group)

    def token(self) -> str:
        """Up to where the store has heard."""
        with self.store.transaction() as tx:
            return tx.token() or ""


@asynccontextmanager
async def ears(scene: Scene, folder: Path) -> AsyncIterator[Ears]:
    """Log both in, and hear the meeting open."""
    user = scene.bot.user
    config = AsyncClientConfig(encryption_enabled=False, store_sync_tokens=False)
    client = AsyncClient(scene.homeserver.url, user.user_id, device_id=user.device_id, config=config)
    client.restore_login(user.user_id, user.device_id, user.token)
    chat = MatrixChat(scene.homeserver.url, user.user_id, device_id=user.device_id, token=user.token, sync_timeout_s=SYNC_MS / 1000)
    store = Store.open(folder / "opened.sqlite")
    try:
        found = await client.upload_filter(user.user_id, **FILTER)
        assert isinstance(found, UploadFilterResponse), found
        assert isinstance(await client.sync(0, found.filter_id, full_state=True), SyncResponse)
        await chat.login()
        with store.transaction() as tx:
            tx.set_began_at(datetime.now(UTC))
        ours = Ours(chat, store, scene.group)
        await ours.listen(full_state=True)
        scene.mara.say(scene.room, "!startmeeting")
        await ours.hear(1)
        yield Ears(client, found.filter_id, chat, store, scene)
    finally:
        store.close()
        await chat.close()
        await client.close()


async def backlog(scene: Scene, folder: Path) -> Times:
    """Seconds of the bare loop and of ours for the same thousand messages, in turn; the first run of each does not count."""
    times = Times([], [])
    async with ears(scene, folder) as both:
        since = both.token()
        await asyncio.to_thread(scene.say, lines(BACKLOG))
        for run in range(RUNS + 1):
            times.bare.append(await seconds(both.bare(since), BACKLOG))
            both.store.backup(folder / f"run-{run}.sqlite")
            store = Store.open(folder / f"run-{run}.sqlite")
            ours = both.ours(store)
            before = ours.kept()
            times.ours.append(await seconds(ours, BACKLOG))
            assert ours.kept() == before + BACKLOG, "not everything was captured"
            store.close()
    return Times(times.bare[1:], times.ours[1:])


async def arriving(scene: Scene, folder: Path) -> Times:
    """Seconds for every ten messages as they come, each loop with a token of its own, now the one first, now the other."""
    bodies = lines((ROUNDS + 1) * A_ROUND)
    times = Times([], [])
    async with ears(scene, folder) as both:
        turns: list[tuple[Ear, list[float]]] = [(both.bare(both.token()), times.bare), (both.ours(both.store), times.ours)]
        for start in range(0, len(bodies), A_ROUND):
            await asyncio.to_thread(scene.say, bodies[start : start + A_ROUND])
            for ear, took in turns:
                took.append(await seconds(ear, A_ROUND))
            turns.reverse()
    return Times(times.bare[1:], times.ours[1:])


async def seconds(ear: Ear, messages: int) -> float:
    """How long it takes to hear so many messages that are there already."""
    began = time.perf_counter()
    await ear.hear(messages)
    return time.perf_counter() - began


def lines(number: int) -> list[str]:
    """What members say: lines of the labelled meetings, without commands."""
    events = chained.chained(2 * number)["messages"]
    bodies = (e["content"]["body"] for e in events if e["type"] == "m.room.message" and e["content"]["msgtype"] == "m.text")
    plain = [body for body in bodies if body and body[0] not in "![>*✋" and not body.startswith("q")]
    return plain[:number]


def sheets(folder: Path) -> list[Sheet]:
    """The table of capture."""
    sheet = Sheet(
        "Capture from a real homeserver: messages a second, medians",
        ("what arrives", "measured", "bare nio loop", "captured, durable", "share", "limit"),
        note="Ten at a time: each answer waits for the disk once, a few milliseconds however few messages it brings.",
    )
    shapes = [(f"a backlog of {BACKLOG:,}", BACKLOG, backlog, LEAST), (f"{A_ROUND} at a time", A_ROUND, arriving, None)]
    with Homeserver(folder / "homeserver") as homeserver:
        for number, (name, messages, shape, least) in enumerate(shapes):
            (folder / str(number)).mkdir()
            scene = Scene.build(homeserver, number)
            times = asyncio.run(shape(scene, folder / str(number)))
            scene.close()
            bare, ours = messages / statistics.median(times.bare), messages / statistics.median(times.ours)
            share, limit = ours / bare, f"{least:.2f}" if least else "none"
            sheet.add(name, f"{len(times.ours)} times", f"{bare:,.0f}", f"{ours:,.0f}", f"{share:.2f}", limit, ok=share >= (least or 0))
    return [sheet]
