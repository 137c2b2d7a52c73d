"""What is in the database of an appliance, read with its own key."""

from __future__ import annotations

from pathlib import Path

import conclave.services.control.assembly  # noqa: F401  It brings every table.
from conclave.services.state.engine import open_sqlcipher
from conclave.services.state.keys import read_database_keys
from conclave.services.state.tables import Row

__all__ = ["stored_values"]


def stored_values(database: Path, keys: Path) -> dict[str, list[bytes]]:
    """Every value of each table, decrypted where its column is, as bytes."""
    engine = open_sqlcipher(database, read_database_keys(keys))
    with engine.connect() as connection:
        stored = {
            table.name: [
                value if isinstance(value, bytes) else str(value).encode()
                for row in connection.execute(table.select())
                for value in row
            ]
            for table in Row.metadata.sorted_tables
        }
    engine.dispose()
    return stored
