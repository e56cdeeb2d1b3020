"""Trouble that a person must act on: told once in the management rooms, remembered for as long as it lasts, told once more when it is over."""

from __future__ import annotations

from datetime import datetime, timedelta

from peerplugin.core.effects import Say
from peerplugin.core.model import RoomId
from peerplugin.group import Group
from peerplugin.store import Tx

WORTH_SAYING = timedelta(hours=12)


def tell(tx: Tx, group: Group, kind: str, sentence: str, now: datetime) -> bool:
    """Something is wrong. True: it is news."""
    if not tx.trouble(kind, sentence, now):
        return False
    says = [
        Say(key=_key(kind, desk, now), room=desk, text="trouble", values={"sentence": sentence}, not_after=now + WORTH_SAYING)
        for desk in group.desks()
    ]
    tx.add_effects(says, now)
    return True


def mention(tx: Tx, group: Group, about: str, sentence: str, now: datetime) -> None:
    """Something went wrong for good: told once, and nothing is over later."""
    says = [
        Say(key=f"mention:{about}:{desk}", room=desk, text="trouble", values={"sentence": sentence}, not_after=now + WORTH_SAYING)
        for desk in group.desks()
        if not about.startswith("mention:")  # what cannot be said cannot be said again
    ]
    tx.add_effects(says, now)


def calm(tx: Tx, group: Group, kind: str, now: datetime) -> bool:
    """It is over. A room that heard of it hears of this too; a room that did not hears of neither. False: nobody remembers it."""
    trouble = next((t for t in tx.troubles() if t.kind == kind), None)
    if trouble is None:
        return False
    tx.calm(kind)
    for desk in group.desks():
        told = tx.effect_of(_key(kind, desk, trouble.since))
        if told is not None and told.state in ("waiting", "failed"):
            tx.finish(_key(kind, desk, trouble.since), "dropped", "over before it could be said")
        elif told is not None:
            key = f"over:{kind}:{desk}:{now.isoformat()}"
            tx.add_effects([Say(key=key, room=desk, text="trouble-over", values={"kind": kind}, not_after=now + WORTH_SAYING)], now)
    return True


def _key(kind: str, desk: RoomId, since: datetime) -> str:
    return f"trouble:{kind}:{desk}:{since.isoformat()}"
