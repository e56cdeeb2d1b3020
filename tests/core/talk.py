"""Transcripts for the tests of the thinking: a few lines in a room, or one of the labelled meetings as capture leaves it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from peerplugin.core.model import Cue, EventId, Level, MeetingKey, Message, Outcome, Transcript, UserId
from peerplugin.core.rules import Rules
from peerplugin.core.threads import ThreadModel
from peerplugin.models import load_learned, load_thread_model
from peerplugin.vocabulary import load_rules

ROOT = Path(__file__).resolve().parents[2]
MEETINGS = ROOT / "tests" / "data" / "meetings"
START = datetime(2026, 10, 7, 19, 0, tzinfo=UTC)


@cache
def rules() -> Rules:
    """The rules as the project ships them."""
    return replace(load_rules(ROOT / "config"), learned=load_learned(ROOT / "config" / "models"))


@cache
def model() -> ThreadModel:
    """What groups lines, as the project ships it."""
    return load_thread_model(ROOT / "config" / "models")


def line(number: int, who: str, text: str, *, gap_s: float = 20, **more: Any) -> Message:
    """Line `number` of a talk, said by `who` (Alma, Bo, ...)."""
    return Message(EventId(f"${number}"), UserId(f"@{who.lower()}:x.org"), who, START + timedelta(seconds=gap_s * number), text, **more)


def talk(*lines: Message, names: Mapping[str, str] | None = None) -> Transcript:
    """These lines as a meeting; `names` adds display names (Alma -> "Alma Stern")."""
    shown = {m.sender: ((names or {}).get(m.name, m.name),) for m in lines}
    return Transcript(MeetingKey("hearts/2026-10-07"), lines, (), shown)


@cache
def meeting(name: str) -> tuple[Transcript, dict[str, Any]]:
    """A labelled meeting and its labels; what must not be published is left out, as capture would."""
    events = json.loads((MEETINGS / name / "export.json").read_text(encoding="utf-8"))["messages"]
    gold: dict[str, Any] = json.loads((MEETINGS / name / "gold.json").read_text(encoding="utf-8"))
    labels = {m["event_id"]: m for m in gold["messages"]}
    roster: dict[UserId, tuple[str, ...]] = {}
    lines: list[Message] = []
    cues: list[Cue] = []
    for e in sorted(events, key=lambda e: e["origin_server_ts"]):
        content = e.get("content", {})
        if e["type"] == "m.room.member" and content.get("displayname"):
            roster[UserId(e.get("state_key") or e["sender"])] = (content["displayname"],)
        if e["type"] != "m.room.message" or e["event_id"] not in labels:
            continue
        text, reason = labels[e["event_id"]]["text"], labels[e["event_id"]]["must_not_publish"]
        at = datetime.fromtimestamp(e["origin_server_ts"] / 1000, UTC)
        if command := re.match(r"!(\w+)\s*(.*)", text):
            cues.append(Cue(command[1], command[2], e["event_id"], e["sender"], at))
            reason = reason or "command"
        relation = content.get("m.relates_to", {})
        lines.append(
            Message(
                e["event_id"], e["sender"], roster.get(e["sender"], ("?",))[0], at, "" if reason else text,
                reply_to=None if relation.get("is_falling_back") else relation.get("m.in_reply_to", {}).get("event_id"),
                thread_root=relation.get("event_id") if relation.get("rel_type") == "m.thread" else None, level=Level.REPORTED,
                left_out={"image": "media", None: None}.get(reason, reason),
            )
        )  # fmt: skip
    return Transcript(MeetingKey(name), tuple(lines), tuple(cues), roster), gold


def as_replay(outcome: Outcome) -> dict[str, Any]:
    """An outcome in the shape that the scorer reads."""
    drafts = []
    for s in outcome.summaries:
        told = [x for x in s.statements if not x.offered]
        rows = [{"text": x.text, "section": x.section, "wording": x.wording, "event_ids": list(x.event_ids)} for x in told]
        if not s.withheld:
            drafts.append({"thread_id": s.thread_id, "title": s.title, "raw": "\n".join(x.text for x in told), "statements": rows})
    spans = [{"event_id": s.event_id, "start": s.start, "end": s.end} for s in outcome.scrubbed]
    return {
        "threads": [{"thread_id": t.thread_id, "event_ids": list(t.event_ids)} for t in outcome.threads],
        "drafts": drafts,
        "scrubbed": spans,
    }
