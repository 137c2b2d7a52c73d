"""SRTP and SRTCP (RFC 3711, RFC 7714): transforms, replay windows and the nonce guard (L3)."""

from enum import IntEnum
from typing import Self

__all__ = [
    "Session",
    "SrtpProfile",
    "choose_backend",
    "chosen_backend",
    "context_size",
]

class SrtpProfile(IntEnum):
    SRTP_NONE = 0
    SRTP_AES128_CM_HMAC_SHA1_80 = 1
    SRTP_AEAD_AES_128_GCM = 7
    SRTP_AEAD_AES_256_GCM = 8

def choose_backend(name: str) -> None: ...
def chosen_backend() -> str: ...
def context_size() -> int: ...

class Session:
    """One direction of a transport with its streams, for tests and tools: packets in, packets out, errors raised.

    Never use two sessions to send under one key: each has its own nonce guard.
    """

    backend: str
    next_srtcp_index: int

    def __init__(self, profile: int, master_key: bytes, master_salt: bytes, backend: str = "auto") -> None: ...
    @classmethod
    def from_session_keys(cls, profile: int, key: bytes, salt: bytes, backend: str = "auto") -> Self: ...
    def wipe(self) -> None: ...
    @property
    def overhead(self) -> int: ...
    def sent_index(self, ssrc: int) -> int | None: ...
    def received_index(self, ssrc: int) -> int | None: ...
    def protect(self, packet: bytes, index: int | None = None) -> bytes: ...
    def unprotect(self, packet: bytes) -> bytes: ...
    def protect_rtcp(self, packet: bytes) -> bytes: ...
    def unprotect_rtcp(self, packet: bytes) -> bytes: ...
