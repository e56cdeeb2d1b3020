"""Instants as Discourse writes and reads them."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime


def stamp(at: datetime) -> str:
    """An instant as Discourse writes it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def understood(text: str) -> str | None:
    """An instant that somebody wrote, as Discourse keeps it; without a zone it is UTC. None where it is none."""
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return stamp(at if at.tzinfo else at.replace(tzinfo=UTC))


def in_words(kept: str) -> str:
    """A kept instant as feeds write it."""
    return format_datetime(datetime.fromisoformat(kept))


def in_raw_texts(kept: str) -> str:
    """A kept instant as the heading of a raw text has it."""
    return f"{datetime.fromisoformat(kept):%Y-%m-%d %H:%M:%S} UTC"
