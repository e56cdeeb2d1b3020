"""The Matrix side of the service: `MatrixChat` listens, speaks and joins. It decides nothing.

What it says is repeatable: a message by its transaction id, a direct room by its alias, a reaction because the server keeps one."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from nio import Api, RoomPreset
from nio.api import RelationshipType

from integrations.matrix.connection import NO_TOKEN, Connection, Json
from integrations.matrix.events import read_event
from integrations.matrix.facts import RoomFacts, room_facts
from integrations.matrix.faults import RefusedError, unheard
from integrations.matrix.history import History
from integrations.matrix.sync import FILTER, RoomAnswer, invitations, left_rooms, room_answers, room_batch
from integrations.matrix.words import without_selectors
from peerplugin.core.model import EventId, RoomEvent, RoomId, UserId
from peerplugin.errors import MistakeError, OutsideError
from peerplugin.ports import Batch, RoomBatch

_PLAIN_TXN = re.compile(r"[A-Za-z0-9._~-]{1,100}")
_MOST_DIRECT_ROOMS: Final = 5


@dataclass(frozen=True, slots=True)
class Login:
    """Who we are on the homeserver. All three are kept: another device would make other events of our old transactions."""

    user_id: UserId
    device_id: str
    access_token: str = field(repr=False)


class MatrixChat:
    """Implements `peerplugin.ports.Chat` over a homeserver's client API."""

    def __init__(
        self,
        homeserver: str,
        user_id: str,
        *,
        device_id: str = "",
        token: str = "",
        password: str = "",
        sync_timeout_s: float = 30.0,
        answer_timeout_s: float = 30.0,
    ) -> None:
        self._me = UserId(user_id)
        self._token = token
        self._password = password
        self._sync_ms = max(1, round(sync_timeout_s * 1000))  # zero would be a sync without any bound
        self._connection = Connection(homeserver, user_id, device_id, answer_s=answer_timeout_s)
        self._history = History(self._connection)
        self._filter_id = ""
        self._direct: dict[UserId, RoomId] = {}

    async def close(self) -> None:
        """Hang up."""
        await self._connection.close()

    async def login(self) -> Login:
        """Log in by the token, or, where there is none or it has died, by the password; on the device we had, if we had one."""
        if self._token:
            self._connection.log_in(self._me, self._connection.device_id, self._token)
            try:
                return await self._whoami(self._token)
            except RefusedError as refused:
                if not refused.is_dead_token or not self._password:
                    raise
        if not self._password:
            raise MistakeError("There is neither an access token nor a password for the homeserver. Put one of them into the settings.")
        return await self._whoami(await self._new_token())

    async def sync(self, since: str | None, *, full_state: bool) -> Batch:
        """Wait for news since `since` and fill the holes of the timelines; all of one answer, or an error and nothing."""
        request = Api.sync(NO_TOKEN, since, self._sync_ms, await self._filter(), full_state or None)
        answer = await self._connection.ask("listening", request, longer_s=self._sync_ms / 1000)
        token = answer.get("next_batch")
        if not isinstance(token, str) or not token:
            raise unheard("listening", self._connection.homeserver, "not_json", 0)
        rooms = [await self._room(room, since, full_state) for room in room_answers(answer)]
        return Batch(token, tuple(rooms), left_rooms(answer), invitations(answer, self._me))

    async def send(self, room: RoomId, event_type: str, content: Mapping[str, object], txn: str) -> EventId:
        """Send one event. A reaction that stands there already is the reaction that was asked for."""
        request = Api.room_send(NO_TOKEN, room, event_type, dict(content), transaction_id(txn))
        try:
            answer = await self._connection.ask(f"sending {event_type} to {room}", request)
        except RefusedError as refused:
            if refused.errcode != "M_DUPLICATE_ANNOTATION":
                raise
            return await self._own_reaction(room, content)
        return EventId(self._text(answer, "event_id"))

    async def redact(self, room: RoomId, event_id: EventId, txn: str) -> None:
        """Redact one event; again does no harm."""
        await self._connection.ask(f"redacting in {room}", Api.room_redact(NO_TOKEN, room, event_id, transaction_id(txn)))

    async def enter(self, room: RoomId) -> None:
        """Join a room we are invited to; being in it already is no error."""
        await self._connection.ask(f"joining {room}", Api.join(NO_TOKEN, room))

    async def direct_room(self, user: UserId) -> RoomId:
        """Our direct room with a member, found again by an alias that only depends on the two of us."""
        if user in self._direct and await self._is_there(self._direct[user], user):
            return self._direct[user]
        for number in range(1, _MOST_DIRECT_ROOMS + 1):
            room = await self._find_or_make(user, direct_alias(self._me, user, number))
            if await self._is_there(room, user):  # else we have left that one: the next
                self._direct[user] = room
                return room
        raise OutsideError(f"There is no usable direct room with {user}: we left {_MOST_DIRECT_ROOMS}.", kind="conflict", permanent=True)

    async def resolve(self, room: str) -> RoomId:
        """The id of a room that is named by its id or its alias."""
        if not room.startswith("#"):
            return RoomId(room)
        answer = await self._connection.ask(f"looking up {room}", Api.room_resolve_alias(room))
        return RoomId(self._text(answer, "room_id"))

    async def room_facts(self, room: RoomId) -> RoomFacts:
        """What `check` wants to know of a room: whether we are in it, may speak, can read it."""
        try:
            answer = await self._connection.ask(f"reading the state of {room}", Api.room_get_state(NO_TOKEN, room))
        except RefusedError as refused:
            if refused.is_dead_token or refused.kind not in {"rights", "missing"}:
                raise
            return RoomFacts(room, joined=False)
        return room_facts(room, answer.get("answer"), self._me)

    # --- login ------------------------------------------------------------------------------------------------------

    async def _whoami(self, token: str) -> Login:
        answer = await self._connection.ask("logging in", Api.whoami(NO_TOKEN))
        user_id, device_id = self._text(answer, "user_id"), answer.get("device_id")
        if user_id != self._me:
            raise MistakeError(f"The access token belongs to {user_id}, the settings say {self._me}. Correct one of them.")
        login = Login(self._me, device_id if isinstance(device_id, str) else "", token)
        self._connection.log_in(login.user_id, login.device_id, token)
        return login

    async def _new_token(self) -> str:
        request = Api.login(self._me, self._password, device_name="peerplugin", device_id=self._connection.device_id)
        self._connection.log_in(self._me, self._connection.device_id, "")
        answer = await self._connection.ask("logging in by password", request)
        token = self._text(answer, "access_token")
        self._connection.log_in(self._me, self._text(answer, "device_id"), token)
        return token

    # --- listening --------------------------------------------------------------------------------------------------

    async def _filter(self) -> str:
        if not self._filter_id:
            request = Api.upload_filter(NO_TOKEN, self._me, **FILTER)
            self._filter_id = self._text(await self._connection.ask("telling what we want to hear", request), "filter_id")
        return self._filter_id

    async def _room(self, room: RoomAnswer, since: str | None, full_state: bool) -> RoomBatch:
        filled = await self._history.fill(room, since)
        news = [] if since is None else [*([] if full_state else room.state), *filled.events, *room.timeline]
        return room_batch(room, filled, self._me, news)

    # --- speaking ---------------------------------------------------------------------------------------------------

    async def _own_reaction(self, room: RoomId, content: Mapping[str, object]) -> EventId:
        """Which of the reactions under a message is ours; empty if it is not on the first page."""
        relation = content.get("m.relates_to")
        target, key = (relation.get("event_id"), relation.get("key")) if isinstance(relation, Mapping) else (None, None)
        request = Api.room_get_event_relations(NO_TOKEN, room, str(target), RelationshipType.annotation, "m.reaction", limit=100)
        found = (await self._connection.ask(f"finding our reaction in {room}", request)).get("chunk")
        for raw in found if isinstance(found, list) else []:
            event = read_event(raw, room)
            if isinstance(event, RoomEvent) and event.sender == self._me and isinstance(key, str) and event.key == without_selectors(key):
                return event.event_id
        return EventId("")

    async def _find_or_make(self, user: UserId, alias: str) -> RoomId:
        try:
            return await self.resolve(alias)
        except RefusedError as refused:
            if refused.kind != "missing":
                raise
        local = alias[1:].partition(":")[0]
        preset = RoomPreset.trusted_private_chat
        request = Api.room_create(NO_TOKEN, alias=local, preset=preset, invite=[user], is_direct=True)
        try:
            return RoomId(self._text(await self._connection.ask(f"making a direct room with {user}", request), "room_id"))
        except RefusedError as refused:
            if refused.errcode != "M_ROOM_IN_USE":  # made a moment ago, its answer lost
                raise
        return await self.resolve(alias)

    async def _is_there(self, room: RoomId, user: UserId) -> bool:
        """Whether a direct room can be used: we are in it, and the member is, or is invited again here."""
        try:  # asked for its members, not for its state: who has left may still read that
            found = await self._connection.ask(f"looking into {room}", Api.joined_members(NO_TOKEN, room))
        except RefusedError as refused:
            if refused.is_dead_token or refused.kind not in {"rights", "missing"}:
                raise
            return False
        joined = found.get("joined")
        if not (isinstance(joined, Mapping) and user in joined) and await self._membership(room, user) != "invite":
            await self._connection.ask(f"inviting {user} to {room}", Api.room_invite(NO_TOKEN, room, user))
        return True

    async def _membership(self, room: RoomId, user: UserId) -> object:
        request = Api.room_get_state_event(NO_TOKEN, room, "m.room.member", user)
        try:
            return (await self._connection.ask(f"looking for {user} in {room}", request)).get("membership")
        except RefusedError as refused:
            if refused.kind != "missing":
                raise
            return None

    def _text(self, answer: Json, name: str) -> str:
        value = answer.get(name)
        if not isinstance(value, str) or not value:
            raise unheard(f"reading {name}", self._connection.homeserver, "not_json", 0)
        return value


def transaction_id(txn: str) -> str:
    """Ours as it is, where it can stand in a path; else its hash: a proxy may take `%2F` for a slash."""
    return txn if _PLAIN_TXN.fullmatch(txn) else hashlib.sha256(txn.encode()).hexdigest()[:40]


def direct_alias(me: UserId, user: UserId, number: int = 1) -> str:
    """The alias of our direct room with a member: a hash, since aliases are public and the pair is nobody's business."""
    digest = hashlib.sha256(json.dumps([me, user, number]).encode()).hexdigest()[:24]
    return f"#peerplugin-{digest}:{me.partition(':')[2]}"
