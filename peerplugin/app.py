"""The one file that knows everybody: settings become a store, a chat, a forum and a group; and the clock is read here, nowhere else.

What is heavy to import is imported where it is needed: a command that asks nobody shall not wait for what it would ask with."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from integrations.matrix.export import read_named_export
from peerplugin import replaying
from peerplugin.core.model import Level, RoomId, Series, SeriesId, UserId
from peerplugin.core.words import Words
from peerplugin.errors import MistakeError, OutsideError
from peerplugin.settings import SeriesSettings, Settings, config_dir, config_dirs
from peerplugin.vocabulary import load_rules

if TYPE_CHECKING:
    from integrations.discourse.client import Discourse
    from integrations.discourse.forum import DiscourseForum as DiscourseForum
    from integrations.discourse.hook_admin import HookAdmin as HookAdmin
    from integrations.discourse.hook_admin import Wanted
    from integrations.discourse.survey import Survey as Survey
    from integrations.matrix.client import MatrixChat as MatrixChat
    from peerplugin.group import Group
    from peerplugin.hearsay import Hearsay
    from peerplugin.ports import Chat, Forum
    from peerplugin.service import Pace, Service
    from peerplugin.serving import Hook
    from peerplugin.store import Store

log = logging.getLogger(__name__)
T = TypeVar("T")


class Patiently(Protocol):
    """A way of asking that tries again."""

    def __call__(self, ask: Callable[[], Awaitable[T]], /) -> Awaitable[T]:
        """The answer, sooner or later."""


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


# --- from settings to values ----------------------------------------------------------------------------------------------------


def load_words(settings: Settings | None = None) -> Words:
    """All texts; a group's own copy of one takes the place of ours."""
    texts: dict[str, str] = {}
    for folder in reversed(config_dirs(settings)):
        for file in sorted((folder / "texts").glob("*.*")):
            texts[file.name] = file.read_text(encoding="utf-8")
    if not texts:
        raise MistakeError("config/texts holds no texts. Reinstall peerplugin, or put the folder back.")
    return Words(texts)


def make_group(settings: Settings, rooms: Mapping[str, RoomId]) -> Group:
    """The group of the settings; `rooms` gives the id of every room, however the settings name it."""
    from peerplugin.group import Group

    own = settings.texts.folder / "vocabulary" if settings.texts.folder else None
    rules = load_rules(config_dirs()[-1], own)
    series = tuple(_series(s, settings, rooms) for s in settings.series)
    words = load_words(settings)
    words.check()  # before anything is said, not in the middle of a meeting
    return Group(UserId(settings.matrix.user_id), series, words, rules)


def _series(s: SeriesSettings, settings: Settings, rooms: Mapping[str, RoomId]) -> Series:
    return Series(
        series_id=SeriesId(s.id),
        name=s.name,
        room=rooms[s.room],
        management_room=rooms[s.management_room],
        category=s.category,
        default_consent=s.default_consent,
        tags=s.tags,
        layout=s.layout,
        facilitators=frozenset(UserId(u) for u in s.facilitators),
        schedule=s.schedule.to_core(),
        start_by_schedule=s.start_by_schedule,
        silence_min=s.silence_min or 24 * 60,
        grace_min=s.grace_min,
        publish_grace_min=s.publish_grace_min,
        publish_unproven=s.publish_unproven,
        min_contributors=s.min_contributors,
        how_to_join=s.how_to_join,
        leads=tuple(sorted(set(s.schedule.announce_min), reverse=True)),
        zones=s.schedule.other_zones,
        quorum=s.schedule.quorum,
        confirm_min=s.schedule.confirm_min,
        announcements=s.announcements_category,
        listed=s.schedule.dates_listed,
        forum_url=f"{settings.discourse.url}/c/{s.category}",
    )


def offline_group(settings: Settings) -> Group:
    """The group without a look at the homeserver: rooms are what the settings call them."""
    names = {name: RoomId(name) for s in settings.series for name in (s.room, s.management_room)}
    return make_group(settings, names)


def pace(settings: Settings) -> Pace:
    """The waiting times of the settings."""
    from peerplugin.service import Pace

    return Pace(settings.service.wake_s, settings.service.retry_first_s, settings.service.retry_most_s)


# --- from settings to things ----------------------------------------------------------------------------------------------------


def open_forum(settings: Settings, words: Words) -> tuple[Discourse, DiscourseForum]:
    """The forum of the settings."""
    from integrations.discourse.client import Discourse
    from integrations.discourse.forum import DiscourseForum

    d = settings.discourse
    client = Discourse(
        d.url,
        api_key=d.api_key.get_secret_value() if d.api_key else "",
        username=d.username,
        connect_timeout_s=d.connect_timeout_s,
        read_timeout_s=d.read_timeout_s,
        calls_a_minute=d.calls_a_minute,
    )
    return client, DiscourseForum(client, withdrawn_text=words.text("withdrawn.md"))


def survey_forum(settings: Settings, tags: Iterable[str], *, proven: bool) -> Survey:
    """What the forum of the settings lets us do; `tags` is the vocabulary that drafts are tagged from."""
    from integrations.discourse.client import Discourse
    from integrations.discourse.places import Place
    from integrations.discourse.survey import survey

    d = settings.discourse
    key = d.api_key.get_secret_value() if d.api_key else ""
    ours, bare = (
        Discourse(
            d.url,
            api_key=key,
            username=username,
            connect_timeout_s=d.connect_timeout_s,
            read_timeout_s=d.read_timeout_s,
            calls_a_minute=d.calls_a_minute,
        )
        for username in (d.username, "")
    )
    places = [Place(s.id, s.category, s.drafts_category, s.tags, tuple(tags)) for s in settings.series]
    try:
        return survey(ours, bare, d.username, places, now, has_key=bool(key), proven=proven)
    finally:
        ours.close()
        bare.close()


def forum_scopes() -> tuple[str, ...]:
    """What an API key of ours has to be let do, as the forum's own page names it."""
    from integrations.discourse.rights import scopes

    return scopes()


# --- the forum's hooks ----------------------------------------------------------------------------------------------------------


@contextmanager
def hook_admin(settings: Settings, key: str, admin: str) -> Iterator[HookAdmin]:
    """The forum's webhooks, with an admin's key instead of ours."""
    from integrations.discourse.client import Discourse
    from integrations.discourse.hook_admin import HookAdmin

    d = settings.discourse
    client = Discourse(d.url, api_key=key, username=admin, connect_timeout_s=d.connect_timeout_s, read_timeout_s=d.read_timeout_s)
    try:
        yield HookAdmin(client)
    finally:
        client.close()


def wanted_hook(settings: Settings, payload_url: str, secret: str) -> Wanted:
    """The hook as it should be: of our categories and of nothing else."""
    from integrations.discourse.hook_admin import Wanted

    ours = {number for s in settings.series for number in (s.category, s.drafts_category) if number is not None}
    return Wanted(payload_url, tuple(sorted(ours)), secret)


def hook_path() -> str:
    """Where the hook comes in, below the service's address."""
    from integrations.discourse import hooks

    return hooks.PATH


@contextmanager
def hearing_hooks(settings: Settings, store: Store, service: Service) -> Iterator[tuple[Hearsay, Hook | None]]:
    """Who takes the forum's hooks, and where; without a secret nobody. Which ones came is remembered from one run to the next."""
    from integrations.discourse import hooks
    from peerplugin.core.hints import seen_as_text, seen_from_text
    from peerplugin.hearsay import Hearsay
    from peerplugin.serving import Hook

    d = settings.discourse
    secret = d.webhook_secret.get_secret_value() if d.webhook_secret else ""
    if d.webhook_secret_file and not secret:
        log.warning("the forum's hook has no secret yet: run `peerplugin setup-webhook`, then restart the service")
    with store.transaction() as tx:
        seen = seen_from_text(tx.remembered("hooks_seen"))
    hearsay = Hearsay(partial(hooks.read, secret=secret, forum=d.url), service.forum_changed, now, seen)
    yield hearsay, Hook(hooks.PATH, hooks.LIMIT, hooks.is_worth_reading, hearsay.take) if secret else None
    with store.transaction() as tx:
        tx.remember("hooks_seen", seen_as_text(hearsay.seen))


@asynccontextmanager
async def open_chat(settings: Settings, store: Store | None, patiently: Patiently | None = None) -> AsyncIterator[MatrixChat]:
    """The homeserver of the settings, logged in; the device and the token are remembered, so that a restart is not a new device."""
    from integrations.matrix.client import MatrixChat
    from peerplugin.store import Account

    m = settings.matrix
    account = None
    if store is not None:
        with store.transaction() as tx:
            account = tx.account()
    if account is not None and (account.user_id, account.homeserver) != (m.user_id, m.homeserver):
        account = None
    token = m.token.get_secret_value() if m.token else account.access_token if account else ""
    chat = MatrixChat(
        m.homeserver,
        m.user_id,
        device_id=account.device_id if account else "",
        token=token,
        password=m.password.get_secret_value() if m.password else "",
        sync_timeout_s=settings.service.sync_s,
    )
    try:
        login = await (patiently(chat.login) if patiently else chat.login())
        if store is not None:
            with store.transaction() as tx:
                tx.save_account(Account(login.user_id, login.device_id, login.access_token, m.homeserver))
        yield chat
    finally:
        await chat.close()


async def rooms_of(settings: Settings, chat: MatrixChat) -> dict[str, RoomId]:
    """The id of every room that the settings name."""
    names = dict.fromkeys(name for s in settings.series for name in (s.room, s.management_room))
    return {name: await chat.resolve(name) for name in names}


@contextmanager
def opened_existing(path: Path) -> Iterator[Store]:
    """The store of a service that has run before."""
    if not path.is_file():
        raise MistakeError(f"There is no store at {path}: has the service run yet, and with these settings?")
    with opened(path) as store:
        yield store


# --- run --------------------------------------------------------------------------------------------------------------------------


async def run(settings: Settings, *, dry_run: bool = False) -> None:
    """Run until SIGTERM or SIGINT. A dry run listens for real, and writes down what it would say and publish."""
    from peerplugin import paper

    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    with paper.store_copy(settings.store.path) if dry_run else held(settings.store.path) as store:
        try:
            await _serve(settings, store, stop, dry_run=dry_run)
        except _StoppedError:
            return


async def _serve(settings: Settings, store: Store, stop: asyncio.Event, *, dry_run: bool) -> None:
    from peerplugin import calendars, paper, serving
    from peerplugin.service import Service

    async def patiently(ask: Callable[[], Awaitable[T]]) -> T:
        return await _until_heard(ask, settings, stop)

    async with open_chat(settings, store, patiently) as chat:
        group = make_group(settings, await patiently(lambda: rooms_of(settings, chat)))
        client, forum = open_forum(settings, group.words)
        room_side: Chat = paper.PaperChat(chat) if dry_run else chat
        forum_side: Forum = paper.PaperForum() if dry_run else forum
        service = Service(store, room_side, forum_side, group, now, pace(settings))
        try:
            with hearing_hooks(settings, store, service) as (hearsay, hook):
                files = {SeriesId(s.id): s.calendar_file for s in settings.series if s.calendar_file is not None and not dry_run}
                async with (
                    hearsay.handed_on(),
                    serving.served(settings.http.host, settings.http.port, service, hook, service.calendar),
                    calendars.kept(files, service.calendar, settings.service.wake_s),
                ):
                    await _until(stop, service)
        finally:
            client.close()


class _StoppedError(Exception):
    """The operator did not wait for the homeserver."""


async def _until_heard(ask: Callable[[], Awaitable[T]], settings: Settings, stop: asyncio.Event) -> T:
    """What the homeserver answers, asked for until it does: it may start later than we do."""
    wait_s = settings.service.retry_first_s
    while True:
        try:
            return await ask()
        except OutsideError as error:
            if error.permanent:
                raise
            log.warning("the homeserver does not answer yet", extra={"cause": error})
            wait_s = max(wait_s, error.retry_after_s or 0)
        try:
            async with asyncio.timeout(wait_s):
                await stop.wait()
            raise _StoppedError
        except TimeoutError:
            wait_s = min(2 * wait_s, settings.service.retry_most_s)


async def _until(stop: asyncio.Event, service: Service) -> None:
    running, asked = asyncio.create_task(service.run()), asyncio.create_task(stop.wait())
    await asyncio.wait({running, asked}, return_when=asyncio.FIRST_COMPLETED)
    asked.cancel()
    if not running.done():
        running.cancel()
    try:
        await running
    except asyncio.CancelledError:
        return


@contextmanager
def opened(path: Path) -> Iterator[Store]:
    """The store, closed again afterwards."""
    from peerplugin.store import Store

    store = Store.open(path)
    try:
        yield store
    finally:
        store.close()


@contextmanager
def held(path: Path) -> Iterator[Store]:
    """The store, ours alone to serve: two services on one store would say and publish in turn what only one of them knows of."""
    with opened(path) as store, path.with_name(path.name + ".lock").open("a", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # the system lets go of it however we end
        except BlockingIOError:
            raise MistakeError(
                f"Another peerplugin runs on the store {path}: stop that one first, or give this one a store of its own."
            ) from None
        yield store


# --- replay -----------------------------------------------------------------------------------------------------------------------


def replay(
    path: Path, *, default: Level, min_contributors: int, models: Path | None = None, progress: replaying.Progress = lambda _: None
) -> tuple[list[replaying.Replayed], Mapping[str, int], Words]:
    """Every meeting of an exported log, drafted (with other `models` than ours, where given); and what of the log could not be read."""
    progress("read")
    events, skipped, name = read_named_export(path)
    series = replaying.log_series(events, name, default, min_contributors)
    return (
        replaying.replay(events, series, load_rules(config_dirs()[-1]), models or config_dir() / "models", progress),
        skipped,
        load_words(),
    )


def captured(path: Path) -> list[replaying.Replayed]:
    """Every meeting of an exported log as it was heard, not drafted: what learning starts from."""
    events, _, name = read_named_export(path)
    return replaying.captured(events, replaying.log_series(events, name, Level.REPORTED, 3), load_rules(config_dirs()[-1]))
