"""Tells the protocols on one port apart by the first byte (RFC 7983) (L1)."""

from enum import IntEnum

__all__ = ["Protocol", "protocol_of"]

class Protocol(IntEnum):
    PROTOCOL_UNKNOWN = 0
    PROTOCOL_STUN = 1
    PROTOCOL_DTLS = 2
    PROTOCOL_RTP = 3
    PROTOCOL_RTCP = 4

def protocol_of(datagram: bytes) -> Protocol: ...
