"""What a thread asks: its title, whether anybody answered, its tags."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from peerplugin.core.candidates import Room
from peerplugin.core.english import content
from peerplugin.core.model import EventId, Level, Message, Thread
from peerplugin.core.roles import sentences, tag_patterns
from peerplugin.core.rules import Rules
from peerplugin.core.titles import as_title, leans_on_talk, question_score, topics_of

SUBJECT_TITLE = "What do members say about"
_NO_ANSWER = re.compile(
    r"\b(?:not me|no idea|nor (?:me|do i|can i)|me neither|don'?t know|dunno|i wish i knew|wouldn'?t know|can'?t help|anyone\?|"
    r"anybody\?|no takers|nobody|really don'?t know|won'?t guess|interested too|following)\b",
    re.I,
)


def title_of(thread: Thread, usable: Sequence[Message], room: Room, rules: Rules) -> tuple[str, tuple[EventId, ...]]:
    """The asker's question; failing that the best question of the thread; failing that its subject."""
    weights = dict(room.weights)
    texts = {m.event_id: room.clean[m.event_id].text for m in usable}
    local = Counter(s for text in texts.values() for s in set(content(text)))
    ranked = sorted((s for s in local if local[s] > 1), key=lambda s: (-local[s] * weights.get(s, 0.0) ** 2, s))
    open_texts = [texts[m.event_id] for m in usable if not room.clean[m.event_id].doubts and m.level in {Level.REPORTED, Level.QUOTED}]
    rated = []
    for place, m in enumerate(usable):
        if m.level not in {Level.REPORTED, Level.QUOTED} or room.clean[m.event_id].doubts:
            continue
        for sentence in sentences(texts[m.event_id]):
            score = question_score(sentence, weights)
            if score > 0:
                score += (
                    1.5 * (m.event_id == thread.opening)
                    + 1.0 * (place < 4)
                    - 0.03 * place
                    + 0.5 * sum(s in ranked[:12] for s in set(content(sentence)))
                )
                rated.append((score, -place, sentence, m))
    for score, _, sentence, m in sorted(rated, key=lambda r: (-r[0], -r[1])):
        near = [texts[x.event_id] for x in usable if x.sender == m.sender and abs((x.at - m.at).total_seconds()) <= 90]
        theirs = sorted({s for text in near for s in content(text)}, key=lambda s: (-(local[s] * weights.get(s, 0.0) ** 2), s))
        title = as_title(sentence, rules.ordinary, limit=rules.max_title)
        if title is None or score <= 1:
            continue
        if leans_on_talk(title) or (len(content(sentence)) < 3 and not set(content(sentence)) & set(ranked[:20])):
            known = [s for s in theirs if s in ranked[:12]] or ranked[:4]
            topics = topics_of(known, near, rules.ordinary) or topics_of(ranked[:5], open_texts, rules.ordinary)
            title = as_title(sentence, rules.ordinary, limit=rules.max_title, topic=topics[0]) if topics else None
        if title is not None:
            return title, (m.event_id,)
    if (topics := topics_of(ranked[:10], open_texts, rules.ordinary, wanted=2)) and len(usable) >= 3:
        sources = tuple(m.event_id for m in usable if topics[0].lower() in m.text.lower() and m.level in {Level.REPORTED, Level.QUOTED})[:3]
        return (f"{SUBJECT_TITLE} {' and '.join(topics)}?", sources) if sources else ("", ())
    return "", ()


def is_open(thread: Thread, usable: Sequence[Message], room: Room) -> bool:
    """Asked, and nobody but the asker said anything to it ("not me either" is no answer)."""
    asker = next((m.sender for m in usable if m.event_id == thread.opening), None)
    if asker is None:
        return False
    return not any(
        m.sender != asker and not _NO_ANSWER.search(m.text) and len(content(room.clean[m.event_id].text)) >= 3 and "?" not in m.text
        for m in usable
    )


def tags_of(usable: Sequence[Message], room: Room, rules: Rules) -> tuple[str, ...]:
    """What it is about, in the forum's tags: said twice at least."""
    text = " " + " ".join(room.clean[m.event_id].text.lower() for m in usable)
    counts = {tag: len(pattern.findall(text)) for tag, pattern in tag_patterns(tuple(rules.tags.items())).items()}
    ranked = sorted((t for t, n in counts.items() if n >= 2), key=lambda t: (-counts[t], t))
    return tuple(ranked[: rules.max_tags])
