"""The order of one end-to-end group: which handshakes it takes, who has which leaf, who has to commit. No I/O.

Members check all of it too. What is refused here is refused once, for everybody, and before it costs an epoch.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from conclave.services.mls.errors import GroupRetired, HandshakeRefused, NotYourLeaf, WrongEpoch
from conclave.services.mls.handshake import (
    Add,
    Commit,
    Proposal,
    ProposalMessage,
    Reference,
    Remove,
    Update,
    read_handshake,
)

__all__ = ["COMMITTER_PATIENCE_NS", "LARGEST_LEAF", "MAX_PROPOSALS", "Entry", "Group"]

# SFrame's KIDs have 12 bits for the sender.
LARGEST_LEAF = 0xFFF
# How long a committer has before the next one tries.
COMMITTER_PATIENCE_NS = 1_000_000_000
# Members propose nothing that the appliance does not ask for, except to update their own leaf.
MAX_PROPOSALS = 256


@dataclass(frozen=True)
class Entry:
    """One handshake of the group's stream.

    epoch: the one that it was sent in, which a commit ends. path: whether it brought new keys. joined: whom its Welcome
    is for.
    """

    sequence: int
    epoch: int
    message: bytes
    joined: tuple[str, ...] = ()
    commit: bool = True
    path: bool = False


@dataclass
class Group:
    """A group as far as its delivery service knows it.

    leaves: whose they are. waiting: KeyPackages of admitted participants who are to be added. leaving: leaves that have
    to be removed. sequence: the number of the stream's last entry.
    """

    group_id: bytes
    leaves: dict[int, str]
    epoch: int = 0
    sequence: int = 0
    retired: bool = False
    waiting: dict[str, bytes] = field(default_factory=dict)
    leaving: set[int] = field(default_factory=set)
    _proposals: dict[Reference, tuple[int, Proposal]] = field(default_factory=dict)

    @classmethod
    def found(cls, group_id: bytes, founder: str) -> Group:
        """A group of one, who has leaf 0."""
        return cls(group_id, {0: founder})

    def copy(self) -> Group:
        """A group to try a change on: it becomes the group once the change is stored."""
        return replace(
            self,
            leaves=dict(self.leaves),
            waiting=dict(self.waiting),
            leaving=set(self.leaving),
            _proposals=dict(self._proposals),
        )

    def restore_proposals(self, messages: Iterable[bytes]) -> None:
        """Takes up what was proposed in this epoch before a restart."""
        for message in messages:
            handshake = read_handshake(message)
            assert isinstance(handshake, ProposalMessage), "stored as a proposal"
            self._proposals[handshake.reference] = handshake.sender, handshake.proposal

    @property
    def staying(self) -> dict[int, str]:
        """The leaves that nobody has to remove."""
        return {leaf: owner for leaf, owner in sorted(self.leaves.items()) if leaf not in self.leaving}

    def request(self, participant_id: str, key_package: bytes) -> None:
        """An admitted participant asks to be added. A leaf that the participant has goes: its client lost its keys."""
        self._check_alive()
        self.waiting[participant_id] = key_package
        self.leaving |= {leaf for leaf, owner in self.leaves.items() if owner == participant_id}
        self._retire_if_nobody_stays()

    def leave(self, participant_id: str) -> None:
        """A participant left, was removed, or has been gone for too long."""
        self.waiting.pop(participant_id, None)
        self.leaving |= {leaf for leaf, owner in self.leaves.items() if owner == participant_id}
        self._retire_if_nobody_stays()

    def take(self, participant_id: str, message: bytes, *, has_welcome: bool = False) -> Entry:
        """Takes a participant's handshake into the stream.

        Raises WrongEpoch if another commit came first, NotYourLeaf, HandshakeInvalid, HandshakeRefused or GroupRetired.
        """
        self._check_alive()
        handshake = read_handshake(message)
        if handshake.group_id != self.group_id:
            raise HandshakeRefused("the handshake is another group's")
        if handshake.epoch != self.epoch:
            raise WrongEpoch(f"the group is in epoch {self.epoch}, the handshake in epoch {handshake.epoch}")
        if self.leaves.get(handshake.sender) != participant_id or handshake.sender in self.leaving:
            raise NotYourLeaf(f"leaf {handshake.sender} is not the sender's, or is being removed")
        if isinstance(handshake, ProposalMessage):
            return self._propose(handshake, message)
        return self._commit(handshake, message, has_welcome=has_welcome)

    def committer(self, online: Iterable[str], asking_ns: int) -> str | None:
        """Who has to commit what is pending: the lowest leaf that is online, the next one after each second.

        asking_ns: for how long members have been asked to.
        """
        present = set(online)
        able = [owner for owner in self.staying.values() if owner in present]
        return able[asking_ns // COMMITTER_PATIENCE_NS % len(able)] if able else None

    def retire(self) -> None:
        """Nobody has been online for too long: another group has to be founded."""
        self.retired = True

    def _check_alive(self) -> None:
        if self.retired:
            raise GroupRetired("the group is over; found another one")

    def _retire_if_nobody_stays(self) -> None:
        # A commit that leaves only its committer brings no new secret, so nobody makes one.
        if len(self.staying) <= 1 and self.leaving and not self.waiting:
            self.retire()
        if not self.staying:
            self.retire()

    def _propose(self, handshake: ProposalMessage, message: bytes) -> Entry:
        if isinstance(handshake.proposal, Remove) and handshake.proposal.leaf not in self.leaving:
            raise HandshakeRefused(f"nobody is to remove leaf {handshake.proposal.leaf}")
        if isinstance(handshake.proposal, Add):
            raise HandshakeRefused("people are added by commits")
        if len(self._proposals) >= MAX_PROPOSALS:
            raise HandshakeRefused(f"an epoch takes {MAX_PROPOSALS} proposals")
        self._proposals[handshake.reference] = handshake.sender, handshake.proposal
        return self._append(Entry(self.sequence + 1, self.epoch, message, commit=False))

    def _commit(self, handshake: Commit, message: bytes, *, has_welcome: bool) -> Entry:
        resolved = [self._resolve(handshake.sender, entry) for entry in handshake.proposals]
        proposals = [proposal for _, proposal in resolved]
        removed = {proposal.leaf for proposal in proposals if isinstance(proposal, Remove)}
        added = [proposal for proposal in proposals if isinstance(proposal, Add)]
        if not handshake.has_path and (not proposals or len(added) < len(proposals)):
            raise HandshakeRefused("a commit that removes, updates or refreshes has a path")
        if removed != self.leaving:
            raise HandshakeRefused(f"the leaves to remove now are {sorted(self.leaving)}, and no others")
        if any(isinstance(proposal, Update) and sender in removed for sender, proposal in resolved):
            raise HandshakeRefused("a leaf is removed or updated, not both")
        joined = self._check_added(added)
        if has_welcome != bool(joined):
            raise HandshakeRefused("a commit comes with a Welcome if it adds somebody, and only then")
        leaves = {leaf: owner for leaf, owner in self.leaves.items() if leaf not in removed}
        for participant_id in joined:
            # RFC 9420 section 7.7: a new leaf takes the leftmost place that is free.
            leaves[next(leaf for leaf in range(len(leaves) + 1) if leaf not in leaves)] = participant_id
        if max(leaves) > LARGEST_LEAF:
            raise HandshakeRefused(f"a group holds {LARGEST_LEAF + 1} leaves")
        entry = self._append(Entry(self.sequence + 1, self.epoch, message, joined, path=handshake.has_path))
        self.leaves = leaves
        self.epoch += 1
        self.leaving = set()
        self.waiting = {owner: offer for owner, offer in self.waiting.items() if owner not in joined}
        self._proposals.clear()
        return entry

    def _resolve(self, committer: int, entry: Proposal | Reference) -> tuple[int, Proposal]:
        if not isinstance(entry, Reference):
            return committer, entry
        if entry not in self._proposals:
            raise HandshakeRefused("the commit refers to a proposal that is not the group's")
        return self._proposals[entry]

    def _check_added(self, added: list[Add]) -> tuple[str, ...]:
        owners = {key_package: participant_id for participant_id, key_package in self.waiting.items()}
        joined = tuple(owners.get(proposal.key_package, "") for proposal in added)
        if "" in joined or len(set(joined)) < len(joined):
            raise HandshakeRefused("a commit adds those who wait, by the KeyPackages that they gave, once each")
        return joined

    def _append(self, entry: Entry) -> Entry:
        self.sequence = entry.sequence
        return entry
