"""The service is a process of its own, and gets SIGKILL: once at each kind of point of the story, and again and again in a flood of messages."""

from __future__ import annotations

import asyncio
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from integrations.discourse.sandbox import Sandbox
from peerplugin.demo.homeserver import Homeserver
from peerplugin.store import Store
from tests.story.mortal import KINDS, spawn, write_parts
from tests.story.script import SCENES, Play
from tests.story.stage import Stage, wait_for
from tests.story.test_interrupted import is_over, nothing_private, traces

NTH = {"before a write": 9, "after a write": 12, "before a send": 3, "after a send": 2, "before a post": 2, "after a post": 2}
"""Which of its points each kind dies at: in the middle of things."""
FLOOD = 1000


@pytest.fixture
def stage(homeserver: Homeserver, tmp_path: Path) -> Iterator[Stage]:
    with Sandbox() as sandbox:
        built = Stage.build(homeserver, sandbox, tmp_path)
        yield built
        built.close()


class Alive:
    """A service process that is started again whenever it has died."""

    def __init__(self, parts: Path, kind: str, nth: int) -> None:
        self.parts, self.deaths = parts, 0
        self.process: subprocess.Popen[bytes] = spawn(parts, kind, nth)

    def look(self) -> None:
        if self.process.poll() is not None:
            assert self.process.returncode == -9, f"it ended by itself: {self.parts.with_suffix('.log').read_text()[-2000:]}"
            self.deaths += 1
            self.process = spawn(self.parts, "never")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self.look()

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


def _listens(stage: Stage) -> bool:
    """Whether the process has stored its first answer."""
    if not (stage.folder / "store.sqlite").exists():
        return False
    store = Store.open(stage.folder / "store.sqlite")
    with store.transaction() as tx:
        found = tx.token() is not None and tx.room_state(stage.series.room) is not None
    store.close()
    return found


@pytest.mark.parametrize("kind", KINDS)
async def test_a_process_that_is_killed_at_each_kind_of_point_loses_and_doubles_nothing(stage: Stage, kind: str) -> None:
    parts = stage.folder / "parts.pickle"
    write_parts(stage, parts)
    alive, play = Alive(parts, kind, NTH[kind]), Play(stage)

    def seen(what: object) -> bool:
        alive.look()
        return bool(what)

    try:
        await wait_for(lambda: seen(_listens(stage)), "the first answer")
        for scene in SCENES:
            await asyncio.to_thread(scene.act, play)
            await wait_for(lambda s=scene: seen(s.seen(play)), scene.name)  # type: ignore[misc]
        await wait_for(lambda: seen(is_over(stage)), "a settled meeting")
    finally:
        alive.end()
    assert alive.deaths == 1, "it was killed once, at its point"
    said = traces(stage)["said"]
    assert said == {
        "m.room.message started": 1, "m.room.message ended": 1, "m.room.message published": 1, "m.room.message drafted": 1,
        "m.room.message taken back": 1, "m.reaction react": 2,
    }  # fmt: skip
    assert len(stage.topics()) == len([t for t in stage.sandbox.topics() if not t["deleted_at"]]) == 2
    nothing_private(stage)


@pytest.mark.timeout(300)
async def test_a_thousand_messages_while_the_service_is_killed_again_and_again(stage: Stage) -> None:
    parts = stage.folder / "parts.pickle"
    write_parts(stage, parts)
    alive = Alive(parts, "never", 1)
    try:
        await wait_for(lambda: _listens(stage), "the first answer")
        stage.cast.mara.say(stage.room, "!startmeeting")
        await wait_for(lambda: any("🔴" in text for text in stage.said(stage.room)), "the meeting's start")
        speakers = [stage.cast.alma, stage.cast.bo, stage.cast.cleo, stage.cast.dov]
        threads = [
            threading.Thread(target=lambda p=p, n=n: [p.say(stage.room, f"line {i}") for i in range(n, FLOOD, len(speakers))])
            for n, p in enumerate(speakers)
        ]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            await asyncio.sleep(2.5)
            alive.kill()
        for thread in threads:
            thread.join()
        sent = [e["event_id"] for e in stage.cast.mara.messages(stage.room) if str(e["content"].get("body", "")).startswith("line ")]
        await wait_for(lambda: len(_kept(stage)) >= FLOOD, "all lines in the store")
    finally:
        alive.end()
    assert alive.deaths >= 3
    assert len(sent) == FLOOD
    assert _kept(stage) == sent, "all of them, in the order of the room, each once"


def _kept(stage: Stage) -> list[str]:
    store = Store.open(stage.folder / "store.sqlite")
    with store.transaction() as tx:
        kept = [k.event.event_id for k in tx.kept(tx.record_keys()[0]) if k.event.body.startswith("line ")]
    store.close()
    return [str(e) for e in kept]
