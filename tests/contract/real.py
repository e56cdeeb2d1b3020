"""A real Discourse as a target: at the pace that its key limit allows, and left without a topic of ours."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests

from integrations.discourse import wire
from tests.contract import cases
from tests.contract.fresh import Fresh
from tests.contract.recordings import Recording, recording
from tests.contract.replay import Forum, Place, Replay

NAMES = {
    "url": "PEERPLUGIN_TEST_DISCOURSE_URL",
    "admin_key": "PEERPLUGIN_TEST_DISCOURSE_ADMIN_KEY",
    "bot_key": "PEERPLUGIN_TEST_DISCOURSE_BOT_KEY",
    "category": "PEERPLUGIN_TEST_DISCOURSE_CATEGORY",
    "private_category": "PEERPLUGIN_TEST_DISCOURSE_PRIVATE_CATEGORY",
}
ADMIN_NAME = "PEERPLUGIN_TEST_DISCOURSE_ADMIN_USERNAME"
"""Only needed where the admin's key is one for all users."""
CALLS_A_MINUTE = 50
"""Discourse allows sixty, of all keys together: the site's other programs need some."""
PATIENCE = 3


def given() -> dict[str, str]:
    """The settings of the real Discourse, by our names for them; a skip where they are not all there."""
    found = {name: os.environ.get(variable, "") for name, variable in NAMES.items()}
    missing = [NAMES[name] for name, value in found.items() if not value]
    if missing:
        pytest.skip(f"no real Discourse: set {', '.join(missing)} (tests/contract/README.md says how)")
    return found


@dataclass
class Paced:
    """Sends what is asked, never more than the site allows, and once more where it says that it was too much."""

    session: requests.Session
    sent_at: list[float] = field(default_factory=list)

    def __call__(self, method: str, url: str, *, headers: Mapping[str, str], **sent: Any) -> requests.Response:
        for _ in range(PATIENCE):
            if "Api-Key" in headers:
                self._wait()
            answer = self.session.request(method, url, headers=dict(headers), allow_redirects=False, timeout=60, **sent)
            if answer.status_code != 429:
                break
            time.sleep(float(answer.headers.get("Retry-After", 60)) + 1)
        return answer

    def _wait(self) -> None:
        now = time.monotonic()
        self.sent_at = [at for at in self.sent_at if now - at < 60]
        if len(self.sent_at) >= CALLS_A_MINUTE:
            time.sleep(60 - (now - self.sent_at[0]))
        self.sent_at.append(time.monotonic())


@dataclass
class RealForum:
    """One run against a real Discourse. What cases read only after the same steps, they read in the same topic."""

    forum: Forum
    people: Mapping[str, str]
    kept: Mapping[str, str]
    seed: str
    replays: list[Replay] = field(default_factory=list)
    _shared: dict[tuple[str, ...], Replay] = field(default_factory=dict)

    def ready(self, name: str) -> Replay:
        """A replay in which everything was done that comes before a case."""
        steps = tuple(cases.needs(name))
        if steps in self._shared and recording(name).method == "GET":
            return self._shared[steps]
        replay = Replay(self.forum, Fresh(f"{self.seed} {name}", self.people, self.kept))
        self.replays.append(replay)
        for step in cases.steps(name):
            assert isinstance(step, Recording), f"{step} can only be staged in the sandbox"
            answer = replay.ask(step)
            allowed = {step.status, *cases.tolerated(step.name)}
            assert answer.status_code in allowed, f"{step.name}, asked before: {answer.status_code} {answer.text[:300]}"
        if recording(name).method == "GET":
            self._shared[steps] = replay
        return replay

    def clean(self) -> list[int]:
        """Delete every topic that was made, and every tag; the topics that are still to be seen."""
        admin = {"Api-Key": self.forum.key("global:lab_admin"), "Api-Username": self.people["lab_admin"], "Accept": "application/json"}
        topics = sorted({topic for replay in self.replays for topic in replay.made})
        tags = sorted({wire.tag_as_kept(tag) for replay in self.replays for tag in replay.tags})
        for path in [*(f"/t/{topic}.json" for topic in topics), *(f"/tag/{tag}.json" for tag in tags if tag)]:
            self.forum.send("DELETE", self.forum.url + path, headers=admin)
        return [topic for topic in topics if self._is_there(topic)]

    def _is_there(self, topic: int) -> bool:
        headers = {"Api-Key": self.forum.key("bot_single"), "Api-Username": self.people["bridge_bot"], "Accept": "application/json"}
        answer = self.forum.send("GET", f"{self.forum.url}/t/{topic}.json", headers=headers)
        return answer.status_code == 200 and answer.json().get("deleted_at") is None


@contextmanager
def real_forum(seed: str) -> Iterator[RealForum]:
    """The Discourse of the environment; cleaned up whatever happens."""
    found = given()
    url = found["url"].rstrip("/")
    with requests.Session() as session:
        send = Paced(session)
        admin = _account(send, url, found["admin_key"], os.environ.get(ADMIN_NAME, ""))
        bot = _account(send, url, found["bot_key"], "")
        assert admin.admin, f"{NAMES['admin_key']} is the key of {admin.username}, who is no admin"
        assert bot.moderator and not bot.admin, f"{NAMES['bot_key']} is the key of {bot.username}: it should be a moderator, and no admin"
        public = _place(send, url, found["admin_key"], admin.username, int(found["category"]))
        private = _place(send, url, found["admin_key"], admin.username, int(found["private_category"]))
        people = {"lab_admin": admin.username} | dict.fromkeys(("bridge_bot", "bridge_modbot", "lab_mod"), bot.username)
        kept = {"Liver Spot": public.name, "liver-spot": public.slug, "Meeting drafts": private.name, "meeting-drafts": private.slug}

        def key(role: str) -> str:
            return found["admin_key"] if role.endswith(":lab_admin") else found["bot_key"]

        forum = Forum(url, key, bot.id, {5: public, 6: private, 7: public}, send)
        running = RealForum(forum, people, kept, seed)
        try:
            yield running
        finally:
            left = running.clean()
            assert left == [], f"These topics could not be deleted; delete them by hand: {left}"


def _account(send: Paced, url: str, key: str, username: str) -> wire.Account:
    headers = {"Api-Key": key, "Accept": "application/json"} | ({"Api-Username": username} if username else {})
    answer = send("GET", f"{url}/session/current.json", headers=headers)
    sentence = f"answers {answer.status_code}: the bot's key has to be its own, and an admin's key for all users needs {ADMIN_NAME}"
    assert answer.status_code == 200, f"/session/current.json {sentence}"
    return wire.Session.model_validate(answer.json()).current_user


def _place(send: Paced, url: str, key: str, username: str, number: int) -> Place:
    headers = {"Api-Key": key, "Api-Username": username, "Accept": "application/json"}
    answer = send("GET", f"{url}/c/{number}/show.json", headers=headers)
    assert answer.status_code == 200, f"category {number} is not there: /c/{number}/show.json answers {answer.status_code}"
    found = wire.CategoryAnswer.model_validate(answer.json()).category
    return Place(number, found.slug, found.name)
