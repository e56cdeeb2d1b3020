"""The one thread that talks to a forum: whoever wants something waits in line for it, what is urgent goes first, and the pace is kept."""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from integrations.discourse.pace import Pace
from peerplugin.errors import OutsideError

T = TypeVar("T")
LONGEST_WAIT_S = 90.0
"""A call that is asked to wait longer than this goes back to whoever made it."""
TRIES = 2


class BusyError(OutsideError):
    """The forum asks everybody to wait who uses this key (or this address). Nothing was done, so the call is made again when its time comes."""


class Clock(Protocol):
    """What passes while the worker waits."""

    def now(self) -> float:
        """Seconds since some moment."""

    def wait(self, news: threading.Condition, seconds: float | None) -> None:
        """Until somebody notifies, or so long."""


class SystemClock:
    """The machine's."""

    def now(self) -> float:
        """Seconds that no correction of the time of day changes."""
        return time.monotonic()

    def wait(self, news: threading.Condition, seconds: float | None) -> None:
        """Until somebody notifies, or so long."""
        news.wait(seconds)


@dataclass(order=True, slots=True)
class _Job:
    """A call in line: urgent ones first, then in the order in which they came."""

    place: tuple[int, int]
    call: Callable[[], Any] = field(compare=False)
    paced: bool = field(compare=False)
    answer: Future[Any] = field(default_factory=Future, compare=False)
    tries: int = field(default=0, compare=False)

    @property
    def is_urgent(self) -> bool:
        return self.place[0] == 0


class Worker:
    """Started by its first call; ended by `close`, which turns away whoever is still waiting."""

    def __init__(self, pace: Pace, clock: Clock | None = None) -> None:
        self._pace, self._clock = pace, clock or SystemClock()
        self._news = threading.Condition()
        self._line: list[_Job] = []
        self._came = 0
        self._closed = False
        self._thread: threading.Thread | None = None

    def do(self, call: Callable[[], T], *, urgent: bool = False, paced: bool = True) -> T:
        """What `call` returns or raises, made in the worker's thread when its turn comes. `paced`: it counts against the allowance."""
        with self._news:
            if self._closed:
                raise _closing()
            self._came += 1
            job = _Job((0 if urgent else 1, self._came), call, paced)
            heapq.heappush(self._line, job)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="forum", daemon=True)
                self._thread.start()
            self._news.notify()
        try:
            answer: T = job.answer.result()
            return answer
        finally:
            del job  # what was raised holds this frame, and would hold itself

    def close(self) -> None:
        """No call is begun any more."""
        with self._news:
            self._closed = True
            for job in self._line:
                job.answer.set_exception(_closing())
            self._line.clear()
            self._news.notify()

    def _work(self) -> None:
        while (job := self._next()) is not None:
            self._make(job)
            del job

    def _make(self, job: _Job) -> None:
        try:
            answer = job.call()
        except BusyError as busy:
            self._put_off(job, busy)
        except BaseException as error:  # noqa: BLE001 - whatever it is belongs to whoever waits for the answer
            job.answer.set_exception(error)
        else:
            job.answer.set_result(answer)
        finally:
            del job  # the same

    def _next(self) -> _Job | None:
        """The job whose turn it is, once its time has come; None: closed. Something urgent may come while we wait, and goes first."""
        with self._news:
            while not self._closed:
                wait_s = self._wait_s()
                if wait_s == 0:
                    job = heapq.heappop(self._line)
                    if job.paced:
                        self._pace.spend(self._clock.now())
                    return job
                self._clock.wait(self._news, wait_s)
            return None

    def _wait_s(self) -> float | None:
        if not self._line:
            return None
        first = self._line[0]
        return self._pace.wait_s(self._clock.now(), urgent=first.is_urgent) if first.paced else 0.0

    def _put_off(self, job: _Job, busy: BusyError) -> None:
        wait_s = busy.retry_after_s or 0.0
        with self._news:
            self._pace.refused(self._clock.now(), wait_s)
            job.tries += 1
            job.paced = True  # one without a key as well: its address was asked to wait
            if self._closed or job.tries >= TRIES or wait_s > LONGEST_WAIT_S:
                job.answer.set_exception(busy)
            else:
                heapq.heappush(self._line, job)


def _closing() -> OutsideError:
    return OutsideError("The service is stopping: the forum is asked again after the next start.", kind="refused")
