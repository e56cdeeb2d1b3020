"""What the operator can do beside the running service: read drafts, decide in a moderator's place, take a meeting's log along."""

from __future__ import annotations

import json
from datetime import datetime
from itertools import islice

from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from peerplugin import diary
from peerplugin.core import meetings, notices, publish
from peerplugin.core.facts import Commanded
from peerplugin.core.feed import Feed
from peerplugin.core.model import EventId, MeetingKey, Message, Series, SeriesId, UserId
from peerplugin.core.record import Record, Verdict
from peerplugin.errors import MistakeError
from peerplugin.group import Group, transcript_of
from peerplugin.store import Store, Tx

OPERATOR = UserId("operator")


def preview(store: Store, meeting: str, group: Group) -> str:
    """A meeting's drafts as the Markdown that would stand in the forum."""
    with store.transaction() as tx:
        record = _record(tx, meeting)
    series = group.of(record.series)
    name = series.name if series else record.series
    on = meetings.local_date(series, record.opened_at) if series else record.opened_at.date()
    parts = []
    for draft in record.drafts:
        if draft.verdict is Verdict.SUPERSEDED:
            continue
        post = publish.post(draft.summary, group.words, series=name, on=on, next="", how_to_join=series.how_to_join if series else "")
        withheld = f"\n\n(withheld: {draft.summary.withheld})" if draft.summary.withheld else ""
        parts.append(f"# {draft.summary.title}\n\n(#{draft.number}, {draft.verdict}){withheld}\n\n{post}")
    return "\n\n---\n\n".join(parts) or f"{record.key} has no drafts ({record.phase})."


def show_waiting(store: Store) -> None:
    """The drafts that wait, a line each."""
    console, waiting = Console(soft_wrap=True), 0
    with store.transaction() as tx:
        for record in (tx.record(k) for k in tx.record_keys()):
            for draft in record.drafts if record else ():
                if draft.verdict is Verdict.WAITING:
                    waiting += 1
                    console.print(
                        f"#{draft.number}  {draft.summary.title or '(no title)'}  ({draft.document})", markup=False, highlight=False
                    )
    if not waiting:
        console.print("No draft waits for a decision.")


def order(store: Store, group: Group, word: str, number: str, reason: str, now: datetime) -> str:
    """Leave a decision for the service, which takes it as a moderator's command."""
    wanted = number.removeprefix("#")
    if wanted != "all" and not (wanted.isascii() and wanted.isdigit() and len(wanted) < 10):
        raise MistakeError(f"{number} is no draft's number. `peerplugin review list` lists them.")
    if wanted == "all" and word != "approve":
        raise MistakeError("Only `approve` takes `all`: reject drafts one by one.")
    with store.transaction() as tx:
        records = [r for r in (tx.record(k) for k in tx.record_keys()) if r is not None]
        about = [r for r in records if any(_is_meant(d.number, d.verdict, wanted) for d in r.drafts)]
        if not about:
            raise MistakeError(f"No draft {number} waits for a decision. `peerplugin review list` lists those that do.")
        if len(about) > 1 and wanted != "all":
            raise MistakeError(f"Draft {number} stands in more than one management room ({', '.join(r.key for r in about)}): decide there.")
        for record in about:
            series = group.of(record.series)
            if series is None:
                raise MistakeError(f"The series of {record.key} is not in the settings any more.")
            event_id = EventId(f"operator:{word}:{wanted}:{now.isoformat()}")
            text = f"{wanted} {reason}".strip()
            fact = Commanded(now, event_id, OPERATOR, series.management_room, "management", word, text, moderator=True)
            tx.add_fact(fact, record.key)
    return f"{word} {number}: left for the service, which acts on it at once if it runs."


def _is_meant(number: int, verdict: Verdict, wanted: str) -> bool:
    open_ones = (Verdict.WAITING, Verdict.APPROVED, Verdict.REJECTED)
    return verdict is Verdict.WAITING if wanted == "all" else number == int(wanted) and verdict in open_ones


def export(store: Store, meeting: str, group: Group) -> str:
    """A meeting as thinking would see it now, in the shape of Element's export: `replay` reads it. What was left out, or edited away, is not in it."""
    with store.transaction() as tx:
        record = _record(tx, meeting)
        series = group.of(record.series)
        if series is None:
            raise MistakeError(f"The series of {record.key} is not in the settings any more: who may be quoted there is not known.")
        said = [m for m in transcript_of(tx, record.key, series, group.us).messages if m.left_out is None]
    first = min((m.at for m in said), default=record.opened_at)
    names = {m.sender: m.name for m in said if m.name}
    members = [
        {"type": "m.room.member", "sender": user, "state_key": user, "event_id": f"$member-{n}", "room_id": record.room,
         "origin_server_ts": _ms(first) - 1, "content": {"membership": "join", "displayname": name}}
        for n, (user, name) in enumerate(sorted(names.items()))
    ]  # fmt: skip
    messages = [*members, *(_event(m, record) for m in said)]
    return json.dumps({"room_name": series.name, "room_id": record.room, "messages": messages}, ensure_ascii=False, indent=1)


def _event(message: Message, record: Record) -> dict[str, object]:
    content: dict[str, object] = {"msgtype": "m.emote" if message.emote else "m.text", "body": message.text}
    if message.mentions:
        content["m.mentions"] = {"user_ids": list(message.mentions)}
    if message.thread_root is not None:
        content["m.relates_to"] = {"rel_type": "m.thread", "event_id": message.thread_root}
    elif message.reply_to is not None:
        content["m.relates_to"] = {"m.in_reply_to": {"event_id": message.reply_to}}
    return {"type": "m.room.message", "sender": message.sender, "event_id": message.event_id, "room_id": record.room,
            "origin_server_ts": _ms(message.at), "content": content}  # fmt: skip


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def _record(tx: Tx, meeting: str) -> Record:
    record = tx.record(MeetingKey(meeting))
    if record is None:
        known = ", ".join(tx.record_keys()[-5:]) or "none yet"
        raise MistakeError(f"There is no meeting {meeting}. The latest: {known}.")
    return record


# --- dates ------------------------------------------------------------------------------------------------------------------------


def _series(group: Group, wanted: str) -> Series:
    if not wanted and len(group.series) == 1:
        return group.series[0]
    found = group.of(SeriesId(wanted))
    if found is None:
        ids = ", ".join(s.series_id for s in group.series)
        raise MistakeError(f"There is no series {wanted}: it is one of {ids}." if wanted else f"Say which series: {ids}.")
    return found


def calendar(store: Store, group: Group, wanted: str, now: datetime) -> Feed:
    """The calendar of a series. Raises MistakeError where it is not clear which."""
    series = _series(group, wanted)
    with store.transaction() as tx:
        found = diary.calendar(tx, group, series.series_id, now)
    assert found is not None
    return found


def show_dates(store: Store, group: Group, wanted: str, now: datetime) -> None:
    """The next dates of a series, as a table."""
    series = _series(group, wanted)
    with store.transaction() as tx:
        open_at = diary.open_at(tx, group, series.series_id, now)
    assert open_at is not None
    table = Table(Column("date", no_wrap=True), "when", Column("how it stands", min_width=8), "guest and note")
    for found in islice(meetings.occurrences(open_at.schedule, now, cancelled=True), 8):
        change = found.change
        state = "cancelled" if change.cancelled else "moved" if change.moved_to else "as usual"
        more = [f"{change.guest}: {change.subject}" if change.subject else change.guest, change.note]
        told = f"{state} ({change.reason})" if change.reason else state
        table.add_row(found.on.isoformat(), notices.in_words(open_at, found.starts_at), escape(told), escape("; ".join(filter(None, more))))
    console = Console(soft_wrap=True)
    if table.rows:
        console.print(table)
    else:
        console.print(f"{series.name} has no further date.", markup=False)
