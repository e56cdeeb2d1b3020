"""The commands of the operator. Exit codes: 0 done, 1 something is wrong (a sentence says what), 2 the command was not understood."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn, TypeVar

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from peerplugin import __version__, app, log, reports
from peerplugin.core.model import Level
from peerplugin.errors import MistakeError, PeerpluginError
from peerplugin.settings import Settings, config_dirs, load, settings_path

T = TypeVar("T")
program = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False,
                      help="A peer-support group's weekly Matrix meeting, kept as searchable posts in its Discourse forum.")  # fmt: skip
review = typer.Typer(no_args_is_help=True, help="Look at drafts and decide about them, as a moderator would in the management room.")
program.add_typer(review, name="review")
schedule = typer.Typer(no_args_is_help=True, help="The dates of a series, as they stand now.")
program.add_typer(schedule, name="schedule")

Config = Annotated[
    Path | None, typer.Option("--config", "-c", help="The settings file (else PEERPLUGIN_CONFIG, else peerplugin.toml here).")
]
Meeting = Annotated[str, typer.Argument(help="A meeting's key, such as liver-spot/2026-10-07; `peerplugin status` lists them.")]
Number = Annotated[str, typer.Argument(help="A draft's number, or `all`.")]


def main() -> NoReturn:
    """Run the command line. Errors are sentences; a traceback is never shown."""
    try:
        program(prog_name="peerplugin")
    except PeerpluginError as error:
        _say(f"peerplugin: {error}", error=True)
        sys.exit(1)
    except BrokenPipeError:  # somebody read only the head of it
        os._exit(0)
    sys.exit(0)


def _settings(config: Path | None) -> Settings:
    return load(settings_path(config, os.environ), os.environ)


def _say(text: str, *, error: bool = False) -> None:
    """Plain text: what people wrote is never taken for markup."""
    Console(stderr=error, soft_wrap=True).print(text, markup=False, highlight=False, emoji=False)


def _show_version(wanted: bool) -> None:
    if wanted:
        _say(__version__)
        raise typer.Exit


@program.callback()
def options(
    version: Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")] = False,
    log_level: Annotated[str, typer.Option("--log-level", help="DEBUG, INFO, WARNING or ERROR.")] = "INFO",
    log_json: Annotated[bool, typer.Option("--log-json", help="One JSON object a log line.")] = False,
) -> None:
    """What all commands share."""
    if log_level.upper() not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise typer.BadParameter("one of DEBUG, INFO, WARNING, ERROR", param_hint="--log-level")
    log.setup(log_level.upper(), as_json=log_json)


# --- the service ----------------------------------------------------------------------------------------------------------------


@program.command()
def run(
    config: Config = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Listen for real, but print what would be said and published.")] = False,
) -> None:
    """Run the service until it is stopped."""
    _run(app.run(_settings(config), dry_run=dry_run))


@program.command()
def check(
    part: Annotated[Literal["all", "matrix", "discourse"], typer.Argument(help="Only one side of it.")] = "all",
    config: Config = None,
    prove: Annotated[
        bool, typer.Option("--prove", help="Show on a throw-away topic in each public category that an erasure is complete.")
    ] = False,
    letter: Annotated[bool, typer.Option("--letter", help="Print only the letter to the forum's admin that asks for the rights.")] = False,
) -> None:
    """Try every credential, room, right and category, and say what to do about each that fails.

    Nothing is changed, except with --prove. It needs no key of the forum: without one it says what everybody can see, and prints the letter
    that asks the forum's admin for one."""
    from peerplugin import checking

    settings = load(settings_path(config, os.environ), os.environ, keyless=True)
    if letter:
        _say(checking.letter(settings))
        return
    if prove:
        where = ", ".join(f"{settings.discourse.url}/c/{series.category}" for series in settings.series)
        _say(f"A throw-away topic is made, corrected and deleted in {where}: whoever watches that category may be told of it.", error=True)
    checked = _run(checking.check(settings, part, prove=prove))
    checking.show(checked)
    if any(line.verdict == "no" for line in checked.lines):
        raise typer.Exit(1)


@program.command()
def status(config: Config = None, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """What was captured, drafted, decided and published, and what is stuck; never what anybody wrote."""
    with app.opened_existing(_settings(config).store.path) as store:
        found = reports.status(store, app.now())
    if as_json:
        _say(json.dumps(found, ensure_ascii=False, indent=1))
    else:
        reports.show(found)


@program.command()
def backup(file: Annotated[Path, typer.Argument(help="Where to put the copy.")], config: Config = None) -> None:
    """Copy the store while the service runs. The copy holds all that the store holds, secrets included."""
    with app.opened_existing(_settings(config).store.path) as store:
        store.backup(file)
    _say(f"The store was copied to {file}.")


@program.command("setup-webhook")
def setup_webhook(
    config: Config = None,
    admin: Annotated[str, typer.Option("--admin", help="The admin whose name the key is used with, if it is a key for all users.")] = "",
    key_file: Annotated[
        Path | None,
        typer.Option("--admin-key-file", help="A file that holds the admin's API key (else PEERPLUGIN_ADMIN_KEY, else it is asked for)."),
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Take the hook away.")] = False,
) -> None:
    """Let the forum tell the service of changes, so that it need not wait until it looks: make the hook, or correct it, and try it.

    Needs an admin's API key once, which is kept nowhere. Needs [http] port and public_url, and discourse.webhook_secret_file, which it
    fills if there is nothing in it. Without a hook all works the same, a little later. It can be done again at any time."""
    from peerplugin import hooking

    settings = _settings(config)
    hooking.payload_url(settings)  # before a key is asked for in vain
    step = hooking.remove if remove else hooking.set_up
    for sentence in step(settings, _admin_key(key_file), admin):
        _say(sentence)


def _admin_key(file: Path | None) -> str:
    """A key that is used once: from a file, the environment, or a person."""
    if file is not None:
        try:
            key = file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise MistakeError(f"{file}: the admin's key cannot be read there. Is it a text file that you may read?") from error
    else:
        key = os.environ.get("PEERPLUGIN_ADMIN_KEY", "").strip()
        if not key and sys.stdin.isatty():
            key = str(typer.prompt("The admin's API key (it is not shown)", hide_input=True, err=True)).strip()
    if not re.fullmatch(r"[!-~]+", key):
        raise MistakeError("An admin's API key in one line is needed: type it when asked, or set PEERPLUGIN_ADMIN_KEY, or name a file.")
    return key


# --- meetings and drafts --------------------------------------------------------------------------------------------------------


@program.command()
def preview(meeting: Meeting, config: Config = None) -> None:
    """Print a meeting's drafts as the Markdown that would stand in the forum."""
    from peerplugin import office

    settings = _settings(config)
    with app.opened_existing(settings.store.path) as store:
        _say(office.preview(store, meeting, app.offline_group(settings)))


@program.command()
def export(meeting: Meeting, config: Config = None) -> None:
    """Print what is stored of a meeting as a chat log that `replay` reads (without what was left out)."""
    from peerplugin import office

    settings = _settings(config)
    with app.opened_existing(settings.store.path) as store:
        _say(office.export(store, meeting, app.offline_group(settings)))


@review.command("list")
def review_list(config: Config = None) -> None:
    """List the drafts that wait for a decision."""
    from peerplugin import office

    with app.opened_existing(_settings(config).store.path) as store:
        office.show_waiting(store)


@review.command("approve")
def review_approve(number: Number, config: Config = None) -> None:
    """Approve a draft (or `all`) as it stands now; the service publishes it after the grace time."""
    _order("approve", number, "", config)


@review.command("reject")
def review_reject(number: Number, reason: Annotated[str, typer.Argument(help="Why.")] = "", config: Config = None) -> None:
    """Reject a draft."""
    _order("reject", number, reason, config)


def _order(word: str, number: str, reason: str, config: Path | None) -> None:
    from peerplugin import office

    settings = _settings(config)
    with app.opened_existing(settings.store.path) as store:
        done = office.order(store, app.offline_group(settings), word, number, reason, app.now())
    _say(done)


# --- dates ------------------------------------------------------------------------------------------------------------------------

Which = Annotated[str, typer.Argument(help="The series' id; it may be left out where there is only one.")]


@schedule.command("list")
def schedule_list(series: Which = "", config: Config = None) -> None:
    """List the next dates with what was decided about them."""
    from peerplugin import office

    settings = _settings(config)
    with app.opened_existing(settings.store.path) as store:
        office.show_dates(store, app.offline_group(settings), series, app.now())


@schedule.command("export")
def schedule_export(
    series: Which = "",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Where to write it (else it is printed).")] = None,
    config: Config = None,
) -> None:
    """Print the calendar of a series (iCalendar), as the service hands it out."""
    from peerplugin import calendars, office

    settings = _settings(config)
    with app.opened_existing(settings.store.path) as store:
        found = office.calendar(store, app.offline_group(settings), series, app.now())
    if output is None:
        sys.stdout.write(found.body.decode())
    else:
        calendars.write(output, found.body)
        _say(f"The calendar was written to {output}.")


# --- without an account -----------------------------------------------------------------------------------------------------------


@program.command()
def replay(
    file: Annotated[Path, typer.Argument(help="Element's JSON export, a JSON list of events, or one event per line.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the machine-readable form.")] = False,
    include_withheld: Annotated[
        bool, typer.Option("--include-withheld", help="Draft withheld threads as well: to measure quality only.")
    ] = False,
    default_consent: Annotated[Level, typer.Option(help="What members allow who said nothing.")] = Level.REPORTED,
    min_contributors: Annotated[int, typer.Option(min=1, max=50, help="How many members a draft needs.")] = 3,
    models: Annotated[Path | None, typer.Option(help="A folder with other models than the shipped ones: to measure them.")] = None,
) -> None:
    """Draft an exported chat log: no account, no network."""
    with _progress() as progress:
        found, skipped, words = app.replay(
            file, default=default_consent, min_contributors=min_contributors, models=models, progress=progress
        )
    if not any(meeting.transcript.messages for meeting in found):
        raise MistakeError(f"{file}: no meeting in it: nobody said anything that could be read. Is it the export of the right room?")
    if skipped:
        _say("Skipped: " + ", ".join(f"{n} × {reason}" for reason, n in sorted(skipped.items())) + ".", error=True)
    print_replay = reports.replay_json if as_json else reports.replay_markdown
    printed = print_replay(found, words, include_withheld=include_withheld)
    sys.stdout.write(printed + "\n" if printed else "Nothing in it became a draft.\n")


@program.command()
def evidence(
    file: Annotated[Path, typer.Argument(help='One JSON object a line, {"text", "sources", "senders"}; - reads what is piped in.')],
) -> None:
    """Say of each statement whether the messages it cites carry it, and if not, why: the gate that every draft passes."""
    from peerplugin import vouching
    from peerplugin.vocabulary import load_rules

    for line in vouching.judge(vouching.read(file), load_rules(config_dirs()[-1])):
        sys.stdout.write(line + "\n")


@program.command()
def demo(
    keep: Annotated[bool, typer.Option("--keep", envvar="KEEP", help="Leave both servers up to look around.")] = False,
    log_file: Annotated[Path | None, typer.Option("--meeting", help="An exported chat log to hold instead of the short one.")] = None,
) -> None:
    """Hold a meeting on a real homeserver and a sandbox forum, on this machine only. `make demo` prepares all it needs."""
    from peerplugin.demo.play import hold  # the forum sandbox and all that: nobody else needs it

    if not hold(keep=keep, log_file=log_file):
        raise typer.Exit(1)


# --- how a command runs -----------------------------------------------------------------------------------------------------------


def _run(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end; of several faults at once the operator hears the first that has a sentence."""
    try:
        return asyncio.run(work)
    except BaseExceptionGroup as faults:  # caught whole: what `except*` raises is a group again
        told, others = faults.split(PeerpluginError)
        if told is None or others is not None:
            raise
        raise _first(told) from None


def _first(fault: BaseException) -> PeerpluginError:
    while isinstance(fault, BaseExceptionGroup):
        fault = fault.exceptions[0]
    assert isinstance(fault, PeerpluginError)
    return fault


@contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """Steps on a terminal; nothing in a pipe."""
    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("start", total=None)
        yield lambda step: bar.update(task, description=step)
