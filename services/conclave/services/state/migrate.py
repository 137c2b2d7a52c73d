"""Brings a database to the schema of this version."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from conclave.services.state.engine import CannotOpenDatabase

__all__ = ["HEAD", "SCRIPTS", "migrate"]

HEAD = "0007"
"""The revision of the newest migration; a new one changes this with it."""

SCRIPTS = Path(__file__).with_name("migrations")


def migrate(engine: Engine) -> None:
    """Runs the missing migrations, all in one transaction: a failed one leaves the database as it was.

    Raises CannotOpenDatabase for a database that a newer version has written.
    """
    with engine.begin() as connection:
        if _revision(connection) != HEAD:
            _upgrade(connection)


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision


def _upgrade(connection: Connection) -> None:
    # Imported when there is work for it: a restart in the middle of a meeting must be quick, and this is a fifth of it.
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise CannotOpenDatabase(
            f"the database cannot be brought to this version ({error}); if a newer version of Conclave wrote it, "
            "start that version, or restore the backup made before the upgrade"
        ) from None
