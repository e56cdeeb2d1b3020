"""Leave-one-meeting-out: models that have not seen a meeting, and the shipped `replay` of that meeting with them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from peerplugin.learning import artefacts, statements, threads
from peerplugin.learning.labelled import Labelled
from peerplugin.models import load_vocabulary
from peerplugin.vocabulary import load_rules
from tests.core.talk import MEETINGS, ROOT

SCORER = ROOT / "tests" / "score_replay.py"
MODELS = ROOT / "config" / "models"
MARK = {"type": "m.reaction", "content": {"m.relates_to": {"rel_type": "m.annotation", "key": "❓"}}}
HALVES = (0, 1)
"""Seeds of the draws of which half of the openings is given."""


@dataclass(frozen=True)
class Run:
    """One replay: what it printed, its score, the processor seconds and mebibytes of its process."""

    replay: dict[str, Any]
    score: dict[str, Any]
    seconds: float
    mebibytes: float


def train_folds(meetings: Sequence[Labelled], folder: Path, tell: Callable[[str], None]) -> dict[str, Path]:
    """A folder of models for each meeting, learned from all the others."""
    vocabulary, rules = load_vocabulary(MODELS), load_rules(ROOT / "config")
    trainer = threads.Trainer(threads.cases(meetings, vocabulary))
    names = frozenset(meeting.name for meeting in meetings)
    folds = {}
    for name in sorted(names):
        tell(f"training without {name}")
        out = folder / name
        out.mkdir(parents=True)
        shutil.copy(MODELS / "words.npz", out)
        model = trainer.model(names - {name}, vocabulary)
        artefacts.write_threads(out, model)
        statements.learn([m for m in meetings if m.name != name], rules, out)
        folds[name] = out
    return folds


def replay(name: str, models: Path, folder: Path, openings: Sequence[str] = ()) -> Run:
    """The shipped command on a labelled meeting; `openings` get a facilitator's ❓ first."""
    export = json.loads((MEETINGS / name / "export.json").read_text(encoding="utf-8"))
    export["messages"] += [_mark(export["messages"], event, k) for k, event in enumerate(openings)]
    log, out = folder / "export.json", folder / "replay.json"
    log.write_text(json.dumps(export), encoding="utf-8")
    command = [sys.executable, "-m", "peerplugin", "replay", str(log), "--json", "--include-withheld", "--models", str(models)]
    seconds, mebibytes = _measured(command, out)
    scored = subprocess.run(
        [sys.executable, str(SCORER), str(out), str(MEETINGS / name / "gold.json")], capture_output=True, text=True, check=True, timeout=300
    )
    return Run(json.loads(out.read_text(encoding="utf-8")), json.loads(scored.stdout), seconds, mebibytes)


def _measured(command: Sequence[str], out: Path) -> tuple[float, float]:
    """Processor seconds and peak memory of a command that prints into a file."""
    with out.open("w", encoding="utf-8") as printed:
        child = subprocess.Popen(command, stdout=printed, stderr=subprocess.DEVNULL, env=os.environ | {"OMP_NUM_THREADS": "1"})
        deadline = time.monotonic() + 600
        while (done := os.wait4(child.pid, os.WNOHANG))[0] == 0:
            if time.monotonic() > deadline:
                child.kill()
            time.sleep(0.05)
    _, status, used = done
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise SystemExit(f"{' '.join(command)} ended with {child.returncode}.")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def _mark(events: list[dict[str, Any]], target: str, number: int) -> dict[str, Any]:
    powers = next(e["content"]["users"] for e in events if e["type"] == "m.room.power_levels")
    chair = max(sorted(powers), key=lambda user: powers[user])
    last = max(e["origin_server_ts"] for e in events)
    relation = MARK["content"]["m.relates_to"] | {"event_id": target}  # type: ignore[index]
    return MARK | {
        "event_id": f"$opening-{number}", "sender": chair, "room_id": events[0]["room_id"], "origin_server_ts": last,
        "content": {"m.relates_to": relation},
    }  # fmt: skip


def openings_of(meeting: Labelled) -> list[str]:
    """The first message of every labelled thread that was captured with its text."""
    held = {m.event_id for m in meeting.transcript.messages}
    return [next(e for e in thread["event_ids"] if e in held) for thread in meeting.gold["threads"]]


def half(openings: Sequence[str], seed: int) -> list[str]:
    """Every second of them, drawn by chance."""
    kept = np.random.default_rng(seed).choice(len(openings), len(openings) // 2, replace=False)
    return [openings[k] for k in sorted(kept)]
