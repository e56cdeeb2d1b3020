"""Every webhook that a real Discourse delivered is verified over its bytes and read as the hint that it is."""

from __future__ import annotations

import contextlib
import json
import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from integrations.discourse import hooks
from peerplugin.core.hints import Delivery, Hint, Refused
from tests.contract import actions, recordings
from tests.contract.recordings import deliveries, delivery, recording
from tests.contract.targets import on_sandbox

FORUM = "http://127.0.0.1:4200"
UNSIGNED = "webhook.form_content_type_no_secret.post_edited"
"""The hook had no secret then."""
SIGNED = [name for name in deliveries() if name != UNSIGNED]
HEADERS = {"X-Discourse-Instance", "X-Discourse-Event-Id", "X-Discourse-Event-Type", "X-Discourse-Event", "X-Discourse-Event-Signature"}
OURS = ("topic", "post")
READ = {
    "id",
    "topic_id",
    "post_number",
    "raw",
    "version",
    "title",
    "tags",
    "external_id",
    "category_id",
    "closed",
    "visible",
    "action_code",
    "post_type",
}
"""What of a payload may ever be read."""
SECRET = "a secret that is long enough"


def read(then: recordings.Delivery) -> Delivery | Refused:
    """What our receiver makes of a delivery."""
    return hooks.read(then.headers, then.body, secret=then.secret, forum=FORUM)


def _status(found: Delivery | Refused) -> int:
    return found.status if isinstance(found, Refused) else 200


def hinted(then: recordings.Delivery) -> Hint | None:
    """What it should make of it, said another way: by the type of the event."""
    kind = then.headers["X-Discourse-Event-Type"]
    if kind not in OURS:
        return None
    body: dict[str, Any] = json.loads(then.body)[kind]
    is_post = kind == "post"
    return Hint(body["topic_id" if is_post else "id"], body["id"] if is_post else None, then.headers["X-Discourse-Event"])


@pytest.mark.parametrize("name", SIGNED)
def test_a_recorded_delivery_is_taken_for_what_it_is(name: str) -> None:
    then = delivery(name)
    found = read(then)
    assert set(then.headers) >= HEADERS
    assert isinstance(found, Delivery), found
    assert found.hint == hinted(then)


@pytest.mark.parametrize("name", SIGNED)
def test_a_recorded_delivery_with_another_byte_is_refused(name: str) -> None:
    then = delivery(name)
    assert _status(read(replace(then, body=then.body + b" "))) == 403


def test_a_delivery_of_a_hook_without_a_secret_is_refused() -> None:
    assert _status(read(delivery(UNSIGNED))) == 403


@dataclass
class Receiver:
    """An address that listens, and what came there."""

    url: str
    came: queue.Queue[recordings.Delivery]

    def until_quiet(self, number: int) -> list[recordings.Delivery]:
        """So many deliveries, and no further one behind them."""
        found = [self.came.get(timeout=10) for _ in range(number)]
        with contextlib.suppress(queue.Empty):
            found.append(self.came.get(timeout=0.05))
        return found


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    came: queue.Queue[recordings.Delivery] = queue.Queue()

    class Listening(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            came.put(recordings.Delivery("", SECRET, dict(self.headers), body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Listening) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield Receiver(f"http://127.0.0.1:{server.server_port}/hooks/discourse", came)
        server.shutdown()


@pytest.mark.parametrize("action", actions.ACTIONS)
def test_the_sandbox_tells_of_what_discourse_told(action: str, receiver: Receiver, seed: str) -> None:
    with on_sandbox(f"{seed} {action}") as stage:
        hook = recording("webhook_admin.create")
        listening = dict(hook.sent["web_hook"], payload_url=receiver.url, secret=SECRET)
        *before, last = actions.ACTIONS[action]
        for step in before:
            stage.do(step)
        stage.do(replace(hook, sent={"web_hook": listening}))
        stage.do(last)
        then = [delivery(name) for name in actions.told(action)]
        now = receiver.until_quiet(len(then))
    assert sorted(map(outlined, now)) == sorted(map(outlined, then))
    for each in now:
        found = hooks.read(each.headers, each.body, secret=SECRET, forum=stage.replay.forum.url)
        assert isinstance(found, Delivery), found
        assert found.hint == hinted(each)


def outlined(each: recordings.Delivery) -> tuple[str, list[str], list[str]]:
    """The event, the headers that are Discourse's own, and what of the body we may read."""
    body = json.loads(each.body)
    kind = each.headers["X-Discourse-Event-Type"]
    named = set(body[kind]) & READ if isinstance(body[kind], dict) else set()
    return each.headers["X-Discourse-Event"], sorted(set(each.headers) & HEADERS), sorted(named)
