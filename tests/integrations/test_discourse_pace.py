"""At the pace the forum allows: a minute's allowance, room for what is urgent, and what is learnt from a refusal. On a clock turned by hand."""

from __future__ import annotations

import contextlib
import gc
import threading
import weakref
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.discourse.pace import LEAST, MINUTE_S, Pace
from integrations.discourse.worker import BusyError, Worker
from peerplugin.errors import OutsideError


class HandClock:
    """Time passes only where somebody waits for it."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.waits: list[float] = []

    def now(self) -> float:
        return self.seconds

    def wait(self, news: threading.Condition, seconds: float | None) -> None:
        if seconds is None:
            news.wait()
            return
        self.waits.append(seconds)
        self.seconds += seconds


def spend(pace: Pace, calls: int, now: float = 0.0) -> None:
    for _ in range(calls):
        pace.spend(now)


# --- the allowance ----------------------------------------------------------------------------------------------------------------


def test_ordinary_calls_leave_a_fifth_of_the_minute_to_urgent_ones() -> None:
    pace = Pace(50)
    spend(pace, 40)
    assert pace.wait_s(0, urgent=False) == MINUTE_S
    assert pace.wait_s(0, urgent=True) == 0
    spend(pace, 10)
    assert pace.wait_s(1, urgent=True) == MINUTE_S - 1


def test_a_call_waits_until_the_oldest_of_its_minute_is_over_and_no_longer() -> None:
    pace = Pace(50)
    for second in range(40):
        pace.spend(second)
    assert pace.wait_s(39, urgent=False) == 21
    assert pace.wait_s(60, urgent=False) == 0


@given(st.lists(st.tuples(st.floats(0, 20), st.booleans()), max_size=300), st.integers(1, 80))
def test_no_minute_ever_holds_more_calls_than_are_allowed(steps: list[tuple[float, bool]], allowance: int) -> None:
    pace, now = Pace(allowance), 0.0
    went: list[float] = []
    for idle, urgent in steps:
        now += idle
        now += pace.wait_s(now, urgent=urgent)
        assert pace.wait_s(now, urgent=True) < 1e-6
        pace.spend(now)
        went.append(now)
    assert all(sum(start - MINUTE_S + 1e-6 < other <= start for other in went) <= allowance for start in went)


def test_after_a_refusal_nobody_calls_before_the_forum_said_so_and_less_is_taken() -> None:
    pace = Pace(50)
    spend(pace, 30)  # others use the site's sixty as well: ours were refused after thirty
    pace.refused(1, 57)
    assert pace.allowed == 29
    assert pace.wait_s(1, urgent=True) == 59, "the thirtieth of a minute is one too many now"
    pace.refused(1, 100)
    assert pace.wait_s(1, urgent=True) == 100


def test_however_often_it_is_refused_a_little_is_left_and_quiet_minutes_bring_the_rest_back() -> None:
    pace = Pace(50)
    for _ in range(100):
        pace.refused(0, 1)
    assert pace.allowed == LEAST
    pace.wait_s(1 + MINUTE_S, urgent=False)
    assert pace.allowed == LEAST + 5
    pace.wait_s(1 + 100 * MINUTE_S, urgent=False)
    assert pace.allowed == 50


# --- the worker -------------------------------------------------------------------------------------------------------------------


def busy(times: int, wait_s: float = 5) -> Callable[[], str]:
    """A call that the forum refuses so often before it answers."""
    left = [times]

    def call() -> str:
        if left[0]:
            left[0] -= 1
            raise BusyError("Wait.", kind="rate_limited", retry_after_s=wait_s)
        return "answer"

    return call


def test_a_call_returns_what_it_returned_and_raises_what_it_raised() -> None:
    worker = Worker(Pace(), HandClock())
    assert worker.do(lambda: 7) == 7
    with pytest.raises(KeyError):
        worker.do(lambda: dict[str, int]()["nothing"])
    worker.close()


def test_what_a_failed_call_held_is_let_go_at_once() -> None:
    class Connection:
        """Something that a call opens."""

    worker, opened = Worker(Pace(), HandClock()), list[weakref.ref[Connection]]()

    def fail() -> None:
        connection = Connection()
        opened.append(weakref.ref(connection))
        raise KeyError

    gc.disable()
    try:
        with contextlib.suppress(KeyError):
            worker.do(fail)
        worker.do(lambda: None)
        assert opened[0]() is None
    finally:
        gc.enable()
    worker.close()


def test_all_calls_are_made_in_one_thread_that_is_not_the_callers() -> None:
    worker = Worker(Pace(), HandClock())
    threads = {worker.do(threading.get_ident) for _ in range(5)}
    worker.close()
    assert len(threads) == 1
    assert threading.get_ident() not in threads


def test_the_forty_first_call_of_a_minute_waits_for_the_next() -> None:
    clock = HandClock()
    worker = Worker(Pace(50), clock)
    for _ in range(41):
        worker.do(lambda: None)
    worker.close()
    assert clock.waits == [MINUTE_S]


def test_reads_without_a_key_do_not_count() -> None:
    clock = HandClock()
    worker = Worker(Pace(50), clock)
    for _ in range(100):
        worker.do(lambda: None, paced=False)
    worker.close()
    assert clock.waits == []


def test_what_is_urgent_goes_before_what_came_first() -> None:
    worker, order = Worker(Pace(), HandClock()), list[str]()
    under_way, let_go = threading.Event(), threading.Event()

    def hold() -> None:
        under_way.set()
        let_go.wait(10)

    def ask(name: str, urgent: bool) -> threading.Thread:
        thread = threading.Thread(target=lambda: worker.do(lambda: order.append(name), urgent=urgent))
        thread.start()
        return thread

    first = threading.Thread(target=lambda: worker.do(hold))
    first.start()
    under_way.wait(10)
    threads = [first]
    for number, (name, urgent) in enumerate((("publish", False), ("publish more", False), ("erase", True)), 1):
        threads.append(ask(name, urgent))
        while len(worker._line) < number:  # in line, in this order
            threading.Event().wait(0.001)
    let_go.set()
    for thread in threads:
        thread.join(10)
    worker.close()
    assert order == ["erase", "publish", "publish more"]


def test_a_call_that_was_refused_for_everybody_is_made_again_when_its_time_comes() -> None:
    clock = HandClock()
    worker = Worker(Pace(), clock)
    assert worker.do(busy(1)) == "answer"
    worker.close()
    assert clock.waits == [5]


def test_a_read_without_a_key_that_was_refused_waits_as_well() -> None:
    clock = HandClock()
    worker = Worker(Pace(), clock)
    assert worker.do(busy(1, wait_s=10), paced=False) == "answer"
    worker.close()
    assert clock.waits == [10]


def test_a_call_that_is_refused_again_goes_back_to_who_made_it() -> None:
    worker = Worker(Pace(), HandClock())
    with pytest.raises(BusyError):
        worker.do(busy(2))
    worker.close()


def test_a_wait_that_is_too_long_goes_back_to_who_made_the_call() -> None:
    clock = HandClock()
    worker = Worker(Pace(), clock)
    with pytest.raises(BusyError):
        worker.do(busy(1, wait_s=86_400))
    worker.close()
    assert clock.waits == []


def test_who_waits_when_it_closes_is_turned_away_and_who_comes_later_too() -> None:
    worker = Worker(Pace(1))  # the machine's clock: the second call waits for a minute
    worker.do(lambda: None)
    refused = list[OutsideError]()

    def ask() -> None:
        try:
            worker.do(lambda: None)
        except OutsideError as error:
            refused.append(error)

    waiting = threading.Thread(target=ask)
    waiting.start()
    while not worker._line:
        threading.Event().wait(0.001)
    worker.close()
    waiting.join(10)
    assert [(error.kind, error.permanent) for error in refused] == [("refused", False)]
    with pytest.raises(OutsideError, match="stopping"):
        worker.do(lambda: None)
