"""Handshakes and KeyPackages written by hand, unsigned, for rules that read no signature."""

from __future__ import annotations

from conclave.services.mls.handshake import ProposalMessage, read_handshake

GROUP = b"group"


def vector(data: bytes) -> bytes:
    return (len(data).to_bytes(1) if len(data) < 64 else (0x4000 | len(data)).to_bytes(2)) + data


def leaf(name: str, source: bytes = b"\1" + bytes(16)) -> bytes:
    return bytes(2) + b"\0\1" + vector(name.encode()) + bytes(5) + source + bytes(2)


def key_package(name: str) -> bytes:
    return b"\0\1\0\1" + bytes(1) + leaf(name) + bytes(2)


def add(name: str) -> bytes:
    return b"\0\1" + key_package(name)


def remove(index: int) -> bytes:
    return b"\0\3" + index.to_bytes(4)


UPDATE = b"\0\2" + leaf("updated", b"\2")


def framed(epoch: int, sender: int, content: bytes, tags: int, group_id: bytes = GROUP) -> bytes:
    head = b"\0\1\0\1" + vector(group_id) + epoch.to_bytes(8) + b"\1" + sender.to_bytes(4) + b"\0"
    return head + content + bytes(tags)


def proposal(epoch: int, sender: int, body: bytes) -> bytes:
    return framed(epoch, sender, b"\2" + body, 2)


def commit(
    epoch: int, sender: int, *bodies: bytes, path: bool = False, refers: tuple[bytes, ...] = (), group_id: bytes = GROUP
) -> bytes:
    """refers: messages of proposals."""
    listed = b"".join(b"\1" + body for body in bodies)
    for message in refers:
        found = read_handshake(message)
        assert isinstance(found, ProposalMessage)
        listed += b"\2" + vector(found.reference.hash)
    tail = b"\1" + leaf("committer", b"\3\0") + b"\0" if path else b"\0"
    return framed(epoch, sender, b"\3" + vector(listed) + tail, 3, group_id)
