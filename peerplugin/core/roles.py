"""What a sentence is for: experience, feeling, suggestion, what a doctor said; whether it is about health at all, or a joke."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from peerplugin.core.english import PARTICIPLE, PAST, words
from peerplugin.core.model import EventId, Message, Section, UserId
from peerplugin.core.rules import Rules
from peerplugin.core.safety import MEDICINE

_END = re.compile(r"(?<=[.!?…])[\"')\]]*\s+|\n+|\s+[-–—]+\s+|(?<=[a-z)])\.{2,}\s*|;\s+")
_NOT_END = re.compile(r"\b(?:dr|mr|mrs|ms|st|prof|vs|approx|e\.g|i\.e|etc|no|inc|dept|min|max)\.$", re.I)
DOCTOR = re.compile(
    r"\b(?:was (?:told|put|given|switched|moved|swapped|prescribed|referred|diagnosed|offered|warned|advised|taught)|doctors?|dr|gp|"
    r"consultant|specialist|surgeon|nurse|neurolog\w+|cardiolog\w+|hepatolog\w+|oncolog\w+|"
    r"nephrolog\w+|pulmonolog\w+|respiratory|endo|dietitian|dietician|physio|pharmacist|the team|clinic|hospital|coordinator|"
    r"dermatolog\w+|therapist)\b", re.I
)  # fmt: skip
_DOCTOR_SAYS = re.compile(
    r"\b(?:said|says|told|wants?|wanted|thinks|recommend\w*|prescribed|put|gave|advised?|insist\w*|explained|was (?:told|warned|advised|"
    r"taught|prescribed))\b",
    re.I,
)
EMOTION = re.compile(
    r"\b(?:afraid|scared|fear\w*|terrif\w+|cried|cry|crying|tears|lonely|alone|guilt\w*|asham\w+|shame|angry|anger|rage|furious|"
    r"relie(?:f|ved)|hopeless|hopeful|grie\w+|sad|sadness|depress\w+|anxi\w+|worr\w+|panic\w*|embarrass\w+|"
    r"grateful|thankful|proud|happy|hate|hates|love|loves|miss|misses|overwhelm\w*|exhausted|fed up|frustrat\w+|jealous|upset|shock\w*|"
    r"lost|numb|trust|dread\w*|nervous|brave|comfort\w*|heartbroken|felt like|feel like|feels like)\b", re.I
)  # fmt: skip
_SINCE = re.compile(
    r"\b\d+ (?:yrs?|years?|months?|mths?|weeks?|wks?) (?:in|out|on|ago|now|here|later|sober)\b|\bhere[,.]|^\d+ (?:yrs?|years)",
    re.I,
)
_DOUBTED = re.compile(
    r"^\W*(?:lol|haha|really\?|wait really|seriously\?|are you (?:serious|joking)|joking|just joking|kidding)|😂|🤣|💀",
    re.I,
)


def sentences(text: str) -> list[str]:
    """The sentences of a message."""
    parts: list[str] = []
    last = 0
    for match in _END.finditer(text):
        if _NOT_END.search(text[: match.start()].rstrip()) and "\n" not in match.group():
            continue
        parts.append(text[last : match.start()])
        last = match.end()
    parts.append(text[last:])
    return [p.strip() for p in parts if re.search(r"\w", p)]


def section_of(reported: str, source: str) -> Section:
    """Under which heading a reported sentence belongs."""
    if "advice:" in reported:
        return "suggestion"
    if DOCTOR.search(reported) and _DOCTOR_SAYS.search(reported):
        return "doctor"
    own = bool(re.search(r"\b(?:i|my|me|we|our|us|i'm|im|ive|mine)\b", source, re.I))
    if EMOTION.search(reported) and own and not re.search(r"\d", reported):
        return "emotion"
    spoken = words(source)
    past = any((w in PAST and (w not in PARTICIPLE or k == 0)) or w in {"was", "were", "had"} for k, w in enumerate(spoken))
    if own or past or _SINCE.search(source):
        return "experience"
    return "suggestion"


def is_weighty(text: str, rules: Rules) -> bool:
    """Whether a statement is about health at all: a figure, a medicine, a doctor, or a word that earns a tag."""
    low = text.lower()
    if re.search(r"\d", text) or MEDICINE.search(text) or DOCTOR.search(text):
        return True
    return any(pattern.search(low) for pattern in tag_patterns(tuple(rules.tags.items())).values())


@lru_cache(maxsize=4)
def tag_patterns(tags: tuple[tuple[str, tuple[str, ...]], ...]) -> dict[str, re.Pattern[str]]:
    """One pattern a tag: any of its phrases, from the start of a word."""
    return {tag: re.compile(r"(?<!\w)(?:" + "|".join(re.escape(p.lower()) for p in phrases) + ")") for tag, phrases in tags if phrases}


def jokes(said: Sequence[Message]) -> frozenset[EventId]:
    """Lines that somebody laughed at, did not believe, or that their author took back as a joke."""
    found = {m.reply_to for m in said if m.reply_to is not None and _DOUBTED.search(m.text)}
    last: dict[UserId, EventId] = {}
    for m in said:
        if re.search(r"\b(?:joking|kidding|only joking|never take (?:medical )?advice from me|i made that up)\b", m.text, re.I):
            found.update(x for x in (m.event_id, last.get(m.sender)) if x)
        last[m.sender] = m.event_id
    return frozenset(found)
