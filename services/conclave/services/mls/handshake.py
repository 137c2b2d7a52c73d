"""Proposals and commits of members, as public messages (RFC 9420 sections 6 and 12).

The appliance reads what it needs to keep a group's order: the epoch, the sender, who is added and removed, and whether
a commit brings new keys. Signatures and tags are for the members: it holds none of their secrets.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from conclave.services.mls.errors import HandshakeInvalid
from conclave.services.mls.reader import Reader, write_vector

__all__ = [
    "Add",
    "Commit",
    "Handshake",
    "Proposal",
    "ProposalMessage",
    "Reference",
    "Remove",
    "Update",
    "read_handshake",
]

_VERSION_MLS10 = 1
_PUBLIC_MESSAGE = 1
_SENDER_MEMBER = 1
_CONTENT_PROPOSAL, _CONTENT_COMMIT = 2, 3
_ADD, _UPDATE, _REMOVE = 1, 2, 3
_BY_VALUE, _BY_REFERENCE = 1, 2
_BASIC_CREDENTIAL = 1
_FROM_KEY_PACKAGE, _FROM_UPDATE, _FROM_COMMIT = 1, 2, 3


@dataclass(frozen=True)
class Add:
    """Adds the leaf of a KeyPackage. credential: the identity of its basic credential."""

    key_package: bytes
    credential: bytes


@dataclass(frozen=True)
class Update:
    """Replaces the proposer's own leaf."""


@dataclass(frozen=True)
class Remove:
    leaf: int


@dataclass(frozen=True)
class Reference:
    """A proposal of an earlier message, by its hash."""

    hash: bytes


Proposal = Add | Update | Remove


@dataclass(frozen=True)
class Handshake:
    """A message to a group. sender: the leaf that says it is from there, which the members' signatures prove."""

    group_id: bytes
    epoch: int
    sender: int


@dataclass(frozen=True)
class ProposalMessage(Handshake):
    proposal: Proposal
    reference: Reference


@dataclass(frozen=True)
class Commit(Handshake):
    proposals: tuple[Proposal | Reference, ...]
    has_path: bool


def read_handshake(message: bytes) -> ProposalMessage | Commit:
    """Reads a whole MLSMessage. Raises HandshakeInvalid unless a member adds, updates or removes leaves with it."""
    reader = Reader(message)
    if reader.integer(2) != _VERSION_MLS10 or reader.integer(2) != _PUBLIC_MESSAGE:
        raise HandshakeInvalid("handshakes are public messages of MLS 1.0")
    group_id, epoch = reader.vector(), reader.integer(8)
    if reader.integer(1) != _SENDER_MEMBER:
        raise HandshakeInvalid("only members change a group")
    sender = reader.integer(4)
    reader.vector()  # Authenticated data.
    content = reader.integer(1)
    if content == _CONTENT_PROPOSAL:
        proposal = _read_proposal(reader)
        reader.vector()  # Signature.
        reference = _reference(reader.since(2))
        _read_membership_tag(reader)
        return ProposalMessage(group_id, epoch, sender, proposal, reference)
    if content == _CONTENT_COMMIT:
        proposals, has_path = _read_commit(reader)
        reader.vector()  # Signature.
        reader.vector()  # Confirmation tag.
        _read_membership_tag(reader)
        return Commit(group_id, epoch, sender, proposals, has_path)
    raise HandshakeInvalid("application messages are no handshakes")


def _read_membership_tag(reader: Reader) -> None:
    reader.vector()
    reader.end()


def _reference(authenticated_content: bytes) -> Reference:
    """RFC 9420 section 5.2. The bytes of a public message from its wire format to its signature are the content."""
    label = b"MLS 1.0 Proposal Reference"
    return Reference(hashlib.sha256(write_vector(label) + write_vector(authenticated_content)).digest())


def _read_commit(reader: Reader) -> tuple[tuple[Proposal | Reference, ...], bool]:
    listed = Reader(reader.vector())
    proposals: list[Proposal | Reference] = []
    while not listed.at_end:
        kind = listed.integer(1)
        if kind == _BY_VALUE:
            proposals.append(_read_proposal(listed))
        elif kind == _BY_REFERENCE:
            proposals.append(Reference(listed.vector()))
        else:
            raise HandshakeInvalid("a commit lists something that is no proposal")
    has_path = reader.integer(1)
    if has_path > 1:
        raise HandshakeInvalid("a commit has a path or not")
    if has_path:
        _read_leaf(reader)
        reader.vector()  # The path's nodes.
    return tuple(proposals), bool(has_path)


def _read_proposal(reader: Reader) -> Proposal:
    kind = reader.integer(2)
    if kind == _ADD:
        return _read_key_package(reader)
    if kind == _UPDATE:
        _read_leaf(reader)
        return Update()
    if kind == _REMOVE:
        return Remove(reader.integer(4))
    raise HandshakeInvalid(f"groups have no proposals of type {kind}")


def _read_key_package(reader: Reader) -> Add:
    begin = reader.offset
    if reader.integer(2) != _VERSION_MLS10:
        raise HandshakeInvalid("KeyPackages are of MLS 1.0")
    reader.integer(2)  # Cipher suite.
    reader.vector()  # Init key.
    credential = _read_leaf(reader)
    reader.vector()  # Extensions.
    reader.vector()  # Signature.
    return Add(reader.since(begin), credential)


def _read_leaf(reader: Reader) -> bytes:
    """The identity of a leaf's credential."""
    reader.vector()  # Encryption key.
    reader.vector()  # Signature key.
    if reader.integer(2) != _BASIC_CREDENTIAL:
        raise HandshakeInvalid("leaves have basic credentials")
    identity = reader.vector()
    for _ in range(5):
        reader.vector()  # Capabilities: versions, suites, extensions, proposals, credentials.
    source = reader.integer(1)
    if source == _FROM_KEY_PACKAGE:
        reader.take(16)  # Lifetime.
    elif source == _FROM_COMMIT:
        reader.vector()  # Parent hash.
    elif source != _FROM_UPDATE:
        raise HandshakeInvalid("a leaf comes from a KeyPackage, an update or a commit")
    reader.vector()  # Extensions.
    reader.vector()  # Signature.
    return identity
