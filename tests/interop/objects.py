"""Opens what people share in end-to-end rooms, written a second time: from the format alone, without our client."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from tests.unit.sframe import SUITES, FrameKey, parse_header

from conclave.v1 import content_pb2

VERSION = 1
CONTEXT = 4
SIGNATURE_SIZE = 64


@dataclass(frozen=True)
class Opened:
    """An object, whose signature holds."""

    group_id: bytes
    epoch: int
    leaf: int
    counter: int
    recipient: str
    object: content_pb2.ContentObject


def open_object(sealed: bytes, data_key: bytes, leaf_key: bytes, content_key: X25519PrivateKey | None = None) -> Opened:
    """data_key: of the epoch that the object names. leaf_key: of the member at its leaf. content_key: the reader's own,
    for an object that is for the reader alone. Raises if anything does not fit.
    """
    version, group_size = sealed[:2]
    assert version == VERSION
    prefix_size = 2 + group_size + 8
    prefix, ciphertext = sealed[:prefix_size], sealed[prefix_size:]
    group_id, epoch = prefix[2:-8], int.from_bytes(prefix[-8:])
    kid, counter, _ = parse_header(ciphertext)
    context, leaf = kid >> 20, kid >> 8 & 0xFFF
    assert (context, kid & 0xFF) == (CONTEXT, epoch & 0xFF)
    inner = FrameKey(SUITES[5], data_key, kid).open(ciphertext, b"conclave data v1\0" + prefix)
    origin = (
        bytes([group_size]) + group_id + epoch.to_bytes(8) + leaf.to_bytes(4) + bytes([CONTEXT]) + counter.to_bytes(8)
    )
    form, signed = inner[0], inner[1:]
    if content_key is not None:
        assert form == 1
        size = int.from_bytes(signed[:4])
        suite = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_128_GCM)
        signed = suite.decrypt(signed[4 : 4 + size], content_key, b"conclave private v1\0" + origin)
    else:
        assert form == 0
    signature, statement = signed[:SIGNATURE_SIZE], signed[SIGNATURE_SIZE:]
    recipient_end = 1 + statement[0]
    message = content_pb2.ContentObject.FromString(statement[recipient_end:])
    digest = hashlib.sha256(statement).digest()
    signed_bytes = b"conclave content v1\0" + origin + message.kind.to_bytes(4) + digest
    Ed25519PublicKey.from_public_bytes(leaf_key).verify(signature, signed_bytes)
    return Opened(group_id, epoch, leaf, counter, statement[1:recipient_end].decode(), message)
