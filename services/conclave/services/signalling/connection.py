"""One client's connection: what it may ask when, and what it is answered. No stream; see grpc.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from conclave.services.domain.errors import ServiceError
from conclave.services.domain.invites import Invite
from conclave.services.domain.roles import Role
from conclave.services.domain.rooms import Room
from conclave.services.meetings.errors import SessionLost
from conclave.services.meetings.grpc import participant_to_proto, waiting_to_proto
from conclave.services.meetings.model import EndReason, Participant, Waiting
from conclave.services.meetings.service import MeetingService
from conclave.services.rooms.grpc import room_to_proto
from conclave.services.signalling.audience import Audience
from conclave.services.signalling.content import CONTENT_REQUESTS, ContentRequests
from conclave.services.signalling.errors import DeviceOnly, MediaGone, OutOfOrder, RequestInvalid, VersionMismatch
from conclave.services.signalling.files import FILE_REQUESTS, FileRequests
from conclave.services.signalling.groups import (
    END_TO_END,
    GROUP_REQUESTS,
    GroupRequests,
    check_capable,
    check_joining,
)
from conclave.services.signalling.hosts import REQUESTS, HostRequests
from conclave.services.signalling.media import MediaSessions
from conclave.services.signalling.outbox import Outbox
from conclave.services.signalling.probes import Prober
from conclave.services.signalling.relay import RelayDesk
from conclave.services.signalling.slots import Wish
from conclave.services.signalling.translate import (
    ended_message,
    error_message,
    quality_from_proto,
    slots_to_proto,
    source_kind_from_proto,
)
from conclave.v1 import meetings_pb2, rooms_pb2
from conclave.v1 import signalling_pb2 as pb

__all__ = ["Connection", "InviteDesk", "RoomDesk"]

VERSION = 1
CAPABILITIES = ("slots", "lobby", "hosts", "hands", "probe", "quality", END_TO_END, "content", "files")
# What a client says that can wait, and one that shows no credential because it wants nothing but to probe.
LOBBY, PROBE = "lobby", "probe"
MAX_WISHES = 64
# A client pings every 20 s at least; a connection that says nothing for this long is dead.
SILENCE_NS = 60_000_000_000
# What a client without a credential has for its probes.
STRANGER_NS = 60_000_000_000


class InviteDesk(Protocol):
    """Verifies invites; see InviteService."""

    async def verify(self, token: str) -> Invite:
        """The invite of a token. Raises InviteInvalid, InviteExpired, InviteRevoked."""

    async def verify_dial_code(self, typed: str) -> Invite:
        """The invite of a dial code. Raises InviteInvalid."""


class RoomDesk(Protocol):
    """Tells rooms; see RoomService."""

    async def get(self, room_id: str) -> Room:
        """Returns one room."""


class Connection:
    """From Hello to the end. `handle` takes one message after the other; answers and events go to the outbox."""

    def __init__(
        self,
        meetings: MeetingService,
        media: MediaSessions,
        audience: Audience,
        invites: InviteDesk,
        rooms: RoomDesk,
        monotonic_ns: Callable[[], int],
        hosts: HostRequests,
        prober: Prober,
        groups: GroupRequests,
        content: ContentRequests,
        files: FileRequests,
        relay: RelayDesk,
    ) -> None:
        self._meetings = meetings
        self._media = media
        self._audience = audience
        self._invites = invites
        self._rooms = rooms
        self._monotonic_ns = monotonic_ns
        self._last_request_id = 0
        self._hosts = hosts
        self._prober = prober
        self._groups = groups
        self._content = content
        self._files = files
        self._relay = relay
        self._opened_ns = monotonic_ns()
        self._credential = pb.Hello()
        self._capabilities: frozenset[str] = frozenset()
        self._greeted = False
        self._stranger = False
        self._participant: Participant | None = None
        self._waiting: Waiting | None = None
        self._resume_token = ""
        self._heard_ns = monotonic_ns()
        self.outbox = Outbox()

    async def handle(self, message: pb.ClientMessage) -> None:
        """Carries out one request and puts its answer into the outbox."""
        if self.outbox.ended:
            return
        self._heard_ns = self._monotonic_ns()
        try:
            self._check_order(message)
            await self._dispatch(message)
        except ServiceError as error:
            # Without a session there is nothing that a client could go on with, except another try to join.
            close = isinstance(error, OutOfOrder) or not self._greeted
            self.outbox.put(error_message(error, message.request_id), close)
            if isinstance(error, MediaGone) and message.HasField("offer"):
                self.outbox.put(pb.ServerMessage(media_lost=pb.MediaLost()))

    @property
    def dead(self) -> bool:
        """Whether the client has said nothing for too long, or does not read; its session may resume."""
        return self.outbox.overflowed or self._monotonic_ns() >= self._heard_ns + SILENCE_NS

    def lost(self) -> None:
        """The stream is gone: unless the client left, it has the grace time to come back."""
        self.outbox.abandon()
        self._prober.close()
        participant = self._participant
        if participant is not None and self._audience.detach(participant, self.outbox):
            self._meetings.detach(participant)
        waiting = self._waiting
        if waiting is not None and self._audience.detach_waiting(waiting, self):
            self._meetings.detach(waiting)

    def admitted(self, participant: Participant) -> None:
        """The client, which has waited, is in the meeting. Called when everybody else has been told."""
        self._participant, self._waiting = participant, None
        self.outbox.put(pb.ServerMessage(joined=self._joined(participant, self._resume_token)))
        self._tell_speakers()

    def waits_for_something_else(self, waiting: Waiting) -> None:
        """What the client waits for is another."""
        self.outbox.put(pb.ServerMessage(waiting=self._waiting_to_proto(waiting)))

    def _check_order(self, message: pb.ClientMessage) -> None:
        if message.request_id != self._last_request_id + 1:
            raise OutOfOrder(f"request_id must be {self._last_request_id + 1}: it rises by one from 1; connect again")
        self._last_request_id = message.request_id
        body = message.WhichOneof("body")
        if body is None:
            raise OutOfOrder("the message has no body that this version knows; reload the page")
        if (body == "hello") is self._greeted:
            raise OutOfOrder("Hello comes first, and once; connect again")
        if self._stranger:
            self._check_stranger(body)
        if self._waiting is not None and body not in ("ping", "leave"):
            raise RequestInvalid("you are not in the meeting yet: wait until you are let in")
        if body in ("probe", "end_probe"):
            if self._participant is not None:
                raise RequestInvalid("the network is probed before the meeting; in it, the media shows how it is")
        elif body not in ("hello", "join", "ping") and self._participant is None and self._waiting is None:
            raise RequestInvalid("join the meeting first")

    def _check_stranger(self, body: str) -> None:
        if self._monotonic_ns() >= self._opened_ns + STRANGER_NS:
            raise OutOfOrder("without an invite there is a minute for probes; connect again")
        if body not in ("probe", "end_probe", "ping"):
            raise RequestInvalid("without an invite there is nothing but probes; open the invite")

    async def _dispatch(self, message: pb.ClientMessage) -> None:
        match message.WhichOneof("body"):
            case "hello":
                await self._hello(message.request_id, message.hello)
            case "join":
                await self._join(message.request_id, message.join)
            case "offer":
                await self._offer(message.request_id, message.offer)
            case "leave":
                await self._leave(message.request_id)
            case "end_meeting":
                await self._end_meeting(message.request_id)
            case "get_link":
                link = await self._hosts.link(self._present())
                self.outbox.put(pb.ServerMessage(request_id=message.request_id, room_link=link))
            case "probe":
                answer = pb.Answer(sdp=await self._prober.begin(message.probe.sdp, invited=not self._stranger))
                self.outbox.put(pb.ServerMessage(request_id=message.request_id, answer=answer))
            case "read_handshakes":
                missed = await self._groups.missed(self._present(), message.read_handshakes)
                self.outbox.put(pb.ServerMessage(request_id=message.request_id, handshakes=missed))
            case "renew_relay":
                granted = self._relay.renew(self._present())
                self.outbox.put(pb.ServerMessage(request_id=message.request_id, relay=granted))
            case body if body in GROUP_REQUESTS:
                await self._groups.carry_out(self._present(), message)
                self.outbox.put(pb.ServerMessage(request_id=message.request_id, ack=pb.Ack()))
            case body if body in CONTENT_REQUESTS:
                self.outbox.put(await self._content.carry_out(self._present(), message))
            case body if body in FILE_REQUESTS:
                self.outbox.put(await self._files.carry_out(self._present(), message))
            case body if body in REQUESTS:
                await self._hosts.carry_out(self._present(), message)
                self.outbox.put(pb.ServerMessage(request_id=message.request_id, ack=pb.Ack()))
            case _:
                await self._change(message)
                self.outbox.put(pb.ServerMessage(request_id=message.request_id, ack=pb.Ack()))

    async def _change(self, message: pb.ClientMessage) -> None:
        """Carries out what is answered by Ack."""
        match message.WhichOneof("body"):
            case "set_sources":
                states = {source_kind_from_proto(s.kind): s.active for s in message.set_sources.sources}
                await self._media.set_sources(self._present(), states)
            case "set_slots":
                slots = message.set_slots.slots
                if len(slots) > MAX_WISHES or len({slot.mid for slot in slots}) != len(slots):
                    raise RequestInvalid(f"name each slot once, at most {MAX_WISHES} of them")
                wishes = [Wish(slot.mid, slot.source_id, slot.max_height) for slot in slots]
                await self._media.set_slots(self._present(), wishes)
            case "set_hand":
                await self._meetings.hands.set(self._present(), message.set_hand.raised)
            case "end_probe":
                await self._prober.end()
            case "report_quality":
                quality = quality_from_proto(message.report_quality.quality)
                self._meetings.qualities.report(self._present(), quality)

    async def _hello(self, request_id: int, hello: pb.Hello) -> None:
        if not hello.min_version <= VERSION <= hello.max_version:
            raise VersionMismatch(
                f"this appliance speaks version {VERSION} of the signalling, this page {hello.min_version} to "
                f"{hello.max_version}; reload the page"
            )
        welcome = pb.Welcome(version=VERSION, capabilities=CAPABILITIES)
        self._capabilities = frozenset(hello.capabilities)
        match hello.WhichOneof("credential"):
            case "invite_token" | "dial_code":
                self._credential = hello
                invite, room = await self._verify()
                check_capable(room, self._capabilities)
                self._require_able_to_wait(self._meetings.reason_to_wait(room, invite) is not None)
                self._tell_room(welcome, room, invite.role)
                welcome.display_name = invite.display_name
            case "resume_token":
                await self._resume(welcome, hello.resume_token)
            case None if PROBE in hello.capabilities:
                self._stranger = True
            case None:
                raise RequestInvalid("Hello needs an invite token, a dial code or a resume token; open the invite")
        self._greeted = True
        self.outbox.put(pb.ServerMessage(request_id=request_id, welcome=welcome))
        self._tell_speakers()

    async def _verify(self) -> tuple[Invite, Room]:
        if self._credential.WhichOneof("credential") == "dial_code":
            invite = await self._invites.verify_dial_code(self._credential.dial_code)
        else:
            invite = await self._invites.verify(self._credential.invite_token)
        if invite.role is Role.DEVICE:
            raise DeviceOnly("this invite is a device's: it sends over WHIP or plays over WHEP; ask for one for people")
        return invite, await self._rooms.get(invite.room_id)

    def _require_able_to_wait(self, has_to_wait: bool) -> None:
        if has_to_wait and LOBBY not in self._capabilities:
            raise VersionMismatch(
                "this meeting lets you in when a host says so, which this page cannot show: reload it"
            )

    async def _resume(self, welcome: pb.Welcome, token: str) -> None:
        owner = self._meetings.owner_of(token)
        if owner.role is Role.DEVICE:
            raise SessionLost("this session is a device's; join the meeting with an invite for people")
        room = await self._rooms.get(self._meetings.room_of(owner))
        check_capable(room, self._capabilities)
        # From here to the Welcome nothing is awaited: no event comes before it. Who waited may be in by now.
        person = self._meetings.resume(token)
        self._resume_token = token
        self._tell_room(welcome, room, person.role)
        if isinstance(person, Waiting):
            self._waiting = person
            replaced = self._audience.attach_waiting(person, self)
            self._say_replaced(None if replaced is None else replaced.outbox)
            welcome.waiting.CopyFrom(self._waiting_to_proto(person))
        else:
            self._participant = person
            self._say_replaced(self._audience.attach(person, self.outbox))
            self._media.resumed(person)
            self._groups.returned(person)
            welcome.resumed.CopyFrom(self._joined(person, token))

    def _say_replaced(self, replaced: Outbox | None) -> None:
        if replaced is not None:
            error = pb.Error(code=pb.ERROR_CODE_REPLACED, message="the meeting was opened in another place")
            replaced.put(pb.ServerMessage(error=error), close=True)

    async def _join(self, request_id: int, join: pb.Join) -> None:
        if self._participant is not None:
            raise RequestInvalid("you are in the meeting already")
        self._prober.abandon()
        # Verified again: the invite may have been revoked since Hello.
        invite, room = await self._verify()
        identity_key = check_joining(room, join.identity_key)
        person, token = await self._meetings.join(room, invite, join.display_name, identity_key)
        self._resume_token = token
        if isinstance(person, Waiting) and LOBBY not in self._capabilities:
            await self._meetings.leave(person)
            self._require_able_to_wait(True)
        if self.outbox.ended:
            # The connection was lost during the join: nobody holds the token, so nobody could come back.
            await self._meetings.leave(person)
            return
        if isinstance(person, Waiting):
            self._waiting = person
            self._audience.attach_waiting(person, self)
            answer = self._waiting_to_proto(person)
            self.outbox.put(pb.ServerMessage(request_id=request_id, waiting=answer))
            return
        self._participant = person
        self._audience.attach(person, self.outbox)
        self.outbox.put(pb.ServerMessage(request_id=request_id, joined=self._joined(person, token)))
        self._tell_speakers()

    async def _offer(self, request_id: int, offer: pb.Offer) -> None:
        participant = self._present()
        if offer.ice_restart:
            sdp = await self._media.restart_ice(participant, offer.sdp)
        else:
            mids = [source.mid for source in offer.sources]
            if len(set(mids)) != len(mids):
                raise RequestInvalid("the offer's sources name a mid twice")
            kinds = {source.mid: source_kind_from_proto(source.kind) for source in offer.sources}
            encrypted = {source.mid for source in offer.sources if source.end_to_end}
            sdp = await self._media.offer(participant, offer.sdp, kinds, encrypted)
        answer = pb.Answer(sdp=sdp, slots=slots_to_proto(self._media.slots_of(participant)))
        self.outbox.put(pb.ServerMessage(request_id=request_id, answer=answer))

    async def _leave(self, request_id: int) -> None:
        if self._waiting is not None:
            self._audience.detach_waiting(self._waiting, self)
            await self._meetings.leave(self._waiting)
        else:
            participant = self._present()
            self._audience.detach(participant, self.outbox)
            await self._meetings.leave(participant)
        self.outbox.put(pb.ServerMessage(request_id=request_id, ack=pb.Ack()), close=True)

    async def _end_meeting(self, request_id: int) -> None:
        participant = self._present()
        # This client is answered before it is told of the end.
        attached = self._audience.detach(participant, self.outbox)
        try:
            await self._meetings.end_as_participant(participant)
        except ServiceError:
            # Raised before anything was awaited: no event was missed.
            if attached:
                self._audience.attach(participant, self.outbox)
            raise
        self.outbox.put(pb.ServerMessage(request_id=request_id, ack=pb.Ack()))
        self.outbox.put(ended_message(EndReason.ENDED), close=True)

    def _present(self) -> Participant:
        assert self._participant is not None, "_check_order lets nothing else through before the join"
        return self._participant

    def _joined(self, participant: Participant, token: str) -> pb.Joined:
        meeting = self._meetings.meeting_of(participant)
        assert meeting is not None, "told in the same step in which the participant was found"
        return pb.Joined(
            participant_id=participant.id,
            resume_token=token,
            participants=[participant_to_proto(other) for other in meeting.participants.values()],
            slots=slots_to_proto(self._media.slots_of(participant)),
            media_connected=self._media.stands(participant),
            meeting_start_time_ms=int(meeting.start_time.timestamp() * 1000),
            locked=meeting.locked,
            waiting=[waiting_to_proto(person) for person in self._meetings.waiting_in(meeting.room_id)]
            if participant.role.may_moderate
            else [],
            identity=self._groups.identity(participant),
            relay=self._relay.grant(participant),
        )

    def _waiting_to_proto(self, waiting: Waiting) -> pb.Waiting:
        return pb.Waiting(
            participant_id=waiting.id,
            resume_token=self._resume_token,
            reason=meetings_pb2.WaitReason.ValueType(waiting.reason.value),
        )

    def _tell_room(self, welcome: pb.Welcome, room: Room, role: Role) -> None:
        welcome.room.CopyFrom(room_to_proto(room))
        welcome.role = rooms_pb2.Role.ValueType(role.value)

    def _tell_speakers(self) -> None:
        meeting = None if self._participant is None else self._meetings.meeting_of(self._participant)
        speakers = [] if meeting is None else self._media.speakers_of(meeting)
        if speakers:
            self.outbox.put(pb.ServerMessage(speakers_changed=pb.SpeakersChanged(participant_ids=speakers)))
