"""Where the demo happens: a homeserver, a forum, the people, two rooms, a settings file, and the service as a process of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any, TypeVar

import requests

from integrations.discourse.sandbox import Sandbox
from integrations.matrix.events import EFFECT_KEY
from peerplugin import app
from peerplugin.core.model import UserId
from peerplugin.demo.homeserver import Homeserver, free_port
from peerplugin.demo.meeting import Log, account_names
from peerplugin.demo.person import Person
from peerplugin.errors import OutsideError

T = TypeVar("T")
Json = dict[str, Any]

MODERATOR, BOT, SLUG = "mara", "peerplugin", "demo"
PATIENCE_S = 30.0
GLANCE_S = 0.25
"""How long one question for news waits before we look at the forum, which cannot call us."""

SETTINGS = """\
# Written by the demo.
[matrix]
homeserver = {homeserver}
user_id = {bot}
password_file = "matrix-password"

[discourse]
url = {forum}
username = {username}
api_key_file = "discourse-key"

[store]
path = "peerplugin.sqlite"

[http]
port = {port}

[service]
wake_s = 1
retry_first_s = 0.5

[[series]]
id = "demo"
name = {name}
room = {room}
management_room = {desk}
category = {category}
tags = ["meeting"]
default_consent = "reported"
facilitators = [{facilitator}]
publish_grace_min = 0
how_to_join = {how_to_join}

[series.schedule]
starts_on = {starts_on}
time = "19:00"
zone = "America/Los_Angeles"
rule = "FREQ=WEEKLY"
"""


_LISTED = re.compile(r'<h2><a href="(/t/[^"/]*/(\d+))">(.*?)</a></h2>')
_LINE = re.compile(r"<li>\s*(.*?)\s*</li>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as a page lists it."""

    number: int
    title: str
    url: str


@dataclass
class Stage:
    """All that is there before the service starts."""

    folder: Path
    log: Log
    homeserver: Homeserver
    sandbox: Sandbox
    mara: Person
    bot: Person
    people: dict[UserId, Person] = field(default_factory=dict)
    room: str = ""
    desk: str = ""
    category: int = 0
    port: int = 0

    @classmethod
    def open(cls, stack: ExitStack, folder: Path, log: Log) -> Stage:
        """Start both servers; they stop when the stack closes."""
        homeserver = stack.enter_context(Homeserver(folder / "homeserver"))
        sandbox = stack.enter_context(Sandbox())
        mara, bot = (Person.arrive(homeserver, name, shown) for name, shown in ((MODERATOR, "Mara (moderator)"), (BOT, "peerplugin")))
        for person in (mara, bot):
            stack.callback(person.close)
        return cls(folder, log, homeserver, sandbox, mara, bot)

    @property
    def facilitator(self) -> Person:
        """Who opens and closes the meeting."""
        return self.people[self.log.facilitator]

    @property
    def settings(self) -> Path:
        """The settings file."""
        return self.folder / "peerplugin.toml"

    def fill(self, stack: ExitStack, tick: Callable[[int, int], None]) -> None:
        """Everybody registers and comes into the room; moderator and bot have a second one, the forum a category."""
        names = account_names(self.log, frozenset({MODERATOR, BOT}))
        self.room = self.mara.create_room(self.log.name, alias="meeting", invite=[self.bot])
        self.desk = self.mara.create_room(f"{self.log.name}: moderators", alias="moderators", invite=[self.bot])
        for room in (self.room, self.desk):
            self.bot.join(room)
        for number, (user, name) in enumerate(names.items(), 1):
            person = self.people[user] = Person.arrive(self.homeserver, name, self.log.people[user])
            stack.callback(person.close)
            self.mara.invite(self.room, person)
            person.join(self.room)
            tick(number, len(names))
        self.category = self.sandbox.create_category(self.log.name, SLUG)
        self._write_settings()

    def _write_settings(self) -> None:
        """The next scheduled meeting is some days away: this one is opened by hand."""
        self.port = free_port()
        values = {
            "homeserver": self.homeserver.url, "bot": self.bot.user_id, "forum": self.sandbox.url, "username": self.sandbox.bot_username,
            "name": self.log.name, "room": f"#meeting:{self.homeserver.name}", "desk": f"#moderators:{self.homeserver.name}",
            "facilitator": self.facilitator.user_id, "how_to_join": "write to a moderator of this forum; who only wants to listen is welcome.",
        }  # fmt: skip
        texts = {key: json.dumps(value) for key, value in values.items()}  # JSON's strings are TOML's
        starts_on = (app.now() + timedelta(days=6)).date()
        self.settings.write_text(SETTINGS.format(**texts, port=self.port, category=self.category, starts_on=starts_on), encoding="utf-8")
        for file, secret in (("matrix-password", self.bot.user.password), ("discourse-key", self.sandbox.bot_key)):
            (self.folder / file).touch(mode=0o600)
            (self.folder / file).write_text(secret + "\n", encoding="utf-8")

    # --- the forum, as somebody without an account reads it ---------------------------------------------------------------

    def topics(self) -> list[Topic]:
        """What the category's page lists, newest first."""
        page = self._read(f"/c/{SLUG}/{self.category}").text
        return [Topic(int(found[2]), unescape(found[3]), f"{self.sandbox.url}{found[1]}") for found in _LISTED.finditer(page)]

    def search(self, words: str) -> list[int]:
        """The topics that a search finds."""
        return [int(t["id"]) for t in self._read("/search.json", q=words).json().get("topics", [])]

    def lines(self, topic: int) -> list[str] | None:
        """The statements that readers see in a topic; None where it is gone."""
        page = self._read(f"/t/{topic}.json")
        if page.status_code == requests.codes.not_found:
            return None
        return [unescape(re.sub(r"<[^>]*>", "", line)) for line in _LINE.findall(page.json()["post_stream"]["posts"][0]["cooked"])]

    def _read(self, path: str, **query: str) -> requests.Response:
        answer = requests.get(f"{self.sandbox.url}{path}", params=query, timeout=10)
        if answer.status_code != requests.codes.not_found:
            answer.raise_for_status()
        return answer


class Service:
    """`peerplugin run` as a process of its own, and the same program's other commands, all with the stage's settings."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._log = stage.folder / "service.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it."""
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command("run"), env=_environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def stop(self) -> None:
        """End it in order, or else at once."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def wait(self) -> None:
        """Until it ends by itself."""
        if self._process is not None:
            self._process.wait()

    def look(self) -> None:
        """Raises when it has ended."""
        code = self._process.poll() if self._process is not None else None
        if code is not None:
            raise OutsideError(f"The service ended by itself (exit code {code}). {self.last_words()}", kind="server")

    def last_words(self) -> str:
        """The end of its log, which never tells what anybody wrote."""
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()[-5:] if self._log.exists() else []
        return "Its log ends:\n" + "\n".join(lines) if lines else "Its log is empty."

    def is_healthy(self) -> bool:
        """Whether it says of itself that all is well."""
        try:
            return requests.get(f"http://127.0.0.1:{self._stage.port}/health", timeout=5).ok
        except requests.ConnectionError:
            return False

    def show(self, command: str) -> bool:
        """Let another command print what it prints; whether it found all well."""
        sys.stdout.flush()
        return subprocess.run(self._command(command), env=_environment(), check=False, start_new_session=True).returncode == 0

    def _command(self, command: str) -> list[str]:
        return [sys.executable, "-m", "peerplugin", command, "--config", str(self._stage.settings)]


def _environment() -> dict[str, str]:
    """Ours, without settings of another service."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PEERPLUGIN_")}


class Watch:
    """The moderator's client: it hears what the bot says in both rooms, and waits for what can be seen, never longer than patience lasts."""

    def __init__(self, stage: Stage, service: Service) -> None:
        self._stage, self._service = stage, service
        self._since = ""
        self._wanted = {
            "room": {"timeline": {"senders": [stage.bot.user_id], "limit": 100}, "state": {"types": []}, "ephemeral": {"types": []}},
            "account_data": {"types": []},
            "presence": {"types": []},
        }
        self.said: dict[str, list[Json]] = {stage.room: [], stage.desk: []}

    def until(self, seen: Callable[[], T], what: str, patience_s: float = PATIENCE_S) -> T:
        """Wait until `seen` gives something, and give that."""
        deadline = time.monotonic() + patience_s
        while not (found := seen()):
            self._service.look()
            for _, _, sentence in self.keyed(self._stage.desk, "trouble:"):
                raise OutsideError(f"The service told the moderators: {sentence}", kind="server")
            if time.monotonic() > deadline:
                raise OutsideError(f"It took longer than {patience_s:.0f} s until {what}. {self._service.last_words()}", kind="slow")
            self._listen()
        return found

    def _listen(self) -> None:
        answer = self._stage.mara.sync(self._since, GLANCE_S, self._wanted)
        self._since = answer["next_batch"]
        for room, news in answer.get("rooms", {}).get("join", {}).items():
            self.said.setdefault(room, []).extend(e for e in news["timeline"]["events"] if e["type"] == "m.room.message")

    def keyed(self, room: str, *beginnings: str) -> list[tuple[str, str, str]]:
        """What the bot said there for such an effect: key, event id, text."""
        found = ((str(e["content"].get(EFFECT_KEY, "")), str(e["event_id"]), str(e["content"].get("body", ""))) for e in self.said[room])
        return [event for event in found if event[0].startswith(beginnings)]
