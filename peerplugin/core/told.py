"""What a clause says, in the third person, before it gets its frame; and what is known beside it."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Literal

from peerplugin.core.english import content

Kind = Literal["self", "own", "fact", "advice", "note"]


@dataclass(frozen=True, slots=True)
class Piece:
    """What one clause says. `self` begins with "they" (the speaker), `own` with what is theirs; the rest stands by itself."""

    kind: Kind
    text: str
    leans: bool = False  # on what was said before it
    binds: bool = False  # takes something back of what was said before it


@dataclass(frozen=True, slots=True)
class Setting:
    """What is known beside the sentence: relatives the speaker named, words that begin small, whether a told sentence stands before it,
    whether an "it" may stay whose noun is in the question answered, and that noun where the caller knows it."""

    relations: Sequence[str] = ()
    small: Container[str] = frozenset()
    follows: bool = False
    leaning: bool = False
    subject: str | None = None
    after: Kind | None = None  # what the told sentence before it is
    inside: bool = False  # something stands before it that may name another subject


NEVER = Piece("note", "")
"""A rung that says: this is mine, and it cannot be told."""


def carries(text: str) -> int:
    """How many words of a text say something, figures included."""
    return len({w for w in content(text) if "'" not in w})
