"""Takes out of a text what would say who somebody is: members in every spelling, clinicians, places, dates, numbers, addresses.

The room's own member list comes first, then the shapes of names, then lists of first names and places. Medical words are protected.
What is removed is replaced by plain words, and kept as a span so that a moderator can look. What remains doubtful is said so:
a line in doubt is offered to the moderator rather than published."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from peerplugin.core.english import FINITE, STOP
from peerplugin.core.model import EventId, Span
from peerplugin.core.names import Names, all_known, is_known_word, is_ordinary, is_readable, one_letter_apart
from peerplugin.core.rules import Rules
from peerplugin.core.shapes import (
    AGE,
    CALENDAR,
    CALLED,
    CAPITALS,
    CHILD_AGE,
    CLINICIAN,
    CLINICIAN_LOW,
    IN_PLACE,
    IN_PLACE_LOW,
    INTRODUCES,
    KIN_NAME,
    LOOSE_AGE,
    NAME_KIN,
    PLACE_BEFORE,
    SHAPES,
    SIGNATURE,
    VOCATIVE,
    WORKS_AT,
)

_NAME_LIKE = re.compile(r"[^\W\d_]+(?:['’]s)?")
Cut = Callable[[int, int, str, str], None]
NO_EVENT = EventId("")


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """A text without identifying words, what was taken out of it (offsets of the original), and whether a doubt remains."""

    text: str
    spans: tuple[Span, ...] = ()
    doubts: tuple[str, ...] = ()


def scrub(text: str, names: Names, rules: Rules, event_id: EventId = NO_EVENT) -> Scrubbed:
    """The text without identifying words. Offsets of the spans count in `text` as given."""
    if not is_readable(text):
        return Scrubbed("", (), ("unreadable",))
    cuts: list[tuple[int, int, str, str]] = []
    taken = [False] * len(text)
    protected = _protected(text, rules)

    def cut(start: int, end: int, kind: str, replacement: str) -> None:
        if end > start and not any(taken[start:end]) and not any(a < end and start < b for a, b in protected):
            cuts.append((start, end, kind, replacement))
            taken[start:end] = [True] * (end - start)

    for match in re.finditer(r"https?://\S+", text):
        spoken = re.findall(r"[^\W\d_]{3,}", match.group().lower())
        if any(w in names.strong for w in spoken) or SHAPES[1][2].match(match.group()):
            cut(*match.span(), "url", "")
        else:
            protected.append(match.span())
    for kind, replacement, pattern in SHAPES:
        for match in pattern.finditer(text):
            if kind in {"employer", "hospital"} and _is_common_phrase(text, match, rules):
                continue
            cut(*match.span(), kind, replacement)
    _cut_persons(text, names, rules, cut)
    _cut_places(text, names, rules, cut)
    _cut_ages(text, cut)
    cuts.sort()
    out, spans, last = [], [], 0
    for start, end, kind, replacement in cuts:
        out.append(text[last:start])
        out.append(replacement)
        spans.append(Span(event_id, start, end, kind, replacement))
        last = end
    out.append(text[last:])
    clean = _tidy("".join(out)) if spans else text
    return Scrubbed(clean, tuple(spans), doubts(clean, names, rules))


def _is_common_phrase(text: str, match: re.Match[str], rules: Rules) -> bool:
    """Whether it is "some clinics" or "the hospital": ordinary words at the start of a sentence, not a name."""
    spoken = re.findall(r"[^\W\d_]+(?:['’]s)?", match.group())
    opens = not text[: match.start()].strip() or text[: match.start()].rstrip()[-1] in ".!?"
    return (
        spoken[0].lower().replace("'s", "") in STOP
        or (opens and len(spoken) <= 2 and is_ordinary(spoken[0].lower(), rules))
        or all(w.lower() in rules.medical for w in spoken)
    )


def _protected(text: str, rules: Rules) -> list[tuple[int, int]]:
    """Where a medical phrase of several words stands, or one with an apostrophe, or a number that everybody may call."""
    pattern = _phrases(rules.medical)
    return [m.span() for m in pattern.finditer(text.replace("’", "'"))] if pattern else []


@lru_cache(maxsize=4)
def _phrases(medical: frozenset[str]) -> re.Pattern[str] | None:
    several = sorted((p for p in medical if re.search(r"[\s'.-]", p)), key=len, reverse=True)
    return re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, several)) + r")(?!\w)", re.I) if several else None


# --- persons ----------------------------------------------------------------------------------------------------------


def _cut_persons(text: str, names: Names, rules: Rules, cut: Cut) -> None:
    for match in CLINICIAN.finditer(text):
        if not re.search(r"(?i)(?:doctor|professor|nurse|doc|prof|pastor)\.\s", match.group()):  # a sentence that ends there
            _cut_clinician(match, cut)
    for match in CLINICIAN_LOW.finditer(text):
        if not is_ordinary(match["name"].lower(), rules) and match["name"].lower() not in rules.medical:
            _cut_clinician(match, cut)
    for pattern in (KIN_NAME, NAME_KIN, CALLED):
        for match in pattern.finditer(text):
            group = "name" if match["name"] else "other"
            low = match[group].lower()
            if low not in rules.medical and (not is_ordinary(low, rules) or low in rules.given_names or low in names.weak):
                cut(*match.span(group), "person", "" if pattern is KIN_NAME else "someone")
    for match in SIGNATURE.finditer(text):
        cut(*match.span(), "person", "")
    for match in names.handles.finditer(text) if names.handles is not None else ():
        cut(*_with_comma(text, *match.span()), "person", _stand_in(text, *match.span(), known=True))
    for match in _NAME_LIKE.finditer(text):
        member = _names_somebody(text, match, names, rules)
        if member is not None:
            start, end = match.span()
            start -= start > 0 and text[start - 1] == "@"
            possessive = re.search(r"['’]s$", match.group())
            stand_in = _stand_in(text, start, end, known=member)
            if possessive:
                cut(start, end, "person", ("another member's" if member else "someone's"))
            else:
                cut(*(_with_comma(text, start, end) if not stand_in else (start, end)), "person", stand_in)


def _cut_clinician(match: re.Match[str], cut: Cut) -> None:
    if match["lead"]:
        cut(match.start("name") - 1, match.end("name"), "clinician", "")
    else:
        cut(match.start(), match.end(), "clinician", "a doctor")


def _names_somebody(text: str, match: re.Match[str], names: Names, rules: Rules) -> bool | None:
    """True: a member; False: another person; None: nobody."""
    written = match.group().removesuffix("'s").removesuffix("’s")
    low = written.lower()
    listed = low in names.strong or low in names.weak or low in rules.given_names
    if (not listed and low in rules.medical) or (not listed and not low.endswith("s") and (len(low) < 3 or is_ordinary(low, rules))):
        return None
    if low in rules.medical and low not in names.strong:
        return None
    as_name = _as_name(text, match.start(), match.end(), written)
    if low in names.strong or (low.endswith("s") and low[:-1] in names.strong and len(low) > 4):
        return True
    if low in names.weak:
        return True if as_name else None
    if low in rules.given_names and (not is_ordinary(low, rules) or as_name):
        return False
    if len(low) < 3 or is_ordinary(low, rules) or low in rules.medical:
        return None
    for name in names.long.get(low[0], ()):
        if (one_letter_apart(low, name) and (as_name or len(name) >= 6 or sorted(set(low)) == sorted(set(name)))) or (
            name.startswith(low) and (as_name or (len(low) >= 4 and low not in names.seen)) and len(low) < len(name)
        ):
            return True
        if len(low) >= 5 and low[:4] == name[:4] and low[-2:] in {"ie", "ey", "ny"} and as_name:
            return True
    return None


def _as_name(text: str, start: int, end: int, written: str) -> bool:
    """Whether a word that may be ordinary is written as a name: a capital inside a sentence, or called upon."""
    before, after = text[:start].rstrip(), text[end:].lstrip()
    opens = not before or before[-1] in ".!?:;\n\"'([-"
    if before.endswith("@"):
        return True
    shouted = text.isupper()
    if written[0].isupper() and not opens and not shouted:
        return True
    called = bool(VOCATIVE.search(before)) and (not after or after[0] in ",.!?")
    return called or (opens and after.startswith(",") and len(before) == 0) or (before.endswith(",") and not after.strip(".!? x"))


def _with_comma(text: str, start: int, end: int) -> tuple[int, int]:
    """A name that is called upon goes with its comma."""
    if _stand_in(text, start, end, known=True):
        return start, end
    if (match := re.match(r"\s*[,:!]?\s*", text[end:])) and not text[:start].strip():
        return start, end + match.end()
    if match := re.search(r"[,\s]*$", text[:start]):
        return match.start(), end
    return start, end


def _stand_in(text: str, start: int, end: int, *, known: bool) -> str:
    """The plain words for a person: nothing where they are only called upon."""
    before, after = text[:start].rstrip(" @"), text[end:]
    opens = not before or before[-1] in ".!?\n"
    follows = re.match(r"[\s,]*([\w']+)?", after)
    verb = (follows[1] or "").lower() if follows else ""
    if opens and not (after[:1] == " " and verb in FINITE and verb not in {"do", "have", "are", "can", "did"}):
        return ""
    if before.endswith(",") and (not after.strip(" .!?") or after.lstrip()[:1] in ",.!?"):
        return ""
    if VOCATIVE.search(before) or (
        not after.strip(" .!?x") and not re.search(r"\b(?:with|for|to|by|from|and|like|than|of|at|about|as)$", before)
    ):
        return ""
    return "another member" if known else "someone"


# --- places and ages ----------------------------------------------------------------------------------------------------


def _cut_places(text: str, names: Names, rules: Rules, cut: Cut) -> None:
    for match in WORKS_AT.finditer(text):
        if not all_known(match["name"], names, rules):
            cut(*match.span("name"), "employer", "their workplace")
    for match in IN_PLACE.finditer(text):
        words_of = match["name"].split()
        if not all_known(words_of[0], names, rules) or words_of[0].lower() in rules.places:
            end = (
                match.end("name")
                if len(words_of) > 1 and not all_known(words_of[1], names, rules)
                else match.start("name") + len(words_of[0])
            )
            cut(match.start("name"), end, "place", "their area")
    for match in IN_PLACE_LOW.finditer(text):
        for phrase in (match["name"], match["name"].split()[0]):
            if phrase in rules.places:
                cut(match.start("name"), match.start("name") + len(phrase), "place", "their area")
                break
    for match in re.finditer(r"\b[A-Z][a-z]{2,}\b", text):
        if match.group().lower() in rules.places and match.group().lower() not in rules.medical:
            cut(*match.span(), "place", "their area")


def _cut_ages(text: str, cut: Cut) -> None:
    for match in AGE.finditer(text):
        if match["n"]:
            mine = bool(re.match(r"(?i)i'?m|i am|am", match["lead"].strip()))
            cut(*match.span("n"), "age", _decade(int(match["n"]), "my" if mine else "their"))
        elif match["n2"]:
            cut(match.start("n2"), match.end("tail"), "age", "person" if int(match["n2"]) > 17 else "child")
        elif match["n3"]:
            cut(*match.span(), "age", "")
        elif match["n4"]:
            cut(*match.span("n4"), "age", "a certain year")
    for match in CHILD_AGE.finditer(text):
        group = "n" if match["n"] else "word" if match["word"] else "small"
        cut(*match.span(group), "age", {"n": "a child", "word": "still a child", "small": "very small"}[group])
    for match in LOOSE_AGE.finditer(text) if INTRODUCES.search(text) else ():
        if 16 <= int(match["n"]) <= 99 and len(text.split()) > 2:
            cut(*match.span(), "age", _decade(int(match["n"]), "my"))


def _decade(age: int, whose: str) -> str:
    if age >= 90:
        return "over eighty-nine"
    if age < 13:
        return "a child"
    if age < 20:
        return f"in {whose} teens"
    return f"in {whose} " + ("twenties", "thirties", "forties", "fifties", "sixties", "seventies", "eighties")[age // 10 - 2]


# --- what remains ------------------------------------------------------------------------------------------------------------


def doubts(text: str, names: Names, rules: Rules) -> tuple[str, ...]:
    """Words that may still name somebody or some place: a line with one of them is not published as it stands."""
    found = []
    shouted = text.isupper() and len(text.split()) > 2
    covered = _protected(text, rules)
    for match in _NAME_LIKE.finditer(text):
        word = match.group()
        low = re.sub(r"['’]s$", "", word.lower())
        if any(a <= match.start() < b for a, b in covered):
            continue
        if (
            (low in names.strong and low not in rules.medical)
            or (low in names.weak and low not in STOP and low not in names.often and low not in CALENDAR)
            or low in names.suspects
        ):
            found.append(word)
        elif shouted:
            if len(word) > 4 and not is_ordinary(low, rules) and low not in rules.medical and low not in names.seen:
                found.append(word)
        elif word[0].isupper() and not is_known_word(word, names, rules):
            found.append(word)
    for match in CAPITALS.finditer(text):
        if not any(a <= match.start() < b for a, b in covered) and not all(
            w.lower() in rules.medical or w.lower() in CALENDAR for w in match.group().split()
        ):
            found.append(match.group())
    for match in PLACE_BEFORE.finditer(text):
        if not is_known_word(match["name"], names, rules):
            found.append(match["name"])
    for match in IN_PLACE_LOW.finditer(text):
        word = match["name"].split()[0]
        if match.group().startswith(("to ", "at ")) and word.endswith(("e", "ing")):
            continue
        if (
            not is_ordinary(word.removesuffix("s"), rules)
            and not is_ordinary(word, rules)
            and word not in rules.medical
            and word not in names.seen
        ):
            found.append(word)
    return tuple(found)


def _tidy(text: str) -> str:
    text = re.sub(r"\b(?:a|the) a (doctor|hospital)", r"a \1", text)
    text = re.sub(r"\b(?:their|the|a|my) (their (?:area|workplace))", r"\1", text)
    text = re.sub(r"\bon (?:the )?a certain day", "on a certain day", text)
    text = re.sub(r"\s+([,.!?;:])", r"\1", text)
    text = re.sub(r",\s*,", ",", text)
    return re.sub(r"[ \t]{2,}", " ", text).strip()
