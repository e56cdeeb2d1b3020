"""The tables, as the newest migration leaves them.

No text of a member lives outside `events.body`, `facts.payload` and `records.record`; what facilitators said of dates stands in `agendas`."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Boolean, Column, DateTime, Dialect, Index, Integer, MetaData, String, Table, Text
from sqlalchemy.types import TypeDecorator


class Moment(TypeDecorator[datetime]):
    """An aware UTC datetime. SQLite keeps it as text of one width, so that comparing text compares time."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC; a moment without a zone is refused, since nobody could say later which one was meant."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A moment without a time zone cannot be stored.")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Back to an aware datetime, which SQLite cannot keep."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


METADATA = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    }
)


# --- ourselves --------------------------------------------------------------------------------------------------

account = Table(
    "account",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),  # always 1
    Column("user_id", String, nullable=False),
    Column("device_id", String, nullable=False),
    Column("access_token", String, nullable=False),
    Column("homeserver", String, nullable=False),
)

remembered = Table(  # single values: sync_token, began_at, sender_key
    "remembered",
    METADATA,
    Column("name", String, primary_key=True),
    Column("value", Text, nullable=False),
)

troubles = Table(
    "troubles",
    METADATA,
    Column("kind", String, primary_key=True),
    Column("sentence", Text, nullable=False),
    Column("since", Moment, nullable=False),
)

# --- rooms --------------------------------------------------------------------------------------------------------

rooms = Table(
    "rooms",
    METADATA,
    Column("room_id", String, primary_key=True),
    Column("replaced_by", String),
    Column("state", Text, nullable=False),
)

direct_rooms = Table(
    "direct_rooms",
    METADATA,
    Column("user_id", String, primary_key=True),
    Column("room_id", String, nullable=False),
)

floors = Table(
    "floors",
    METADATA,
    Column("room_id", String, primary_key=True),
    Column("meeting", String, nullable=False, index=True),
    Column("floor", Text, nullable=False),
)

# --- what was heard -----------------------------------------------------------------------------------------------

events = Table(  # without `meeting`: heard and not kept, a bare id
    "events",
    METADATA,
    Column("position", Integer, primary_key=True),
    Column("event_id", String, nullable=False, unique=True),
    Column("room_id", String, nullable=False),
    Column("at", Moment, nullable=False),
    Column("meeting", String),
    Column("kind", String),
    Column("sender", String),
    Column("name", Text),  # the display name at the time
    Column("moderator", Boolean),
    Column("target", String, index=True),
    Column("left_out", String),
    Column("event", Text),  # the rest of it, without its body
    Column("body", Text, nullable=False),
    Index("ix_events_meeting_position", "meeting", "position"),
    Index("ix_events_sender_meeting", "sender", "meeting"),
)

gaps = Table(
    "gaps",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("meeting", String, index=True),
    Column("room_id", String, nullable=False),
    Column("after", Moment),
    Column("before", Moment),
    Column("reason", Text, nullable=False),
)

skipped = Table(  # `meeting` is empty where there was none
    "skipped",
    METADATA,
    Column("meeting", String, primary_key=True),
    Column("reason", String, primary_key=True),
    Column("how_many", Integer, nullable=False),
)

# --- meetings -----------------------------------------------------------------------------------------------------

consents = Table(  # only ever added to; the last one counts
    "consents",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("series", String, nullable=False, index=True),
    Column("user_id", String, nullable=False),
    Column("level", String, nullable=False),
    Column("at", Moment, nullable=False),
    Column("source", String, nullable=False),
    Column("event_id", String),
)

facts = Table(  # `payload` is emptied once handled, where it may hold a member's words
    "facts",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("meeting", String),
    Column("kind", String, nullable=False),
    Column("payload", Text),
    Column("handled", Boolean, nullable=False),
    Index("ix_facts_handled_meeting", "handled", "meeting", "id"),
    Index("ix_facts_meeting", "meeting"),
)

records = Table(
    "records",
    METADATA,
    Column("key", String, primary_key=True),
    Column("series", String, nullable=False, index=True),
    Column("phase", String, nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("wake_at", Moment, index=True),
    Column("record", Text, nullable=False),
)

numbers = Table(
    "numbers",
    METADATA,
    Column("management_room", String, primary_key=True),
    Column("first_free", Integer, nullable=False),
)

# --- the schedule ---------------------------------------------------------------------------------------------------

agendas = Table(
    "agendas",
    METADATA,
    Column("series", String, primary_key=True),
    Column("next_at", Moment, index=True),  # when something has to be said of it
    Column("agenda", Text, nullable=False),
)

zones = Table(  # the zone that a member wants times in
    "zones",
    METADATA,
    Column("user_id", String, primary_key=True),
    Column("zone", String, nullable=False),
)

# --- what is to be done, and what it became -----------------------------------------------------------------------

outbox = Table(
    "outbox",
    METADATA,
    Column("id", Integer, primary_key=True),  # the order in which effects were decided
    Column("key", String, nullable=False, unique=True),
    Column("kind", String, nullable=False),
    Column("target", String, nullable=False),
    Column("meeting", String, index=True),
    Column("effect", Text, nullable=False),
    Column("state", String, nullable=False),  # waiting, claimed, done, dropped, missed, failed
    Column("not_before", Moment),
    Column("not_after", Moment),
    Column("next_try_at", Moment, nullable=False),
    Column("decided_at", Moment, nullable=False),
    Column("first_tried_at", Moment),
    Column("attempts", Integer, nullable=False),
    Column("event_id", String, index=True),
    Column("note", Text, nullable=False),
    Index("ix_outbox_state", "state", "id"),
    Index("ix_outbox_target_state", "target", "state", "id"),
)

ledger = Table(  # which message stands behind which published statement; holds no text and outlives the transcript
    "ledger",
    METADATA,
    Column("document", String, primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("statement", Integer, primary_key=True, autoincrement=False),
    Column("event_id", String, primary_key=True, index=True),
    Column("sender_key", String, nullable=False, index=True),
    Column("meeting", String, nullable=False),
    Column("version", Integer, nullable=False),
)
