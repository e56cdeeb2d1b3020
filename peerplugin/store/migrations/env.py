"""Alembic's entry: run the steps over the connection that was handed in, in its transaction."""

from __future__ import annotations

from alembic import context

from peerplugin.store.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
