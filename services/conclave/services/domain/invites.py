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
    "DIAL_CODE_DIGITS",
    "MAX_TTL",
    "MIN_TTL",
    "NEVER",
    "Invite",
    "InviteClaims",
    "InviteSigner",
    "MalformedToken",
    "format_dial_code",
    "normal_dial_code",
    "read_token",
    "validate_ttl",
    "write_token",
]

MIN_TTL = timedelta(minutes=1)
MAX_TTL = timedelta(days=365)
DEFAULT_TTL = timedelta(hours=24)
NEVER = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
"""When a room's own link expires: it is revoked, or lasts."""

DIAL_CODE_DIGITS = 9

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
    # The member whom a personal invite names; empty for one that guests use.
    display_name: str = ""

    @property
    def name(self) -> str:
        """The resource name."""
        return str(InviteName(self.room_id, self.invite_id))

    @property
    def personal(self) -> bool:
        """Whether it names its bearer, who is a member and no guest."""
        return bool(self.display_name)

    @property
    def subject_id(self) -> str | None:
        """The member whom a personal invite names, as an identifier."""
        return f"member:{self.invite_id}" if self.personal else None

    @property
    def lasting(self) -> bool:
        """Whether it is a room's own link."""
        return self.expire_time == NEVER


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


def normal_dial_code(typed: str) -> str | None:
    """The nine digits of a dial code as somebody typed it, in groups or not; None for anything else."""
    digits = re.sub(r"[ \-]", "", typed)
    return digits if re.fullmatch(rf"[0-9]{{{DIAL_CODE_DIGITS}}}", digits, re.ASCII) else None


def format_dial_code(number: int) -> str:
    """The dial code of a number below 10**9."""
    return f"{number:0{DIAL_CODE_DIGITS}d}"
