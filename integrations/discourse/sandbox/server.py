"""The sandbox as one thing: a server in a thread of its own, and what a test or the demo does with it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from integrations.discourse.sandbox.admin import Admin
from integrations.discourse.sandbox.api import Api
from integrations.discourse.sandbox.cache import AnonymousCache
from integrations.discourse.sandbox.creating import Creating, World
from integrations.discourse.sandbox.database import Database
from integrations.discourse.sandbox.deliveries import Deliveries
from integrations.discourse.sandbox.editing import Editing
from integrations.discourse.sandbox.faults import Faults, Handler
from integrations.discourse.sandbox.feeds import Feeds
from integrations.discourse.sandbox.gate import Gate
from integrations.discourse.sandbox.groups import Groups
from integrations.discourse.sandbox.hook_admin import HookAdmin
from integrations.discourse.sandbox.hooks import Hooks
from integrations.discourse.sandbox.instants import stamp
from integrations.discourse.sandbox.keys import Keys, Scopes
from integrations.discourse.sandbox.limits import Limits
from integrations.discourse.sandbox.lists import Lists
from integrations.discourse.sandbox.moderating import Moderating
from integrations.discourse.sandbox.pages import Pages
from integrations.discourse.sandbox.reading import Reading
from integrations.discourse.sandbox.rows import CREATE, User
from integrations.discourse.sandbox.rules import slug_of
from integrations.discourse.sandbox.settings import SiteSettings
from integrations.discourse.sandbox.site import Site
from integrations.discourse.sandbox.tagging import Tagging

ADMIN, BOT, SYSTEM = "forum_admin", "bridge_bot", "system"
VERSION_2022, VERSION_2026 = "2.9.0.beta1", "2026.1.0"


def _system_clock() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)


class Sandbox:
    """A forum on loopback. With `database` it remembers; without, it forgets when it stops.

    `modern` gives it what the source of 2026 adds; `caching` the minute-old pages of readers without an account, as a real one has them.

    faults      what goes wrong on purpose
    limits      how often somebody may do something; all off until switched on
    settings    the site settings
    keys        what was made with `create_key` and can be revoked
    deliveries  the background job of the webhooks
    """

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
        modern: bool = False,
        caching: bool = False,
    ) -> None:
        self._database = Database(database)
        self._host, self._port = host, port
        self._clock = clock
        self.faults = Faults()
        self.settings = SiteSettings(self._database)
        self.limits = Limits(clock, self.settings)
        self.keys = Keys(self._database, clock, self.limits, modern=modern)
        self.deliveries = Deliveries(self._database)
        self._cache = AnonymousCache(clock) if caching else None
        self.bot_username, self.admin_username = BOT, ADMIN
        self._populate()
        self.admin_key = self.keys.keep(None, admin_key)
        self.bot_key = self.keys.keep(self._keep_user(BOT, moderator=bot_moderator, trust_level=4), bot_key)
        version = VERSION_2026 if modern else VERSION_2022
        self._hooks = Hooks(self._database, clock, version=version)
        self._hooks.wake = self.deliveries.add
        self._tagging = Tagging(self._database, self.settings)
        self._groups = Groups(self._database, clock)
        self._reading = Reading(self._database, self.settings, modern=modern)
        self._world = World(self._database, clock, self.settings, self.limits, self._tagging, self._hooks)
        self._creating, self._editing = Creating(self._world), Editing(self._world, modern=modern)
        self._moderating = Moderating(self._world, self._editing, modern=modern)
        self._site = Site(self._database, self.settings, self._tagging, version=version)
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

    def _routes(self) -> list[web.RouteDef]:
        lists, pages = Lists(self._reading, self._tagging), Pages(self._reading)
        return [
            *Api(self._reading, self._creating, self._editing, self._moderating, self.limits).routes(),
            *lists.routes(),
            *Feeds(self._reading, lists, self._tagging).routes(),
            *self._groups.routes(),
            *self._site.routes(),
            *Admin(self._world, self.keys).routes(),
            *HookAdmin(self._database, self._hooks).routes(),
            *pages.routes(),
            web.get("/latest", pages.home),
        ]

    async def _serve(self, started: threading.Event) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        gate = Gate(self.keys, self.limits, self.settings, self._cache, self.faults, self._stopping)

        @web.middleware
        async def through_the_gate(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await gate(request, handler)

        application = web.Application(middlewares=[through_the_gate], client_max_size=2**22)
        application.add_routes(self._routes())
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        delivering = asyncio.create_task(self.deliveries.run())
        try:
            site = web.TCPSite(runner, self._host, self._port, reuse_address=True)
            await site.start()
            self._port = runner.addresses[0][1]
            self._hooks.instance = self.url
            started.set()
            await self._stopping.wait()
        finally:
            delivering.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await delivering
            await runner.cleanup()

    # --- what is in it ------------------------------------------------------------------------------------------------

    def create_category(
        self,
        name: str,
        slug: str = "",
        *,
        private: bool = False,
        approval: bool = False,
        parent: int | None = None,
        permissions: Mapping[str, int] | None = None,
        moderators: str | None = None,
        tags: Sequence[str] = (),
        tag_groups: Sequence[str] = (),
        required_tags: int = 0,
        required_tag_group: str | None = None,
    ) -> int:
        """A category; its number. One that is there already stays as it is.

        `permissions` says what each group may do (1 create, 2 reply, 3 read); without it everybody may everything, in a private one the staff.
        `moderators` is the group that moderates it, `tags` and `tag_groups` are the only ones it takes.
        """
        slug = slug or slug_of(name)
        there = self._database.row("SELECT id FROM categories WHERE slug = ? AND parent_id IS ?", slug, parent)
        if there is not None:
            return int(there["id"])
        self._tagging.keep(tags)
        return self._database.insert(
            "categories",
            name=name,
            slug=slug,
            parent_id=parent,
            approval=int(approval),
            permissions=json.dumps(dict(permissions or {"staff" if private else "everyone": CREATE})),
            moderators=moderators,
            allowed_tags=json.dumps(list(tags)),
            allowed_tag_groups=json.dumps(list(tag_groups)),
            minimum_tags=required_tags,
            required_tag_group=required_tag_group,
        )

    def create_user(self, username: str, *, moderator: bool = False, admin: bool = False, trust_level: int = 1) -> str:
        """An account; a key that speaks for it alone."""
        return self.keys.keep(self._keep_user(username, moderator=moderator, admin=admin, trust_level=trust_level))

    def create_key(self, username: str | None, scopes: Iterable[str] | Scopes = ()) -> str:
        """One more key: for an account or (None) for all of them; with scopes (`topics:write`) only for what they name.

        A mapping narrows a scope further: `{"topics:read_lists": {"category_id": [5]}}`. `keys.revoke` ends a key.
        """
        narrowed = scopes if isinstance(scopes, Mapping) else {name: {} for name in scopes}
        return self.keys.make(None if username is None else self._user(username).id, narrowed)

    def suspend(self, username: str, *, until: datetime | None) -> None:
        """Let an account do nothing until then; with None it may again."""
        self._database.update("users", self._user(username).id, suspended_till=stamp(until) if until else None)

    def create_group(self, name: str, members: Sequence[str] = (), *, visibility: int = 0, members_visibility: int | None = None) -> int:
        """A group with its members, the first of whom owns it; its number. Seen by: 0 everybody, 1 accounts, 2 members, 3 staff, 4 owners."""
        people = [self._user(username) for username in members]
        shown_to = visibility if members_visibility is None else members_visibility
        return self._groups.make(name, people, visibility=visibility, members_visibility=shown_to, owners=members[:1])

    def create_tags(self, *names: str) -> None:
        """Tags that everybody may use."""
        self._tagging.keep(names)

    def create_tag_group(self, name: str, tags: Sequence[str], *, one_per_topic: bool = False) -> int:
        """A group of tags; its number."""
        return self._tagging.keep_group(name, tags, one_per_topic=one_per_topic)

    def delivered(self) -> list[dict[str, Any]]:
        """All webhook deliveries; those with a `status` were sent and answered (-1: nobody was there)."""
        return [dict(row) for row in self._database.rows("SELECT * FROM deliveries ORDER BY id")]

    def approve_all(self) -> int:
        """Approve everything that waits in the review queue; how many that were."""
        return self._creating.approve_all()

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
        if self._database.user_named(SYSTEM) is None:
            self._database.insert("users", id=-1, username=SYSTEM, admin=1, moderator=1, trust_level=4)
        if not self._database.rows("SELECT 1 FROM categories"):
            self._database.insert("categories", name="Uncategorized", slug="uncategorized")

    def _keep_user(self, username: str, *, moderator: bool = False, admin: bool = False, trust_level: int = 1) -> int:
        there = self._database.user_named(username)
        if there is not None:
            return there.id
        return self._database.insert("users", username=username, admin=admin, moderator=moderator, trust_level=trust_level)

    def _user(self, username: str) -> User:
        user = self._database.user_named(username)
        if user is None:
            raise LookupError(f"There is no account {username!r} in the sandbox; create_user makes one.")
        return user
