"""The keys of the database, derived from one key file until the key service exists."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from conclave.services.domain.data_classes import DataClass

__all__ = ["DatabaseKeys", "UnreadableColumn", "read_database_keys"]

KEY_SIZE = 32
VERSION = 1
"""Layout of what is sealed: version (1 byte), key id (4), nonce (12), AES-256-GCM ciphertext and tag."""

_NONCE_SIZE = 12
_HEADER_SIZE = 5 + _NONCE_SIZE
_TAG_SIZE = 16


class UnreadableColumn(Exception):
    """A stored value does not authenticate: another key, another place, or altered."""


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

    def seal(self, data_class: DataClass, value: bytes, associated_data: bytes) -> bytes:
        """Encrypts a value with the key of its data class and a random nonce."""
        nonce = os.urandom(_NONCE_SIZE)
        sealed = self._ciphers[data_class].encrypt(nonce, value, associated_data)
        return bytes([VERSION]) + self.key_id + nonce + sealed

    def open(self, data_class: DataClass, blob: bytes, associated_data: bytes, place: str) -> bytes:
        """Decrypts it. place: the column, for the message. Raises UnreadableColumn."""
        if len(blob) < _HEADER_SIZE + _TAG_SIZE or blob[0] != VERSION:
            raise UnreadableColumn(f"{place} holds a value in a format that this version does not know")
        if blob[1:5] != self.key_id:
            raise UnreadableColumn(f"{place} was written with another key file; restore database.key")
        try:
            return self._ciphers[data_class].decrypt(blob[5:_HEADER_SIZE], blob[_HEADER_SIZE:], associated_data)
        except InvalidTag:
            raise UnreadableColumn(f"{place} holds a value that was altered or moved") from None


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
