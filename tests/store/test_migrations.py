"""The tables: pinned in `schema.sql`, reached by numbered steps, all of them or none."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.dialects import registry
from sqlalchemy.schema import CreateTable

import peerplugin.store.migrations
from peerplugin.errors import MistakeError
from peerplugin.store import Store
from peerplugin.store.migrations import HEAD
from peerplugin.store.tables import METADATA

SCHEMA = Path(__file__).with_name("schema.sql")
STEPS = Path(peerplugin.store.migrations.__file__).parent


def schema_of(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY tbl_name, type DESC, name").fetchall()
    return "\n\n".join(f"{sql.replace(chr(9), '    ').replace(' ' + chr(10), chr(10)).strip()};" for (sql,) in rows) + "\n"


def test_a_new_store_has_the_pinned_tables(store: Store, path: Path) -> None:
    assert schema_of(path) == SCHEMA.read_text(encoding="utf-8"), (
        "If this change is meant: add a step, then write the new tables to schema.sql."
    )


def test_the_steps_lead_to_the_tables_that_the_code_speaks_of(store: Store) -> None:
    with store._engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []


def test_the_newest_step_is_the_one_at_which_opening_stops_looking() -> None:
    assert ScriptDirectory(str(STEPS)).get_heads() == [HEAD]


def test_every_table_can_be_said_in_postgresql(store: Store) -> None:
    postgresql = registry.load("postgresql")()
    for table in METADATA.sorted_tables:
        assert f"CREATE TABLE {table.name}" in str(CreateTable(table).compile(dialect=postgresql))


def test_steps_that_fail_leave_nothing_behind(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        connection.execute("CREATE TABLE ledger (something TEXT)")
    before = schema_of(path)
    with pytest.raises(MistakeError, match="cannot be opened"):
        Store.open(path)
    assert schema_of(path) == before


def test_a_store_of_a_newer_version_is_refused_and_left_alone(store: Store, path: Path) -> None:
    store.close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(MistakeError, match=r"written by a newer peerplugin \(its tables are 9999, this one knows "):
        Store.open(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("9999",)]


def test_the_database_of_another_program_is_refused(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE recipes (title TEXT)")
    with pytest.raises(MistakeError, match="is the database of another program"):
        Store.open(path)
