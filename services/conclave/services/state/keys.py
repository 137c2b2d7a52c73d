"""The keys of the database, derived from one key file until the key service exists."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from conclave.services.domain.data_classes import DataClass

__all__ = ["DatabaseKeys", "read_database_keys"]

KEY_SIZE = 32


class DatabaseKeys:
    """What is derived from the key file (HKDF-SHA-256, RFC 5869): the database's key, and one key a data class."""

    def __init__(self, root: bytes) -> None:
        if len(root) != KEY_SIZE:
            raise ValueError(f"a database key has {KEY_SIZE} bytes")
        self.key_id = hashlib.sha256(b"conclave database key id v1" + root).digest()[:4]
        self._database_key = _derive(root, "conclave database v1")
        self._ciphers = {
            data_class: AESGCM(_derive(root, f"conclave column v1 {data_class.value}")) for data_class in DataClass
        }

    def __repr__(self) -> str:
        return "<secret>"

    def database_key_hex(self) -> str:
        """The SQLCipher key, for PRAGMA key. Secret."""
        return self._database_key.hex()

    def cipher(self, data_class: DataClass) -> AESGCM:
        """The cipher of one kind of data."""
        return self._ciphers[data_class]


def read_database_keys(path: Path) -> DatabaseKeys:
    """Reads the key file: 64 hexadecimal digits. Raises ValueError that never repeats what the file holds."""
    text = path.read_text("ascii").strip()
    if re.fullmatch(r"[0-9a-fA-F]{64}", text) is None:
        raise ValueError(
            f"{path} does not hold 64 hexadecimal digits; restore it from the backup of the state directory"
        )
    return DatabaseKeys(bytes.fromhex(text))


def _derive(root: bytes, label: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_SIZE, salt=None, info=label.encode("ascii")).derive(root)
