"""What the room and the moderators now hear of a meeting, and until when it is worth saying."""

from __future__ import annotations

from datetime import datetime, timedelta

from peerplugin.core.effects import Say
from peerplugin.core.facts import Commanded, Paused
from peerplugin.core.model import EventId, Series
from peerplugin.core.record import Record

SOON = timedelta(minutes=30)
DAY = timedelta(hours=24)


def started(record: Record, series: Series) -> Say:
    """The recording state is visible: what is noted, what becomes of it, how to stay out."""
    return Say(key=f"started:{record.key}", meeting=record.key, room=record.room, text="meeting-started", not_after=record.ends_at)


def paused(record: Record, fact: Paused) -> Say:
    """Noting stopped, or goes on."""
    text = "meeting-paused" if fact.paused else "meeting-resumed"
    return Say(key=f"paused:{fact.event_id}", meeting=record.key, room=record.room, text=text, not_after=fact.at + SOON)


def ended(record: Record, series: Series) -> Say:
    """Noted until here."""
    until = record.closed_at + DAY if record.closed_at else None
    return Say(key=f"ended:{record.key}", meeting=record.key, room=record.room, text="meeting-ended", not_after=until)


def drafted(record: Record, series: Series, count: int) -> Say:
    """The moderators hear how many drafts there are, and which threads are withheld and why."""
    text = "drafted" if count else "nothing-drafted"
    key = f"drafted:{record.key}:{record.round}"
    return Say(key=key, meeting=record.key, room=series.management_room, text=text, values={"round": record.round})


def published(record: Record, not_before: datetime | None) -> Say:
    """The summary is public: the room gets the link, once the moderators are through or have let it rest."""
    return Say(key=f"published:{record.key}", meeting=record.key, room=record.room, text="meeting-published", not_before=not_before)


def at_desk(record: Record, series: Series, fact: Commanded, text: str) -> Say:
    """A short answer to a moderator's command."""
    return Say(key=f"say:{fact.event_id}", meeting=record.key, room=series.management_room, text=text)


def questions(record: Record, series: Series, asked: EventId | None = None) -> tuple[Say, ...]:
    """The facilitators get what members sent for the guest: at the start, and again with each later one."""
    if not record.guest:
        return ()
    key = f"quote:guest:{record.key}:{asked or ''}:{record.withdrawals}"
    return (Say(key=key, meeting=record.key, room=series.management_room, text="guest-questions", not_after=record.ends_at),)
