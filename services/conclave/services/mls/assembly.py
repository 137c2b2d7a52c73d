"""The groups of one end-to-end meeting, one after another: who founds, who commits, and when. No I/O, no clock."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, field, replace

from conclave.services.mls.errors import EntersTooOften, GroupRetired, HandshakeRefused
from conclave.services.mls.group import COMMITTER_PATIENCE_NS, Entry, Group

__all__ = ["Assembly", "CommitAsked", "Decision", "FoundingAsked", "GroupDeserted"]

SECOND_NS = 1_000_000_000
# How long those who come one after another are waited for, so that one commit adds them all.
BATCH_NS = SECOND_NS // 4
# How long somebody who was asked to found a group has before another one is asked too.
FOUNDER_PATIENCE_NS = 3 * SECOND_NS
# How long a group lives without anybody of it being online.
DESERTED_NS = 10 * SECOND_NS
# A path commit is due every 30 minutes at the latest; the rest is for asking more than one member.
REFRESH_NS = 29 * 60 * SECOND_NS
# While a commit that adds several people does not come, they are asked for one by one: whom nobody can add does not
# keep the others out.
TOGETHER_NS = 5 * SECOND_NS
# A commit with its Welcome is one message of a client, and the gateway carries none of more than 256 KiB. Adding the
# last 50 of 250 people takes 150 kB, and 222 kB if all have the longest names.
MAX_TOGETHER = 50
# Each entry costs everybody a commit.
MAX_ENTRIES, ENTRIES_WITHIN_NS = 12, 60 * SECOND_NS


@dataclass(frozen=True, slots=True)
class FoundingAsked:
    """A participant is to found a group."""

    founder: str


@dataclass(frozen=True, slots=True)
class CommitAsked:
    """A member is to commit. add: participants and their KeyPackages; remove: leaves; neither: only new keys."""

    committer: str
    group_id: bytes
    epoch: int
    add: tuple[tuple[str, bytes], ...] = ()
    remove: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class GroupDeserted:
    """The group is to be retired: none of its members has been online for too long."""


Decision = FoundingAsked | CommitAsked | GroupDeserted


@dataclass
class _Pace:
    """What was asked of whom, and since when. It begins anew with each epoch, and is not stored."""

    pending_ns: int | None = None
    asking_ns: int | None = None
    asked: CommitAsked | None = None
    # Who may commit in this epoch.
    named: set[str] = field(default_factory=set)


class Assembly:
    """One meeting's group, or the wish for one. `now_ns` is monotonic.

    Changes are tried on a copy(); group and waiting are what a restart needs of it.
    """

    def __init__(self, now_ns: int, group: Group | None = None, waiting: dict[str, bytes] | None = None) -> None:
        self.group = group
        self._entrants = {} if waiting is None else dict(waiting)
        if group is not None:
            group.waiting, self._entrants = self._entrants, {}
        self.refreshed_ns = now_ns
        self._pace = _Pace()
        self._deserted_ns: int | None = None
        self._founding_ns: int | None = None
        self._last_founder = ""
        self._founders: set[str] = set()
        self._entries: dict[str, list[int]] = {}
        self._next_ns: int | None = None

    def copy(self) -> Assembly:
        """The same meeting, to try a change on."""
        other = Assembly(self.refreshed_ns)
        other.__dict__.update(self.__dict__)
        other.group = None if self.group is None else self.group.copy()
        other._entrants = dict(self._entrants)
        return other

    @property
    def waiting(self) -> dict[str, bytes]:
        """KeyPackages of those who want to be in the group, or in the one to come."""
        return self._entrants if self.group is None else self.group.waiting

    def enter(self, participant_id: str, key_package: bytes, now_ns: int) -> None:
        """A participant wants to be in the group with a new leaf. Raises EntersTooOften."""
        times = [time for time in self._entries.get(participant_id, []) if now_ns - time < ENTRIES_WITHIN_NS]
        if len(times) >= MAX_ENTRIES:
            raise EntersTooOften("too many new leaves within a minute; wait before entering the group again")
        self._entries = {**self._entries, participant_id: [*times, now_ns]}
        if self.group is None:
            # At the end: one that was asked to found a group and comes again could not.
            self._entrants.pop(participant_id, None)
            self._entrants[participant_id] = key_package
            if self._last_founder == participant_id:
                self._last_founder = ""
        else:
            self.group.request(participant_id, key_package)
            self._drop_retired()

    def leave(self, participant_id: str) -> None:
        """A participant is in the meeting no more."""
        self._entries = {owner: times for owner, times in self._entries.items() if owner != participant_id}
        if self.group is None:
            self._entrants.pop(participant_id, None)
        else:
            self.group.leave(participant_id)
            self._drop_retired()

    def found(self, participant_id: str, group_id: bytes, now_ns: int) -> None:
        """A participant who was asked to has founded a group. Raises HandshakeRefused."""
        if self.group is not None or participant_id not in self._founders or participant_id not in self._entrants:
            raise HandshakeRefused("the group is founded by whom the appliance asks, once; enter it with a new leaf")
        group = Group.found(group_id, participant_id)
        group.waiting = {owner: offer for owner, offer in self._entrants.items() if owner != participant_id}
        self.group, self._entrants = group, {}
        self._founders, self._founding_ns, self._last_founder = set(), None, ""
        self._pace, self._deserted_ns, self.refreshed_ns = _Pace(), None, now_ns

    def take(self, participant_id: str, group_id: bytes, message: bytes, now_ns: int, *, has_welcome: bool) -> Entry:
        """Takes a member's handshake. Raises what Group.take does, and GroupRetired for a group that is not this."""
        group = self.require(group_id)
        entry = group.take(participant_id, message, has_welcome=has_welcome)
        if not entry.commit:
            return entry
        # Otherwise one member could keep all the others at work.
        if participant_id not in self._pace.named:
            raise HandshakeRefused("members commit when the appliance asks them to")
        if entry.path:
            self.refreshed_ns = now_ns
        self._pace = _Pace()
        return entry

    def require(self, group_id: bytes) -> Group:
        """The group, if this is its id. Raises GroupRetired."""
        if self.group is None or self.group.group_id != group_id:
            raise GroupRetired("the group is over; enter the meeting's group with a new leaf")
        return self.group

    def retire(self) -> None:
        """The group is over; who waited goes on waiting."""
        assert self.group is not None, "there is one to retire"
        self._entrants = self.group.waiting
        self.group = None

    def _drop_retired(self) -> None:
        if self.group is not None and self.group.retired:
            self.retire()

    def heard_nothing(self, participant_id: str) -> None:
        """What a participant was asked is asked again: the connection was lost, or what came of it was refused."""
        if self._last_founder == participant_id:
            self._last_founder = ""
        if self._pace.asked is not None and self._pace.asked.committer == participant_id:
            self._pace.asked = None

    def poll(self, now_ns: int, online: Set[str]) -> Decision | None:
        """What is to be asked of somebody now, if anything. online: whose signalling is there."""
        self._next_ns = None
        if self.group is None:
            return self._poll_founding(now_ns, [owner for owner in self._entrants if owner in online])
        able = [owner for owner in self.group.staying.values() if owner in online]
        if not able:
            return self._poll_deserted(now_ns)
        self._deserted_ns = None
        return self._poll_commit(self.group, now_ns, able)

    def next_timeout(self) -> int | None:
        """When poll() may decide something new though nothing happens, as it was when it was called last."""
        return self._next_ns

    def _poll_founding(self, now_ns: int, able: list[str]) -> Decision | None:
        if not able:
            self._founding_ns, self._last_founder = None, ""
            return None
        if self._founding_ns is None:
            self._founding_ns = now_ns
        turn, self._next_ns = _turn(now_ns, self._founding_ns, FOUNDER_PATIENCE_NS)
        founder = able[turn % len(able)]
        if founder == self._last_founder:
            return None
        self._last_founder = founder
        self._founders = {*self._founders, founder}
        return FoundingAsked(founder)

    def _poll_deserted(self, now_ns: int) -> Decision | None:
        self._pace.asking_ns, self._pace.asked = None, None
        if self._deserted_ns is None:
            self._deserted_ns = now_ns
        if now_ns - self._deserted_ns >= DESERTED_NS:
            return GroupDeserted()
        self._next_ns = self._deserted_ns + DESERTED_NS
        return None

    def _poll_commit(self, group: Group, now_ns: int, able: list[str]) -> Decision | None:
        pace = self._pace
        refresh_ns = self.refreshed_ns + REFRESH_NS
        # One member alone has nobody to hide new keys from, and clients refuse to.
        refresh = len(group.staying) > 1 and now_ns >= refresh_ns
        if not group.leaving and not group.waiting and not refresh:
            pace.pending_ns, pace.asking_ns, pace.asked = None, None, None
            self._next_ns = refresh_ns if len(group.staying) > 1 else None
            return None
        if pace.pending_ns is None:
            pace.pending_ns = now_ns
        if not group.leaving and not refresh and now_ns < pace.pending_ns + BATCH_NS:
            self._next_ns = pace.pending_ns + BATCH_NS
            return None
        if pace.asking_ns is None:
            pace.asking_ns = now_ns
        asking_ns = now_ns - pace.asking_ns
        turn, self._next_ns = _turn(now_ns, pace.asking_ns, COMMITTER_PATIENCE_NS)
        committer = group.committer(able, asking_ns)
        assert committer is not None, "somebody is able"
        add = tuple(group.waiting.items())[:MAX_TOGETHER]
        wish = CommitAsked(committer, group.group_id, group.epoch, add, tuple(sorted(group.leaving)))
        if asking_ns >= TOGETHER_NS and wish.add:
            wish = replace(wish, add=(tuple(group.waiting.items())[turn % len(group.waiting)],))
            stands = pace.asked == wish
        else:
            stands = pace.asked is not None and _stands(pace.asked, wish, group.waiting)
        if stands:
            return None
        pace.asked, pace.named = wish, {*pace.named, committer}
        return wish


def _stands(asked: CommitAsked, wish: CommitAsked, waiting: dict[str, bytes]) -> bool:
    """Whether what was asked last will do. Who came to wait meanwhile is added by the next commit."""
    if (asked.committer, asked.remove) != (wish.committer, wish.remove):
        return False
    return all(waiting.get(owner) == offer for owner, offer in asked.add)


def _turn(now_ns: int, since_ns: int, patience_ns: int) -> tuple[int, int]:
    """Whose turn it is, counted from 0, and when the next one's comes."""
    turn = (now_ns - since_ns) // patience_ns
    return turn, since_ns + (turn + 1) * patience_ns
