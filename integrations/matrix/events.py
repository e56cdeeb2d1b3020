"""One event of a Matrix room, as JSON, becomes a `RoomEvent`; what cannot be read becomes a reason, never an exception.

The server checks little: it lets `"m.relates_to": null`, NUL and an image without url pass. So every field is looked at as if
a stranger had written it, because a stranger may have. A reason is one of our own words: it never repeats what the event held.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Final

from integrations.matrix.words import MAX_BYTES, clean, mentioned, without_quotation, without_selectors
from peerplugin.core.model import EventId, EventKind, Powers, RoomEvent, RoomId, UserId

EFFECT_KEY: Final = "org.peerplugin.key"
"""Where our own events carry the key of the effect that sent them: the event coming back by sync is its receipt."""

WANTED_TYPES: Final = (
    "m.room.message", "m.room.encrypted", "m.sticker", "m.reaction", "m.room.redaction", "m.room.member", "m.room.power_levels",
    "m.room.create", "m.room.name", "m.room.tombstone", "m.room.encryption",
)  # fmt: skip
"""The event types that `read_event` understands, for a sync filter."""

_Json = Mapping[str, object]
_Make = Callable[..., RoomEvent]
_SAID: Final[Mapping[str, EventKind]] = {
    "m.text": "text", "m.notice": "notice", "m.server_notice": "notice", "m.emote": "emote",
    "m.image": "media", "m.file": "media", "m.audio": "media", "m.video": "media", "m.location": "media",
}  # fmt: skip
_MEMBERSHIPS: Final = frozenset({"join", "leave", "invite", "ban", "knock"})
_LATEST_MS: Final = 253_402_300_799_999  # the end of the year 9999: later instants have no datetime
_MAX_ID_BYTES: Final = 255
_ID = re.compile(r"[!-~\u00a1-\U0010ffff]{1,254}")  # no blanks, no control characters


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An event that cannot be used, and why, in a few words that quote nothing of it."""

    reason: str
    event_id: EventId | None


@dataclass(frozen=True, slots=True)
class _Relation:
    """`m.relates_to`, as far as it makes sense."""

    kind: str = ""
    target: EventId | None = None
    reply_to: EventId | None = None
    falling_back: bool = False
    key: str = ""


class _MalformedError(Exception):
    """Carries a reason up to `read_event`; nobody else sees it."""


def read_event(raw: object, room_id: RoomId | None = None) -> RoomEvent | Unreadable:
    """Read one event; `room_id` is the room it was found under, since a sync answer does not repeat it in the event."""
    event_id: EventId | None = None
    try:
        event = _object(raw, "not an object")
        event_id = _event_id(event.get("event_id"), "no event id")
        kind = event.get("type")
        reader = _READERS.get(kind) if isinstance(kind, str) else None
        if reader is None:
            raise _MalformedError("another type" if isinstance(kind, str) else "no type")
        made = partial(
            RoomEvent,
            event_id=event_id,
            room_id=RoomId(_id(event.get("room_id", room_id), "!", "no room id")),
            sender=_user_id(event.get("sender"), "no sender"),
            at=_instant(event.get("origin_server_ts")),
        )
        return reader(event, _object(event.get("content"), "no content"), made)
    except _MalformedError as malformed:
        return Unreadable(str(malformed), event_id)


# --- something said ---------------------------------------------------------------------------------------------------


def _message(event: _Json, content: _Json, made: _Make) -> RoomEvent:
    """`m.room.message`: text, notice, emote, media, or an edit of one."""
    _not_redacted(event, content)
    relation = _relation(content)
    if relation.kind == "m.replace":
        return _edit(content, relation, made)
    kind, body = _words(content)
    if kind == "media":
        return _said(made, "media", relation, content, "")
    return _said(made, kind, relation, content, without_quotation(body) if relation.reply_to else body)


def _edit(content: _Json, relation: _Relation, made: _Make) -> RoomEvent:
    """An edit: its words are in `m.new_content`, its own `body` is a fallback for old clients."""
    if relation.target is None:
        raise _MalformedError("an edit of nothing")
    new = _object(content.get("m.new_content"), "an edit without new content")
    kind, body = _words(new)
    # An edited reply does not say that it is one, so a quotation is known only by its `<@user:host>`.
    text = "" if kind == "media" else without_quotation(body, only_named=True)
    return made(kind="edit", body=text, target=relation.target, effect_key=_effect_key(content), mentions=mentioned(new, text))


def _words(content: _Json) -> tuple[EventKind, str]:
    """What sort of message this is, and its words; clean, and empty where it is media."""
    msgtype, body = content.get("msgtype"), content.get("body")
    if not isinstance(msgtype, str):
        raise _MalformedError("no msgtype")
    kind = _SAID.get(msgtype)
    if kind is None and msgtype.startswith("m."):
        raise _MalformedError("another msgtype")
    if kind == "media":
        return kind, ""
    if not isinstance(body, str):
        raise _MalformedError("no body")
    return kind or "text", _text(body)  # a client's own msgtype (falling snow, confetti) is a text with decoration


def _sticker(event: _Json, content: _Json, made: _Make) -> RoomEvent:
    """A sticker is a picture."""
    _not_redacted(event, content)
    return _said(made, "media", _relation(content), content, "")


def _encrypted(event: _Json, content: _Json, made: _Make) -> RoomEvent:
    """We hold no keys: that something was said here is all there is to know."""
    _not_redacted(event, content)
    return _said(made, "undecryptable", _relation(content), {}, "")


def _said(made: _Make, kind: EventKind, relation: _Relation, content: _Json, body: str) -> RoomEvent:
    """What all that is said has in common."""
    root = relation.target if relation.kind == "m.thread" else None
    return made(
        kind=kind,
        body=body,
        reply_to=None if root and relation.falling_back else relation.reply_to,
        thread_root=root,
        effect_key=_effect_key(content),
        mentions=mentioned(content, body),
    )


# --- about an earlier event -------------------------------------------------------------------------------------------


def _reaction(event: _Json, content: _Json, made: _Make) -> RoomEvent:
    """A reaction; its emoji loses the variation selectors, which clients add or leave out as they please."""
    _not_redacted(event, content)
    relation = _relation(content)
    if relation.kind != "m.annotation" or relation.target is None or not relation.key:
        raise _MalformedError("a reaction to nothing")
    return made(kind="reaction", target=relation.target, key=relation.key, effect_key=_effect_key(content))


def _redaction(event: _Json, content: _Json, made: _Make) -> RoomEvent:
    """A redaction: of the top-level `redacts`, which the server guards in old rooms, else (version 11 on) of the content's."""
    target = event.get("redacts", content.get("redacts"))
    if target is None:
        raise _MalformedError("redacted")
    return made(kind="redaction", target=_event_id(target, "a redaction of nothing"), effect_key=_effect_key(content))


# --- state of the room ------------------------------------------------------------------------------------------------


def _member(event: _Json, content: _Json, made: _Make) -> RoomEvent:
    """Somebody joins, leaves, is invited or banned, or changes their display name."""
    membership, name = content.get("membership"), content.get("displayname")
    if not isinstance(membership, str) or membership not in _MEMBERSHIPS:
        raise _MalformedError("no membership")
    subject = _user_id(event.get("state_key"), "no member")
    return made(kind="member", subject=subject, membership=membership, name=_text(name) if isinstance(name, str) else "")


def _powers(event: _Json, content: _Json, made: _Make) -> RoomEvent:
    """Power levels as they stand; an entry that makes no sense is left out, the others count."""
    _state(event)
    users = content.get("users")
    levels = {}
    for user, value in users.items() if isinstance(users, Mapping) else ():
        level = _level(value)
        if _is_user_id(user) and level is not None:
            levels[UserId(user)] = level
    return made(kind="powers", powers=Powers(levels, _level(content.get("users_default")) or 0))


def _create(event: _Json, content: _Json, made: _Make) -> RoomEvent:
    """A room begins. From version 12 on its creators have infinite power and stand nowhere else."""
    _state(event)
    version = content.get("room_version", "1")
    if not isinstance(version, str) or len(version) > 32:
        raise _MalformedError("no room version")
    creators: tuple[UserId, ...] = ()
    if has_creators(version):
        more = content.get("additional_creators")
        named = [UserId(user) for user in more if _is_user_id(user)] if isinstance(more, list) else []
        creators = tuple(dict.fromkeys([_user_id(event.get("sender"), "no sender"), *named]))
    return made(kind="create", room_version=version, creators=creators)


def has_creators(version: str) -> bool:
    """Whether a room of this version gives its creators infinite power."""
    return version.isascii() and version.isdigit() and int(version) >= 12


def _name(event: _Json, content: _Json, made: _Make) -> RoomEvent:
    """The room's name; none is a name as well."""
    _state(event)
    name = content.get("name")
    return made(kind="name", name=_text(name) if isinstance(name, str) else "")


def _tombstone(event: _Json, content: _Json, made: _Make) -> RoomEvent:
    """The room was replaced."""
    _state(event)
    return made(kind="tombstone", replacement=RoomId(_id(content.get("replacement_room"), "!", "no replacement room")))


def _encryption(event: _Json, content: _Json, made: _Make) -> RoomEvent:
    """The room is encrypted from here on, whatever the content says: there is no way back."""
    _state(event)
    return made(kind="encryption")


_READERS: Final[Mapping[str, Callable[[_Json, _Json, _Make], RoomEvent]]] = {
    "m.room.message": _message,
    "m.room.encrypted": _encrypted,
    "m.sticker": _sticker,
    "m.reaction": _reaction,
    "m.room.redaction": _redaction,
    "m.room.member": _member,
    "m.room.power_levels": _powers,
    "m.room.create": _create,
    "m.room.name": _name,
    "m.room.tombstone": _tombstone,
    "m.room.encryption": _encryption,
}


# --- fields -----------------------------------------------------------------------------------------------------------


def _relation(content: _Json) -> _Relation:
    """`m.relates_to`; what makes no sense in it is as good as absent."""
    found = content.get("m.relates_to")
    if not isinstance(found, Mapping):
        return _Relation()
    kind, key, reply = found.get("rel_type"), found.get("key"), found.get("m.in_reply_to")
    return _Relation(
        kind=kind if isinstance(kind, str) else "",
        target=_event_id_or_none(found.get("event_id")),
        reply_to=_event_id_or_none(reply.get("event_id")) if isinstance(reply, Mapping) else None,
        falling_back=found.get("is_falling_back") is True,
        key=without_selectors(clean(key)) if isinstance(key, str) and len(key) <= _MAX_ID_BYTES else "",
    )


def _not_redacted(event: _Json, content: _Json) -> None:
    """The server blanks a redacted event: there is nothing left to read."""
    unsigned = event.get("unsigned")
    if not content or (isinstance(unsigned, Mapping) and unsigned.get("redacted_because")):
        raise _MalformedError("redacted")


def _state(event: _Json) -> None:
    """These types mean something only as the room's one state, whose key is empty; else anybody could send one."""
    if event.get("state_key") != "":
        raise _MalformedError("not a state of the room")


def _object(value: object, reason: str) -> _Json:
    if not isinstance(value, Mapping):
        raise _MalformedError(reason)
    return value


def _text(value: str) -> str:
    if len(value) > MAX_BYTES or len(value.encode("utf-8", "replace")) > MAX_BYTES:
        raise _MalformedError("too large")
    return clean(value)


def _instant(value: object) -> datetime:
    """Milliseconds since 1970; a bool is an int in Python, not here."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise _MalformedError("no time")
    if not 0 <= value <= _LATEST_MS:
        raise _MalformedError("an impossible time")
    seconds, milliseconds = divmod(value, 1000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=milliseconds * 1000)


def _id(value: object, sigil: str, reason: str) -> str:
    if not _is_id(value, sigil):
        raise _MalformedError(reason)
    return str(value)


def _is_id(value: object, sigil: str) -> bool:
    if not isinstance(value, str) or not value.startswith(sigil) or not _ID.fullmatch(value, 1):
        return False
    return not any("\ud800" <= sign <= "\udfff" for sign in value) and len(value.encode()) <= _MAX_ID_BYTES


def _is_user_id(value: object) -> bool:
    return isinstance(value, str) and ":" in value and _is_id(value, "@")


def _user_id(value: object, reason: str) -> UserId:
    if not _is_user_id(value):
        raise _MalformedError(reason)
    return UserId(str(value))


def _event_id(value: object, reason: str) -> EventId:
    return EventId(_id(value, "$", reason))


def _event_id_or_none(value: object) -> EventId | None:
    return EventId(str(value)) if _is_id(value, "$") else None


def _level(value: object) -> int | None:
    """A power level; rooms before version 10 allow `"50"` as well."""
    if isinstance(value, str) and re.fullmatch(r"\s*[+-]?[0-9]{1,16}\s*", value, re.ASCII):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53 else None


def _effect_key(content: _Json) -> str:
    key = content.get(EFFECT_KEY)
    return clean(key) if isinstance(key, str) and len(key) <= _MAX_ID_BYTES else ""
