"""DELIVER: claim a due effect, work out what exactly to do (approval and consent looked at once more), do it, store the receipt.

Claiming and the receipt are transactions of their own; whatever dies in between is done again, and does no more than once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from peerplugin import diary
from peerplugin.advance import advance
from peerplugin.core import notices, publish
from peerplugin.core.effects import Amend, Answer, AnyEffect, Document, Join, Publication, Put, React, Redact, Say, Think, Withdraw
from peerplugin.core.facts import Gone, Held, Started, Thought
from peerplugin.core.model import EventId, Outcome, RoomId, Series, SeriesId, Transcript
from peerplugin.core.record import Record
from peerplugin.core.rules import Rules
from peerplugin.core.telling import Pages, tell
from peerplugin.errors import MistakeError, OutsideError
from peerplugin.group import Group, transcript_of
from peerplugin.listen import received
from peerplugin.store import LedgerRow, Tx
from peerplugin.troubles import mention
from peerplugin.troubles import tell as tell_trouble

CHAT = frozenset({"Say", "Amend", "Answer", "React", "Redact", "Join"})
FORUM = frozenset({"Put"})
ERASING = frozenset({"Correct", "Withdraw"})
THINKING = frozenset({"Think"})

ASIDE = timedelta(hours=1)
"""How long something that asking again cannot mend steps aside: until a person has had a look."""
QUEUE_LOOK = timedelta(minutes=10)
"""How often we look whether the forum's staff has let a post through."""
QUEUED = "waits in the forum's approval queue"


@dataclass(frozen=True, slots=True)
class Work:
    """A claimed effect and what it comes to now: a text, a document, a transcript, a publication to take away, or a category to be proven."""

    effect: AnyEffect
    attempts: int
    room: RoomId | None = None
    text: str = ""
    about: EventId | None = None  # the message of ours that is to say something else
    document: Document | None = None
    known: Publication | None = None
    transcript: Transcript | None = None
    rules: Rules | None = None
    unproven: Series | None = None  # first of all it must be shown that what is published can be taken back


def claim(tx: Tx, kinds: frozenset[str], group: Group, now: datetime) -> Work | None:
    """The next effect to perform, or None. Every fact is taken into account first; what is no longer wanted is dropped."""
    advance(tx, group, now)
    diary.missed(tx, group, tx.expired(now), now)
    while (claimed := tx.claim(now, kinds)) is not None:
        try:
            work = _work_out(tx, claimed.effect, claimed.attempts, diary.today(tx, group), now)
        except MistakeError as mistake:  # a group's own text that cannot be filled: this one steps aside, the loop goes on
            tx.retry(claimed.effect.key, now + ASIDE, str(mistake), aside=True)  # the notice of it must not wait behind it
            tell_trouble(tx, group, "texts", str(mistake), now)
            continue
        if work is not None:
            return work
        tx.finish(claimed.effect.key, "dropped", "no longer wanted")
        diary.dropped(tx, claimed.effect)
    return None


def _work_out(tx: Tx, effect: AnyEffect, attempts: int, group: Group, now: datetime) -> Work | None:
    pages = _pages(tx, effect, group)
    if effect.meeting is not None and pages is None:
        return None
    match effect:
        case Say() | Answer() | Amend():
            return _words(tx, effect, attempts, group, pages, now)
        case React() | Redact():
            return Work(effect, attempts, room=tx.current_room(effect.room))
        case Join():
            return Work(effect, attempts, room=effect.room)
        case Think():
            return _think(effect, attempts, group, pages) if pages else None
        case Put() if effect.meeting is None:
            found = diary.document(tx, effect, group, now)
            return Work(effect, attempts, document=found[0], known=found[1]) if found else None
        case Put():
            return _put(tx, effect, attempts, group, pages, now) if pages else None
        case Withdraw():
            return _withdraw(effect, attempts, group, pages) if pages else None


def _words(tx: Tx, effect: Say | Answer | Amend, attempts: int, group: Group, pages: Pages | None, now: datetime) -> Work | None:
    """What is to be said, in words; None where it is no longer true, or where what it corrects was never said."""
    if notices.is_about_dates(effect):
        user = effect.user if isinstance(effect, Answer) else None
        pages_of_dates = diary.open_at(tx, group, SeriesId(str(effect.values["series"])), now, tx.zone_of(user) if user else None)
        text = notices.tell(effect, group.words, pages_of_dates) if pages_of_dates else None
    else:
        text = tell(effect, group.words, pages) if not isinstance(effect, Amend) else None
    if not text:
        return None
    if isinstance(effect, Answer):
        return Work(effect, attempts, room=tx.direct_room(effect.user), text=text)
    said = tx.effect_of(effect.said) if isinstance(effect, Amend) else None
    if isinstance(effect, Amend) and (said is None or said.event_id is None):
        return None
    return Work(effect, attempts, room=tx.current_room(effect.room), text=text, about=said.event_id if said else None)


def _pages(tx: Tx, effect: AnyEffect, group: Group) -> Pages | None:
    record = tx.record(effect.meeting) if effect.meeting is not None else None
    series = group.of(record.series) if record is not None else None
    if record is None or series is None:
        return None
    return Pages(record, series, lambda: transcript_of(tx, record.key, series, group.us))


def _think(effect: Think, attempts: int, group: Group, pages: Pages) -> Work | None:
    if effect.round != pages.record.round:
        return None
    rules = replace(group.rules, min_contributors=pages.series.min_contributors)
    return Work(effect, attempts, transcript=pages.transcript(), rules=rules)


def _put(tx: Tx, effect: Put, attempts: int, group: Group, pages: Pages, now: datetime) -> Work | None:
    document = publish.claimed(pages.record, effect, pages.series, group.words, now)
    if document is None:
        return None
    new = effect.document not in pages.record.publications
    if new and not pages.series.publish_unproven and tx.remembered(_proof_of(pages.series)) is None:
        return Work(effect, attempts, unproven=pages.series)
    tx.add_fact(Started(now, effect.document), pages.record.key)
    advance(tx, group, now)
    return Work(effect, attempts, document=document, known=pages.record.publications.get(effect.document))


def _proof_of(series: Series) -> str:
    return f"proven:{series.forum_url}"


def _withdraw(effect: Withdraw, attempts: int, group: Group, pages: Pages) -> Work | None:
    """Take a document away, even one of which we only know that it may stand there (its reply was lost)."""
    if effect.document in {d.document for d in publish.documents(pages.record, pages.series, group.words)}:
        return None
    return Work(
        effect,
        attempts,
        document=publish.tombstone(pages.record, effect.document, pages.series),
        known=pages.record.publications.get(effect.document),
    )


# --- receipts -------------------------------------------------------------------------------------------------------------------


def sent(tx: Tx, work: Work, event_id: EventId | None, now: datetime) -> None:
    """The room has it."""
    if event_id:
        received(tx, work.effect.key, event_id, now)
    tx.finish(work.effect.key, "done", event_id=event_id or None)


def proven(tx: Tx, series: Series, now: datetime) -> None:
    """What is published for a series can be taken back: remembered for good."""
    tx.remember(_proof_of(series), now.isoformat())


def go_on(tx: Tx, work: Work, now: datetime) -> None:
    """The series of this work is proven: now it is published."""
    assert work.unproven is not None
    proven(tx, work.unproven, now)
    tx.retry(work.effect.key, now, "proven")


def put(tx: Tx, work: Work, publication: Publication, group: Group, now: datetime) -> None:
    """The forum has it: remembered with the digest of exactly what we asked it to hold; the ledger says on what it rests."""
    assert work.document is not None
    if work.effect.meeting is None:
        _put_of_series(tx, work, publication, group, now)
        return
    stands = publication
    if publication.enqueued:  # the forum's own staff must let it through first: look again
        tx.add_fact(Held(now, stands), work.effect.meeting)
        tx.retry(work.effect.key, now + QUEUE_LOOK, QUEUED)
    elif tx.finish(work.effect.key, "done"):
        tx.add_fact(Held(now, stands), work.effect.meeting)
        _tell(tx, work, stands, group, now)
        record = tx.record(work.effect.meeting)
        if record is not None:
            tx.enter_ledger(_ledger(tx, record, stands))
    advance(tx, group, now)


def _put_of_series(tx: Tx, work: Work, stands: Publication, group: Group, now: datetime) -> None:
    """The same for what a series holds there itself."""
    if stands.enqueued:
        tx.retry(work.effect.key, now + QUEUE_LOOK, QUEUED)
    elif tx.finish(work.effect.key, "done"):
        if stands.overrode:
            sentence = f"{stands.url} had been edited in the forum. The service keeps it alone: it holds our text again. Say a change with !schedule, or write an answer below."
            mention(tx, group, f"overrode:{work.effect.key}", sentence, now)
        wants_pin = work.document is not None and work.document.pinned
        if wants_pin and not stands.pinned and work.known is None:
            sentence = (
                f"{stands.url} could not be pinned: our account must be a moderator for that. Pin it by hand, so that readers find it."
            )
            mention(tx, group, f"unpinned:{work.effect.key}", sentence, now)
    diary.held(tx, group, stands, now)


def _tell(tx: Tx, work: Work, stands: Publication, group: Group, now: datetime) -> None:
    """What the forum made of a document otherwise than we asked, and whom we overruled: a moderator should know, once."""
    before = work.known.dropped if work.known else ()
    if stands.dropped and stands.dropped != before:
        tags = ", ".join(stands.dropped)
        sentence = f"The forum did not take the tag {tags} for {stands.url}: create it there, or allow it in the category."
        mention(tx, group, f"dropped:{tags}", sentence, now)
    if stands.overrode:
        sentence = f"{stands.url} had been edited in the forum. Something in it had to go, so it now holds our text again, without that edit. Look there whether it is well as it is."
        mention(tx, group, f"overrode:{work.effect.key}", sentence, now)


def _ledger(tx: Tx, record: Record, publication: Publication) -> list[LedgerRow]:
    draft = next((d for d in record.drafts if d.document == publication.document), None)
    if draft is None:
        return []
    rows = []
    for number, statement in enumerate(publish.statements_shown(draft), 1):
        for event_id in statement.event_ids:
            kept = tx.kept_event(event_id)
            if kept is not None:
                key = tx.sender_key(kept.event.sender)
                rows.append(LedgerRow(event_id, key, record.key, draft.document, number, draft.revision, publication.version))
    return rows


def withdrawn(tx: Tx, work: Work, group: Group, now: datetime) -> None:
    """The forum no longer has it."""
    assert isinstance(work.effect, Withdraw) and work.effect.meeting is not None
    if tx.finish(work.effect.key, "done"):
        tx.add_fact(Gone(now, work.effect.document), work.effect.meeting)
    advance(tx, group, now)


def thought(tx: Tx, work: Work, outcome: Outcome, group: Group, now: datetime) -> None:
    """The thinking is done."""
    assert isinstance(work.effect, Think) and work.effect.meeting is not None
    if tx.finish(work.effect.key, "done"):
        tx.add_fact(Thought(now, work.effect.round, outcome), work.effect.meeting)
    advance(tx, group, now)


# --- failures ---------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait between tries: doubled from `first_s` up to `most_s`, or as the other side wishes."""

    first_s: float = 5
    most_s: float = 900

    def wait(self, attempts: int, error: OutsideError) -> timedelta:
        """Until the next try."""
        if error.permanent:
            return ASIDE
        own = min(self.most_s, self.first_s * 2 ** min(attempts - 1, 20))
        return timedelta(seconds=max(own, error.retry_after_s or 0))


def failed(tx: Tx, work: Work, error: OutsideError, patience: Patience, group: Group, now: datetime) -> bool:
    """It did not work: once more later, or never. True: a person should hear of it (nothing but that will help, or it has lasted)."""
    key = work.effect.key
    if error.permanent and _is_let_go(work.effect, error.kind):
        tx.finish(key, "failed", error.sentence)
        if isinstance(work.effect, Say | Join):
            mention(tx, group, key, error.sentence, now)
        if isinstance(work.effect, Put) and work.effect.meeting is None:
            mention(tx, group, key, error.sentence, now)
        elif isinstance(work.effect, Put):
            mention(tx, group, key, f"{error.sentence} To replace it, say !overwrite and the draft's number.", now)
        return False
    tx.retry(key, _next_try(work.effect, now, patience.wait(work.attempts, error), patience), error.sentence)
    return (error.permanent or work.attempts >= 3) and not isinstance(work.effect, Answer)


def _next_try(effect: AnyEffect, now: datetime, wait: timedelta, patience: Patience) -> datetime:
    """What has its hour is tried the oftener, the nearer its end: a wait that outlasts it would lose what could still have been said."""
    if effect.not_after is None or effect.not_after <= now:
        return now + wait
    return now + min(wait, max((effect.not_after - now) / 2, timedelta(seconds=patience.first_s)))


def _is_let_go(effect: AnyEffect, kind: str) -> bool:
    """What a refusal ends for good. What waits for a new token, or for a right, must not be lost: answers and redactions least of all."""
    match effect:
        case React():
            return True  # people can put it there themselves
        case Join():
            return True  # whoever wants us there invites us (again), and that is another effect
        case Redact() | Answer():
            return kind != "rights"
        case Say() | Amend():
            return kind == "invalid"  # too long, say: everything after it in this room would wait behind it
        case Put():
            return kind == "conflict"  # a person wrote there: theirs stays until a moderator says otherwise
        case _:
            return False


def still_failing(tx: Tx, kinds: frozenset[str], now: datetime) -> bool:
    """Whether anything of these classes waits after a failed try."""
    return any(s.kind in kinds and s.attempts and s.note != QUEUED for s in tx.stuck(now))


def look_again(tx: Tx, now: datetime) -> None:
    """The forum hints at news: whatever waits in its approval queue is looked at now."""
    for target in {s.target for s in tx.stuck(now) if s.note == QUEUED}:
        tx.hurry(target, now)


def hurry_all(tx: Tx, now: datetime) -> None:
    """A new start, perhaps with a new token or key: whatever had stepped aside is tried now."""
    for target in {s.target for s in tx.stuck(now)}:
        tx.hurry(target, now)
