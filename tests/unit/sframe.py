"""SFrame (RFC 9605) written a second time: what the web client sends meets an implementation that is not its own."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE_SIZE = 12


@dataclass(frozen=True)
class Suite:
    """A cipher suite; sizes in bytes. One that authenticates by HMAC has an authentication key."""

    number: int
    hash: str
    encryption_key: int
    authentication_key: int
    tag: int

    @property
    def key_size(self) -> int:
        return self.encryption_key + self.authentication_key


SUITES = {
    suite.number: suite
    for suite in (
        Suite(1, "SHA256", 16, 32, 10),
        Suite(2, "SHA256", 16, 32, 8),
        Suite(3, "SHA256", 16, 32, 4),
        Suite(4, "SHA256", 16, 0, 16),
        Suite(5, "SHA512", 32, 0, 16),
        Suite(6, "SHA512", 32, 64, 10),
        Suite(7, "SHA512", 32, 64, 8),
        Suite(8, "SHA512", 32, 64, 4),
    )
}


def encode_header(kid: int, counter: int) -> bytes:
    """RFC 9605 section 4.3."""
    fields = [b"" if value < 8 else value.to_bytes((value.bit_length() + 7) // 8) for value in (kid, counter)]
    nibbles = [8 | (len(field) - 1) if field else value for value, field in zip((kid, counter), fields, strict=True)]
    return bytes([nibbles[0] << 4 | nibbles[1]]) + fields[0] + fields[1]


def parse_header(data: bytes) -> tuple[int, int, int]:
    """The KID, the counter and the header's size."""
    size = 1
    values = []
    for nibble in (data[0] >> 4, data[0] & 15):
        length = (nibble & 7) + 1 if nibble & 8 else 0
        if len(data) < size + length:
            raise ValueError("the header is cut off")
        values.append(int.from_bytes(data[size : size + length]) if length else nibble)
        size += length
    return values[0], values[1], size


class FrameKey:
    """What one KID's frames are protected with; derived from the base key (RFC 9605 section 4.4.2)."""

    def __init__(self, suite: Suite, base_key: bytes, kid: int) -> None:
        self.suite = suite
        self.kid = kid
        self.key = self._expand(base_key, b"SFrame 1.0 Secret key ", suite.key_size)
        self.salt = self._expand(base_key, b"SFrame 1.0 Secret salt ", NONCE_SIZE)

    def _expand(self, base_key: bytes, label: bytes, size: int) -> bytes:
        info = label + self.kid.to_bytes(8) + self.suite.number.to_bytes(2)
        return HKDF(getattr(hashes, self.suite.hash)(), size, b"", info).derive(base_key)

    def nonce(self, counter: int) -> bytes:
        return (int.from_bytes(self.salt) ^ counter).to_bytes(NONCE_SIZE)

    def seal(self, counter: int, metadata: bytes, plaintext: bytes) -> bytes:
        header = encode_header(self.kid, counter)
        nonce, additional = self.nonce(counter), header + metadata
        if not self.suite.authentication_key:
            return header + AESGCM(self.key).encrypt(nonce, plaintext, additional)
        encrypted = self._crypt(nonce, plaintext)
        return header + encrypted + self._tag(nonce, additional, encrypted)

    def open(self, ciphertext: bytes, metadata: bytes) -> bytes:
        kid, counter, size = parse_header(ciphertext)
        assert kid == self.kid, "the caller chooses the key by the header"
        nonce, additional, sealed = self.nonce(counter), ciphertext[:size] + metadata, ciphertext[size:]
        if not self.suite.authentication_key:
            return AESGCM(self.key).decrypt(nonce, sealed, additional)
        encrypted, tag = sealed[: -self.suite.tag], sealed[-self.suite.tag :]
        if not hmac.compare_digest(tag, self._tag(nonce, additional, encrypted)):
            raise ValueError("the tag is wrong")
        return self._crypt(nonce, encrypted)

    def _crypt(self, nonce: bytes, data: bytes) -> bytes:
        key = algorithms.AES(self.key[: self.suite.encryption_key])
        encryptor = Cipher(key, modes.CTR(nonce + bytes(4))).encryptor()
        return encryptor.update(data) + encryptor.finalize()

    def _tag(self, nonce: bytes, additional: bytes, encrypted: bytes) -> bytes:
        sizes = b"".join(size.to_bytes(8) for size in (len(additional), len(encrypted), self.suite.tag))
        key = self.key[self.suite.encryption_key :]
        digest = getattr(hashlib, self.suite.hash.lower())
        return hmac.digest(key, sizes + nonce + additional + encrypted, digest)[: self.suite.tag]
