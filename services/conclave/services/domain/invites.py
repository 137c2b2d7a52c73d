"""What an invite is, and the bytes of its token."""

from __future__ import annotations

import base64
import binascii
import re
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from conclave.services.domain.errors import InvalidArgument
from conclave.services.domain.identifiers import RANDOM_ID_SIZE, InviteName, decode_random_id, encode_random_id
from conclave.services.domain.roles import Role

__all__ = [
    "DEFAULT_TTL",
    "MAX_TTL",
    "MIN_TTL",
    "Invite",
    "InviteClaims",
    "InviteSigner",
    "MalformedToken",
    "read_token",
    "validate_ttl",
    "write_token",
]

MIN_TTL = timedelta(minutes=1)
MAX_TTL = timedelta(days=365)
DEFAULT_TTL = timedelta(hours=24)

# version, invite id, role, expiry in seconds since 1970; then an Ed25519 signature over label and payload.
_PAYLOAD = struct.Struct(f"!B{RANDOM_ID_SIZE}sBQ")
_VERSION = 1
_LABEL = b"conclave invite v1\0"
_SIGNATURE_SIZE = 64
_TOKEN = re.compile(r"[A-Za-z0-9_-]{112}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Invite:
    """A signed link into a room."""

    room_id: str
    invite_id: str
    role: Role
    create_time: datetime
    expire_time: datetime
    revoke_time: datetime | None

    @property
    def name(self) -> str:
        """The resource name."""
        return str(InviteName(self.room_id, self.invite_id))


@dataclass(frozen=True, slots=True)
class InviteClaims:
    """What a token says. `expire_time` is in whole seconds."""

    invite_id: str
    role: Role
    expire_time: datetime


class InviteSigner(Protocol):
    """The deployment's identity key."""

    def sign(self, message: bytes) -> bytes:
        """The Ed25519 signature of a message."""

    def verify(self, signature: bytes, message: bytes) -> bool:
        """Whether the signature is this deployment's."""


class MalformedToken(Exception):
    """Not a token of this deployment: wrong form or wrong signature."""


def validate_ttl(ttl: timedelta | None) -> timedelta:
    """The time an invite works. Raises InvalidArgument unless it is one minute to one year."""
    if ttl is None:
        return DEFAULT_TTL
    if not MIN_TTL <= ttl <= MAX_TTL:
        raise InvalidArgument("ttl is out of range; an invite works for one minute (60s) to one year (31536000s)")
    return ttl


def write_token(claims: InviteClaims, signer: InviteSigner) -> str:
    """The token: payload and signature in base64url without padding, 112 characters."""
    payload = _PAYLOAD.pack(
        _VERSION, decode_random_id(claims.invite_id), claims.role.value, int(claims.expire_time.timestamp())
    )
    return base64.urlsafe_b64encode(payload + signer.sign(_LABEL + payload)).decode("ascii")


def read_token(token: str, signer: InviteSigner) -> InviteClaims:
    """What a token says, its signature verified; time and revocation are for the caller. Raises MalformedToken."""
    if _TOKEN.fullmatch(token) is None:
        raise MalformedToken
    try:
        octets = base64.b64decode(token, altchars=b"-_", validate=True)
    except binascii.Error:
        raise MalformedToken from None
    payload, signature = octets[: _PAYLOAD.size], octets[_PAYLOAD.size :]
    assert len(signature) == _SIGNATURE_SIZE, "112 characters are 84 bytes: 20 of payload, 64 of signature"
    if not signer.verify(signature, _LABEL + payload):
        raise MalformedToken
    version, invite_id, role, expiry = _PAYLOAD.unpack(payload)
    if version != _VERSION:
        raise MalformedToken
    return InviteClaims(encode_random_id(invite_id), Role(role), datetime.fromtimestamp(expiry, UTC))
