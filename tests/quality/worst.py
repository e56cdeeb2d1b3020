"""The errors that a person should look at: lines in a wrong thread, statements that mix threads, key points that nothing says. Invented talk only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console

from peerplugin.learning.labelled import Labelled

if TYPE_CHECKING:
    from tests.quality.folds import Run

EACH = 3


def show(meetings: Sequence[Labelled], runs: Mapping[str, Run], screen: Console) -> None:
    """Some of each kind, for every meeting, with what stands around them."""
    for meeting in meetings:
        replay = runs[meeting.name].replay
        text = {m["event_id"]: m["text"] for m in meeting.gold["messages"]}
        screen.rule(meeting.name)
        for title, rows in (
            ("lost: most lines elsewhere", _scattered(meeting, replay)),
            ("mixed: one statement, two threads", _mixed(meeting, replay, text)),
            ("unsaid: no statement cites a source of it", _unsaid(meeting, replay)),
        ):
            screen.print(title, style="bold")
            for row in rows[:EACH]:
                screen.print("  " + row, markup=False, highlight=False)


def _scattered(meeting: Labelled, replay: dict[str, Any]) -> list[str]:
    ours = {e: t["thread_id"] for t in replay["threads"] for e in t["event_ids"]}
    rows = []
    for thread in meeting.gold["threads"]:
        places = Counter(ours.get(e, "nowhere") for e in thread["event_ids"])
        where, most = places.most_common(1)[0]
        rows.append(
            (
                most / len(thread["event_ids"]),
                f"{thread['title']}: {most} of {len(thread['event_ids'])} in {where}, in {len(places)} places",
            )
        )
    return [row for _, row in sorted(rows)]


def _mixed(meeting: Labelled, replay: dict[str, Any], text: Mapping[str, str]) -> list[str]:
    thread = {m["event_id"]: m["thread"] for m in meeting.gold["messages"]}
    rows = []
    for statement in (s for d in replay["drafts"] for s in d["statements"]):
        if len({thread.get(e) for e in statement["event_ids"]}) > 1:
            rows.append(f"{statement['text']}  <-  {' | '.join(text.get(e, '?') for e in statement['event_ids'])}")
    return rows


def _unsaid(meeting: Labelled, replay: dict[str, Any]) -> list[str]:
    cited = {e for d in replay["drafts"] for s in d["statements"] for e in s["event_ids"]}
    return [f"{point['fact']}" for point in meeting.gold["key_points"] if not cited & set(point["sources"])]
