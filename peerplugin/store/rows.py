"""What all groups of rows share: the connection of the running transaction and three ways to write with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Insert,
    RowMapping,
    Select,
    Table,
    bindparam,
    exists,
    literal_column,
    select,
    update,
)

T = TypeVar("T")

CHUNK = 500  # values in one IN (...): far below every database's limit


class Rows:
    """Rows seen through one transaction; a store's `Tx` is made of several such groups."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.erased = False  # text went away: the write-ahead log must not keep it

    def _first(self, query: Select[Any]) -> RowMapping | None:
        return self._connection.execute(query.limit(1)).mappings().first()

    def _all(self, query: Select[Any]) -> Sequence[RowMapping]:
        return self._connection.execute(query).mappings().all()

    def _values(self, query: Select[tuple[T]]) -> tuple[T, ...]:
        return tuple(self._connection.execute(query).scalars())

    def _exists(self, condition: ColumnElement[bool], *more: ColumnElement[bool]) -> bool:
        return self._connection.execute(select(literal_column("1")).where(condition, *more).limit(1)).first() is not None

    def _has(self, column: Column[str], value: str) -> bool:
        return self._connection.execute(_look_up(column, column), {"value": value}).first() is not None

    def _one(self, wanted: Column[T], key: Column[str], value: str) -> T | None:
        return self._connection.execute(_look_up(wanted, key), {"value": value}).scalar()

    def _add(self, table: Table, row: Mapping[str, object], key: Column[str]) -> bool:
        """A new row; False, and nothing done, where one with this `key` is known."""
        everything = {f"new_{column.name}": row.get(column.name) for column in table.columns}
        return self._connection.execute(_insert_if_new(table, key), everything).rowcount > 0

    def _put(self, table: Table, row: Mapping[str, object]) -> None:
        """A row that takes the place of the one with the same primary key."""
        same = [column == row[column.name] for column in table.primary_key]
        if self._connection.execute(update(table).where(*same).values(dict(row))).rowcount == 0:
            self._connection.execute(table.insert(), dict(row))


@cache
def _look_up(wanted: Column[Any], key: Column[str]) -> Select[Any]:
    # Statements that may run for every event are built once: building one costs more than running it.
    return select(wanted).where(key == bindparam("value")).limit(1)


@cache
def _insert_if_new(table: Table, key: Column[str]) -> Insert:
    # ON CONFLICT would do, but SQLAlchemy cannot cache it. With one writer there is nobody to come between.
    names = [column.name for column in table.columns if column is not table.autoincrement_column]
    row = select(*(bindparam(f"new_{name}", type_=table.c[name].type) for name in names))
    known = exists(literal_column("1")).where(key == bindparam(f"new_{key.name}", type_=key.type))
    return table.insert().from_select(names, row.where(~known))


def in_chunks(values: Iterable[T]) -> Iterator[list[T]]:
    """The values, in lists that fit into one IN (...)."""
    everything = list(values)
    for start in range(0, len(everything), CHUNK):
        yield everything[start : start + CHUNK]
