"""What is promised of dates, through the real store and outbox: random series, changes, sleeps, failing sends, lost replies, deaths.

The room may fail in every way; it keeps what a homeserver keeps: the same transaction is the same event."""

from __future__ import annotations

import json
import sqlite3
import tempfile
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from peerplugin import app, diary, listen, outbox
from peerplugin.core import agenda as agendas
from peerplugin.core import meetings
from peerplugin.core.agenda import window
from peerplugin.core.model import EventId, Level, RoomId, Schedule, Series, SeriesId, UserId
from peerplugin.errors import OutsideError
from peerplugin.group import Group
from peerplugin.outbox import Patience
from peerplugin.settings import config_dir
from peerplugin.store import Store, Tx
from peerplugin.vocabulary import load_rules

BORN = datetime(2026, 10, 19, 12, 0, tzinfo=UTC)  # Berlin's clocks change on the 25th, those of Los Angeles on the 1st of November
LIFE = timedelta(days=24)
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
PATIENCE = Patience(5, 900)
WORDS, RULES = app.load_words(), load_rules(config_dir())
RHYTHMS = ("FREQ=WEEKLY;BYDAY=WE", "FREQ=WEEKLY;INTERVAL=2;BYDAY=WE,TH", "FREQ=MONTHLY;BYDAY=1TU", "FREQ=DAILY")


@dataclass(frozen=True)
class Stretch:
    """Some minutes of the life, from so many minutes after its beginning."""

    begins: int
    minutes: int

    def holds(self, at: datetime) -> bool:
        return self.start <= at < self.end

    @property
    def start(self) -> datetime:
        return BORN + self.begins * MINUTE

    @property
    def end(self) -> datetime:
        return self.start + self.minutes * MINUTE


@dataclass(frozen=True)
class Fate:
    """All that happens to a service."""

    rhythm: str
    zone: str
    leads: tuple[int, ...]
    sleeps: tuple[Stretch, ...]
    refused: tuple[Stretch, ...]
    lost: tuple[Stretch, ...]
    deaths: frozenset[int]  # after these sends the process dies before it could note them
    decisions: tuple[tuple[int, int, str], ...]  # at a minute, about the nth date, what


def stretches(longest: int) -> st.SearchStrategy[tuple[Stretch, ...]]:
    minutes = int(LIFE / MINUTE)
    return st.lists(st.builds(Stretch, st.integers(0, minutes), st.integers(1, longest)), max_size=4).map(tuple)


FATES = st.builds(
    Fate,
    st.sampled_from(RHYTHMS),
    st.sampled_from(["America/Los_Angeles", "Europe/Berlin", "Asia/Kolkata"]),
    st.sampled_from([(7 * 24 * 60, 24 * 60, 60, 0), (24 * 60, 0), (30,)]),
    stretches(28 * 24 * 60),
    stretches(36 * 60),
    stretches(12 * 60),
    st.frozensets(st.integers(0, 40), max_size=4),
    st.lists(st.tuples(st.integers(0, int(LIFE / MINUTE)), st.integers(0, 6), st.sampled_from(["cancel", "move", "guest", "restore"])), max_size=6).map(tuple),
)  # fmt: skip


class DiedError(Exception):
    """The process is no more."""


@dataclass
class Room:
    """A room as a homeserver keeps it: the same transaction is the same event."""

    fate: Fate
    said: dict[str, tuple[EventId, datetime]] = field(default_factory=dict)
    unheard: list[str] = field(default_factory=list)  # events of ours that sync has not brought back yet
    sends: int = 0

    def send(self, key: str, now: datetime) -> EventId:
        if any(s.holds(now) for s in self.fate.refused):
            raise OutsideError("The homeserver refuses.", kind="server")
        event_id, _ = self.said.setdefault(key, (EventId(f"${key}"), now))
        self.unheard.append(key)
        self.sends += 1
        if self.sends in self.fate.deaths:
            raise DiedError
        if any(s.holds(now) for s in self.fate.lost):
            raise OutsideError("The reply was lost.", kind="slow")
        return event_id


class Life:
    """A service that lives through its fate."""

    def __init__(self, fate: Fate, folder: Path) -> None:
        self.fate, self.file, self.now = fate, folder / "store.sqlite", BORN
        schedule = Schedule(date(2026, 10, 19), "19:00", fate.zone, fate.rhythm, 75)
        self.series = Series(
            SeriesId("s"), "S", RoomId("!room:x.org"), RoomId("!desk:x.org"), 1, Level.REPORTED, schedule=schedule, leads=fate.leads
        )
        self.group = Group(UserId("@us:x.org"), (self.series,), WORDS, RULES)
        self.room, self.woke = Room(fate), BORN
        self.decided: dict[date, list[tuple[datetime, bool]]] = {}
        self.store = Store.open(self.file)
        self.waiting = sorted(fate.decisions)

    def live(self) -> None:
        self._start()
        while self.now < BORN + LIFE:
            try:
                self._wake()
            except DiedError:
                self.store.close()
                self.store = Store.open(self.file)
                self.now += SECOND
                self._start()
            self._sleep()
        self.store.close()

    def _start(self) -> None:
        with self.store.transaction() as tx:
            tx.reopen_claimed()
            diary.begin(tx, self.group, self.now)

    def _wake(self) -> None:
        with self.store.transaction() as tx:
            for key in self.room.unheard:
                listen.received(tx, key, self.room.said[key][0], self.now)
            self.room.unheard.clear()
            while self.waiting and BORN + self.waiting[0][0] * MINUTE <= self.now:
                self._decide(tx, *self.waiting.pop(0)[1:])
            diary.pass_time(tx, self.group, self.now)
        while self._deliver():
            pass

    def _deliver(self) -> bool:
        with self.store.transaction() as tx:
            work = outbox.claim(tx, outbox.CHAT, self.group, self.now)
        if work is None:
            return False
        try:
            event_id = self.room.send(work.effect.key, self.now)
        except OutsideError as error:
            with self.store.transaction() as tx:
                outbox.failed(tx, work, error, PATIENCE, self.group, self.now)
        else:
            with self.store.transaction() as tx:
                outbox.sent(tx, work, event_id, self.now)
        return True

    def _decide(self, tx: Tx, nth: int, what: str) -> None:
        """A facilitator changes one of the coming dates."""
        agenda = tx.agenda(self.series.series_id)
        assert agenda is not None and self.series.schedule is not None
        coming = meetings.occurrences(agendas.today(self.series.schedule, agenda), self.now, cancelled=True)
        found = next(islice(coming, nth, None))
        change = found.change
        match what:
            case "cancel":
                change = replace(change, cancelled=True)
            case "restore":
                change = replace(change, cancelled=False, moved_to=None)
            case "guest":
                change = replace(change, guest="Ida" if not change.guest else "")
            case _:
                wall = found.starts_at.astimezone(ZoneInfo(self.fate.zone)).replace(tzinfo=None)
                change = replace(change, cancelled=False, moved_to=wall + timedelta(days=1, minutes=-90))
        agenda, effects = agendas.decided(agenda, self.series, found.on, change, self.now)
        tx.add_effects(effects, self.now)
        diary._settle(tx, agenda, self.series, self.group, self.now)
        self.decided.setdefault(found.on, []).append((self.now, change.cancelled))

    def _sleep(self) -> None:
        """Until something is due, and longer where fate has it so; sync brings something every few hours at the latest."""
        self.woke = self.now
        with self.store.transaction() as tx:
            moments = [tx.next_agenda(), tx.next_due(self.now, outbox.CHAT), self.now + timedelta(hours=6)]
        if self.waiting:
            moments.append(BORN + self.waiting[0][0] * MINUTE)
        wake = max(min(m for m in moments if m is not None), self.now + SECOND)
        while asleep := [s.end for s in self.fate.sleeps if s.holds(wake)]:
            wake = max(asleep)
        self.now = wake

    # --- afterwards -----------------------------------------------------------------------------------------------------

    def rows(self, pattern: str) -> dict[str, dict[str, Any]]:
        """Effects by key, as they were decided."""
        with closing(sqlite3.connect(self.file)) as file:
            found = file.execute("SELECT key, effect FROM outbox WHERE key LIKE ?", (pattern,)).fetchall()
        return {key: json.loads(effect) for key, effect in found}

    def agenda(self) -> agendas.Agenda:
        """How it ended."""
        with closing(Store.open(self.file)) as store, store.transaction() as tx:
            found = tx.agenda(self.series.series_id)
        assert found is not None
        return found

    def was_cancelled(self, on: date, at: datetime) -> bool:
        """What was decided last before that moment."""
        return next((cancelled for when, cancelled in reversed(self.decided.get(on, [])) if when <= at), False)

    def could_say(self, begins: datetime, ends: datetime) -> bool:
        """Whether in these moments the process was awake, and the room willing, for longer than we may wait between two tries.

        With so much left that wait is at most half of it, and never longer than our patience."""
        edges = sorted({begins, ends, *(e for s in (*self.fate.sleeps, *self.fate.refused) for e in (s.start, s.end) if begins < e < ends)})
        good = [(a, b) for a, b in pairwise(edges) if not any(s.holds(a) for s in (*self.fate.sleeps, *self.fate.refused))]
        joined: list[tuple[datetime, datetime]] = []
        for a, b in good:
            joined = [*joined[:-1], (joined[-1][0], b)] if joined and joined[-1][1] == a else [*joined, (a, b)]
        longest = timedelta(seconds=PATIENCE.most_s)
        return any(b - a > min(longest, max((ends - a) / 2, 10 * SECOND)) + 5 * SECOND for a, b in joined)


def check(life: Life) -> Counter[str]:
    """Every promise, looked at afterwards. Returns how often each end was met."""
    agenda, ends = life.agenda(), Counter[str]()
    says = {key: values for key, values in life.rows("tell:%").items() if key in life.room.said}
    told = Counter((v["values"]["on"], v["values"]["lead"], v["values"]["starts"]) for v in says.values())
    assert max(told.values(), default=1) == 1, "nothing is said twice"
    for key, effect in says.items():
        at, values = life.room.said[key][1], effect["values"]
        moment = datetime.fromisoformat(values["starts"]) - timedelta(minutes=values["lead"])
        assert moment <= at < moment + window(values["lead"]), "in time, or not at all"
        assert not life.was_cancelled(date.fromisoformat(values["on"]), at), "not what is cancelled"
    missed = 0
    for on, one in agenda.told.items():
        for lead, step in one.steps.items():
            moment = one.starts_at - timedelta(minutes=lead)
            over = moment + window(lead)
            said = told[on.isoformat(), lead, one.starts_at.isoformat()]
            if over > life.woke:
                continue
            ends[step] += 1
            assert step in ("sent", "missed", "silent"), "every step comes to an end"
            assert said == (step == "sent") or (step == "silent" and on in life.decided)
            if step == "missed":
                missed += 1
                assert on in life.decided or not life.could_say(moment, over), (on, lead)
            if step == "silent":
                assert on in life.decided or moment < agenda.since
    reported = sum(effect["values"]["how_many"] for effect in life.rows("missed:%").values())
    assert reported >= missed, "what is missed is reported"
    amended = [key for key in life.room.said if key.startswith("amend:")]
    assert all(key.partition(":")[2].partition(":")[2] in life.room.said for key in amended), "only what was said is edited"
    return ends


@given(FATES)
@settings(max_examples=40, deadline=None)
def test_every_step_of_every_date_is_said_once_in_time_or_missed_and_reported_or_cancelled(fate: Fate) -> None:
    with tempfile.TemporaryDirectory() as folder:
        life = Life(fate, Path(folder))
        life.live()
        check(life)


QUIET = Fate(RHYTHMS[3], "Europe/Berlin", (24 * 60, 60, 0), (), (), (), frozenset(), ())


def ends_of(fate: Fate, folder: Path) -> Counter[str]:
    life = Life(fate, folder)
    life.live()
    return check(life)


def test_a_quiet_life_misses_nothing(tmp_path: Path) -> None:
    ends = ends_of(QUIET, tmp_path)
    assert ends["missed"] == 0 and ends["sent"] > 60


def test_a_long_sleep_is_reported_and_nothing_of_it_said_late(tmp_path: Path) -> None:
    ends = ends_of(replace(QUIET, sleeps=(Stretch(3 * 24 * 60, 10 * 24 * 60),)), tmp_path)
    assert ends["missed"] > 25 and ends["sent"] > 30


def test_a_death_after_every_send_says_nothing_twice(tmp_path: Path) -> None:
    ends = ends_of(replace(QUIET, deaths=frozenset(range(1, 200))), tmp_path)
    assert ends["missed"] == 0 and ends["sent"] > 60


def test_a_room_that_comes_back_two_minutes_before_the_end_of_a_window_is_told(tmp_path: Path) -> None:
    """The start at 19:00 in Berlin is worth saying for ten minutes: from 17:00 UTC, five hours after the life begins."""
    ends = ends_of(replace(QUIET, refused=(Stretch(5 * 60 - 30, 30 + 8),)), tmp_path)
    assert ends["missed"] == 0
