"""Rows that are kept for people's sake: which message stands behind which published statement, and what an operator must mend."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select

from peerplugin.core.model import DocumentId, EventId, MeetingKey, UserId
from peerplugin.store import tables
from peerplugin.store.rows import Rows, in_chunks

SENDER_KEY = "sender_key"
_L = tables.ledger.c


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One message behind one statement of one revision of a published document. No text, and the sender only as a keyed hash."""

    event_id: EventId
    sender_key: str
    meeting: MeetingKey
    document: DocumentId
    statement: int
    revision: int
    version: int  # of the post in the forum


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something a person must act on, and since when."""

    kind: str
    sentence: str
    since: datetime


class LedgerRows(Rows):
    """The ledger and open troubles."""

    def sender_key(self, user: UserId) -> str:
        """A member's name in the ledger: the same each time, and of no use without this store's secret."""
        secret = self._connection.execute(select(tables.remembered.c.value).where(tables.remembered.c.name == SENDER_KEY)).scalar_one()
        return hmac.new(secret.encode(), user.encode(), hashlib.sha256).hexdigest()[:32]

    def enter_ledger(self, rows: Sequence[LedgerRow]) -> None:
        """Note what was published; the same row again only brings its version up to date."""
        for row in rows:
            entry = {"document": row.document, "revision": row.revision, "statement": row.statement, "event_id": row.event_id}
            self._put(tables.ledger, {**entry, "sender_key": row.sender_key, "meeting": row.meeting, "version": row.version})

    def ledger(self, document: DocumentId) -> tuple[LedgerRow, ...]:
        """What stands behind a document, by revision and statement."""
        query = select(tables.ledger).where(_L.document == document).order_by(_L.revision, _L.statement, _L.event_id)
        return tuple(
            LedgerRow(
                EventId(row["event_id"]),
                row["sender_key"],
                MeetingKey(row["meeting"]),
                DocumentId(row["document"]),
                row["statement"],
                row["revision"],
                row["version"],
            )
            for row in self._all(query)
        )

    def strike(self, event_ids: Iterable[EventId]) -> frozenset[DocumentId]:
        """Forget that these messages stood behind anything. Returns the documents they stood behind."""
        touched: set[DocumentId] = set()
        for chunk in in_chunks(event_ids):
            touched.update(DocumentId(found) for found in self._values(select(_L.document).where(_L.event_id.in_(chunk)).distinct()))
            self._connection.execute(delete(tables.ledger).where(_L.event_id.in_(chunk)))
        return frozenset(touched)

    # --- troubles -----------------------------------------------------------------------------------------------------

    def trouble(self, kind: str, sentence: str, now: datetime) -> bool:
        """Something is wrong. True: it was not known yet, so somebody should be told."""
        return self._add(tables.troubles, {"kind": kind, "sentence": sentence, "since": now}, tables.troubles.c.kind)

    def calm(self, kind: str) -> bool:
        """It is mended. True: it had been wrong."""
        return self._connection.execute(delete(tables.troubles).where(tables.troubles.c.kind == kind)).rowcount > 0

    def troubles(self) -> tuple[Trouble, ...]:
        """What is wrong now, oldest first."""
        rows = self._all(select(tables.troubles).order_by(tables.troubles.c.since, tables.troubles.c.kind))
        return tuple(Trouble(row["kind"], row["sentence"], row["since"]) for row in rows)
