"""What the forum's hooks tell: a hint to look again, never a fact. It may be lost, doubled, late or replayed, and nothing goes wrong."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

KEPT = 1000
"""How many marks are remembered: two for each delivery, days of them in a busy category."""
KEPT_FOR = timedelta(days=30)
"""How long: Discourse keeps its deliveries, which an admin may send again, for as long."""


@dataclass(frozen=True, slots=True)
class Hint:
    """A topic that may have changed. `kind` is the forum's word for it, such as `post_edited`; it is for the log, not to be relied on."""

    topic_id: int
    post_id: int | None  # None: the topic itself, or several of its posts
    kind: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery that the forum itself signed. `marks` tell it from every other; without a hint it is none of our business."""

    marks: tuple[str, ...]
    hint: Hint | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """A delivery that is not taken: the HTTP status that says so, and a word for the reason, for our own log alone."""

    status: int
    reason: str


@dataclass(frozen=True, slots=True)
class Seen:
    """The marks of the last deliveries, oldest first, and when each came."""

    marks: dict[str, datetime] = field(default_factory=dict)

    def knows(self, delivery: Delivery) -> bool:
        """Whether it came before, under its number or, of the same kind, with the same body: a repeat, a second try, a replay."""
        return any(mark in self.marks for mark in delivery.marks)

    def remembering(self, delivery: Delivery, now: datetime) -> Seen:
        """With this delivery, without the oldest ones."""
        young = {mark: at for mark, at in self.marks.items() if at > now - KEPT_FOR and mark not in delivery.marks}
        young |= dict.fromkeys(delivery.marks, now)
        return Seen(dict(list(young.items())[-KEPT:]))


def joined(one: Hint, other: Hint) -> Hint:
    """One hint that says as much as two about the same topic."""
    return Hint(one.topic_id, one.post_id if one.post_id == other.post_id else None, other.kind)


def seen_as_text(seen: Seen) -> str:
    """For the store: marks and moments, nothing of what a delivery said."""
    return json.dumps({mark: at.isoformat() for mark, at in seen.marks.items()})


def seen_from_text(text: str | None) -> Seen:
    """What `seen_as_text` wrote; nothing at all was seen by a service that never ran."""
    found: Sequence[tuple[str, str]] = tuple(json.loads(text or "{}").items())
    return Seen({mark: datetime.fromisoformat(at) for mark, at in found})
