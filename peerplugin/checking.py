"""`peerplugin check`: tries every credential, room, right and category, and says of each failure what to do about it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

from rich.console import Console
from rich.table import Table

from peerplugin import app
from peerplugin.errors import MistakeError, OutsideError, PeerpluginError
from peerplugin.settings import SeriesSettings, Settings
from peerplugin.store import Store

if TYPE_CHECKING:
    from peerplugin.app import DiscourseForum, MatrixChat


@dataclass(frozen=True, slots=True)
class Line:
    """One capability: whether it is there, and what to do if it is not."""

    what: str
    verdict: Literal["ok", "no", "unknown"]
    note: str = ""


async def check(settings: Settings) -> list[Line]:
    """All lines, in the order in which a person would mend them."""
    lines = [Line("settings", "ok", f"{len(settings.series)} series"), _words(settings), _store(settings)]
    lines += [line async for line in _matrix(settings)]
    lines += await asyncio.get_running_loop().run_in_executor(None, _forum, settings)
    return lines


def _words(settings: Settings) -> Line:
    try:
        app.offline_group(settings)
    except PeerpluginError as error:
        return Line("texts and vocabularies", "no", str(error))
    return Line("texts and vocabularies", "ok")


def _store(settings: Settings) -> Line:
    path = settings.store.path
    try:
        with app.opened(path) as store, store.transaction() as tx:
            tx.remember("last_check", app.now().isoformat())
    except PeerpluginError as error:
        return Line("store", "no", str(error))
    return Line("store", "ok", str(path))


# --- Matrix -----------------------------------------------------------------------------------------------------------------------


async def _matrix(settings: Settings) -> AsyncIterator[Line]:
    what = f"log in as {settings.matrix.user_id}"
    try:
        store = Store.open(settings.store.path)
    except PeerpluginError:
        store = None
    try:
        async with app.open_chat(settings, store) as chat:
            yield Line(what, "ok", settings.matrix.homeserver)
            for series in settings.series:
                for role, name in (("meeting room", series.room), ("management room", series.management_room)):
                    yield await _room(chat, series, role, name)
    except (OutsideError, MistakeError) as error:
        yield Line(what, "no", str(error))
    finally:
        if store is not None:
            store.close()


async def _room(chat: MatrixChat, series: SeriesSettings, role: str, name: str) -> Line:
    what = f"{series.id}: {role} {name}"
    try:
        facts = await chat.room_facts(await chat.resolve(name))
    except OutsideError as error:
        return Line(what, "no", str(error))
    if facts.replaced_by is not None:
        return Line(what, "ok", f"was upgraded to {facts.replaced_by}, which is followed; name the new room in the settings")
    if not facts.joined:
        return Line(what, "no", "The account is not in this room. Invite it there while the service runs: it joins by itself.")
    if facts.encrypted:
        return Line(what, "no", "The room is encrypted and cannot be read. Encryption cannot be switched off: make a new room without it.")
    if not facts.may_speak:
        return Line(what, "no", f"The account may not speak here (power {facts.power}, needed {facts.power_to_speak}). Give it more power.")
    return Line(what, "ok", f"version {facts.version}, power {facts.power}, history {facts.visibility}")


# --- the forum ----------------------------------------------------------------------------------------------------------------------


def _forum(settings: Settings) -> list[Line]:
    try:
        client, forum = app.open_forum(settings, app.load_words(settings))
    except PeerpluginError as error:
        return [Line(f"forum {settings.discourse.url}", "no", str(error))]
    lines = [_tried(f"forum key of {settings.discourse.username}", lambda: _who(forum, settings))]
    for series in settings.series:
        for role, number in (("category", series.category), ("drafts category", series.drafts_category)):
            if number is not None:
                lines.append(_tried(f"{series.id}: {role} {number}", partial(_category, forum, number)))
    client.close()
    return lines


def _tried(what: str, call: Callable[[], tuple[Literal["ok", "no", "unknown"], str]]) -> Line:
    try:
        return Line(what, *call())
    except OutsideError as error:
        return Line(what, "no", error.sentence)


def _who(forum: DiscourseForum, settings: Settings) -> tuple[Literal["ok", "no", "unknown"], str]:
    account = forum.whoami()
    if account.username.lower() != settings.discourse.username.lower():
        return (
            "no",
            f"The key speaks for {account.username}. Set discourse.username to that, or make a key for {settings.discourse.username}.",
        )
    if not (account.moderator or account.admin):
        return (
            "no",
            "The account is no moderator: it may publish, but neither withdraw a topic nor hide what it corrected. Make it one (Admin, Users).",
        )
    return "ok", "moderator" if not account.admin else "admin: a moderator's rights suffice, and harm less when a key is lost"


def _category(forum: DiscourseForum, number: int) -> tuple[Literal["ok", "no", "unknown"], str]:
    category = forum.category(number)
    may = forum.may_create(category)
    if may is False:
        return "no", f"The account may not create topics in {category.name}. Allow it in the category's security settings."
    return ("ok" if may else "unknown"), category.name


# --- shown --------------------------------------------------------------------------------------------------------------------------


def show(lines: list[Line]) -> None:
    """A table on a terminal, plain lines in a pipe."""
    console = Console(soft_wrap=True)
    if not console.is_terminal:
        for line in lines:
            console.print(f"{line.verdict:8}{line.what}{': ' if line.note else ''}{line.note}", markup=False, highlight=False)
        return
    table = Table("", "what", "")
    colours = {"ok": "green", "no": "bold red", "unknown": "yellow"}
    for line in lines:
        table.add_row(f"[{colours[line.verdict]}]{line.verdict}[/]", line.what, line.note)
    console.print(table)
