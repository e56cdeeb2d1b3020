"""The sandbox as one thing: a server in a thread of its own, and what a test or the demo does with it."""

from __future__ import annotations

import asyncio
import secrets
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from integrations.discourse.sandbox.api import Api, Gate
from integrations.discourse.sandbox.database import Database
from integrations.discourse.sandbox.faults import Faults, Handler
from integrations.discourse.sandbox.pages import Pages
from integrations.discourse.sandbox.reading import Reading
from integrations.discourse.sandbox.rules import slug_of
from integrations.discourse.sandbox.writing import Writing

ADMIN, BOT = "forum_admin", "bridge_bot"


def _system_clock() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)


class Sandbox:
    """A forum on loopback. With `database` it remembers; without, it forgets when it stops."""

    def __init__(
        self,
        *,
        database: str = ":memory:",
        host: str = "127.0.0.1",
        port: int = 0,
        bot_moderator: bool = True,
        bot_key: str = "",
        admin_key: str = "",
        clock: Callable[[], datetime] = _system_clock,
    ) -> None:
        self._database = Database(database)
        self._host, self._port = host, port
        self.faults = Faults()
        self.bot_username, self.admin_username = BOT, ADMIN
        self._populate()
        self.admin_key = self._keep_key(None, admin_key)
        self.bot_key = self._keep_key(self._keep_user(BOT, moderator=bot_moderator, trust_level=4), bot_key)
        self._reading = Reading(self._database)
        self._writing = Writing(self._database, clock)
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._failure: BaseException | None = None

    # --- starting and stopping ----------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """The forum's address."""
        return f"http://{self._host}:{self._port}"

    def start(self) -> None:
        """Serve, and return when somebody can call. After `stop` it can be started again, at the same address."""
        started = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(started,), name="forum-sandbox", daemon=True)
        self._thread.start()
        started.wait()
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure

    def stop(self) -> None:
        """Stop serving: from now on connections are refused. What it remembers stays until `close`."""
        if self._thread is None or self._loop is None or self._stopping is None:
            return
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()
        self._thread = None

    def close(self) -> None:
        """Stop, and close the memory."""
        self.stop()
        self._database.close()

    def wait(self) -> None:
        """Until it is stopped."""
        if self._thread is not None:
            self._thread.join()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _run(self, started: threading.Event) -> None:
        try:
            asyncio.run(self._serve(started))
        except OSError as error:  # the port is taken
            self._failure = error
        finally:
            started.set()

    async def _serve(self, started: threading.Event) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        gate = Gate(self._database, self.faults, self._stopping)

        @web.middleware
        async def through_the_gate(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await gate(request, handler)

        application = web.Application(middlewares=[through_the_gate], client_max_size=2**22)
        application.add_routes([*Api(self._reading, self._writing).routes(), *Pages(self._reading).routes()])
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        try:
            site = web.TCPSite(runner, self._host, self._port, reuse_address=True)
            await site.start()
            self._port = runner.addresses[0][1]
            started.set()
            await self._stopping.wait()
        finally:
            await runner.cleanup()

    # --- what is in it ------------------------------------------------------------------------------------------------

    def create_category(self, name: str, slug: str = "", *, private: bool = False, approval: bool = False) -> int:
        """A category; its number. One that is there already stays as it is."""
        slug = slug or slug_of(name)
        there = self._database.category_slugged(slug)
        return there.id if there else self._database.insert("categories", name=name, slug=slug, private=private, approval=approval)

    def create_user(self, username: str, *, moderator: bool = False, admin: bool = False, trust_level: int = 1) -> str:
        """An account; a key that speaks for it alone."""
        return self._keep_key(self._keep_user(username, moderator=moderator, admin=admin, trust_level=trust_level), "")

    def approve_all(self) -> int:
        """Approve everything that waits in the review queue; how many that were."""
        return self._writing.approve_all()

    def topics(self) -> list[dict[str, Any]]:
        """All topics, deleted ones too (they have `deleted_at`)."""
        return [dict(row) for row in self._database.rows("SELECT * FROM topics ORDER BY id")]

    def posts(self) -> list[dict[str, Any]]:
        """All posts, deleted ones too (they have `deleted_at`)."""
        return [dict(row) for row in self._database.rows("SELECT * FROM posts ORDER BY id")]

    def pending(self) -> int:
        """How many posts wait for approval."""
        return len(self._database.rows("SELECT 1 FROM pending"))

    def _populate(self) -> None:
        self._keep_user(ADMIN, admin=True, trust_level=4)
        if not self._database.rows("SELECT 1 FROM categories"):
            self._database.insert("categories", name="Uncategorized", slug="uncategorized", private=False, approval=False)

    def _keep_user(self, username: str, *, moderator: bool = False, admin: bool = False, trust_level: int = 1) -> int:
        there = self._database.user_named(username)
        if there is not None:
            return there.id
        return self._database.insert("users", username=username, admin=admin, moderator=moderator, trust_level=trust_level)

    def _keep_key(self, user_id: int | None, key: str) -> str:
        """The given key, else the one there is, else a new one."""
        there = self._database.row("SELECT key FROM keys WHERE user_id IS ?", user_id)
        key = key or (there["key"] if there else secrets.token_hex(32))
        self._database.execute("INSERT OR REPLACE INTO keys VALUES (?, ?)", key, user_id)
        return key
