"""STUN messages are checked, verified and answered as RFC 8489 and RFC 8445 ask."""

from __future__ import annotations

import binascii
import hmac
import ipaddress
import json
from pathlib import Path

import pytest
from aioice import stun as aioice_stun
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from conclave.core.errors import AuthenticationFailed, PacketRefused
from conclave.core.status import Status
from conclave.core.stun import StunType, parse_message, verify_message, write_error, write_success

# RFC 5769 sections 2.1 to 2.4 and RFC 8489 appendix B.1.
VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "rfc5769_stun" / "rfc5769.json").read_text())
MESSAGES = {name: bytes.fromhex(data) for name, data in VECTORS["messages"].items()}
PASSWORD = VECTORS["params"]["password"].encode()
SHORT_TERM = ("SAMPLE_REQUEST", "SAMPLE_IPV4_RESPONSE", "SAMPLE_IPV6_RESPONSE")
REQUEST = MESSAGES["SAMPLE_REQUEST"]

COOKIE = bytes.fromhex("2112a442")
TRANSACTION_ID = bytes(range(12))

transaction_ids = st.binary(min_size=12, max_size=12)
passwords = st.text(alphabet="abcdefghijABCDEFGHIJ0123456789+/", min_size=22, max_size=256)


def attribute(kind: int, value: bytes) -> bytes:
    return kind.to_bytes(2) + len(value).to_bytes(2) + value + bytes(-len(value) % 4)


def message(*attributes: bytes, kind: int = StunType.STUN_BINDING_REQUEST) -> bytes:
    body = b"".join(attributes)
    return kind.to_bytes(2) + len(body).to_bytes(2) + COOKIE + TRANSACTION_ID + body


def signed(data: bytes, password: bytes) -> bytes:
    """Adds MESSAGE-INTEGRITY (RFC 8489 section 14.5), computed here with Python's own HMAC."""
    covered = data[:2] + (len(data) + 24 - 20).to_bytes(2) + data[4:]
    return covered + attribute(0x0008, hmac.digest(password, covered, "sha1"))


def longer(data: bytes, *attributes: bytes) -> bytes:
    """Adds attributes behind those of a message and corrects its length."""
    body = data[20:] + b"".join(attributes)
    return data[:2] + len(body).to_bytes(2) + data[4:20] + body


def fingerprinted(data: bytes) -> bytes:
    """Adds FINGERPRINT (RFC 8489 section 14.7), computed here with Python's own CRC-32."""
    covered = data[:2] + (len(data) + 8 - 20).to_bytes(2) + data[4:]
    return covered + attribute(0x8028, (binascii.crc32(covered) ^ 0x5354554E).to_bytes(4))


def status_of(data: bytes) -> Status:
    try:
        parse_message(data)
    except PacketRefused as refused:
        return refused.status
    return Status.OK


@pytest.mark.parametrize("name", SHORT_TERM)
def test_verification_matches_rfc5769(name: str) -> None:
    verify_message(MESSAGES[name], PASSWORD)
    for wrong in (PASSWORD[:-1], PASSWORD + b"x", b"", PASSWORD.lower()):
        with pytest.raises(AuthenticationFailed):
            verify_message(MESSAGES[name], wrong)


def test_the_request_of_rfc5769_is_read() -> None:
    found = parse_message(REQUEST)
    assert found.message_type == StunType.STUN_BINDING_REQUEST
    assert found.transaction_id == bytes.fromhex("b7e7a701bc34d686fa87dfae")
    assert found.username == b"evtj:h6vY"
    assert found.local_ufrag == b"evtj"
    assert found.priority == 0x6E0001FF
    assert (found.ice_controlled, found.ice_controlling) == (True, False)
    assert found.tie_breaker == 0x932FF9B151263B36
    assert found.use_candidate is False
    assert found.unknown_required == 0
    assert REQUEST[found.integrity_offset :].startswith(bytes.fromhex("00080014"))


def test_long_term_samples_are_read_but_not_verified() -> None:
    assert parse_message(MESSAGES["SAMPLE_REQUEST_LONG_TERM_AUTH"]).unknown_required == 0
    # RFC 8489 section 18.3.1: USERHASH is comprehension-required, and ICE has no use for it.
    assert parse_message(MESSAGES["SAMPLE_REQUEST_LONG_TERM_AUTH_SHA256"]).unknown_required == 0x001E
    for name in ("SAMPLE_REQUEST_LONG_TERM_AUTH", "SAMPLE_REQUEST_LONG_TERM_AUTH_SHA256"):
        with pytest.raises(AuthenticationFailed):
            verify_message(MESSAGES[name], PASSWORD)


@pytest.mark.parametrize("name", MESSAGES)
def test_every_truncation_is_refused(name: str) -> None:
    whole = MESSAGES[name]
    assert status_of(whole) is Status.OK
    assert {status_of(whole[:size]) for size in range(len(whole))} == {Status.TRUNCATED}


@pytest.mark.parametrize("name", SHORT_TERM)
def test_every_changed_bit_shows(name: str) -> None:
    whole = MESSAGES[name]
    fingerprint_type = range(len(whole) * 8 - 64, len(whole) * 8 - 48)
    for position in range(len(whole) * 8):
        if position in fingerprint_type:
            continue  # then there is no FINGERPRINT but an unknown attribute, which nothing covers
        changed = bytearray(whole)
        changed[position // 8] ^= 0x80 >> position % 8
        with pytest.raises((PacketRefused, AuthenticationFailed)):
            verify_message(bytes(changed), PASSWORD)


def test_integrity_holds_with_and_without_what_follows_it() -> None:
    plain = signed(message(attribute(0x0006, b"us:them")), PASSWORD)
    for whole in (
        plain,
        fingerprinted(plain),
        longer(plain, attribute(0x8022, b"software")),
        fingerprinted(longer(plain, attribute(0x001C, bytes(32)))),
    ):
        verify_message(whole, PASSWORD)
        with pytest.raises(AuthenticationFailed):
            verify_message(whole, PASSWORD + b"x")


def test_attributes_after_integrity_are_ignored() -> None:
    # RFC 8489 section 14.5: they are not covered, so anybody on the path can have added them.
    plain = signed(message(attribute(0x0006, b"us:them")), PASSWORD)
    added = longer(
        plain,
        attribute(0x0025, b""),
        attribute(0x0024, bytes(4)),
        attribute(0x802A, bytes(8)),
        attribute(0x7777, b""),
        attribute(0x0006, b"evil:them"),
        attribute(0x0008, b"short"),
    )
    found = parse_message(added)
    assert found.username == b"us:them"
    assert (found.use_candidate, found.priority, found.ice_controlling) == (False, None, False)
    assert found.unknown_required == 0
    verify_message(added, PASSWORD)


def test_a_message_without_integrity_is_not_authentic() -> None:
    with pytest.raises(AuthenticationFailed):
        verify_message(fingerprinted(message(attribute(0x0006, b"us:them"))), PASSWORD)


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (message(), Status.OK),
        (b"", Status.TRUNCATED),
        (message() + b"\0\0\0\0", Status.MALFORMED),  # bytes behind the message
        (b"\x40" + message()[1:], Status.MALFORMED),  # RFC 8489 section 5: the first two bits are zero
        (b"\x80" + message()[1:], Status.MALFORMED),
        (message()[:4] + b"\x21\x12\xa4\x43" + message()[8:], Status.MALFORMED),  # RFC 3489: no magic cookie
        (message()[:2] + b"\0\2" + message()[4:] + b"\0\0", Status.MALFORMED),  # length no multiple of 4
        (message(attribute(0x8022, bytes(1448))), Status.OK),
        (message(attribute(0x8022, bytes(1449))), Status.TOO_LARGE),
        (message(b"\x80\x22\x00\x01"), Status.MALFORMED),  # value beyond the message
        (message(b"\x80\x22\xff\xff\0\0\0\0"), Status.MALFORMED),
        (message(attribute(0x0000, b"")), Status.MALFORMED),  # reserved
        (message(attribute(0x0024, bytes(3))), Status.MALFORMED),
        (message(attribute(0x0024, bytes(8))), Status.MALFORMED),
        (message(attribute(0x0025, bytes(1))), Status.MALFORMED),
        (message(attribute(0x8029, bytes(4))), Status.MALFORMED),
        (message(attribute(0x802A, bytes(4))), Status.MALFORMED),
        (message(attribute(0x0008, bytes(19))), Status.MALFORMED),
        (message(attribute(0x0008, bytes(32))), Status.MALFORMED),
        (fingerprinted(message()), Status.OK),
        (message(attribute(0x8028, bytes(4))), Status.MALFORMED),  # wrong
        (message(attribute(0x8028, bytes(3))), Status.MALFORMED),
        (message(attribute(0x8028, b"")), Status.MALFORMED),
        (longer(fingerprinted(message()), attribute(0x8022, b"x")), Status.MALFORMED),  # not the last
    ],
)
def test_broken_messages_are_refused(data: bytes, status: Status) -> None:
    assert status_of(data) is status


@pytest.mark.parametrize(
    ("username", "local_ufrag"),
    [(b"us:them", b"us"), (b"us", b""), (b":them", b""), (b"", b""), (b"us:them:more", b"us"), (b"us:", b"us")],
)
def test_the_local_fragment_ends_at_the_first_colon(username: bytes, local_ufrag: bytes) -> None:
    found = parse_message(message(attribute(0x0006, username)))
    assert (found.username, found.local_ufrag) == (username, local_ufrag)


def test_of_repeated_attributes_the_first_counts() -> None:
    # RFC 8489 section 14.
    found = parse_message(
        message(
            attribute(0x0006, b"first:x"),
            attribute(0x0006, b"second:x"),
            attribute(0x0024, b"\0\0\0\1"),
            attribute(0x0024, b"\0\0\0\2"),
            attribute(0x802A, bytes(7) + b"\1"),
            attribute(0x8029, bytes(7) + b"\2"),
            attribute(0x7001, b""),
            attribute(0x7002, b""),
        )
    )
    assert (found.local_ufrag, found.priority, found.tie_breaker) == (b"first", 1, 1)
    assert (found.ice_controlling, found.ice_controlled) == (True, False)
    assert found.unknown_required == 0x7001


@pytest.mark.parametrize(
    ("kind", "unknown"),
    [
        (0x0003, 0x0003),  # CHANGE-REQUEST of RFC 3489
        (0x7FFF, 0x7FFF),
        (0x8000, 0),
        (0xC057, 0),  # network cost, from Chromium
        (0x0001, 0),
        (0x0014, 0),
        (0x0020, 0),
    ],
)
def test_only_unknown_required_attributes_are_told(kind: int, unknown: int) -> None:
    assert parse_message(message(attribute(kind, bytes(8)))).unknown_required == unknown


@seed(1)
@given(
    transaction_ids,
    passwords,
    st.text(alphabet="abcdefgh", min_size=4, max_size=8),
    st.booleans(),
    st.integers(0, 0xFFFFFFFF),
    st.integers(0, 2**64 - 1),
    st.booleans(),
)
def test_requests_of_aioice_are_read_and_verified(
    transaction_id: bytes,
    password: str,
    ufrag: str,
    nominates: bool,
    priority: int,
    tie_breaker: int,
    controlling: bool,
) -> None:
    role = "ICE-CONTROLLING" if controlling else "ICE-CONTROLLED"
    theirs = aioice_stun.Message(aioice_stun.Method.BINDING, aioice_stun.Class.REQUEST, transaction_id)
    theirs.attributes["USERNAME"] = f"{ufrag}:peer"
    theirs.attributes["PRIORITY"] = priority
    theirs.attributes[role] = tie_breaker
    if nominates:
        theirs.attributes["USE-CANDIDATE"] = None
    theirs.add_message_integrity(password.encode())
    found = parse_message(bytes(theirs))
    assert found.message_type == StunType.STUN_BINDING_REQUEST
    assert found.transaction_id == transaction_id
    assert found.local_ufrag == ufrag.encode()
    assert (found.use_candidate, found.priority, found.tie_breaker) == (nominates, priority, tie_breaker)
    assert (found.ice_controlling, found.ice_controlled) == (controlling, not controlling)
    assert found.unknown_required == 0
    verify_message(bytes(theirs), password.encode())
    with pytest.raises(AuthenticationFailed):
        verify_message(bytes(theirs), password.encode()[1:])


@seed(2)
@given(transaction_ids, passwords, st.ip_addresses(), st.integers(0, 65535))
def test_aioice_reads_and_verifies_our_success_responses(
    transaction_id: bytes,
    password: str,
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
    port: int,
) -> None:
    data = write_success(transaction_id, address.packed, port, password.encode())
    theirs = aioice_stun.parse_message(data)
    assert theirs.check_message_integrity(password.encode())
    assert theirs.message_class == aioice_stun.Class.RESPONSE
    assert theirs.transaction_id == transaction_id
    assert theirs.attributes["XOR-MAPPED-ADDRESS"] == (str(address), port)
    assert list(theirs.attributes) == ["XOR-MAPPED-ADDRESS", "MESSAGE-INTEGRITY", "FINGERPRINT"]
    verify_message(data, password.encode())


def test_responses_match_rfc5769_but_for_its_software_name() -> None:
    # The samples carry SOFTWARE first; with it left out, ours are what Python computes over the rest.
    for name, family in (("SAMPLE_IPV4_RESPONSE", "ipv4"), ("SAMPLE_IPV6_RESPONSE", "ipv6")):
        host, port = VECTORS["params"][family].rsplit(":", 1)
        sample = MESSAGES[name]
        mapped_size = 12 if family == "ipv4" else 24
        mapped = sample[36 : 36 + mapped_size]
        assert mapped.startswith(b"\x00\x20")
        head = sample[:2] + mapped_size.to_bytes(2) + sample[4:20]
        ours = write_success(sample[8:20], ipaddress.ip_address(host).packed, int(port), PASSWORD)
        assert ours == fingerprinted(signed(head + mapped, PASSWORD))


@pytest.mark.parametrize(
    ("code", "reason"),
    [(400, "Bad Request"), (401, "Unauthenticated"), (420, "Unknown Attribute"), (487, "Role Conflict")],
)
def test_aioice_reads_our_error_responses(code: int, reason: str) -> None:
    for password in (None, PASSWORD):
        data = write_error(TRANSACTION_ID, code, 0x7001, password)
        # aioice knows no UNKNOWN-ATTRIBUTES and skips it.
        theirs = aioice_stun.parse_message(data)
        assert theirs.message_class == aioice_stun.Class.ERROR
        assert theirs.transaction_id == TRANSACTION_ID
        assert theirs.attributes["ERROR-CODE"] == (code, reason)
        assert ("MESSAGE-INTEGRITY" in theirs.attributes) == (password is not None)
        assert "FINGERPRINT" in theirs.attributes
        assert (attribute(0x000A, b"\x70\x01") in data) == (code == 420)
        assert parse_message(data).message_type == StunType.STUN_BINDING_ERROR
        if password is not None:
            assert theirs.check_message_integrity(password)
            verify_message(data, password)


def test_other_error_codes_have_no_response() -> None:
    with pytest.raises(ValueError, match="500"):
        write_error(TRANSACTION_ID, 500)


@seed(3)
@settings(max_examples=1000)
@given(st.lists(st.tuples(st.integers(0, 0xFFFF), st.binary(max_size=24)), max_size=8), st.binary(max_size=12))
def test_arbitrary_attributes_never_lead_outside_the_message(attributes: list[tuple[int, bytes]], tail: bytes) -> None:
    data = message(*(attribute(kind, value) for kind, value in attributes), tail)
    try:
        found = parse_message(data)
    except PacketRefused:
        return
    assert found.integrity_offset == 0 or 20 <= found.integrity_offset <= len(data) - 24
    assert found.username is None or (6, found.username) in attributes
    assert found.local_ufrag in (found.username or b"")


@seed(4)
@settings(max_examples=500)
@given(st.binary(max_size=64))
def test_arbitrary_bytes_are_refused_or_read(data: bytes) -> None:
    assert status_of(data) in (Status.OK, Status.TRUNCATED, Status.MALFORMED)
