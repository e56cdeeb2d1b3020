"""The store over real files: opening, transactions, copying, what survives."""

from __future__ import annotations

import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from peerplugin.core.capture import Kept
from peerplugin.core.model import (
    EventId,
)
from peerplugin.errors import MistakeError
from peerplugin.store import Store, StoreError
from tests.store.heard import WEDNESDAY, event, keep

# --- opening -------------------------------------------------------------------------------------------------------


def test_a_store_is_readable_by_its_owner_only(store: Store, path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_was_stored_is_there_after_opening_again(store: Store, path: Path) -> None:
    with store.transaction() as tx:
        keep(tx, event("a"))
        tx.save_token("s1")
    store.close()
    again = Store.open(path)
    with again.transaction() as tx:
        assert tx.token() == "s1"
        assert tx.kept(WEDNESDAY) == (Kept(event("a"), "Alma", moderator=False, left_out=None),)
    again.close()


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(MistakeError, match="nowhere of the store does not exist"):
        Store.open(tmp_path / "nowhere" / "peerplugin.sqlite")


def test_a_path_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MistakeError, match="cannot be written"):
        Store.open(tmp_path)


def test_a_file_that_is_no_database_is_refused_and_left_alone(path: Path) -> None:
    path.write_text("a shopping list, and a long one at that\n" * 50)
    with pytest.raises(MistakeError, match="is not a store of peerplugin, or it is damaged"):
        Store.open(path)
    assert path.read_text().startswith("a shopping list")


def test_a_damaged_page_is_a_store_error_and_not_a_traceback_of_the_driver(store: Store, path: Path) -> None:
    with store.transaction() as tx:
        keep(tx, *(event(f"e{number}", "tea " * 200) for number in range(100)))
    store.close()
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises((StoreError, MistakeError), match="damaged"):
        damaged = Store.open(path)
        with closing(damaged), damaged.transaction() as tx:
            tx.kept(WEDNESDAY)


# --- transactions --------------------------------------------------------------------------------------------------


def test_an_exception_undoes_the_whole_transaction(store: Store) -> None:
    with pytest.raises(KeyError), store.transaction() as tx:
        keep(tx, event("a"))
        tx.save_token("s1")
        raise KeyError
    with store.transaction() as tx:
        assert tx.token() is None
        assert not tx.already_heard([EventId("$a")])


def test_transactions_do_not_nest(store: Store) -> None:
    with pytest.raises(RuntimeError, match="do not nest"), store.transaction(), store.transaction():
        pass
    with store.transaction() as tx:
        assert tx.token() is None


def test_a_process_that_dies_within_a_transaction_leaves_only_what_was_finished(store: Store, path: Path) -> None:
    program = """
import os, sys
from peerplugin.store import Store
store = Store.open(sys.argv[1])
with store.transaction() as tx:
    tx.save_token("finished")
with store.transaction() as tx:
    tx.save_token("half done")
    os._exit(9)
"""
    assert subprocess.run([sys.executable, "-c", program, str(path)], check=False).returncode == 9
    with store.transaction() as tx:
        assert tx.token() == "finished"


def test_a_full_disk_is_a_store_error_and_nothing_is_half_stored(store: Store) -> None:
    with store._engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 2}")
    with pytest.raises(StoreError, match="full"), store.transaction() as tx:
        tx.save_token("s1")
        keep(tx, *(event(f"e{number}", "tea " * 2000) for number in range(20)))
    with store.transaction() as tx:
        assert tx.token() is None


def test_the_file_is_set_up_for_durability_and_erasure(store: Store) -> None:
    with store._engine.connect() as connection:
        settings = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "secure_delete", "foreign_keys")
        }
    assert settings == {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "foreign_keys": 1}


# --- copying -------------------------------------------------------------------------------------------------------


def test_a_backup_taken_within_a_transaction_holds_what_was_finished_before(store: Store, tmp_path: Path) -> None:
    with store.transaction() as tx:
        tx.save_token("finished")
    with store.transaction() as tx:
        tx.save_token("half done")
        store.backup(tmp_path / "copy.sqlite")
    copy = Store.open(tmp_path / "copy.sqlite")
    with copy.transaction() as tx:
        assert tx.token() == "finished"
    copy.close()
    assert stat.S_IMODE((tmp_path / "copy.sqlite").stat().st_mode) == 0o600


def test_a_backup_takes_the_place_of_an_older_one_and_never_of_the_store(store: Store, path: Path, tmp_path: Path) -> None:
    (tmp_path / "copy.sqlite").write_text("last week's")
    store.backup(tmp_path / "copy.sqlite")
    assert (tmp_path / "copy.sqlite").read_bytes().startswith(b"SQLite format 3")
    with pytest.raises(MistakeError, match="is the store itself"):
        store.backup(path)
    with pytest.raises(MistakeError, match="does not exist"):
        store.backup(tmp_path / "nowhere" / "copy.sqlite")
    assert not [file for file in tmp_path.iterdir() if file.suffix == ".part"]
