"""MatrixChat in real rooms of a real homeserver."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import count

import pytest

from integrations.matrix.client import MatrixChat
from integrations.matrix.events import EFFECT_KEY
from peerplugin.core.model import EventId, RoomEvent, RoomId, UserId
from peerplugin.demo.homeserver import Homeserver, User
from peerplugin.demo.person import Person
from peerplugin.errors import MistakeError, OutsideError
from peerplugin.ports import Batch, Chat, RoomBatch
from tests.proxy import LOST_REPLY, Proxy, answer

_numbers = count()
Arrive = Callable[[str], Person]


@dataclass
class Bot:
    """Our side: an account, its chat, and where its listening stands."""

    user: User
    chat: MatrixChat
    token: str | None = None

    async def hear(self, *, full_state: bool = False) -> Batch:
        """The next batch."""
        batch = await self.chat.sync(self.token, full_state=full_state)
        self.token = batch.token
        return batch

    async def hear_room(self, room: str) -> RoomBatch:
        """The next batch's part of one room, which must be in it."""
        (found,) = [part for part in (await self.hear()).rooms if part.room_id == room]
        return found

    async def come_into(self, room: str) -> None:
        """Join, and hear all there is."""
        await self.chat.enter(RoomId(room))
        await self.hear()


@pytest.fixture
def arrive(homeserver: Homeserver) -> Iterator[Arrive]:
    """Bring somebody new to the homeserver."""
    people: list[Person] = []

    def new(name: str) -> Person:
        people.append(Person.arrive(homeserver, f"{name}-{next(_numbers)}"))
        return people[-1]

    yield new
    for person in people:
        person.close()


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    """What is open until the test ends."""
    async with AsyncExitStack() as opened:
        yield opened


def opened(stack: AsyncExitStack, chat: MatrixChat) -> MatrixChat:
    """A chat that is closed with the test."""
    stack.push_async_callback(chat.close)
    return chat


@pytest.fixture
async def bot(homeserver: Homeserver, stack: AsyncExitStack) -> Bot:
    """A bot that has begun to listen."""
    user = homeserver.register(f"bot-{next(_numbers)}")
    bot = Bot(user, opened(stack, MatrixChat(homeserver.url, user.user_id, token=user.token, sync_timeout_s=1)))
    await bot.chat.login()
    await bot.hear()
    return bot


def test_it_is_a_chat() -> None:
    chat: Chat = MatrixChat("http://127.0.0.1:1", "@bot:peer.test", token="t")
    assert callable(chat.sync)


# --- login ------------------------------------------------------------------------------------------------------------


async def test_logging_in_by_token_or_password_keeps_the_device_and_so_the_transactions(
    homeserver: Homeserver, bot: Bot, arrive: Arrive, stack: AsyncExitStack
) -> None:
    room = RoomId(arrive("alma").create_room(invite=[bot.user.user_id]))
    await bot.come_into(room)
    login = await bot.chat.login()
    assert (login.user_id, login.device_id, login.access_token) == (bot.user.user_id, bot.user.device_id, bot.user.token)
    assert login.access_token not in repr(login)
    content = {"msgtype": "m.notice", "body": "hello"}
    sent = await bot.chat.send(room, "m.room.message", content, "liver/2026-10-07/start")
    again = opened(stack, MatrixChat(homeserver.url, bot.user.user_id, password=bot.user.password, device_id=login.device_id))
    assert (await again.login()).device_id == login.device_id
    assert await again.send(room, "m.room.message", content, "liver/2026-10-07/start") == sent
    assert await again.send(room, "m.room.message", content, "liver/2026-10-07/end") != sent


async def test_a_dead_token_is_told_and_a_password_gets_a_new_one(homeserver: Homeserver, bot: Bot, stack: AsyncExitStack) -> None:
    dead = opened(stack, MatrixChat(homeserver.url, bot.user.user_id, token="syt_dead"))
    with pytest.raises(OutsideError, match="no longer accepts our access token") as refused:
        await dead.login()
    assert (refused.value.kind, refused.value.permanent) == ("rights", True)
    both = opened(stack, MatrixChat(homeserver.url, bot.user.user_id, token="syt_dead", password=bot.user.password))
    assert (await both.login()).access_token not in {"syt_dead", bot.user.token}


async def test_a_wrong_password_somebody_elses_token_and_none_of_both_are_told(
    homeserver: Homeserver, bot: Bot, arrive: Arrive, stack: AsyncExitStack
) -> None:
    with pytest.raises(OutsideError) as refused:
        await opened(stack, MatrixChat(homeserver.url, bot.user.user_id, password="guess")).login()
    assert (refused.value.kind, refused.value.permanent) == ("rights", True)
    with pytest.raises(MistakeError, match="belongs to @alma"):
        await opened(stack, MatrixChat(homeserver.url, bot.user.user_id, token=arrive("alma").user.token)).login()
    with pytest.raises(MistakeError, match="neither an access token nor a password"):
        await opened(stack, MatrixChat(homeserver.url, bot.user.user_id)).login()


# --- rooms ------------------------------------------------------------------------------------------------------------


async def test_invitations_say_who_asks_and_whether_the_room_is_direct_or_encrypted(bot: Bot, arrive: Arrive) -> None:
    alma = arrive("alma")
    plain = alma.create_room(invite=[bot.user.user_id], direct=True)
    secret = alma.create_room(invite=[bot.user.user_id], encrypted=True)
    found = {asked.room_id: asked for asked in (await bot.hear()).invitations}
    assert set(found) == {plain, secret}
    assert (found[RoomId(plain)].inviter, found[RoomId(plain)].direct, found[RoomId(plain)].encrypted) == (alma.user_id, True, False)
    assert (found[RoomId(secret)].direct, found[RoomId(secret)].encrypted) == (False, True)
    await bot.come_into(secret)
    await bot.chat.enter(RoomId(secret))
    assert (await bot.chat.room_facts(RoomId(secret))).encrypted


@pytest.mark.parametrize("version", ["11", "12"])
async def test_powers_and_creators_come_from_the_rooms_own_state(bot: Bot, arrive: Arrive, version: str) -> None:
    alma, bo = arrive("alma"), arrive("bo")
    room = RoomId(alma.create_room(version=version, invite=[bot.user.user_id, bo], powers={bo: 50, bot.user.user_id: 40}))
    await bot.chat.enter(room)
    state = {event.kind: event for event in everything(await bot.hear_room(room))}
    assert (state["create"].room_version, state["create"].creators) == (version, (alma.user_id,) if version == "12" else ())
    users = {UserId(bo.user_id): 50, UserId(bot.user.user_id): 40}
    assert state["powers"].powers is not None
    assert state["powers"].powers.users == (users if version == "12" else {**users, UserId(alma.user_id): 100})
    alma.set_power(room, bo, None)
    (demoted,) = (await bot.hear_room(room)).timeline
    assert demoted.powers is not None
    assert bo.user_id not in demoted.powers.users
    facts = await bot.chat.room_facts(room)
    assert (facts.joined, facts.may_speak, facts.power, facts.version, facts.name) == (True, True, 40, version, "Liver Spot")


async def test_a_room_we_are_not_in_has_no_facts_and_an_alias_finds_its_room(bot: Bot, arrive: Arrive) -> None:
    alma = arrive("alma")
    alias = f"spot{next(_numbers)}"
    room = alma.create_room(alias=alias)
    assert await bot.chat.resolve(f"#{alias}:peer.test") == room
    assert await bot.chat.resolve(room) == room
    assert not (await bot.chat.room_facts(RoomId(room))).joined
    with pytest.raises(OutsideError) as missing:
        await bot.chat.resolve("#nobody:peer.test")
    assert (missing.value.kind, missing.value.permanent) == ("missing", True)


async def test_an_upgraded_room_names_its_replacement(bot: Bot, arrive: Arrive) -> None:
    alma = arrive("alma")
    room = alma.create_room(version="11", invite=[bot.user.user_id])
    await bot.come_into(room)
    new = alma.upgrade_room(room, "12")
    tombstones = [event for event in (await bot.hear_room(room)).timeline if event.kind == "tombstone"]
    assert [event.replacement for event in tombstones] == [new]
    assert (await bot.chat.room_facts(RoomId(room))).replaced_by == new
    alma.invite(new, bot.user.user_id)
    await bot.come_into(new)
    assert (await bot.chat.room_facts(RoomId(new))).version == "12"


async def test_what_was_said_before_we_were_put_out_is_heard(bot: Bot, arrive: Arrive) -> None:
    alma = arrive("alma")
    room = alma.create_room(invite=[bot.user.user_id])
    await bot.come_into(room)
    last = alma.say(room, "one more thing")
    alma.kick(room, bot.user.user_id)
    batch = await bot.hear()
    assert batch.left == (room,)
    assert [event.event_id for event in batch.rooms[0].timeline if event.kind == "text"] == [last]


# --- listening --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["11", "12"])
async def test_a_conversation_is_heard_with_all_its_relations(bot: Bot, arrive: Arrive, version: str) -> None:
    alma, bo = arrive("alma"), arrive("bo")
    room = alma.create_room(version=version, invite=[bo, bot.user.user_id])
    bo.join(room)
    await bot.come_into(room)
    asked = alma.say(room, "does banding hurt?")
    told = bo.say(room, "an ache for two days", reply_to=asked, quoting=f"<{alma.user_id}> does banding hurt?", mentions=[alma])
    threaded = bo.say(room, "soft food after", thread=asked)
    waved = alma.say(room, "waves", kind="m.emote")
    edit = bo.edit(room, told, "an ache for three days")
    heart = alma.react(room, told, "❤️")
    gone = bo.redact(room, threaded)
    odd = alma.send(room, "m.room.message", {"msgtype": "m.text", "body": "a\x00b\u202e", "m.relates_to": None})
    image = alma.send(room, "m.room.message", {"msgtype": "m.image", "body": "mayo.jpg"})
    part = await bot.hear_room(room)
    heard = {event.event_id: event for event in part.timeline}
    assert list(heard) == [asked, told, waved, edit, heart, gone, odd, image]
    assert part.skipped == {"redacted": 1}  # the server has blanked it already
    facts = [(event.kind, event.body, event.target or event.reply_to or event.thread_root, event.key) for event in heard.values()]
    assert facts == [
        ("text", "does banding hurt?", None, ""),
        ("text", "an ache for two days", asked, ""),
        ("emote", "waves", None, ""),
        ("edit", "an ache for three days", told, ""),
        ("reaction", "", told, "❤"),
        ("redaction", "", threaded, ""),
        ("text", "ab", None, ""),
        ("media", "", None, ""),
    ]
    assert heard[EventId(told)].mentions == (alma.user_id,)


async def test_a_burst_of_300_messages_is_heard_whole_and_in_order_with_the_names_of_the_time(bot: Bot, arrive: Arrive) -> None:
    alma = arrive("alma")
    room = alma.create_room(invite=[bot.user.user_id])
    await bot.come_into(room)
    for number in range(300):
        alma.say(room, f"line {number}")
        if number == 99:
            alma.rename(room, "Alma B.")
    part = await bot.hear_room(room)
    assert [event.body for event in part.timeline if event.kind == "text"] == [f"line {number}" for number in range(300)]
    assert [event.name for event in part.timeline[99:102]] == ["", "Alma B.", ""]
    assert not [event for event in part.state if event.kind == "member"]  # else the new name would count from the beginning
    assert (part.gap, part.skipped) == (None, {})
    assert (await bot.hear()).rooms == ()


async def test_who_comes_late_hears_what_newcomers_may_read_and_knows_what_not(bot: Bot, arrive: Arrive) -> None:
    alma = arrive("alma")
    shown, hidden = (alma.create_room(invite=[bot.user.user_id], visibility=seen) for seen in ("shared", "joined"))
    for room in (shown, hidden):
        alma.say(room, "before")
    await bot.chat.enter(RoomId(shown))
    await bot.chat.enter(RoomId(hidden))
    for room in (shown, hidden):
        alma.say(room, "after")
    parts = {part.room_id: part for part in (await bot.hear()).rooms}
    assert [event.body for event in parts[RoomId(shown)].timeline if event.kind == "text"] == ["before", "after"]
    assert parts[RoomId(shown)].gap is None
    assert [event.body for event in parts[RoomId(hidden)].timeline if event.kind == "text"] == ["after"]
    gap = parts[RoomId(hidden)].gap
    assert gap is not None
    assert "newcomers" in gap.reason
    assert all(part.gap is None for part in (await bot.hear(full_state=True)).rooms)  # an old arrival is no news


async def test_full_state_brings_the_whole_roster_again(bot: Bot, arrive: Arrive) -> None:
    alma, bo = arrive("alma"), arrive("bo")
    room = alma.create_room(invite=[bot.user.user_id, bo])
    bo.join(room)
    await bot.come_into(room)
    batch = await bot.hear(full_state=True)
    roster = {event.subject for part in batch.rooms for event in part.state if event.kind == "member" and event.membership == "join"}
    assert roster == {alma.user_id, bo.user_id, bot.user.user_id}


# --- speaking ---------------------------------------------------------------------------------------------------------


async def test_our_own_message_comes_back_with_its_key_and_redacting_it_twice_is_fine(bot: Bot, arrive: Arrive) -> None:
    room = RoomId(arrive("alma").create_room(invite=[bot.user.user_id]))
    await bot.come_into(room)
    sent = await bot.chat.send(room, "m.room.message", {"msgtype": "m.notice", "body": "noted", EFFECT_KEY: "liver/start"}, "liver/start")
    (own,) = (await bot.hear_room(room)).timeline
    assert (own.event_id, own.kind, own.effect_key) == (sent, "notice", "liver/start")
    await bot.chat.redact(room, sent, "take-back")
    await bot.chat.redact(room, sent, "take-back-once-more")
    assert {event.target for event in (await bot.hear_room(room)).timeline} == {sent}


async def test_a_reaction_that_stands_there_already_is_the_one_that_was_asked_for(bot: Bot, arrive: Arrive) -> None:
    alma = arrive("alma")
    room = RoomId(alma.create_room(invite=[bot.user.user_id]))
    await bot.come_into(room)
    content = {"m.relates_to": {"rel_type": "m.annotation", "event_id": alma.say(room, "card"), "key": "✔️"}}
    first = await bot.chat.send(room, "m.reaction", content, "tick-1")
    assert first
    assert await bot.chat.send(room, "m.reaction", content, "tick-2") == first


async def test_there_is_one_direct_room_with_a_member_however_often_and_whatever_is_lost(
    homeserver: Homeserver, bot: Bot, arrive: Arrive, stack: AsyncExitStack
) -> None:
    bo = arrive("bo")
    user = UserId(bo.user_id)
    with Proxy(homeserver.url) as proxy:
        chat = opened(stack, MatrixChat(proxy.url, bot.user.user_id, token=bot.user.token))
        await chat.login()
        proxy.fail(LOST_REPLY, method="POST", path="/createRoom")
        with pytest.raises(OutsideError):
            await chat.direct_room(user)
        proxy.fail(answer(404, {"errcode": "M_NOT_FOUND"}), path="/directory/room/")  # found missing, made meanwhile
        room = await chat.direct_room(user)
    assert await bot.chat.direct_room(user) == room
    assert list(bo.invitations()) == [room]
    bo.join(room)
    assert not (await bot.chat.room_facts(room)).encrypted
    bo.leave(room)
    assert await bot.chat.direct_room(user) == room
    assert list(bo.invitations()) == [room]


async def test_a_direct_room_that_we_left_is_followed_by_another(homeserver: Homeserver, bot: Bot, arrive: Arrive) -> None:
    user = UserId(arrive("bo").user_id)
    room = await bot.chat.direct_room(user)
    us = Person(homeserver, bot.user)
    us.leave(room)
    us.close()
    other = await bot.chat.direct_room(user)
    assert other != room
    assert await bot.chat.direct_room(user) == other


async def test_a_homeserver_that_dies_and_comes_back_loses_nothing(homeserver: Homeserver, bot: Bot, arrive: Arrive) -> None:
    alma = arrive("alma")
    room = RoomId(alma.create_room(invite=[bot.user.user_id]))
    await bot.come_into(room)
    said = alma.say(room, "before the power cut")
    ours = await bot.chat.send(room, "m.room.message", {"msgtype": "m.notice", "body": "noted"}, "once")
    homeserver.kill()
    try:
        with pytest.raises(OutsideError) as refused:
            await bot.hear()
        assert (refused.value.kind, refused.value.permanent) == ("refused", False)
    finally:
        homeserver.start()
    assert await bot.chat.send(room, "m.room.message", {"msgtype": "m.notice", "body": "noted"}, "once") == ours
    assert [event.event_id for event in (await bot.hear_room(room)).timeline] == [said, ours]


async def test_a_call_that_is_given_up_leaves_the_chat_usable(bot: Bot, arrive: Arrive) -> None:
    room = arrive("alma").create_room(invite=[bot.user.user_id])
    await bot.come_into(room)
    listening = asyncio.create_task(bot.chat.sync(bot.token, full_state=False))
    await asyncio.sleep(0)
    listening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await listening
    assert (await bot.chat.room_facts(RoomId(room))).joined


async def test_no_logger_ever_sees_what_was_said(bot: Bot, arrive: Arrive, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    alma = arrive("alma")
    room = alma.create_room(invite=[bot.user.user_id])
    await bot.come_into(room)
    alma.say(room, "canary one")
    alma.send(room, "m.room.message", {"msgtype": "m.text", "body": "canary two", "m.relates_to": "x"})
    alma.send(room, "m.reaction", {"canary": "three"})
    alma.set_state(room, "m.room.member", {"membership": "join", "displayname": None, "canary": "four"}, alma.user_id)
    assert (await bot.hear_room(room)).skipped == {"a reaction to nothing": 1}
    logging.getLogger("nio.events.misc").error("canary five")
    assert "canary" not in caplog.text


def everything(part: RoomBatch) -> list[RoomEvent]:
    """State and timeline."""
    return [*part.state, *part.timeline]
