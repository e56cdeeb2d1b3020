"""What the schedule of very many series takes: a year of it planned, and the ticking while nothing is due."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from peerplugin import app
from peerplugin.core.model import UserId
from peerplugin.group import Group
from peerplugin.paper import PaperForum
from peerplugin.service import LANES, Pace, Service
from peerplugin.settings import config_dir
from peerplugin.store import Store
from peerplugin.vocabulary import load_rules
from tests.bench import measured
from tests.bench.calendar_year import a_series
from tests.bench.tables import Sheet

SERIES = 200
PLANNED_S, PLANNED_MIB, IDLE = 2.0, 50.0, 0.01
WAKES = 60
NOW = datetime(2026, 10, 7, 12, 0, tzinfo=UTC)


def year(folder: Path, how: str) -> tuple[dict[str, float], int, int]:
    """A year, in a process of its own: what it took, how often it woke, how much it would say."""
    output = folder / "year.out"
    command = [sys.executable, "-m", "tests.bench.calendar_year", how, str(SERIES)]
    run = subprocess.run([sys.executable, "-S", measured.__file__, str(output), *command], capture_output=True, text=True, check=True)
    woken, said = map(int, output.read_text(encoding="utf-8").split())
    return json.loads(run.stdout), woken, said


async def ticking(folder: Path) -> float:
    """The processor seconds of one wake of an idle service: time passes, and each lane looks for work."""
    group = Group(UserId("@us:x.org"), tuple(a_series(n) for n in range(SERIES)), app.load_words(), load_rules(config_dir()))
    with_clock = Clock()
    store = Store.open(folder / "store.sqlite")
    service = Service(store, None, PaperForum(), group, with_clock, Pace())  # type: ignore[arg-type]  # nothing is said: nobody is asked
    service._heard_until = NOW
    await service.begin()
    with store.transaction() as tx:
        tx.remember("idle", "yes")
    await service.advance_once()
    with store.transaction() as tx:  # whatever the start had to say is said
        while (claimed := tx.claim(NOW, frozenset().union(*LANES.values()))) is not None:
            tx.finish(claimed.effect.key, "done")
    began = time.process_time()
    for _ in range(WAKES):
        with_clock.now += timedelta(milliseconds=1)
        await service.advance_once()
        for lane in LANES:
            assert not await service.deliver_one(lane), "nothing is due"
            await service.next_due(lane)
    spent = time.process_time() - began
    service.close()
    store.close()
    return spent / WAKES


class Clock:
    """A clock that stands."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        """What it shows."""
        return self.now


def sheets(folder: Path) -> list[Sheet]:
    """Both, next to their limits."""
    (took, _, said), (live, woken, told) = year(folder, "plan"), year(folder, "live")
    sheet = Sheet(
        f"The schedule of {SERIES} weekly series since 2020",
        ("", "measured", "limit"),
        note="Planned: every announcement of a year with its moment, worked out ahead. Lived through: the same, one due moment after the other, "
        "as the service does it. A wake is one look at all agendas and at the outbox of each lane.",
    )
    seconds, mib = took["cpu_s"], took["peak_kib"] / 1024
    sheet.add(f"a year planned: {said:,} announcements", f"{seconds:.1f} s", f"{PLANNED_S:.0f} s", ok=seconds < PLANNED_S)
    sheet.add("... its memory at the most", f"{mib:.0f} MiB", f"{PLANNED_MIB:.0f} MiB", ok=mib < PLANNED_MIB)
    days_ms = live["cpu_s"] / 365 * 1000
    sheet.add(f"a year lived through: {woken:,} wakes, {told:,} announcements", f"{live['cpu_s']:.1f} s ({days_ms:.0f} ms a day)", "-")
    sheet.add(
        "... its memory at the most",
        f"{live['peak_kib'] / 1024:.0f} MiB",
        f"{PLANNED_MIB:.0f} MiB",
        ok=live["peak_kib"] / 1024 < PLANNED_MIB,
    )
    wake_s = asyncio.run(ticking(folder))
    share = wake_s / Pace().wake_s
    sheet.add(f"ticking every {Pace().wake_s:.0f} s with nothing due", f"{share:.2%} of a core", f"{IDLE:.0%}", ok=share < IDLE)
    return [sheet]
