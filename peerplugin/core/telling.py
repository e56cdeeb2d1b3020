"""What a `Say` or an `Answer` says, worked out when it is about to be said: None where it is no longer true or worth saying."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from peerplugin.core import meetings, publish
from peerplugin.core.effects import Answer, Say
from peerplugin.core.meetings import clock_in_words, date_of
from peerplugin.core.model import EventId, Series, Transcript
from peerplugin.core.record import Draft, Phase, Record, Verdict, index_id
from peerplugin.core.review import UNDECIDED
from peerplugin.core.words import Words


@dataclass(frozen=True, slots=True)
class Pages:
    """What telling may look into: the meeting's record and, opened only when needed, its transcript."""

    record: Record
    series: Series
    transcript: Callable[[], Transcript]


def tell(effect: Say | Answer, words: Words, pages: Pages | None) -> str | None:
    """The text of a notice or an answer."""
    if pages is None or effect.text not in _TOLD:
        return words.text(f"{effect.text}.txt", **effect.values)
    values = _TOLD[effect.text](effect, words, pages)
    return None if values is None else words.text(f"{effect.text}.txt", **{**effect.values, **values})


_Values = Mapping[str, object] | None


def _started(_: Say | Answer, words: Words, pages: Pages) -> _Values:
    record, series = pages.record, pages.series
    if record.phase is not Phase.OPEN:
        return None
    zone = series.schedule.zone if series.schedule else None
    return {
        "name": record.name or series.name,
        "since": clock_in_words(record.opened_at, zone),
        "until": clock_in_words(record.ends_at, zone) if record.ends_at else "",
        "place": meetings.place_of(zone) if zone else "UTC",
        "forum": series.forum_url,
        "default": str(series.default_consent),
    }


def _ended(_: Say | Answer, words: Words, pages: Pages) -> _Values:
    messages = pages.transcript().messages
    own_wish = sum(m.left_out in ("off_record", "redacted", "consent") for m in messages)
    return {"messages": len(messages), "left_out": own_wish, "how": pages.record.closed_by}


def _drafted(effect: Say | Answer, words: Words, pages: Pages) -> _Values:
    record = pages.record
    if effect.values.get("round") != record.round:
        return None
    withheld = [d for d in record.drafts if d.verdict is Verdict.WITHHELD]
    return {
        "name": record.name or pages.series.name,
        "on": date_of(record.key),
        "count": sum(d.verdict is Verdict.WAITING for d in record.drafts),
        "withheld": [{"number": d.number, "why": d.summary.withheld} for d in withheld],  # no title: this notice is never taken back
        "gaps": record.gaps,
        "grace": f"{pages.series.publish_grace_min:g}",
    }


def _published(_: Say | Answer, words: Words, pages: Pages) -> _Values:
    record = pages.record
    index = record.publications.get(index_id(record.key))
    public = [d.summary.open_question for d in record.drafts if d.verdict is Verdict.PUBLISHED]
    if index is None or not public:
        return None
    return {"url": index.url, "answered": public.count(False), "open": public.count(True)}


def _card(effect: Say | Answer, words: Words, pages: Pages) -> _Values:
    draft = _numbered(effect, pages.record)
    if draft is None or draft.revision != effect.values["revision"] or draft.verdict not in UNDECIDED:
        return None
    summary = draft.summary
    last = max(d.number for d in pages.record.drafts)
    return {
        "last": last,
        "title": summary.title,
        "contributors": summary.contributors,
        "messages": summary.messages,
        "statements": summary.statements,
        "removed": dict(summary.removed),
        "findings": summary.findings,
        "tags": summary.tags,
        "open_question": summary.open_question,
        "publishable": draft.publishable,
        "again": draft.why_again,
        "document": draft.document,
    }


def _show(effect: Say | Answer, words: Words, pages: Pages) -> _Values:
    draft = _numbered(effect, pages.record)
    if draft is None:
        return None
    about = {"series": pages.series.name, "on": date_of(pages.record.key), "next": "", "how_to_join": ""}
    return {"title": draft.summary.title, "post": publish.post(draft.summary, words, **about), "why": draft.summary.withheld}


def _why(effect: Say | Answer, words: Words, pages: Pages) -> _Values:
    """The messages behind a statement, or behind all of a draft's, numbered through the draft as `N.mM`."""
    draft = _numbered(effect, pages.record)
    if draft is None:
        return None
    wanted = effect.values["statement"]
    statements = draft.summary.statements
    numbers = {e: n for n, e in enumerate(dict.fromkeys(e for s in statements for e in s.event_ids), 1)}
    chosen = [(i, s) for i, s in enumerate(statements, 1) if wanted in (0, i)]
    said: dict[EventId, str] = {m.event_id: m.text for m in pages.transcript().messages if m.left_out is None}
    return {"sources": [(i, [(numbers[e], said[e]) for e in s.event_ids if e in said]) for i, s in chosen]}


def _status(_: Say | Answer, words: Words, pages: Pages) -> _Values:
    return {"line": status_line(pages.record), "name": pages.record.name or pages.series.name}


def _numbered(effect: Say | Answer, record: Record) -> Draft | None:
    return next((d for d in record.drafts if d.number == effect.values["number"]), None)


def _questions(_: Say | Answer, words: Words, pages: Pages) -> _Values:
    questions = [cue.text for cue in pages.transcript().cues if cue.kind == "ask-guest"]
    return {"questions": questions, "guest": pages.record.guest} if questions else None


_TOLD: dict[str, Callable[[Say | Answer, Words, Pages], _Values]] = {
    "meeting-started": _started,
    "meeting-ended": _ended,
    "drafted": _drafted,
    "nothing-drafted": _drafted,
    "meeting-published": _published,
    "card": _card,
    "show": _show,
    "why": _why,
    "status": _status,
    "guest-questions": _questions,
}


def status_line(record: Record, unsent: int | None = None) -> str:
    """One meeting in one line, without a word of anybody's."""
    of = {v: sum(d.verdict is v for d in record.drafts) for v in Verdict}
    drafts = sum(n for v, n in of.items() if v not in (Verdict.SUPERSEDED, Verdict.WITHHELD))
    approved = of[Verdict.APPROVED] + of[Verdict.PUBLISHED]
    parts = [
        f"captured {record.messages} (gap: {record.gaps or 'none'})",
        f"left out {sum(record.left_out.values())}",
        f"drafts {drafts}",
        f"withheld {of[Verdict.WITHHELD]}",
        f"approved {approved}",
        f"rejected {of[Verdict.REJECTED]}",
        f"published {of[Verdict.PUBLISHED]}",
        f"retracted {of[Verdict.RETRACTED]}",
        f"waiting {of[Verdict.WAITING]}",
    ]
    return ", ".join(parts + ([f"unsent {unsent}"] if unsent is not None else []))
