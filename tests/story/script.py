"""One meeting as a play in scenes: what people do in each, and what can be seen once the service has taken it in.

The words are made up so that some must become public and others never may: the latter carry a canary."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.story.stage import Stage

PRIVATE = (
    "canaryoff",
    "canarylock",
    "canaryredacted",
    "canaryedited",
    "canaryoptout",
    "canaryquoted",
    "canarycommand",
    "Walter",
    "555-0142",
)
"""Words that no reader of the forum may ever see."""
PUBLIC = "banding"
WITHDRAWN = "breastbone"
"""A word that is public until its author redacts the message."""


@dataclass
class Play:
    """The events that later scenes refer to."""

    stage: Stage
    ids: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Scene:
    """What people do, and what can be seen of it afterwards."""

    name: str
    act: Callable[[Play], None]
    seen: Callable[[Play], object]


def _starts(play: Play) -> None:
    play.stage.cast.mara.say(play.stage.room, "!startmeeting")


def _talk(play: Play) -> None:
    """A question and its answers, with a reply, a thread, an edit, a redaction, an [off] line, a 🔒 and an !optout among them."""
    stage, ids, room = play.stage, play.ids, play.stage.room
    alma, bo, cleo, dov = stage.cast.alma, stage.cast.bo, stage.cast.cleo, stage.cast.dov
    ids["question"] = alma.say(room, "Does variceal banding hurt, and what can I eat after the banding?")
    ids["ache"] = bo.say(
        room, "I had five rounds of banding and I had an ache behind my breastbone for two days.", reply_to=ids["question"]
    )
    ids["soft"] = cleo.say(room, "After my banding I ate soft food for three days, soup and yogurt.", thread=ids["question"])
    ids["wrong"] = dov.say(room, "I took canaryedited after the banding.", reply_to=ids["question"])
    dov.edit(room, ids["wrong"], "I took lukewarm tea after the banding and my throat was calmer.")
    ids["secret"] = bo.say(
        room, "My doctor Walter canaryredacted said so about the banding, his phone is 555-0142.", reply_to=ids["question"]
    )
    ids["quote"] = cleo.say(
        room, "I was glad to hear that.", reply_to=ids["secret"], quoting="<@bo> My doctor Walter canaryredacted said so"
    )
    bo.redact(room, ids["secret"])
    bo.say(room, "[off] canaryoff is nobody's business")
    ids["locked"] = dov.say(room, "canarylock helped me with the banding.", reply_to=ids["question"])
    dov.react(room, ids["locked"], "🔒")
    ids["relief"] = dov.say(room, "I sucked lozenges after the banding and my throat felt better.", reply_to=ids["question"])
    bo.say(room, "!info canarycommand is a note")


def _ends(play: Play) -> None:
    play.stage.cast.mara.say(play.stage.room, "!endmeeting")


def _meddles(play: Play) -> None:
    """Somebody without a moderator's power votes: nothing comes of it."""
    stage = play.stage
    stage.cast.mara.invite(stage.desk, stage.cast.cleo)
    stage.cast.cleo.join(stage.desk)
    for card in stage.cards().values():
        stage.cast.cleo.react(stage.desk, card, "✅")


def _approves(play: Play) -> None:
    for card in play.stage.cards().values():
        play.stage.cast.mara.react(play.stage.desk, card, "✅️")  # with a variation selector, as some clients send it


def _redacts(play: Play) -> None:
    play.stage.cast.bo.redact(play.stage.room, play.ids["ache"])


def _published(play: Play) -> bool:
    return any("The summary is public" in text for text in play.stage.said(play.stage.room))


SCENES = (
    Scene("the meeting starts", _starts, lambda p: any("🔴" in text for text in p.stage.said(p.stage.room))),
    Scene("people talk", _talk, lambda p: True),
    Scene("the meeting ends", _ends, lambda p: p.stage.cards()),
    Scene("a member meddles", _meddles, lambda p: not p.stage.topics()),
    Scene("the moderator approves", _approves, _published),
    Scene("a member redacts", _redacts, lambda p: WITHDRAWN not in p.stage.pages()),
)
