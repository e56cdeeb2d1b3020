"""What a room is at each point of its timeline: members, names, powers, its replacement. Read from raw state, as the server sent it."""

from __future__ import annotations

from dataclasses import replace

from peerplugin.core.model import RoomEvent, RoomState, UserId

MODERATOR = 50
CREATOR_POWER = 1_000_000
"""Creators of a version 12 room stand above every level and are not listed in `users` (MSC4289)."""


def power(state: RoomState, user: UserId) -> int:
    """The power level of a user here."""
    if user in state.creators:
        return CREATOR_POWER
    return state.powers.users.get(user, state.powers.users_default)


def is_moderator(state: RoomState, user: UserId) -> bool:
    """Whether a user may decide for this room."""
    return power(state, user) >= MODERATOR


def name_of(state: RoomState, user: UserId) -> str:
    """The display name now, or the name's part of the id."""
    return state.members.get(user, "") or user.removeprefix("@").split(":")[0]


def changed(state: RoomState, event: RoomEvent) -> RoomState:
    """The state after a state event; other events change nothing."""
    match event.kind:
        case "member":
            return _member(state, event)
        case "powers" if event.powers is not None:
            return replace(state, powers=event.powers)
        case "create":
            return replace(state, creators=event.creators, version=event.room_version or state.version)
        case "name":
            return replace(state, name=event.name)
        case "encryption":
            return replace(state, encrypted=True)
        case "tombstone":
            return replace(state, replaced_by=event.replacement)
        case _:
            return state


def _member(state: RoomState, event: RoomEvent) -> RoomState:
    who = event.subject or event.sender
    members, names = dict(state.members), dict(state.names)
    if event.membership == "join":
        members[who] = event.name
    else:
        members.pop(who, None)
    if event.name and event.name not in names.get(who, ()):
        names[who] = (*names.get(who, ()), event.name)
    names.setdefault(who, ())
    return replace(state, members=members, names=names)
