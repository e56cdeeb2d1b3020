"""Numbered steps from an older store to the newest one, run when a store is opened."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, select
from sqlalchemy.sql import column, table

from peerplugin.errors import MistakeError

HEAD = "0002"
"""The newest step. A store that stands there is not looked at any further, and Alembic not even imported."""


def bring_up_to_date(connection: Connection, file: Path) -> None:
    """Run the steps that are missing, within the transaction that is running: all of them or none."""
    version = _version(connection, file)
    if version == HEAD:
        return
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise MistakeError(
            f"The store {file} was written by a newer peerplugin (its tables are {version}, this one knows {HEAD}): install that one again, "
            "or restore the backup you made before."
        ) from error


def _version(connection: Connection, file: Path) -> str | None:
    names = inspect(connection).get_table_names()
    if "alembic_version" in names:
        return connection.execute(select(column("version_num")).select_from(table("alembic_version"))).scalar()
    if names:
        raise MistakeError(f"{file} is the database of another program: let the setting `store` name another file.")
    return None
