"""Reads and writes the presentation language of MLS (RFC 9420 section 2.1)."""

from __future__ import annotations

from conclave.services.mls.errors import HandshakeInvalid

__all__ = ["Reader", "write_vector"]


class Reader:
    """Walks over bytes; a read past their end is HandshakeInvalid."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.offset = 0

    @property
    def at_end(self) -> bool:
        return self.offset == len(self._data)

    def take(self, size: int) -> bytes:
        end = self.offset + size
        if end > len(self._data):
            raise HandshakeInvalid("the MLS message is cut off")
        taken = self._data[self.offset : end]
        self.offset = end
        return taken

    def integer(self, size: int) -> int:
        """An unsigned integer of so many bytes."""
        return int.from_bytes(self.take(size))

    def vector(self) -> bytes:
        """A vector of variable size (RFC 9420 section 2.1.2)."""
        first = self.integer(1)
        prefix = first >> 6
        if prefix == 3:
            raise HandshakeInvalid("an MLS vector has no valid length")
        size = 1 << prefix
        length = (first & 0x3F) << 8 * (size - 1) | self.integer(size - 1)
        if size > 1 and length < 1 << (8 * (size // 2) - 2):
            raise HandshakeInvalid("an MLS vector's length is not as short as it could be")
        return self.take(length)

    def since(self, offset: int) -> bytes:
        """What was read since an offset."""
        return self._data[offset : self.offset]

    def end(self) -> None:
        if not self.at_end:
            raise HandshakeInvalid("something follows the MLS message")


def write_vector(data: bytes) -> bytes:
    """A vector of variable size. Raises HandshakeInvalid for one of a gigabyte or more."""
    for prefix, size in enumerate((1, 2, 4)):
        if len(data) < 1 << (8 * size - 2):
            return (prefix << (8 * size - 2) | len(data)).to_bytes(size) + data
    raise HandshakeInvalid("the MLS message is too long")
