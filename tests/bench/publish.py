"""How many requests a meeting's publication takes, and how long the forum's limit makes it wait: on a clock that only waiting turns."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from integrations.discourse.pace import MINUTE_S
from peerplugin.core.model import Summary
from tests.bench.tables import Sheet
from tests.core.scene import a_summary
from tests.outage.world import Clock, Evening
from tests.proxy import Proxy

TOPICS = 12
A_MINUTE = 40
"""Calls a minute for what is only to be published: of the fifty that we take, a fifth is kept for erasures."""
SITES_MINUTE = 60
"""What Discourse allows to all keys of a site together; who exceeds it is told to wait."""
SUBJECTS = ("driving", "coffee", "travel", "sleep", "work", "itching", "salt", "exercise", "alcohol", "vaccines", "dentists", "pregnancy",
            "fatigue", "cramps", "swimming", "diabetes", "school", "insurance", "herbs", "protein", "fasting", "tattoos", "pets", "climbing")  # fmt: skip
Calls = Counter[str]


@dataclass(frozen=True, slots=True)
class Phase:
    """A part of a publication: its calls, and the seconds that they waited."""

    calls: Calls
    waited_s: float

    @property
    def keyed(self) -> int:
        """The calls that count against the limit."""
        return sum(number for call, number in self.calls.items() if "(as everybody)" not in call)


@dataclass(frozen=True, slots=True)
class Run:
    """The publication of one meeting: the proof, once for a series; the topics; their index; an erasure that came in the middle."""

    topics: int
    proof: Phase
    put: Phase
    index: Phase
    erasure: Phase | None

    @property
    def keyed(self) -> int:
        return self.proof.keyed + self.put.keyed + self.index.keyed

    @property
    def waited_s(self) -> float:
        return self.proof.waited_s + self.put.waited_s + self.index.waited_s

    @property
    def forced_s(self) -> float:
        """What the best of schedulers would wait: so many whole minutes' allowances have to pass before the last call."""
        return (self.keyed - 1) // A_MINUTE * MINUTE_S


class Interrupted(Clock):
    """A clock on which something else comes, once, when somebody is about to wait."""

    def __init__(self) -> None:
        super().__init__()
        self.evening: Evening | None = None
        self.erasure: Phase | None = None
        self._erasing: threading.Thread | None = None
        self._done = threading.Event()

    def wait(self, news: threading.Condition, seconds: float | None) -> None:
        if seconds is None or self.evening is None or self._done.is_set():
            super().wait(news, seconds)
            return
        if self._erasing is None:
            self._erasing = threading.Thread(target=self._erase, args=(self.evening,), name="erasure")
            self._erasing.start()
        news.wait(0.1)  # between two calls of the erasure no time passes

    def _erase(self, evening: Evening) -> None:
        """What was published first has to go."""
        publication = next(iter(evening.hand.record().publications.values()))
        began, before = self.seconds, len(evening.calls())
        evening.forum.withdraw(publication)
        self.erasure = Phase(Counter(evening.calls()[before:]), self.seconds - began)
        self._done.set()


def summaries(topics: int) -> tuple[Summary, ...]:
    """So many threads, each with a question of its own."""
    return tuple(
        a_summary(f"t{n}", title=f"What should one know about {subject}?", tags=(subject,))
        for n, subject in enumerate(SUBJECTS[:topics], 1)
    )


async def publish(folder: Path, topics: int, *, proven: bool = False, interrupted: bool = False) -> Run:
    """Hold a meeting, approve everything, and publish it in a forum with the default limit."""
    clock = Interrupted()
    with Proxy("http://127.0.0.1:1") as proxy:
        evening = Evening(folder, proxy, host="127.0.0.1", summaries=summaries(topics), clock=clock)
        evening.sandbox.limits.keys_per_minute = SITES_MINUTE
        evening.hand.hold_meeting()
        evening.order("!approve all")
        evening.hand.minute += 10
        if proven:
            evening.proven()
        clock.evening = evening if interrupted else None
        proof = Phase(Counter(), 0) if proven else await _phase(evening, 1)
        put = await _phase(evening, topics)
        index = await _phase(evening, 1)
        evening.close()
    erased = clock.erasure.calls if clock.erasure else Counter[str]()
    return Run(topics, proof, Phase(put.calls - erased, put.waited_s), index, clock.erasure)


async def _phase(evening: Evening, effects: int) -> Phase:
    evening.begin()
    began = evening.clock.seconds
    for _ in range(effects):
        if not await evening.service.deliver_one("forum"):
            raise SystemExit("Nothing was due in the forum.")
    if evening.forum.failures:
        raise SystemExit(f"Publishing failed: {evening.forum.failures[0].sentence}")
    return Phase(Counter(evening.calls()), evening.clock.seconds - began)


def sheets(folder: Path) -> list[Sheet]:
    """The two tables of `publish`."""
    runs = {
        f"{TOPICS} topics, the first meeting": _run(folder / "first", TOPICS),
        f"{TOPICS} topics": _run(folder / "later", TOPICS, proven=True),
        f"{2 * TOPICS} topics": _run(folder / "twice", 2 * TOPICS, proven=True),
        f"{2 * TOPICS} topics, and an erasure": _run(folder / "erased", 2 * TOPICS, proven=True, interrupted=True),
    }
    return [_requests(runs[f"{TOPICS} topics, the first meeting"]), _waits(runs)]


def _run(folder: Path, topics: int, *, proven: bool = False, interrupted: bool = False) -> Run:
    folder.mkdir()
    return asyncio.run(publish(folder, topics, proven=proven, interrupted=interrupted))


def _requests(run: Run) -> Sheet:
    sheet = Sheet(
        f"A meeting of {run.topics} topics and their index: requests",
        ("step", "requests", "create", "read back", "others", "least", "look-up first"),
        note="least: the answer to a create has neither title nor tags, so each document takes two. look-up first: as many as if the external id"
        " were asked for before each create. The proof is made once for a series; four of its reads are made without the key.",
    )
    for name, phase, documents in (("proof", run.proof, 0), ("topics", run.put, run.topics), ("index", run.index, 1)):
        created, read = phase.calls["POST /posts.json"], phase.calls["GET /t/{n}.json"]
        others = phase.calls.total() - created - read
        least = str(2 * documents) if documents else ""
        sheet.add(
            name, str(phase.calls.total()), str(created), str(read), str(others), least, str(3 * documents) if documents else "",
            ok=not documents or phase.calls.total() == 2 * documents,
        )  # fmt: skip
    return sheet


def _waits(runs: dict[str, Run]) -> Sheet:
    sheet = Sheet(
        "The same under the forum's limit: seconds waited",
        ("meeting", "calls with the key", "waited s", "forced s", "an erasure waited s", "limit"),
        note=f"forced: what the best of schedulers waits under {A_MINUTE} calls a minute. The rest of the fifty that we take is there for erasures.",
    )
    for name, run in runs.items():
        erased = f"{run.erasure.waited_s:g}" if run.erasure else ""
        sheet.add(
            name, str(run.keyed), f"{run.waited_s:g}", f"{run.forced_s:g}", erased, "0" if run.erasure else "",
            ok=run.waited_s <= run.forced_s and (run.erasure is None or run.erasure.waited_s == 0),
        )  # fmt: skip
    return sheet
