"""A dry run: the same service over a chat that only listens and a forum of paper. What would be done is printed, not done."""

from __future__ import annotations

import hashlib
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from peerplugin.core.effects import Document, Publication
from peerplugin.core.model import EventId, RoomId, UserId
from peerplugin.core.publish import document_digest
from peerplugin.ports import Batch, Chat
from peerplugin.store import Store


@contextmanager
def store_copy(path: Path) -> Iterator[Store]:
    """A copy of the store that is thrown away: the real one still has everything to do."""
    with tempfile.TemporaryDirectory(prefix="peerplugin-dry-run-") as folder:
        file = Path(folder) / "store.sqlite"
        if path.exists():
            original = Store.open(path)
            original.backup(file)
            original.close()
        store = Store.open(file)
        try:
            yield store
        finally:
            store.close()


class PaperChat:
    """Listens for real; says what it would say."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat

    async def sync(self, since: str | None, *, full_state: bool) -> Batch:
        """As the real one."""
        return await self._chat.sync(since, full_state=full_state)

    async def send(self, room: RoomId, event_type: str, content: Mapping[str, object], txn: str) -> EventId:
        """Print the event."""
        _print(f"would send to {room} ({event_type}):", str(content.get("body") or content.get("m.relates_to")))
        return EventId("$paper-" + hashlib.sha256(txn.encode()).hexdigest()[:20])

    async def redact(self, room: RoomId, event_id: EventId, txn: str) -> None:
        """Print the redaction."""
        _print(f"would redact {event_id} in {room}", "")

    async def enter(self, room: RoomId) -> None:
        """Print the room."""
        _print(f"would join {room}", "")

    async def direct_room(self, user: UserId) -> RoomId:
        """Print the room that would be made."""
        _print(f"would open a direct room with {user}", "")
        return RoomId("!paper:" + hashlib.sha256(user.encode()).hexdigest()[:20])


class PaperForum:
    """Prints the documents it is asked to hold."""

    def put(self, document: Document, known: Publication | None) -> Publication:
        """Print the document."""
        _print(
            f"would {'change' if known else 'publish'} {document.document} in category {document.category}: {document.title}", document.raw
        )
        return Publication(document.document, 0, 0, f"paper:{document.document}", 1, document_digest(document))

    def find(self, document: Document) -> Publication | None:
        """Nothing stands on paper."""
        return None

    def withdraw(self, publication: Publication) -> None:
        """Print the document's name."""
        _print(f"would withdraw {publication.document}", "")

    def prove(self, category: int, day: str) -> None:
        """Print the category."""
        _print(f"would make sure, on a throw-away topic, that texts can be taken back in category {category}", "")


def _print(head: str, text: str) -> None:
    """To standard output, for the operator who asked for it: never to a log."""
    sys.stdout.write(head + "\n" + "".join(f"    {line}\n" for line in text.splitlines()))
    sys.stdout.flush()
