"""The clocks change, where the group is and where the server is: every announcement at its wall time, and once."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path
from zoneinfo import TZPATH

import pytest

PROCESS_ZONES = ("America/Los_Angeles", "Europe/Berlin", "Australia/Sydney", "Asia/Kolkata", "UTC")

# Written by hand from the dates on which the clocks change (Los Angeles 2026-03-08, 2026-11-01, 2027-03-14, 2027-11-07; Berlin 2026-03-29,
# 2026-10-25, 2027-03-28, 2027-10-31; Sydney 2026-04-05, 2026-10-04, 2027-04-04, 2027-10-03), never computed: (series, date) -> when it begins.
TABLE = {
    # Wednesdays, 19:00: the last one before each change and the first one after it.
    ("la", "2026-03-04"): "2026-03-05T03:00Z",
    ("la", "2026-03-11"): "2026-03-12T02:00Z",
    ("la", "2026-10-28"): "2026-10-29T02:00Z",
    ("la", "2026-11-04"): "2026-11-05T03:00Z",
    ("la", "2027-03-10"): "2027-03-11T03:00Z",
    ("la", "2027-03-17"): "2027-03-18T02:00Z",
    ("la", "2027-11-03"): "2027-11-04T02:00Z",
    ("la", "2027-11-10"): "2027-11-11T03:00Z",
    ("berlin", "2026-03-25"): "2026-03-25T18:00Z",
    ("berlin", "2026-04-01"): "2026-04-01T17:00Z",
    ("berlin", "2026-10-21"): "2026-10-21T17:00Z",
    ("berlin", "2026-10-28"): "2026-10-28T18:00Z",
    ("berlin", "2027-03-24"): "2027-03-24T18:00Z",
    ("berlin", "2027-03-31"): "2027-03-31T17:00Z",
    ("berlin", "2027-10-27"): "2027-10-27T17:00Z",
    ("berlin", "2027-11-03"): "2027-11-03T18:00Z",
    ("sydney", "2026-04-01"): "2026-04-01T08:00Z",
    ("sydney", "2026-04-08"): "2026-04-08T09:00Z",
    ("sydney", "2026-09-30"): "2026-09-30T09:00Z",
    ("sydney", "2026-10-07"): "2026-10-07T08:00Z",
    ("sydney", "2027-03-31"): "2027-03-31T08:00Z",
    ("sydney", "2027-04-07"): "2027-04-07T09:00Z",
    ("sydney", "2027-09-29"): "2027-09-29T09:00Z",
    ("sydney", "2027-10-06"): "2027-10-06T08:00Z",
    ("kolkata", "2026-03-11"): "2026-03-11T13:30Z",
    ("kolkata", "2026-11-04"): "2026-11-04T13:30Z",
    ("kolkata", "2027-03-17"): "2027-03-17T13:30Z",
    ("kolkata", "2027-11-10"): "2027-11-10T13:30Z",
    # Sundays at an hour that the clocks skip in spring (it begins an hour later by the new time) and repeat in autumn (it is the first of the two).
    ("la-gap", "2026-03-08"): "2026-03-08T10:30Z",
    ("la-gap", "2027-03-14"): "2027-03-14T10:30Z",
    ("la-twice", "2026-11-01"): "2026-11-01T08:30Z",
    ("la-twice", "2027-11-07"): "2027-11-07T08:30Z",
    ("berlin-night", "2026-03-29"): "2026-03-29T01:30Z",
    ("berlin-night", "2026-10-25"): "2026-10-25T00:30Z",
    ("berlin-night", "2027-03-28"): "2027-03-28T01:30Z",
    ("berlin-night", "2027-10-31"): "2027-10-31T00:30Z",
    ("sydney-night", "2026-04-05"): "2026-04-04T15:30Z",
    ("sydney-night", "2026-10-04"): "2026-10-03T16:30Z",
    ("sydney-night", "2027-04-04"): "2027-04-03T15:30Z",
    ("sydney-night", "2027-10-03"): "2027-10-02T16:30Z",
}
SERIES = {
    "la": "America/Los_Angeles,19:00,WE",
    "berlin": "Europe/Berlin,19:00,WE",
    "sydney": "Australia/Sydney,19:00,WE",
    "kolkata": "Asia/Kolkata,19:00,WE",
    "la-gap": "America/Los_Angeles,02:30,SU",
    "la-twice": "America/Los_Angeles,01:30,SU",
    "berlin-night": "Europe/Berlin,02:30,SU",
    "sydney-night": "Australia/Sydney,02:30,SU",
}
PLACES = {"la": "Los Angeles", "berlin": "Berlin", "sydney": "Sydney", "kolkata": "Kolkata"}
HOUR = timedelta(hours=1)
STRETCHES = "2026-03-03T00:00Z/2026-04-13T00:00Z,2026-09-29T00:00Z/2026-11-13T00:00Z,2027-03-09T00:00Z/2027-04-12T00:00Z,2027-09-28T00:00Z/2027-11-19T00:00Z"
"""Some weeks around each change of the clocks of anybody."""
WEEKS = 5 + 6 + 4 + 7
"""So many weeks lie wholly in them."""


def live(store: Path, stretches: str, *series: str, **environment: str) -> dict[tuple[str, str], list[tuple[datetime, str]]]:
    """What a service says in a process of its own: (series, date) -> when, and in which words."""
    command = [sys.executable, "-m", "tests.clocks.life", str(store), stretches, *series]
    run = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, timeout=240, check=False)
    assert run.returncode == 0, run.stderr.decode()
    told: dict[tuple[str, str], list[tuple[datetime, str]]] = {}
    for name, on, at, text in json.loads(run.stdout):
        told.setdefault((name, on), []).append((datetime.fromisoformat(at), text))
    return told


@pytest.mark.parametrize("zone", PROCESS_ZONES)
def test_every_date_is_announced_an_hour_before_its_wall_time_once_wherever_the_server_stands(zone: str, tmp_path: Path) -> None:
    told = live(tmp_path / "store.sqlite", STRETCHES, *(f"{name},{rest}" for name, rest in SERIES.items()), TZ=zone)
    assert max(Counter({key: len(said) for key, said in told.items()}).values()) == 1, "nothing twice"
    for key, begins in TABLE.items():
        [(at, text)] = told[key]
        assert at == datetime.fromisoformat(begins) - HOUR, key
        if key[0] in PLACES:
            day = datetime.fromisoformat(key[1])
            assert text.startswith(f"In an hour, {day:%A} {day.day} {day:%B}, 19:00 {PLACES[key[0]]}"), key
    assert {name for name, _ in told} == set(SERIES)
    assert all(sum(name == one for one, _ in told) >= WEEKS for name in SERIES), "every week"


def test_a_skipped_hour_and_a_doubled_one_have_one_answer_each_in_words(tmp_path: Path) -> None:
    told = live(
        tmp_path / "store.sqlite",
        "2026-03-03T00:00Z/2026-03-09T00:00Z,2026-10-30T00:00Z/2026-11-02T00:00Z",
        *(f"{name},{SERIES[name]}" for name in ("la-gap", "la-twice")),
    )
    assert told["la-gap", "2026-03-08"][0][1].startswith("In an hour, Sunday 8 March, 03:30 Los Angeles (10:30 UTC)")
    assert told["la-twice", "2026-11-01"][0][1].startswith("In an hour, Sunday 1 November, 01:30 Los Angeles (08:30 UTC)")


def test_a_zone_with_new_rules_moves_what_is_not_announced_yet_and_keeps_what_is(tmp_path: Path) -> None:
    """Announced is the date of 1 July; then a law gives Los Angeles the clocks of Denver."""
    store, series = tmp_path / "store.sqlite", f"la,{SERIES['la']}"
    before = live(store, "2026-06-20T00:00Z/2026-07-02T01:30Z", series)
    assert ("la", "2026-07-01") in before and ("la", "2026-07-08") not in before
    tables = Path(str(files("tzdata"))) / "zoneinfo"
    new = tmp_path / "zoneinfo" / "America"
    new.mkdir(parents=True)
    shutil.copy(tables / "America" / "Denver", new / "Los_Angeles")
    after = live(store, "/2026-07-20T00:00Z", series, PYTHONTZPATH=os.pathsep.join([str(tmp_path / "zoneinfo"), *TZPATH]))
    assert ("la", "2026-07-01") not in after, "announced once, with the instant it was announced for"
    [(at, text)] = after["la", "2026-07-08"]
    assert at == datetime.fromisoformat("2026-07-09T00:00Z")
    assert "Wednesday 8 July, 19:00 Los Angeles (01:00 UTC Thursday)" in text
