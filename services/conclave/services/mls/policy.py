"""What an end-to-end meeting promises, and the ids of groups that keep it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from conclave.services.domain.protection import ProtectionMode
from conclave.services.mls.errors import HandshakeRefused

__all__ = ["GroupPolicy", "check_group_id", "policy_of"]

_VERSION = 1
_RANDOM_SIZE = 16


@dataclass(frozen=True, slots=True)
class GroupPolicy:
    """What people were promised. A group under another policy is another group.

    roster_hash: SHA-256 of the officers' roster, empty where nothing is sealed, as is the retention class.
    """

    mode: ProtectionMode
    roster_hash: bytes = b""
    quorum: int = 0
    retention_class: str = ""

    def hash(self) -> bytes:
        """What group ids hold. The clients compute the same; see GroupPolicy in groups.proto."""
        retention = self.retention_class.encode()
        numbers = self.mode.to_bytes(2) + self.quorum.to_bytes(2)
        sized = b"".join(len(part).to_bytes(2) + part for part in (self.roster_hash, retention))
        return hashlib.sha256(b"conclave policy v1\0" + numbers + sized).digest()


def policy_of(mode: ProtectionMode) -> GroupPolicy | None:
    """The policy of the groups in rooms of a protection mode; None where there are no groups."""
    return GroupPolicy(mode) if mode is ProtectionMode.END_TO_END else None


def check_group_id(group_id: bytes, policy: GroupPolicy) -> None:
    """Raises HandshakeRefused unless a group with this id is one under the policy."""
    bound = bytes([_VERSION]) + policy.hash()
    if len(group_id) != len(bound) + _RANDOM_SIZE or not group_id.startswith(bound):
        raise HandshakeRefused("the group is not one under this meeting's policy; reload the page")
