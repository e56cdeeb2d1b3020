"""The sandbox's webhooks: what they tell, to whom, and what of it gets lost."""

from __future__ import annotations

import hashlib
import hmac
import json
import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.integrations.sandbox_forum import LATER, TEXT, Forum, forum

__all__ = ["forum"]

SECRET = "a-secret-that-is-long-enough"


# --- webhooks ---------------------------------------------------------------------------------------------------------


@dataclass
class Listener:
    """An address that hears of what happens, and answers as it is told."""

    heard: queue.Queue[tuple[dict[str, str], bytes]] = field(default_factory=queue.Queue)
    status: int = 200

    def __post_init__(self) -> None:
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                listener.heard.put((dict(self.headers), body))
                self.send_response(listener.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/hooks/discourse"

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def next(self) -> tuple[str, dict[str, Any]]:
        headers, body = self.heard.get(timeout=10)
        assert headers["X-Discourse-Event-Signature"] == "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        (inside,) = json.loads(body).values()
        return headers["X-Discourse-Event"], inside

    def events(self, count: int) -> list[str]:
        return [self.next()[0] for _ in range(count)]


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.close()


def _hook(forum: Forum, listener: Listener, **more: object) -> int:
    hook = {"payload_url": listener.url, "content_type": "1", "secret": SECRET, "active": True, "web_hook_event_type_ids": [1, 2]} | more
    answer = forum.as_admin("POST", "/admin/api/web_hooks.json", {"web_hook": hook})
    assert answer.status_code == 200, answer.text
    return int(answer.json()["web_hook"]["id"])


def test_a_hook_hears_of_everything_that_happens_to_a_topic_signed_and_in_order(forum: Forum, listener: Listener) -> None:
    _hook(forum, listener)
    made = forum.post()
    topic, path = made["topic_id"], f"/t/{made['topic_id']}"
    assert listener.events(2) == ["topic_created", "post_created"]
    forum.edit(made["id"], LATER, "better")
    event, post = listener.next()
    assert (event, post["raw"], post["topic_id"], post["category_slug"]) == ("post_edited", LATER, topic, "liver-spot")
    forum.ask("PUT", f"/posts/{made['id']}.json", {"title": "Does banding hurt at all then?", "post": {"raw": TEXT}})
    event, edited = listener.next()
    assert (event, edited["title"], "raw" in edited) == ("topic_edited", "Does banding hurt at all then?", False)
    forum.ask("PUT", f"/posts/{made['id']}.json", {"post": {"raw": TEXT}})  # changes nothing and is not told
    forum.ask("PUT", f"{path}/status.json", {"status": "closed", "enabled": "true"})
    assert listener.events(2) == ["post_created", "topic_closed_status_updated"]
    forum.ask("DELETE", f"{path}.json")
    assert [(event, gone["deleted_at"]) for event, gone in (listener.next(), listener.next())] == [
        ("post_destroyed", None), ("topic_destroyed", None),
    ]  # fmt: skip
    forum.ask("PUT", f"{path}/recover.json")
    assert listener.events(3) == ["topic_recovered", "post_recovered", "topic_recovered"]


def test_a_hook_for_everything_without_any_event_type_hears_nothing(forum: Forum, listener: Listener) -> None:
    hook = _hook(forum, listener, wildcard_web_hook=True, web_hook_event_type_ids=[""])
    forum.post()
    assert forum.as_admin("POST", f"/admin/api/web_hooks/{hook}/ping.json").json() == {"success": "OK"}
    assert listener.events(1) == ["ping"]


def test_a_hook_for_one_category_hears_of_this_one_until_an_empty_text_clears_it(forum: Forum, listener: Listener) -> None:
    other = forum.sandbox.create_category("Another place")
    hook = _hook(forum, listener, category_ids=[forum.public])
    forum.post(category=other)
    heard = forum.post("It aches elsewhere, for three days.")
    assert listener.next()[1]["id"] == heard["topic_id"]
    listener.next()
    kept = {"payload_url": listener.url, "secret": SECRET, "active": True, "web_hook_event_type_ids": [1]}
    changed = forum.as_admin("PUT", f"/admin/api/web_hooks/{hook}.json", {"web_hook": kept}).json()
    assert changed["web_hook"]["category_ids"] == [forum.public]
    cleared = forum.as_admin("PUT", f"/admin/api/web_hooks/{hook}.json", {"web_hook": kept | {"category_ids": [""]}}).json()
    assert cleared["web_hook"]["category_ids"] == []
    made = forum.post("It aches somewhere else, for four days.", category=other)
    assert listener.next()[1]["id"] == made["topic_id"]


def test_a_lost_delivery_is_not_repeated_until_somebody_asks_for_it(forum: Forum, listener: Listener) -> None:
    hook = _hook(forum, listener, web_hook_event_type_ids=[1])
    listener.status = 500
    forum.post()
    first = listener.heard.get(timeout=10)
    forum.as_admin("POST", f"/admin/api/web_hooks/{hook}/ping.json")
    assert listener.next()[0] == "ping"
    events = forum.as_admin("GET", f"/admin/api/web_hooks/{hook}/events.json").json()["web_hook_events"]
    assert [event["status"] for event in events][1:] == [500]
    again = forum.as_admin("POST", f"/admin/api/web_hooks/{hook}/events/{events[-1]['id']}/redeliver.json")
    assert again.status_code == 200
    second = listener.heard.get(timeout=10)
    assert (second[1], second[0]["X-Discourse-Event-Id"]) == (first[1], first[0]["X-Discourse-Event-Id"])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"payload_url": "ftp://x"}, "URL is invalid"),
        ({"secret": "short"}, "Secret is too short"),
        ({"web_hook_event_type_ids": []}, "event types can't be blank"),
    ],
)
def test_a_hook_that_makes_no_sense_is_refused(forum: Forum, wrong: dict[str, object], said: str) -> None:
    hook = {"payload_url": "http://127.0.0.1:1/x", "secret": SECRET, "web_hook_event_type_ids": [1]} | wrong
    answer = forum.as_admin("POST", "/admin/api/web_hooks.json", {"web_hook": hook})
    assert answer.status_code == 422
    assert said in answer.json()["errors"][0]
