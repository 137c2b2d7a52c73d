"""Which new leaves are taken from whom, and which groups a policy allows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from conclave.services.domain.protection import ProtectionMode
from conclave.services.mls.errors import HandshakeInvalid, HandshakeRefused
from conclave.services.mls.handshake import read_handshake
from conclave.services.mls.identity import check_key_package, vouch
from conclave.services.mls.policy import GroupPolicy, check_group_id, policy_of
from conclave.v1 import identity_pb2

from .mls_leaves import MEETING, NOW_S, Person
from .mls_messages import GROUP, commit

# Shared with the web client's tests.
POLICIES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "vectors" / "conclave" / "group-policies.json").read_text()
)
DEPLOYMENT = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
ANNA, BEN = Person(DEPLOYMENT, "anna"), Person(DEPLOYMENT, "ben")
GOOD = ANNA.key_package()


def policy(vector: dict[str, Any]) -> GroupPolicy:
    roster = bytes.fromhex(vector["rosterHash"])
    return GroupPolicy(ProtectionMode(vector["mode"]), roster, vector["quorum"], vector["retentionClass"])


@pytest.mark.parametrize("index", range(len(POLICIES)))
def test_a_group_is_one_under_the_policy_whose_hash_its_id_holds(index: int) -> None:
    group_id = b"\1" + bytes.fromhex(POLICIES[index]["hash"]) + bytes(16)
    check_group_id(group_id, policy(POLICIES[index]))
    for other in POLICIES[:index] + POLICIES[index + 1 :]:
        with pytest.raises(HandshakeRefused, match="policy"):
            check_group_id(group_id, policy(other))
    for wrong in (group_id[:-1], group_id + b"\0", b"\2" + group_id[1:], b""):
        with pytest.raises(HandshakeRefused, match="policy"):
            check_group_id(wrong, policy(POLICIES[index]))


def test_only_rooms_with_end_to_end_encryption_have_groups() -> None:
    found = {mode: policy_of(mode) for mode in ProtectionMode}
    assert found[ProtectionMode.END_TO_END] == policy(POLICIES[0])
    assert found[ProtectionMode.MANAGED] is None


def test_the_deployment_says_the_same_of_a_participant_each_time_and_its_key_proves_it() -> None:
    first, second = (vouch(DEPLOYMENT, "p", MEETING, "member:x", "Ada", bytes(32)) for _ in range(2))
    assert first == second
    statement = identity_pb2.IdentityStatement.FromString(first.statement)
    said = (statement.participant_id, statement.meeting, statement.subject, statement.display_name)
    assert said == ("p", MEETING, "member:x", "Ada")
    assert statement.identity_key == bytes(32)
    DEPLOYMENT.public_key().verify(first.signature, b"conclave identity v1\0" + first.statement)


def test_a_leaf_of_the_person_vouched_for_is_taken_as_commits_name_it() -> None:
    package = check_key_package(GOOD, ANNA.vouched, NOW_S)
    added = read_handshake(commit(0, 0, b"\0\1" + package, group_id=GROUP))
    assert added.proposals[0].key_package == package  # type: ignore[union-attr]


def test_a_leaf_of_somebody_else_is_refused() -> None:
    with pytest.raises(HandshakeInvalid, match="not that of this participant"):
        check_key_package(BEN.key_package(), ANNA.vouched, NOW_S)
    # The right statement, copied from where everybody can read it, without the identity key.
    thief = Person(DEPLOYMENT, "thief")
    thief.vouched = ANNA.vouched
    with pytest.raises(HandshakeInvalid, match="signature"):
        check_key_package(thief.key_package(), ANNA.vouched, NOW_S)
    # A credential of the right person that was signed for another leaf.
    with pytest.raises(HandshakeInvalid, match="signature"):
        check_key_package(ANNA.key_package(credential=ANNA.credential(BEN.key())), ANNA.vouched, NOW_S)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"suite": b"\0\2"}, "suite"),
        ({"source": b"\2"}, "says that it is"),
        ({"init_key": bytes(31)}, "three different"),
        ({"init_key": bytes(32), "encryption_key": bytes(32)}, "three different"),
        ({"not_before": (NOW_S + 1).to_bytes(8)}, "lifetime"),
        ({"not_after": (NOW_S - 1).to_bytes(8)}, "lifetime"),
        ({"leaf_extensions": b"\0\1\0"}, "extensions"),
        ({"extensions": b"\0\1\0"}, "extensions"),
        ({"credential": b"\xff"}, "none of ours"),
        ({"credential": b""}, "not that of"),
        ({"credential": ANNA.credential(BEN.key(), content_key_size=0)}, "no content key"),
        ({"credential": ANNA.credential(BEN.key(), content_key_size=31)}, "no content key"),
        # Unknown field 15, which the parser would pass over.
        ({"credential": ANNA.credential(BEN.key()) + b"\x7a\x00"}, "encoded"),
    ],
)
def test_a_leaf_that_members_would_refuse_is_refused(changed: dict[str, bytes], words: str) -> None:
    with pytest.raises(HandshakeInvalid, match=words):
        check_key_package(ANNA.key_package(**changed), ANNA.vouched, NOW_S)


def test_a_leaf_cut_off_anywhere_is_refused() -> None:
    for size in range(len(GOOD)):
        with pytest.raises(HandshakeInvalid):
            check_key_package(GOOD[:size], ANNA.vouched, NOW_S)
    with pytest.raises(HandshakeInvalid):
        check_key_package(GOOD + b"\0", ANNA.vouched, NOW_S)


def test_a_leaf_with_a_flipped_bit_is_refused() -> None:
    for position in range(len(GOOD)):
        altered = bytearray(GOOD)
        altered[position] ^= 1 << position % 8
        with pytest.raises(HandshakeInvalid):
            check_key_package(bytes(altered), ANNA.vouched, NOW_S)


@given(st.binary(max_size=300))
def test_whatever_is_sent_as_a_leaf_is_refused_in_one_way(noise: bytes) -> None:
    for message in (noise, GOOD[:40] + noise):
        with pytest.raises(HandshakeInvalid):
            check_key_package(message, ANNA.vouched, NOW_S)
