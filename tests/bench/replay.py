"""How long `peerplugin replay` takes and how much memory, by the size of the log; and which stage takes it."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from peerplugin import app, reports
from peerplugin.core import threads
from peerplugin.core.model import Level
from peerplugin.models import load_thread_model
from peerplugin.settings import config_dir
from tests.bench import chained, measured
from tests.bench.tables import Sheet

SIZES = (1_000, 2_500, 5_000, 10_000)
LIVER_S, LONGEST_S, PEAK_MIB = 3.0, 30.0, 300.0
GROWTH = 1.25
"""How much faster than n log n the cost may seem to grow: a quarter is what two measurements of the same thing may differ by."""
TIMES, STAGE_TIMES = {"liver": 5}, 2
"""How often a log is replayed (others once); of whole runs the median counts, of stages the cheaper run: what else the machine did is no cost of ours."""
MOST_S = 300
STAGES = ("read", "capture", "threads", "drafts", "print")


@dataclass(frozen=True, slots=True)
class Row:
    """One log, replayed as a command."""

    name: str
    messages: int
    wall_s: float
    cpu_s: float
    peak_mib: float
    stages: dict[str, float]  # processor seconds, without the start of the program

    @property
    def thinking_s(self) -> float:
        """What depends on the size of the log."""
        return sum(self.stages.values())


def logs(folder: Path) -> Iterator[tuple[str, int, Path]]:
    """The logs to replay, small to large: name, number of messages, file."""
    liver = chained.liver()
    yield "liver", said(json.loads(liver.read_text(encoding="utf-8"))), liver
    for size in SIZES:
        export = chained.chained(size)
        file = folder / f"chained-{size}.json"
        file.write_text(json.dumps(export, ensure_ascii=False), encoding="utf-8")
        yield f"chained {size:,}", said(export), file


def said(export: dict[str, list[dict[str, object]]]) -> int:
    """How many messages an export holds, edits counted."""
    return sum(event["type"] == "m.room.message" for event in export["messages"])


def rows(folder: Path) -> Iterator[Row]:
    """Measure every log."""
    for name, messages, file in logs(folder):
        runs = sorted((as_command(file, folder) for _ in range(TIMES.get(name, 1))), key=lambda run: run["wall_s"])
        run = runs[len(runs) // 2]
        yield Row(
            name,
            messages,
            run["wall_s"],
            run["cpu_s"],
            max(r["peak_kib"] for r in runs) / 1024,
            min((in_child(file) for _ in range(STAGE_TIMES)), key=lambda spans: sum(spans.values())),
        )


def as_command(file: Path, folder: Path) -> dict[str, float]:
    """Run `peerplugin replay FILE --json` as an operator would."""
    output = folder / "replayed.json"
    program = [str(Path(sys.executable).parent / "peerplugin"), "replay", str(file), "--json"]
    done = subprocess.run(
        [sys.executable, "-S", measured.__file__, str(output), *program], capture_output=True, text=True, check=True, timeout=MOST_S
    )
    found: dict[str, float] = json.loads(done.stdout)
    if found["code"] != 0:
        raise SystemExit(f"`peerplugin replay` ended with code {found['code']:g}:\n{output.read_text(errors='replace')[-2000:]}")
    return found


def in_child(file: Path) -> dict[str, float]:
    """`by_stage` in a process of its own: what one log leaves in caches would be the next one's gain, or loss."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.replay", str(file)], capture_output=True, text=True, check=True, timeout=MOST_S
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def by_stage(file: Path) -> dict[str, float]:
    """Processor seconds of each stage. Grouping is part of drafting: it is done once more to know its share."""
    marks: list[float] = []
    began = time.process_time()
    found, _, words = app.replay(
        file, default=Level.REPORTED, min_contributors=3, progress=lambda _: marks.append(time.process_time())
    )  # the steps it tells of: read, capture, threads and drafts
    drafted = time.process_time()
    reports.replay_json(found, words, include_withheld=False)
    printed = time.process_time()
    model = load_thread_model(config_dir() / "models")
    for meeting in found:
        threads.group(meeting.transcript, model)
    grouping_s = time.process_time() - printed
    _, capture_at, compose_at = marks
    spans = (capture_at - began, compose_at - capture_at, grouping_s, drafted - compose_at - grouping_s, printed - drafted)
    return dict(zip(STAGES, spans, strict=True))


def sheets(folder: Path) -> list[Sheet]:
    """The two tables of `replay`."""
    whole = Sheet(
        "peerplugin replay FILE --json, from start to end",
        ("log", "messages", "seconds", "limit", "processor s", "ms a message", "peak MiB", "limit"),
        note=f"Where seconds are many more than processor seconds, others were at work: load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors.",
    )
    split = Sheet(
        "The same by stage, in processor seconds after the start of the program",
        ("log", *STAGES, "together", "ms a message", "to n log n", "limit"),
        note="to n log n: the cost divided by n log n, compared with 1,000 messages: 1 is growth as n log n, less is slower growth.",
    )
    first: float | None = None
    for row in rows(folder):
        limit_s = LIVER_S if row.name == "liver" else LONGEST_S
        whole.add(
            row.name, f"{row.messages:,}", f"{row.wall_s:.2f}", f"{limit_s:g}", f"{row.cpu_s:.2f}", f"{1000 * row.wall_s / row.messages:.2f}",
            f"{row.peak_mib:.0f}", f"{PEAK_MIB:g}", ok=row.wall_s <= limit_s and row.peak_mib < PEAK_MIB,
        )  # fmt: skip
        cost = row.thinking_s / (row.messages * math.log(row.messages))
        if row.name != "liver":
            first = first or cost
        growth = cost / first if first else None
        split.add(
            row.name, *(f"{row.stages[stage]:.2f}" for stage in STAGES), f"{row.thinking_s:.2f}", f"{1000 * row.thinking_s / row.messages:.2f}",
            f"{growth:.2f}" if growth else "", f"{GROWTH:g}" if growth else "", ok=growth is None or growth <= GROWTH,
        )  # fmt: skip
    return [whole, split]


if __name__ == "__main__":
    print(json.dumps(by_stage(Path(sys.argv[1]))))
