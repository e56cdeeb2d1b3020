"""Words that may not be exchanged: medicines, tests, body parts, diagnoses, as a vocabulary lists them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from peerplugin.core.english import stem, words


@dataclass(frozen=True, slots=True)
class Terms:
    """Words that may not be exchanged: word or phrase (lower case) -> the entry that it belongs to, and its kind; and medicines' endings."""

    entries: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    endings: tuple[str, ...] = ()


_KINDS = {"medicine": "medicine", "test": "test", "body": "body part", "diagnosis": "diagnosis or complaint"}


def named(text: str, terms: Terms) -> dict[str, tuple[str, str]]:
    """The terms of a text: its entry -> the word as it stands, and the kind."""
    spoken = words(text)
    found: dict[str, tuple[str, str]] = {}
    for size in (3, 2, 1):
        for i in range(len(spoken) - size + 1):
            phrase = " ".join(spoken[i : i + size])
            hit = terms.entries.get(phrase) or (terms.entries.get(_singular(phrase)) if size == 1 else None)
            if hit is None and size == 1 and len(phrase) > 6 and phrase.endswith(terms.endings):
                hit = (phrase, "medicine")
            if hit is not None:
                found.setdefault(hit[0], (phrase, hit[1]))
    return found


def _singular(word: str) -> str:
    for ending, instead in (("ies", "y"), ("sses", "ss"), ("s", "")):
        if word.endswith(ending) and len(word) > len(ending) + 2:
            return word[: -len(ending)] + instead
    return word


def exchanged(text: str, said: Sequence[str], terms: Terms) -> Iterable[str]:
    """A term that no source has, where they have another one of its kind that the statement leaves out: it was exchanged."""
    theirs = {entry: kind for one in said for entry, (_, kind) in named(one, terms).items()}
    stems = {s for one in said for s in map(stem, words(one))}
    ours = named(text, terms)
    left_out = {kind for entry, kind in theirs.items() if entry not in ours}
    for entry, (word, kind) in ours.items():
        if entry not in theirs and kind in left_out and not all(stem(part) in stems for part in word.split()):
            yield f"the {_KINDS[kind]} {word} is in none of the cited messages"
