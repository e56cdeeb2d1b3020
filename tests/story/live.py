"""The service as it really runs: its own loops in this process, or the real command in a process of its own with a settings file."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests

from peerplugin.core.record import Record
from peerplugin.demo.homeserver import free_port
from peerplugin.performing import EFFECT_KEY
from peerplugin.service import Service
from peerplugin.store import Store
from tests.story.script import SCENES, Play, Scene
from tests.story.stage import PATIENCE_S, Stage, wait_for


@asynccontextmanager
async def running(stage: Stage, *, homeserver: str = "", forum: str = "", store: Store | None = None) -> AsyncIterator[Service]:
    """The service, with its own three loops; `homeserver` and `forum` are where it finds them, if not where they are."""
    memory, chat = store or stage.store(), stage.chat(homeserver=homeserver)
    client, board = stage.forum(forum)
    await chat.login()
    service = stage.service(memory, chat, board)
    task = asyncio.create_task(service.run())
    ready = asyncio.create_task(service.ready.wait())
    await asyncio.wait({task, ready}, return_when=asyncio.FIRST_COMPLETED)
    try:
        yield service
        assert not task.done(), f"the service ended by itself: {task.exception()}"
    finally:
        ready.cancel()
        task.cancel()
        await asyncio.gather(task, ready, return_exceptions=True)
        await chat.close()
        client.close()
        memory.close()


def until(seen: Callable[[], object], what: str) -> None:
    """As `wait_for`, for a test without a loop of its own."""
    deadline = time.monotonic() + PATIENCE_S
    while not seen():
        assert time.monotonic() < deadline, f"waited {PATIENCE_S} s for {what}"
        time.sleep(0.05)


def hold(stage: Stage) -> int:
    """Hold a meeting of three scenes; the number of the draft that comes of it."""
    play, before = Play(stage), set(stage.cards())
    for scene in SCENES[:3]:
        said = len(stage.said(stage.room))
        scene.act(play)
        if scene is SCENES[0]:
            until(lambda n=said: len(stage.said(stage.room)) > n, scene.name)  # type: ignore[misc]
    until(lambda: set(stage.cards()) - before, "a card")
    (number,) = set(stage.cards()) - before
    return number


# --- what is done and seen ----------------------------------------------------------------------------------------------------------


async def act(play: Play, *scenes: Scene) -> None:
    """Play scenes, each until it can be seen."""
    for scene in scenes or SCENES[:3]:
        await asyncio.to_thread(scene.act, play)
        await wait_for(lambda s=scene: s.seen(play), scene.name)  # type: ignore[misc]


def record(stage: Stage, which: int = 0) -> Record:
    store = stage.store()
    with store.transaction() as tx:
        found = tx.record(tx.record_keys()[which])
    store.close()
    assert found is not None
    return found


def told(stage: Stage, words: str) -> int:
    """How often the management room heard something."""
    return sum(words in said for said in stage.said(stage.desk))


def approve(stage: Stage) -> dict[int, str]:
    """The moderator's ✅ under every card; draft number -> the reaction."""
    return {number: stage.cast.mara.react(stage.desk, card, "✅") for number, card in stage.cards().items()}


def is_public(stage: Stage) -> bool:
    return any("The summary is public" in said for said in stage.said(stage.room))


def said_once(stage: Stage) -> None:
    """Every effect became one event."""
    keys = [e["content"][EFFECT_KEY] for room in (stage.room, stage.desk) for e in stage.events(room) if EFFECT_KEY in e["content"]]
    assert len(keys) == len(set(keys))


# --- the real command -------------------------------------------------------------------------------------------------------------


def settings_text(stage: Stage, *, homeserver: str = "", forum: str = "", port: int = 0) -> str:
    """A settings file for a stage."""
    user = stage.cast.bot.user
    return f"""
[matrix]
homeserver = "{homeserver or stage.homeserver.url}"
user_id = "{user.user_id}"
token = "{user.token}"
[discourse]
url = "{forum or stage.sandbox.url}"
username = "{stage.sandbox.bot_username}"
api_key = "{stage.sandbox.bot_key}"
[store]
path = "store.sqlite"
[http]
port = {port or free_port()}
[service]
wake_s = 1
sync_s = 2
retry_first_s = 0.05
retry_most_s = 0.2
[[series]]
id = "{stage.series.series_id}"
name = "Liver Spot"
room = "{stage.room}"
management_room = "{stage.desk}"
category = {stage.category}
default_consent = "reported"
publish_grace_min = 0
how_to_join = "https://example.org/join"
[series.schedule]
starts_on = 2026-10-07
time = "19:00"
zone = "America/Los_Angeles"
rule = "FREQ=WEEKLY;BYDAY=WE"
"""


def write_settings(stage: Stage, text: str = "", **options: Any) -> Path:
    """The settings file of a stage, readable only by us: it holds secrets."""
    file = stage.folder / "peerplugin.toml"
    file.write_text(text or settings_text(stage, **options), encoding="utf-8")
    file.chmod(0o600)
    return file


class Command:
    """`python -m peerplugin ...` in a process of its own; what it prints goes to files."""

    def __init__(self, folder: Path, *arguments: object) -> None:
        self._files = (folder / "command.out", folder / "command.err")
        with self._files[0].open("wb") as out, self._files[1].open("wb") as err:
            self.process = subprocess.Popen([sys.executable, "-m", "peerplugin", *map(str, arguments)], stdout=out, stderr=err)

    @property
    def out(self) -> str:
        """What it has printed."""
        return self._files[0].read_text(encoding="utf-8")

    @property
    def err(self) -> str:
        """What it has logged and complained about."""
        return self._files[1].read_text(encoding="utf-8")

    def stop(self) -> int:
        """End it as systemd does; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=PATIENCE_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.process.poll() is None:
            self.stop()


def health(port: int) -> tuple[int, dict[str, Any]]:
    """What `/health` says; status 0: nothing answers."""
    try:
        answer = requests.get(f"http://127.0.0.1:{port}/health", timeout=5)
    except requests.ConnectionError:
        return 0, {}
    return answer.status_code, json.loads(answer.text)
