"""DTLS-SRTP endpoints against each other and against hostile bytes, without sockets."""

from __future__ import annotations

import contextlib
import gc
import random
import time
import weakref

import pytest
from OpenSSL import SSL

from conclave.core import dtls
from conclave.core.dtls import DtlsEndpoint, DtlsIdentity, DtlsState, format_fingerprint, read_fingerprint

CLIENT = DtlsIdentity()
SERVER = DtlsIdentity()
WRONG = bytes(32)


def pair(
    *, client_expects: bytes | None = None, server_expects: bytes | None = None, now_ns: int = 0
) -> tuple[DtlsEndpoint, DtlsEndpoint]:
    client_expects = read_fingerprint(SERVER.fingerprint) if client_expects is None else client_expects
    server_expects = read_fingerprint(CLIENT.fingerprint) if server_expects is None else server_expects
    client = DtlsEndpoint(CLIENT, client=True, remote_fingerprint=client_expects, now_ns=now_ns)
    server = DtlsEndpoint(SERVER, client=False, remote_fingerprint=server_expects, now_ns=now_ns)
    return client, server


def exchange(client: DtlsEndpoint, server: DtlsEndpoint) -> list[bytes]:
    """Carries datagrams both ways until both are silent; returns every datagram."""
    carried: list[bytes] = []
    client.start(0)
    while True:
        to_server, to_client = client.poll_transmit(), server.poll_transmit()
        if not to_server and not to_client:
            return carried
        for datagram in to_server:
            server.receive(datagram, 0)
        for datagram in to_client:
            client.receive(datagram, 0)
        carried += to_server + to_client


def test_both_sides_export_the_same_keys() -> None:
    client, server = pair()
    exchange(client, server)
    assert (client.state, server.state) == (DtlsState.CONNECTED, DtlsState.CONNECTED)
    ours, theirs = client.keys(), server.keys()
    assert ours is not None
    assert theirs is not None
    assert (ours.send_key, ours.send_salt) == (theirs.receive_key, theirs.receive_salt)
    assert (ours.receive_key, ours.receive_salt) == (theirs.send_key, theirs.send_salt)
    assert ours.send_key != ours.receive_key
    assert (client.next_timeout(), server.next_timeout()) == (None, None)


def test_an_endpoint_that_is_let_go_keeps_no_secret_until_garbage_is_collected() -> None:
    client, server = pair()
    exchange(client, server)
    kept = [weakref.ref(endpoint._connection) for endpoint in (client, server)]
    gc.disable()
    try:
        del client, server
        assert [each() for each in kept] == [None, None]
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("offered", "profile", "key_size", "salt_size"),
    [
        (b"SRTP_AES128_CM_SHA1_80:SRTP_AEAD_AES_128_GCM:SRTP_AEAD_AES_256_GCM", 8, 32, 12),
        (b"SRTP_AES128_CM_SHA1_80:SRTP_AEAD_AES_128_GCM", 7, 16, 12),
        (b"SRTP_AES128_CM_SHA1_80", 1, 16, 14),
    ],
)
def test_the_server_prefers_gcm_and_takes_cm_from_a_client_with_nothing_else(
    monkeypatch: pytest.MonkeyPatch, offered: bytes, profile: int, key_size: int, salt_size: int
) -> None:
    monkeypatch.setattr(dtls, "_CLIENT_PROFILES", offered)
    identity = DtlsIdentity()
    client = DtlsEndpoint(identity, client=True, remote_fingerprint=read_fingerprint(SERVER.fingerprint), now_ns=0)
    server = DtlsEndpoint(SERVER, client=False, remote_fingerprint=read_fingerprint(identity.fingerprint), now_ns=0)
    exchange(client, server)
    keys = server.keys()
    assert keys is not None
    assert keys.profile == profile
    assert (len(keys.send_key), len(keys.receive_key)) == (key_size, key_size)
    assert (len(keys.send_salt), len(keys.receive_salt)) == (salt_size, salt_size)


# FFmpeg insists on being server and knows no other profile.
def test_the_client_takes_cm_from_a_server_with_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dtls, "_SERVER_PROFILES", b"SRTP_AES128_CM_SHA1_80")
    identity = DtlsIdentity()
    client = DtlsEndpoint(SERVER, client=True, remote_fingerprint=read_fingerprint(identity.fingerprint), now_ns=0)
    server = DtlsEndpoint(identity, client=False, remote_fingerprint=read_fingerprint(SERVER.fingerprint), now_ns=0)
    exchange(client, server)
    keys = client.keys()
    assert keys is not None
    assert (keys.profile, len(keys.send_key), len(keys.send_salt)) == (1, 16, 14)


# RFC 5764 section 4.1.2: no profile in common means no SRTP.
def test_a_client_without_use_srtp_gets_no_keys() -> None:
    context = SSL.Context(SSL.DTLS_CLIENT_METHOD)
    context.set_verify(SSL.VERIFY_NONE, lambda *_: True)
    plain = SSL.Connection(context, None)
    plain.set_connect_state()
    plain.set_ciphertext_mtu(1200)
    server = DtlsEndpoint(SERVER, client=False, remote_fingerprint=WRONG, now_ns=0)
    while server.state in (DtlsState.NEW, DtlsState.CONNECTING):
        with contextlib.suppress(SSL.WantReadError):
            plain.do_handshake()
        server.receive(plain.bio_read(65536)[:2048], 0)
        for datagram in server.poll_transmit():
            plain.bio_write(datagram)
    assert server.state is DtlsState.FAILED
    assert server.keys() is None


def test_a_wrong_fingerprint_fails_the_server_before_any_key() -> None:
    client, server = pair(server_expects=WRONG)
    exchange(client, server)
    assert (server.state, server.reason, server.keys()) == (DtlsState.FAILED, "fingerprint", None)
    assert client.state is DtlsState.FAILED  # told by an alert


def test_a_wrong_fingerprint_fails_the_client_before_any_key() -> None:
    client, server = pair(client_expects=WRONG)
    exchange(client, server)
    assert (client.state, client.reason, client.keys()) == (DtlsState.FAILED, "fingerprint", None)
    assert server.keys() is None


def test_datagrams_hold_whole_records_within_the_limit() -> None:
    client, server = pair()
    for datagram in exchange(client, server):
        assert len(datagram) <= dtls.DATAGRAM_MAX
        offset = 0
        while offset < len(datagram):
            assert 20 <= datagram[offset] <= 63  # RFC 7983
            offset += 13 + int.from_bytes(datagram[offset + 11 : offset + 13], "big")
        assert offset == len(datagram)


@pytest.mark.parametrize(
    ("sizes", "datagrams"),
    [
        ((100,), [100]),
        ((600, 600), [1200]),
        ((600, 601), [600, 601]),
        ((1300,), [1300]),
        ((700, 700, 400), [700, 1100]),
    ],
)
def test_split_fills_datagrams_record_by_record(sizes: tuple[int, ...], datagrams: list[int]) -> None:
    written = b"".join(
        bytes([22, 254, 253]) + bytes(8) + (size - 13).to_bytes(2, "big") + bytes(size - 13) for size in sizes
    )
    assert [len(datagram) for datagram in dtls._split(written)] == datagrams


def test_close_notify_ends_the_peer() -> None:
    client, server = pair()
    exchange(client, server)
    client.close()
    for datagram in client.poll_transmit():
        server.receive(datagram, 0)
    assert (server.state, server.keys()) == (DtlsState.CLOSED, None)


def test_hostile_datagrams_never_raise_and_a_connected_endpoint_outlives_them() -> None:
    client, server = pair()
    carried = exchange(client, server)
    keys = server.keys()
    generator = random.Random(7)
    for _ in range(2000):
        if generator.random() < 0.5:
            hostile = generator.randbytes(generator.randrange(0, 2100))
        else:
            flipped = bytearray(generator.choice(carried))
            flipped[generator.randrange(len(flipped))] ^= 1 << generator.randrange(8)
            hostile = bytes(flipped[: generator.randrange(len(flipped) + 1)])
        server.receive(hostile, 0)
        server.poll_transmit()
    assert server.state is DtlsState.CONNECTED
    assert server.keys() is keys


@pytest.mark.parametrize("seed", range(40))
def test_hostile_datagrams_before_the_handshake_never_raise(seed: int) -> None:
    client, server = pair()
    client.start(0)
    flight = client.poll_transmit()
    generator = random.Random(seed)
    for _ in range(30):
        hostile = bytearray(generator.choice(flight) if seed % 2 else generator.randbytes(300))
        for _ in range(generator.randrange(1, 6)):
            hostile[generator.randrange(len(hostile))] = generator.randrange(256)
        server.receive(bytes(hostile[: generator.randrange(1, len(hostile) + 1)]), 0)
        server.poll_transmit()
    assert server.keys() is None


def test_random_bytes_do_not_stop_a_later_handshake() -> None:
    client, server = pair()
    generator = random.Random(11)
    for _ in range(50):
        server.receive(generator.randbytes(400), 0)
    exchange(client, server)
    assert server.state is DtlsState.CONNECTED


def test_an_endless_handshake_is_cut_off() -> None:
    _, server = pair()
    generator = random.Random(3)
    while server.state is not DtlsState.FAILED:
        server.receive(b"\x16\xfe\xfd" + generator.randbytes(1000), 0)
    assert server.reason == "bytes"


def test_a_silent_peer_is_given_up() -> None:
    _, server = pair()
    assert server.next_timeout() == dtls.HANDSHAKE_TIME_NS
    server.handle_timeout(dtls.HANDSHAKE_TIME_NS)
    assert (server.state, server.reason) == (DtlsState.FAILED, "timeout")


# RFC 6347 section 4.2.4. OpenSSL's first timer is one second of the real clock.
def test_a_lost_flight_is_sent_again() -> None:
    start_ns = time.monotonic_ns()
    client, server = pair(now_ns=start_ns)
    client.start(start_ns)
    assert client.poll_transmit()
    again: list[bytes] = []
    while not again and time.monotonic_ns() - start_ns < 5_000_000_000:
        timeout = client.next_timeout()
        assert timeout is not None
        time.sleep(max(0, timeout - time.monotonic_ns()) / 1e9)  # until the endpoint's own deadline
        client.handle_timeout(time.monotonic_ns())
        again = client.poll_transmit()
    for datagram in again:
        server.receive(datagram, 0)
    exchange(client, server)
    assert server.state is DtlsState.CONNECTED


@pytest.mark.parametrize(
    "text", ["", "AA", ":".join(["AA"] * 31), ":".join(["GG"] * 32), ":".join([" A"] * 32), "AA" * 32]
)
def test_malformed_fingerprints_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_fingerprint(text)


def test_fingerprints_are_read_in_either_case() -> None:
    assert read_fingerprint(SERVER.fingerprint.lower()) == read_fingerprint(SERVER.fingerprint)
    assert format_fingerprint(read_fingerprint(SERVER.fingerprint)) == SERVER.fingerprint


def test_keys_do_not_print() -> None:
    client, server = pair()
    exchange(client, server)
    keys = server.keys()
    assert keys is not None
    assert repr(keys) == f"SrtpKeys(profile={keys.profile})"
