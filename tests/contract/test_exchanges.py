"""The table of all recorded exchanges is true: every one stands in it once, with what uses it or why nothing does."""

from __future__ import annotations

import pytest

from tests.contract import cases
from tests.contract.exchanges import HERE, NAMES, rows, used_by, written
from tests.contract.recordings import RECORDED, deliveries, recordings

LAB = HERE.parents[2] / "shared" / "discourse" / "recorded"


def test_every_exchange_stands_in_the_table_once_and_in_order() -> None:
    assert [name for name, _ in rows()] == NAMES == sorted(set(NAMES))
    assert len(NAMES) == 717


def test_what_the_table_says_is_used_is_kept_here_and_asked() -> None:
    kept = {*recordings(), *deliveries()}
    assert {name: said for name, said in rows() if name in kept} == {name: used_by(name) for name in kept}, (
        "python -m tests.contract.exchanges"
    )


def test_the_table_counts_right() -> None:
    assert written() == (HERE / "exchanges.md").read_text(encoding="utf-8"), "python -m tests.contract.exchanges"


def test_what_is_not_used_says_why() -> None:
    kept = {*recordings(), *deliveries()}
    reasons = {name: said.removeprefix("none: ") for name, said in rows() if name not in kept and said.startswith("none: ")}
    assert [name for name, _ in rows() if name not in kept and name not in reasons] == []
    assert [name for name, reason in reasons.items() if len(reason.split()) < 3] == []


def test_every_pattern_of_the_cases_fits_one() -> None:
    patterns = [*cases.NEEDS, *cases.UNLIKE, *cases.NOT_ON_REAL, *cases.TOLERATED]
    assert [pattern for pattern in patterns if not cases.fitting(pattern)] == []


def test_what_is_kept_here_is_what_the_lab_recorded() -> None:
    if not LAB.is_dir():
        pytest.skip("third-party data: the recordings of the lab are not beside the checkout")
    assert sorted(path.stem for path in LAB.glob("*.json")) == NAMES
    assert [path.name for path in RECORDED.glob("*.json") if path.read_bytes() != (LAB / path.name).read_bytes()] == []
