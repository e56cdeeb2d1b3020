"""What the forum should hold about dates: one standing topic for each series, and, where a category is named for them, one for each date.

The texts are the service's alone: the schedule has one truth, and it is not there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from itertools import islice
from zoneinfo import ZoneInfo

from peerplugin.core import meetings
from peerplugin.core.agenda import Agenda
from peerplugin.core.effects import AnyEffect, Document, Put
from peerplugin.core.markup import lasting_tag, lasting_title, shown_as_text
from peerplugin.core.meetings import Occurrence
from peerplugin.core.model import DocumentId, Series
from peerplugin.core.notices import Diary, in_words, standing_id
from peerplugin.core.publish import document_digest, external_id, mark
from peerplugin.core.words import Words


def documents(agenda: Agenda, series: Series, words: Words, now: datetime) -> Iterator[Document]:
    """All that should stand there now."""
    if series.schedule is None:
        return
    diary = Diary(series, agenda, now)
    coming = tuple(islice(meetings.occurrences(diary.schedule, now, cancelled=True), series.listed))
    yield _standing(diary, coming, words)
    if series.announcements is None:
        return
    for found in coming:
        told = agenda.told.get(found.on)
        if told is not None and (told.messages or notice_id(series, found) in agenda.publications):
            yield _notice(diary, found, words, series.announcements)


def notice_id(series: Series, found: Occurrence) -> DocumentId:
    """The topic that announces one date."""
    return DocumentId(f"{series.series_id}/{found.on.isoformat()}/notice")


def _standing(diary: Diary, coming: tuple[Occurrence, ...], words: Words) -> Document:
    which, series = standing_id(diary.series), diary.series
    values = {"name": series.name, "dates": [_shown(diary, found) for found in coming]}
    return _document(
        which, series, series.category, words, "schedule", pinned=True, least=series.quorum[0], most=series.quorum[1], **values
    )


def _notice(diary: Diary, found: Occurrence, words: Words, category: int) -> Document:
    series = diary.series
    return _document(notice_id(series, found), series, category, words, "notice", pinned=False, name=series.name, **_shown(diary, found))


def _document(which: DocumentId, series: Series, category: int, words: Words, text: str, *, pinned: bool, **values: object) -> Document:
    title = lasting_title(words.text(f"{text}-title.txt", **values))
    shown = {**values, "name": shown_as_text(series.name), "how_to_join": series.how_to_join}
    raw = words.text(f"{text}.md", **shown) + "\n" + mark(which)
    tags = tuple(filter(None, map(lasting_tag, series.tags))) if pinned else ()
    return Document(which, "topic", category, title, raw, tags, external_id(which), mark(which), over=True, pinned=pinned)


def _shown(diary: Diary, found: Occurrence) -> dict[str, object]:
    """One date, its words safe in Markdown; `stamp` is what a Discourse shows in each reader's own time."""
    schedule, change = diary.schedule, found.change
    local = found.starts_at.astimezone(ZoneInfo(schedule.zone))
    return {
        "stamp": f'[date={local:%Y-%m-%d} time={local:%H:%M:%S} timezone="{schedule.zone}"]' if diary.series.local_dates else "",
        "event": _event(diary, found) if diary.series.events and not change.cancelled else "",
        "when": in_words(diary, found.starts_at),
        "day": meetings.weekday_in_words(found.starts_at, schedule.zone),
        "year": f"{local:%Y}",
        "usual": meetings.weekday_in_words(meetings.usual(schedule, found.on), schedule.zone),
        "minutes": schedule.minutes,
        "cancelled": change.cancelled,
        "moved": change.moved_to is not None,
        "guest": shown_as_text(change.guest),
        "subject": shown_as_text(change.subject),
        "note": shown_as_text(change.note),
        "reason": shown_as_text(change.reason),
    }


def _event(diary: Diary, found: Occurrence) -> str:
    """The block that the events plugin shows as an entry of the forum's calendar; nobody has to say that they come."""
    zone = ZoneInfo(diary.schedule.zone)
    starts, ends = (at.astimezone(zone) for at in (found.starts_at, found.ends_at))
    return f'[event status="standalone" start="{starts:%Y-%m-%d %H:%M}" end="{ends:%Y-%m-%d %H:%M}" timezone="{diary.schedule.zone}"]\n[/event]'


# --- bringing the forum there -------------------------------------------------------------------------------------------------------


def due(agenda: Agenda, series: Series, words: Words, now: datetime) -> tuple[Agenda, tuple[AnyEffect, ...]]:
    """Ask the forum for every document that differs from what it was last asked for."""
    effects: list[AnyEffect] = []
    asked, asks = dict(agenda.asked), agenda.asks
    for document in documents(agenda, series, words, now):
        wish = document_digest(document)
        if asked.get(document.document) != wish:
            asks += 1
            asked[document.document] = wish
            effects.append(Put(key=f"put:{document.document}:{asks}", document=document.document))
    return replace(agenda, asked=asked, asks=asks), tuple(effects)


def claimed(agenda: Agenda, series: Series, words: Words, now: datetime, which: DocumentId) -> Document | None:
    """What a claimed `Put` should put: None where it stands there already, or is no longer wanted."""
    wanted = next((d for d in documents(agenda, series, words, now) if d.document == which), None)
    stands = agenda.publications.get(which)
    same = wanted is not None and stands is not None and not stands.enqueued and stands.digest == document_digest(wanted)
    return None if same else wanted
