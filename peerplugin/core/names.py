"""Who is in a room, and whom its members speak of: the names to look for, and which words are no names."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from peerplugin.core.english import BASE, FINITE, NOUNS_TOO, PARTICIPLE, SHORT, STOP
from peerplugin.core.model import Message, UserId
from peerplugin.core.rules import Rules
from peerplugin.core.shapes import CALENDAR, CALLED, CLINICIAN, KIN_NAME, MEDICAL_ENDING, NAME_KIN

ROLE_WORDS = frozenset(
    """the and nurse doctor host hosts facilitator mod bot guest moderator admin patient carer caregiver mom mum dad wife husband group rn np md
    from with for not who new old big little liver heart lung kidney cat dog member team him her she his they them uncle aunt aunty auntie
    grandma grandpa granny nan sister brother girl boy lady doc sir madam miss mister""".split()
)


MAX_CHARACTERS, MAX_RUN = 8000, 300
_RUN = re.compile(rf"\S{{{MAX_RUN},}}")


def is_readable(text: str) -> bool:
    """Whether a text is of a length that somebody typed: a wall of text or a run without blanks is not searched for names, nor drafted."""
    return len(text) <= MAX_CHARACTERS and _RUN.search(text) is None


@dataclass(frozen=True, slots=True)
class Names:
    """The persons of a room: words that name them for certain, words that may be ordinary, and whole handles."""

    strong: frozenset[str] = frozenset()
    weak: frozenset[str] = frozenset()
    handles: re.Pattern[str] | None = None
    long: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # first two letters -> names of five letters and more
    seen: frozenset[str] = frozenset()  # words that the room writes without a capital letter
    suspects: frozenset[str] = frozenset()  # unknown words that somebody wrote with a capital: names, as far as we know
    often: frozenset[str] = frozenset()  # the same, four times and more


def known_names(roster: Mapping[UserId, tuple[str, ...]], messages: Sequence[Message], rules: Rules) -> Names:
    """Members from the roster, and persons outside the room whom somebody introduces ("my husband Gene")."""
    messages = [m for m in messages if is_readable(m.text)]
    handles: set[str] = set()
    parts: set[str] = set()
    for user, shown in roster.items():
        local = user[1:].split(":")[0]
        handles.update(x for x in (local, *shown) if len(x) >= 3)
        for name in (local, *shown):
            bare = re.sub(r"\(.*?\)|\[.*?\]", " ", name)
            parts.update(w.lower() for w in re.findall(r"[^\W\d_]{2,}", bare))
            parts.add(re.sub(r"[^\w]", "", bare).lower())
    for m in messages:
        parts.update(_introduced(m.text, rules))
    parts = {p for p in parts if len(p) >= 2 and p not in ROLE_WORDS and p not in rules.medical}
    weak = {p for p in parts if len(p) <= 2 or is_ordinary(p, rules)}
    strong = parts - weak
    near: dict[str, list[str]] = defaultdict(list)
    for name in sorted(parts):
        if len(name) >= 5 and name.isalpha():
            near[name[:1]].append(name)
    seen = Counter(w for m in messages for w in re.findall(r"\b[a-z]{3,}\b", m.text))
    written = Counter(w.lower() for m in messages if not m.text.isupper() for w in re.findall(r"(?<=[a-z,] )[A-Z][a-z]+\b", m.text))
    seen = Counter({w: n for w, n in seen.items() if written[w] * 4 <= n})  # what is mostly written with a capital is no ordinary word
    names = Names(
        frozenset(strong), frozenset(weak), _any_of(h for h in handles if not is_ordinary(h.lower(), rules)),
        {k: tuple(v) for k, v in near.items()}, frozenset(w for w, n in seen.items() if n >= 2), often=frozenset(w for w, n in seen.items() if n >= 4),
    )  # fmt: skip
    suspects = {
        w.lower() for m in messages if not m.text.isupper() for w in re.findall(r"(?<![\w'’])[A-Z][^\W\d_]+", m.text) if not is_known_word(w, names, rules)
    }  # fmt: skip
    return replace(names, suspects=frozenset(suspects))


def _any_of(handles: Iterable[str]) -> re.Pattern[str] | None:
    by_first: dict[str, list[str]] = defaultdict(list)  # a thousand alternatives would be tried one by one at every letter
    for handle in sorted(handles, key=lambda h: (-len(h), h)):
        by_first[handle[0].lower()].append(handle[1:])
    alternatives = "|".join(f"{re.escape(first)}(?:{'|'.join(map(re.escape, rest))})" for first, rest in by_first.items())
    return re.compile(rf"(?<!\w)@?(?:{alternatives})(?!\w)", re.I) if by_first else None


def _introduced(text: str, rules: Rules) -> Iterable[str]:
    for pattern in (KIN_NAME, NAME_KIN, CLINICIAN, CALLED):
        for match in pattern.finditer(text):
            groups = match.groupdict()
            for word in re.findall(r"[^\W\d_]+", groups.get("name") or groups.get("other") or ""):
                low = word.lower()
                if len(low) >= 3 and low not in rules.medical and low not in STOP and low not in CALENDAR and word[0].isupper():
                    yield low


def is_ordinary(word: str, rules: Rules) -> bool:
    """Whether a word means something besides being a name."""
    return word.removesuffix("'s") in _ordinary_words(rules.ordinary, rules.given_names)


@lru_cache(maxsize=4)
def _ordinary_words(ordinary: frozenset[str], given_names: frozenset[str]) -> frozenset[str]:
    grammar = STOP | BASE | FINITE | PARTICIPLE | NOUNS_TOO
    return CALENDAR | frozenset(SHORT) | ordinary | (grammar - given_names)


def all_known(phrase: str, names: Names, rules: Rules) -> bool:
    """Whether none of the words of a phrase may be a name."""
    return all(is_known_word(w, names, rules) for w in re.findall(r"[^\W\d_]+(?:['’]s)?", phrase))


def is_known_word(word: str, names: Names, rules: Rules) -> bool:
    """Whether a capitalised word is no name: ordinary, medical, an abbreviation, or written small by people of this room."""
    low = word.lower().replace("’", "'")
    bare = low.removesuffix("'s")
    return (
        bare in rules.medical or low in rules.medical or is_ordinary(bare, rules) or (word.isupper() and len(word) <= 5)
        or (bare in names.seen and bare not in names.strong) or bare.removesuffix("s") in rules.ordinary
        or (bare not in names.strong and bare not in rules.given_names and bool(MEDICAL_ENDING.fullmatch(bare))) or bool(re.fullmatch(r"i('\w+)?", low))
    )  # fmt: skip


def one_letter_apart(a: str, b: str) -> bool:
    """Equal, or one letter changed, added, left out, or two neighbours exchanged."""
    if a == b:
        return True
    if abs(len(a) - len(b)) > 1:
        return False
    k = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    return (
        a[k + 1 :] == b[k + 1 :]
        or a[k:] == b[k + 1 :]
        or a[k + 1 :] == b[k:]
        or (a[k : k + 2] == b[k : k + 2][::-1] and a[k + 2 :] == b[k + 2 :])
    )
