"""A table with its limits: on a terminal as rich draws it, in a pipe as plain text of one width."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

from rich import box
from rich.console import Console
from rich.table import Table

WIDTH = 132  # of a table in a pipe


@dataclass(slots=True)
class Sheet:
    """Rows of figures; the last column says whether the row is within its limits."""

    title: str
    columns: Sequence[str]
    rows: list[tuple[Sequence[str], bool]] = field(default_factory=list)
    note: str = ""

    def add(self, *cells: str, ok: bool = True) -> None:
        self.rows.append((cells, ok))

    @property
    def is_ok(self) -> bool:
        return all(ok for _, ok in self.rows)


def console() -> Console:
    """Where tables go."""
    return Console() if sys.stdout.isatty() else Console(width=WIDTH, no_color=True)


def show(sheet: Sheet, where: Console) -> None:
    """Print one table, a mark in each of its rows."""
    table = Table(title=sheet.title, title_justify="left", caption=sheet.note or None, caption_justify="left", box=box.SIMPLE_HEAD)
    for number, column in enumerate(sheet.columns):
        table.add_column(column, justify="right" if number else "left")
    table.add_column("")
    for cells, ok in sheet.rows:
        table.add_row(*cells, "[green]ok[/green]" if ok else "[bold red]over[/bold red]")
    where.print(table)
