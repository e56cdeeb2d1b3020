"""What a running service knows from its settings: the series, the words, the rules of thinking. One value, made once by `app`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from peerplugin.core.capture import transcript
from peerplugin.core.facts import Place
from peerplugin.core.model import Level, MeetingKey, RoomId, Series, SeriesId, Transcript, UserId
from peerplugin.core.rules import Rules
from peerplugin.core.words import Words
from peerplugin.settings import config_dir
from peerplugin.store import Tx


@dataclass(frozen=True, slots=True)
class Group:
    """Everything that is decided before the service starts."""

    us: UserId
    series: tuple[Series, ...]
    words: Words
    rules: Rules
    models: Path = field(default_factory=lambda: config_dir() / "models")  # what was learned: a folder that only thinking opens

    def of(self, series_id: SeriesId) -> Series | None:
        """A series by its id; None where it has left the settings."""
        return next((s for s in self.series if s.series_id == series_id), None)

    def desks(self) -> tuple[RoomId, ...]:
        """All management rooms."""
        return tuple(dict.fromkeys(s.management_room for s in self.series))

    def place_of(self, tx: Tx, room: RoomId) -> tuple[Place, tuple[Series, ...]] | None:
        """What a room is to us, and which series it concerns; None: none of our business. Upgraded rooms count as the old ones."""
        held = tuple(s for s in self.series if tx.current_room(s.room) == room)
        if held:
            return "room", held
        managed = tuple(s for s in self.series if tx.current_room(s.management_room) == room)
        if managed:
            return "management", managed
        state = tx.room_state(room)
        if state is not None and state.direct_with is not None:
            return "direct", tuple(s for s in self.series if state.direct_with in self.known_in(tx, s))
        return None

    def known_in(self, tx: Tx, series: Series) -> Iterable[UserId]:
        """Who is, or was, in a series' room."""
        state = tx.room_state(tx.current_room(series.room))
        return state.names if state is not None else ()


def transcript_of(tx: Tx, key: MeetingKey, series: Series, us: UserId) -> Transcript:
    """A stored meeting as thinking may see it now: with the consents of now."""
    state = tx.room_state(tx.current_room(series.room))
    roster = {user: names for user, names in state.names.items() if user != us} if state is not None else {}
    kept = tx.kept(key)
    for row in kept:  # who has left long ago is not in today's roster, but wrote
        if row.name and row.name not in roster.get(row.event.sender, ()):
            roster[row.event.sender] = (*roster.get(row.event.sender, ()), row.name)
    return transcript(
        key, kept, default=Level(series.default_consent), consents=tx.consents(series.series_id), roster=roster, gaps=tx.gaps(key)
    )
