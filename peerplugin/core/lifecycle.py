"""The table of contents: how one meeting goes on, fact by fact, from the first message to the published post.

`advance` takes what is remembered of a meeting and what has happened since, and gives what is to be remembered and done next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from peerplugin.core import announce, publish, review
from peerplugin.core.effects import AnyEffect, Think
from peerplugin.core.facts import (
    AnyFact,
    Asked,
    Closed,
    Commanded,
    ConsentGiven,
    Gone,
    Held,
    Opened,
    Paused,
    Refused,
    Sent,
    Started,
    Thought,
    Unvoted,
    Voted,
    Withdrawn,
)
from peerplugin.core.model import DocumentId, Outcome, Series, Summary
from peerplugin.core.record import Draft, Phase, Record, Verdict, index_id
from peerplugin.core.words import Words

TRANSITIONS: Mapping[Phase, frozenset[Phase]] = MappingProxyType(
    {
        Phase.OPEN: frozenset({Phase.THINKING}),
        Phase.THINKING: frozenset({Phase.REVIEW}),
        Phase.REVIEW: frozenset({Phase.THINKING, Phase.SETTLED}),
        Phase.SETTLED: frozenset({Phase.THINKING, Phase.REVIEW}),
    }
)
"""The state diagram of the README."""


@dataclass(frozen=True, slots=True)
class Advance:
    """What to remember, what to do, and how many draft numbers were given out."""

    record: Record
    effects: tuple[AnyEffect, ...]
    numbers: int = 0


def opened(fact: Opened) -> Record:
    """The record of a meeting that begins."""
    return Record(fact.meeting, fact.series, fact.room, fact.at, fact.by, fact.name, fact.guest, fact.ends_at)


def advance(record: Record, facts: Iterable[AnyFact], series: Series, words: Words, first_free: int) -> Advance:
    """One step: every new fact in order, then the cards and documents that should now exist."""
    effects: list[AnyEffect] = []
    numbers = 0
    for fact in facts:
        before = len(record.drafts)
        record, more = _after(record, fact, series, first_free + numbers)
        numbers += len(record.drafts) - before
        effects += more
    record, unquoted = review.unquoted(record, series.management_room)
    effects += unquoted
    if record.phase is not Phase.OPEN:  # while we think again, what is public already still follows
        record, shown = review.cards(record, series.management_room)
        record, put = publish.due(record, series, words)
        record, told = _link(record, series)
        effects += (*shown, *put, *told)
    if record.phase in (Phase.REVIEW, Phase.SETTLED):
        record = _settled(record, series, words)
    return Advance(record, tuple(effects), numbers)


def _after(record: Record, fact: AnyFact, series: Series, first_free: int) -> tuple[Record, tuple[AnyEffect, ...]]:
    desk = series.management_room
    match fact:
        case Opened():
            return record, (announce.started(record, series), *announce.questions(record, series))
        case Asked():
            return record, announce.questions(record, series, fact.event_id)
        case Paused():
            return record, (announce.paused(record, fact),)
        case Closed():
            return _close(record, fact, series)
        case Thought():
            return _thought(record, fact, series, first_free)
        case Voted():
            return review.vote(record, fact, desk)
        case Unvoted():
            return review.unvote(record, fact, desk)
        case Commanded(word="redraft"):
            return _redraft(record, fact, series)
        case Commanded():
            return review.order(record, fact, desk)
        case Withdrawn():
            return _withdraw(record, fact, series)
        case Sent():
            return review.card_sent(record, fact, desk)
        case Started():
            return publish.started(record, fact), ()
        case Held():
            return publish.held(record, fact), ()
        case Gone():
            return publish.gone(record, fact), ()
        case ConsentGiven():
            return _consented(record, fact)
        case Refused():
            return record, ()


def moved(record: Record, phase: Phase) -> Record:
    """The record in another phase; a move that the diagram does not have is a fault of ours."""
    if phase is record.phase:
        return record
    if phase not in TRANSITIONS[record.phase]:
        raise ValueError(f"no way from {record.phase} to {phase}")
    return replace(record, phase=phase)


def _close(record: Record, fact: Closed, series: Series) -> tuple[Record, tuple[AnyEffect, ...]]:
    if record.phase is not Phase.OPEN:
        return record, ()
    record = replace(_next_round(record), closed_at=fact.at, closed_by=fact.reason)
    return record, (announce.ended(record, series), _think(record))


def _next_round(record: Record) -> Record:
    """What was withdrawn before a round begins is not in the transcript that it thinks about."""
    return replace(moved(record, Phase.THINKING), round=record.round + 1, withdrawn=frozenset())


def _think(record: Record) -> Think:
    return Think(key=f"think:{record.key}:{record.round}", meeting=record.key, round=record.round)


def _consented(record: Record, fact: ConsentGiven) -> tuple[Record, tuple[AnyEffect, ...]]:
    """Drafts follow consent; thinking that began under another consent begins anew."""
    record = review.lowered(record, fact)
    if record.phase is not Phase.THINKING:
        return record, ()
    record = _next_round(record)
    return record, (_think(record),)


def _withdraw(record: Record, fact: Withdrawn, series: Series) -> tuple[Record, tuple[AnyEffect, ...]]:
    """What rests on it goes. The list of questions for a guest, which may hold it, is taken back and told anew."""
    listed = record.phase is Phase.OPEN and bool(record.quotes)
    record = review.withdraw(record, fact)
    return record, announce.questions(record, series) if listed else ()


def _redraft(record: Record, fact: Commanded, series: Series) -> tuple[Record, tuple[AnyEffect, ...]]:
    """Think again about the whole transcript; what is public stays, all other drafts make way."""
    if record.phase not in (Phase.REVIEW, Phase.SETTLED):
        return record, (announce.at_desk(record, series, fact, "not-yet"),)
    record = review.at_once(record, fact.at, "redraft")
    record = _next_round(record)
    return record, (announce.at_desk(record, series, fact, "redrafting"), _think(record))


# --- drafts ---------------------------------------------------------------------------------------------------------------------


def _thought(record: Record, fact: Thought, series: Series, first_free: int) -> tuple[Record, tuple[AnyEffect, ...]]:
    """The thinking is done: every thread becomes a draft with a number of its own, without what was withdrawn meanwhile."""
    if record.phase is not Phase.THINKING or fact.round != record.round:
        return record, ()
    outcome = fact.outcome
    record = replace(
        moved(record, Phase.REVIEW),
        messages=outcome.messages,
        speakers=outcome.speakers,
        present=outcome.present,
        gaps=outcome.gaps,
        left_out=dict(outcome.left_out),
    )
    new = _drafts(record, outcome, first_free)
    record = replace(record, drafts=(*record.drafts, *new))
    return record, (announce.drafted(record, series, len(new)),)


def _drafts(record: Record, outcome: Outcome, first_free: int) -> list[Draft]:
    drafts: list[Draft] = []
    public = frozenset(e for d in record.drafts if d.public for s in d.summary.statements for e in s.event_ids)
    for summary in (review.pruned(s, record.withdrawn) for s in outcome.summaries):
        if _mostly(summary, public) or not (summary.statements or summary.open_question or summary.withheld):
            continue
        number = first_free + len(drafts)
        verdict = Verdict.WITHHELD if summary.withheld else Verdict.WAITING
        drafts.append(Draft(number, DocumentId(f"{record.key}/t{number}"), summary, verdict=verdict))
    return drafts


def _mostly(summary: Summary, public: frozenset[str]) -> bool:
    """Whether most of a summary's sources stand in a public post already (after `!redraft`)."""
    sources = {e for s in summary.statements for e in s.event_ids}
    return 2 * len(sources & public) > len(sources)


# --- the end --------------------------------------------------------------------------------------------------------------------


def _link(record: Record, series: Series) -> tuple[Record, tuple[AnyEffect, ...]]:
    """Once the index and something that it leads to stand in the forum, the room hears of it: once."""
    index = record.publications.get(index_id(record.key))
    if record.link_told or index is None or index.enqueued or not any(publish.is_held(record, d.document) for d in publish.wanted(record)):
        return record, ()
    return replace(record, link_told=True), (announce.published(record, publish.lingering(record, series)),)


def _settled(record: Record, series: Series, words: Words) -> Record:
    """A meeting is settled when nobody has anything to decide and the forum holds what it should."""
    undecided = any(d.verdict is Verdict.WAITING for d in record.drafts)
    should = {d.document: publish.document_digest(d) for d in publish.documents(record, series, words)}
    stands = {k: p.digest for k, p in record.publications.items()}
    return moved(record, Phase.REVIEW if undecided or should != stands else Phase.SETTLED)
