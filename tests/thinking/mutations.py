"""Statements made wrong on purpose, in many forms, from the labelled meetings' key points: what the evidence gate must refuse. Seeded."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from peerplugin.core.english import BASE, PAST, SAME_PAST, THIRD, words
from peerplugin.core.evidence import Source
from peerplugin.core.terms import Terms, named

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "tests" / "data" / "meetings"
MEETINGS = ("breast", "heart", "liver", "lung", "ms", "newgroup", "t1d")


@dataclass(frozen=True, slots=True)
class Case:
    """A statement with what it cites; `kind` says what was done to it (`gold`: nothing)."""

    kind: str
    meeting: str
    text: str
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Point:
    """A key point of a meeting."""

    meeting: str
    thread: str
    fact: str
    ids: frozenset[str]
    sources: tuple[Source, ...]


@cache
def points(meeting: str) -> tuple[Point, ...]:
    """The key points of a meeting with the messages that carry them."""
    gold = json.loads((FOLDER / meeting / "gold.json").read_text(encoding="utf-8"))
    export = json.loads((FOLDER / meeting / "export.json").read_text(encoding="utf-8"))
    sender = {event["event_id"]: event["sender"] for event in export["messages"]}
    text = {message["event_id"]: message["text"] for message in gold["messages"]}
    found = []
    for k in gold["key_points"]:
        ids = [e for e in k["sources"] if e in text]
        if ids:
            found.append(Point(meeting, k["thread"], k["fact"], frozenset(ids), tuple(Source(text[e], sender[e]) for e in ids)))
    return tuple(found)


def cases(meeting: str, terms: Terms, seed: int = 11) -> Iterator[Case]:
    """Every key point as it stands, and once in each way that can be made wrong."""
    rng = random.Random(f"{meeting}-{seed}")
    all_terms = _terms_of(MEETINGS, terms)
    for point in points(meeting):
        case = Case("gold", meeting, point.fact, point.sources)
        yield case
        same = [o for o in points(meeting) if o.thread == point.thread and not o.ids & point.ids]
        if same:
            yield replace(case, kind="wrong source", sources=rng.choice(same).sources)
        for kind, text in (
            ("number", _number(rng, point.fact)),
            ("dose unit", _unit(rng, point.fact)),
            ("term", _term(rng, point, terms, all_terms)),
            ("not inserted", _inserted(rng, point.fact)),
            ("not removed", _removed(rng, point.fact)),
            ("appended", _appended(rng, point, points(meeting))),
        ):
            if text is not None and text.lower() != point.fact.lower():
                yield replace(case, kind=kind, text=text)
        yield from _counted(rng, case)


# --- numbers ----------------------------------------------------------------------------------------------------------------------

_WORDS = (
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "fifteen",
    "twenty",
    "thirty",
    "forty",
    "fifty",
)
_COUNTED = r"(?! (?:other )?(?:members?|people|others|persons?|patients|doctors?|families|family)\b)"


def _number(rng: random.Random, fact: str) -> str | None:
    found = list(re.finditer(r"\d+(?:\.\d+)?|\b(?:" + "|".join(_WORDS) + r")\b" + _COUNTED, fact, re.I))
    if not found:
        return None
    match = rng.choice(found)
    if match[0][0].isdigit():
        value = float(match[0])
        other = rng.choice([value + 1, value * 2, value * 10, value + 5, max(1, value - 1), value * 3 + 7])
        new = f"{other:g}" if other != value else f"{value + 2:g}"
    else:
        new = rng.choice([w for w in _WORDS if w != match[0].lower()])
    return fact[: match.start()] + new + fact[match.end() :]


def _unit(rng: random.Random, fact: str) -> str | None:
    match = re.search(r"(?<=\d) ?(mg|mcg|ml|units?|grams?|mmol|kg)\b", fact)
    if match is None:
        return None
    new = rng.choice([u for u in ("mg", "mcg", "ml", "units", "grams") if u.rstrip("s") != match[1].rstrip("s")])
    return fact[: match.start()] + " " + new + fact[match.end() :]


# --- terms ------------------------------------------------------------------------------------------------------------------------

_OTHERS = {  # a few that the project's vocabulary need not have
    "medicine": ["Vyvanse", "lisdexamfetamine", "clozapine", "Tagrisso", "nivolumab", "denosumab", "Prolia", "liraglutide", "rosuvastatin", "doxazosin"],
    "body": ["earlobe", "tonsils", "collarbone", "pelvis", "forehead", "eyelid", "cheek", "hamstring", "knuckles", "tailbone"],
    "diagnosis": ["endometriosis", "sarcoidosis", "scoliosis", "appendicitis", "meningitis", "fibromyalgia", "anorexia", "scurvy", "mumps", "sciatica"],
}  # fmt: skip


def _terms_of(meetings: Sequence[str], terms: Terms) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, set[str]] = {}
    for m in meetings:
        for point in points(m):
            for word, kind in named(point.fact, terms).values():
                found.setdefault(kind, set()).add(word)
    return {kind: tuple(sorted(ws)) for kind, ws in found.items()}


def _term(rng: random.Random, point: Point, terms: Terms, known: Mapping[str, tuple[str, ...]]) -> str | None:
    """A medicine, body part or diagnosis exchanged for another of its kind: from the key points of all meetings, the vocabulary, or neither."""
    ours = [(word, kind) for word, kind in named(point.fact, terms).values() if kind in _OTHERS]
    if not ours:
        return None
    word, kind = rng.choice(sorted(ours))
    said = " ".join([point.fact, *(s.text for s in point.sources)])
    here = named(said, terms)
    listed = sorted({w for w, (_, k) in terms.entries.items() if k == kind})
    pool = rng.choice([known[kind], listed, _OTHERS[kind]])
    others = [w for w in pool if w.lower() not in said.lower() and not set(named(w, terms)) & set(here)]
    return re.sub(rf"\b{re.escape(word)}\b", rng.choice(others), point.fact, count=1, flags=re.I) if others else None


# --- negations --------------------------------------------------------------------------------------------------------------------

_AUX = r"\b(is|are|was|were|can|could|should|would|will|may|might|must|has|have|had|does|do|did)\b(?! not\b|n't| to\b)"
_REMOVALS = (
    (r"\b(is|are|was|were|do|does|did|has|have|had|could|should|would|may|might|must) not\b", r"\1"), (r"\bcannot\b", "can"), (r"\b(\w+)n't\b", r"\1"),
    (r"\bnot ", ""), (r"\bnever ", ""), (r"\bnever\b", "always"), (r"\bno (?=[a-z])", "a "), (r"\bwithout\b", "with"), (r"\bnobody\b", "everybody"), (r"\bnothing\b", "everything"),
    (r"\bnone\b", "all"), (r"\bstopped\b", "started"), (r"\bstop\b", "start"), (r"\bun(safe|able|likely|usual|happy|helpful|well|comfortable|reported)\b", r"\1"),
    (r"\bdid not\b", "did"), (r"\bavoid\b", "use"), (r"\bneither\b", "both"), (r"\bhardly\b", "clearly"),
)  # fmt: skip


def _inserted(rng: random.Random, fact: str) -> str | None:
    made = []
    for match in re.finditer(_AUX, fact):
        word = match[1]
        with_not = "cannot" if word == "can" else f"{word} {rng.choice(['not', 'not', 'never'])}"
        short = {
            "is": "isn't",
            "are": "aren't",
            "was": "wasn't",
            "can": "can't",
            "should": "shouldn't",
            "does": "doesn't",
            "do": "don't",
            "did": "didn't",
        }
        made.append(fact[: match.start()] + rng.choice([with_not, short.get(word, with_not)]) + fact[match.end() :])
    for match in re.finditer(r"\b[a-z]+\b", fact):
        word, base = match[0], PAST.get(match[0]) or THIRD.get(match[0])
        if (
            base is None
            or base in ("be", "have", "do")
            or word in SAME_PAST
            or re.search(r"(is|are|was|were|has|have|be|been|being|a|the)\W*$", fact[: match.start()])
        ):
            continue
        helper = "did" if word in PAST else "does"
        made.append(
            fact[: match.start()] + rng.choice([f"{helper} not {base}", f"never {word}", f"{helper}n't {base}"]) + fact[match.end() :]
        )
    if re.search(r"\bwith\b", fact):
        made.append(re.sub(r"\bwith\b", "without", fact, count=1))
    if re.match(r"(Ask|Take|Keep|Use|Ring|Check|Bring|Start|Put|Get|Tell|Write|Have|Say|Go|Wear)\b", fact):
        made.append(rng.choice(["Do not ", "Never ", "Don't "]) + fact[0].lower() + fact[1:])
    return rng.choice(made) if made else None


def _removed(rng: random.Random, fact: str) -> str | None:
    made = [new for pattern, instead in _REMOVALS if (new := re.sub(pattern, instead, fact, count=1, flags=re.I)) != fact]
    return rng.choice(made) if made else None


# --- counts -----------------------------------------------------------------------------------------------------------------------

_NAMES = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_GROUP = re.compile(r"\b(two|three|four|five|six)( other)? (members|people|others)\b", re.I)


def _counted(rng: random.Random, case: Case) -> Iterator[Case]:
    """The count in a statement made another; counts put before one; and one member who wrote all of what several are said to have."""
    writers = len({s.sender for s in case.sources})
    lower = case.text[0].lower() + case.text[1:]
    match = _GROUP.search(case.text)
    if match:
        other = rng.choice([w for w in _NAMES[1:8] if w != match[1].lower()])
        yield replace(case, kind="count in it", text=case.text[: match.start(1)] + other + case.text[match.end(1) :])
    wrong = rng.choice([n for n in range(2, 9) if n != writers])
    said = rng.choice(
        ["{} members say that {}", "{} members: {}", "{} people said {}", "{} members reported that {}", "{} members agree: {}"]
    )
    yield replace(case, kind="count before it", text=said.format(rng.choice([_NAMES[wrong - 1].capitalize(), str(wrong)]), lower))
    alone = tuple(Source(s.text, "the same") for s in case.sources)
    yield replace(
        case, kind="count of one voice", text=f"{rng.choice(['Two', 'Three', 'Several', '2'])} members say that {lower}", sources=alone
    )


# --- clauses ----------------------------------------------------------------------------------------------------------------------

_JOINS = (", and {}", "; {}", ". Also, {}", ", while {}", ", because {}", " and {}", ", but {}", ". {}", ", so {}", "; also {}", " although {}", ", which means {}", " - {}", ", with {}", ", as {}", ": {}", " ({})")  # fmt: skip


def _appended(rng: random.Random, point: Point, others: Sequence[Point]) -> str | None:
    """A clause from another thread at the end or at the beginning: of a key point, or what a member wrote."""
    far = [o for o in others if o.thread != point.thread and not o.ids & point.ids]
    if not far:
        return None
    other = rng.choice(far)
    text = other.fact if rng.random() < 0.75 else rng.choice(other.sources).text
    clauses = [c.strip() for c in re.split(r"[,;:.!?]", text) if len(words(c)) >= 4]
    if not clauses:
        return None
    clause = rng.choice(clauses)
    clause = clause[0].lower() + clause[1:]
    whole = point.fact.rstrip(".")
    if rng.random() < 0.15:
        return f"{clause[0].upper()}{clause[1:]}{rng.choice([', and ', '; ', '. '])}{whole[0].lower()}{whole[1:]}"
    join = rng.choice(_JOINS)
    return whole + join.format(clause[0].upper() + clause[1:] if join == ". {}" else clause)


def verbs() -> frozenset[str]:
    """Base forms, for who wants to vary more."""
    return frozenset(BASE)
