"""What everybody without a key is shown for up to a minute after it was true."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

KEPT_S = 60
CACHED = re.compile(
    r"/(latest|top|categories|search|c/.+|tags?/.+|t/.+)?(\.json|\.rss)?",
)
_NEVER = re.compile(r".*/(show|find_by_slug|info|posts|post_ids)\.json|/t/external_id/.*|/tags/filter/.*")
"""Of these, what is always fresh. Posts by their id, `/posts.json`, the raw texts and the revisions are as well."""
HEADER = "X-Discourse-Cached"


@dataclass(frozen=True, slots=True)
class _Kept:
    at: float
    body: bytes
    headers: dict[str, str]


class AnonymousCache:
    """The first time within a minute an answer is made (`skip`), the second time kept (`store`), then repeated for a minute (`true`)."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._asked: dict[str, tuple[int, float]] = {}
        self._kept: dict[str, _Kept] = {}

    def find(self, request: web.Request) -> web.Response | None:
        """What was kept of this address, if it is not a minute old."""
        kept = self._kept.get(request.path_qs)
        if kept is None or not self._is_fresh(kept.at):
            return None
        return web.Response(status=200, body=kept.body, headers=kept.headers | {HEADER: "true"})

    def keep(self, request: web.Request, answer: web.StreamResponse) -> None:
        """Mark an answer, and keep it if it was asked for before within a minute. Only pages that were found are kept."""
        path = request.path
        if answer.status != 200 or not isinstance(answer, web.Response) or not CACHED.fullmatch(path) or _NEVER.fullmatch(path):
            return
        now = self._clock().timestamp()
        times, at = self._asked.get(request.path_qs, (0, now))
        times = times + 1 if self._is_fresh(at) else 1
        self._asked[request.path_qs] = (times, now)
        answer.headers[HEADER] = "skip" if times < 2 else "store"
        if times >= 2 and isinstance(answer.body, bytes):
            headers = {name: value for name, value in answer.headers.items() if name not in ("Content-Length", "Date", "Server")}
            self._kept[request.path_qs] = _Kept(now, answer.body, headers)

    def _is_fresh(self, at: float) -> bool:
        return self._clock().timestamp() - at < KEPT_S
