"""What somebody sees who watches the demo: steps with progress on a terminal, the same as plain lines in a pipe."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import requests
from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from peerplugin.errors import PeerpluginError

Tick = Callable[[int, int], None]
"""So many of so many are done."""


class Screen:
    """Says what happens, step by step. What people wrote is never taken for markup."""

    def __init__(self) -> None:
        self._console = Console()
        self.fancy = self._console.is_terminal

    @contextmanager
    def step(self, what: str, *, live: bool = True) -> Iterator[Tick]:
        """One step: it happens, and takes so long; or it does not, and the error says which one that was. Not `live`: it prints itself."""
        began = time.monotonic()
        columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self._console, disable=not (self.fancy and live), transient=True) as bar:
            task = bar.add_task(what, total=None)
            try:
                yield lambda done, total: bar.update(task, completed=done, total=total)
            except (PeerpluginError, requests.RequestException) as error:
                self._line("✗", "red", what)
                raise PeerpluginError(f'The demo did not come to its end. This step did not happen: "{what}". {error}') from error
        self._line("✓", "green", f"{what}  ({time.monotonic() - began:.1f} s)")

    def note(self, text: str) -> None:
        """A line about the step before it."""
        self._print(f"  {text}")

    def quote(self, title: str, text: str) -> None:
        """What stands in a room."""
        if self.fancy:
            self._console.print(Panel(escape(text), title=escape(title), title_align="left", border_style="cyan", padding=(0, 1)))
            return
        self._print(f"  {title}:")
        for line in text.splitlines():
            self._print(f"  | {line}".rstrip())

    def table(self, title: str, rows: Iterable[tuple[str, str]]) -> None:
        """Pairs: a title and where it stands."""
        if not self.fancy:
            self._print(f"{title}:")
            for left, right in rows:
                self._print(f"  {left}\n    {right}")
            return
        table = Table(title=title, title_justify="left", show_header=False)
        table.add_column(ratio=2)
        table.add_column(overflow="fold", style="cyan")
        for left, right in rows:
            table.add_row(escape(left), escape(right))
        self._console.print(table)

    def blank(self) -> None:
        """An empty line."""
        self._print("")

    def _line(self, sign: str, colour: str, text: str) -> None:
        self._console.print(f"[{colour}]{sign}[/] {escape(text)}", highlight=False, emoji=False, soft_wrap=True)

    def _print(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, emoji=False, soft_wrap=True)
