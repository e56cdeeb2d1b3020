"""An evening after a meeting: the real service over a real store, a forum behind a proxy that fails, and one clock for all, turned by hand."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path

import requests

from integrations.discourse.client import Answer, Discourse, Request
from integrations.discourse.forum import DiscourseForum
from integrations.discourse.sandbox import Sandbox
from peerplugin import outbox
from peerplugin.core.effects import Document, Publication, Think
from peerplugin.core.model import EventId, RoomId, Series, Summary, UserId
from peerplugin.core.rules import Rules
from peerplugin.errors import OutsideError
from peerplugin.group import Group
from peerplugin.outbox import Work
from peerplugin.ports import Batch
from peerplugin.service import Service
from peerplugin.store import Store
from tests import by_hand
from tests.core.scene import DESK, MARA, US, M, a_series, a_statement, a_summary, an_outcome, at, words
from tests.integrations.test_discourse_pace import HandClock
from tests.proxy import Proxy

HOST = "forum.test"
"""The forum's name: a name can be forgotten, an address cannot."""
BOT_KEY = "b" * 64
LANES = ("forum", "erasing")
AMPLE_S, HURRIED_S = 60.0, 0.1
"""How long an answer may take: on a machine that has much else to do, and where the proxy holds the call until we give up."""


class Clock(HandClock):
    """The one clock of an evening. Seconds since the meeting's time; whoever waits for the forum makes them pass."""

    def moment(self) -> datetime:
        return at(self.seconds / 60)


SUMMARIES: tuple[Summary, ...] = (
    a_summary(),
    a_summary(
        "t2",
        title="Is it safe to fly with varices?",
        title_sources=(M[5],),
        tags=("travel",),
        statements=(a_statement("One member flew.", 5),),
        contributors=1,
        messages=1,
        voices=(frozenset({M[5]}),),
    ),
)


class Hand(by_hand.Service):
    """What people do in the room and at the desk, at the evening's time."""

    def __init__(self, store: Store, clock: Clock, series: Series, summaries: tuple[Summary, ...]) -> None:
        self.summaries = summaries
        self.clock, now = clock, clock.seconds
        super().__init__(store, series)
        clock.seconds = now

    @property
    def minute(self) -> float:
        return self.clock.seconds / 60

    @minute.setter
    def minute(self, minute: float) -> None:
        self.clock.seconds = minute * 60

    def perform(self, work: Work) -> None:
        if not isinstance(work.effect, Think):
            super().perform(work)
            return
        with self.store.transaction() as tx:
            outbox.thought(tx, work, an_outcome(*self.summaries), self.group, self.now)


class Chat:
    """A room that takes everything, and remembers what the desk was told."""

    def __init__(self) -> None:
        self.desk: list[str] = []

    async def sync(self, since: str | None, *, full_state: bool) -> Batch:
        return Batch(since or "s0")

    async def send(self, room: RoomId, event_type: str, content: Mapping[str, object], txn: str) -> EventId:
        if room == DESK and event_type == "m.room.message":
            self.desk.append(str(content["body"]))
        return EventId(f"${txn}")

    async def redact(self, room: RoomId, event_id: EventId, txn: str) -> None:
        """Nothing to remember."""

    async def enter(self, room: RoomId) -> None:
        """We are there."""

    async def direct_room(self, user: UserId) -> RoomId:
        return RoomId(f"!direct-{user}")


class Client(Discourse):
    """The client, with little patience for one of its calls, and something that happens just before another."""

    calls = hurried = crossed = 0
    meanwhile: Callable[[], None]

    def call(self, request: Request, *, urgent: bool = False) -> Answer:
        self.calls += 1
        if self.calls == self.crossed:
            self.meanwhile()
        self._timeout = (AMPLE_S, HURRIED_S if self.calls == self.hurried else AMPLE_S)
        return super().call(request, urgent=urgent)


@dataclass
class Overheard:
    """The forum as the service sees it, and every failure that came of it."""

    forum: DiscourseForum
    failures: list[OutsideError] = field(default_factory=list)

    def put(self, document: Document, known: Publication | None) -> Publication:
        with self:
            return self.forum.put(document, known)

    def find(self, document: Document) -> Publication | None:
        with self:
            return self.forum.find(document)

    def withdraw(self, publication: Publication) -> None:
        with self:
            self.forum.withdraw(publication)

    def prove(self, category: int, day: str) -> None:
        with self:
            self.forum.prove(category, day)

    def __enter__(self) -> None:
        """Listen."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OutsideError):
            self.failures.append(error)


@dataclass(frozen=True, slots=True)
class Kept:
    """An evening as it was at a moment."""

    seconds: float
    layout: str
    store: Path
    forum: Path


class Evening:
    """Everything of one evening. What it remembers can be kept, and played again from there as often as one likes."""

    def __init__(
        self, folder: Path, proxy: Proxy, *, host: str = HOST, summaries: tuple[Summary, ...] = SUMMARIES, clock: Clock | None = None
    ) -> None:
        self.clock, self.proxy, self._folder = clock or Clock(), proxy, folder
        self.base_url, self._summaries = f"http://{host}:{proxy.port}", summaries
        self.store = Store.open(folder / "store.sqlite")  # one for all evenings: what SQLAlchemy has compiled stays compiled
        self._begin("topics")
        self._empty = self.keep("empty")

    def _begin(self, layout: str) -> None:
        self.layout = layout
        self._open_forum()
        category = self.sandbox.create_category("Liver Spot")
        self.series = a_series(category=category, layout=layout, forum_url=f"{self.base_url}/c/liver-spot/{category}")
        self.client = Client(self.base_url, api_key=BOT_KEY, clock=self.clock)
        self.forum = Overheard(DiscourseForum(self.client, withdrawn_text=words().text("withdrawn.md")))
        self.chat = Chat()
        self.service = self._service()

    def _service(self) -> Service:
        group = Group(US, (self.series,), words(), Rules())
        return Service(self.store, self.chat, self.forum, group, self.clock.moment)

    def _end(self) -> None:
        self.service.close()
        self.client.close()
        self.sandbox.close()

    def close(self) -> None:
        self._end()
        self.store.close()

    def keep(self, name: str) -> Kept:
        """Everything as it is now."""
        kept = Kept(self.clock.seconds, self.layout, self._folder / f"{name}.store", self._folder / f"{name}.forum")
        _copy(self.store.path, kept.store)
        _copy(self._folder / "forum.sqlite", kept.forum)
        return kept

    def play(self, kept: Kept) -> None:
        """Everything as it was then."""
        self._end()
        _copy(kept.store, self.store.path)
        _copy(kept.forum, self._folder / "forum.sqlite")
        self.clock.seconds = kept.seconds
        self.clock.waits.clear()
        self.__dict__.pop("hand", None)
        self._begin(kept.layout)

    def restore_forum(self, kept: Kept) -> None:
        """The forum alone, as it was then."""
        self.sandbox.close()
        _copy(kept.forum, self._folder / "forum.sqlite")
        self._open_forum()

    def _open_forum(self) -> None:
        self.sandbox = Sandbox(database=str(self._folder / "forum.sqlite"), bot_key=BOT_KEY, clock=self.clock.moment)
        self.sandbox.start()
        self.proxy.clear()
        self.proxy.lead_to(self.sandbox.url)

    def anew(self, layout: str) -> None:
        """Another evening, of which nothing has happened yet."""
        self.play(replace(self._empty, layout=layout))

    @cached_property
    def hand(self) -> Hand:
        """The people."""
        return Hand(self.store, self.clock, self.series, self._summaries)

    # --- time passes ------------------------------------------------------------------------------------------------------

    async def deliver(self, *lanes: str) -> None:
        """Do all that is due: in the forum, unless another lane is given."""
        for lane in lanes or LANES:
            while (due := await self.service.next_due(lane)) is not None and due <= self.clock.moment():
                await self.service.deliver_one(lane)

    async def hear(self) -> list[str]:
        """What the desk is told."""
        await self.deliver("chat")
        return self.chat.desk

    async def wait(self) -> float:
        """Until something is due that could not be done, if it is within minutes; how many seconds that was."""
        due = await self.due()
        wait_s = (due - self.clock.moment()).total_seconds() if due is not None else 0.0
        if not 0 < wait_s <= 300:
            return 0.0
        self.clock.seconds += wait_s
        return wait_s

    async def settle(self) -> None:
        """Do all that is due, now and within an hour from now."""
        end = self.clock.moment() + timedelta(hours=1)
        await self.deliver()
        while (due := await self.due()) is not None and due <= end:
            self.clock.seconds += max(0.0, (due - self.clock.moment()).total_seconds())
            await self.deliver()

    async def due(self) -> datetime | None:
        """When the forum is next asked for something."""
        return min(filter(None, [await self.service.next_due(lane) for lane in LANES]), default=None)

    async def restart(self) -> None:
        """The service ends and begins again."""
        self.service.close()
        self.service = self._service()
        await self.service.begin()

    def begin(self) -> None:
        """From here on calls and failures are counted."""
        self.proxy.clear()
        self.client.calls = self.client.hurried = 0
        self.forum.failures.clear()
        self.chat.desk.clear()

    # --- what people do ---------------------------------------------------------------------------------------------------

    def approve(self, number: int = 1) -> None:
        """Mara approves a draft as its card shows it; its grace time passes."""
        [card] = self.hand.record().drafts[number - 1].cards
        self.hand.about(MARA, "reaction", card, DESK, key="✅")
        self.hand.minute += 10

    def order(self, line: str) -> None:
        """Mara at the desk; what follows is shown there."""
        self.hand.say(MARA, line, DESK)
        self.hand.deliver(outbox.CHAT)

    def proven(self) -> None:
        """That texts can be taken back was shown on another evening."""
        with self.hand.store.transaction() as tx:
            outbox.proven(tx, self.series, self.hand.now)

    def edit_by_hand(self, raw: str, *, number: int = 0) -> None:
        """A person of the forum's staff changes one of our posts."""
        self.as_ines("PUT", f"/posts/{self.sandbox.posts()[number]['id']}.json", {"post": {"raw": raw}})

    def as_ines(self, method: str, path: str, body: object = None) -> None:
        """What a moderator of the forum does there."""
        key = self.sandbox.create_user("ines", moderator=True, trust_level=4)
        requests.request(method, self.sandbox.url + path, json=body, headers={"Api-Key": key}, timeout=AMPLE_S).raise_for_status()

    # --- what can be seen -------------------------------------------------------------------------------------------------

    async def told(self) -> tuple[int, int]:
        """How often the desk was told of a trouble, and of its end."""
        said = await self.hear()
        return sum("⚠" in line for line in said), sum("✓" in line for line in said)

    def calls(self) -> list[str]:
        """The calls that were made, by their names."""
        return [name(seen.method, seen.path) for seen in self.proxy.seen()]

    def state(self) -> tuple[object, object, int]:
        """All that stands in the forum, and of how many posts everybody can read what stood there before."""
        topics = {t["id"]: t for t in self.sandbox.topics() if t["deleted_at"] is None}
        standing = sorted((t["title"], *sorted(json.loads(t["tags"]))) for t in topics.values())
        posts = sorted(_without_numbers(p["raw"]) for p in self.sandbox.posts() if p["deleted_at"] is None and p["topic_id"] in topics)
        return standing, posts, sum(self._shows_history(post["id"]) for post in self.sandbox.posts() if post["version"] > 1)

    def _shows_history(self, post_id: int) -> bool:
        return requests.get(f"{self.sandbox.url}/posts/{post_id}/revisions/latest.json", timeout=AMPLE_S).ok


def _copy(file: Path, to: Path) -> None:
    """A database, also one that somebody has open."""
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(to)) as copy:
        source.backup(copy)


def name(method: str, path: str) -> str:
    """A call's name: without the numbers of what it is about."""
    path, _, query = path.partition("?")
    path = re.sub(r"/external_id/[^/]+\.json", "/external_id/{id}.json", re.sub(r"/\d+(?=[/.])", "/{n}", path))
    return f"{method} {path}" + (" (as everybody)" if "_=" in query else "")


def _without_numbers(raw: str) -> str:
    return re.sub(r"(/t/[^/\s)]+/)\d+", r"\1N", raw)
