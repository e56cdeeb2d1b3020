"""What a human must look at first: crisis lines, which are never drafted, and statements about doses and medicines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from functools import lru_cache

from peerplugin.core.english import SHORT, plain
from peerplugin.core.model import EventId, Finding, Message, Statement
from peerplugin.core.rules import Rules

_APOSTROPHE = re.compile(r"'")
DOSE = re.compile(r"\b\d+(?:[.,/]\d+)*\s?(?:mg|mcg|ug|g|ml|iu|units?|tablets?|pills?|capsules?|puffs?|drops?|mmol|lit(?:er|re)s?)\b", re.I)
MEDICINE = re.compile(
    r"\b[a-z]{3,}(?:mab|nib|pril|sartan|olol|statin|azole|cillin|mycin|floxacin|azepam|azolam|oxetine|triptan|gliptin|glutide|gliflozin|"
    r"parin|xaban|setron|dronate|cycline|caine|profen|tidine|lukast|sone|solone|terol|phylline|ximin|ximab|imus|pine|mide|zide|"
    r"thiazide|done|dopa|codone|morphine|trexate|prine)\b",
    re.I,
)
CHANGE = re.compile(r"\b(stop(?:ped)?|halv(?:e|ed)|doubl(?:e|ed)|skip(?:ped)?|instead of|off my|came off|cut (?:it|them|the dose))\b", re.I)


def is_crisis(text: str, phrases: Sequence[str]) -> bool:
    """Whether a line sounds like danger to the person who wrote it. Recall first: a harmless line may match."""
    return any(p.search(_flat(text)) for p in _patterns(tuple(phrases)))


def _flat(text: str) -> str:
    spelt = " ".join(SHORT.get(w, w) for w in plain(text).lower().split())
    return " " + re.sub(r"[^\w]+", " ", _APOSTROPHE.sub("", spelt)).strip() + " "


@lru_cache(maxsize=8)
def _patterns(phrases: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    """One pattern a hundred phrases: fewer passes over each line."""
    parts = []
    for phrase in phrases:
        flat = " ".join(
            re.escape(w) if w != "*" else "(?:[^ ]+ ){0,3}" for w in _flat(phrase.replace("*", " STAR ")).replace("star", "*").split()
        )
        parts.append(flat.replace("){0,3} ", "){0,3}").replace("\\*", "(?:[^ ]+ ){0,3}"))
    return tuple(re.compile(" (?:" + "|".join(parts[k : k + 100]) + ") ") for k in range(0, len(parts), 100))


def near_crisis(messages: Sequence[Message], rules: Rules) -> frozenset[EventId]:
    """Lines around a crisis that are not drafted either: the author's own for a while, and what answers them directly."""
    before, after = timedelta(seconds=rules.crisis_before_s), timedelta(seconds=rules.crisis_after_s)
    by_id = {m.event_id: m for m in messages}
    anchors = {m.event_id: m for m in messages if m.left_out == "crisis"}
    for m in list(anchors.values()):  # "are you safe?" says whose line it answers
        if m.reply_to in by_id:
            anchors.setdefault(m.reply_to, by_id[m.reply_to])
    kept_out = {m.event_id for m in messages for a in anchors.values() if m.sender == a.sender and a.at - before <= m.at <= a.at + after}
    return frozenset(kept_out | {m.event_id for m in messages if m.reply_to in kept_out})


def screen(statements: Sequence[Statement]) -> tuple[Finding, ...]:
    """What the moderator's eye should rest on: doses, medicines, changes of treatment."""
    findings = []
    for number, statement in enumerate(statements, 1):
        if statement.offered:
            continue
        dose, medicine = DOSE.search(statement.text), MEDICINE.search(statement.text)
        if dose:
            findings.append(Finding("dose", statement.event_ids, f"Dose in {number}: {dose.group()}."))
        if medicine and CHANGE.search(statement.text):
            findings.append(Finding("treatment", statement.event_ids, f"Change of a medicine in {number}: {medicine.group()}."))
        elif medicine and not dose:
            findings.append(Finding("medicine", statement.event_ids, f"Medicine in {number}: {medicine.group()}."))
    return tuple(findings)
