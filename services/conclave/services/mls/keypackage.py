"""KeyPackages with which people ask to be added to a group (RFC 9420 section 10)."""

from __future__ import annotations

from dataclasses import dataclass

from conclave.services.mls.errors import HandshakeInvalid
from conclave.services.mls.reader import Reader, write_vector

__all__ = ["KEY_PACKAGE_HEADER", "KeyPackage", "read_key_package"]

# RFC 9420 section 6: version mls10, wire format mls_key_package.
KEY_PACKAGE_HEADER = b"\0\1\0\5"
_VERSION_MLS10 = 1
# MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519.
_SUITE = 1
_KEY_SIZE = 32
_BASIC_CREDENTIAL = 1
_FROM_KEY_PACKAGE = 1


@dataclass(frozen=True, slots=True)
class KeyPackage:
    """What a KeyPackage says. signed: signatures by its signature key, each with what it signs."""

    key_package: bytes
    credential: bytes
    signature_key: bytes
    not_before_s: int
    not_after_s: int
    signed: tuple[tuple[bytes, bytes], ...]


def read_key_package(message: bytes) -> KeyPackage:
    """Reads a whole MLSMessage. Raises HandshakeInvalid unless it is a KeyPackage as groups of ours take them."""
    if not message.startswith(KEY_PACKAGE_HEADER):
        raise HandshakeInvalid("the message is no KeyPackage of MLS 1.0")
    reader = Reader(message[len(KEY_PACKAGE_HEADER) :])
    if reader.integer(2) != _VERSION_MLS10 or reader.integer(2) != _SUITE:
        raise HandshakeInvalid("KeyPackages are of MLS 1.0 and cipher suite 1")
    init_key = reader.vector()
    leaf_begin = reader.offset
    encryption_key, signature_key = reader.vector(), reader.vector()
    if reader.integer(2) != _BASIC_CREDENTIAL:
        raise HandshakeInvalid("leaves have basic credentials")
    credential = reader.vector()
    for _ in range(5):
        reader.vector()  # Capabilities: versions, suites, extensions, proposals, credentials.
    if reader.integer(1) != _FROM_KEY_PACKAGE:
        raise HandshakeInvalid("the leaf of a KeyPackage says that it is from one")
    not_before_s, not_after_s = reader.integer(8), reader.integer(8)
    leaf_extensions = reader.vector()
    leaf_content = reader.since(leaf_begin)
    leaf_signature = reader.vector()
    extensions = reader.vector()
    content = reader.since(0)
    signature = reader.vector()
    reader.end()
    if {len(key) for key in (init_key, encryption_key, signature_key)} != {_KEY_SIZE} or init_key == encryption_key:
        raise HandshakeInvalid("the keys of a KeyPackage are three different ones of 32 bytes")
    if leaf_extensions or extensions:
        raise HandshakeInvalid("groups of ours have no extensions")
    signed = (
        (leaf_signature, _sign_content(b"LeafNodeTBS", leaf_content)),
        (signature, _sign_content(b"KeyPackageTBS", content)),
    )
    return KeyPackage(reader.since(0), credential, signature_key, not_before_s, not_after_s, signed)


def _sign_content(label: bytes, content: bytes) -> bytes:
    """RFC 9420 section 5.1.2."""
    return write_vector(b"MLS 1.0 " + label) + write_vector(content)
