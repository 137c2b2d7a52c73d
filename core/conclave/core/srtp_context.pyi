"""The keys of one direction of one transport, for SRTP and SRTCP (L3)."""

from enum import IntEnum

__all__ = ["SrtpProfile", "choose_backend", "chosen_backend"]

class SrtpProfile(IntEnum):
    SRTP_NONE = 0
    SRTP_AES128_CM_HMAC_SHA1_80 = 1
    SRTP_AEAD_AES_128_GCM = 7
    SRTP_AEAD_AES_256_GCM = 8

def choose_backend(name: str) -> None: ...
def chosen_backend() -> str: ...
