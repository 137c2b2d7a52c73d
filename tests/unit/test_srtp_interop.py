"""Every profile and backend against libsrtp as pylibsrtp brings it, both ways."""

from __future__ import annotations

import random
import struct

import pylibsrtp
import pytest

from conclave.core.crypto_backends import backends
from conclave.core.srtp_context import SrtpProfile
from conclave.core.srtp_session import Session

PROFILES = {
    SrtpProfile.SRTP_AES128_CM_HMAC_SHA1_80: (16, 14, 10),
    SrtpProfile.SRTP_AEAD_AES_128_GCM: (16, 12, 16),
    SrtpProfile.SRTP_AEAD_AES_256_GCM: (32, 12, 16),
}
EVERY = [(profile, backend) for profile in PROFILES for backend in backends()]


def keys(profile: SrtpProfile, seed: int) -> tuple[bytes, bytes]:
    rng = random.Random(seed)
    key_size, salt_size, _ = PROFILES[profile]
    return rng.randbytes(key_size), rng.randbytes(salt_size)


def peer(profile: SrtpProfile, key: bytes, salt: bytes, *, sends: bool) -> pylibsrtp.Session:
    direction = pylibsrtp.Policy.SSRC_ANY_OUTBOUND if sends else pylibsrtp.Policy.SSRC_ANY_INBOUND
    policy = pylibsrtp.Policy(key=key + salt, ssrc_type=direction, srtp_profile=int(profile))
    policy.window_size = 1024
    return pylibsrtp.Session(policy)


def rtp(rng: random.Random, sequence_number: int, ssrc: int, payload_size: int) -> bytes:
    """An RTP packet with random CSRCs and, half of the time, an extension block."""
    csrcs = rng.choice([0, 0, 1, 3, 15])
    extension = rng.choice([b"", b"", struct.pack("!HH", 0xBEDE, 0)])
    if rng.random() < 0.5:
        words = rng.randrange(1, 6)
        extension = struct.pack("!HH", rng.choice([0xBEDE, 0x1000]), words) + rng.randbytes(4 * words)
    first = 0x80 | (0x10 if extension else 0) | csrcs
    head = struct.pack("!BBHII", first, rng.randrange(256), sequence_number, rng.randrange(1 << 32), ssrc)
    return head + rng.randbytes(4 * csrcs) + extension + rng.randbytes(payload_size)


def rtcp(rng: random.Random, ssrc: int, words: int) -> bytes:
    return struct.pack("!BBHI", 0x80, 201, words + 1, ssrc) + rng.randbytes(4 * words)


def indices(rng: random.Random) -> list[int]:
    """Ascending 48-bit indices from just before a first wrap to just after a third, with gaps."""
    index, ascending = 65_000, []
    while index < 3 * 65_536 + 500:
        ascending.append(index)
        near_wrap = index % 65_536 < 200 or index % 65_536 > 65_336
        index += rng.randrange(1, 8) if near_wrap else rng.randrange(1, 6_000)
    return ascending


@pytest.mark.parametrize(("profile", "backend"), EVERY)
def test_libsrtp_reads_us_across_three_wraps(profile: SrtpProfile, backend: str) -> None:
    rng = random.Random(11)
    key, salt = keys(profile, 1)
    ours, theirs = Session(profile, key, salt, backend), peer(profile, key, salt, sends=False)
    for index in indices(rng):
        packet = rtp(rng, index & 0xFFFF, 0xCAFEBABE, rng.randrange(0, 1100))
        protected = ours.protect(packet)
        assert len(protected) == len(packet) + PROFILES[profile][2] == len(packet) + ours.overhead
        assert theirs.unprotect(protected) == packet
        assert ours.sent_index(0xCAFEBABE) == index


@pytest.mark.parametrize(("profile", "backend"), EVERY)
def test_we_read_libsrtp_across_three_wraps(profile: SrtpProfile, backend: str) -> None:
    rng = random.Random(12)
    key, salt = keys(profile, 2)
    ours, theirs = Session(profile, key, salt, backend), peer(profile, key, salt, sends=True)
    for index in indices(rng):
        packet = rtp(rng, index & 0xFFFF, 0x01020304, rng.randrange(0, 1100))
        assert ours.unprotect(theirs.protect(packet)) == packet
        assert ours.received_index(0x01020304) == index


@pytest.mark.parametrize(("profile", "backend"), EVERY)
def test_every_payload_size_up_to_1400(profile: SrtpProfile, backend: str) -> None:
    """Our own two ends for all sizes; libsrtp's, whose Python face stops at 1500 bytes, for those that fit."""
    rng = random.Random(13)
    key, salt = keys(profile, 3)
    ours, receiver = Session(profile, key, salt, backend), Session(profile, key, salt, backend)
    theirs = peer(profile, key, salt, sends=False)
    for size in range(1401):
        head = struct.pack("!BBHII", 0x80, 111, size, size * 960, 7)
        packet = head + rng.randbytes(size)
        protected = ours.protect(packet)
        assert receiver.unprotect(protected) == packet
        assert theirs.unprotect(protected) == packet


@pytest.mark.parametrize(("profile", "backend"), EVERY)
def test_reordering_over_a_wrap(profile: SrtpProfile, backend: str) -> None:
    rng = random.Random(14)
    key, salt = keys(profile, 4)
    ours, theirs = Session(profile, key, salt, backend), peer(profile, key, salt, sends=True)
    order = list(range(65_400, 65_700))
    packets = {index: rtp(rng, index & 0xFFFF, 9, 40) for index in order}
    protected = {index: theirs.protect(packets[index]) for index in order}
    jittered = sorted(order, key=lambda index: index + rng.randrange(0, 40))
    assert jittered != order
    for index in jittered:
        assert ours.unprotect(protected[index]) == packets[index]


@pytest.mark.parametrize(("profile", "backend"), EVERY)
def test_rtcp_both_ways(profile: SrtpProfile, backend: str) -> None:
    rng = random.Random(15)
    key, salt = keys(profile, 5)
    ours, listener = Session(profile, key, salt, backend), peer(profile, key, salt, sends=False)
    talker = peer(profile, key, salt, sends=True)
    for words in range(0, 300, 7):
        ssrc = rng.choice([1, 2, 0xFFFFFFFF])
        packet = rtcp(rng, ssrc, words)
        protected = ours.protect_rtcp(packet)
        assert len(protected) == len(packet) + 4 + PROFILES[profile][2]
        assert listener.unprotect_rtcp(protected) == packet
        packet = rtcp(rng, ssrc, words)
        assert ours.unprotect_rtcp(talker.protect_rtcp(packet)) == packet


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("sender", backends())
@pytest.mark.parametrize("receiver", backends())
def test_backends_read_each_other(profile: SrtpProfile, sender: str, receiver: str) -> None:
    rng = random.Random(16)
    key, salt = keys(profile, 6)
    sending, receiving = Session(profile, key, salt, sender), Session(profile, key, salt, receiver)
    assert (sending.backend, receiving.backend) == (sender, receiver)
    for index in range(65_500, 65_580):
        packet = rtp(rng, index & 0xFFFF, 5, rng.randrange(0, 300))
        assert receiving.unprotect(sending.protect(packet)) == packet
        report = rtcp(rng, 5, rng.randrange(0, 60))
        assert receiving.unprotect_rtcp(sending.protect_rtcp(report)) == report
