"""Reads labelled meetings: the export as the service would hear it, and what people said of every message."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from peerplugin import app
from peerplugin.core.model import EventId, Thread, ThreadId, Transcript
from peerplugin.errors import MistakeError


@dataclass(frozen=True)
class Labelled:
    """A meeting and its labels (`gold.json`: threads, messages, pii, key_points, not_pii)."""

    name: str
    transcript: Transcript
    gold: dict[str, Any]

    def threads(self) -> tuple[Thread, ...]:
        """The labelled threads, as the grouping would have given them."""
        at = {m.event_id: k for k, m in enumerate(self.transcript.messages) if m.left_out is None and m.text.strip()}
        found = []
        for k, thread in enumerate(self.gold["threads"]):
            ids = sorted((EventId(e) for e in thread["event_ids"] if e in at), key=lambda e: at[e])
            if ids:
                found.append(Thread(ThreadId(f"t{k + 1}"), tuple(ids), ids[0]))
        return tuple(found)

    def thread_of(self) -> dict[EventId, str]:
        """The labelled thread of every message that is in one."""
        return {EventId(event): thread["id"] for thread in self.gold["threads"] for event in thread["event_ids"]}


def folders_in(folder: Path) -> list[Path]:
    """The labelled meetings in a folder, by name. MistakeError where there is none."""
    found = sorted(labels.parent for labels in folder.glob("*/gold.json"))
    if not found:
        raise MistakeError(f"{folder}: no labelled meeting in it: each has a folder of its own with export.json and gold.json.")
    return found


def read_labelled(folders: Iterable[Path]) -> list[Labelled]:
    """The meetings of these folders. MistakeError where a file is missing or is none."""
    return [_read(folder) for folder in folders]


def _read(folder: Path) -> Labelled:
    try:
        gold = json.loads((folder / "gold.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise MistakeError(f"{folder / 'gold.json'} cannot be read ({type(error).__name__}): it must be the labels as JSON.") from error
    found = app.captured(folder / "export.json")
    if len(found) != 1:
        raise MistakeError(f"{folder / 'export.json'} holds {len(found)} meetings: label them in folders of their own.")
    return Labelled(folder.name, found[0].transcript, gold)
