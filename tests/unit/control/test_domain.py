"""Rules of rooms, invites, names, pages and permissions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from conclave.services.domain.callers import Caller, CallerRole, Permission, require_permission
from conclave.services.domain.data_classes import DataClass
from conclave.services.domain.errors import FailedPrecondition, InvalidArgument, PermissionDenied
from conclave.services.domain.identifiers import (
    InviteName,
    MeetingName,
    decode_random_id,
    encode_random_id,
    parse_invite_name,
    parse_meeting_name,
    parse_room_name,
    validate_room_id,
)
from conclave.services.domain.invites import InviteClaims, MalformedToken, read_token, validate_ttl, write_token
from conclave.services.domain.pages import PageRequest, read_page_request, write_page_token
from conclave.services.domain.protection import ProtectionMode
from conclave.services.domain.roles import Role
from conclave.services.domain.rooms import RoomChanges, changed_room, new_room, validate_display_name
from conclave.services.invites.identity import IdentityKey
from conclave.v1 import data_class_pb2, rooms_pb2

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SIGNER = IdentityKey(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
OTHER_SIGNER = IdentityKey(Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33))))
CLAIMS = InviteClaims("abcdefghijklmnop", Role.HOST, NOW)


@pytest.mark.parametrize("room_id", ["abc", "a-c", "a1-b2", "a" * 63])
def test_room_ids(room_id: str) -> None:
    assert validate_room_id(room_id) == room_id
    assert parse_room_name(f"rooms/{room_id}") == room_id


@pytest.mark.parametrize(
    "room_id", ["", "ab", "1ab", "-ab", "ab-", "Abc", "a_b", "a b", "ab\n", "abc\n", "äbc", "a" * 64, "a/b", "a\u0661b"]
)
def test_other_room_ids_are_refused(room_id: str) -> None:
    with pytest.raises(InvalidArgument, match="3 to 63"):
        validate_room_id(room_id)


@given(st.binary(min_size=10, max_size=10))
def test_random_ids_come_back(octets: bytes) -> None:
    text = encode_random_id(octets)
    assert decode_random_id(text) == octets
    assert parse_invite_name(f"rooms/abc/invites/{text}") == InviteName("abc", text)
    assert str(parse_meeting_name(f"rooms/abc/meetings/{text}")) == str(MeetingName("abc", text))


@pytest.mark.parametrize("name", ["", "rooms", "rooms/", "rooms/abc/", "room/abc", "/rooms/abc", "rooms/abc/invites/x"])
def test_other_names_are_refused(name: str) -> None:
    for parse in (parse_room_name, parse_invite_name, parse_meeting_name):
        with pytest.raises(InvalidArgument):
            parse(name)


def test_a_protection_that_cannot_be_kept_is_refused_with_the_ways_out() -> None:
    with pytest.raises(FailedPrecondition, match=r"END_TO_END_SEALED.*END_TO_END .*MANAGED"):
        new_room("abc", "", ProtectionMode.END_TO_END_SEALED, 0, NOW)


@pytest.mark.parametrize("mode", [ProtectionMode.END_TO_END, ProtectionMode.MANAGED])
def test_a_protection_that_can_be_kept_is_the_rooms(mode: ProtectionMode) -> None:
    assert new_room("abc", "", mode, 0, NOW).protection_mode is mode


def test_a_room_without_a_protection_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="protection_mode is required"):
        new_room("abc", "", None, 0, NOW)


def test_a_room_gets_defaults() -> None:
    room = new_room("abc", "", ProtectionMode.MANAGED, 0, NOW)
    assert (room.name, room.display_name, room.max_participants) == ("rooms/abc", "abc", 100)


@pytest.mark.parametrize(
    ("mode", "max_participants"),
    [
        (ProtectionMode.MANAGED, 501),
        (ProtectionMode.MANAGED, 2**32 - 1),
        (ProtectionMode.MANAGED, -1),
        (ProtectionMode.END_TO_END, 251),
    ],
)
def test_the_size_of_a_room_is_bounded(mode: ProtectionMode, max_participants: int) -> None:
    with pytest.raises(InvalidArgument, match="max_participants"):
        new_room("abc", "", mode, max_participants, NOW)
    with pytest.raises(InvalidArgument, match="max_participants"):
        changed_room(new_room("abc", "", mode, 0, NOW), RoomChanges(max_participants=max_participants))
    assert new_room("abc", "", mode, 250, NOW).max_participants == 250


FAMILY = "👩\u200d👩\u200d👧"


@pytest.mark.parametrize(
    ("given_name", "kept"), [("  Ann ", "Ann"), ("e\u0301", "é"), (FAMILY, FAMILY), ("x" * 9, "x" * 9)]
)
def test_display_names_are_normalised(given_name: str, kept: str) -> None:
    assert validate_display_name(given_name, 9) == kept


@pytest.mark.parametrize("name", ["", "   ", "x" * 10, "a\nb", "a\x00b", "a\u202eb", "a\u2028b", "a\ud800b"])
def test_other_display_names_are_refused_without_repeating_them(name: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        validate_display_name(name, 9)
    assert not name.strip() or name not in str(refused.value)


YEAR_S = 365 * 86400


@pytest.mark.parametrize(
    ("seconds", "valid"), [(59.999, False), (60, True), (YEAR_S, True), (YEAR_S + 1, False), (-1, False), (0, False)]
)
def test_an_invite_works_for_a_minute_to_a_year(seconds: float, valid: bool) -> None:
    ttl = timedelta(seconds=seconds)
    if valid:
        assert validate_ttl(ttl) == ttl
    else:
        with pytest.raises(InvalidArgument, match="one minute"):
            validate_ttl(ttl)


def test_a_token_says_what_was_signed() -> None:
    token = write_token(CLAIMS, SIGNER)
    assert read_token(token, SIGNER) == CLAIMS
    assert len(token) == 112


def test_a_token_of_another_deployment_is_refused() -> None:
    with pytest.raises(MalformedToken):
        read_token(write_token(CLAIMS, OTHER_SIGNER), SIGNER)


def test_a_token_with_any_character_changed_is_refused() -> None:
    token = write_token(CLAIMS, SIGNER)
    for position, character in enumerate(token):
        changed = token[:position] + ("A" if character != "A" else "B") + token[position + 1 :]
        with pytest.raises(MalformedToken):
            read_token(changed, SIGNER)


def test_a_token_cut_at_any_length_is_refused() -> None:
    token = write_token(CLAIMS, SIGNER)
    for length in range(len(token)):
        with pytest.raises(MalformedToken):
            read_token(token[:length], SIGNER)


@given(st.text(max_size=200))
def test_no_other_text_is_a_token(text: str) -> None:
    with pytest.raises(MalformedToken):
        read_token(text, SIGNER)


def test_a_signing_key_cannot_be_printed() -> None:
    assert repr(SIGNER) == str(SIGNER) == "<secret>"


@given(st.lists(st.text(), max_size=3))
def test_page_tokens_come_back(after: list[str]) -> None:
    token = write_page_token("rooms", *after)
    assert read_page_request("rooms", len(after), 7, token) == PageRequest(7, tuple(after))
    with pytest.raises(InvalidArgument):
        read_page_request("invites", len(after), 7, token)
    with pytest.raises(InvalidArgument):
        read_page_request("rooms", len(after) + 1, 7, token)


@given(st.text(min_size=1))
def test_other_page_tokens_are_refused(token: str) -> None:
    with pytest.raises(InvalidArgument, match="page_token"):
        read_page_request("rooms", 1, 0, token)


@pytest.mark.parametrize(("asked", "given_size"), [(0, 100), (1, 1), (1000, 1000), (1001, 1000), (2**31 - 1, 1000)])
def test_page_sizes(asked: int, given_size: int) -> None:
    assert read_page_request("rooms", 1, asked, "").size == given_size


def test_a_negative_page_size_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="negative"):
        read_page_request("rooms", 1, -1, "")


ALLOWED = {
    CallerRole.ADMINISTRATOR: set(Permission) - {Permission.CARRY_SIGNALLING},
    CallerRole.VIEWER: {
        Permission.CHECK_HEALTH,
        Permission.READ_API,
        Permission.READ_STATUS,
        Permission.READ_ROOMS,
        Permission.READ_INVITES,
        Permission.READ_MEETINGS,
        Permission.READ_METRICS,
    },
    CallerRole.GATEWAY: {
        Permission.CHECK_HEALTH,
        Permission.READ_API,
        Permission.READ_METRICS,
        Permission.CARRY_SIGNALLING,
    },
    CallerRole.NOBODY: {Permission.CHECK_HEALTH},
}


@pytest.mark.parametrize("role", list(CallerRole))
@pytest.mark.parametrize("permission", list(Permission))
def test_who_may_do_what(role: CallerRole, permission: Permission) -> None:
    caller = Caller(role, "test")
    if permission in ALLOWED[role]:
        require_permission(caller, permission)
    else:
        with pytest.raises(PermissionDenied, match=permission.value):
            require_permission(caller, permission)


def test_the_domains_numbers_are_the_protos() -> None:
    for ours, theirs, prefix in (
        (ProtectionMode, rooms_pb2.ProtectionMode, "PROTECTION_MODE_"),
        (Role, rooms_pb2.Role, "ROLE_"),
        (DataClass, data_class_pb2.DataClass, "DATA_CLASS_"),
    ):
        told = {name.removeprefix(prefix): number for name, number in theirs.items() if number}
        assert {member.name: member.value for member in ours} == told
