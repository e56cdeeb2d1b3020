"""The same meeting, and the service dies: at every point in turn, and by SIGKILL at each kind of point. Nothing is lost, nothing twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from integrations.discourse.client import Discourse
from integrations.discourse.sandbox import Sandbox
from integrations.discourse.sandbox.faults import Fault
from integrations.matrix.client import MatrixChat
from peerplugin.core.record import Phase, Record
from peerplugin.demo.homeserver import Homeserver
from peerplugin.performing import EFFECT_KEY
from peerplugin.service import Service
from peerplugin.store import Store
from tests.conftest import in_memory
from tests.story.points import DiedError, MortalChat, MortalStore, Points, make_mortal
from tests.story.script import PRIVATE, SCENES, WITHDRAWN, Play
from tests.story.stage import Stage, settle, with_new_bot

IMMEDIATELY_S = 0.001


@dataclass
class Life:
    """One service process, from its start to its death."""

    service: Service
    store: Store
    chat: MatrixChat
    client: Discourse

    @classmethod
    async def begin(cls, stage: Stage, points: Points, read_timeout_s: float = 10.0) -> Life:
        store = MortalStore.open(stage.folder / "store.sqlite")
        store.points = points
        chat = stage.chat(IMMEDIATELY_S)
        client, forum = stage.forum(read_timeout_s=read_timeout_s)
        make_mortal(client, points)
        await chat.login()
        service = stage.service(store, MortalChat(chat, points), forum)
        return cls(service, store, chat, client)

    async def end(self) -> None:
        self.service.close()
        await self.chat.close()
        self.client.close()
        self.store.close()


async def perform(stage: Stage, points: Points, read_timeout_s: float = 10.0) -> list[str]:
    """Play all scenes; whenever the service dies, another one is started in its place. Returns where it died."""
    play, deaths = Play(stage), []
    life = await Life.begin(stage, points, read_timeout_s)
    begun = False
    for scene in SCENES:
        acted = False
        while True:
            try:
                if not begun:
                    stage.at_work = True
                    await life.service.begin()
                    begun = True
                    await settle(life.service)
                stage.at_work = False
                if not acted:
                    await asyncio.to_thread(scene.act, play)
                    acted = True
                stage.at_work = True
                await settle(life.service)
                break
            except DiedError as died:
                deaths.append(str(died))
                await life.end()
                life, begun = await Life.begin(stage, points, read_timeout_s), False
        stage.at_work = False
        assert await asyncio.to_thread(scene.seen, play), scene.name
    await life.end()
    return deaths


def traces(stage: Stage) -> dict[str, Any]:
    """What can be seen from outside when it is over: words by how often they were said, posts, the meeting's phase."""
    said: Counter[str] = Counter()
    for room in (stage.room, stage.desk):
        for event in stage.cast.mara.messages(room):
            key = event["content"].get(EFFECT_KEY) or ("taken back" if "redacted_because" in event.get("unsigned", {}) else "")
            if event["sender"] == stage.cast.bot.user_id and event["type"] in ("m.room.message", "m.reaction") and key:
                said[f"{event['type']} {str(key).split(':')[0]}"] += 1
    topics = [t for t in stage.sandbox.topics() if t["category_id"] == stage.category]
    numbers = {t["id"] for t in topics}
    posts = [p for p in stage.sandbox.posts() if p["topic_id"] in numbers]
    return {
        "said": dict(said),
        "titles": sorted(t["title"] for t in topics),
        "posts": sorted(p["raw"].split("\n")[0].split(". ")[-1] for p in posts),
        "deleted": [t["id"] for t in topics if t["deleted_at"]],
        "phase": record_of(stage).phase,
    }


def record_of(stage: Stage) -> Record:
    store = Store.open(stage.folder / "store.sqlite")
    with store.transaction() as tx:
        record = tx.record(tx.record_keys()[0])
    store.close()
    assert record is not None
    return record


def is_over(stage: Stage) -> bool:
    """Whether the meeting is settled and nothing is left to do."""
    store = Store.open(stage.folder / "store.sqlite")
    with store.transaction() as tx:
        pending = tx.pending()
    store.close()
    return record_of(stage).phase is Phase.SETTLED and not pending


def nothing_private(stage: Stage) -> None:
    pages = stage.pages()
    for word in (*PRIVATE, WITHDRAWN):
        assert word not in pages


@pytest.fixture
def lanes(homeserver: Homeserver, tmp_path: Path) -> Iterator[list[Stage]]:
    """Two stages, each with a homeserver of its own: two plays go on at once, and each is as orderly as if it were alone."""
    with in_memory(tmp_path / "beside") as folder, Homeserver(folder) as beside, Sandbox() as forum, Sandbox() as other_forum:
        stages = []
        for name, server, sandbox in (("first", homeserver, forum), ("second", beside, other_forum)):
            (tmp_path / name).mkdir()
            stages.append(Stage.build(server, sandbox, tmp_path / name))
        yield stages
        for stage in stages:
            stage.close()


def another(first: Stage, name: str) -> Stage:
    """A new room, desk, forum and bot for the same people."""
    folder = first.folder.parent / name
    folder.mkdir()
    sandbox = Sandbox()
    sandbox.start()
    return Stage.build(first.homeserver, sandbox, folder, with_new_bot(first.homeserver, first.cast))


def leave(stage: Stage) -> None:
    """Its forum is closed, its bot hangs up."""
    stage.sandbox.close()
    stage.cast.bot.close()


async def side_by_side(lanes: list[Stage], numbers: Iterable[int], play: Callable[[Stage, int], Awaitable[None]]) -> None:
    """Play once for each number, in each lane one after another."""
    waiting = iter(numbers)

    async def one_after_another(lane: Stage) -> None:
        for number in waiting:
            await play(lane, number)

    async with asyncio.TaskGroup() as tasks:
        for lane in lanes:
            tasks.create_task(one_after_another(lane))


@pytest.mark.timeout(1500)
async def test_the_service_may_die_at_every_point(lanes: list[Stage]) -> None:
    tracing = Points()
    assert await perform(lanes[0], tracing) == []
    whole = traces(lanes[0])
    assert whole["phase"] is Phase.SETTLED
    died_at: dict[int, str] = {}

    async def die_at(lane: Stage, number: int) -> None:
        stage = await asyncio.to_thread(another, lane, f"point-{number}")
        deaths = await perform(stage, Points(number))
        assert deaths == [tracing.labels[number - 1]], f"point {number}"
        assert traces(stage) == whole, f"point {number}: {deaths}"
        nothing_private(stage)
        leave(stage)
        died_at[number] = deaths[0]

    await side_by_side(lanes, range(1, len(tracing.labels) + 1), die_at)
    assert [died_at[n] for n in sorted(died_at)] == tracing.labels, "every point, and as many as the tracing run counted"


FAULTS = {
    "500": Fault("status", 500),
    "429": Fault(
        "status", 429, headers={"Retry-After": "0"}, body={"errors": ["slow"], "error_type": "rate_limit", "extras": {"wait_seconds": 0}}
    ),
    "time-out": Fault("slow", seconds=2),
    "lost reply": Fault("lost_reply"),
}


@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", FAULTS)
async def test_the_forum_may_fail_at_every_call(lanes: list[Stage], kind: str) -> None:
    calls = fail(lanes[0], 0, FAULTS[kind])
    await perform(lanes[0], Points())
    whole = traces(lanes[0])
    assert len(calls) > 4

    async def fail_at(lane: Stage, number: int) -> None:
        stage = await asyncio.to_thread(another, lane, f"call-{number}")
        made = fail(stage, number, FAULTS[kind])
        await perform(stage, Points(), read_timeout_s=0.5)
        assert len(made) >= number, f"{kind} at call {number} came to pass"
        assert traces(stage) == whole, f"{kind} at call {number}"
        nothing_private(stage)
        leave(stage)

    await side_by_side(lanes, range(1, len(calls) + 1), fail_at)


def fail(stage: Stage, number: int, fault: Fault) -> list[str]:
    """Let the forum fail at the service's `number`-th call (what the audience reads is not counted). Returns the calls as they are made."""
    calls: list[str] = []

    def before(method: str, path: str) -> Fault | None:
        if not stage.at_work:
            return None
        calls.append(f"{method} {path}")
        return fault if len(calls) == number else None

    stage.sandbox.faults.before = before
    return calls
