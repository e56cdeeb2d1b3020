"""The forum's hook makes the real service look at once; without it, it would look ten minutes later."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from integrations.discourse.sandbox import Sandbox
from peerplugin.demo.homeserver import Homeserver, free_port
from tests.command import call
from tests.story.live import Command, approve, health, hold, record, settings_text, until, write_settings
from tests.story.stage import Stage


@pytest.fixture
def queueing(homeserver: Homeserver, tmp_path: Path) -> Iterator[Stage]:
    """A stage whose forum lets nothing of the bot's stand without its staff's approval."""
    with Sandbox(bot_moderator=False) as forum:
        built = Stage.build(homeserver, forum, tmp_path)
        yield replace(built, category=forum.create_category("Announcements", approval=True))
        built.close()


def test_what_the_forums_staff_lets_through_is_found_at_once(queueing: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage, port = queueing, free_port()
    monkeypatch.setenv("PEERPLUGIN_ADMIN_KEY", stage.sandbox.admin_key)
    settings = write_settings(stage, _with_hook(stage, port))
    first = call("setup-webhook", "--config", settings, "--admin", stage.sandbox.admin_username)
    assert first.code == 0 and "was made (number 1)" in first.out and "cannot get through" in first.out, "nothing listens yet"
    with Command(stage.folder, "run", "--config", settings) as service:
        until(lambda: health(port)[0] == 200, "the service's health")
        again = call("setup-webhook", "--config", settings, "--admin", stage.sandbox.admin_username)
        assert "was there already, and is right (number 1)" in again.out and "all is well" in again.out
        hold(stage)
        approve(stage)
        until(lambda: stage.sandbox.pending() == 2, "the topic, and the one that says when the group meets, in the approval queue")
        until(lambda: any(p.enqueued for p in record(stage).publications.values()), "the service to know that it waits there")
        assert stage.sandbox.approve_all() == 2
        (topic,) = (t for t in stage.topics() if not t["title"].startswith("When we meet"))
        until(lambda: any(p.topic_id == topic["id"] for p in record(stage).publications.values()), "the service to find it")
        assert service.stop() == 0
    store = stage.store()
    with store.transaction() as tx:
        assert len(json.loads(tx.remembered("hooks_seen") or "{}")) >= 4, "a replay is known after a restart: the topic's and the post's"
    store.close()


def _with_hook(stage: Stage, port: int) -> str:
    text = settings_text(stage, port=port).replace("[store]", 'webhook_secret_file = "hook-secret"\n[store]')
    if "publish_unproven" not in text:  # in a category that holds everything back nothing can be proven
        text = text.replace("[series.schedule]", "publish_unproven = true\n[series.schedule]")
    return text.replace("[http]", f'[http]\npublic_url = "http://127.0.0.1:{port}"')
