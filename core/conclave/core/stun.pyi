"""STUN binding requests and responses as ICE uses them (RFC 8489, RFC 8445) (L1)."""

from dataclasses import dataclass
from enum import IntEnum

__all__ = ["Message", "StunType", "parse_message", "verify_message", "write_error", "write_success"]

class StunType(IntEnum):
    STUN_BINDING_REQUEST = 0x0001
    STUN_BINDING_INDICATION = 0x0011
    STUN_BINDING_SUCCESS = 0x0101
    STUN_BINDING_ERROR = 0x0111

@dataclass(frozen=True, slots=True)
class Message:
    message_type: int
    transaction_id: bytes
    username: bytes | None
    local_ufrag: bytes
    integrity_offset: int
    use_candidate: bool
    priority: int | None
    ice_controlling: bool
    ice_controlled: bool
    tie_breaker: int
    unknown_required: int

def parse_message(datagram: bytes) -> Message: ...
def verify_message(datagram: bytes, password: bytes) -> None: ...
def write_success(transaction_id: bytes, address: bytes, port: int, password: bytes) -> bytes: ...
def write_error(
    transaction_id: bytes, code: int, unknown_required: int = 0, password: bytes | None = None
) -> bytes: ...
