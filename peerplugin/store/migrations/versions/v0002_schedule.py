"""The schedule: an agenda for each series, and the zones that members want their times in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Two tables more."""
    op.create_table(
        "agendas",
        sa.Column("series", sa.String(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("agenda", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("series", name="pk_agendas"),
    )
    op.create_index("ix_agendas_next_at", "agendas", ["next_at"])
    op.create_table(
        "zones",
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_zones"),
    )
