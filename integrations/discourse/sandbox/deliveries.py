"""The sandbox's background job: it takes what the hooks wrote down to the addresses that listen. Once; a lost delivery stays lost."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable

import aiohttp

from integrations.discourse.sandbox.database import Database

PATIENCE_S = 10.0
SUCCESSFUL, FAILED = 3, 2


class Deliveries:
    """A queue of delivery numbers and the task that empties it. `before` lets a test lose or hold back a delivery."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: asyncio.Queue[int] = asyncio.Queue()
        self.before: Callable[[int], Awaitable[bool]] | None = None

    def add(self, delivery_id: int) -> None:
        """One more to deliver; from any thread. While the forum does not run, nothing is sent."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._waiting.put_nowait, delivery_id)

    async def run(self) -> None:
        """Deliver, in order, until cancelled."""
        self._loop, self._waiting = asyncio.get_running_loop(), asyncio.Queue()
        timeout = aiohttp.ClientTimeout(total=PATIENCE_S)
        async with aiohttp.ClientSession(timeout=timeout, auto_decompress=False) as session:
            while True:
                await self._deliver(session, await self._waiting.get())

    async def _deliver(self, session: aiohttp.ClientSession, delivery_id: int) -> None:
        row = self._database.row("SELECT * FROM deliveries WHERE id = ?", delivery_id)
        hook = self._database.hook(row["hook_id"]) if row else None
        if row is None or hook is None or (self.before is not None and not await self.before(delivery_id)):
            return
        started = time.monotonic()
        status, headers, text = await self._send(session, hook.payload_url, json.loads(row["headers"]), row["payload"])
        self._database.update(
            "deliveries",
            delivery_id,
            status=status,
            response_headers=json.dumps(headers),
            response_body=text,
            duration=int((time.monotonic() - started) * 1000),
        )
        self._database.update("hooks", hook.id, last_delivery_status=SUCCESSFUL if 200 <= status < 300 else FAILED)

    async def _send(self, session: aiohttp.ClientSession, url: str, headers: dict[str, str], body: str) -> tuple[int, dict[str, str], str]:
        """The answer's status, headers and text; -1 where there was none. Redirections are not followed."""
        try:
            async with session.post(url, data=body.encode(), headers=headers, allow_redirects=False, ssl=False) as answer:
                return answer.status, dict(answer.headers), await answer.text(errors="replace")
        except (aiohttp.ClientError, TimeoutError) as error:
            return -1, {"error": type(error).__name__}, ""
