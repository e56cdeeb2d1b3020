"""How fast we may ask: a minute's allowance, some of it kept for what is urgent, less of it after a refusal. Pure: moments are handed in."""

from __future__ import annotations

from collections import deque

MINUTE_S = 60.0
LEAST = 10
"""Calls a minute that are left however often we are refused: what is published must still be correctable."""
REGAINED = 5
"""Calls a minute that are dared more after each minute without a refusal."""


class Pace:
    """A sliding minute of calls. Discourse allows 60 a minute to all keys of a site together, so we leave room for others."""

    def __init__(self, calls_a_minute: int = 50) -> None:
        self._most = self._allowed = calls_a_minute
        self._calls: deque[float] = deque()
        self._closed_until = 0.0
        self._changed_at = 0.0

    @property
    def allowed(self) -> int:
        """Calls a minute that we take at present."""
        return self._allowed

    def wait_s(self, now: float, *, urgent: bool) -> float:
        """How long the next call has to wait, in seconds; 0: it may go. A fifth of the allowance is there for urgent ones alone."""
        self._pass(now)
        room = self._allowed if urgent else max(1, self._allowed - self._allowed // 5)
        full_for = self._calls[len(self._calls) - room] + MINUTE_S - now if len(self._calls) >= room else 0.0
        return max(0.0, full_for, self._closed_until - now)

    def spend(self, now: float) -> None:
        """A call goes out."""
        self._pass(now)
        self._calls.append(now)

    def refused(self, now: float, wait_s: float) -> None:
        """The forum asked everybody who uses a key to wait: others use it too, so we take less than we just did."""
        self._pass(now)
        self._closed_until = max(self._closed_until, now + wait_s)
        self._allowed = max(min(LEAST, self._most), min(self._allowed, len(self._calls)) - 1)
        self._changed_at = self._closed_until

    def _pass(self, now: float) -> None:
        while self._calls and self._calls[0] <= now - MINUTE_S:
            self._calls.popleft()
        while self._allowed < self._most and now - self._changed_at >= MINUTE_S:
            self._allowed = min(self._most, self._allowed + REGAINED)
            self._changed_at += MINUTE_S
