"""The evidence gate: whether the messages that a statement cites say what it says. Whoever worded it passes the same gate.

Numbers, doses, listed terms, negations and counts of members are compared exactly; of the rest every clause must be carried by what was written.
A refusal is a reason in words: what stands in the statement and in none of its sources."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from peerplugin.core.english import NUMBER_WORDS, content, copied, plain
from peerplugin.core.terms import Terms, exchanged

SHARED = 0.25
"""So much of a statement's content its sources share at least."""
CLAUSE, CARRIED = 3, 0.2
"""A clause of so many words of content is carried in this part at least."""
DENIAL, AFFIRMED = 2, 3
"""So many words of content two clauses share before their denials are compared."""
LONGEST = 5
"""So many words of content in a row may be the statement's own: a paraphrase needs some."""


@dataclass(frozen=True, slots=True)
class Source:
    """A cited message, and who wrote it (any name will do; the same name is the same member)."""

    text: str
    sender: str = ""


def reasons(text: str, sources: Sequence[Source], terms: Terms, *, may_copy: int | None = None) -> tuple[str, ...]:
    """Why a statement does not stand on its sources; nothing: it does. `may_copy`: so many consecutive words of a message, where it may not be quoted."""
    if not sources:
        return ("it cites no message",)
    said = [source.text for source in sources]
    found = [
        *_numbers(text, said),
        *exchanged(text, said, terms),
        *_counts(text, sources),
        *_negations(text, said),
        *_unsupported(text, said),
    ]
    if may_copy is not None and any(copied(text, one, may_copy) for one in said):
        found.append(f"more than {may_copy} words in a row are a member's own")
    return tuple(dict.fromkeys(found))


# --- numbers ------------------------------------------------------------------------------------------------------------------------

_TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
_VALUES: dict[str, float] = {word: n for n, word in enumerate(NUMBER_WORDS)}
_VALUES |= {word: n for n, word in enumerate("thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(), 13)} | _TENS
_VALUES |= {
    "hundred": 100,
    "thousand": 1000,
    "half": 0.5,
    "quarter": 0.25,
    "third": 1 / 3,
    "dozen": 12,
    "couple": 2,
    "twice": 2,
    "double": 2,
    "fortnight": 14,
}
_UNITS = {
    "mg": "mg", "milligram": "mg", "mcg": "mcg", "microgram": "mcg", "µg": "mcg", "ug": "mcg", "g": "g", "gr": "g", "gram": "g", "kg": "kg", "kilo": "kg", "ml": "ml",
    "l": "l", "liter": "l", "litre": "l", "unit": "unit", "u": "unit", "iu": "unit", "percent": "%", "%": "%", "mmol": "mmol", "cm": "cm", "mm": "mm", "h": "hour", "hr": "hour",
    "hour": "hour", "min": "minute", "minute": "minute", "sec": "second", "second": "second", "day": "day", "night": "day", "week": "week", "wk": "week", "month": "month", "mth": "month",
    "year": "year", "yr": "year", "lb": "lb", "pound": "lb", "degree": "degree", "x": "time", "time": "time",
}  # fmt: skip
_DOSES = frozenset({"mg", "mcg", "g", "ml", "unit", "mmol"})
_TOKEN = re.compile(r"\d+(?:[.,]\d+)*|½|¼|¾|[^\W\d_]+(?:'[^\W\d_]+)?|%|[.;,!?]")
_MEMBERS = re.compile(
    r"\b(?P<n>one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\d+|several|some|many|most|all|a few|another|the other|a second|a third)"
    r"(?P<other> (?:other|more|further))?(?: of the)? (?P<who>members?|people|persons?|patients|others)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Number:
    value: float
    unit: str
    shown: str


@lru_cache(maxsize=512)
def _figures(text: str) -> tuple[_Number, ...]:
    """The numbers of a text with their units, whether in digits or in words."""
    tokens = _TOKEN.findall(plain(re.sub(r"(?<=\d)(?=[A-Za-z%])|(?<=[A-Za-z])(?=\d)", " ", text)).lower())
    found: list[_Number] = []
    i = 0
    while i < len(tokens):
        value, used = _value(tokens, i)
        if value is None:
            i += 1
            continue
        unit = next(
            (_UNITS[u] for t in tokens[i + used : i + used + 2] if (u := t.rstrip("s") or t) in _UNITS and (len(t) > 1 or t in "gl%xhu")),
            "",
        )
        found.append(_Number(value, unit, " ".join(tokens[i : i + used])))
        i += used
    return tuple(found)


def _value(tokens: Sequence[str], i: int) -> tuple[float | None, int]:
    token = tokens[i]
    if token[0].isdigit():
        plain_number = token.replace(",", "") if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", token) else token.replace(",", ".")
        try:
            return float(plain_number), 1
        except ValueError:
            return None, 1
    if token in ("½", "¼", "¾"):
        return {"½": 0.5, "¼": 0.25, "¾": 0.75}[token], 1
    if token in _TENS and i + 1 < len(tokens) and 1 <= _VALUES.get(tokens[i + 1], 0) <= 9 and tokens[i + 1] in NUMBER_WORDS:
        return _VALUES[token] + _VALUES[tokens[i + 1]], 2
    return _VALUES.get(token), 1


_IDLE = frozenset({"one", "third", "second", "double", "half", "couple", "quarter"})
"""Words that are numbers only now and then: by themselves they say nothing that could be wrong."""


def _numbers(text: str, said: Sequence[str]) -> Iterable[str]:
    theirs = [number for one in said for number in _figures(one)]
    values = {round(n.value, 3) for n in theirs}
    for number in _figures(_MEMBERS.sub(" ", text)):
        value = round(number.value, 3)
        if number.shown in _IDLE and not number.unit:
            continue
        shown = f"{number.shown} {number.unit}".strip()
        if value not in values:
            if (
                value == 1
                and number.unit
                and any(re.search(rf"\b(a|an|per|every|each)\s+{number.unit}", plain(one).lower()) for one in said)
            ):
                continue
            kind = "dose" if number.unit in _DOSES else "number"
            yield f"the {kind} {shown} is in none of the cited messages"
        elif number.unit:
            units = {n.unit for n in theirs if round(n.value, 3) == value}
            if number.unit not in units and "" not in units:
                kind = "dose" if number.unit in _DOSES else "figure"
                yield f"the {kind} {shown} is in none of the cited messages: they say {number.shown} {min(units)}"


# --- how many members ---------------------------------------------------------------------------------------------------------------


def _counts(text: str, sources: Sequence[Source]) -> Iterable[str]:
    """Counted members must be as many as wrote what is cited; `several` and the like at least two."""
    writers = len({source.sender or f"#{n}" for n, source in enumerate(sources)})
    total, exact = 0, True
    for match in _MEMBERS.finditer(plain(text)):
        n = match["n"].lower()
        if n in ("another", "the other", "a second", "a third"):
            total += 1
        elif n in ("several", "some", "many", "most", "all", "a few"):
            exact = False
            total += 2
        else:
            total += int(n) if n.isdigit() else NUMBER_WORDS.index(n)
    if total and (total > writers or (exact and 1 < total < writers)):
        yield f"it speaks of {total} member{'' if total == 1 else 's'}, and {writers} wrote what it cites"


# --- negation -----------------------------------------------------------------------------------------------------------------------

_NOT = re.compile(
    r"\b(?:not|no|never|none|nobody|nothing|neither|nor|without|cannot|hardly|barely|rarely|seldom|stopp?(?:ed|s|ing)?|avoid(?:ed|s|ing)?|refus(?:ed|es|ing)|"
    r"instead of|rather than|unable|fail(?:ed|s)?|quit|lack(?:s|ed)?|\w+n't|dont|cant|wont|didnt|doesnt|isnt|wasnt|havent|hasnt|couldnt|wouldnt|shouldnt|arent|aint)\b",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    r"[.;:!?()]+|,\s|\s(?:but|and|or|so|because|while|whereas|although|though|then|until|which|who|if|when)\s|\s[-–—]\s", re.IGNORECASE
)


@lru_cache(maxsize=512)
def _clauses(text: str) -> tuple[tuple[frozenset[str], frozenset[str], bool], ...]:
    """Each clause: its stems, those right after a negator, and whether there is one."""
    found = []
    for clause in _CLAUSE.split(plain(text)):
        match = _NOT.search(clause)
        denied = content(clause[match.end() :])[:3] if match is not None else []
        found.append((frozenset(content(clause)), frozenset(denied), match is not None))
    return tuple(found)


def _negations(text: str, said: Sequence[str]) -> Iterable[str]:
    """A clause that denies must be like a clause that denies, as far as sources speak of it; one that affirms must not stand on denials alone."""
    theirs = [clause for one in said for clause in _clauses(one)]
    for stems, _, denies in _clauses(text):
        same = max((len(stems & other) for other, _, also in theirs if also == denies), default=0)
        opposite = max((len(stems & other) for other, _, also in theirs if also != denies), default=0)
        if denies and opposite >= DENIAL and opposite > same and not _denied_anyway(stems, theirs):
            yield "it denies what the cited messages affirm"
        elif not denies and opposite >= AFFIRMED and opposite > 2 * same:
            yield "it affirms what the cited messages deny"


def _denied_anyway(stems: frozenset[str], theirs: Sequence[tuple[frozenset[str], frozenset[str], bool]]) -> bool:
    return any(also and denied and denied & stems for _, denied, also in theirs)


# --- the rest -----------------------------------------------------------------------------------------------------------------------


def _unsupported(text: str, said: Sequence[str]) -> Iterable[str]:
    """Every clause stands on something that was written, and no long stretch of it on nothing."""
    theirs = {s for one in said for s in content(one)}
    starts = {s[:5] for s in theirs if len(s) >= 5}
    bare = _MEMBERS.sub(" ", text)
    carried = [_is_carried(s, theirs, starts) for s in content(bare)]
    if not carried:
        return
    longest = max((len(run) for run in "".join("x" if c else "-" for c in carried).split("x")), default=0)
    if sum(carried) < SHARED * len(carried):
        yield "the cited messages say little of it"
    elif longest > LONGEST:
        yield "a part of it is in none of the cited messages"
    else:
        for clause in re.split(r"[.;:]\s|,\s|\s(?:and|but|because|which|while|so|also|plus)\s", bare):
            parts = content(clause)
            if len(parts) >= CLAUSE and sum(_is_carried(s, theirs, starts) for s in parts) < CARRIED * len(parts):
                yield "a clause of it is in none of the cited messages"
                return


def _is_carried(word: str, theirs: set[str], starts: set[str]) -> bool:
    return word in theirs or (len(word) >= 5 and word[:5] in starts)
