"""The store: one SQLite file, one writer, explicit transactions. What is erased is gone from the file when the transaction is over."""

from __future__ import annotations

import logging
import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection, Engine, create_engine, event, select
from sqlalchemy.exc import DBAPIError

from peerplugin.errors import MistakeError
from peerplugin.store import tables
from peerplugin.store.agendas import AgendaRows
from peerplugin.store.codec import StoreError
from peerplugin.store.events import EventRows
from peerplugin.store.ledger import SENDER_KEY, LedgerRows
from peerplugin.store.meetings import MeetingRows
from peerplugin.store.migrations import bring_up_to_date
from peerplugin.store.outbox import OutboxRows
from peerplugin.store.rooms import RoomRows

BUSY_TIMEOUT_S = 10
"""How long we wait for another process (a backup, `status`) to be done with the file."""


class Tx(RoomRows, EventRows, MeetingRows, AgendaRows, OutboxRows, LedgerRows):
    """Everything that can be read and written within one transaction."""


class Store:
    """What the service remembers. Synchronous: to be used from one thread, one transaction at a time."""

    def __init__(self, path: Path, engine: Engine) -> None:
        self.path = path
        self._engine = engine
        self._busy = False
        self._log_owed = False  # something was erased, and a reader kept its old page in the log

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """Open the store, make it if there is none, and bring its tables up to date. MistakeError: the path is no place for it."""
        file = Path(path)
        _claim_file(file)
        engine = _engine(file)
        try:
            with engine.begin() as connection:
                bring_up_to_date(connection, file)
                _first_secret(connection)
        except DBAPIError as error:
            engine.dispose()
            raise MistakeError(_cannot_open(file, error)) from error
        except MistakeError:
            engine.dispose()
            raise
        return cls(file, engine)

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()

    @contextmanager
    def transaction(self) -> Iterator[Tx]:
        """All or nothing: what is written within is stored, durably, when the block ends; an exception undoes it."""
        if self._busy:
            raise RuntimeError("A transaction of this store is running already: they do not nest, and belong to one thread.")
        self._busy = True
        try:
            with self._engine.begin() as connection:
                tx = Tx(connection)
                yield tx
            if tx.erased or self._log_owed:
                self._log_owed = not self._empty_log()
        except DBAPIError as error:
            raise StoreError(
                f"The store {self.path} could not be read or written ({error.orig}). Is the disk full, or the file damaged?"
            ) from error
        finally:
            self._busy = False

    def backup(self, file: str | Path) -> None:
        """Copy the store while it runs, as it stood after the last finished transaction. The copy holds all secrets, as the store does."""
        copy = Path(file)
        if copy.resolve() == self.path.resolve():
            raise MistakeError(f"{copy} is the store itself: name another file for its copy.")
        if not copy.parent.is_dir():
            raise MistakeError(f"The folder {copy.parent} does not exist: make it, or name another place for the copy.")
        part = copy.with_name(copy.name + ".part")
        try:
            part.unlink(missing_ok=True)
            part.touch(mode=0o600)
            _copy(self.path, part)
            part.replace(copy)
        except (OSError, sqlite3.Error) as error:
            part.unlink(missing_ok=True)
            raise StoreError(f"The store {self.path} could not be copied to {copy} ({error}). Is there room for it?") from error

    def vacuum(self) -> None:
        """Write the file anew, without the room that deleted rows leave."""
        self._empty_log()
        self._outside_transaction("VACUUM")
        self._empty_log()

    def _empty_log(self) -> bool:
        # Pages as they were before still stand in the write-ahead log; truncating it is what makes an erasure one.
        (kept_waiting, _, _) = self._outside_transaction("PRAGMA wal_checkpoint(TRUNCATE)")
        return not kept_waiting

    def _outside_transaction(self, statement: str) -> tuple[int, ...]:
        connection = self._engine.raw_connection()
        try:
            with closing(connection.cursor()) as cursor:
                cursor.execute(statement)
                return tuple(cursor.fetchone() or ())
        except sqlite3.Error as error:
            raise StoreError(f"The store {self.path} could not be tidied up ({error}). Is another program holding it?") from error
        finally:
            connection.close()


def _claim_file(file: Path) -> None:
    """Make the file, for our eyes only: it holds an access token and what patients said."""
    if not file.parent.is_dir():
        raise MistakeError(f"The folder {file.parent} of the store does not exist: make it, or let the setting `store` name another place.")
    try:
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise MistakeError(
            f"The store {file} cannot be written ({error.strerror}): give the service's user the right to, or name another file."
        ) from error


def _engine(file: Path) -> Engine:
    engine = create_engine(
        f"sqlite:///{file}",
        pool_size=1,
        max_overflow=0,
        hide_parameters=True,  # an error or a log line must not quote what somebody wrote
        logging_name="store",
        connect_args={"timeout": BUSY_TIMEOUT_S, "check_same_thread": False},
    )
    # At DEBUG SQLAlchemy would log every row that it reads, whoever turned that level on.
    logging.getLogger("sqlalchemy.engine.Engine.store").addFilter(_only_warnings)
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)
    return engine


def _only_warnings(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING


def _on_connect(connection: sqlite3.Connection, _record: object) -> None:
    # The driver would begin transactions by itself, late and not for reading: SQLAlchemy's page on SQLite says how to take that over.
    connection.isolation_level = None
    for setting in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {setting}").close()


def _on_begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _first_secret(connection: Connection) -> None:
    known = tables.remembered.c
    if connection.execute(select(known.value).where(known.name == SENDER_KEY)).scalar() is None:
        connection.execute(tables.remembered.insert(), {"name": SENDER_KEY, "value": secrets.token_hex(32)})


def _cannot_open(file: Path, error: DBAPIError) -> str:
    reason: Any = error.orig
    code = getattr(reason, "sqlite_errorcode", None)
    if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        return f"{file} is not a store of peerplugin, or it is damaged ({reason}): restore a backup, or let the setting `store` name another file."
    return f"The store {file} cannot be opened ({reason}): see to the rights of the file and of its folder, and that no other program holds it."


def _copy(source: Path, target: Path) -> None:
    """SQLite's own way: a snapshot of the last commit, whatever is being written meanwhile."""
    with closing(sqlite3.connect(source, timeout=BUSY_TIMEOUT_S)) as reader, closing(sqlite3.connect(target)) as writer:
        reader.backup(writer)
        (verdict,) = writer.execute("PRAGMA quick_check").fetchone()
        if verdict != "ok":
            raise sqlite3.DatabaseError(f"the copy is damaged: {verdict}")
