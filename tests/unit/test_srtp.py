"""What SRTP refuses: replays, forgeries, truncated packets, an index used again. A refusal leaves no trace."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from conclave.core.crypto_backends import backends
from conclave.core.errors import (
    AuthenticationFailed,
    CoreError,
    IndexReused,
    KeyExhausted,
    NoKey,
    NoSpace,
    PacketRefused,
    PacketReplayed,
)
from conclave.core.srtp_context import SrtpProfile, choose_backend, chosen_backend
from conclave.core.srtp_session import Session

SSRC = 0xDECAFBAD
KEYS = {
    SrtpProfile.SRTP_AES128_CM_HMAC_SHA1_80: (bytes(range(16)), bytes(range(14))),
    SrtpProfile.SRTP_AEAD_AES_128_GCM: (bytes(range(16)), bytes(range(12))),
    SrtpProfile.SRTP_AEAD_AES_256_GCM: (bytes(range(32)), bytes(range(12))),
}
EVERY = [(profile, backend) for profile in KEYS for backend in backends()]
each = pytest.mark.parametrize(("profile", "backend"), EVERY)


def session(profile: SrtpProfile, backend: str) -> Session:
    return Session(profile, *KEYS[profile], backend)


def rtp(index: int, ssrc: int = SSRC, payload: bytes = b"payload") -> bytes:
    """A packet with two CSRCs and an extension block, so that a flipped bit finds every part of a header."""
    head = struct.pack("!BBHII", 0x92, 96, index & 0xFFFF, 1234, ssrc)
    return head + b"csrccsrc" + struct.pack("!HH", 0xBEDE, 1) + b"\x10\xff\x00\x00" + payload


def rtcp(ssrc: int = SSRC) -> bytes:
    return struct.pack("!BBHI", 0x81, 206, 2, ssrc) + struct.pack("!I", 77)


def accepted(receiver: Session, packet: bytes) -> bool:
    try:
        receiver.unprotect(packet)
    except PacketReplayed:
        return False
    return True


# RFC 3711 sections 3.3.1 and 3.3.2, appendix A: (index as it arrives, whether it is taken)
REPLAY_TABLES = {
    "twice": [(0, True), (0, False), (1, True), (1, False), (0, False)],
    "late but new": [(10, True), (12, True), (11, True), (11, False), (12, False), (9, True)],
    "before the first": [(100, True), (99, True), (50, True), (99, False)],
    "wrap": [(65534, True), (65535, True), (65535, False), (65536, True), (65536, False), (65534, False)],
    "late over a wrap": [(65535, True), (65537, True), (65536, True), (65534, True), (65535, False)],
    "edge of the window": [(2000, True), (977, True), (977, False), (976, False), (2001, True), (977, False)],
    "window moves on": [(0, True), (1023, True), (0, False), (1024, True), (0, False), (1, True), (2048, True)],
    "leap over the window": [(5, True), (1029, True), (5, False), (6, True), (6, False), (3000, True), (1976, False)],
    "leap by multiples": [(1, True), (1025, True), (1025, False), (3073, True), (2050, True), (2049, False)],
    "half a round ahead": [(100, True), (32868, True), (65635, True), (65635, False)],
    "second wrap": [(65000, True), (97000, True), (129000, True), (131072, True), (131071, True), (131072, False)],
    "third wrap": [(65000, True), (97000, True), (129000, True), (161000, True), (193000, True), (196609, True),
                   (196607, True), (196608, True), (196607, False)],
}  # fmt: skip


@each
@pytest.mark.parametrize("name", REPLAY_TABLES)
def test_replay_window(profile: SrtpProfile, backend: str, name: str) -> None:
    table = REPLAY_TABLES[name]
    # libsrtp as sender cannot leap half a round; any backend's packets are the same bytes.
    sender, receiver = session(profile, "openssl"), session(profile, backend)
    packets = {index: sender.protect(rtp(index), index) for index in sorted({index for index, _ in table})}
    assert [(index, accepted(receiver, packets[index])) for index, _ in table] == table
    assert receiver.received_index(SSRC) == max(index for index, _ in table)


@settings(max_examples=60)
@seed(3711)
@given(st.lists(st.integers(0, 2500), min_size=1, max_size=80))
def test_every_index_is_taken_at_most_once(order: list[int]) -> None:
    """The window against a model: taken unless seen, or 1024 or more behind the highest."""
    profile = SrtpProfile.SRTP_AEAD_AES_128_GCM
    sender, receiver = session(profile, "openssl"), session(profile, "openssl")
    packets = {index: sender.protect(rtp(index), index) for index in sorted(set(order))}
    seen: set[int] = set()
    for index in order:
        expected = index not in seen and (not seen or index > max(seen) - 1024)
        assert accepted(receiver, packets[index]) == expected
        if expected:
            seen.add(index)


@each
def test_failed_authentication_creates_no_stream(profile: SrtpProfile, backend: str) -> None:
    sender, receiver = session(profile, backend), session(profile, backend)
    packet = sender.protect(rtp(40_000))
    with pytest.raises(AuthenticationFailed):
        receiver.unprotect(packet[:-1] + bytes([packet[-1] ^ 1]))
    assert receiver.received_index(SSRC) is None
    assert receiver.unprotect(packet) == rtp(40_000)


@each
def test_failed_authentication_moves_no_window(profile: SrtpProfile, backend: str) -> None:
    sender, receiver = session(profile, backend), session(profile, backend)
    packets = {index: sender.protect(rtp(index)) for index in (1, 2, 3, 5000)}
    receiver.unprotect(packets[1])
    forged = packets[5000][:-1] + bytes([packets[5000][-1] ^ 0x80])
    for _ in range(3):
        with pytest.raises(AuthenticationFailed):
            receiver.unprotect(forged)
    assert receiver.received_index(SSRC) == 1
    # Had the forgery moved the window, 2 would be too old and 5000 seen.
    for index in (2, 3, 5000):
        assert receiver.unprotect(packets[index]) == rtp(index)


@each
def test_any_flipped_bit_is_noticed(profile: SrtpProfile, backend: str) -> None:
    sender, receiver = session(profile, backend), session(profile, backend)
    plain = rtp(7)
    packet = sender.protect(plain)
    for bit in range(len(packet) * 8):
        broken = bytearray(packet)
        broken[bit // 8] ^= 1 << bit % 8
        with pytest.raises((AuthenticationFailed, PacketRefused)):
            receiver.unprotect(bytes(broken))
    assert receiver.unprotect(packet) == plain


@each
def test_any_flipped_bit_of_rtcp_is_noticed(profile: SrtpProfile, backend: str) -> None:
    sender, receiver = session(profile, backend), session(profile, backend)
    packet = sender.protect_rtcp(rtcp())
    for bit in range(len(packet) * 8):
        broken = bytearray(packet)
        broken[bit // 8] ^= 1 << bit % 8
        with pytest.raises((AuthenticationFailed, PacketRefused)):
            receiver.unprotect_rtcp(bytes(broken))
    assert receiver.unprotect_rtcp(packet) == rtcp()


@each
def test_truncation_at_every_length_is_refused(profile: SrtpProfile, backend: str) -> None:
    sender, receiver = session(profile, backend), session(profile, backend)
    packet, report = sender.protect(rtp(9)), sender.protect_rtcp(rtcp())
    for size in range(len(packet)):
        with pytest.raises((AuthenticationFailed, PacketRefused)):
            receiver.unprotect(packet[:size])
    for size in range(len(report)):
        with pytest.raises((AuthenticationFailed, PacketRefused)):
            receiver.unprotect_rtcp(report[:size])
    for size in range(len(rtp(9)) - len(b"payload")):
        with pytest.raises(PacketRefused):
            sender.protect(rtp(10)[:size])
    for size in range(8):
        with pytest.raises(PacketRefused):
            sender.protect_rtcp(rtcp()[:size])


@each
@settings(max_examples=80)
@seed(7714)
@given(data=st.binary(max_size=200))
def test_hostile_bytes_raise_nothing_else(profile: SrtpProfile, backend: str, data: bytes) -> None:
    receiver = session(profile, backend)
    for function in (receiver.unprotect, receiver.unprotect_rtcp):
        with pytest.raises((AuthenticationFailed, PacketRefused)):
            function(data)
        with pytest.raises((AuthenticationFailed, PacketRefused)):
            function(b"\x80" + data)


@each
@settings(max_examples=50)
@seed(48)
@given(
    calls=st.lists(
        st.tuples(
            st.sampled_from([1, 2]),
            st.one_of(st.integers(0, 40), st.integers(65_500, 65_600), st.integers(0, (1 << 48) + 10)),
        ),
        max_size=60,
    )
)
def test_no_index_is_ever_protected_twice(profile: SrtpProfile, backend: str, calls: list[tuple[int, int]]) -> None:
    sender = session(profile, backend)
    done: dict[int, list[int]] = {1: [], 2: []}
    for ssrc, index in calls:
        try:
            sender.protect(rtp(index, ssrc), index)
        except (IndexReused, KeyExhausted, PacketRefused):
            # Refused for a reason: not above the highest, above 48 bits, or a leap that libsrtp cannot follow.
            rising = not done[ssrc] or index > done[ssrc][-1]
            assert not rising or index >= 1 << 48 or backend == "libsrtp"
        else:
            done[ssrc].append(index)
    for indices in done.values():
        assert indices == sorted(set(indices))
        assert all(index < 1 << 48 for index in indices)


@each
def test_same_index_is_refused_even_for_the_same_bytes(profile: SrtpProfile, backend: str) -> None:
    sender = session(profile, backend)
    sender.protect(rtp(100), 100)
    for index in (100, 99, 0):
        with pytest.raises(IndexReused):
            sender.protect(rtp(index), index)
    assert sender.sent_index(SSRC) == 100
    sender.protect(rtp(100, ssrc=1), 100)


@each
def test_index_and_sequence_number_have_to_agree(profile: SrtpProfile, backend: str) -> None:
    sender = session(profile, backend)
    with pytest.raises(PacketRefused, match="MALFORMED"):
        sender.protect(rtp(5), 6)
    assert sender.sent_index(SSRC) is None


@pytest.mark.parametrize("profile", KEYS)
@pytest.mark.parametrize("backend", [name for name in backends() if name != "libsrtp"])
def test_last_index_ends_the_key(profile: SrtpProfile, backend: str) -> None:
    """RFC 3711 section 9.2: at most 2**48 SRTP packets."""
    sender = session(profile, backend)
    last = (1 << 48) - 1
    sender.protect(rtp(last), last)
    with pytest.raises(KeyExhausted):
        sender.protect(rtp(last + 1), last + 1)
    with pytest.raises(KeyExhausted):
        sender.protect(rtp(0))


def test_a_libsrtp_sender_refuses_a_leap_that_it_cannot_follow() -> None:
    sender = session(SrtpProfile.SRTP_AEAD_AES_128_GCM, "libsrtp")
    with pytest.raises(PacketRefused, match="UNSUPPORTED"):
        sender.protect(rtp(65_536), 65_536)
    sender.protect(rtp(10), 10)
    with pytest.raises(PacketRefused, match="UNSUPPORTED"):
        sender.protect(rtp(10 + 32_768), 10 + 32_768)
    assert sender.sent_index(SSRC) == 10


@each
def test_last_srtcp_index_ends_the_key(profile: SrtpProfile, backend: str) -> None:
    """RFC 3711 section 9.2: at most 2**31 SRTCP packets."""
    sender = session(profile, backend)
    sender.next_srtcp_index = (1 << 31) - 1
    sender.protect_rtcp(rtcp())
    with pytest.raises(KeyExhausted):
        sender.protect_rtcp(rtcp())
    with pytest.raises(ValueError, match="never used again"):
        sender.next_srtcp_index = 5


@each
def test_srtcp_replay_window(profile: SrtpProfile, backend: str) -> None:
    sender, receiver = session(profile, "openssl"), session(profile, backend)
    reports = [sender.protect_rtcp(rtcp()) for _ in range(200)]
    table = [
        *[(3, True), (3, False), (1, True), (5, True), (4, True), (5, False)],
        *[(100, True), (37, True), (36, False), (37, False), (101, True), (38, True)],
        *[(199, True), (101, False), (135, False), (136, True), (198, True)],
    ]
    for index, taken in table:
        if taken:
            assert receiver.unprotect_rtcp(reports[index]) == rtcp()
        else:
            with pytest.raises(PacketReplayed):
                receiver.unprotect_rtcp(reports[index])


@each
def test_srtcp_windows_are_one_a_sender_and_64(profile: SrtpProfile, backend: str) -> None:
    sender, receiver = session(profile, "openssl"), session(profile, backend)
    reports = [sender.protect_rtcp(rtcp(ssrc)) for ssrc in range(65)]
    forged = bytearray(reports[64])
    forged[-1] ^= 1
    with pytest.raises(AuthenticationFailed):
        receiver.unprotect_rtcp(bytes(forged))
    # From the newest to the oldest: with one window for all, the later ones would be replays.
    for ssrc in reversed(range(64)):
        assert receiver.unprotect_rtcp(reports[ssrc]) == rtcp(ssrc)
    with pytest.raises(NoSpace):
        receiver.unprotect_rtcp(reports[64])
    with pytest.raises(PacketReplayed):
        receiver.unprotect_rtcp(reports[0])


@each
def test_unencrypted_srtcp_is_refused(profile: SrtpProfile, backend: str) -> None:
    sender, receiver = session(profile, "openssl"), session(profile, backend)
    report = bytearray(sender.protect_rtcp(rtcp()))
    word = len(report) - (14 if profile is SrtpProfile.SRTP_AES128_CM_HMAC_SHA1_80 else 4)
    assert report[word] & 0x80
    report[word] &= 0x7F
    with pytest.raises(PacketRefused, match="UNSUPPORTED"):
        receiver.unprotect_rtcp(bytes(report))


@each
def test_another_key_reads_nothing(profile: SrtpProfile, backend: str) -> None:
    sender = session(profile, backend)
    key, salt = KEYS[profile]
    for other in ((bytes([1]) + key[1:], salt), (key, salt[:-1] + b"\xff")):
        receiver = Session(profile, *other, backend)
        with pytest.raises(AuthenticationFailed):
            receiver.unprotect(sender.protect(rtp((sender.sent_index(SSRC) or 0) + 1)))
        with pytest.raises(AuthenticationFailed):
            receiver.unprotect_rtcp(sender.protect_rtcp(rtcp()))


@each
def test_ciphertext_shows_no_payload(profile: SrtpProfile, backend: str) -> None:
    sender = session(profile, backend)
    canary = b"canary" * 20
    assert b"canary" not in sender.protect(rtp(1, payload=canary))
    assert b"canary" not in sender.protect_rtcp(rtcp() + canary)


@each
def test_wiped_session_refuses_every_packet(profile: SrtpProfile, backend: str) -> None:
    sender, receiver = session(profile, backend), session(profile, backend)
    packet, report = sender.protect(rtp(1)), sender.protect_rtcp(rtcp())
    for wiped in (sender, receiver):
        wiped.wipe()
        wiped.wipe()
    for function, data in (
        (sender.protect, rtp(2)),
        (sender.protect_rtcp, rtcp()),
        (receiver.unprotect, packet),
        (receiver.unprotect_rtcp, report),
    ):
        with pytest.raises(NoKey):
            function(data)


@each
def test_packets_beyond_a_datagram_are_refused(profile: SrtpProfile, backend: str) -> None:
    sender, receiver = session(profile, backend), session(profile, backend)
    for function, data in (
        (sender.protect, rtp(1, payload=bytes(65_536))),
        (sender.protect_rtcp, rtcp() + bytes(65_536)),
        (receiver.unprotect, rtp(1, payload=bytes(65_536))),
        (receiver.unprotect_rtcp, rtcp() + bytes(65_536)),
    ):
        with pytest.raises(PacketRefused, match="TOO_LARGE"):
            function(data)


@pytest.mark.parametrize("profile", [0, 2, 5, 9, -1])
def test_unknown_profile_is_unsupported(profile: int) -> None:
    for backend in backends():
        with pytest.raises(PacketRefused, match="UNSUPPORTED"):
            Session(profile, bytes(16), bytes(14), backend)


@pytest.mark.parametrize("profile", KEYS)
def test_wrong_key_sizes_are_refused(profile: SrtpProfile) -> None:
    key, salt = KEYS[profile]
    for wrong in ((key[:-1], salt), (key, salt + b"x"), (b"", salt), (key, b"")):
        with pytest.raises(ValueError, match="takes a key of"):
            Session(profile, *wrong)


def test_auto_takes_the_first_backend_and_each_context_keeps_its_own() -> None:
    choose_backend("auto")
    assert chosen_backend() == backends()[0]
    assert backends()[-2:] == ["openssl", "libsrtp"]
    for name in backends():
        choose_backend(name)
        assert chosen_backend() == name
    with pytest.raises(CoreError, match="UNSUPPORTED"):
        choose_backend("rot13")
    assert chosen_backend() == backends()[-1]
    choose_backend("auto")
