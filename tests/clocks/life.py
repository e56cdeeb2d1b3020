"""`python -m tests.clocks.life STORE FROM/UNTIL,... SERIES...`: a service lives, with a clock that jumps from one due moment to the next.

Each stretch begins as if the series were new; without a FROM it goes on where the last process ended. A series is `id,zone,time,weekday`.
Prints each announcement as it was said: series, date, when it was said, its words."""

from __future__ import annotations

import json
import sys
from datetime import date, datetime
from pathlib import Path

from peerplugin import app, diary, outbox
from peerplugin.core.agenda import begun
from peerplugin.core.effects import Say
from peerplugin.core.model import EventId, Level, RoomId, Schedule, Series, SeriesId, UserId
from peerplugin.group import Group
from peerplugin.settings import config_dir
from peerplugin.store import Store
from peerplugin.vocabulary import load_rules


def a_series(text: str) -> Series:
    """One series, announced an hour before."""
    name, zone, time, weekday = text.split(",")
    schedule = Schedule(date(2026, 3, 1), time, zone, f"FREQ=WEEKLY;BYDAY={weekday}", 75)
    return Series(
        SeriesId(name), name, RoomId(f"!{name}:example.org"), RoomId("!desk:example.org"), 1, Level.REPORTED, schedule=schedule, leads=(60,)
    )


def live(store: Store, group: Group, begins: str, until: datetime) -> list[list[str]]:
    """Wake whenever something is due, say what is to be said."""
    told = list[list[str]]()
    with store.transaction() as tx:
        now = datetime.fromisoformat(begins or str(tx.remembered("now")))
        for series in group.series if begins else ():
            tx.save_agenda(begun(series.series_id, now), now)
        diary.begin(tx, group, now)
    while now <= until:
        with store.transaction() as tx:
            diary.pass_time(tx, group, now)
            while (work := outbox.claim(tx, outbox.CHAT, group, now)) is not None:
                if isinstance(work.effect, Say) and work.effect.text == "announcement":
                    told.append([str(work.effect.values["series"]), str(work.effect.values["on"]), now.isoformat(), work.text])
                outbox.sent(tx, work, EventId(f"${work.effect.key}"), now)
            while (work := outbox.claim(tx, outbox.FORUM, group, now)) is not None:  # the forum is another test's
                tx.finish(work.effect.key, "done")
            tx.remember("now", now.isoformat())
            following = tx.next_agenda()
        assert following is not None and following > now
        now = following
    return told


def main(path: str, stretches: str, *series: str) -> None:
    """Live, and print what was said."""
    group = Group(UserId("@us:example.org"), tuple(map(a_series, series)), app.load_words(), load_rules(config_dir()))
    store = Store.open(Path(path))
    try:
        parts = [part.split("/") for part in stretches.split(",")]
        json.dump([said for begins, until in parts for said in live(store, group, begins, datetime.fromisoformat(until))], sys.stdout)
    finally:
        store.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
