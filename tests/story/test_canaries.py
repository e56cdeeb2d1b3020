"""No log line, no error, no figure carries what somebody wrote: the story's words are looked for in everything that is not meant for them.

Whole and with a failure forced at each kind of step: while hearing, thinking, wording, publishing, speaking; in this process, where every
logger is at DEBUG, and as the real command in a process of its own."""

from __future__ import annotations

import asyncio
import json
import logging
import multiprocessing
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from integrations.discourse.sandbox.faults import Fault as ForumFault
from peerplugin import app, reports, serving
from peerplugin.core.words import Words
from peerplugin.demo.homeserver import free_port
from peerplugin.group import Group
from peerplugin.service import Service
from peerplugin.settings import config_dir
from tests.command import call
from tests.proxy import CUT, Proxy, answer, page
from tests.story import live
from tests.story.live import Command, running, until, write_settings
from tests.story.script import PRIVATE, SCENES, Play
from tests.story.stage import Stage, wait_for

STARTS, TALK, ENDS = SCENES[:3]
CANARIES = (
    *PRIVATE, "variceal", "banding", "breastbone", "yogurt", "lukewarm", "lozenges", "throat", "glad to hear",
    "kanari", "zeisig", "stieglitz", "gimpel", "zaunk",
)  # fmt: skip
"""A word of every message of the story, of those said beside it below, and of the moderators' commands."""


def aside(stage: Stage) -> None:
    """Said beside the story: what is answered alone, what is no command, what a desk is not meant for."""
    stage.cast.alma.say(stage.room, "!kanari what is this")
    stage.cast.mara.say(stage.room, "!chair zeisig")
    stage.cast.bo.send(stage.room, "m.room.message", {"msgtype": "m.text", "body": "stieglitz", "m.relates_to": "stieglitz"})
    stage.cast.bo.send(stage.room, "m.reaction", {"stieglitz": "stieglitz"})
    stage.cast.mara.say(stage.desk, "between us moderators: gimpel")


def decide(stage: Stage) -> None:
    """A moderator words the draft, then approves it."""
    (number,) = stage.cards()
    stage.cast.mara.say(stage.desk, f"!title {number} What is it like to have a gimpel?")
    until(lambda: stage.cards() and "gimpel?" in "".join(stage.said(stage.desk)), "the card with its new title")
    stage.cast.mara.say(stage.desk, f"!show {number}")
    stage.cast.mara.say(stage.desk, f"!why {number}.1")
    stage.cast.mara.say(stage.desk, f"!approve {number} zaunkoenig")


def no_canary(where: str, found: str) -> None:
    """Fails with the line, so that it can be mended."""
    for canary in CANARIES:
        lines = [line for line in found.splitlines() if canary.lower() in line.lower()]
        assert not lines, f"{canary!r} in {where}: {lines[0][:300]}"


# --- in this process, every logger at DEBUG -----------------------------------------------------------------------------------------


class Everything(logging.Handler):
    """Takes all that every logger says, and all that a record holds besides its line."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{self.format(record)} {vars(record)}")


@pytest.fixture
def everything() -> Iterator[Everything]:
    root, handler = logging.getLogger(), Everything()
    before, asleep = root.level, [x for x in logging.root.manager.loggerDict.values() if isinstance(x, logging.Logger) and x.level]
    levels = [(x, x.level) for x in asleep]
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    for logger in asleep:
        logger.setLevel(logging.DEBUG)
    yield handler
    root.removeHandler(handler)
    root.setLevel(before)
    for logger, level in levels:
        logger.setLevel(level)


@asynccontextmanager
async def observed(stage: Stage, everything: Everything, capfd: pytest.CaptureFixture[str], homeserver: str = "") -> AsyncIterator[Service]:
    """The service at work; afterwards everything that it let out is searched."""
    port = free_port()
    async with running(stage, homeserver=homeserver) as service, serving.served("127.0.0.1", port, service):
        yield service
        status, told = await asyncio.to_thread(live.health, port)
        assert status in (200, 503)
        troubles = json.dumps([told, service.troubles], ensure_ascii=False)
    store = stage.store()
    shown = json.dumps(reports.status(store, app.now()), ensure_ascii=False)
    store.close()
    printed = capfd.readouterr()
    assert len(everything.lines) > 20, "something was logged"
    for where, found in (
        ("the log", "\n".join(everything.lines)), ("/health", troubles), ("status", shown), ("standard error", printed.err), ("output", printed.out),
    ):  # fmt: skip
        no_canary(where, found)


async def play(stage: Stage, *acts: Callable[[], None]) -> None:
    for one in acts:
        await asyncio.to_thread(one)


async def finish(stage: Stage) -> None:
    """From the open meeting to the published post."""
    story = Play(stage)
    for scene in (TALK, ENDS):
        await asyncio.to_thread(scene.act, story)
    await wait_for(lambda: stage.cards(), "a card")
    await asyncio.to_thread(decide, stage)
    await wait_for(lambda: len(stage.topics()) == 2, "the topics")


async def begin(stage: Stage) -> None:
    await asyncio.to_thread(STARTS.act, Play(stage))
    await wait_for(lambda: any("🔴" in said for said in stage.said(stage.room)), "the start")
    await asyncio.to_thread(aside, stage)


async def test_a_whole_meeting_leaves_no_word_behind(stage: Stage, everything: Everything, capfd: pytest.CaptureFixture[str]) -> None:
    async with observed(stage, everything, capfd):
        await begin(stage)
        await finish(stage)


TRIGGERS = {
    "hearing": "CREATE TRIGGER full BEFORE INSERT ON events WHEN NEW.body != '' BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END",
    "remembering": "CREATE TRIGGER full BEFORE UPDATE ON records BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END",
    "deciding": "CREATE TRIGGER full BEFORE INSERT ON outbox WHEN NEW.kind = 'Put' BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END",
}


@pytest.mark.parametrize("step", TRIGGERS)
async def test_a_store_that_refuses_to_write_tells_no_word(
    stage: Stage, everything: Everything, capfd: pytest.CaptureFixture[str], step: str
) -> None:
    async with observed(stage, everything, capfd) as service:
        await begin(stage)
        await _in_store(service, TRIGGERS[step])
        story = asyncio.create_task(finish(stage))
        await wait_for(lambda: "store" in service.troubles, "the trouble")
        await _in_store(service, "DROP TRIGGER full")
        await story


async def _in_store(service: Service, statement: str) -> None:
    def run() -> None:
        with service._store._engine.begin() as connection:
            connection.execute(text(statement))

    await asyncio.get_running_loop().run_in_executor(service._db, run)


async def test_a_child_that_is_killed_while_it_thinks_tells_no_word(
    stage: Stage, everything: Everything, capfd: pytest.CaptureFixture[str]
) -> None:
    async with observed(stage, everything, capfd):
        await begin(stage)
        story = asyncio.create_task(finish(stage))
        await wait_for(multiprocessing.active_children, "the child")
        for child in multiprocessing.active_children():
            child.kill()
        await story
    assert any("not delivered" in line for line in everything.lines)


FORUM = {"500": ForumFault("status", 500), "page": ForumFault("html"), "cut": ForumFault("cut"), "refused": ForumFault("status", 422)}


@pytest.mark.parametrize("kind", FORUM)
async def test_a_forum_that_fails_tells_no_word(stage: Stage, everything: Everything, capfd: pytest.CaptureFixture[str], kind: str) -> None:
    calls = 4 if kind != "refused" else 1_000_000
    stage.sandbox.faults.before = lambda *_: FORUM[kind] if len(stage.sandbox.faults.calls) <= calls else None
    async with observed(stage, everything, capfd) as service:
        await begin(stage)
        story = asyncio.create_task(finish(stage))
        await wait_for(lambda: any("not delivered" in line for line in everything.lines), "the failure")
        if kind == "refused":
            await wait_for(lambda: "forum" in service.troubles, "the trouble")
            story.cancel()
        else:
            await story


HOMESERVER = {"500": answer(500, {"errcode": "M_UNKNOWN", "error": "kanari"}), "page": page(502), "cut": CUT}


@pytest.mark.parametrize("kind", HOMESERVER)
async def test_a_homeserver_that_fails_tells_no_word(
    stage: Stage, everything: Everything, capfd: pytest.CaptureFixture[str], kind: str
) -> None:
    with Proxy(stage.homeserver.url) as proxy:
        async with observed(stage, everything, capfd, homeserver=proxy.url):
            await begin(stage)
            for method, path in (("GET", "/sync"), ("PUT", "/rooms/")):
                proxy.fail(HOMESERVER[kind], method=method, path=path, times=4)
            await finish(stage)


async def test_a_text_that_cannot_be_filled_tells_no_word(stage: Stage, everything: Everything, capfd: pytest.CaptureFixture[str]) -> None:
    """One text fails when it is about to be said, one when the post is made, each after it got the words."""
    texts = {f.name: f.read_text(encoding="utf-8") for f in (config_dir() / "texts").iterdir()}
    texts["card.txt"] = "{{ statements[0].text + 1 }}"
    texts["post.md"] = "{{ sections[0][1][0] / 2 }}"
    group = stage.group
    stage.group = Group(group.us, group.series, Words(texts), group.rules)
    async with observed(stage, everything, capfd) as service:
        await begin(stage)
        for scene in (TALK, ENDS):
            await asyncio.to_thread(scene.act, Play(stage))
        await wait_for(
            lambda: any("⚠" in said and "card.txt cannot be filled" in said for said in stage.said(stage.desk)), "the moderators' notice"
        )
        await wait_for(lambda: "texts" in service.troubles, "the trouble")
        stage.cast.mara.say(stage.desk, "!approve 1")
        stage.cast.mara.say(stage.desk, "!show 1")
        await wait_for(lambda: len(everything.lines) > 60, "more")
    stage.group = group
    async with running(stage) as service:
        await wait_for(lambda: stage.cards(), "the card, once the text is mended")
        await wait_for(lambda: not service.troubles, "health")


# --- the real command ---------------------------------------------------------------------------------------------------------------


def test_the_real_command_at_debug_logs_no_word_whatever_fails(stage: Stage) -> None:
    port = free_port()
    with Proxy(stage.homeserver.url) as proxy, Proxy(stage.sandbox.url) as forum:
        settings = write_settings(stage, homeserver=proxy.url, forum=forum.url, port=port)
        with Command(stage.folder, "--log-level", "DEBUG", "run", "--config", settings) as service:
            until(lambda: live.health(port)[0] == 200, "its health")
            STARTS.act(Play(stage))
            until(lambda: any("🔴" in said for said in stage.said(stage.room)), "the start")
            aside(stage)
            for nth in range(1, 100, 3):
                proxy.fail(answer(500), method="GET", path="/sync", nth=nth)
                proxy.fail(CUT, method="PUT", path="/rooms/", nth=nth)
            for nth, fault in enumerate((answer(500), page(200), CUT, answer(422, {"errors": ["zaunkoenig"]})), 1):
                forum.fail(fault, nth=nth)
            for scene in (TALK, ENDS):
                scene.act(Play(stage))
            until(lambda: stage.cards(), "a card")
            decide(stage)
            until(lambda: "not delivered" in service.err, "a failure")
            until(lambda: live.health(port)[0] == 503, "a refusal that a person must act on")
            told = json.dumps(live.health(port)[1], ensure_ascii=False)
            shown = "".join(call("status", *form, "--config", settings).out for form in ((), ("--json",)))
            assert service.stop() == 0
        assert "action=listened" in service.err and "forum" in told and "stuck" in shown
        for where, found in (("standard error", service.err), ("output", service.out), ("/health", told), ("status", shown)):
            no_canary(where, found)


BREAKS = """
import sys
from peerplugin.core import hearing
def broken(listening, event, memory, now):
    {"stieglitz": 1}[event.body]
hearing.hear = broken
from peerplugin.cli import main
main()
"""


def test_a_fault_that_nobody_foresaw_ends_the_service_without_a_word(stage: Stage) -> None:
    """An exception whose own text is what somebody said, out of the middle of hearing: as a lookup in the wrong table makes it."""
    settings = write_settings(stage)
    stage.cast.alma.say(stage.room, "kanari")
    arguments = [sys.executable, "-c", BREAKS, "--log-level", "DEBUG", "run", "--config", str(settings)]
    ended = subprocess.run(
        arguments, capture_output=True, text=True, timeout=60, env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    )
    assert ended.returncode == 1
    assert "stopped by an error that nobody caught" in ended.stderr and "KeyError" in ended.stderr
    assert "Traceback" not in ended.stderr
    no_canary("standard error", ended.stderr + ended.stdout)
