"""End-to-end groups, between the messages of clients and the delivery service."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime

from conclave.services.domain.rooms import Room
from conclave.services.meetings.errors import MeetingOver
from conclave.services.meetings.model import EndReason, Meeting, Participant
from conclave.services.meetings.service import MeetingService
from conclave.services.mls.assembly import CommitAsked
from conclave.services.mls.group import Entry
from conclave.services.mls.identity import IDENTITY_KEY_SIZE, Signer, Vouched, check_key_package, vouch
from conclave.services.mls.keypackage import KEY_PACKAGE_HEADER
from conclave.services.mls.policy import GroupPolicy, policy_of
from conclave.services.mls.service import DeliveryService, Member
from conclave.services.signalling.audience import Audience
from conclave.services.signalling.errors import RequestInvalid, VersionMismatch
from conclave.v1 import groups_pb2, rooms_pb2
from conclave.v1 import signalling_pb2 as pb

__all__ = [
    "END_TO_END",
    "GROUP_REQUESTS",
    "GroupPresence",
    "GroupRequests",
    "GroupVoice",
    "check_capable",
    "check_joining",
]

# What a client says that takes part in groups.
END_TO_END = "end-to-end"
# Those that are answered by Ack.
GROUP_REQUESTS = ("enter_group", "found_group", "send_handshake")


def check_capable(room: Room, capabilities: Collection[str]) -> None:
    """Raises VersionMismatch for a client that cannot take part in the room's groups."""
    if policy_of(room.protection_mode) is not None and END_TO_END not in capabilities:
        raise VersionMismatch(
            "this meeting is end-to-end encrypted, which this client cannot do: reload the page, or come with another"
        )


def check_joining(room: Room, identity_key: bytes) -> bytes:
    """The key that somebody comes with; none where there are no groups. Raises RequestInvalid."""
    if policy_of(room.protection_mode) is None:
        return b""
    if len(identity_key) != IDENTITY_KEY_SIZE:
        raise RequestInvalid(f"an end-to-end encrypted meeting needs an identity key of {IDENTITY_KEY_SIZE} bytes")
    return identity_key


class GroupRequests:
    """Carries out what a connection's participant asks about the meeting's group."""

    def __init__(
        self,
        meetings: MeetingService,
        delivery: DeliveryService,
        signer: Signer,
        deployment_key: bytes,
        clock: Callable[[], datetime],
    ) -> None:
        self._meetings = meetings
        self._delivery = delivery
        self._signer = signer
        self._deployment_key = deployment_key
        self._clock = clock

    def identity(self, participant: Participant) -> groups_pb2.MeetingIdentity | None:
        """Who the deployment says that a participant is; None where there are no groups."""
        policy = policy_of(self._meeting_of(participant).protection_mode)
        if policy is None:
            return None
        vouched = self._vouch(participant)
        return groups_pb2.MeetingIdentity(
            statement=vouched.statement,
            statement_signature=vouched.signature,
            deployment_key=self._deployment_key,
            policy=groups_pb2.GroupPolicy(
                mode=rooms_pb2.ProtectionMode.ValueType(policy.mode.value),
                roster_hash=policy.roster_hash,
                quorum=policy.quorum,
                retention_class=policy.retention_class,
            ),
        )

    def returned(self, participant: Participant) -> None:
        """A participant has another connection, and may have missed what the old one was told."""
        if policy_of(self._meeting_of(participant).protection_mode) is not None:
            self._delivery.returned(_member(participant))

    async def carry_out(self, participant: Participant, message: pb.ClientMessage) -> None:
        """Carries out one of GROUP_REQUESTS. Raises what the delivery service does, and RequestInvalid."""
        policy, member = self._policy_of(participant), _member(participant)
        match message.WhichOneof("body"):
            case "enter_group":
                entering = message.enter_group
                now_s = int(self._clock().timestamp())
                key_package = check_key_package(entering.key_package, self._vouch(participant), now_s)
                await self._delivery.enter(member, key_package, stuck=entering.stuck)
            case "found_group":
                await self._delivery.found(member, message.found_group.group_id, policy)
            case "send_handshake":
                sent = message.send_handshake
                await self._delivery.send(member, sent.group_id, sent.message, sent.welcome)

    async def missed(self, participant: Participant, request: groups_pb2.ReadHandshakes) -> groups_pb2.Handshakes:
        """What a member has not got of the stream. Raises GroupRetired and NotYourLeaf."""
        self._policy_of(participant)
        group_id, missed = await self._delivery.missed(_member(participant), request.group_id, request.after_sequence)
        if missed is None:
            return groups_pb2.Handshakes()
        answer = groups_pb2.Handshakes(
            handshakes=[_handshake(group_id, entry) for entry in missed.entries], more=missed.more
        )
        if missed.added is not None:
            answer.welcome.CopyFrom(_welcome(group_id, missed.added, missed.welcome))
        return answer

    def _vouch(self, participant: Participant) -> Vouched:
        meeting = self._meeting_of(participant)
        subject = participant.subject_id if participant.member else ""
        key = participant.identity_key
        return vouch(self._signer, participant.id, str(meeting.name), subject, participant.display_name, key)

    def _policy_of(self, participant: Participant) -> GroupPolicy:
        policy = policy_of(self._meeting_of(participant).protection_mode)
        if policy is None:
            raise RequestInvalid("this meeting is not end-to-end encrypted: there is no group")
        return policy

    def _meeting_of(self, participant: Participant) -> Meeting:
        meeting = self._meetings.meeting_of(participant)
        if meeting is None:
            raise MeetingOver("the meeting is over for you")
        return meeting


class GroupVoice:
    """Tells participants what the delivery service has for them."""

    def __init__(self, meetings: MeetingService, audience: Audience) -> None:
        self._meetings = meetings
        self._audience = audience

    def founding_asked(self, participant_id: str) -> None:
        """The participant is to found a group."""
        self._tell((participant_id,), pb.ServerMessage(found_requested=groups_pb2.FoundRequested()))

    def commit_asked(self, asked: CommitAsked) -> None:
        """A member is to commit."""
        request = groups_pb2.CommitRequested(
            group_id=asked.group_id,
            epoch=asked.epoch,
            add=[
                groups_pb2.Entrant(participant_id=participant_id, key_package=KEY_PACKAGE_HEADER + key_package)
                for participant_id, key_package in asked.add
            ],
            remove=asked.remove,
        )
        self._tell((asked.committer,), pb.ServerMessage(commit_requested=request))

    def handshake(self, participant_ids: Collection[str], group_id: bytes, entry: Entry) -> None:
        """The stream's next entry, for members."""
        self._tell(participant_ids, pb.ServerMessage(group_handshake=_handshake(group_id, entry)))

    def welcomed(self, participant_ids: Collection[str], group_id: bytes, entry: Entry, welcome: bytes) -> None:
        """Participants were added."""
        self._tell(participant_ids, pb.ServerMessage(group_welcome=_welcome(group_id, entry, welcome)))

    def retired(self, participant_ids: Collection[str], group_id: bytes) -> None:
        """The group of these participants is over."""
        self._tell(participant_ids, pb.ServerMessage(group_retired=groups_pb2.GroupRetired(group_id=group_id)))

    def _tell(self, participant_ids: Collection[str], message: pb.ServerMessage) -> None:
        for participant_id in participant_ids:
            participant = self._meetings.participant(participant_id)
            if participant is not None:
                self._audience.tell(participant, message)


class GroupPresence:
    """Lets the delivery service know who is in the end-to-end meetings. Observes the meetings."""

    def __init__(self, meetings: MeetingService, delivery: DeliveryService) -> None:
        self._meetings = meetings
        self._delivery = delivery

    def members(self) -> list[Member]:
        """Everybody in an end-to-end meeting."""
        return [
            _member(participant)
            for meeting in self._meetings.meetings()
            if policy_of(meeting.protection_mode) is not None
            for participant in meeting.participants.values()
        ]

    def participant_changed(self, meeting: Meeting, participant: Participant) -> None:
        """Somebody came, or something about a participant changed."""
        if policy_of(meeting.protection_mode) is not None and not participant.leaving:
            self._delivery.came(_member(participant), online=participant.attached)

    def participant_leaving(self, meeting: Meeting, participant: Participant) -> None:
        """Somebody is being taken out: those who stay commit while the core and the database see to it."""
        # With the last one the group would be deleted before it is sure that the meeting ends.
        if any(not other.leaving for other in meeting.participants.values()):
            self.participant_left(meeting, participant, None)

    def participant_left(self, meeting: Meeting, participant: Participant, reason: EndReason | None) -> None:
        """Somebody is gone."""
        if policy_of(meeting.protection_mode) is not None:
            self._delivery.left(_member(participant))


def _member(participant: Participant) -> Member:
    return Member(participant.id, participant.meeting_id, participant.subject_id)


def _handshake(group_id: bytes, entry: Entry) -> groups_pb2.GroupHandshake:
    return groups_pb2.GroupHandshake(
        group_id=group_id, sequence=entry.sequence, epoch=entry.epoch, message=entry.message
    )


def _welcome(group_id: bytes, entry: Entry, welcome: bytes) -> groups_pb2.GroupWelcome:
    # The commit ends the epoch that it was sent in.
    return groups_pb2.GroupWelcome(group_id=group_id, sequence=entry.sequence, epoch=entry.epoch + 1, welcome=welcome)
