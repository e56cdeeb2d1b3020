"""What could be said of a thread: each message, or the lines of one breath, in reported speech, with what it is for and what it is worth."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from peerplugin.core.english import SHORT, content, copied, words
from peerplugin.core.grammar import relations_of
from peerplugin.core.model import EventId, Level, Message, Section, UserId
from peerplugin.core.privacy import Scrubbed
from peerplugin.core.roles import DOCTOR, section_of, sentences
from peerplugin.core.rules import Rules
from peerplugin.core.safety import DOSE, MEDICINE
from peerplugin.core.signals import place_signals, shape_signals, word_signals
from peerplugin.core.wording import report_all

_URL = re.compile(r"https?://[^\s)>\]]+")
_INITIALS = re.compile(r"^[b-df-hj-np-tv-xz]{2,3}\b(?!\.)", re.I)
"""What somebody may be called for short, addressed at the start of a line."""
_AGE = re.compile(r"\b(?:was|were|is|turned|aged?|i'm)\s(?:two|three|four|five|six|seven|eight|nine|ten|\w+teen)\b(?=\W*$|[.,;!])", re.I)
BURST_S = 90.0
_SHORT, _LONG = 22, 40
"""Of a message or a breath there is a short and a long telling, in words."""
_CHATTER = re.compile(
    r"\b(?:welcome|good (?:evening|morning|night)|see you|thank you all|minutes left|floor is yours|your hand|raise|one at a time|"
    r"go ahead|next up|we are patients|house rules|the notes|optout|prescribe)\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Room:
    """What a whole meeting knows that one thread needs."""

    messages: Mapping[EventId, Message]
    clean: Mapping[EventId, Scrubbed]
    kept_out: frozenset[EventId]
    weights: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Candidate:
    """What might be said in public of one or more messages of one member."""

    text: str
    section: Section
    event_ids: tuple[EventId, ...]
    sender: UserId
    worth: tuple[float, ...]
    """How likely each of the messages carries something a reader wants to know."""
    stems: frozenset[str]
    sure: float = 0.5
    """How likely the heading is right for its messages."""
    quoted: bool = False
    offered: bool = False


def candidates(thread: Sequence[Message], asks: frozenset[str], room: Room, rules: Rules) -> list[Candidate]:
    """All that could be told of these messages, one breath after the other; and what a moderator might word."""
    likely = _likely(thread, asks, room, rules)
    found: list[Candidate] = []
    for burst in _bursts(thread):
        told = [
            m
            for m in burst
            if not (m.emote or (m.moderator and _CHATTER.search(room.clean[m.event_id].text)) or _social(likely[m.event_id]))
        ]
        groups = [told[a:b] for a in range(len(told)) for b in range(a + 1, min(a + 4, len(told)) + 1)]
        for group in groups:
            found += _tellings(group, likely, room, rules)
        for m in told:
            found += _links(m, room)
        reported = {e for c in found for e in c.event_ids}
        for m in told:
            if m.event_id not in reported and (other := _other(m, likely[m.event_id], room, rules)):
                found.append(other)
    return found


def _likely(thread: Sequence[Message], asks: frozenset[str], room: Room, rules: Rules) -> dict[EventId, dict[str, float]]:
    places = place_signals(thread, asks)
    if not rules.learned.labels:
        return {m.event_id: {"key": _by_rule(room.clean[m.event_id].text, asks)} for m in thread}
    found = {}
    for m in thread:
        text = room.clean[m.event_id].text
        found[m.event_id] = rules.learned.likely(word_signals(text) | shape_signals(text, room.weights) | places[m.event_id])
    return found


def _by_rule(text: str, asks: frozenset[str]) -> float:
    stems = set(content(text))
    score = 0.05 * min(8, len(stems)) + 0.1 * len(stems & asks) + 0.15 * bool(re.search(r"\d", text))
    return min(0.95, score + 0.15 * bool(MEDICINE.search(text) or DOSE.search(text)) + 0.1 * bool(DOCTOR.search(text)))


def _social(likely: Mapping[str, float]) -> bool:
    """Whether a message surely is only company: then nothing rests on it."""
    others = max((p for label, p in likely.items() if label not in {"social", "key"}), default=1.0)
    return likely.get("social", 0.0) > 0.5 and others < 0.5 and likely["key"] < 0.5


def _bursts(messages: Sequence[Message]) -> list[list[Message]]:
    """Lines of one person in one breath: a sentence may need the one before it."""
    bursts: list[list[Message]] = []
    for m in messages:
        last = next((b for b in reversed(bursts[-4:]) if b[-1].sender == m.sender), None)
        if last is not None and (m.at - last[-1].at).total_seconds() <= BURST_S and m.level == last[-1].level:
            last.append(m)
        else:
            bursts.append([m])
    return bursts


def _tellings(group: Sequence[Message], likely: Mapping[EventId, Mapping[str, float]], room: Room, rules: Rules) -> Iterator[Candidate]:
    said = [x for m in group for x in _tellable(m, room, rules)]
    source = "\n".join(m.text for m in group)
    kin = () if DOCTOR.search(source) else relations_of([m.text for m in group], at_least=1)
    texts = (
        report_all(said, source, relations=kin, small=rules.ordinary, limit=rules.max_copied_words, most_words=most, leaning=True)
        for most in (_SHORT, _LONG)
    )
    ids = tuple(m.event_id for m in group)
    for text in dict.fromkeys(t for t in texts if t is not None):
        stems = frozenset(content(text))
        silent = [m for m in group if len(group) > 1 and not stems & set(content(room.clean[m.event_id].text))]
        if silent or any(copied(text, m.text, rules.max_copied_words) for m in group):
            continue
        section, sure = _section(text, source, [likely[e] for e in ids], rules)
        yield Candidate(text, section, ids, group[0].sender, tuple(likely[e]["key"] for e in ids), stems, sure)


def _tellable(m: Message, room: Room, rules: Rules) -> list[str]:
    """The sentences of a message in which nothing doubtful stands."""
    scrubbed = room.clean[m.event_id]
    doubts = [d.lower() for d in scrubbed.doubts]
    found = [s for s in sentences(scrubbed.text) if not _URL.search(s) and not _AGE.search(s) and not any(d in s.lower() for d in doubts)]
    first = words(found[0])[:1] if found else []
    known = not first or first[0] in rules.ordinary or first[0] in rules.medical or first[0] in SHORT
    return found if known or not _INITIALS.match(found[0]) else found[1:]


def _section(text: str, source: str, likely: Sequence[Mapping[str, float]], rules: Rules) -> tuple[Section, float]:
    """The heading that fits most of the messages behind it, and how likely it does; where none is likely, the rule's."""
    ruled = section_of(text, source)
    rated = {
        s: sum(p.get(s, 0.0) for p in likely) / len(likely) + 0.1 * (s == ruled) for s in rules.sections if s not in {"open", "resource"}
    }
    best = max(rated, key=lambda s: rated[s])
    return (best, min(1.0, rated[best])) if rated[best] > 0.25 else (ruled, 0.25)


def _links(m: Message, room: Room) -> Iterator[Candidate]:
    scrubbed = room.clean[m.event_id]
    match = _URL.search(scrubbed.text)
    if match is not None and not scrubbed.doubts and not any(s.kind == "url" for s in scrubbed.spans):
        text = f"One member shared a link: {match.group().rstrip('.,')}"
        yield Candidate(text, "resource", (m.event_id,), m.sender, (0.6,), frozenset(content(scrubbed.text)))


def _other(m: Message, likely: Mapping[str, float], room: Room, rules: Rules) -> Candidate | None:
    """A message that could not be told: quoted where its author allows it, else for a moderator to word."""
    scrubbed = room.clean[m.event_id]
    fitting = [s for s in sentences(scrubbed.text) if "?" not in s and len(words(s)) >= 5 and not _URL.search(s)]
    if not fitting:
        return None
    sentence = max(fitting, key=lambda s: len(content(s)))
    quoted = m.level is Level.QUOTED and not any(d.lower() in sentence.lower() for d in scrubbed.doubts)
    text = f'One member: "{sentence.strip()}"' if quoted else sentence
    section, sure = _section(text, sentence, [likely], rules)
    return Candidate(
        text, section, (m.event_id,), m.sender, (likely["key"],), frozenset(content(sentence)), sure, quoted, offered=not quoted
    )
