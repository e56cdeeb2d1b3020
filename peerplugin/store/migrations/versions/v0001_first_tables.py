"""The first tables. The shapes are written out here, not taken from `tables.py`: a step must stay what it was."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """From nothing to the tables of the first release."""
    _ourselves()
    _rooms()
    _events()
    _meetings()
    _outbox()
    _ledger()


def _word(name: str, **options: Any) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=options.pop("nullable", False), **options)


def _text(name: str, **options: Any) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=options.pop("nullable", False), **options)


def _number(name: str, **options: Any) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False, **options)


def _moment(name: str, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=options.pop("nullable", False), **options)


def _table(name: str, key: str | tuple[str, ...], *columns: Any) -> None:
    keys = (key,) if isinstance(key, str) else key
    op.create_table(name, *columns, sa.PrimaryKeyConstraint(*keys, name=f"pk_{name}"))


def _index(table: str, *columns: str, name: str | None = None) -> None:
    op.create_index(name or f"ix_{table}_{'_'.join(columns)}", table, list(columns))


def _ourselves() -> None:
    identity = (_word("user_id"), _word("device_id"), _word("access_token"), _word("homeserver"))
    _table("account", "id", _number("id", autoincrement=False), *identity)
    _table("remembered", "name", _word("name"), _text("value"))
    _table("troubles", "kind", _word("kind"), _text("sentence"), _moment("since"))


def _rooms() -> None:
    _table("rooms", "room_id", _word("room_id"), _word("replaced_by", nullable=True), _text("state"))
    _table("direct_rooms", "user_id", _word("user_id"), _word("room_id"))
    _table("floors", "room_id", _word("room_id"), _word("meeting"), _text("floor"))
    _index("floors", "meeting")


def _events() -> None:
    _table(
        "events",
        "position",
        _number("position"),
        _word("event_id"),
        _word("room_id"),
        _moment("at"),
        _word("meeting", nullable=True),
        _word("kind", nullable=True),
        _word("sender", nullable=True),
        _text("name", nullable=True),
        sa.Column("moderator", sa.Boolean()),
        _word("target", nullable=True),
        _word("left_out", nullable=True),
        _text("event", nullable=True),
        _text("body"),
        sa.UniqueConstraint("event_id", name="uq_events_event_id"),
    )
    _index("events", "meeting", "position")
    _index("events", "sender", "meeting")
    _index("events", "target")
    limits = (_moment("after", nullable=True), _moment("before", nullable=True))
    _table("gaps", "id", _number("id"), _word("meeting", nullable=True), _word("room_id"), *limits, _text("reason"))
    _index("gaps", "meeting")
    _table("skipped", ("meeting", "reason"), _word("meeting"), _word("reason"), _number("how_many"))


def _meetings() -> None:
    said = (_word("level"), _moment("at"), _word("source"), _word("event_id", nullable=True))
    _table("consents", "id", _number("id"), _word("series"), _word("user_id"), *said)
    _index("consents", "series")
    payload: tuple[Any, ...] = (_text("payload", nullable=True), sa.Column("handled", sa.Boolean(), nullable=False))
    _table("facts", "id", _number("id"), _word("meeting", nullable=True), _word("kind"), *payload)
    _index("facts", "handled", "meeting", "id", name="ix_facts_handled_meeting")
    _index("facts", "meeting")
    moments = (_moment("opened_at"), _moment("wake_at", nullable=True))
    _table("records", "key", _word("key"), _word("series"), _word("phase"), *moments, _text("record"))
    _index("records", "series")
    _index("records", "wake_at")
    _table("numbers", "management_room", _word("management_room"), _number("first_free"))


def _outbox() -> None:
    _table(
        "outbox",
        "id",
        _number("id"),
        _word("key"),
        _word("kind"),
        _word("target"),
        _word("meeting", nullable=True),
        _text("effect"),
        _word("state"),
        _moment("not_before", nullable=True),
        _moment("not_after", nullable=True),
        _moment("next_try_at"),
        _moment("decided_at"),
        _moment("first_tried_at", nullable=True),
        _number("attempts"),
        _word("event_id", nullable=True),
        _text("note"),
        sa.UniqueConstraint("key", name="uq_outbox_key"),
    )
    _index("outbox", "meeting")
    _index("outbox", "event_id")
    _index("outbox", "state", "id", name="ix_outbox_state")
    _index("outbox", "target", "state", "id", name="ix_outbox_target_state")


def _ledger() -> None:
    place = (_word("document"), _number("revision", autoincrement=False), _number("statement", autoincrement=False))
    source = (_word("event_id"), _word("sender_key"), _word("meeting"), _number("version"))
    _table("ledger", ("document", "revision", "statement", "event_id"), *place, *source)
    _index("ledger", "event_id")
    _index("ledger", "sender_key")
