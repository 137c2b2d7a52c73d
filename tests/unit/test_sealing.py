"""Packets sealed together: byte for byte what each alone would be, and nothing half sealed when a backend fails."""

from __future__ import annotations

import random

import pylibsrtp
import pytest

from conclave.core.crypto_backends import backends
from conclave.core.errors import IndexReused
from conclave.core.sealing import seal_with_a_backend_that_fails
from conclave.core.srtp_context import SrtpProfile
from conclave.core.srtp_session import Session

SHAPES = {
    SrtpProfile.SRTP_AES128_CM_HMAC_SHA1_80: (16, 14),
    SrtpProfile.SRTP_AEAD_AES_128_GCM: (16, 12),
    SrtpProfile.SRTP_AEAD_AES_256_GCM: (32, 12),
}
EVERY = [(profile, backend) for profile in SHAPES for backend in backends()]


def packets(rng: random.Random, count: int) -> list[bytes]:
    """Of three streams, across a rollover of each, with payloads of 1 to 1300 bytes."""
    return [
        b"\x80\x60"
        + ((65_500 + number) & 0xFFFF).to_bytes(2, "big")
        + rng.randbytes(4)
        + (1 + number % 3).to_bytes(4, "big")
        + rng.randbytes(rng.choice([1, 15, 16, 17, 51, 52, 63, 64, 160, 1200, 1201, rng.randrange(1, 1300)]))
        for number in range(count)
    ]


# 3 and 4 lie on both sides of where one by one ends, 64 is all that may wait; the others fill no count of lanes.
@pytest.mark.parametrize("count", [1, 3, 4, 15, 16, 17, 64, 65, 203])
@pytest.mark.parametrize(("profile", "backend"), EVERY)
def test_packets_sealed_together_are_those_sealed_alone(profile: SrtpProfile, backend: str, count: int) -> None:
    rng = random.Random(count)
    key, salt = (rng.randbytes(size) for size in SHAPES[profile])
    plain = packets(rng, count)
    together = Session(profile, key, salt, backend).protect_together(plain)
    alone = Session(profile, key, salt, "openssl")
    assert together == [alone.protect(packet) for packet in plain]
    policy = pylibsrtp.Policy(key=key + salt, ssrc_type=pylibsrtp.Policy.SSRC_ANY_INBOUND, srtp_profile=int(profile))
    libsrtp = pylibsrtp.Session(policy)
    assert [libsrtp.unprotect(packet) for packet in together] == plain


@pytest.mark.parametrize(("profile", "backend"), EVERY)
def test_an_index_is_sealed_once_also_among_packets_that_wait(profile: SrtpProfile, backend: str) -> None:
    rng = random.Random(1)
    key, salt = (rng.randbytes(size) for size in SHAPES[profile])
    session = Session(profile, key, salt, backend)
    plain = packets(rng, 4)
    with pytest.raises(IndexReused):
        session.protect_together([*plain, plain[3]])
    with pytest.raises(IndexReused):  # they were used up, though nothing of them left
        session.protect(plain[3])


def test_a_backend_that_fails_leaves_nothing_to_send() -> None:
    plain = packets(random.Random(2), 20)
    assert seal_with_a_backend_that_fails(plain) == [bytes(len(packet) + 10) for packet in plain]
