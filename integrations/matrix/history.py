"""The hole before a `limited` timeline, filled by reading backwards until where we stopped hearing."""

from __future__ import annotations

from typing import Final

from nio import Api, MessageDirection

from integrations.matrix.connection import NO_TOKEN, Connection
from integrations.matrix.faults import RefusedError
from integrations.matrix.sync import TYPES, Filled, RoomAnswer
from peerplugin.errors import OutsideError

PAGE: Final = 500
_MOST_EVENTS: Final = 20_000
_MOST_TRIES: Final = 3


class History:
    """Fetches what a sync answer left out. Remembers how often a hole resisted, so that one bad room cannot stop the others."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._tries: dict[tuple[str, str], int] = {}

    async def fill(self, room: RoomAnswer, since: str | None) -> Filled:
        """Everything between `since` and the timeline's first event. A first sync has no hole: nothing was promised before it."""
        if since is None or not room.limited:
            return Filled()
        if not room.prev_batch:
            return Filled(reason="the homeserver did not say where the earlier messages are")
        pages: list[list[object]] = []
        hole = (room.room_id, since)
        try:
            reason = await self._pages(room, since, pages)
        except OutsideError as error:
            if not self._is_final(hole, error):
                raise
            reason = f"the earlier messages could not be had ({error.kind})"
        self._tries.pop(hole, None)
        return Filled([event for page in reversed(pages) for event in reversed(page)], reason)

    def _is_final(self, hole: tuple[str, str], error: OutsideError) -> bool:
        """Whether to go on without the hole. What may pass (a restart, a time-out) is tried a few times, by a new sync."""
        if error.kind == "rate_limited" or (isinstance(error, RefusedError) and error.is_dead_token):
            return False
        self._tries[hole] = self._tries.get(hole, 0) + 1
        return error.permanent or self._tries[hole] >= _MOST_TRIES

    async def _pages(self, room: RoomAnswer, since: str, pages: list[list[object]]) -> str:
        """Read page after page into `pages`, newest first; why it stopped early, if it did."""
        what, start = f"reading earlier messages of {room.room_id}", room.prev_batch
        while sum(map(len, pages)) < _MOST_EVENTS:
            request = Api.room_messages(
                NO_TOKEN, room.room_id, start, since, MessageDirection.back, PAGE, {"types": TYPES, "lazy_load_members": False}
            )
            page = await self._connection.ask(what, request)
            chunk, end = page.get("chunk"), page.get("end")
            pages.append(chunk if isinstance(chunk, list) else [])
            if not isinstance(end, str) or end == start:
                return ""
            start = end
        return f"more than {_MOST_EVENTS} events were missed"
