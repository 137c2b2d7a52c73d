"""Who somebody is in an end-to-end meeting: what the deployment signs about them, and what their new leaves have to be.

Members check leaves themselves. A KeyPackage that they would refuse is refused here, before it holds up a commit that
adds others too.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from google.protobuf.message import DecodeError

from conclave.services.mls.errors import HandshakeInvalid
from conclave.services.mls.keypackage import read_key_package
from conclave.v1 import identity_pb2

__all__ = ["IDENTITY_KEY_SIZE", "Signer", "Vouched", "check_key_package", "vouch"]

IDENTITY_KEY_SIZE = 32
_CONTENT_KEY_SIZE = 32
_STATEMENT_LABEL = b"conclave identity v1\0"
_LEAF_LABEL = b"conclave leaf v1\0"


class Signer(Protocol):
    """The deployment's identity key; see IdentityKey."""

    def sign(self, message: bytes) -> bytes:
        """The Ed25519 signature."""


@dataclass(frozen=True, slots=True)
class Vouched:
    """A serialised IdentityStatement, the deployment's signature of it, and the identity key that it names."""

    statement: bytes
    signature: bytes
    identity_key: bytes


def vouch(
    signer: Signer, participant_id: str, meeting: str, subject: str, display_name: str, identity_key: bytes
) -> Vouched:
    """Says who a participant is. The same again for the same participant. subject: empty for a guest."""
    statement = identity_pb2.IdentityStatement(
        participant_id=participant_id,
        meeting=meeting,
        subject=subject,
        display_name=display_name,
        identity_key=identity_key,
    ).SerializeToString(deterministic=True)
    return Vouched(statement, signer.sign(_STATEMENT_LABEL + statement), identity_key)


def check_key_package(message: bytes, vouched: Vouched, now_s: int) -> bytes:
    """The KeyPackage of an MLSMessage. Raises HandshakeInvalid unless it is for a leaf of the person vouched for.

    now_s: seconds since 1970, for its lifetime.
    """
    offered = read_key_package(message)
    if not offered.not_before_s <= now_s <= offered.not_after_s:
        raise HandshakeInvalid("the KeyPackage's lifetime does not include now; check the machine's clock")
    credential = identity_pb2.LeafCredential()
    try:
        credential.ParseFromString(offered.credential)
    except DecodeError:
        raise HandshakeInvalid("the KeyPackage's credential is none of ours") from None
    # One credential has one encoding; the parser would take others, and keep what it does not know.
    same = identity_pb2.LeafCredential(
        statement=credential.statement,
        statement_signature=credential.statement_signature,
        leaf_signature=credential.leaf_signature,
        content_key=credential.content_key,
    )
    if same.SerializeToString(deterministic=True) != offered.credential:
        raise HandshakeInvalid("the KeyPackage's credential is not encoded as it has to be")
    if (credential.statement, credential.statement_signature) != (vouched.statement, vouched.signature):
        raise HandshakeInvalid("the KeyPackage's credential is not that of this participant")
    if len(credential.content_key) != _CONTENT_KEY_SIZE:
        raise HandshakeInvalid("the KeyPackage's credential has no content key")
    statement_hash = hashlib.sha256(vouched.statement).digest()
    leaf = _LEAF_LABEL + statement_hash + offered.signature_key + credential.content_key
    signed = [(vouched.identity_key, credential.leaf_signature, leaf)]
    signed += [(offered.signature_key, signature, content) for signature, content in offered.signed]
    if not all(_verified(*each) for each in signed):
        raise HandshakeInvalid("a signature of the KeyPackage is wrong")
    return offered.key_package


def _verified(public_key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
