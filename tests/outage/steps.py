"""What the service does in the forum, step by step: how an evening comes to each step, and what happens then."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from peerplugin.core.model import EventId
from tests.core.scene import MARA
from tests.outage.world import Evening
from tests.proxy import LOST_REPLY

BY_A_PERSON = "Ines has put this into better words, and there are enough of them for a forum."
Before = Callable[[Evening], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do in the forum: what was done before, and what then happens at once."""

    before: Before
    act: Callable[[Evening], None]
    layout: str = "topics"


async def _approved(evening: Evening) -> None:
    evening.hand.hold_meeting()
    evening.approve()


async def _proven(evening: Evening) -> None:
    await _approved(evening)
    evening.proven()


async def _published(evening: Evening) -> None:
    await _proven(evening)
    await evening.settle()
    evening.hand.minute += 60


async def _unnoticed(evening: Evening) -> None:
    """The forum has made the topic, but its answer was lost."""
    await _proven(evening)
    evening.proxy.fail(LOST_REPLY, method="POST")
    await evening.service.deliver_one("forum")
    evening.hand.minute += 5


async def _edited(evening: Evening) -> None:
    await _published(evening)
    evening.edit_by_hand(BY_A_PERSON)


async def _another_published(evening: Evening) -> None:
    """One topic more: the index is to name it too."""
    await _published(evening)
    evening.approve(2)
    await evening.service.deliver_one("forum")


async def _index_edited(evening: Evening) -> None:
    await _another_published(evening)
    evening.edit_by_hand(BY_A_PERSON, number=1)


async def _index_published(evening: Evening) -> None:
    await _proven(evening)
    await evening.service.deliver_one("forum")


def _nothing(evening: Evening) -> None:
    """It is due already."""


def _redact(*numbers: int) -> Callable[[Evening], None]:
    def act(evening: Evening) -> None:
        for number in numbers:
            evening.hand.about(MARA, "redaction", EventId(f"$m{number}"))

    return act


def _retract(evening: Evening) -> None:
    evening.order("!retract 1 too personal")


STEPS = {
    "prove": Step(_approved, _nothing),
    "publish": Step(_proven, _nothing),
    "take up": Step(_unnoticed, _nothing),
    "change": Step(_another_published, _nothing),
    "correct": Step(_published, _redact(2)),
    "correct a title": Step(_published, _redact(1)),
    "correct what a person edited": Step(_edited, _redact(2)),
    "leave what a person edited": Step(_index_edited, _nothing),
    "retract": Step(_published, _retract),
    "retract what nobody saw": Step(_unnoticed, _retract),
    "publish a post": Step(_index_published, _nothing, "posts"),
    "correct a post": Step(_published, _redact(2), "posts"),
    "retract a post": Step(_published, _retract, "posts"),
}
