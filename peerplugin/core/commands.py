"""The vocabulary: which lines are commands, where they may be used, and the nearest word for one that is not known."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

from peerplugin.core.facts import Place

CHAIR_WORDS = frozenset({"startmeeting", "endmeeting", "topic", "agreed", "undo", "chair", "pause", "resume"})
"""Words only a moderator, a facilitator or a chair of the meeting may use."""
CUE_WORDS = frozenset({"topic", "info", "action", "agreed", "link", "here", "chair", "undo", "ask-guest"})
"""Words that leave a trace in the transcript."""
CONSENT_WORDS = frozenset({"consent", "optout", "optin"})
SCHEDULE_WORDS = frozenset({"next", "timezone", "schedule", "ask-guest"})
QUEUE_WORDS = frozenset({"q+", "q-", "q?", "ack"})

KNOWN: dict[Place, frozenset[str]] = {
    "room": CHAIR_WORDS | CUE_WORDS | CONSENT_WORDS | SCHEDULE_WORDS | {"help"},
    "direct": CONSENT_WORDS | (SCHEDULE_WORDS - {"schedule"}) | {"help"},
    "management": frozenset(
        {"approve", "reject", "show", "title", "drop", "say", "why", "redraft", "retract", "overwrite", "status", "help"}
        | (SCHEDULE_WORDS - {"ask-guest"})
    ),
}

_COMMAND = re.compile(r"!([a-zA-Z][a-zA-Z-]*)(?:[\s.,:;!?]+(.*))?\Z", re.DOTALL)  # "!optout." and "!optout, please" are meant
_QUEUE = re.compile(r"(q[+?-])(?:\s+(.*))?\Z", re.DOTALL | re.IGNORECASE)
_ACK = re.compile(r"ack(?:\s+(\S+(?:\s\S+)?))?\Z", re.IGNORECASE)
_HAND = {"!", "✋", "✋🏻", "✋🏼", "✋🏽", "✋🏾", "✋🏿"}


@dataclass(frozen=True, slots=True)
class Command:
    """`!word text`, or a word of the hand queue (`q+`, `q-`, `q?`, `ack`)."""

    word: str
    text: str = ""


def read_command(body: str) -> Command | None:
    """The command in a line, or None for an ordinary line. Only `!word` and the hand queue's words are commands."""
    line = body.strip()
    if line.replace("\ufe0f", "") in _HAND:
        return Command("q+")
    if match := _COMMAND.match(line):
        return Command(match[1].lower(), (match[2] or "").strip())
    if match := _QUEUE.match(line):
        return Command(match[1].lower(), (match[2] or "").strip())
    if match := _ACK.match(line):
        return Command("ack", (match[1] or "").strip())
    return None


def is_known(word: str, place: Place) -> bool:
    """Whether the word means something in this kind of room."""
    return word in KNOWN[place] or (place == "room" and word in QUEUE_WORDS)


def nearest(word: str, place: Place) -> str:
    """The known word that is spelt most alike, or `help`."""
    found = difflib.get_close_matches(word, sorted(KNOWN[place]), n=1, cutoff=0.5)
    return found[0] if found else "help"
