"""Whatever stands between us and the homeserver: every trouble is one OutsideError with a sentence, and nothing is lost by it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from itertools import count

import pytest

from integrations.matrix.client import MatrixChat
from peerplugin.core.model import RoomId
from peerplugin.demo.homeserver import Homeserver, User
from peerplugin.demo.person import Person
from peerplugin.errors import OutsideError
from tests.proxy import CUT, LOST_REPLY, REFUSE, Fault, Proxy, answer, page, slow

_numbers = count()
CANARY = "canary in the server's own prose"


@pytest.fixture(scope="module")
def alma(homeserver: Homeserver) -> Iterator[Person]:
    """The one who talks."""
    alma = Person.arrive(homeserver, "alma-behind-a-proxy")
    yield alma
    alma.close()


@pytest.fixture(scope="module")
def proxy(homeserver: Homeserver) -> Iterator[Proxy]:
    """The bad line; `behind` mends it for each test."""
    with Proxy(homeserver.url) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def user(homeserver: Homeserver) -> User:
    """The bot's account."""
    return homeserver.register("bot-behind-a-proxy")


@pytest.fixture(scope="module")
def enter_room(homeserver: Homeserver, alma: Person, user: User) -> Iterator[Callable[[], RoomId]]:
    """Make another room that Alma and the bot are in."""
    bot = Person(homeserver, user)

    def new() -> RoomId:
        room = alma.create_room(invite=[user.user_id])
        bot.join(room)
        return RoomId(room)

    yield new
    bot.close()


@pytest.fixture(scope="module")
def room(enter_room: Callable[[], RoomId]) -> RoomId:
    """The room of most tests here."""
    return enter_room()


@pytest.fixture
async def chat(user: User, proxy: Proxy) -> AsyncIterator[MatrixChat]:
    """The bot, on the bad line."""
    proxy.clear()
    chat = MatrixChat(proxy.url, user.user_id, token=user.token, sync_timeout_s=0.5, answer_timeout_s=5)
    await chat.login()
    yield chat
    await chat.close()


@pytest.fixture
async def token(chat: MatrixChat, room: RoomId) -> str:
    """Where listening begins: after all that other tests said."""
    return (await chat.sync(None, full_state=False)).token


TROUBLE = [
    (REFUSE, "cut", False, None),
    (CUT, "cut", False, None),
    (LOST_REPLY, "cut", False, None),
    (page(200), "not_json", False, None),
    (page(502), "server", False, None),
    (answer(200, ["x"]), "not_json", False, None),
    (answer(200, {}), "not_json", False, None),
    (answer(500, {"errcode": "M_UNKNOWN", "error": CANARY}), "server", False, None),
    (answer(503, {}, {"Retry-After": "7"}), "server", False, 7.0),
    (answer(429, {"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 1500}), "rate_limited", False, 1.5),
    (answer(429, {}, {"Retry-After": "3"}), "rate_limited", False, 3.0),
    (answer(429, {"retry_after_ms": -5}), "rate_limited", False, None),
    (answer(429, {"retry_after_ms": "soon"}), "rate_limited", False, None),
    (answer(401, {"errcode": "M_UNKNOWN_TOKEN", "error": CANARY}), "rights", True, None),
    (answer(403, {"errcode": "M_FORBIDDEN", "error": CANARY}), "rights", True, None),
    (answer(404, {"errcode": "M_NOT_FOUND"}), "missing", True, None),
    (answer(400, {"errcode": "M_BAD_JSON", "error": CANARY}), "invalid", True, None),
    (answer(413, {"errcode": "M_TOO_LARGE"}), "invalid", True, None),
    (answer(409, {}), "conflict", True, None),
]


@pytest.mark.parametrize(("fault", "kind", "permanent", "retry_after_s"), TROUBLE)
async def test_trouble_has_one_kind_and_the_next_try_hears_and_says_everything_once(
    alma: Person,
    chat: MatrixChat,
    room: RoomId,
    token: str,
    proxy: Proxy,
    fault: Fault,
    kind: str,
    permanent: bool,
    retry_after_s: float | None,
) -> None:
    said = alma.say(room, "still there?")
    txn = f"yes-{next(_numbers)}"
    times = 2 if fault in (REFUSE, LOST_REPLY) else 1  # aiohttp itself repeats a GET or PUT once when the line goes dead
    proxy.fail(fault, path="/sync", times=times)
    proxy.fail(fault, path="/send/", times=times)
    content = {"msgtype": "m.notice", "body": "yes"}
    for call in (lambda: chat.sync(token, full_state=False), lambda: chat.send(room, "m.room.message", content, txn)):
        with pytest.raises(OutsideError) as trouble:
            await call()
        found = trouble.value
        assert (found.kind, found.permanent, found.retry_after_s) == (kind, permanent, retry_after_s)
        assert CANARY not in str(found)
        assert str(found).endswith((".", "?"))
    sent = await chat.send(room, "m.room.message", content, txn)
    (part,) = (await chat.sync(token, full_state=False)).rooms
    assert [event.event_id for event in part.timeline] == [said, sent]


async def test_a_server_that_is_not_there_is_refused_and_one_that_sleeps_is_slow(user: User, proxy: Proxy) -> None:
    nowhere = MatrixChat("http://127.0.0.1:1", user.user_id, token=user.token)
    asleep = MatrixChat(proxy.url, user.user_id, token=user.token, answer_timeout_s=0.2)
    proxy.clear()
    proxy.fail(slow(30))
    for chat, kind in ((nowhere, "refused"), (asleep, "slow")):
        with pytest.raises(OutsideError) as trouble:
            await chat.login()
        assert (trouble.value.kind, trouble.value.permanent) == (kind, False)
        await chat.close()


async def test_trouble_is_told_and_never_tried_again_behind_our_back(chat: MatrixChat, token: str, proxy: Proxy) -> None:
    proxy.clear()
    troubles = (answer(401, {"errcode": "M_UNKNOWN_TOKEN"}), answer(429, {"retry_after_ms": 10}), page(502), CUT)
    for nth, fault in enumerate(troubles, 1):
        proxy.fail(fault, path="/sync", nth=nth)
    for tries in range(1, len(troubles) + 1):
        with pytest.raises(OutsideError):
            await chat.sync(token, full_state=False)
        assert len(proxy.seen(path="/sync")) == tries


async def test_history_that_is_refused_is_a_gap_and_all_the_rest_is_heard(
    alma: Person, chat: MatrixChat, room: RoomId, enter_room: Callable[[], RoomId], proxy: Proxy
) -> None:
    loud, quiet = enter_room(), room
    token = (await chat.sync(None, full_state=False)).token
    for number in range(104):
        alma.say(loud, f"line {number}")
    alma.say(quiet, "only this")
    proxy.fail(answer(403, {"errcode": "M_FORBIDDEN"}), path="/messages")
    parts = {part.room_id: part for part in (await chat.sync(token, full_state=False)).rooms}
    assert [event.body for event in parts[loud].timeline] == [f"line {number}" for number in range(4, 104)]
    gap = parts[loud].gap
    assert gap is not None
    assert (gap.reason, gap.before) == ("the earlier messages could not be had (rights)", parts[loud].timeline[0].at)
    assert [event.body for event in parts[quiet].timeline] == ["only this"]
    assert parts[quiet].gap is None
    # What may pass is not a gap yet: the whole answer is asked for again, twice.
    proxy.fail(answer(500), path="/messages", times=2)
    for _ in range(2):
        with pytest.raises(OutsideError) as trouble:
            await chat.sync(token, full_state=False)
        assert trouble.value.kind == "server"
    healed = {part.room_id: part for part in (await chat.sync(token, full_state=False)).rooms}
    assert (healed[loud].timeline[0].body, healed[loud].gap) == ("line 0", None)
    # But one room whose history stays broken must not stop the others for ever. A limit is no breakage, however often.
    proxy.fail(answer(429), path="/messages", times=3)
    proxy.fail(answer(500), path="/messages", nth=4, times=None)
    for kind in ("rate_limited", "rate_limited", "rate_limited", "server", "server"):
        with pytest.raises(OutsideError) as trouble:
            await chat.sync(token, full_state=False)
        assert trouble.value.kind == kind
    broken = {part.room_id: part for part in (await chat.sync(token, full_state=False)).rooms}
    assert broken[loud].gap is not None


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Homeserver]:
    """A homeserver with the rate limits that every homeserver has until its operator lifts them."""
    with Homeserver(tmp_path_factory.mktemp("limited"), limits=True) as running:
        yield running


async def test_under_default_limits_the_homeservers_wish_is_told_and_a_lifted_limit_holds(limited: Homeserver) -> None:
    user = limited.register("bot")
    alma = Person.arrive(limited, "alma")
    room = RoomId(alma.create_room(invite=[user.user_id]))
    chat = MatrixChat(limited.url, user.user_id, token=user.token)
    await chat.login()
    await chat.enter(room)
    content = {"msgtype": "m.notice", "body": "x"}
    with pytest.raises(OutsideError) as trouble:
        for number in range(30):
            await chat.send(room, "m.room.message", content, f"n{number}")
    assert (trouble.value.kind, trouble.value.permanent) == ("rate_limited", False)
    assert trouble.value.retry_after_s is not None
    assert 0 < trouble.value.retry_after_s < 60
    limited.lift_limits(user)
    for number in range(15):
        await chat.send(room, "m.room.message", content, f"after{number}")
    await chat.close()
    alma.close()
