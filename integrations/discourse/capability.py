"""One thing that the service needs of a forum: whether it is there, how we know, what fails without it, and who mends it where. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["ok", "no", "advice", "unknown"]
"""`advice`: it works, but something about it had better be otherwise."""
How = Literal["", "tried", "inferred"]
Fits = Literal["", "both", "2022", "2026"]
"""Which of the two forums that we know gives this answer: the one of 2022 that was measured, or the one of 2026 whose source was read."""


@dataclass(frozen=True, slots=True)
class Capability:
    """A line of `check`."""

    what: str
    verdict: Verdict
    note: str = ""
    how: How = "tried"
    without: str = ""
    mend: str = ""  # a sentence: the page and the switch
    by: Literal["admin", "operator"] = "admin"
    fits: Fits = "both"
