"""Files as they leave the device: AES-GCM-HKDF streaming with segments of 1 MiB, as Tink publishes it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from conclave.client.errors import FileDamaged

__all__ = ["CONTENT_KEY_SIZE", "SEGMENT_SIZE", "Layout", "Opener", "Sealer"]

# Bytes of a segment of ciphertext, the first with the header.
SEGMENT_SIZE = 1 << 20
CONTENT_KEY_SIZE = 32
SALT_SIZE = 32
NONCE_PREFIX_SIZE = 7
HEADER_SIZE = 1 + SALT_SIZE + NONCE_PREFIX_SIZE
TAG_SIZE = 16


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a file's plaintext and ciphertext lie in its segments; sizes in bytes."""

    plain_size: int
    segment_size: int = SEGMENT_SIZE

    @property
    def segments(self) -> int:
        """How many there are: an empty file has one."""
        return max(1, -(-(self.plain_size + HEADER_SIZE) // (self.segment_size - TAG_SIZE)))

    @property
    def sealed_size(self) -> int:
        """The whole ciphertext, header and tags included."""
        return HEADER_SIZE + self.plain_size + self.segments * TAG_SIZE

    def plain_size_of(self, segment: int) -> int:
        """How much plaintext a segment holds."""
        starts = [max(0, index * (self.segment_size - TAG_SIZE) - HEADER_SIZE) for index in (segment, segment + 1)]
        return min(starts[1], self.plain_size) - starts[0]

    def sealed_size_of(self, segment: int) -> int:
        """How much ciphertext a segment has, the header not counted."""
        return self.plain_size_of(segment) + TAG_SIZE


class _Segments:
    """What a content key, a file's id and its header make: a key, and nonces that tell each segment's place.

    A nonce has the segment's place and whether it is the last, so that none can be moved, left out or added.
    """

    def __init__(self, content_key: bytes, file_id: str, salt: bytes, nonce_prefix: bytes) -> None:
        # Bound to the file's id: the ciphertext of one file is no other's.
        derivation = HKDF(SHA256(), length=32, salt=salt, info=f"conclave file v1 {file_id}".encode())
        self._cipher = AESGCM(derivation.derive(content_key))
        self._nonce_prefix = nonce_prefix

    def seal(self, index: int, is_last: bool, plaintext: bytes) -> bytes:
        """A segment's ciphertext. One index is sealed once."""
        return self._cipher.encrypt(self._nonce(index, is_last), plaintext, None)

    def open(self, index: int, is_last: bool, ciphertext: bytes) -> bytes:
        """A segment's plaintext. Raises FileDamaged."""
        try:
            return self._cipher.decrypt(self._nonce(index, is_last), ciphertext, None)
        except InvalidTag:
            raise FileDamaged("the file is not as its author sent it; nothing of it is kept") from None

    def _nonce(self, index: int, is_last: bool) -> bytes:
        return self._nonce_prefix + index.to_bytes(4, "big") + bytes([is_last])


class Sealer:
    """Seals one file once, from its beginning to its end. salt, nonce_prefix: random, but for tests with vectors."""

    def __init__(
        self, content_key: bytes, file_id: str, layout: Layout, salt: bytes = b"", nonce_prefix: bytes = b""
    ) -> None:
        self._salt = salt or secrets.token_bytes(SALT_SIZE)
        self._nonce_prefix = nonce_prefix or secrets.token_bytes(NONCE_PREFIX_SIZE)
        self._segments = _Segments(content_key, file_id, self._salt, self._nonce_prefix)
        self._layout = layout

    def seal(self, file: BinaryIO) -> Iterator[bytes]:
        """The header, then each segment. Raises FileDamaged when the file has become shorter than it was."""
        yield bytes([HEADER_SIZE]) + self._salt + self._nonce_prefix
        for index in range(self._layout.segments):
            size = self._layout.plain_size_of(index)
            plaintext = file.read(size)
            if len(plaintext) != size:
                raise FileDamaged("the file has become shorter while it was sent")
            yield self._segments.seal(index, index == self._layout.segments - 1, plaintext)


class Opener:
    """Opens one file from its beginning, as its bytes come."""

    def __init__(self, content_key: bytes, file_id: str, layout: Layout) -> None:
        self._content_key, self._file_id, self._layout = content_key, file_id, layout
        self._waiting = bytearray()
        self._segments: _Segments | None = None
        self._next = 0

    @property
    def finished(self) -> bool:
        """Whether the last segment is open: before that, a file may have been cut short."""
        return self._next == self._layout.segments

    def open(self, sealed: bytes) -> bytes:
        """Takes the next bytes; returns the plaintext of the segments that are complete. Raises FileDamaged."""
        self._waiting += sealed
        if self._segments is None:
            if len(self._waiting) < HEADER_SIZE:
                return b""
            if self._waiting[0] != HEADER_SIZE:
                raise FileDamaged("the file is not in the format of shared files")
            salt, prefix = bytes(self._waiting[1 : 1 + SALT_SIZE]), bytes(self._waiting[1 + SALT_SIZE : HEADER_SIZE])
            self._segments = _Segments(self._content_key, self._file_id, salt, prefix)
            del self._waiting[:HEADER_SIZE]
        opened = bytearray()
        while not self.finished and len(self._waiting) >= (size := self._layout.sealed_size_of(self._next)):
            last = self._next == self._layout.segments - 1
            opened += self._segments.open(self._next, last, bytes(self._waiting[:size]))
            del self._waiting[:size]
            self._next += 1
        if self.finished and self._waiting:
            raise FileDamaged("the file is longer than its author said")
        return bytes(opened)
