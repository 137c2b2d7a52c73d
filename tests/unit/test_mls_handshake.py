"""Handshakes as the appliance reads them; messages of other implementations are in tests/vectors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, seed
from hypothesis import strategies as st

from conclave.services.mls.errors import HandshakeInvalid
from conclave.services.mls.handshake import Add, Commit, ProposalMessage, Reference, Remove, read_handshake
from conclave.services.mls.reader import Reader

VECTORS = Path(__file__).parents[1] / "vectors" / "mlswg_mls-implementations"
FILES = ("passive-client-handling-commit", "passive-client-random-first20epochs")
CLIENTS = [client for name in FILES for client in json.loads((VECTORS / f"{name}.json").read_text())]
# Of each epoch: the cipher suite, the proposals, the commit.
EPOCHS = [
    (client["cipher_suite"], list(map(bytes.fromhex, epoch["proposals"])), bytes.fromhex(epoch["commit"]))
    for client in CLIENTS
    for epoch in client["epochs"]
]


def read_all(messages: list[bytes]) -> list[ProposalMessage | Commit | None]:
    """What each is; None for what groups of ours do not do, such as pre-shared keys."""
    found: list[ProposalMessage | Commit | None] = []
    for message in messages:
        try:
            found.append(read_handshake(message))
        except HandshakeInvalid as refused:
            assert "proposals of type" in str(refused) or "only members" in str(refused), refused
            found.append(None)
    return found


def test_other_implementations_proposals_and_commits_are_read() -> None:
    proposals = [found for _, messages, _ in EPOCHS for found in read_all(messages) if found]
    commits = [found for found in read_all([commit for _, _, commit in EPOCHS]) if isinstance(found, Commit)]
    assert all(isinstance(found, ProposalMessage) for found in proposals)
    assert len(proposals) > 40
    assert len(commits) > 60
    kinds = {type(found.proposal).__name__ for found in proposals if isinstance(found, ProposalMessage)}
    assert kinds >= {"Add", "Remove", "Update"}


def test_commits_refer_to_proposals_by_the_hash_of_their_message() -> None:
    referred = 0
    for suite, messages, commit in EPOCHS:
        proposals, found = read_all(messages), read_all([commit])[0]
        if suite not in (1, 3) or found is None or None in proposals:
            continue
        assert isinstance(found, Commit)
        references = {entry for entry in found.proposals if isinstance(entry, Reference)}
        assert references <= {message.reference for message in proposals if isinstance(message, ProposalMessage)}
        referred += len(references)
    assert referred > 20


def test_a_commit_that_removes_or_updates_has_a_path() -> None:
    for _, messages, commit in EPOCHS:
        found, known = read_all([commit])[0], [message for message in read_all(messages) if message]
        if not isinstance(found, Commit):
            continue
        by_hash = {message.reference: message.proposal for message in known if isinstance(message, ProposalMessage)}
        resolved = [by_hash.get(entry) if isinstance(entry, Reference) else entry for entry in found.proposals]
        if None not in resolved and not (resolved and all(isinstance(entry, Add) for entry in resolved)):
            assert found.has_path


def test_a_message_cut_at_any_length_is_refused() -> None:
    message = next(commit for _, _, commit in EPOCHS if read_all([commit])[0])
    for size in range(len(message)):
        with pytest.raises(HandshakeInvalid):
            read_handshake(message[:size])
    with pytest.raises(HandshakeInvalid, match="follows"):
        read_handshake(message + b"\0")


def handshake(sender: str = "0100000007", content: str = "02 0003 00000005", tail: str = "00 00") -> bytes:
    """A public message of group 'g' in epoch 9, of hex parts."""
    return bytes.fromhex(f"0001 0001 0167 0000000000000009 {sender} 00 {content} {tail}")


def test_a_removal_says_who_removes_whom_where() -> None:
    found = read_handshake(handshake())
    assert isinstance(found, ProposalMessage)
    assert (found.group_id, found.epoch, found.sender, found.proposal) == (b"g", 9, 7, Remove(5))


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (handshake(sender="0200000000"), "only members"),
        (handshake(sender="03"), "only members"),
        (handshake(sender="04"), "only members"),
        (handshake(content="01 00"), "no handshakes"),
        (handshake(content="02 0004 01"), "type 4"),
        (handshake(content="02 0007 00"), "type 7"),
        (handshake(content="03 01 03 00"), "no proposal"),
        (handshake(content="03 00 02"), "a path or not"),
        (b"\0\1\0\2" + handshake()[4:], "public messages"),
        (b"\0\2" + handshake()[2:], "public messages"),
        (bytes.fromhex("00010001 c0"), "no valid length"),
        (bytes.fromhex("00010001 4001 67"), "as short"),
    ],
)
def test_what_groups_do_not_do_is_refused(message: bytes, reason: str) -> None:
    with pytest.raises(HandshakeInvalid, match=reason):
        read_handshake(message)


@pytest.mark.parametrize("length", [0, 1, 63, 64, 16383, 16384])
def test_vectors_have_the_shortest_length(length: int) -> None:
    size = 1 if length < 64 else 2 if length < 16384 else 4
    prefix = {1: 0, 2: 1, 4: 2}[size] << (8 * size - 2)
    encoded = (prefix | length).to_bytes(size) + bytes(length)
    assert Reader(encoded).vector() == bytes(length)


@seed(7)
@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_refused(tail: bytes) -> None:
    try:
        read_handshake(b"\0\1\0\1" + tail)
    except HandshakeInvalid:
        pass
