"""The forum's hook makes the real service look at once; without it, it would look ten minutes later."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import requests

from integrations.discourse.hooks import PATH, sign
from integrations.discourse.sandbox import Sandbox
from peerplugin.demo.homeserver import Homeserver, free_port
from tests.story.live import Command, approve, health, hold, record, settings_text, until, write_settings
from tests.story.stage import Stage

SECRET = "a-secret-of-the-hook"


@pytest.fixture
def queueing(homeserver: Homeserver, tmp_path: Path) -> Iterator[Stage]:
    """A stage whose forum lets nothing of the bot's stand without its staff's approval."""
    with Sandbox(bot_moderator=False) as forum:
        built = Stage.build(homeserver, forum, tmp_path)
        yield replace(built, category=forum.create_category("Announcements", approval=True))
        built.close()


def told(stage: Stage, port: int, topic_id: int, number: int) -> int:
    """What a forum sends when a topic was let through; the status it gets."""
    body = json.dumps({"topic": {"id": topic_id, "category_id": stage.category}}).encode()
    headers = {
        "X-Discourse-Instance": stage.sandbox.url,
        "X-Discourse-Event-Id": str(number),
        "X-Discourse-Event-Type": "topic",
        "X-Discourse-Event": "topic_created",
        "X-Discourse-Event-Signature": sign(body, SECRET),
    }
    return requests.post(f"http://127.0.0.1:{port}{PATH}", data=body, headers=headers, timeout=10).status_code


def test_what_the_forums_staff_lets_through_is_found_at_once(queueing: Stage) -> None:
    stage, port = queueing, free_port()
    text = settings_text(stage, port=port).replace("[store]", f'webhook_secret = "{SECRET}"\n[store]')
    if "publish_unproven" not in text:  # in a category that holds everything back nothing can be proven
        text = text.replace("[series.schedule]", "publish_unproven = true\n[series.schedule]")
    with Command(stage.folder, "run", "--config", write_settings(stage, text)) as service:
        until(lambda: health(port)[0] == 200, "the service's health")
        hold(stage)
        approve(stage)
        until(lambda: stage.sandbox.pending() == 1, "a topic in the approval queue")
        until(lambda: any(p.enqueued for p in record(stage).publications.values()), "the service to know that it waits there")
        assert stage.sandbox.approve_all() == 1
        (topic,) = stage.topics()
        assert told(stage, port, topic["id"], 1) == 200
        until(lambda: any(p.topic_id == topic["id"] for p in record(stage).publications.values()), "the service to find it")
        assert service.stop() == 0
    store = stage.store()
    with store.transaction() as tx:
        assert "1" in json.loads(tx.remembered("hooks_seen") or "{}"), "a replay is known after a restart"
    store.close()
