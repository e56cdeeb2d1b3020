"""Somebody in a room who is not our bot: speaks plain HTTP, so that no test is a client library's talk with itself."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

import requests

from peerplugin.demo.homeserver import Homeserver, User
from peerplugin.errors import PeerpluginError

Json = dict[str, Any]


class RefusedError(PeerpluginError):
    """The homeserver refused; `status` and `errcode` say how."""

    def __init__(self, status: int, errcode: str, what: str) -> None:
        super().__init__(f"{what}: {status} {errcode}")
        self.status = status
        self.errcode = errcode


class Person:
    """One member, moderator or host, with one device."""

    def __init__(self, homeserver: Homeserver, user: User) -> None:
        self.user = user
        self.user_id = user.user_id
        self._url = f"{homeserver.url}/_matrix/client/v3"
        self._server = homeserver.name
        self._txns = itertools.count()
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {user.token}"

    @classmethod
    def arrive(cls, homeserver: Homeserver, name: str, shown: str = "") -> Person:
        """Register and be there. `shown`: the name that others see."""
        return cls(homeserver, homeserver.register(name, shown=shown))

    def close(self) -> None:
        """Hang up."""
        self._session.close()

    # --- rooms -----------------------------------------------------------------------------------------------------

    def create_room(
        self,
        name: str = "Liver Spot",
        *,
        version: str | None = None,
        invite: Sequence[Person | str] = (),
        powers: Mapping[Person | str, int] | None = None,
        encrypted: bool = False,
        visibility: str = "shared",
        direct: bool = False,
        alias: str | None = None,
    ) -> str:
        """A private room that those who are invited can join. `visibility`: who reads what was said before they came."""
        state = [{"type": "m.room.history_visibility", "state_key": "", "content": {"history_visibility": visibility}}]
        if encrypted:
            state.append({"type": "m.room.encryption", "state_key": "", "content": {"algorithm": "m.megolm.v1.aes-sha2"}})
        body: Json = {
            "name": name,
            "preset": "private_chat",
            "invite": [_id(user) for user in invite],
            "is_direct": direct,
            "initial_state": state,
        }
        if version is not None:
            body["room_version"] = version
        if alias is not None:
            body["room_alias_name"] = alias
        room = str(self.call("POST", "createRoom", body)["room_id"])
        for user, level in (powers or {}).items():
            self.set_power(room, user, level)
        return room

    def join(self, room: str) -> None:
        """Come in."""
        self.call("POST", f"join/{quote(room, safe='')}", {})

    def leave(self, room: str) -> None:
        """Go."""
        self.call("POST", f"rooms/{quote(room, safe='')}/leave", {})

    def invite(self, room: str, user: Person | str) -> None:
        """Ask somebody in."""
        self.call("POST", f"rooms/{quote(room, safe='')}/invite", {"user_id": _id(user)})

    def kick(self, room: str, user: Person | str) -> None:
        """Put somebody out."""
        self.call("POST", f"rooms/{quote(room, safe='')}/kick", {"user_id": _id(user)})

    def upgrade_room(self, room: str, version: str) -> str:
        """Replace a room by one of another version; the new one's id."""
        return str(self.call("POST", f"rooms/{quote(room, safe='')}/upgrade", {"new_version": version})["replacement_room"])

    def state(self, room: str, kind: str, key: str = "") -> Json:
        """One piece of a room's state."""
        return self.call("GET", f"rooms/{quote(room, safe='')}/state/{kind}/{quote(key, safe='')}")

    def set_state(self, room: str, kind: str, content: Json, key: str = "") -> str:
        """Change one piece of a room's state."""
        return str(self.call("PUT", f"rooms/{quote(room, safe='')}/state/{kind}/{quote(key, safe='')}", content)["event_id"])

    def set_power(self, room: str, user: Person | str, level: int | None) -> None:
        """Give somebody a power level; None takes them off the list."""
        content = self.state(room, "m.room.power_levels")
        content.setdefault("users", {})[_id(user)] = level
        if level is None:
            del content["users"][_id(user)]
        self.set_state(room, "m.room.power_levels", content)

    def rename(self, room: str, name: str) -> None:
        """Take another display name in one room."""
        self.set_state(room, "m.room.member", {"membership": "join", "displayname": name}, self.user_id)

    # --- talk -------------------------------------------------------------------------------------------------------

    def say(
        self,
        room: str,
        text: str,
        *,
        reply_to: str | None = None,
        quoting: str | None = None,
        thread: str | None = None,
        kind: str = "m.text",
        mentions: Sequence[Person | str] = (),
    ) -> str:
        """Write a line. `quoting`: begin it with a reply's quotation, `> <@user> ...`, as older clients do."""
        body = f"> {quoting}\n\n{text}" if quoting else text
        content: Json = {"msgtype": kind, "body": body, "m.mentions": {"user_ids": [_id(user) for user in mentions]}}
        if thread:
            content["m.relates_to"] = {
                "rel_type": "m.thread",
                "event_id": thread,
                "is_falling_back": reply_to is None,
                "m.in_reply_to": {"event_id": reply_to or thread},
            }
        elif reply_to:
            content["m.relates_to"] = {"m.in_reply_to": {"event_id": reply_to}}
        return self.send(room, "m.room.message", content)

    def edit(self, room: str, event_id: str, text: str) -> str:
        """Put other words in place of what was said."""
        content: Json = {
            "msgtype": "m.text",
            "body": f"* {text}",
            "m.new_content": {"msgtype": "m.text", "body": text},
            "m.relates_to": {"rel_type": "m.replace", "event_id": event_id},
        }
        return self.send(room, "m.room.message", content)

    def react(self, room: str, event_id: str, emoji: str) -> str:
        """Put an emoji under a message."""
        return self.send(room, "m.reaction", {"m.relates_to": {"rel_type": "m.annotation", "event_id": event_id, "key": emoji}})

    def redact(self, room: str, event_id: str) -> str:
        """Take a message, an edit or a reaction back."""
        path = f"rooms/{quote(room, safe='')}/redact/{quote(event_id, safe='')}/{self._txn()}"
        return str(self.call("PUT", path, {})["event_id"])

    def send(self, room: str, kind: str, content: Json) -> str:
        """Send any event."""
        return str(self.call("PUT", f"rooms/{quote(room, safe='')}/send/{kind}/{self._txn()}", content)["event_id"])

    # --- reading ----------------------------------------------------------------------------------------------------

    def messages(self, room: str) -> list[Json]:
        """Every event of the room that this person may see, oldest first."""
        return list(self._pages(room))[::-1]

    def rooms(self) -> list[str]:
        """The rooms this person is in."""
        return list(self.call("GET", "joined_rooms")["joined_rooms"])

    def sync(self, since: str = "", timeout_s: float = 0, wanted: Json | None = None) -> Json:
        """What is new since a token, waited for as clients do. `wanted`: a filter."""
        query: dict[str, str] = {"timeout": str(int(timeout_s * 1000))}
        query |= {"since": since} if since else {}
        query |= {"filter": json.dumps(wanted)} if wanted else {}
        return self.call("GET", f"sync?{urlencode(query)}")

    def invitations(self) -> dict[str, Json]:
        """Where this person is invited: room id to the stripped state."""
        return dict(self.sync().get("rooms", {}).get("invite", {}))

    def call(self, method: str, path: str, body: object = None) -> Json:
        """One request under /_matrix/client/v3."""
        answer = self._session.request(method, f"{self._url}/{path}", json=body, timeout=60)
        found: Json = answer.json()
        if not answer.ok:
            raise RefusedError(answer.status_code, found.get("errcode", ""), f"{method} {path}")
        return found

    def _pages(self, room: str) -> Iterator[Json]:
        query = f"rooms/{quote(room, safe='')}/messages?dir=b&limit=500"
        page = self.call("GET", query)
        while True:
            yield from page["chunk"]
            if not page["chunk"] or "end" not in page:
                return
            page = self.call("GET", f"{query}&from={page['end']}")

    def _txn(self) -> str:
        return f"p{next(self._txns)}"


def _id(user: Person | str) -> str:
    return user.user_id if isinstance(user, Person) else user
