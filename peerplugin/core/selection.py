"""Which of all that could be told a reader should read: much that matters, in few words, nothing twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from peerplugin.core.candidates import Candidate
from peerplugin.core.english import words
from peerplugin.core.model import EventId
from peerplugin.core.rules import Rules
from peerplugin.core.wording import counted

_CITED = 0.6
"""What telling of a message is worth by itself; the rest are the words that it adds."""
_SAYS = 0.12
"""What a word is worth that was not said yet, by its rarity."""
_SURE = 0.7
"""How much of the worth hangs on the heading being right."""
_OVERHEAD = 5
"""A statement costs its reader as much as so many words, before it says anything."""
LEAST = 0.3
"""Below this nothing is worth a statement."""


def choose(found: Sequence[Candidate], budget: int, weights: Mapping[str, float], rules: Rules) -> list[tuple[Candidate, ...]]:
    """Greedily what adds most for its words; the same said by another member joins what is there."""
    chosen: list[tuple[Candidate, ...]] = []
    cited: set[EventId] = set()
    known: dict[str, float] = {}
    left = [c for c in found if max(c.worth) >= LEAST]
    spent = 0
    while left and len(chosen) < rules.max_statements:
        rated = [(_gain(c, known, weights) / (len(words(c.text)) + _OVERHEAD), c) for c in left]
        _, best = max(rated, key=lambda r: (r[0], r[1].event_ids, r[1].text))
        left.remove(best)
        twin = next((k for k, group in enumerate(chosen) if alike(group[0].stems, best.stems)), None)
        if twin is not None:
            if _joins(best, chosen[twin]):
                chosen[twin] += (best,)
                cited.update(best.event_ids)
        elif spent + len(words(best.text)) <= budget:
            chosen.append((best,))
            cited.update(best.event_ids)
            spent += len(words(best.text))
            for stem in best.stems:
                known[stem] = max(known.get(stem, 0.0), max(best.worth))
        left = [c for c in left if not cited & set(c.event_ids)]
    return chosen


def _gain(c: Candidate, known: Mapping[str, float], weights: Mapping[str, float]) -> float:
    """What telling this adds to what is told: likely key points, and words that were not said yet."""
    total = sum(weights.get(s, 0.3) for s in c.stems) or 1.0
    new = sum(weights.get(s, 0.3) * (1 - known.get(s, 0.0)) for s in c.stems)
    likely = sum(w * w for w in c.worth)
    gain = likely * (0.4 + 0.6 * new / total) * _CITED + max(c.worth) ** 2 * new * _SAYS
    return gain * (1 - _SURE + _SURE * c.sure)


def _joins(c: Candidate, group: Sequence[Candidate]) -> bool:
    return c.sender not in {x.sender for x in group} and group[0].section == c.section and counted(group[0].text, 2) is not None


def alike(a: frozenset[str], b: frozenset[str]) -> bool:
    """Whether two say the same: nearly all the words of either."""
    shared = len(a & b)
    return shared >= 3 and shared >= 0.7 * min(len(a), len(b)) and shared >= 0.55 * max(len(a), len(b))
