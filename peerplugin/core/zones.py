"""`!timezone`: the zone that somebody means, by its name in the IANA list or by its city."""

from __future__ import annotations

import re
from functools import cache
from zoneinfo import available_timezones

LEAST = 3
"""So many letters say enough of a city to be looked for."""


@cache
def _names() -> tuple[str, ...]:
    """Places, each once: what the list keeps for old programs (`US/Pacific`, `EST`) would only be second names."""
    places = ("Africa/", "America/", "Antarctica/", "Arctic/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")
    return tuple(sorted(name for name in available_timezones() if name.startswith(places) or name == "UTC"))


def find(text: str) -> tuple[str, ...]:
    """The zones that a text may mean: the whole name or city, else those whose city begins with it. Nothing: none is known."""
    wanted = re.sub(r"[\s_]+", "_", text.strip().lower())
    if len(wanted) < LEAST:
        return ()
    if whole := [name for name in _names() if name.lower() == wanted]:
        return tuple(whole)
    cities = {name: name.rpartition("/")[2].lower() for name in _names()}
    return tuple(n for n, city in cities.items() if city == wanted) or tuple(n for n, city in cities.items() if city.startswith(wanted))
