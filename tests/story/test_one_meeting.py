"""One meeting, from the first message to the published post and its correction: real homeserver, real client, forum over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from integrations.discourse.sandbox import Sandbox
from peerplugin.demo.homeserver import Homeserver
from peerplugin.service import Service
from tests.story.script import PRIVATE, PUBLIC, SCENES, WITHDRAWN, Play
from tests.story.stage import Stage, wait_for


@asynccontextmanager
async def running(stage: Stage) -> AsyncIterator[Service]:
    """The service, with its own three loops."""
    store, chat = stage.store(), stage.chat()
    client, forum = stage.forum()
    await chat.login()
    service = stage.service(store, chat, forum)
    task = asyncio.create_task(service.run())
    try:
        yield service
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await chat.close()
        client.close()
        store.close()


@pytest.mark.parametrize("version", ["11", "12"])
async def test_a_meeting_becomes_a_topic_that_a_search_finds_and_a_redaction_changes(
    homeserver: Homeserver, sandbox: Sandbox, tmp_path: Path, version: str
) -> None:
    stage = Stage.build(homeserver, sandbox, tmp_path, version=version)
    play = Play(stage)
    async with running(stage) as service:
        await service.ready.wait()
        for scene in SCENES[:-1]:
            await asyncio.to_thread(scene.act, play)
            await wait_for(lambda s=scene: s.seen(play), scene.name)  # type: ignore[misc]
        assert stage.search(PUBLIC), "an anonymous search finds the topic"
        before = stage.pages()
        assert WITHDRAWN in before
        await asyncio.to_thread(SCENES[-1].act, play)
        await wait_for(lambda: SCENES[-1].seen(play), "the post follows the redaction")
    for word in PRIVATE:
        assert word not in before
        assert word not in stage.pages()
    assert len(stage.topics()) == 2, "one topic for the thread, one index"
    stage.close()
