"""A forum that gives the recorded answers of the real one, and others where a test says so: for what `check` finds out by asking."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import pytest

from integrations.discourse.capability import Capability
from integrations.discourse.client import Discourse
from integrations.discourse.places import Place
from integrations.discourse.rights import NOBODY
from integrations.discourse.survey import Survey, survey
from tests.contract.recordings import recording

BOT, KEY = "bridge_bot", "k" * 64
OPEN, CLOSED = 5, 6
PLACE = Place("liver-spot", OPEN, CLOSED, ("meeting",), ("sleep", "pain"))
NEVER_THERE = "site.unknown_route.json"

EVERYBODY = {
    "GET /site/basic-info.json": "site.basic_info.anon",
    "GET /site/settings.json": "site.settings.admin",
    f"GET /c/{OPEN}/show.json": "site.category_show.by_id_only",
    f"GET /c/{CLOSED}/show.json": "site.category_show.private_anon",
    "GET /tags.json": "tags.index.anon",
    "GET /search.json": "search.full.none",
    "GET /session/current.json": "auth.session_current.anon",
}
OURS = {
    "GET /session/current.json": "auth.session_current.single_user_key_with_username",
    "GET /site.json": "site.site_json.bot",
    "GET /posts.json": "posts.latest.bot",
    "GET /groups/staff/members.json": "groups.members.staff_bot",
    "GET /tag_groups.json": "modbot.tag_groups",
    "GET /t/external_id/peerplugin-check.json": "topics.external_id.get_unknown",
    "POST /posts.json": "errors.create.empty_object",
    f"PUT /posts/{NOBODY}.json": "posts.update.missing",
    f"PUT /t/-/{NOBODY}.json": "topics.update.missing_topic",
    f"DELETE /t/{NOBODY}.json": "topics.delete.missing",
}
"""What was recorded of each call, asked without a key and with ours; what is not here is not there."""


class AnsweringForum:
    """A web server on this machine. Every change a test makes is to an answer of the real forum."""

    def __init__(self) -> None:
        self.changes: dict[tuple[str, bool], Callable[[Any], Any]] = {}
        self.instead: dict[tuple[str, bool], tuple[int, object, dict[str, str]]] = {}
        self.key_lets: Callable[[str], bool] = lambda call: True
        self.key_names: str | None = BOT  # None: the key is for all users
        self.clock_off, self.folder, self.read_only = timedelta(), "", False
        self.asked: list[tuple[str, bool]] = []
        self.change("GET /session/current.json", lambda body: _deep(body, "current_user", moderator=True))
        self.change(f"GET /c/{OPEN}/show.json", lambda body: _deep(body, "category", permission=1), ours=True)
        self.category(CLOSED, name="Meeting drafts", read_restricted=True, permission=1)
        about = {"about": {"version": "2.9.0.beta1", "locale": "en", "https": False, "title": "Liver Lab Forum"}}
        for ours in (False, True):
            self.answer("GET /about.json", 200, about, ours=ours)

    # --- what a test says ---------------------------------------------------------------------------------------------

    def change(self, call: str, how: Callable[[Any], Any], *, ours: bool = True) -> None:
        """The recorded answer, changed."""
        self.changes[call, ours] = how

    def answer(self, call: str, status: int, body: object = None, *, ours: bool, **headers: str) -> None:
        """Another answer altogether."""
        self.instead[call, ours] = (status, body, headers)

    def settings(self, **settings: object) -> None:
        """Other site settings."""
        self.change("GET /site/settings.json", lambda body: body | settings, ours=False)

    def account(self, **fields: object) -> None:
        """Another account."""
        self.change("GET /session/current.json", lambda body: _deep(body, "current_user", **fields))

    def category(self, number: int, *, ours: bool = True, **fields: object) -> None:
        """A category as seen with the key, or without."""
        body = recording("site.category_show.by_id_only").body
        self.answer(f"GET /c/{number}/show.json", 200, _deep(body, "category", id=number, **fields), ours=ours)

    # --- asking -------------------------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """Where the forum is."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}{self.folder}"

    def survey(self, *, key: str = KEY, url: str = "", place: Place = PLACE, username: str = BOT, proven: bool = False) -> Survey:
        """Ask all that `check` asks."""
        ours, bare = (Discourse(url or self.url, api_key=key, username=name, calls_a_minute=600) for name in (username, ""))
        try:
            return survey(ours, bare, username, [place], lambda: datetime.now(UTC), has_key=bool(key), proven=proven)
        finally:
            ours.close()
            bare.close()

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    # --- answering ----------------------------------------------------------------------------------------------------

    def reply(self, method: str, path: str, headers: Any) -> tuple[int, object, dict[str, str]]:
        """Status, body and headers."""
        ours = "Api-Key" in headers
        call = f"{method} {path.removeprefix(self.folder)}"
        if not path.startswith(self.folder):
            return 404, "<html>Another program</html>", {"Content-Type": "text/html"}
        self.asked.append((call, ours))
        if ours and not (self.key_lets(call) and self._names(headers.get("Api-Username"))):
            return _recorded("auth.session_current.wrong_key")
        if (call, ours) in self.instead:
            return self.instead[call, ours]
        status, body, told = _recorded((OURS if ours else {}).get(call) or EVERYBODY.get(call, NEVER_THERE))
        return status, self.changes.get((call, ours), lambda same: same)(body), told

    def _names(self, username: str | None) -> bool:
        return username == BOT if self.key_names is None else username in (self.key_names, None)


@pytest.fixture
def forum() -> Iterator[AnsweringForum]:
    with AnsweringForum() as answering:
        yield answering


def line(found: Survey, what: str) -> Capability:
    """The one line about something."""
    (one,) = [capability for capability in found.capabilities if what in capability.what]
    return one


def verdicts(found: Survey) -> dict[str, list[str]]:
    told: dict[str, list[str]] = {}
    for capability in found.capabilities:
        told.setdefault(capability.verdict, []).append(capability.what)
    return told


def _recorded(name: str) -> tuple[int, object, dict[str, str]]:
    found = recording(name)
    return found.status, found.body, {"Content-Type": found.headers.get("Content-Type", "")}


def _deep(body: Any, inside: str, **fields: object) -> Any:
    return body | {inside: body[inside] | fields}


def _handler(forum: AnsweringForum) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body together: else each answer waits for an acknowledgement

        def date_time_string(self, timestamp: float | None = None) -> str:
            return format_datetime(datetime.now(UTC) + forum.clock_off, usegmt=True)

        def _do(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, body, headers = forum.reply(self.command, urlsplit(self.path).path, self.headers)
            content = (body if isinstance(body, str) else json.dumps(body)).encode()
            self.send_response(status)
            told = {"Content-Type": "application/json"} | headers | {"Content-Length": str(len(content))}
            for name, value in told.items() if not forum.read_only else (told | {"Discourse-Readonly": "true"}).items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = _do  # noqa: N815 - the names that http.server looks for

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in http.server
            """Nothing."""

    return Handler
