"""Rows about the schedule: the agenda of each series with the moment to look at it again, and the zones members want their times in."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from sqlalchemy import delete, func, or_, select, update

from peerplugin.core.agenda import Agenda
from peerplugin.core.model import SeriesId, UserId
from peerplugin.store import tables
from peerplugin.store.codec import dump, load
from peerplugin.store.rows import Rows

_A = tables.agendas.c
_Z = tables.zones.c


@lru_cache(maxsize=512)
def _agenda(text: str) -> Agenda:
    # Every transaction that looks at a meeting wants to know what became of its date: the same row is read far more often than it changes.
    return load(Agenda, text)


class AgendaRows(Rows):
    """Agendas and zones."""

    def agenda(self, series: SeriesId) -> Agenda | None:
        """What a series promised, if it was ever looked at."""
        text = self._one(_A.agenda, _A.series, series)
        return None if text is None else _agenda(text)

    def agendas(self) -> dict[SeriesId, Agenda]:
        """All of them, by their series."""
        return {SeriesId(row["series"]): _agenda(row["agenda"]) for row in self._all(select(_A.series, _A.agenda))}

    def save_agenda(self, agenda: Agenda, next_at: datetime | None) -> None:
        """Remember it, and when something has to be said of it again."""
        self._put(tables.agendas, {"series": agenda.series, "next_at": next_at, "agenda": dump(agenda)})

    def agendas_due(self, now: datetime) -> tuple[SeriesId, ...]:
        """The series whose moment has come."""
        return tuple(SeriesId(one) for one in self._values(select(_A.series).where(_A.next_at <= now).order_by(_A.next_at, _A.series)))

    def agenda_due(self, series: SeriesId) -> datetime | None:
        """When one of them is to be looked at."""
        return self._one(_A.next_at, _A.series, series)

    def look_at_agendas(self, now: datetime) -> None:
        """The settings may have changed: every agenda is looked at."""
        self._connection.execute(update(tables.agendas).where(or_(_A.next_at.is_(None), _A.next_at > now)).values(next_at=now))

    def next_agenda(self) -> datetime | None:
        """The soonest moment of any."""
        return self._connection.execute(select(func.min(_A.next_at))).scalar()

    # --- zones ------------------------------------------------------------------------------------------------------

    def zone_of(self, user: UserId) -> str | None:
        """The zone that a member wants times in."""
        return self._one(_Z.zone, _Z.user_id, user)

    def save_zone(self, user: UserId, zone: str | None) -> None:
        """Remember it; None: forget it."""
        if zone is None:
            self._connection.execute(delete(tables.zones).where(_Z.user_id == user))
        else:
            self._put(tables.zones, {"user_id": user, "zone": zone})
