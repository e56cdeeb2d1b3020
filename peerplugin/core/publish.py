"""What Discourse should now hold: the documents of a meeting, and the effects that bring the forum there.

Nothing but approved statements, titles, tags and the texts of `config/texts/` ever stands in a document; what members wrote is text there,
whatever signs it holds (`core.markup`)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

from peerplugin.core import meetings
from peerplugin.core.effects import AnyEffect, Correct, Document, Put, Withdraw
from peerplugin.core.facts import Gone, Held, Started
from peerplugin.core.markup import lasting_tag, lasting_title, shown_as_text, title_would_do, with_links
from peerplugin.core.model import DocumentId, Series, Statement, Summary
from peerplugin.core.record import Draft, Record, Verdict, digest, index_id
from peerplugin.core.words import Words, when

LINGER = timedelta(hours=1)
"""How long after the last approval the index waits for a moderator who goes on with the rest."""
MOST_TAGS, MOST_TOPICS = 5, 3
"""How many tags a topic carries, and how many of its topics' subjects an index names in its title."""
OPEN = "open-question"

SECTIONS = ("question", "experience", "emotion", "suggestion", "doctor", "open", "resource")
"""The order in which a reader wants them."""


def external_id(document: DocumentId) -> str:
    """The topic's idempotency key in Discourse: 1-50 of `[a-z0-9_-]`, lower case (its look-up knows cases, its uniqueness does not)."""
    return "pp-" + re.sub(r"[^a-z0-9-]", "-", document.lower())[:47]


def mark(document: DocumentId) -> str:
    """The HTML comment that ends a post: absent from what readers see, found again in its raw text."""
    return f"<!-- peerplugin:{document} -->"


def document_digest(document: Document) -> str:
    """Of what readers would notice: title, tags and text."""
    return digest([document.title, *document.tags, document.raw])


# --- what should stand there -----------------------------------------------------------------------------------------------


def wanted(record: Record) -> tuple[Draft, ...]:
    """The drafts that should be public: approved ones, and public ones that still hold something and were not retracted."""
    return tuple(d for d in record.drafts if d.verdict in (Verdict.APPROVED, Verdict.PUBLISHED) and d.publishable)


def documents(record: Record, series: Series, words: Words) -> tuple[Document, ...]:
    """All documents that can be put now, in order: an index that links topics waits for them; posts wait for their topic."""
    drafts = wanted(record)
    if not drafts:
        return ()
    index = _index(record, drafts, series, words)
    if series.layout == "posts":
        if not is_held(record, index.document):
            return (index,)
        topic = record.publications[index.document]
        return (index, *(replace(_topic(record, d, series, words), kind="post", within=topic) for d in drafts))
    topics = tuple(_topic(record, d, series, words) for d in drafts)
    ready = index.document in record.publications or all(is_held(record, d.document) for d in topics)
    return (*topics, index) if ready else topics


def is_held(record: Record, which: DocumentId) -> bool:
    """Whether readers can see it."""
    found = record.publications.get(which)
    return found is not None and not found.enqueued


def document(record: Record, which: DocumentId, series: Series, words: Words) -> Document | None:
    """One document as it should stand now, or None where it should not."""
    made = next((d for d in documents(record, series, words) if d.document == which), None)
    return replace(made, over=True) if made is not None and which in record.over else made


def _topic(record: Record, draft: Draft, series: Series, words: Words) -> Document:
    asked = [tag for tag in draft.summary.tags if tag == OPEN]  # members look for it: it is not the one to be cut
    tags = _tags((*series.tags, *asked, *draft.summary.tags))
    title = _title(draft, words, _about(record, series))
    raw = post(draft.summary, words, **_about(record, series)) + "\n" + mark(draft.document)
    return Document(draft.document, "topic", series.category, title, raw, tags, external_id(draft.document), mark(draft.document),
                    private=record.withdrawals > 0 and draft.public)  # fmt: skip


def _tags(tags: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, map(lasting_tag, tags))))[:MOST_TAGS]


def _title(draft: Draft, words: Words, about: Mapping[str, object]) -> str:
    """The approved title; of one too short for a forum one with the series' name before it; where neither will do, a neutral one."""
    title = lasting_title(draft.summary.title)
    longer = lasting_title(words.text("title-short.txt", title=title, **about)) if title else ""
    return next((t for t in (title, longer) if title_would_do(t)), lasting_title(words.text("title-fallback.txt", **about)))


def post(summary: Summary, words: Words, **about: object) -> str:
    """The Markdown of one thread: who spoke, the statements under plain headings, how to join."""
    shown = [s for s in summary.statements if not s.offered]
    sections = [(name, [_line(s) for s in shown if s.section == name]) for name in SECTIONS]
    asked = summary.open_question and not [s for s in shown if s.section != "open"]
    values = {**about, "series": shown_as_text(str(about["series"])), "contributors": summary.contributors, "open_question": asked}
    return words.text("post.md", sections=[s for s in sections if s[1]], **values)


def _line(statement: Statement) -> str:
    """A statement in Markdown. Only one that is there for its address may be clicked."""
    return with_links(statement.text) if statement.section == "resource" else shown_as_text(statement.text)


def _index(record: Record, drafts: tuple[Draft, ...], series: Series, words: Words) -> Document:
    which = index_id(record.key)
    # Nothing of a draft is public before its own grace time is over, and before the forum's staff let it through.
    linked = [(d, record.publications[d.document]) for d in drafts if is_held(record, d.document)]
    about, subjects = _about(record, series), _subjects(d for d, _ in linked)
    questions = [{"title": shown_as_text(_title(d, words, about)), "url": p.url, "open": d.summary.open_question} for d, p in linked]
    title = lasting_title(words.text("index-title.txt", **about, subjects=subjects[:MOST_TOPICS], more=len(subjects) > MOST_TOPICS))
    values = {**about, "series": shown_as_text(series.name), "questions": questions}
    raw = words.text("index.md", **values, speakers=record.speakers, present=record.present, gaps=record.gaps)
    return Document(which, "topic", series.category, title, raw + "\n" + mark(which), _tags(series.tags), external_id(which), mark(which),
                    private=record.withdrawals > 0 and which in record.asked)  # fmt: skip


def _subjects(drafts: Iterable[Draft]) -> list[str]:
    """What the topics are about, in the words of their tags: what most of them carry comes first."""
    counted = Counter(lasting_tag(tag) for draft in drafts for tag in draft.summary.tags if tag != OPEN)
    return [tag.replace("-", " ") for tag, _ in counted.most_common() if tag]


def _about(record: Record, series: Series) -> dict[str, object]:
    """What every document says of its meeting: never of a member."""
    zone = series.schedule.zone if series.schedule else None
    following = meetings.following(series.schedule, record.opened_at + meetings.EARLY)
    return {
        "series": series.name,
        "on": meetings.date_of(record.key),
        "next": when(following.starts_at if following else None, zone),
        "how_to_join": series.how_to_join,
    }


def tombstone(record: Record, which: DocumentId, series: Series) -> Document:
    """What stands for a document that must go, where nobody knows whether the forum holds it: nothing of anybody."""
    kind: Literal["topic", "post"] = "post" if series.layout == "posts" and not which.endswith("/index") else "topic"
    within = record.publications.get(index_id(record.key)) if kind == "post" else None
    return Document(which, kind, series.category, "", "", (), external_id(which), mark(which), within=within)


# --- bringing the forum there ------------------------------------------------------------------------------------------------


def due(record: Record, series: Series, words: Words) -> tuple[Record, tuple[AnyEffect, ...]]:
    """Ask the forum for every document that differs from what it was last asked for; take away what should no longer be there."""
    effects: list[AnyEffect] = []
    present = documents(record, series, words)
    asked, asks = dict(record.asked), record.asks
    for doc in present:
        at, wish, before = may_go_at(record, doc.document, series), document_digest(doc), asked.get(doc.document, "")
        if before.partition("@")[0] != wish or (at is not None and before != f"{wish}@{at.isoformat()}"):
            asks += 1
            asked[doc.document] = f"{wish}@{at.isoformat()}" if at is not None else wish
            kind = Correct if doc.private else Put
            effects.append(kind(key=f"put:{doc.document}:{asks}", meeting=record.key, document=doc.document, not_before=at))
    keep = {d.document for d in present} | {d.document for d in wanted(record)} | ({index_id(record.key)} if wanted(record) else set())
    for which in sorted(_perhaps_public(record) - keep):
        if asked.get(which) != "":
            asks += 1
            asked[which] = ""
            effects.append(Withdraw(key=f"withdraw:{which}:{asks}", meeting=record.key, document=which))
    return replace(record, asked=asked, asks=asks), tuple(effects)


def _perhaps_public(record: Record) -> set[DocumentId]:
    index = {index_id(record.key)} & record.asked.keys()  # a reply may have been lost
    return set(record.publications) | index | {d.document for d in record.drafts if d.public and d.document in record.asked}


def may_go_at(record: Record, which: DocumentId, series: Series) -> datetime | None:
    """When the grace time after the approval is over; None: at once. What is public already never waits."""
    draft = next((d for d in record.drafts if d.document == which), None)
    if draft is None:
        return _index_may_go_at(record, which, series)
    if draft.public or draft.approved_at is None:
        return None
    return draft.approved_at + _grace(series)


def _index_may_go_at(record: Record, which: DocumentId, series: Series) -> datetime | None:
    """The index waits for moderators who are still deciding, but not for ever; posts cannot wait for the topic they stand in."""
    approved = [d.approved_at for d in wanted(record) if d.approved_at is not None]
    if not approved or which in record.publications:
        return None
    if series.layout == "posts":
        return min(approved) + _grace(series)
    return lingering(record, series)


def lingering(record: Record, series: Series) -> datetime | None:
    """Until when to wait for the drafts that nobody has decided about, after the last approval; None: all are decided."""
    approved = [d.approved_at for d in record.drafts if d.approved_at is not None]
    undecided = any(d.verdict is Verdict.WAITING and d.publishable for d in record.drafts)
    return max(approved) + _grace(series) + LINGER if undecided and approved else None


def _grace(series: Series) -> timedelta:
    return timedelta(minutes=series.publish_grace_min)


def claimed(record: Record, effect: Put, series: Series, words: Words, now: datetime) -> Document | None:
    """What a claimed `Put` should put, looked at once more: None where it is not (or no longer) wanted, or not yet."""
    doc = document(record, effect.document, series, words)
    held = record.publications.get(effect.document)
    if doc is None or (held is not None and not held.enqueued and not doc.over and held.digest == document_digest(doc)):
        return None
    at = may_go_at(record, effect.document, series)
    return None if at is not None and at > now else doc


# --- receipts ------------------------------------------------------------------------------------------------------------------


def started(record: Record, fact: Started) -> Record:
    """From the moment a `Put` is claimed the forum may hold the draft, whatever becomes of the answer."""
    drafts = tuple(
        replace(d, public=True, verdict=Verdict.PUBLISHED) if d.document == fact.document and d.verdict is Verdict.APPROVED else d
        for d in record.drafts
    )
    return replace(record, drafts=drafts)


def held(record: Record, fact: Held) -> Record:
    """The forum holds a document."""
    which = fact.publication.document
    return replace(record, publications={**record.publications, which: fact.publication}, over=record.over - {which})


def gone(record: Record, fact: Gone) -> Record:
    """The forum no longer holds a document."""
    left = {k: v for k, v in record.publications.items() if k != fact.document}
    return replace(record, publications=left)


def statements_shown(draft: Draft) -> tuple[Statement, ...]:
    """What readers see of a draft."""
    return tuple(s for s in draft.summary.statements if not s.offered)
