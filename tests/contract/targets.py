"""What the cases are asked of: the sandbox, made anew for each case like the recorded forum, and a real Discourse that is left as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from integrations.discourse.sandbox import Sandbox
from tests.contract.fresh import Fresh
from tests.contract.recordings import Recording
from tests.contract.replay import Forum, Place, Replay

PEOPLE = ("lab_admin", "lab_mod", "member", "second", "newbie", "no_such_user", "hosts", "bridge_modbot")
"""Accounts and a group that are called something else in each run; `bridge_bot` has a name of its own in the sandbox."""

GRANULAR = ("topics:write", "topics:read", "topics:read_lists", "posts:edit", "uploads:create")
"""What the recorded granular key might do."""


class Clock:
    """The sandbox's clock, turned by hand."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 18, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def turn(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)


@dataclass
class Stage:
    """A replay on a sandbox, with what only the sandbox can do."""

    replay: Replay
    sandbox: Sandbox
    clock: Clock

    def do(self, step: Recording | str) -> None:
        """One step before a case: a recorded exchange, which has to go as it went then, or something from outside."""
        if isinstance(step, str):
            STAGED[step](self)
            return
        answer = self.replay.ask(step)
        assert answer.status_code == step.status, f"{step.name}, asked before: {answer.status_code} {answer.text[:200]}"


@contextmanager
def on_sandbox(seed: str) -> Iterator[Stage]:
    """A sandbox with the recorded forum's categories, accounts and keys, all named afresh."""
    clock = Clock()
    with Sandbox(bot_moderator=False, clock=clock, caching=True) as sandbox, requests.Session() as session:
        people = {name: Fresh(f"{seed} {name}").word(len(name)) for name in PEOPLE}
        fresh = Fresh(seed, people | {"bridge_bot": sandbox.bot_username, "system": "system", "staff": "staff"})
        keys = _keys(sandbox, people)

        def send(method: str, url: str, **sent: Any) -> requests.Response:
            return session.request(method, url, allow_redirects=False, timeout=10, **sent)

        forum = Forum(sandbox.url, lambda role: keys[role.partition(":")[0]], 2, _categories(sandbox, fresh), send)
        yield Stage(Replay(forum, fresh), sandbox, clock)


def _keys(sandbox: Sandbox, people: dict[str, str]) -> dict[str, str]:
    sandbox.create_user(people["lab_admin"], admin=True, trust_level=4)
    sandbox.create_user(people["lab_mod"], moderator=True, trust_level=4)
    sandbox.create_user("system", admin=True, trust_level=4)
    for name, trust_level in (("second", 2), ("member", 1), ("newbie", 0)):
        sandbox.create_user(people[name], trust_level=trust_level)
    sandbox.create_group(people["hosts"], [people["lab_mod"], people["second"]])
    revoked = sandbox.create_key(sandbox.bot_username, {"topics:read": {}})
    sandbox.keys.revoke(revoked)
    return {
        "global": sandbox.admin_key,
        "bot_single": sandbox.bot_key,
        "bot_granular": sandbox.create_key(sandbox.bot_username, {scope: {} for scope in GRANULAR}),
        "readonly": sandbox.create_key(sandbox.bot_username, {"global:read": {}}),
        "revoked": revoked,
        "modbot_single": sandbox.create_user(people["bridge_modbot"], moderator=True, trust_level=4),
    }


def _categories(sandbox: Sandbox, fresh: Fresh) -> dict[int, Place]:
    def make(name: str, *, private: bool = False, approval: bool = False) -> Place:
        slug = fresh.text(name.lower().replace(" ", "-"))
        return Place(sandbox.create_category(fresh.text(name), slug, private=private, approval=approval), slug, fresh.text(name))

    return {
        5: make("Liver Spot"),
        6: make("Meeting drafts", private=True),
        7: make("Meetings"),
        8: make("Announcements", approval=True),
        9: make("Made by API"),
    }


# --- what happens to it from outside ----------------------------------------------------------------------------------


def _suspended(stage: Stage) -> None:
    forum, people = stage.replay.forum, stage.replay.fresh.people
    headers = {"Accept": "application/json", "Api-Key": forum.key("global")}
    account = forum.send("GET", forum.url + "/session/current.json", headers=headers | {"Api-Username": people["newbie"]}).json()
    path = f"{forum.url}/admin/users/{account['current_user']['id']}/suspend.json"
    told = {"suspend_until": "2030-01-01", "reason": "a test"}
    answer = forum.send("PUT", path, headers=headers | {"Api-Username": people["lab_admin"]}, json=told)
    assert answer.status_code == 200, answer.text[:200]


def _read_only(stage: Stage) -> None:
    stage.replay.ids["category"][8] = stage.sandbox.create_category("For reading", permissions={"everyone": 3, "staff": 1})


def _asked(path: str, times: int, *, with_key: bool) -> Callable[[Stage], None]:
    """Asked so often that the next one is too many, each time something else."""

    def fill(stage: Stage) -> None:
        forum = stage.replay.forum
        headers = {"Accept": "application/json"} | ({"Api-Key": forum.key("bot_single")} if with_key else {})
        for number in range(times):
            assert forum.send("GET", f"{forum.url}{path}{number}", headers=headers).status_code == 200

    return fill


def _sent(method: str, path: str, times: int) -> Callable[[Stage], None]:
    """Sent by the bot so often that the next one is too many, each at a moment when it may."""

    def fill(stage: Stage) -> None:
        forum, fresh = stage.replay.forum, stage.replay.fresh
        headers = {"Accept": "application/json", "Api-Key": forum.key("bot_single")}
        for number in range(times):
            stage.clock.turn(16)
            words = {
                "title": fresh.text(f"A number {number} of the daily topics"),
                "raw": fresh.text(f"A long enough text with number {number} in it."),
            }
            body = (
                {**words, "category": forum.categories[5].id}
                if method == "POST"
                else {"post": {"raw": words["raw"], "edit_reason": fresh.text(f"reason {number}")}}
            )
            answer = forum.send(method, forum.url + stage.replay.path(path), headers=headers, json=body)
            assert answer.status_code == 200, answer.text[:200]

    return fill


def _both(*staged: Callable[[Stage], None]) -> Callable[[Stage], None]:
    def all_of_them(stage: Stage) -> None:
        for each in staged:
            each(stage)

    return all_of_them


def _limited(**limits: object) -> Callable[[Stage], None]:
    def limit(stage: Stage) -> None:
        for name, value in limits.items():
            assert hasattr(stage.sandbox.limits, name), f"the sandbox has no limit {name}"
            setattr(stage.sandbox.limits, name, value)

    return limit


STAGED: dict[str, Callable[[Stage], None]] = {
    "+a minute later": lambda stage: stage.clock.turn(61),
    "+newbie suspended": _suspended,
    "+announcements of the staff": _read_only,
    "+limits of members": _limited(members=True),
    "+key limit": _both(_limited(keys_per_minute=60), _asked("/session/current.json?", 60, with_key=True)),
    "+thirty searches": _both(_limited(searches=True), _asked("/search.json?q=liver", 30, with_key=True)),
    "+fifteen anonymous searches": _both(_limited(searches=True), _asked("/search.json?q=liver", 15, with_key=False)),
    "+fifty anonymous requests": _both(_limited(per_address=True), _asked("/categories.json?", 50, with_key=False)),
    "+twenty topics today": _both(_limited(members=True), _sent("POST", "/posts.json", 20), lambda stage: stage.clock.turn(16)),
    "+ninety edits today": _sent("PUT", "/posts/17.json", 90),
}
"""Time passes, somebody is suspended, a limit is reached."""
