"""What is erased is in no file any more, and nothing that is kept gets out by a log or an error."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from peerplugin.core.facts import Closed, Thought, Withdrawn
from peerplugin.core.model import (
    DocumentId,
    EventId,
    Outcome,
    Span,
    Summary,
    ThreadId,
)
from peerplugin.core.record import Draft, Record
from peerplugin.store import Store, StoreError
from tests.store.heard import CANARY, LIVER, NOW, ROOM, WEDNESDAY, bytes_of, command, event, keep

# --- erasing -------------------------------------------------------------------------------------------------------


def test_erased_text_is_in_no_file_of_the_store_once_the_transaction_is_over(store: Store, path: Path) -> None:
    with store.transaction() as tx:
        keep(tx, event("a", f"{CANARY} was my dinner"), event("b"))
    assert CANARY.encode() in bytes_of(path)
    with store.transaction() as tx:
        assert tx.erase([EventId("$a")], "redacted") == {EventId("$a")}
    assert CANARY.encode() not in bytes_of(path)
    store.vacuum()
    assert CANARY.encode() not in bytes_of(path)
    assert b"Soft food" in bytes_of(path)


def test_long_text_that_overflows_its_page_is_erased_too(store: Store, path: Path) -> None:
    with store.transaction() as tx:
        keep(tx, event("a", f"{CANARY} " * 3000))
    with store.transaction() as tx:
        tx.erase([EventId("$a")], "consent")
    assert CANARY.encode() not in bytes_of(path)


def test_erasing_a_message_erases_its_edits_and_says_why(store: Store) -> None:
    with store.transaction() as tx:
        keep(tx, event("a"), event("b"), event("a2", "* Soft food", "edit", target="a"), event("r", "", "reaction", target="a"))
        assert tx.erase([EventId("$a"), EventId("$unknown")], "redacted") == {EventId("$a"), EventId("$a2")}
        found = {kept.event.event_id: (kept.event.body, kept.left_out) for kept in tx.kept(WEDNESDAY)}
    assert found == {"$a": ("", "redacted"), "$b": ("Soft food for three days", None), "$a2": ("", "redacted"), "$r": ("", None)}


def test_erasing_twice_finds_text_once(store: Store) -> None:
    with store.transaction() as tx:
        keep(tx, event("a"))
        assert tx.erase([EventId("$a")], "off_record") == {EventId("$a")}
        assert tx.erase([EventId("$a")], "redacted") == frozenset()


def test_the_words_of_a_fact_are_erased_when_it_is_handled(store: Store, path: Path) -> None:
    outcome = Outcome("h", (), (), scrubbed=(Span(EventId("$a"), 0, 4, "name", CANARY),))
    with store.transaction() as tx:
        numbers = [tx.add_fact(command(CANARY), WEDNESDAY), tx.add_fact(Thought(NOW, 1, outcome), WEDNESDAY)]
    with store.transaction() as tx:
        tx.handled(numbers)
    assert CANARY.encode() not in bytes_of(path)


def test_the_words_of_a_draft_are_gone_once_the_record_is_stored_without_them(store: Store, path: Path) -> None:
    draft = Draft(1, DocumentId("liver-spot/2026-10-07/t8"), Summary(ThreadId("t8"), CANARY * 900, (), (), (), 4, 6))
    record = Record(WEDNESDAY, LIVER, ROOM, NOW, drafts=(draft,))
    with store.transaction() as tx:
        tx.save_record(record, None)
        number = tx.add_fact(Withdrawn(NOW, frozenset({EventId("$a")}), "redacted"), WEDNESDAY)
    assert CANARY.encode() in bytes_of(path)
    with store.transaction() as tx:
        tx.save_record(replace(record, drafts=()), None)
        tx.handled([number])
    assert CANARY.encode() not in bytes_of(path)


def test_an_erasure_that_a_reader_held_up_is_made_good_after_the_next_transaction(store: Store, path: Path) -> None:
    with store._engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout=1")
    with store.transaction() as tx:
        keep(tx, event("a", CANARY))
    with closing(sqlite3.connect(path)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT body FROM events").fetchall()
        with store.transaction() as tx:
            tx.erase([EventId("$a")], "redacted")
        assert CANARY.encode() in bytes_of(path)
    with store.transaction() as tx:
        tx.save_token("s2")
    assert CANARY.encode() not in bytes_of(path)


# --- nothing leaks -------------------------------------------------------------------------------------------------


def test_no_logger_at_debug_hears_what_is_written_or_read(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "sqlalchemy.engine")
    caplog.set_level(logging.DEBUG, "sqlalchemy.engine.Engine.store")
    with store.transaction() as tx:
        keep(tx, event("a", CANARY))
        tx.add_fact(command(CANARY), None)
        assert tx.kept(WEDNESDAY)[0].event.body == CANARY
        assert len(tx.new_facts(None)) == 1
    assert CANARY not in caplog.text


def test_a_write_that_fails_is_reported_without_what_it_would_have_written(store: Store) -> None:
    with store._engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 2}")
    with pytest.raises(StoreError, match="full") as caught, store.transaction() as tx:
        keep(tx, event("a", f"{CANARY} " * 5000))
    assert CANARY not in str(caught.getrepr(showlocals=False, style="native", chain=True))


def test_a_row_that_cannot_be_read_is_reported_without_its_content(store: Store, path: Path) -> None:
    with store.transaction() as tx:
        tx.add_fact(command(CANARY), None)
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("UPDATE facts SET payload = replace(payload, 'moderator', 'cook')")
    with pytest.raises(StoreError, match=r"A stored Commanded cannot be read \(moderator\)") as caught, store.transaction() as tx:
        tx.new_facts(None)
    assert CANARY not in str(caught.getrepr(showlocals=False, style="native", chain=True))


def test_a_fact_of_a_newer_version_is_reported_by_its_name(store: Store, path: Path) -> None:
    with store.transaction() as tx:
        tx.add_fact(Closed(NOW, "silence"), None)
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("UPDATE facts SET kind = 'Teleported'")
    with pytest.raises(StoreError, match="holds a Teleported, which this version does not know"), store.transaction() as tx:
        tx.new_facts(None)
