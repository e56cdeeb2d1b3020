"""What the thinking must be told: vocabularies and limits, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from peerplugin.core.learned import Learned
from peerplugin.core.model import Section
from peerplugin.core.terms import Terms


@dataclass(frozen=True, slots=True)
class Rules:
    """Everything `compose` needs beside the transcript. The caller reads the words from `config/vocabulary/`."""

    crisis_phrases: tuple[str, ...] = ()
    medical: frozenset[str] = frozenset()
    """Lower case words and phrases that look like names and are not."""
    given_names: frozenset[str] = frozenset()
    """Lower case first names that are no ordinary words."""
    places: frozenset[str] = frozenset()
    """Lower case names of towns, regions and countries that are no ordinary words."""
    ordinary: frozenset[str] = frozenset()
    """Lower case words of everyday English: what is none of these and has a capital letter may be a name."""
    tags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Tag -> the words that earn it."""
    terms: Terms = field(default_factory=Terms)
    """Medicines, tests, body parts, diagnoses: what a statement may not exchange."""
    sections: tuple[Section, ...] = ("question", "experience", "emotion", "suggestion", "doctor", "resource", "open")
    """The order in which a draft is read."""
    learned: Learned = field(default_factory=Learned)
    """What messages are for and which carry something; without it the rules decide alone."""
    min_contributors: int = 3
    max_statements: int = 16
    max_share: float = 0.3
    """A draft has at most this share of the words of its thread."""
    min_words: int = 75
    """Below this, the share does not cut."""
    max_copied_words: int = 7
    """Where quotation is not allowed, at most so many consecutive words of a message stand in a statement."""
    max_title: int = 110
    max_tags: int = 3
    crisis_before_s: int = 300
    crisis_after_s: int = 1200
    """Around a crisis message its author's other lines are not drafted either."""
