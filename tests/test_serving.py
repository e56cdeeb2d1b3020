"""The service's own HTTP, really served: hooks come in quickly or not at all, strangers learn nothing, and many hints become few looks."""

from __future__ import annotations

import asyncio
import io
import logging
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import aiohttp
import pytest

from integrations.discourse import hooks
from integrations.discourse.hooks import LIMIT, PATH, sign
from peerplugin import calendars, paper, serving
from peerplugin.core.agenda import begun, decided
from peerplugin.core.feed import Feed
from peerplugin.core.hints import Hint, Seen
from peerplugin.core.model import Change, SeriesId
from peerplugin.core.rules import Rules
from peerplugin.demo.homeserver import free_port
from peerplugin.errors import MistakeError, OutsideError
from peerplugin.group import Group
from peerplugin.hearsay import MOST, Hearsay
from peerplugin.service import Service
from peerplugin.serving import AT_ONCE, Hook
from peerplugin.store import Store
from tests.core.scene import US, a_series, words
from tests.integrations.test_discourse_hooks import FORUM, SECRET, delivery, signed

NOW = datetime(2026, 10, 7, 19, 0, tzinfo=UTC)


@dataclass
class Looker:
    """Stands where the service stands: hears of hints, and can be slow, or fail."""

    troubles: dict[str, str] = field(default_factory=dict)
    heard: list[Hint] = field(default_factory=list)
    failing: bool = False
    free: asyncio.Event = field(default_factory=asyncio.Event)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def changed(self, hint: Hint) -> None:
        self.heard.append(hint)
        self.news.set()
        await self.free.wait()
        if self.failing:
            raise OutsideError("The store is full.", kind="store")


@dataclass
class Port:
    """The service's port, and what a forum or a stranger does to it."""

    url: str
    looker: Looker
    hearsay: Hearsay
    session: aiohttp.ClientSession

    async def send(self, headers: dict[str, str], body: bytes) -> int:
        """Deliver; an answer is a status, and says nothing."""
        async with self.session.post(self.url + PATH, data=io.BytesIO(body), headers=headers) as answer:
            assert await answer.read() == b""
            assert answer.headers["Server"] == "peerplugin"
            return answer.status

    async def heard(self, *hints: Hint) -> None:
        """Wait until exactly these were told."""
        async with asyncio.timeout(20):
            while len(self.looker.heard) < len(hints):
                self.looker.news.clear()
                await self.looker.news.wait()
        assert self.looker.heard == list(hints)


@asynccontextmanager
async def opened(seen: Seen | None = None, *, secret: str = SECRET) -> AsyncIterator[Port]:
    looker, port = Looker(), free_port()
    looker.free.set()
    hearsay = Hearsay(partial(hooks.read, secret=secret, forum=FORUM), looker.changed, lambda: NOW, seen or Seen(), rest_s=0)
    hook = Hook(PATH, LIMIT, hooks.is_worth_reading, hearsay.take) if secret else None
    async with hearsay.handed_on(), serving.served("127.0.0.1", port, looker, hook), aiohttp.ClientSession() as session:
        yield Port(f"http://127.0.0.1:{port}", looker, hearsay, session)


def post_edited(topic: int, post: int) -> bytes:
    return f'{{"post":{{"id":{post},"topic_id":{topic}}}}}'.encode()


# --- health -----------------------------------------------------------------------------------------------------------------------


async def test_health_is_served_beside_the_hook_and_without_one() -> None:
    for secret in (SECRET, ""):
        async with opened(secret=secret) as port:
            async with port.session.get(f"{port.url}/health") as answer:
                assert (answer.status, await answer.json()) == (200, {"healthy": True, "troubles": {}})
            port.looker.troubles["forum"] = "The forum is away."
            async with port.session.get(f"{port.url}/health") as answer:
                assert (answer.status, await answer.json()) == (503, {"healthy": False, "troubles": {"forum": "The forum is away."}})


async def test_a_port_that_is_taken_is_a_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(MistakeError, match="cannot be listened on"):
            async with serving.served("127.0.0.1", taken.getsockname()[1], Looker()):
                pass


async def test_without_a_secret_there_is_no_address_for_hooks() -> None:
    async with opened(secret="") as port, port.session.post(port.url + PATH, data=b"{}") as answer:
        assert answer.status == 404


# --- taken ------------------------------------------------------------------------------------------------------------------------


async def test_a_recorded_delivery_is_answered_and_told() -> None:
    async with opened() as port:
        assert await port.send(*delivery("reply_create.post_created")) == 200
        await port.heard(Hint(14, 18, "post_created"))


async def test_a_ping_and_what_is_none_of_our_business_are_answered_and_not_told() -> None:
    async with opened() as port:
        for name in ("ping.ping", "ping.ping", "like.post_liked", "user_update.user_updated"):
            assert await port.send(*delivery(name)) == 200
        assert await port.send(*delivery("topic_create.topic_created")) == 200
        await port.heard(Hint(14, None, "topic_created"))


async def test_a_delivery_that_came_before_is_acknowledged_and_does_nothing_even_after_a_restart() -> None:
    first, second = delivery("topic_create.post_created"), delivery("reply_create.post_created")
    async with opened() as port:
        assert await port.send(*first) == 200
        await port.heard(Hint(14, 17, "post_created"))
        assert await port.send(*first) == 200
        assert await port.send(first[0] | {"X-Discourse-Event-Id": "9999"}, first[1]) == 200, (
            "the number is not signed: the body counts too"
        )
        seen = port.hearsay.seen
    async with opened(seen) as port:
        assert await port.send(*first) == 200
        assert await port.send(*second) == 200
        await port.heard(Hint(14, 18, "post_created"))


async def test_many_at_once_become_few_looks_and_the_answer_never_waits_for_one() -> None:
    async with opened() as port:
        port.looker.free.clear()
        assert await port.send(signed(post_edited(1, 1), Event_Id="1"), post_edited(1, 1)) == 200
        await port.heard(Hint(1, 1, "post"))
        for number in range(2, 42):  # while the first is being looked at
            body = post_edited(topic=7, post=number)
            assert await port.send(signed(body, Event_Id=str(number)), body) == 200
        port.looker.free.set()
        await port.heard(Hint(1, 1, "post"), Hint(7, None, "post"))


async def test_of_very_many_topics_only_so_many_wait() -> None:
    async with opened() as port:
        port.looker.free.clear()
        bodies = [post_edited(topic, topic) for topic in range(1, MOST + 22)]
        for number, body in enumerate(bodies):
            assert await port.send(signed(body, Event_Id=str(number)), body) == 200
            if number == 0:
                await port.heard(Hint(1, 1, "post"))
        port.looker.free.set()
        await port.heard(*(Hint(topic, topic, "post") for topic in range(1, MOST + 2)))


async def test_a_look_that_fails_costs_its_hint_only(caplog: pytest.LogCaptureFixture) -> None:
    async with opened() as port:
        port.looker.failing = True
        assert await port.send(signed(post_edited(1, 1), Event_Id="1"), post_edited(1, 1)) == 200
        await port.heard(Hint(1, 1, "post"))
        port.looker.failing = False
        assert await port.send(signed(post_edited(2, 2), Event_Id="2"), post_edited(2, 2)) == 200
        await port.heard(Hint(1, 1, "post"), Hint(2, 2, "post"))
    assert "hint lost" in caplog.text


# --- refused ----------------------------------------------------------------------------------------------------------------------


async def test_what_is_refused_is_not_told_and_nothing_of_it_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    body = b'{"post":{"id":1,"topic_id":2,"raw":"canary"}}'
    async with opened() as port:
        refused = [
            (403, {}, body),
            (403, signed(b"{}"), body),
            (403, signed(body, Instance="http://canary.example.org"), body),
            (400, signed(body, Event_Id="canary"), body),
            (400, signed(body[:-1]), body[:-1]),
            (413, signed(body), body + b" " * LIMIT),
        ]
        assert [await port.send(headers, sent) for _, headers, sent in refused] == [status for status, _, _ in refused]
        assert await port.send(*delivery("reply_create.post_created")) == 200
        await port.heard(Hint(14, 18, "post_created"))
        assert len(port.hearsay.seen.marks) == 2, "what was refused is not remembered"
        assert await port.send(signed(b"{}"), body) == 403
    assert "canary" not in caplog.text
    reasons = [record.__dict__["reason"] for record in caplog.records if record.message == "hook refused"]
    assert reasons == ["other-secret", "other-forum", "no-number", "not-json"], "each is told once"


async def test_a_body_without_a_length_is_read_up_to_the_limit_and_no_further() -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(64):
            yield b" " * 65_536

    async with opened() as port:
        headers = {"X-Discourse-Event-Signature": sign(b"", SECRET)}
        async with port.session.post(port.url + PATH, data=endless(), headers=headers) as answer:
            assert (answer.status, await answer.read()) == (413, b"")


async def test_a_slow_body_is_given_up_and_too_many_at_once_are_turned_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "READ_S", 1.0)
    async with opened() as port:
        slow = [await _begin(port) for _ in range(AT_ONCE)]
        async with asyncio.timeout(20):
            while await port.send(signed(b"{}"), b"{}") != 503:
                pass  # not all of them have got their place yet
            assert [(await reader.readline()).split()[1] for reader, _ in slow] == [b"408"] * AT_ONCE
            for _, writer in slow:
                writer.close()
            assert await port.send(*delivery("ping.ping")) == 200, "the places are free again"


async def test_a_delivery_that_breaks_off_leaves_the_port_at_work() -> None:
    async with opened() as port:
        _, writer = await _begin(port)
        writer.close()
        await writer.wait_closed()
        assert await port.send(*delivery("ping.ping")) == 200
        assert port.looker.heard == []


async def _begin(port: Port) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """The head of a delivery, and a body that does not come."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(port.url.rpartition(":")[2]))
    writer.write(
        f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\nX-Discourse-Event-Signature: {sign(b'', SECRET)}\r\n\r\n".encode()
    )
    await writer.drain()
    return reader, writer


# --- calendars ----------------------------------------------------------------------------------------------------------------------


async def test_a_calendar_is_read_and_asked_for_again_only_as_far_as_it_changed() -> None:
    held = {"feed": Feed(b"BEGIN:VCALENDAR\r\n", "tag-one", NOW)}

    async def ask(series: SeriesId) -> Feed | None:
        if series == "ill":
            raise OutsideError("The store is full.", kind="store")
        return held["feed"] if series == "liver-spot" else None

    port = free_port()
    url = f"http://127.0.0.1:{port}/calendar"
    async with serving.served("127.0.0.1", port, Looker(), None, ask), aiohttp.ClientSession() as session:

        async def get(name: str, method: str = "GET", **headers: str) -> tuple[int, bytes, Mapping[str, str]]:
            named = {key.replace("_", "-"): value for key, value in headers.items()}
            async with session.request(method, f"{url}/{name}", headers=named) as answer:
                return answer.status, await answer.read(), answer.headers

        status, body, headers = await get("liver-spot.ics")
        assert (status, body, headers["ETag"]) == (200, b"BEGIN:VCALENDAR\r\n", '"tag-one"')
        assert headers["Last-Modified"] == "Wed, 07 Oct 2026 19:00:00 GMT"
        assert (await get("liver-spot.ics", "HEAD"))[:2] == (200, b"")
        assert (await get("liver-spot.ics", If_None_Match='"tag-one"'))[:2] == (304, b"")
        assert (await get("liver-spot.ics", If_None_Match='W/"tag-one"'))[0] == 304, "a web server that compresses weakens the tag"
        assert (await get("liver-spot.ics", If_None_Match='"other"'))[0] == 200
        assert (await get("liver-spot.ics", If_Modified_Since="Wed, 07 Oct 2026 19:00:00 GMT"))[0] == 304
        assert (await get("liver-spot.ics", If_Modified_Since="Wed, 07 Oct 2026 18:59:59 GMT"))[0] == 200
        held["feed"] = Feed(b"BEGIN:VCALENDAR\r\nX\r\n", "tag-two", NOW)
        assert (await get("liver-spot.ics", If_None_Match='"tag-one"', If_Modified_Since="Wed, 07 Oct 2026 19:00:00 GMT"))[0] == 200
        for name, expected in (
            ("kidney.ics", 404),
            ("ill.ics", 503),
            ("..%2Fhealth.ics", 404),
            ("liver-spot", 404),
            (f"{'x' * 21}.ics", 404),
        ):
            assert (await get(name))[:1] == (expected,), name


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def test_a_calendars_file_follows_and_a_folder_that_is_closed_is_complained_of_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    held = {"body": b"one"}
    asked = asyncio.Event()

    async def ask(series: SeriesId) -> Feed | None:
        asked.set()
        return Feed(held["body"], "tag", NOW)

    file, nowhere, left = tmp_path / "a.ics", tmp_path / "nowhere" / "b.ics", partial(_names, tmp_path)
    async with calendars.kept({SeriesId("a"): file, SeriesId("b"): nowhere}, ask, 0.01):
        for body in (b"one", b"two"):
            held["body"] = body
            async with asyncio.timeout(20):
                while not file.exists() or file.read_bytes() != body:
                    asked.clear()
                    await asked.wait()
    assert [r.getMessage() for r in caplog.records if r.levelno == logging.ERROR] == ["a calendar is not kept up to date"]
    assert left() == ["a.ics"], "no half-written file is left"


async def test_a_calendar_is_worked_out_anew_only_when_something_in_it_changed(tmp_path: Path) -> None:
    series, clock = a_series(), [NOW]
    group = Group(US, (series,), words(), Rules())
    store = Store.open(tmp_path / "store.sqlite")
    service = Service(store, paper.PaperChat(None), paper.PaperForum(), group, lambda: clock[0])  # type: ignore[arg-type]

    async def ask(*changes: Change, later: timedelta = timedelta()) -> Feed | None:
        clock[0] += later
        with store.transaction() as tx:
            agenda = tx.agenda(series.series_id) or begun(series.series_id, NOW)
            for change in changes:
                agenda, _ = decided(agenda, series, NOW.date(), change, clock[0])
            tx.save_agenda(agenda, None)
        return await service.calendar(series.series_id)

    try:
        first = await ask()
        assert first is not None
        assert await ask(later=timedelta(minutes=1)) is first
        changed = await ask(Change(note="x"), later=timedelta(minutes=1))
        assert changed is not None and changed.tag != first.tag and changed.changed_at == clock[0]
        assert await ask() is changed
        tomorrow = await ask(later=timedelta(days=1))
        assert tomorrow is not None and tomorrow is not changed and tomorrow.changed_at > changed.changed_at
        assert await service.calendar(SeriesId("kidney")) is None
    finally:
        service.close()
        store.close()
