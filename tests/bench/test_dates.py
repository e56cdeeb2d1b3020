"""That a year lived through says what a year planned ahead says, and that nothing is asked of anybody while nothing is due."""

from __future__ import annotations

from pathlib import Path

from tests.bench.calendar_year import RULES, lived, planned
from tests.bench.dates import ticking


def test_a_year_lived_through_from_moment_to_moment_says_what_was_planned() -> None:
    for rule in RULES:
        said, told = planned(3, (rule,))[1], lived(3, (rule,))[1]
        assert abs(said - told) <= 3 * 3, "but for what was due before the year began, or is for the next one"
        assert told >= 3 * 4 * 10


async def test_an_idle_service_has_nothing_to_do(tmp_path: Path) -> None:
    assert await ticking(tmp_path) > 0
