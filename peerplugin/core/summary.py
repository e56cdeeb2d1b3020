"""What matters of a thread: its question, and statements that carry something, each with the messages it rests on."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from peerplugin.core.asking import SUBJECT_TITLE, is_open, tags_of, title_of
from peerplugin.core.candidates import Candidate, Room, candidates
from peerplugin.core.english import content, words
from peerplugin.core.model import EventId, Level, Message, Statement, Summary, Thread, UserId, Wording
from peerplugin.core.paraphrase import unlike
from peerplugin.core.roles import is_weighty, jokes
from peerplugin.core.rules import Rules
from peerplugin.core.safety import screen
from peerplugin.core.selection import alike, choose
from peerplugin.core.together import Told, together
from peerplugin.core.wording import counted

__all__ = ["Room", "summarise"]

_LIKELY = 0.5
"""A thread whose statements are less likely than this to carry anything is not drafted."""


def summarise(thread: Thread, room: Room, rules: Rules) -> Summary | None:
    """One thread as title and statements; None where it holds nothing to say."""
    said = [room.messages[e] for e in thread.event_ids if e in room.messages]
    joking = jokes(said)
    usable = [m for m in said if m.left_out is None and m.event_id not in room.kept_out | joking and m.level is not Level.NONE]
    if not usable:
        return None
    people = len({m.sender for m in usable})
    title, sources = title_of(thread, usable, room, rules)
    speaking = [m for m in usable if m.level in {Level.REPORTED, Level.QUOTED}]
    asks = set(content(title))
    if thread.opening is not None and thread.opening in room.clean:
        asks |= set(content(room.clean[thread.opening].text))
    found = candidates(speaking, frozenset(asks), room, rules)
    open_question = bool(sources) and is_open(thread, usable, room)
    if open_question:
        question = unlike(title, room.messages[sources[0]].text, rules.max_copied_words)
        text = f"Asked by one member; nobody at the meeting had an answer{': ' + question if question else '.'}"
        statements = [Statement(text, "open", "reported", sources)]
    else:
        budget = max(rules.min_words, round(rules.max_share * sum(len(words(m.text)) for m in usable)))
        chosen = choose([c for c in found if not c.offered], budget, room.weights, rules)
        statements = _stated(chosen, thread, [m for m in usable if m.level is Level.COUNTED], room, rules)
        statements += [Statement(c.text, c.section, "reported", c.event_ids, offered=True) for c in _offers(found, chosen)]
    told = [s for s in statements if not s.offered]
    if not title or not statements:
        return None
    if not open_question and not _worth_reading(told, title, found, rules):
        return None
    removed = Counter(s.kind for m in usable for s in room.clean[m.event_id].spans)
    withheld = ""
    if people < rules.min_contributors and not open_question:
        withheld = f"Only {people} {'person' if people == 1 else 'people'} took part (fewer than {rules.min_contributors})."
    return Summary(
        thread.thread_id, title, sources, tags_of(usable, room, rules) + (("open-question",) if open_question else ()), tuple(statements), people,
        len(usable), screen(statements), dict(removed), withheld, open_question, _voices(usable),
    )  # fmt: skip


def _worth_reading(told: Sequence[Statement], title: str, found: Sequence[Candidate], rules: Rules) -> bool:
    """Whether a topic of these statements would tell anybody anything about health; cakes and county fairs do not."""
    weighty = sum(is_weighty(s.text, rules) for s in told)
    if not rules.learned.labels:
        return len(told) >= 2 and weighty * 4 >= len(told) and not (title.startswith(SUBJECT_TITLE) and weighty < 2)
    worth = {e: w for c in found for e, w in zip(c.event_ids, c.worth, strict=True)}
    likely = [max(worth.get(e, 0.0) for e in s.event_ids) for s in told]
    return bool(likely) and sum(likely) / len(likely) >= _LIKELY and (len(likely) >= 2 or len(told[0].event_ids) >= 2)


def _voices(messages: Sequence[Message]) -> tuple[frozenset[EventId], ...]:
    """The messages by author: how many members stand behind something can then be told without knowing who."""
    by: dict[UserId, list[EventId]] = defaultdict(list)
    for m in messages:
        by[m.sender].append(m.event_id)
    return tuple(frozenset(ids) for ids in by.values())


def _stated(
    chosen: Sequence[tuple[Candidate, ...]], thread: Thread, counting: Sequence[Message], room: Room, rules: Rules
) -> list[Statement]:
    """In the order in which it is read: by section, then as it was said; what belongs together in one."""
    order = {e: k for k, e in enumerate(thread.event_ids)}
    sections = {s: k for k, s in enumerate(rules.sections)}
    rows = []
    for group in chosen:
        statement = _statement(group, counting, room)
        stems = frozenset(s for c in group for s in c.stems)
        rows.append((sections[statement.section], order[statement.event_ids[0]], Told(statement, group[0].sender, stems)))
    rows.sort(key=lambda r: r[:2])
    return [t.statement for t in together([r[2] for r in rows], room, rules)]


def _statement(group: Sequence[Candidate], counting: Sequence[Message], room: Room) -> Statement:
    first = group[0]
    ids = list(dict.fromkeys(e for c in group for e in c.event_ids))
    people = {c.sender for c in group}
    for m in counting:
        if m.sender not in people and alike(first.stems, frozenset(content(room.clean[m.event_id].text))):
            ids.append(m.event_id)
            people.add(m.sender)
    text = first.text if len(people) == 1 else counted(first.text, len(people))
    if text is None:
        text, ids, people = first.text, list(first.event_ids), {first.sender}
    wording: Wording = "quoted" if first.quoted else "counted" if len(people) > 1 else "reported"
    return Statement(text, first.section, wording, tuple(ids), len(people))


def _offers(found: Sequence[Candidate], chosen: Sequence[tuple[Candidate, ...]]) -> list[Candidate]:
    """A few weighty sentences that could not be worded safely: for the moderator only."""
    told = {e for group in chosen for c in group for e in c.event_ids}
    best = sorted((c for c in found if c.offered and not told & set(c.event_ids)), key=lambda c: (-max(c.worth), c.event_ids))
    return best[:3]
