"""Rows about ourselves and about rooms: the account, the sync token, each room's state, our direct rooms, open meetings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, select

from peerplugin.core.capture import Floor
from peerplugin.core.model import RoomId, RoomState, UserId
from peerplugin.store import tables
from peerplugin.store.codec import dump, load
from peerplugin.store.rows import Rows


@dataclass(frozen=True, slots=True)
class Account:
    """Who we are at the homeserver, kept so that a restart is not a new device."""

    user_id: UserId
    device_id: str
    access_token: str = field(repr=False)
    homeserver: str


class RoomRows(Rows):
    """The account, the sync token, rooms and floors."""

    def account(self) -> Account | None:
        """Who we logged in as."""
        row = self._first(select(tables.account))
        if row is None:
            return None
        return Account(UserId(row["user_id"]), row["device_id"], row["access_token"], row["homeserver"])

    def save_account(self, account: Account) -> None:
        """Remember who we logged in as; another account's sync token would mean nothing, so it goes."""
        known = self.account()
        if known is not None and (known.user_id, known.device_id) != (account.user_id, account.device_id):
            self._connection.execute(delete(tables.remembered).where(tables.remembered.c.name == "sync_token"))
        row = {name: getattr(account, name) for name in ("user_id", "device_id", "access_token", "homeserver")}
        self._put(tables.account, {"id": 1, **row})

    def token(self) -> str | None:
        """Up to where the homeserver's news is stored."""
        return self.remembered("sync_token")

    def save_token(self, token: str) -> None:
        """Belongs into the transaction that stores what came with it."""
        self.remember("sync_token", token)

    def began_at(self) -> datetime | None:
        """When the service first ran: what was said before is none of its business."""
        text = self.remembered("began_at")
        return None if text is None else datetime.fromisoformat(text)

    def set_began_at(self, began_at: datetime) -> None:
        """Remember the first start."""
        self.remember("began_at", began_at.isoformat())

    def remembered(self, name: str) -> str | None:
        """A single value by its name."""
        return self._one(tables.remembered.c.value, tables.remembered.c.name, name)

    def remember(self, name: str, value: str) -> None:
        """Keep a single value under a name."""
        self._put(tables.remembered, {"name": name, "value": value})

    # --- rooms ----------------------------------------------------------------------------------------------------

    def room_state(self, room_id: RoomId) -> RoomState | None:
        """What the room is, if we ever heard of it."""
        text = self._one(tables.rooms.c.state, tables.rooms.c.room_id, room_id)
        return None if text is None else load(RoomState, text)

    def room_states(self) -> tuple[RoomState, ...]:
        """All rooms we ever heard of."""
        return tuple(load(RoomState, text) for text in self._values(select(tables.rooms.c.state).order_by(tables.rooms.c.room_id)))

    def save_room_state(self, state: RoomState) -> None:
        """What the room is now."""
        self._put(tables.rooms, {"room_id": state.room_id, "replaced_by": state.replaced_by, "state": dump(state)})

    def current_room(self, room_id: RoomId) -> RoomId:
        """The room that an upgraded room became, through any number of upgrades; a circle ends at its last new room."""
        seen = [room_id]
        while True:
            following = self._one(tables.rooms.c.replaced_by, tables.rooms.c.room_id, seen[-1])
            if following is None or following in seen:
                return seen[-1]
            seen.append(RoomId(following))

    def direct_room(self, user: UserId) -> RoomId | None:
        """Our private room with a member."""
        found = self._one(tables.direct_rooms.c.room_id, tables.direct_rooms.c.user_id, user)
        return None if found is None else RoomId(found)

    def save_direct_room(self, user: UserId, room_id: RoomId) -> None:
        """Remember our private room with a member; a newer one takes the place of an older one."""
        self._put(tables.direct_rooms, {"user_id": user, "room_id": room_id})

    # --- floors ---------------------------------------------------------------------------------------------------

    def floor(self, room_id: RoomId) -> Floor | None:
        """The meeting that is open in a room."""
        text = self._one(tables.floors.c.floor, tables.floors.c.room_id, room_id)
        return None if text is None else load(Floor, text)

    def floors(self) -> Mapping[RoomId, Floor]:
        """All open meetings by their room."""
        return {RoomId(row["room_id"]): load(Floor, row["floor"]) for row in self._all(select(tables.floors))}

    def save_floor(self, room_id: RoomId, floor: Floor | None) -> None:
        """How the room's meeting stands now; None: it is over."""
        if floor is None:
            self._connection.execute(delete(tables.floors).where(tables.floors.c.room_id == room_id))
        else:
            self._put(tables.floors, {"room_id": room_id, "meeting": floor.meeting, "floor": dump(floor)})
