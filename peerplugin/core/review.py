"""May it go out? Votes and moderators' commands on drafts; what a withdrawn message does to them. Everything for exactly one revision."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from peerplugin.core.consent import ALLOWED
from peerplugin.core.desk import numbered
from peerplugin.core.effects import AnyEffect, React, Redact, Say, Scalar
from peerplugin.core.facts import Commanded, ConsentGiven, Sent, Unvoted, Voted, Withdrawn
from peerplugin.core.markup import lasting_title
from peerplugin.core.model import EventId, RoomId, Statement, Summary
from peerplugin.core.record import Decision, Draft, Record, Verdict, Vote, index_id
from peerplugin.core.words import number_in_words

YES, NO, LOOK = "✅", "❌", "👀"
UNDECIDED = (Verdict.WAITING, Verdict.APPROVED, Verdict.REJECTED)

Step = tuple[Record, tuple[AnyEffect, ...]]


def tally(draft: Draft) -> Verdict:
    """The verdict of the votes for the draft's present revision: one no rejects, one yes approves."""
    if draft.verdict not in UNDECIDED:
        return draft.verdict
    votes = [v.yes for v in draft.votes if v.revision == draft.revision]
    if not all(votes):
        return Verdict.REJECTED
    return Verdict.APPROVED if votes and draft.publishable else Verdict.WAITING


def with_draft(record: Record, draft: Draft) -> Record:
    """The record with one draft changed. A draft that lost its approval is no longer asked of the forum."""
    asked = dict(record.asked)
    if draft.verdict is not Verdict.APPROVED and not draft.public:
        asked.pop(draft.document, None)
    return replace(record, drafts=tuple(draft if d.number == draft.number else d for d in record.drafts), asked=asked)


# --- votes ------------------------------------------------------------------------------------------------------------------


def vote(record: Record, fact: Voted, desk: RoomId) -> Step:
    """A moderator's ✅ or ❌ (or 👀) under a card."""
    draft = next((d for d in record.drafts if fact.target in d.cards or fact.target in d.old_cards), None)
    if draft is None or fact.emoji not in (YES, NO, LOOK):
        return record, ()
    if fact.emoji == LOOK:
        return record, (_say(record, desk, fact.event_id, "why", number=draft.number, statement=0),)
    if draft.verdict not in UNDECIDED or draft.public:
        return record, (_decided(record, draft, fact.event_id, desk),)
    shown = {**draft.old_cards, **draft.cards}[fact.target]
    if shown != draft.revision:
        return record, (_say(record, desk, fact.event_id, "vote-stale", number=draft.number, shown=shown, why=draft.why_again),)
    cast = Vote(fact.actor, fact.emoji == YES, fact.event_id, draft.revision, fact.at)
    return _cast(record, draft, cast, "reaction", "", desk)


def _cast(record: Record, draft: Draft, cast: Vote, how: str, reason: str, desk: RoomId) -> Step:
    if cast.yes and not draft.publishable:
        return record, (_say(record, desk, cast.event_id, "nothing-to-publish", number=draft.number),)
    others = tuple(v for v in draft.votes if not (v.actor == cast.actor and v.revision == cast.revision))
    return _retally(record, replace(draft, votes=(*others, cast)), cast, how, reason), ()


def _retally(record: Record, draft: Draft, cast: Vote, how: str, reason: str = "") -> Record:
    verdict = tally(draft)
    if verdict is draft.verdict:
        return with_draft(record, draft)
    approved_at = cast.at if verdict is Verdict.APPROVED else None
    draft = replace(draft, verdict=verdict, approved_at=approved_at)
    decision = Decision(
        draft.number, verdict, cast.actor, "reaction" if how == "reaction" else "command", draft.revision_hash, cast.at, reason
    )
    return with_draft(replace(record, decisions=(*record.decisions, decision)), draft)


def unvote(record: Record, fact: Unvoted, desk: RoomId) -> Step:
    """A vote is taken back: inside the grace time nothing is published."""
    for draft in record.drafts:
        cast = next((v for v in draft.votes if v.event_id == fact.event_id), None)
        if cast is None:
            continue
        if draft.public:
            told = draft.verdict is Verdict.PUBLISHED and cast.yes
            return record, (_decided(record, draft, fact.event_id, desk),) if told else ()
        left = tuple(v for v in draft.votes if v.event_id != fact.event_id)
        return _retally(record, replace(draft, votes=left), replace(cast, at=fact.at), "reaction", "vote taken back"), ()
    return record, ()


# --- commands -------------------------------------------------------------------------------------------------------------------


def order(record: Record, fact: Commanded, desk: RoomId) -> Step:
    """A moderator's command about this meeting's drafts (`!redraft` is the lifecycle's)."""
    if fact.word == "status":
        return record, (_say(record, desk, fact.event_id, "status"),)
    if fact.word == "approve" and fact.text.lower() == "all":
        return _approve_all(record, fact, desk)
    target = numbered(fact.text)
    draft = next((d for d in record.drafts if target is not None and d.number == target[0]), None)
    if draft is None or target is None:
        return record, (_say(record, desk, fact.event_id, "no-such-draft", number=target[0] if target else 0),)
    rest = " ".join(fact.text.split(maxsplit=1)[1:])
    return _ORDERS[fact.word](record, draft, fact, target[1], rest, desk)


def _approve_all(record: Record, fact: Commanded, desk: RoomId) -> Step:
    said: tuple[AnyEffect, ...] = ()
    for draft in record.drafts:
        if draft.verdict is Verdict.WAITING and draft.publishable and draft.shown:
            cast = Vote(fact.actor, True, fact.event_id, draft.revision, fact.at)
            record, more = _cast(record, draft, cast, "command", "", desk)
            said += more
    return record, said


def _decide(record: Record, draft: Draft, fact: Commanded, _: int | None, rest: str, desk: RoomId) -> Step:
    if draft.verdict not in UNDECIDED or draft.public:
        return record, (_decided(record, draft, fact.event_id, desk),)
    yes = fact.word == "approve"
    if yes and draft.publishable and not draft.shown:  # they cannot have seen this text
        return record, (_say(record, desk, fact.event_id, "not-shown", number=draft.number, why=draft.why_again),)
    return _cast(record, draft, Vote(fact.actor, yes, fact.event_id, draft.revision, fact.at), "command", rest[:200], desk)


def _show(record: Record, draft: Draft, fact: Commanded, statement: int | None, _: str, desk: RoomId) -> Step:
    text = "show" if fact.word == "show" else "why"
    return record, (_say(record, desk, fact.event_id, text, number=draft.number, statement=statement or 0),)


def _retitle(record: Record, draft: Draft, fact: Commanded, _: int | None, rest: str, desk: RoomId) -> Step:
    if not rest:
        return record, (_say(record, desk, fact.event_id, "which-text", word=fact.word),)
    summary = replace(draft.summary, title=lasting_title(rest), title_sources=())
    return _reword(record, draft, fact, summary, desk)


def _drop(record: Record, draft: Draft, fact: Commanded, statement: int | None, _: str, desk: RoomId) -> Step:
    statements = draft.summary.statements
    if statement is None or not 1 <= statement <= len(statements):
        return record, (_say(record, desk, fact.event_id, "no-such-statement", number=draft.number, count=len(statements)),)
    left = statements[: statement - 1] + statements[statement:]
    return _reword(record, draft, fact, replace(draft.summary, statements=left), desk)


def _word(record: Record, draft: Draft, fact: Commanded, statement: int | None, rest: str, desk: RoomId) -> Step:
    """`!say N.M text`: a moderator words a statement; it stands for the same messages, as reported."""
    statements = draft.summary.statements
    if statement is None or not 1 <= statement <= len(statements) or not rest:
        return record, (_say(record, desk, fact.event_id, "no-such-statement", number=draft.number, count=len(statements)),)
    worded: Statement = replace(statements[statement - 1], text=" ".join(rest.split()), wording="reported", offered=False)
    changed = (*statements[: statement - 1], worded, *statements[statement:])
    return _reword(record, draft, fact, replace(draft.summary, statements=changed), desk)


def _reword(record: Record, draft: Draft, fact: Commanded, summary: Summary, desk: RoomId) -> Step:
    if draft.public or draft.verdict not in UNDECIDED:
        return record, (_decided(record, draft, fact.event_id, desk),)
    return with_draft(record, revised(draft, summary, "a moderator changed it")), ()


def _retract(record: Record, draft: Draft, fact: Commanded, _: int | None, rest: str, desk: RoomId) -> Step:
    if not draft.public:
        return record, (_say(record, desk, fact.event_id, "not-public", number=draft.number),)
    if draft.verdict is Verdict.RETRACTED:
        return record, (_decided(record, draft, fact.event_id, desk),)
    decision = Decision(draft.number, Verdict.RETRACTED, fact.actor, "command", draft.revision_hash, fact.at, rest[:200])
    record = replace(record, decisions=(*record.decisions, decision))
    return with_draft(record, replace(draft, verdict=Verdict.RETRACTED)), (
        _say(record, desk, fact.event_id, "retracted", number=draft.number),
    )


def _overwrite(record: Record, draft: Draft, fact: Commanded, _: int | None, __: str, desk: RoomId) -> Step:
    """`!overwrite N`: what a person changed in the forum, there or in the meeting's index, gives way to what stands here."""
    if draft.document not in record.publications:
        return record, (_say(record, desk, fact.event_id, "not-public", number=draft.number),)
    ours = {draft.document, index_id(record.key)}
    asked = {which: wish for which, wish in record.asked.items() if which not in ours}
    return replace(record, over=record.over | ours, asked=asked), (_say(record, desk, fact.event_id, "overwriting", number=draft.number),)


_Order = Callable[[Record, Draft, Commanded, int | None, str, RoomId], Step]
_ORDERS: dict[str, _Order] = {
    "approve": _decide,
    "reject": _decide,
    "show": _show,
    "why": _show,
    "title": _retitle,
    "drop": _drop,
    "say": _word,
    "retract": _retract,
    "overwrite": _overwrite,
}


def _say(record: Record, room: RoomId, event_id: EventId, text: str, **values: Scalar) -> Say:
    quotes = text in ("show", "why")  # what members wrote: taken back with the first message that is withdrawn from now on
    key = f"quote:{event_id}:{record.withdrawals}" if quotes else f"say:{event_id}:{text}:{values.get('number', record.key)}"
    return Say(key=key, meeting=record.key, room=room, text=text, values=values)


def _decided(record: Record, draft: Draft, event_id: EventId, desk: RoomId) -> Say:
    return _say(record, desk, event_id, "already-decided", number=draft.number, verdict=str(draft.verdict))


# --- revisions ------------------------------------------------------------------------------------------------------------------


def revised(draft: Draft, summary: Summary, why: str) -> Draft:
    """The next revision of a draft: what was said of the last one no longer counts."""
    return replace(draft, summary=summary, revision=draft.revision + 1, verdict=Verdict.WAITING, approved_at=None, why_again=why)


def pruned(summary: Summary, gone: frozenset[EventId]) -> Summary:
    """The summary without what rests on messages that are gone. Numbers of members only fall; a count below two goes."""
    voices = tuple(v - gone for v in summary.voices if v - gone)
    statements = (s if not gone & set(s.event_ids) else _fewer(s, gone, voices) for s in summary.statements)
    title_lost = bool(gone & set(summary.title_sources))
    return replace(
        summary,
        statements=tuple(s for s in statements if s is not None),
        title="" if title_lost else summary.title,
        title_sources=() if title_lost else summary.title_sources,
        open_question=summary.open_question and not title_lost,
        findings=tuple(f for f in summary.findings if not gone & set(f.event_ids)),
        voices=voices,
        contributors=min(summary.contributors, len(voices)) if summary.voices else summary.contributors,
        messages=min(summary.messages, sum(map(len, voices))) if summary.voices else summary.messages,
    )


def _fewer(statement: Statement, gone: frozenset[EventId], voices: tuple[frozenset[EventId], ...]) -> Statement | None:
    """A statement that lost a source: a counted one may go on with fewer members, if the one whose words it uses is not who left."""
    left = tuple(e for e in statement.event_ids if e not in gone)
    people = min(statement.contributors, sum(not v.isdisjoint(left) for v in voices) if voices else len(left))
    if statement.wording != "counted" or statement.event_ids[0] in gone or people < 2:
        return None
    if people == statement.contributors:
        return replace(statement, event_ids=left)
    before, now = (f"{number_in_words(n)} members" for n in (statement.contributors, people))
    text = statement.text.replace(before, now, 1).replace(before.capitalize(), now.capitalize(), 1)
    return replace(statement, text=text, event_ids=left, contributors=people) if text != statement.text else None


def withdraw(record: Record, fact: Withdrawn) -> Record:
    """Messages may no longer be used: drafts lose what rests on them and ask again; what is public follows without asking."""
    why = "edited" if fact.reason == "edited" else "withdrawn"
    record = replace(_unquoted(record), withdrawn=record.withdrawn | fact.event_ids)
    for draft in record.drafts:
        record = _followed(record, draft, pruned(draft.summary, fact.event_ids), why)
    return record


def lowered(record: Record, fact: ConsentGiven) -> Record:
    """A member may allow less than a statement makes of their words: it goes."""
    for draft in record.drafts:
        summary = draft.summary
        kept = tuple(s for s in summary.statements if s.wording in ALLOWED[fact.level] or fact.event_ids.isdisjoint(s.event_ids))
        if kept != summary.statements:
            record = _followed(_unquoted(record), draft, replace(summary, statements=kept), "withdrawn")
    return record


def _unquoted(record: Record) -> Record:
    return replace(record, withdrawals=record.withdrawals + 1, unquote=record.unquote | set(record.quotes), quotes=())


def _followed(record: Record, draft: Draft, summary: Summary, why: str) -> Record:
    """The record after sources of a draft went away."""
    if summary == draft.summary or draft.verdict is Verdict.SUPERSEDED:
        return record
    if draft.public:
        return with_draft(record, replace(draft, summary=summary, revision=draft.revision + 1))
    if draft.verdict is Verdict.WITHHELD:
        return with_draft(record, replace(draft, summary=summary))
    changed = revised(draft, summary, why)
    nothing = not summary.statements and not summary.open_question
    return with_draft(record, replace(changed, verdict=Verdict.SUPERSEDED) if nothing else changed)


# --- cards ----------------------------------------------------------------------------------------------------------------------


def unquoted(record: Record, desk: RoomId) -> Step:
    """Answers of ours that hold what was withdrawn are taken back."""
    effects = tuple(Redact(key=f"redact:{e}", meeting=record.key, room=desk, event_id=e) for e in sorted(record.unquote))
    return replace(record, unquote=frozenset()), effects


def cards(record: Record, desk: RoomId) -> Step:
    """Every draft that waits has a card that shows its revision; cards that show another one are taken back."""
    effects: list[AnyEffect] = []
    for draft in record.drafts:
        stale = [e for e, shown in draft.cards.items() if shown != draft.revision or draft.verdict is Verdict.SUPERSEDED]
        effects += [Redact(key=f"redact:{e}", meeting=record.key, room=desk, event_id=e) for e in stale]
        old = {**draft.old_cards, **{e: draft.cards[e] for e in stale}}
        draft = replace(draft, cards={e: r for e, r in draft.cards.items() if e not in stale}, old_cards=old)
        if draft.verdict is Verdict.WAITING and draft.carded != draft.revision:
            values: dict[str, Scalar] = {"number": draft.number, "revision": draft.revision}
            effects.append(Say(key=_card_key(record, draft), meeting=record.key, room=desk, text="card", values=values))
            draft = replace(draft, carded=draft.revision)
        record = replace(record, drafts=tuple(draft if d.number == draft.number else d for d in record.drafts))
    return record, tuple(effects)


def _card_key(record: Record, draft: Draft) -> str:
    return f"card:{record.key}:{draft.number}:{draft.revision}"


def card_sent(record: Record, fact: Sent, desk: RoomId) -> Step:
    """A card stands in the room: put the two emojis under it, so that a vote is one tap. Its key says which it is."""
    if fact.key.startswith("quote:"):
        if fact.key != f"{fact.key.rpartition(':')[0]}:{record.withdrawals}":  # something was withdrawn while it was on its way
            return replace(record, unquote=record.unquote | {fact.event_id}), ()
        return replace(record, quotes=(*record.quotes, fact.event_id)), ()
    if not fact.key.startswith(f"card:{record.key}:"):
        return record, ()
    number, revision = (int(part) for part in fact.key.rsplit(":", 2)[1:])
    draft = next(d for d in record.drafts if d.number == number)
    draft = replace(draft, cards={**draft.cards, fact.event_id: revision})
    record = replace(record, drafts=tuple(draft if d.number == number else d for d in record.drafts))
    reacts = tuple(
        React(key=f"react:{fact.event_id}:{emoji}", meeting=record.key, room=desk, event_id=fact.event_id, emoji=emoji)
        for emoji in (YES, NO)
    )
    return record, reacts if revision == draft.revision else ()


def at_once(record: Record, at: datetime, reason: str) -> Record:
    """Supersede every draft that nobody has published: a new round of thinking takes their place."""
    for draft in record.drafts:
        if not draft.public and draft.verdict in (*UNDECIDED, Verdict.WITHHELD):
            decision = Decision(draft.number, Verdict.SUPERSEDED, None, "service", draft.revision_hash, at, reason)
            record = replace(record, decisions=(*record.decisions, decision))
            record = with_draft(record, replace(draft, verdict=Verdict.SUPERSEDED))
    return record
