"""The delivery service of end-to-end groups (RFC 9750): orders handshakes, stores them, asks for commits.

It holds no secret of any group. Everything about one meeting happens one after another.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from conclave.services.journal.lines import fields
from conclave.services.mls.assembly import Assembly, CommitAsked, FoundingAsked, GroupDeserted
from conclave.services.mls.errors import GroupRetired, HandshakeRefused, NotYourLeaf, WrongEpoch
from conclave.services.mls.group import Entry
from conclave.services.mls.policy import GroupPolicy, check_group_id
from conclave.services.mls.store import Missed, Sent, StoredAssembly

__all__ = ["Announcer", "DeliveryService", "GroupStore", "Member"]

# Of one answer to a member who has missed some; the gateway carries no longer messages.
MISSED_SIZE = 128 * 1024
_log = logging.getLogger(__name__)


class Announcer(Protocol):
    """Tells participants; see GroupVoice."""

    def founding_asked(self, participant_id: str) -> None:
        """The participant is to found a group."""

    def commit_asked(self, asked: CommitAsked) -> None:
        """A member is to commit."""

    def handshake(self, participant_ids: Collection[str], group_id: bytes, entry: Entry) -> None:
        """The stream's next entry, for members."""

    def welcomed(self, participant_ids: Collection[str], group_id: bytes, entry: Entry, welcome: bytes) -> None:
        """Participants were added."""

    def retired(self, participant_ids: Collection[str], group_id: bytes) -> None:
        """The group of these participants is over."""


class GroupStore(Protocol):
    """Where groups are kept; see SqlGroupStore."""

    async def load(self, going_on: set[str]) -> dict[str, StoredAssembly]: ...
    async def save(
        self,
        meeting_id: str,
        before: Assembly,
        after: Assembly,
        subjects: Mapping[str, str],
        refresh_time: datetime,
        sent: Sent | None = None,
    ) -> None: ...
    async def missed(self, group_id: bytes, participant_id: str, after_sequence: int, limit: int) -> Missed: ...
    async def forget(self, meeting_id: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Member:
    """A participant of an end-to-end meeting, as far as groups are concerned."""

    participant_id: str
    meeting_id: str
    subject_id: str


@dataclass
class _Hall:
    """One meeting. online: whose signalling is there; back: whose came back, and who may have missed something."""

    assembly: Assembly
    # As the database has it.
    stored: Assembly = field(init=False)
    present: set[str] = field(default_factory=set)
    online: set[str] = field(default_factory=set)
    back: set[str] = field(default_factory=set)
    # Who left, until the assembly has it or it is stored. It counts from the moment that it is known.
    gone: set[str] = field(default_factory=set)
    # Who was on the way out and stays, until that one is told what came of the leaf.
    stayed: set[str] = field(default_factory=set)
    # Of whoever was in it: a leaf outlives its owner's presence by a commit.
    subjects: dict[str, str] = field(default_factory=dict)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        self.stored = self.assembly


class DeliveryService:
    """The groups of every end-to-end meeting that goes on."""

    def __init__(
        self,
        store: GroupStore,
        announcer: Announcer,
        clock: Callable[[], datetime],
        monotonic_ns: Callable[[], int],
    ) -> None:
        self._store = store
        self._announcer = announcer
        self._clock = clock
        self._monotonic_ns = monotonic_ns
        self._halls: dict[str, _Hall] = {}
        self._changed = asyncio.Event()

    async def restore(self, members: Collection[Member]) -> None:
        """Takes up the groups of the meetings that go on. members: everybody in them, nobody being online yet."""
        now_ns = self._monotonic_ns()
        stored = await self._store.load({member.meeting_id for member in members})
        for member in members:
            found = stored.get(member.meeting_id, StoredAssembly())
            if member.meeting_id not in self._halls:
                self._halls[member.meeting_id] = _Hall(Assembly(now_ns, found.group, found.waiting))
                if found.refresh_time is not None:
                    age = max(self._clock() - found.refresh_time, timedelta())
                    assembly = self._halls[member.meeting_id].assembly
                    assembly.refreshed_ns = now_ns - age // timedelta(microseconds=1) * 1000
            hall = self._halls[member.meeting_id]
            hall.present.add(member.participant_id)
            hall.subjects[member.participant_id] = member.subject_id
        for hall in self._halls.values():
            group = hall.assembly.group
            # Who left while control was stopping: the meeting's own tables know, these do not.
            hall.gone = {*hall.assembly.waiting, *(() if group is None else group.leaves.values())} - hall.present

    def came(self, member: Member, *, online: bool) -> None:
        """A participant is in the meeting, or was and its signalling was lost or came back."""
        hall = self._halls.get(member.meeting_id)
        if hall is None:
            hall = self._halls[member.meeting_id] = _Hall(Assembly(self._monotonic_ns()))
        if member.participant_id in hall.subjects and member.participant_id not in hall.present:
            # The leave failed. What is being stored or asked of members may count it still.
            hall.stayed.add(member.participant_id)
            self._changed.set()
        hall.present.add(member.participant_id)
        hall.gone.discard(member.participant_id)
        hall.subjects[member.participant_id] = member.subject_id
        if online == (member.participant_id in hall.online):
            return
        if online:
            hall.online.add(member.participant_id)
            hall.back.add(member.participant_id)
        else:
            hall.online.discard(member.participant_id)
        self._changed.set()

    def returned(self, member: Member) -> None:
        """A participant's signalling is another, without having been lost: what the old one was told may be lost."""
        hall = self._halls.get(member.meeting_id)
        if hall is not None:
            hall.back.add(member.participant_id)
            self._changed.set()

    def left(self, member: Member) -> None:
        """A participant is in the meeting no more, or is on the way out; said twice, it is so from the first time on.

        With the last one everything about the meeting's groups is deleted.
        """
        hall = self._halls.get(member.meeting_id)
        if hall is None or member.participant_id not in hall.present:
            return
        for here in (hall.present, hall.online, hall.back, hall.stayed):
            here.discard(member.participant_id)
        hall.gone.add(member.participant_id)
        self._changed.set()

    async def enter(self, member: Member, key_package: bytes, *, stuck: bool) -> None:
        """A participant wants to be in the group, with a leaf that was checked. Raises EntersTooOften."""
        if stuck:
            _log.warning("a client cannot process its group's handshakes", extra=fields(meeting=member.meeting_id))
        hall = self._hall_of(member)
        async with hall.turn:
            draft = self._draft(hall, member)
            draft.enter(member.participant_id, key_package, self._monotonic_ns())
            await self._keep(member.meeting_id, hall, draft)

    async def found(self, member: Member, group_id: bytes, policy: GroupPolicy) -> None:
        """A participant has founded a group. Raises HandshakeRefused."""
        check_group_id(group_id, policy)
        hall = self._hall_of(member)
        async with hall.turn:
            draft = self._draft(hall, member)
            draft.found(member.participant_id, group_id, self._monotonic_ns())
            await self._keep(member.meeting_id, hall, draft)

    async def send(self, member: Member, group_id: bytes, message: bytes, welcome: bytes) -> None:
        """A member's handshake. Raises what Assembly.take does."""
        hall = self._hall_of(member)
        async with hall.turn:
            draft = self._draft(hall, member)
            now_ns = self._monotonic_ns()
            try:
                entry = draft.take(member.participant_id, group_id, message, now_ns, has_welcome=bool(welcome))
            except (HandshakeRefused, WrongEpoch, NotYourLeaf):
                # The client gives its commit up; it may be its turn still.
                hall.assembly.heard_nothing(member.participant_id)
                self._changed.set()
                raise
            sent = Sent(entry, member.participant_id, member.subject_id, welcome)
            await self._keep(member.meeting_id, hall, draft, sent)
            others = set(draft.require(group_id).staying.values()) - set(entry.joined)
            self._announcer.handshake(others, group_id, entry)
            if welcome:
                self._announcer.welcomed(entry.joined, group_id, entry, welcome)

    async def missed(self, member: Member, group_id: bytes, after_sequence: int) -> tuple[bytes, Missed | None]:
        """What a member has not got, with the group's id. None for one who waits to be added.

        group_id: empty for whichever the meeting has. Raises GroupRetired and NotYourLeaf.
        """
        hall = self._hall_of(member)
        async with hall.turn:
            group = hall.assembly.group
            if not group_id:
                if group is None or member.participant_id not in group.staying.values():
                    if member.participant_id in hall.assembly.waiting:
                        return b"", None
                    # What it asked was lost with its connection, or what it waited for is over.
                    raise NotYourLeaf("you do not wait to be added; enter the group with a new leaf")
                group_id = group.group_id
            hall.assembly.require(group_id)
            return group_id, await self._store.missed(group_id, member.participant_id, after_sequence, MISSED_SIZE)

    async def run(self) -> None:
        """Asks for what is due, whenever it is, until cancelled."""
        while True:
            await self.attend()
            times = [time for hall in self._halls.values() if (time := hall.assembly.next_timeout()) is not None]
            # Not wait_for, which takes no notice of being cancelled while what it waits for comes true.
            seconds = max(0, min(times) - self._monotonic_ns()) / 1e9 if times else None
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._changed.wait()

    async def attend(self) -> None:
        """Takes note of who has left, and asks for what is due now. Stores who has left if no commit is to do so."""
        self._changed.clear()
        turns = (self._attend(meeting_id, hall) for meeting_id, hall in list(self._halls.items()))
        # One meeting whose turn fails does not keep the others from theirs.
        for outcome in await asyncio.gather(*turns, return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise outcome

    async def _attend(self, meeting_id: str, hall: _Hall) -> None:
        async with hall.turn:
            if not hall.present:
                del self._halls[meeting_id]
                await self._store.forget(meeting_id)
                return
            draft = self._without_gone(hall) if hall.gone else hall.assembly
            while hall.back:
                draft.heard_nothing(hall.back.pop())
            self._tell_stayed(hall)
            decision = draft.poll(self._monotonic_ns(), hall.online)
            if isinstance(decision, CommitAsked):
                self._announcer.commit_asked(decision)
                # Who is gone is stored with the commit, which would have to wait for it. A restart before that finds it
                # in the meetings' own tables.
                hall.assembly = draft
                hall.gone.clear()
            elif draft is not hall.assembly:
                await self._keep(meeting_id, hall, draft)
            if isinstance(decision, FoundingAsked):
                self._announcer.founding_asked(decision.founder)
            elif isinstance(decision, GroupDeserted):
                draft = self._without_gone(hall)
                if draft.group is not None:
                    draft.retire()
                await self._keep(meeting_id, hall, draft)

    def _tell_stayed(self, hall: _Hall) -> None:
        group = hall.assembly.group
        if group is not None:
            # Their leaves go, or went. With the group over for their clients, they enter with new ones. Of a group that
            # is over for everybody they were told with the others.
            self._announcer.retired(hall.stayed - set(group.staying.values()), group.group_id)
        hall.stayed.clear()

    def _hall_of(self, member: Member) -> _Hall:
        hall = self._halls.get(member.meeting_id)
        if hall is None:
            raise GroupRetired("the meeting is over")
        return hall

    def _draft(self, hall: _Hall, member: Member) -> Assembly:
        # Somebody may have been taken out while the request waited for its turn.
        if member.participant_id not in hall.present:
            raise GroupRetired("the meeting is over for you")
        return self._without_gone(hall)

    def _without_gone(self, hall: _Hall) -> Assembly:
        draft = hall.assembly.copy()
        for participant_id in hall.gone:
            draft.leave(participant_id)
        return draft

    async def _keep(self, meeting_id: str, hall: _Hall, draft: Assembly, sent: Sent | None = None) -> None:
        """Stores a change, and then it is so. The draft is made in the same step, without those who are gone."""
        before, gone = hall.stored, set(hall.gone)
        refreshed_ago = timedelta(microseconds=(self._monotonic_ns() - draft.refreshed_ns) // 1000)
        await self._store.save(meeting_id, before, draft, hall.subjects, self._clock() - refreshed_ago, sent)
        hall.assembly = hall.stored = draft
        hall.gone -= gone
        old, new = before.group, draft.group
        if old is not None and (new is None or new.group_id != old.group_id):
            self._announcer.retired(set(old.staying.values()), old.group_id)
        self._changed.set()
