"""A chat log through the whole way from capture to draft, without account or network: what `replay` prints."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from peerplugin.core import hearing, meetings, publish
from peerplugin.core.capture import Kept, transcript
from peerplugin.core.facts import Closed, Opened
from peerplugin.core.listening import Listening, Memory
from peerplugin.core.model import (
    Consent,
    EventId,
    Level,
    MeetingKey,
    Outcome,
    RoomEvent,
    RoomId,
    RoomState,
    Series,
    SeriesId,
    Summary,
    Transcript,
    UserId,
)
from peerplugin.core.rules import Rules
from peerplugin.core.words import Words
from peerplugin.thinking import think

BEGINNING = datetime(1, 1, 2, tzinfo=UTC)
NOBODY = UserId("@nobody:replay")
"""Opens the meeting of a log that does not say who could."""
OPENING = EventId("$replay-start")
Progress = Callable[[str], None]


@dataclass(slots=True)
class Replayed:
    """One meeting of a log and what came of it."""

    series: Series
    state: RoomState
    opened: Opened
    closed_at: datetime
    kept: dict[EventId, Kept]
    consents: list[Consent]
    skipped: Mapping[str, int]
    transcript: Transcript
    outcome: Outcome | None = None


class Log:
    """A log that is being heard, event by event, as the service would hear it."""

    def __init__(self, series: Series, rules: Rules) -> None:
        self.series, self.rules = series, rules
        self.kept: dict[MeetingKey, dict[EventId, Kept]] = {}
        self._meeting_of: dict[EventId, MeetingKey] = {}
        self.opened: dict[MeetingKey, Opened] = {}
        self.closed: dict[MeetingKey, datetime] = {}
        self.consents: list[Consent] = []
        self.listening = Listening(UserId(""), "room", RoomState(series.room), (series,), None, BEGINNING, rules.crisis_phrases)
        self.memory = Memory(self._find, lambda _: None, lambda _: None, tuple, lambda: tuple(self.opened), lambda _: None, lambda *_: ())

    def _find(self, event_id: EventId) -> tuple[MeetingKey, Kept] | None:
        meeting = self._meeting_of.get(event_id)
        return (meeting, self.kept[meeting][event_id]) if meeting is not None else None

    def hear(self, event: RoomEvent) -> None:
        """Take in the next event."""
        heard = hearing.hear(self.listening, event, self.memory, event.at)
        self.listening = heard.listening
        for key, fact in heard.facts:
            if isinstance(fact, Opened):
                self.opened[key] = fact
            elif isinstance(fact, Closed):
                self.closed[key] = fact.at
        if heard.kept is not None and event.event_id != OPENING:
            key, kept = heard.kept
            if self._meeting_of.setdefault(kept.event.event_id, key) == key:
                self.kept.setdefault(key, {}).setdefault(kept.event.event_id, kept)
        self.consents += [consent for _, consent in heard.consents]


def log_series(events: Sequence[RoomEvent], name: str, default: Level, min_contributors: int) -> Series:
    """A series that a log stands for: no forum, no schedule, no silence that ends it."""
    room = events[0].room_id if events else RoomId("")
    return Series(
        SeriesId("replay"), name or "Replay", room, RoomId(""), 0, default, silence_min=24 * 60, longest_min=7 * 24 * 60,
        min_contributors=min_contributors, publish_grace_min=0, facilitators=frozenset({NOBODY}),
    )  # fmt: skip


def replay(events: Iterable[RoomEvent], series: Series, rules: Rules, models: Path, progress: Progress = lambda _: None) -> list[Replayed]:
    """Every meeting of a log, drafted."""
    found = captured(events, series, rules, progress)
    for meeting in found:
        progress("threads and drafts")
        meeting.outcome = think(meeting.transcript, replace(rules, min_contributors=series.min_contributors), models)
    return found


def captured(events: Iterable[RoomEvent], series: Series, rules: Rules, progress: Progress = lambda _: None) -> list[Replayed]:
    """Every meeting of a log as it was heard. A log in which nobody says `!startmeeting` is taken as one meeting, whole."""
    events = list(events)
    progress("capture")
    log = _heard(events, series, rules)
    if not log.opened and events:
        log = _heard([_opening(events), *events], series, rules)
    meetings_found = []
    for key, opened in log.opened.items():
        rows = log.kept.get(key, {})
        closed_at = log.closed.get(key, max((k.event.at for k in rows.values()), default=opened.at))
        script = transcript(key, rows.values(), default=series.default_consent, consents=log.consents, roster=log.listening.state.names)
        meetings_found.append(Replayed(series, log.listening.state, opened, closed_at, rows, log.consents, {}, script))
    return meetings_found


def _heard(events: Collection[RoomEvent], series: Series, rules: Rules) -> Log:
    log = Log(series, rules)
    for event in events:
        log.hear(event)
    return log


def _opening(events: list[RoomEvent]) -> RoomEvent:
    """The `!startmeeting` that a log without one would have begun with, said by nobody."""
    first = next((e for e in events if e.kind in ("text", "emote")), events[0])
    return RoomEvent(OPENING, first.room_id, NOBODY, first.at, "text", body="!startmeeting")


# --- what is printed ------------------------------------------------------------------------------------------------------------


def as_json(found: Replayed, words: Words, *, include_withheld: bool = False) -> dict[str, object]:
    """The machine-readable form `peerplugin-replay/1`."""
    outcome = found.outcome
    assert outcome is not None
    drafted = {s.thread_id: s for s in outcome.summaries}
    return {
        "format": "peerplugin-replay/1",
        "meeting": {
            "name": found.opened.name or found.series.name,
            "room_id": found.series.room,
            "started_at": found.opened.at.isoformat(),
            "ended_at": found.closed_at.isoformat(),
            "speakers": outcome.speakers,
            "messages": outcome.messages,
        },
        "threads": [_thread_json(t.thread_id, t.event_ids, drafted.get(t.thread_id)) for t in outcome.threads],
        "drafts": [_draft_json(found, s, words) for s in outcome.summaries if include_withheld or not s.withheld],
        "left_out": [{"event_id": m.event_id, "reason": m.left_out} for m in found.transcript.messages if m.left_out],
        "scrubbed": [
            {"event_id": s.event_id, "start": s.start, "end": s.end, "kind": s.kind, "replacement": s.replacement} for s in outcome.scrubbed
        ],
    }


def _thread_json(thread_id: str, event_ids: tuple[EventId, ...], summary: Summary | None) -> dict[str, object]:
    reason = summary.withheld if summary is not None else "nothing to say"
    return {
        "thread_id": thread_id,
        "title": summary.title if summary is not None else "",
        "event_ids": list(event_ids),
        "contributors": summary.contributors if summary is not None else 0,
        "state": "drafted" if summary is not None and not summary.withheld else "withheld",
        "reason": reason or None,
    }


def _draft_json(found: Replayed, summary: Summary, words: Words) -> dict[str, object]:
    return {
        "thread_id": summary.thread_id,
        "title": summary.title,
        "tags": list(summary.tags),
        "raw": markdown(found, summary, words),
        "statements": [
            {"text": s.text, "section": s.section, "wording": s.wording, "event_ids": list(s.event_ids), "contributors": s.contributors}
            for s in summary.statements
            if not s.offered
        ],
        "findings": [{"kind": f.kind, "event_ids": list(f.event_ids), "note": f.note} for f in summary.findings],
    }


def markdown(found: Replayed, summary: Summary, words: Words) -> str:
    """The post as it would stand in the forum."""
    about = {
        "series": found.series.name,
        "on": meetings.local_date(found.series, found.opened.at),
        "next": "",
        "how_to_join": found.series.how_to_join,
    }
    return publish.post(summary, words, **about)
