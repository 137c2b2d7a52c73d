"""The deployment's identity key, which signs invites and who people are in end-to-end meetings."""

from __future__ import annotations

import hashlib
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

__all__ = ["IdentityKey", "read_identity_key"]


class IdentityKey:
    """An Ed25519 key (RFC 8032) that cannot be printed."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self._public = key.public_key()
        encoded = self._public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.fingerprint = hashlib.sha256(encoded).hexdigest()
        self.public_bytes = self._public.public_bytes_raw()

    def __repr__(self) -> str:
        return "<secret>"

    def sign(self, message: bytes) -> bytes:
        """The signature, 64 bytes."""
        return self._key.sign(message)

    def verify(self, signature: bytes, message: bytes) -> bool:
        """Whether this key made the signature."""
        try:
            self._public.verify(signature, message)
        except InvalidSignature:
            return False
        return True


def read_identity_key(path: Path) -> IdentityKey:
    """Reads an unencrypted PKCS #8 PEM file. Raises ValueError unless it holds an Ed25519 key."""
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (TypeError, ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError(f"{path} holds no readable Ed25519 key; restore it from the backup of the state directory")
    return IdentityKey(key)
