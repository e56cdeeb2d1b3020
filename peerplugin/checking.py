"""`peerplugin check`: tries every credential, room, right and category, and says of each failure what to do about it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from peerplugin import app, diary, outbox
from peerplugin.core.hints import seen_from_text
from peerplugin.errors import MistakeError, OutsideError, PeerpluginError
from peerplugin.settings import SeriesSettings, Settings
from peerplugin.store import Store

if TYPE_CHECKING:
    from peerplugin.app import MatrixChat, Survey
    from peerplugin.core.model import Series
    from peerplugin.group import Group

Part = Literal["all", "matrix", "discourse"]


@dataclass(frozen=True, slots=True)
class Line:
    """One capability: whether it is there and how we know, what fails without it, and what to do if it is not."""

    what: str
    verdict: Literal["ok", "no", "advice", "unknown"]
    note: str = ""
    how: str = ""
    without: str = ""
    mend: str = ""
    fits: str = ""  # the forum of 2022, of 2026, or both

    @property
    def explained(self) -> str:
        """Its note, and if something is amiss all that there is to say."""
        if self.verdict == "ok":
            return self.note
        without = f"Without it: {self.without}." if self.without else ""
        return " ".join(part for part in (self.note, without, self.mend) if part)


@dataclass(frozen=True, slots=True)
class Checked:
    """All lines, in the order in which a person would mend them; and the letter to the forum's admin, if one is needed."""

    lines: tuple[Line, ...]
    letter: str = ""


async def check(settings: Settings, part: Part = "all", *, prove: bool = False) -> Checked:
    """Ask everybody. Nothing is changed, unless `prove` asks for a throw-away topic in each public category."""
    lines = [Line("settings", "ok", f"{len(settings.series)} series"), _words(settings)]
    letter = ""
    if part == "all":
        lines.append(_store(settings))
    if part != "discourse":
        lines += [line async for line in _matrix(settings)]
    if part != "matrix":
        found = await asyncio.get_running_loop().run_in_executor(None, _forum, settings, prove)
        lines += found.lines
        letter = found.letter
    return Checked(tuple(lines), letter)


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


def _forum(settings: Settings, prove: bool) -> Checked:
    try:
        group = app.offline_group(settings)
    except PeerpluginError:
        return Checked((Line(f"forum {settings.discourse.url}", "unknown", "It is asked when the texts are mended."),))
    proofs = [_proof(settings, group, series, prove=prove) for series in group.series]
    found = app.survey_forum(settings, group.rules.tags, proven=all(line.verdict == "ok" for line in proofs))
    if found.plugins is not None:
        _remember_plugins(settings, found.plugins)
    lines = [Line(c.what, c.verdict, c.note, c.how, c.without, c.mend, c.fits) for c in found.capabilities]
    if found.key is not None:
        lines += [*proofs, _hook(settings)]
    letter = _letter(settings, group, found) if found.needs_the_admin or settings.discourse.api_key is None else ""
    return Checked(tuple(lines), letter)


def _remember_plugins(settings: Settings, plugins: frozenset[str]) -> None:
    """The service writes dates as this forum can show them; without a store (a first look) it finds out at the next check."""
    if settings.store.path.is_file():
        with (
            contextlib.suppress(MistakeError),
            app.opened(settings.store.path) as store,
            store.transaction() as tx,
        ):  # a line of its own says it
            tx.remember(diary.PLUGINS, " ".join(sorted(plugins)))


def _proof(settings: Settings, group: Group, series: Series, *, prove: bool) -> Line:
    """Whether it was ever shown that what is published for a series can be taken back; shown now if that is asked for."""
    what = f"{series.series_id}: an erasure is complete"
    without = "the service publishes nothing" if not series.publish_unproven else "a text that was published might stay readable for ever"
    if prove and settings.discourse.api_key is not None:
        client, forum = app.open_forum(settings, group.words)
        try:
            forum.prove(series.category, app.now().date().isoformat())
            with app.opened(settings.store.path) as store, store.transaction() as tx:
                outbox.proven(tx, series, app.now())
        except OutsideError as error:
            return Line(what, "no" if error.permanent else "unknown", error.sentence, "tried", without, fits="both")
        finally:
            client.close()
    at = _remembered(settings, f"proven:{series.forum_url}")
    if at:
        return Line(what, "ok", f"shown on a throw-away topic on {at[:10]}", "tried", fits="both")
    note = "Not shown yet. The service shows it on a throw-away topic before it first publishes; `peerplugin check discourse --prove` does so now."
    if series.publish_unproven:
        note = "Not shown, and accepted unshown in the settings (publish_unproven). `peerplugin check discourse --prove` tries it."
    return Line(what, "unknown", note, without=without)


def _hook(settings: Settings) -> Line:
    what = "the forum's webhook"
    if settings.discourse.webhook_secret is None:
        return Line(what, "ok", "none: the forum is looked at from time to time, which suffices")
    seen = seen_from_text(_remembered(settings, "hooks_seen")).marks.values()
    if seen:
        return Line(what, "ok", f"last heard of on {max(seen):%Y-%m-%d}", "tried", fits="both")
    return Line(what, "unknown", "Nothing was heard of it until the last start. `peerplugin setup-webhook` makes it and tries it.")


def _remembered(settings: Settings, name: str) -> str | None:
    """What the store of a service that has run remembers."""
    if not settings.store.path.is_file():
        return None
    try:
        with app.opened(settings.store.path) as store, store.transaction() as tx:
            return tx.remembered(name)
    except PeerpluginError:
        return None  # the store has a line of its own


def _letter(settings: Settings, group: Group, found: Survey) -> str:
    """What to send to an admin of the forum, word for word."""
    numbers = {number: private for s in settings.series for number, private in ((s.category, False), (s.drafts_category, True)) if number}
    return group.words.text(
        "letter-to-the-admin.md",
        forum=settings.discourse.url,
        title=found.title,
        username=settings.discourse.username,
        generation=found.generation,
        scopes=app.forum_scopes(),
        places=[{"number": n, "name": found.names.get(n, f"Category {n}"), "private": private} for n, private in numbers.items()],
        needed=found.wishes("no"),
        helpful=found.wishes("advice"),
    )


def letter(settings: Settings) -> str:
    """The letter alone, whether it is needed or not."""
    group = app.offline_group(settings)
    return _letter(settings, group, app.survey_forum(settings, group.rules.tags, proven=False))


# --- shown --------------------------------------------------------------------------------------------------------------------------


COLOURS = {"ok": "green", "no": "bold red", "advice": "yellow", "unknown": "yellow"}
HEAD = "An admin of the forum can give these rights. If that is somebody else, here is what to write to them:"


def show(checked: Checked) -> None:
    """A table on a terminal and what to do below it, a plain line for each capability in a pipe; then the letter."""
    console = Console()
    if console.is_terminal:
        draw(checked.lines, console)
    else:
        for line in checked.lines:
            console.print(" ".join(_plain(line)), markup=False, highlight=False, soft_wrap=True)
    if checked.letter:
        console.print(f"\n{HEAD}\n\n{checked.letter}", markup=False, highlight=False, emoji=False, soft_wrap=True)


def _plain(line: Line) -> Iterator[str]:
    yield f"{line.verdict:7}"
    yield f"{line.how or '-':8}"
    yield f"{line.fits or '-':4}"
    yield f"{line.what}{': ' if line.explained else ''}{line.explained}"


def draw(lines: tuple[Line, ...], console: Console) -> None:
    """The table, and below it what fails without each thing that is amiss and what to do about it, over the whole width."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for head in ("", "capability", "how", "as in"):
        table.add_column(head, no_wrap=head != "capability")
    for line in lines:
        note = f"[dim]: {escape(line.note)}[/]" if line.note and line.verdict == "ok" else ""
        table.add_row(f"[{COLOURS[line.verdict]}]{line.verdict}[/]", escape(line.what) + note, line.how, line.fits)
    console.print(table)
    for line in lines:
        if line.verdict != "ok":
            console.print(f"[{COLOURS[line.verdict]}]{line.verdict:7}[/] [bold]{escape(line.what)}[/]")
            console.print(Padding("\n".join(_told(line)), (0, 0, 1, 8)), highlight=False)


def _told(line: Line) -> Iterator[str]:
    if line.note:
        yield escape(line.note)
    if line.without:
        yield f"[dim]Without it:[/] {escape(line.without)}."
    if line.mend:
        yield f"[dim]To do:[/] {escape(line.mend)}"
