"""New leaves made and signed by hand, as a client of ours makes them (RFC 9420 sections 7.2 and 10)."""

from __future__ import annotations

import hashlib
import random

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from conclave.services.mls.identity import Vouched, vouch
from conclave.services.mls.reader import write_vector
from conclave.v1 import identity_pb2

MEETING = "rooms/board/meetings/m"
NOW_S = 1_800_000_000


class Person:
    """Somebody with an identity key, and what a deployment has signed about it. Keys come from the seed."""

    def __init__(self, deployment: Ed25519PrivateKey, name: str, seed: int = 1) -> None:
        self._random = random.Random(f"{name} {seed}")
        self.identity = self.key()
        self.vouched: Vouched = vouch(
            deployment, name, MEETING, "", name, self.identity.public_key().public_bytes_raw()
        )

    def key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self._random.randbytes(32))

    def credential(self, leaf_key: Ed25519PrivateKey, content_key_size: int = 32) -> bytes:
        content_key = self._random.randbytes(content_key_size)
        statement_hash = hashlib.sha256(self.vouched.statement).digest()
        content = statement_hash + leaf_key.public_key().public_bytes_raw() + content_key
        return identity_pb2.LeafCredential(
            statement=self.vouched.statement,
            statement_signature=self.vouched.signature,
            leaf_signature=self.identity.sign(b"conclave leaf v1\0" + content),
            content_key=content_key,
        ).SerializeToString(deterministic=True)

    def key_package(self, **changed: bytes) -> bytes:
        """An MLSMessage; changed: parts to put in the place of the right ones, before it is signed."""
        leaf_key = self.key()
        parts = {
            "suite": b"\0\1",
            "init_key": self._random.randbytes(32),
            "encryption_key": self._random.randbytes(32),
            "credential": self.credential(leaf_key),
            "source": b"\1",
            "not_before": (NOW_S - 60).to_bytes(8),
            "not_after": (NOW_S + 60).to_bytes(8),
            "leaf_extensions": b"",
            "extensions": b"",
            **changed,
        }
        leaf = b"".join(
            (
                write_vector(parts["encryption_key"]),
                write_vector(leaf_key.public_key().public_bytes_raw()),
                b"\0\1" + write_vector(parts["credential"]),
                bytes(5),
                parts["source"] + parts["not_before"] + parts["not_after"],
                write_vector(parts["leaf_extensions"]),
            )
        )
        leaf += write_vector(_sign(leaf_key, b"LeafNodeTBS", leaf))
        package = b"\0\1" + parts["suite"] + write_vector(parts["init_key"]) + leaf + write_vector(parts["extensions"])
        return b"\0\1\0\5" + package + write_vector(_sign(leaf_key, b"KeyPackageTBS", package))


def _sign(key: Ed25519PrivateKey, label: bytes, content: bytes) -> bytes:
    return key.sign(write_vector(b"MLS 1.0 " + label) + write_vector(content))
