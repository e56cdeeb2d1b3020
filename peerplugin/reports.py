"""What the operator reads: the status of all meetings, and the two forms of a replay."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from peerplugin import replaying
from peerplugin.core.record import Record
from peerplugin.core.telling import status_line
from peerplugin.core.words import Words

if TYPE_CHECKING:
    from peerplugin.store import Store, Tx

Report = dict[str, object]


def status(store: Store, now: datetime) -> Report:
    """Everything `peerplugin status` shows. No text of anybody."""
    with store.transaction() as tx:
        records = [r for r in (tx.record(k) for k in tx.record_keys()) if r is not None]
        return {
            "meetings": [_meeting(tx, r) for r in sorted(records, key=lambda r: r.opened_at)],
            "outbox": dict(tx.outbox_counts()),
            "stuck": [
                {"key": s.key, "attempts": s.attempts, "next_try_at": s.next_try_at.isoformat(), "note": s.note} for s in tx.stuck(now)
            ],
            "troubles": [{"kind": t.kind, "sentence": t.sentence, "since": t.since.isoformat()} for t in tx.troubles()],
        }


def _meeting(tx: Tx, record: Record) -> Report:
    unsent = sum(tx.pending(f"forum:{d.document}") for d in record.drafts) + tx.pending(f"think:{record.key}")
    counts = tx.counts(record.key)
    kept = dict(counts)
    return {
        "meeting": record.key,
        "phase": str(record.phase),
        "line": status_line(record, unsent),
        "stored": kept,
        "skipped": dict(tx.skipped(record.key)),
        "closed_by": record.closed_by,
        "decisions": [
            {
                "draft": d.number,
                "verdict": str(d.verdict),
                "who": d.actor or "the service",
                "by": d.desk,
                "text": d.revision_hash,
                "at": d.at.isoformat(timespec="seconds"),  # not the reason: that is what a moderator wrote
            }
            for d in record.decisions
        ],
        "published": [
            {"document": p.document, "topic": p.topic_id, "post": p.post_id} for p in record.publications.values()
        ],  # an address repeats its title
    }


def show(found: Report) -> None:
    """A table on a terminal, plain lines in a pipe."""
    console = Console(soft_wrap=True)
    meetings = found["meetings"]
    assert isinstance(meetings, list)
    if not meetings:
        console.print("No meeting yet.")
    for meeting in meetings:
        console.print(f"{meeting['meeting']} ({meeting['phase']}): {meeting['line']}", markup=False, highlight=False)
        if meeting["decisions"]:
            _decisions(console, meeting["decisions"])
    for kind in ("stuck", "troubles"):
        rows = found[kind]
        assert isinstance(rows, list)
        for row in rows:
            console.print(
                f"{kind}: {row.get('key') or row.get('kind')}: {row.get('note') or row.get('sentence')}", markup=False, highlight=False
            )
    outbox = found["outbox"]
    assert isinstance(outbox, dict)
    console.print("outbox: " + (", ".join(f"{state} {n}" for state, n in sorted(outbox.items())) or "empty"), markup=False, highlight=False)


def _decisions(console: Console, decisions: list[Report]) -> None:
    if not console.is_terminal:
        for d in decisions:
            console.print(
                f"  #{d['draft']} {d['verdict']} by {d['who']} ({d['by']}) at {d['at']}, text {d['text']}", markup=False, highlight=False
            )
        return
    table = Table("draft", "verdict", "who", "by", "at", "text")
    for d in decisions:
        table.add_row(*(str(d[name]) for name in ("draft", "verdict", "who", "by", "at", "text")))
    console.print(table)


# --- replay -----------------------------------------------------------------------------------------------------------------------


def replay_json(found: Sequence[replaying.Replayed], words: Words, *, include_withheld: bool) -> str:
    """One JSON object, or a list of them where the log holds several meetings."""
    objects = [replaying.as_json(f, words, include_withheld=include_withheld) for f in found]
    return json.dumps(objects[0] if len(objects) == 1 else objects, ensure_ascii=False, indent=1)


def replay_markdown(found: Sequence[replaying.Replayed], words: Words, *, include_withheld: bool) -> str:
    """The drafts as posts, each under its title; withheld threads with their reason at the end."""
    parts: list[str] = []
    for meeting in found:
        outcome = meeting.outcome
        assert outcome is not None
        for summary in outcome.summaries:
            if include_withheld or not summary.withheld:
                parts.append(f"# {summary.title}\n\n{replaying.markdown(meeting, summary, words)}")
        withheld = [f"- {s.title or s.thread_id}: {s.withheld}" for s in outcome.summaries if s.withheld]
        if withheld and not include_withheld:
            parts.append("# Withheld\n\n" + "\n".join(withheld))
    return "\n\n---\n\n".join(parts)
