"""What matters of a thread: its question, and sentences that carry something, each with the messages it rests on."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from peerplugin.core.english import content, copied, words
from peerplugin.core.grammar import leans_on_context, relations_of
from peerplugin.core.model import EventId, Level, Message, Section, Statement, Summary, Thread, UserId, Wording
from peerplugin.core.paraphrase import unlike
from peerplugin.core.privacy import Scrubbed
from peerplugin.core.roles import DOCTOR, is_weighty, jokes, section_of, sentences, tag_patterns
from peerplugin.core.rules import Rules
from peerplugin.core.safety import DOSE, MEDICINE, screen
from peerplugin.core.titles import as_title, leans_on_talk, question_score, topics_of
from peerplugin.core.wording import continued, counted, report

_URL = re.compile(r"https?://[^\s)>\]]+")

BURST_S = 40.0
SUBJECT_TITLE = "What do members say about"
_CHATTER = re.compile(
    r"\b(?:welcome|good (?:evening|morning|night)|see you|thank you all|minutes left|floor is yours|your hand|raise|one at a time|"
    r"go ahead|next up|we are patients|house rules|the notes|optout|prescribe)\b",
    re.I,
)
_NO_ANSWER = re.compile(
    r"\b(?:not me|no idea|nor (?:me|do i|can i)|me neither|don'?t know|dunno|i wish i knew|wouldn'?t know|can'?t help|anyone\?|"
    r"anybody\?|no takers|nobody|really don'?t know|won'?t guess|interested too|following)\b",
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
    """A sentence that might be said in public."""

    text: str
    section: Section
    event_id: EventId
    sender: UserId
    score: float
    stems: frozenset[str]
    quoted: bool = False
    offered: bool = False
    leans: bool = False  # on a sentence before it
    place: int = 0  # in its message
    event_ids: tuple[EventId, ...] = ()  # of several sentences that were joined


def summarise(thread: Thread, room: Room, rules: Rules) -> Summary | None:
    """One thread as title and statements; None where it holds nothing to say."""
    said = [room.messages[e] for e in thread.event_ids if e in room.messages]
    joking = jokes(said)
    usable = [m for m in said if m.left_out is None and m.event_id not in room.kept_out | joking and m.level is not Level.NONE]
    if not usable:
        return None
    people = len({m.sender for m in usable})
    title, sources = _title(thread, usable, room, rules)
    speaking = [m for m in usable if m.level in {Level.REPORTED, Level.QUOTED}]
    found = [c for burst in _bursts(speaking) for c in _joined(_candidates(burst, room, rules), room)]
    asks = set(content(title))
    if thread.opening is not None and thread.opening in room.clean:
        asks |= set(content(room.clean[thread.opening].text))
    found = [replace(c, score=c.score + 0.25 * len(c.stems & asks)) for c in found]
    open_question = bool(sources) and _is_open(thread, usable, room)
    if open_question:
        question = unlike(title, room.messages[sources[0]].text, rules.max_copied_words)
        text = f"Asked by one member; nobody at the meeting had an answer{': ' + question if question else '.'}"
        statements = [Statement(text, "open", "reported", sources)]
    else:
        chosen = _choose([c for c in found if not c.offered], usable, rules)
        statements = _stated(chosen, thread, [m for m in usable if m.level is Level.COUNTED], room, rules)
        statements += [Statement(c.text, c.section, "reported", (c.event_id,), offered=True) for c in _offers(found, chosen)]
    told = [s for s in statements if not s.offered]
    weighty = sum(is_weighty(s.text, rules) for s in told)
    if not title or not statements:
        return None
    if not open_question and (
        not told or len(statements) < 2 or weighty * 4 < len(told) or (title.startswith(SUBJECT_TITLE) and weighty < 2)
    ):
        return None
    removed = Counter(s.kind for m in usable for s in room.clean[m.event_id].spans)
    withheld = ""
    if people < rules.min_contributors and not open_question:
        withheld = f"Only {people} {'person' if people == 1 else 'people'} took part (fewer than {rules.min_contributors})."
    return Summary(
        thread.thread_id, title, sources, _tags(usable, room, rules) + (("open-question",) if open_question else ()), tuple(statements), people,
        len(usable), screen(statements), dict(removed), withheld, open_question, _voices(usable),
    )  # fmt: skip


def _voices(messages: Sequence[Message]) -> tuple[frozenset[EventId], ...]:
    """The messages by author: how many members stand behind something can then be told without knowing who."""
    by: dict[UserId, list[EventId]] = defaultdict(list)
    for m in messages:
        by[m.sender].append(m.event_id)
    return tuple(frozenset(ids) for ids in by.values())


# --- sentences ----------------------------------------------------------------------------------------------------------


def _bursts(messages: Sequence[Message]) -> list[list[Message]]:
    """Lines of one person in one breath: a sentence may need the one before it."""
    bursts: list[list[Message]] = []
    for m in messages:
        last = bursts[-1][-1] if bursts else None
        if last is not None and last.sender == m.sender and (m.at - last.at).total_seconds() <= BURST_S and m.level == last.level:
            bursts[-1].append(m)
        else:
            bursts.append([m])
    return bursts


def _candidates(burst: Sequence[Message], room: Room, rules: Rules) -> list[Candidate]:
    """What a burst offers: sentences that can be told, and, where none can, itself for a moderator to word."""
    found: list[Candidate] = []
    for m in burst:
        scrubbed = room.clean[m.event_id]
        if m.emote or (m.moderator and _CHATTER.search(scrubbed.text)):
            continue
        for place, sentence in enumerate(sentences(scrubbed.text)):
            if (
                candidate := _link(sentence, m, scrubbed)
                if _URL.search(sentence)
                else _candidate(sentence, m, found[-1] if found else None, room, rules)
            ):
                found.append(replace(candidate, place=place))
    return found


def _link(sentence: str, m: Message, scrubbed: Scrubbed) -> Candidate | None:
    match = _URL.search(sentence)
    if match is None or scrubbed.doubts or any(s.kind == "url" for s in scrubbed.spans):
        return None
    return Candidate(
        f"One member shared a link: {match.group().rstrip('.,')}", "resource", m.event_id, m.sender, 1.5, frozenset(content(sentence))
    )


def _candidate(sentence: str, m: Message, before: Candidate | None, room: Room, rules: Rules) -> Candidate | None:
    scrubbed = room.clean[m.event_id]
    stems = frozenset(content(sentence))
    length = len(words(sentence))
    told_before = before is not None and not before.offered and before.section != "resource"
    relations = _relatives(m)
    text = report(sentence, m.text, relations=relations, small=rules.ordinary, limit=rules.max_copied_words)
    leans = text is not None and leans_on_context(text)
    if text is None and told_before:
        text, leans = (
            report(sentence, m.text, relations=relations, small=rules.ordinary, limit=rules.max_copied_words, follows=True),
            True,
        )
    doubtful = any(d.lower() in sentence.lower() for d in scrubbed.doubts)
    offered, quoted = text is None or doubtful, False
    if offered and not doubtful and m.level is Level.QUOTED and length >= 5 and "?" not in sentence:
        text, offered, quoted = f'One member: "{sentence.strip()}"', False, True
    if offered:
        if "?" in sentence or length < 6:
            return None
        text = sentence
    assert text is not None
    section = section_of(text, sentence)
    score = sum(room.weights.get(s, 0.0) for s in stems) / max(4, length) ** 0.7
    score += 0.5 * bool(re.search(r"\d", sentence)) + 0.5 * bool(MEDICINE.search(sentence) or DOSE.search(sentence))
    score += {"doctor": 0.5, "suggestion": 0.4, "experience": 0.1}.get(section, -0.4)
    score -= 0.5 * (length < 7) + 0.4 * (len(stems) < 3) + 0.4 * (" notes: " in text)
    return Candidate(text, section, m.event_id, m.sender, score, stems, quoted, offered, leans=leans)


def _relatives(m: Message) -> tuple[str, ...]:
    """Whom "he" may mean: a relative named in the same message, if no doctor is."""
    return () if DOCTOR.search(m.text) else relations_of([m.text], at_least=1)


def _joined(found: Sequence[Candidate], room: Room) -> list[Candidate]:
    """Sentences of one burst: a strong one alone, or with the one before it that it leans on, or with a second that goes on."""
    told = [c for c in found if not c.offered]
    joined: list[Candidate] = []
    k = 0
    while k < len(told):
        first, rest = told[k], told[k + 1 :]
        group = [first]
        while rest and len(group) < 3 and _goes_on(group, rest[0], found, room):
            group.append(rest.pop(0))
        k += len(group)
        if len(group) == 1 and first.leans:
            if first.score > (1.3 if first.text.startswith("One member says theirs") else 1.8):
                joined.append(replace(first, score=first.score - 0.7))
            continue
        text = " ".join([first.text, *(continued(c.text) for c in group[1:])])
        joined.append(
            replace(
                first, text=text, score=max(c.score for c in group) + 0.15 * (len(group) - 1), stems=frozenset().union(*(c.stems for c in group)),
                event_ids=tuple(dict.fromkeys(c.event_id for c in group)), section=max(group, key=lambda c: c.score).section,
            )
        )  # fmt: skip
    return joined + [c for c in found if c.offered]


def _goes_on(group: Sequence[Candidate], c: Candidate, found: Sequence[Candidate], room: Room) -> bool:
    """Whether a sentence belongs behind those before it: nothing left out between, of the same kind, short enough together."""
    last = group[-1]
    length = sum(len(words(x.text)) for x in group) + len(words(c.text))
    if (
        c.section == "resource"
        or last.section == "resource"
        or c.quoted
        or last.quoted
        or length > 42
        or (last.text.count("advice") and c.text.count("advice"))
    ):
        return False
    near = found.index(c) - found.index(last) == 1 and (c.event_id != last.event_id or c.place - last.place == 1)
    together = f"{last.text} {continued(c.text)}"
    if any(copied(together, room.messages[x.event_id].text, 7) for x in (last, c)):
        return False
    return near and (c.leans or (c.section == last.section and length <= 36))


def _choose(found: Sequence[Candidate], usable: Sequence[Message], rules: Rules) -> list[tuple[Candidate, ...]]:
    """The sentences that say most in the words a reader will read; the same said twice is one."""
    budget = max(rules.min_words, round(rules.max_share * sum(len(words(m.text)) for m in usable)))
    chosen: list[tuple[Candidate, ...]] = []
    used: Counter[EventId] = Counter()
    spent = 0
    for c in sorted(found, key=lambda c: (-c.score, c.event_id)):
        twin = next((k for k, group in enumerate(chosen) if _alike(group[0].stems, c.stems)), None)
        if twin is not None:
            if (
                c.sender not in {x.sender for x in chosen[twin]}
                and chosen[twin][0].section == c.section
                and counted(chosen[twin][0].text, 2)
            ):
                chosen[twin] += (c,)
                used[c.event_id] += 1
            continue
        length = len(words(c.text))
        if (
            len(chosen) >= rules.max_statements
            or c.score <= 0.1
            or used[c.event_id] >= 2
            or (used[c.event_id] and c.score < 1.2)
            or spent + length > budget
        ):
            continue
        chosen.append((c,))
        used[c.event_id] += 1
        spent += length
    return chosen


def _alike(a: frozenset[str], b: frozenset[str]) -> bool:
    shared = len(a & b)
    return shared >= 3 and shared >= 0.7 * min(len(a), len(b)) and shared >= 0.55 * max(len(a), len(b))


def _stated(
    chosen: Sequence[tuple[Candidate, ...]], thread: Thread, counting: Sequence[Message], room: Room, rules: Rules
) -> list[Statement]:
    order = {e: k for k, e in enumerate(thread.event_ids)}
    sections = {s: k for k, s in enumerate(rules.sections)}
    rows = []
    for group in chosen:
        ids = list(dict.fromkeys(e for c in group for e in (c.event_ids or (c.event_id,))))
        people = {c.sender for c in group}
        for m in counting:
            if m.sender not in people and _alike(group[0].stems, frozenset(content(room.clean[m.event_id].text))):
                ids.append(m.event_id)
                people.add(m.sender)
        text = group[0].text if len(people) == 1 else counted(group[0].text, len(people))
        if text is None:
            text, ids, people = group[0].text, [group[0].event_id], {group[0].sender}
        wording: Wording = "quoted" if group[0].quoted else "counted" if len(people) > 1 else "reported"
        rows.append((sections[group[0].section], order[ids[0]], Statement(text, group[0].section, wording, tuple(ids), len(people))))
    rows.sort(key=lambda r: r[:2])
    return [r[2] for r in rows]


def _offers(found: Sequence[Candidate], chosen: Sequence[tuple[Candidate, ...]]) -> list[Candidate]:
    """A few weighty sentences that could not be worded safely: for the moderator only."""
    told = {c.event_id for group in chosen for c in group}
    best = sorted((c for c in found if c.offered and c.event_id not in told and c.score > 1.2), key=lambda c: (-c.score, c.event_id))
    return best[:3]


# --- title, tags, open question ------------------------------------------------------------------------------------------


def _title(thread: Thread, usable: Sequence[Message], room: Room, rules: Rules) -> tuple[str, tuple[EventId, ...]]:
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
    if (topics := topics_of(ranked[:10], open_texts, rules.ordinary, wanted=2)) and len(usable) >= 5:
        sources = tuple(m.event_id for m in usable if topics[0].lower() in m.text.lower() and m.level in {Level.REPORTED, Level.QUOTED})[:3]
        return (f"{SUBJECT_TITLE} {' and '.join(topics)}?", sources) if sources else ("", ())
    return "", ()


def _is_open(thread: Thread, usable: Sequence[Message], room: Room) -> bool:
    """Asked, and nobody but the asker said anything to it ("not me either" is no answer)."""
    asker = next((m.sender for m in usable if m.event_id == thread.opening), None)
    if asker is None:
        return False
    return not any(
        m.sender != asker and not _NO_ANSWER.search(m.text) and len(content(room.clean[m.event_id].text)) >= 3 and "?" not in m.text
        for m in usable
    )


def _tags(usable: Sequence[Message], room: Room, rules: Rules) -> tuple[str, ...]:
    text = " " + " ".join(room.clean[m.event_id].text.lower() for m in usable)
    counts = {tag: len(pattern.findall(text)) for tag, pattern in tag_patterns(tuple(rules.tags.items())).items()}
    ranked = sorted((t for t, n in counts.items() if n >= 2), key=lambda t: (-counts[t], t))
    return tuple(ranked[: rules.max_tags])
