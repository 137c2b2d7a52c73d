"""Keys of meetings: made here, kept wrapped by the keys of the data classes, and used on objects."""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from conclave.services.domain.data_classes import DataClass
from conclave.services.state.keys import KEY_SIZE, DatabaseKeys, UnreadableColumn

__all__ = ["ContentVault", "MeetingKey"]

VERSION = 1
_NONCE_SIZE = 12
_TAG_SIZE = 16


class MeetingKey:
    """Encrypts the objects of one meeting and data class: AES-256-GCM, a random nonce (version, nonce, ciphertext).

    A meeting holds far fewer objects than the 2**32 of NIST SP 800-38D section 8.3. The associated data names the
    object's place, so one that is moved to another id or revision does not open.
    """

    def __init__(self, key: bytes, place: str) -> None:
        self._cipher = AESGCM(key)
        self._place = place

    def __repr__(self) -> str:
        return "<secret>"

    def seal(self, content_id: str, revision: int, octets: bytes) -> bytes:
        """Encrypts one revision of an object."""
        nonce = os.urandom(_NONCE_SIZE)
        return bytes([VERSION]) + nonce + self._cipher.encrypt(nonce, octets, self._data(content_id, revision))

    def open(self, content_id: str, revision: int, blob: bytes) -> bytes:
        """Decrypts it. Raises UnreadableColumn."""
        nonce, sealed = blob[1 : 1 + _NONCE_SIZE], blob[1 + _NONCE_SIZE :]
        if len(sealed) < _TAG_SIZE or blob[0] != VERSION:
            raise UnreadableColumn("content_objects.payload is in a format that this version does not know")
        try:
            return self._cipher.decrypt(nonce, sealed, self._data(content_id, revision))
        except InvalidTag:
            raise UnreadableColumn("content_objects.payload was altered or moved") from None

    def _data(self, content_id: str, revision: int) -> bytes:
        return f"conclave content v1\0{self._place}\0{content_id}\0{revision}".encode()


class ContentVault:
    """Wraps the keys of meetings."""

    def __init__(self, keys: DatabaseKeys, tenant_id: str) -> None:
        self._keys = keys
        self._tenant_id = tenant_id

    def make(self, meeting_id: str, data_class: DataClass) -> tuple[MeetingKey, bytes]:
        """A new key, and what is stored of it."""
        key = os.urandom(KEY_SIZE)
        place = self._place(meeting_id, data_class)
        return MeetingKey(key, place), self._keys.seal(data_class, key, _wrap_data(place))

    def unwrap(self, meeting_id: str, data_class: DataClass, blob: bytes) -> MeetingKey:
        """The key that was stored. Raises UnreadableColumn."""
        place = self._place(meeting_id, data_class)
        return MeetingKey(self._keys.open(data_class, blob, _wrap_data(place), "content_keys.wrapped_key"), place)

    def _place(self, meeting_id: str, data_class: DataClass) -> str:
        return f"{self._tenant_id}\0{meeting_id}\0{data_class.value}"


def _wrap_data(place: str) -> bytes:
    return f"conclave meeting key v1\0{place}".encode()
