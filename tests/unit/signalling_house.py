"""A house with one room for tests of signalling: a store and a core in memory, and clients without streams."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import cast

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from conclave.services.content.service import ContentService, ContentStore
from conclave.services.domain.files import FileLimits
from conclave.services.domain.invites import Invite
from conclave.services.domain.protection import ProtectionMode
from conclave.services.domain.roles import Role
from conclave.services.domain.rooms import Room
from conclave.services.files.service import FileService, FileStore, ObjectStore
from conclave.services.invites.errors import InviteInvalid, LinkNotFound
from conclave.services.invites.service import CreatedLink
from conclave.services.media.errors import CoreRefused, CoreUnavailable
from conclave.services.media.model import (
    CoreInfo,
    MediaKind,
    SlotWish,
    Transport,
    TransportSpec,
    TransportState,
)
from conclave.services.media.relay import Relay
from conclave.services.meetings.model import Lobby, Meeting, Participant, Waiting
from conclave.services.meetings.moderation import Moderation
from conclave.services.meetings.service import MeetingService
from conclave.services.mls.service import DeliveryService
from conclave.services.signalling.audience import Audience
from conclave.services.signalling.connection import Connection
from conclave.services.signalling.content import ContentAudience, ContentRequests
from conclave.services.signalling.files import FileRequests
from conclave.services.signalling.groups import GroupPresence, GroupRequests, GroupVoice
from conclave.services.signalling.hosts import HostRequests
from conclave.services.signalling.media import MediaSessions
from conclave.services.signalling.probes import Prober, Probes
from conclave.services.signalling.relay import RelayDesk
from conclave.v1 import meetings_pb2
from conclave.v1 import signalling_pb2 as pb

from .memory_groups import MemoryGroups

DEPLOYMENT = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
START = datetime(2026, 1, 1, tzinfo=UTC)
ROOM = Room("board", "Board", ProtectionMode.MANAGED, 4, START)
OFFER = (Path(__file__).parent.parent / "vectors" / "sdp" / "chromium.offer.sdp").read_bytes().decode()
KINDS = {"0": 1, "1": 2, "2": 3, "3": 4}
VIDEO_SLOTS, AUDIO_SLOTS = [str(mid) for mid in range(4, 13)], ["13", "14", "15"]


class Store:
    """Keeps nothing; a restart is tested with the meetings that are handed over."""

    def __init__(self) -> None:
        self.open: list[Meeting] = []
        self.lobbies: list[Lobby] = []
        # What leaves fail with.
        self.failures: list[Exception] = []
        # Identity keys of members who were there before.
        self.keys: dict[str, set[bytes]] = {}

    async def load_open(self) -> list[Meeting]:
        return self.open

    async def join(self, meeting: Meeting, participant: Participant, opens: bool) -> None: ...

    async def leave(
        self,
        meeting: Meeting,
        participants: Iterable[Participant],
        time: datetime,
        ends: bool,
        removed: bool,
        actor: str,
    ) -> None:
        if self.failures:
            raise self.failures.pop()

    async def load_lobbies(self) -> list[Lobby]:
        return self.lobbies

    async def knows_key(self, subject_id: str, identity_key: bytes) -> bool:
        return not self.keys.get(subject_id) or identity_key in self.keys[subject_id]

    async def wait(self, waiting: Waiting) -> None: ...

    async def admit(self, meeting: Meeting, participants: list[Participant], opens: bool, actor: str) -> None: ...

    async def stop_waiting(self, waiting: list[Waiting], turned_away_by: str) -> None: ...

    async def save_lock(self, meeting: Meeting, locked: bool, actor: str) -> None: ...

    async def save_role(self, meeting: Meeting, participant: Participant, role: Role, actor: str) -> None: ...

    async def save_hand(self, participant: Participant, raise_time: datetime | None) -> None: ...

    async def save_media(self, participant: Participant) -> None: ...

    async def find(self, name: object) -> None: ...

    async def page(self, *arguments: object) -> list[object]:
        return []


class Core:
    """A core in memory: holds transports, and refuses what the real one refuses."""

    def __init__(self) -> None:
        self.transports: dict[str, Transport] = {}
        self.specs: dict[str, TransportSpec] = {}
        self.shown: dict[tuple[str, str], SlotWish] = {}
        self.active: dict[str, bool] = {}
        self.away = False

    def check(self) -> None:
        if self.away:
            raise CoreUnavailable("the media core does not answer")

    async def info(self) -> CoreInfo:
        self.check()
        return CoreInfo("i", ":".join(["AB"] * 32), (9701,), (ip_address("127.0.0.1"),), "openssl", True)

    async def create_transport(self, spec: TransportSpec) -> Transport:
        self.check()
        taken = {source for transport in self.transports.values() for source in transport.source_ids}
        assert not taken & {source.source_id for source in spec.sources}, "source ids are unique in the core"
        slots = tuple(
            dataclasses.replace(slot, ssrc=100 + i, rtx_ssrc=200 + i if slot.kind is MediaKind.VIDEO else 0)
            for i, slot in enumerate(spec.slots)
        )
        sources = tuple(source.source_id for source in spec.sources)
        new = TransportState.NEW
        transport = Transport(spec.transport_id, spec.room_id, "user", "p" * 24, 9701, slots, new, sources)
        self.transports[spec.transport_id], self.specs[spec.transport_id] = transport, spec
        return transport

    async def restart_ice(self, transport_id: str, remote_ice_ufrag: str) -> Transport:
        self.check()
        if transport_id not in self.transports:
            raise CoreRefused("no such transport")
        return dataclasses.replace(self.transports[transport_id], ice_ufrag="again")

    async def delete_transport(self, transport_id: str) -> None:
        self.check()
        self.transports.pop(transport_id, None)

    async def set_slots(self, transport_id: str, wishes: list[SlotWish]) -> None:
        self.check()
        sources = {source for transport in self.transports.values() for source in transport.source_ids}
        if any(wish.source_id and wish.source_id not in sources for wish in wishes):
            raise CoreRefused("no such source in the room")
        self.shown.update({(transport_id, wish.mid): wish for wish in wishes})

    async def set_sources(self, transport_id: str, active: dict[str, bool]) -> None:
        self.check()
        self.active.update(active)

    async def list_transports(self) -> list[Transport]:
        self.check()
        return list(self.transports.values())


class Desk:
    """Invites and rooms: the token "host" is a host's, those of `errors` fail."""

    def __init__(self) -> None:
        self.errors: dict[str, Exception] = {}
        self.room = ROOM
        # What the tokens of personal invites name.
        self.members: dict[str, str] = {}
        self.room_link: CreatedLink | None = None

    async def verify(self, token: str) -> Invite:
        if token in self.errors:
            raise self.errors[token]
        role = Role.HOST if token == "host" else Role.PARTICIPANT
        invite_id = (token.replace("-", "") * 16)[:16]
        return Invite(ROOM.room_id, invite_id, role, START, START, None, self.members.get(token, ""))

    async def verify_dial_code(self, typed: str) -> Invite:
        if typed != "123 456 789":
            raise InviteInvalid
        return await self.verify("link")

    async def link(self, room_id: str) -> CreatedLink:
        if self.room_link is None:
            raise LinkNotFound(room_id)
        return self.room_link

    async def get(self, room_id: str) -> Room:
        return self.room


class House:
    """Control without its process: what the streams would share."""

    def __init__(self, core: Core | None = None) -> None:
        self.now_ns = 0
        self.core = core or Core()
        self.store, self.desk = Store(), Desk()
        self.meetings = MeetingService(self.store, self.core, lambda: START, lambda: self.now_ns)
        self.audience = Audience(self.meetings.meeting_in, self.meetings.waiting_in)
        self.probes = Probes(self.core, lambda: self.now_ns)
        self.media = MediaSessions(
            self.meetings, self.core, self.audience, self.probes.transport_ids, lambda: self.now_ns
        )
        self.hosts = HostRequests(self.meetings, Moderation(self.meetings, self.store, self.media), self.desk)
        self.groups = MemoryGroups()
        self.delivery = DeliveryService(
            self.groups, GroupVoice(self.meetings, self.audience), lambda: START, lambda: self.now_ns
        )
        self.group_requests = GroupRequests(
            self.meetings, self.delivery, DEPLOYMENT, DEPLOYMENT.public_key().public_bytes_raw(), lambda: START
        )
        self.presence = GroupPresence(self.meetings, self.delivery)
        self.meetings.observe(self.presence)
        self.meetings.observe_leaving(self.presence.participant_leaving)
        # What is kept is tested with a database; here is only what passes.
        no_store = cast("ContentStore", None)
        content = ContentService(self.meetings.register, no_store, self.desk, lambda: START, lambda: self.now_ns)
        content.observe(ContentAudience(self.audience))
        self.content = ContentRequests(content)
        no_files, no_objects = cast("FileStore", None), cast("ObjectStore", None)
        register = self.meetings.register
        files = FileService(register, no_files, no_objects, FileLimits(), lambda: START, lambda: self.now_ns)
        self.files = FileRequests(files)
        self.relay = RelayDesk(Relay(b"not a secret"), lambda: START)
        self.meetings.observe_people(self.audience)
        self.meetings.observe(self.audience)
        self.meetings.observe(self.media)
        self.meetings.observe(content)

    def connect(self) -> Client:
        return Client(self)

    async def join(self, name: str, invite: str = "invite") -> Client:
        client = self.connect()
        await client.ask(hello=hello(invite_token=invite))
        await client.ask(join=pb.Join(display_name=name))
        return client


class Client:
    """One connection, driven without a stream."""

    def __init__(self, house: House) -> None:
        self.connection = Connection(
            house.meetings,
            house.media,
            house.audience,
            house.desk,
            house.desk,
            lambda: house.now_ns,
            house.hosts,
            Prober(house.probes),
            house.group_requests,
            house.content,
            house.files,
            house.relay,
        )
        self.request_id = 0
        self.id, self.token = "", ""

    async def ask(self, **body: object) -> pb.ServerMessage:
        """Sends a request; returns its one answer, whose events before it are left in the outbox's order."""
        self.request_id += 1
        await self.connection.handle(pb.ClientMessage(request_id=self.request_id, **body))  # type: ignore[arg-type]
        answers = [message for message in self.take() if message.request_id == self.request_id]
        assert len(answers) == 1
        if answers[0].HasField("joined"):
            self.id, self.token = answers[0].joined.participant_id, answers[0].joined.resume_token
        return answers[0]

    def take(self) -> list[pb.ServerMessage]:
        """Everything that waits to be sent."""
        taken = [frame.message for frame in self.connection.outbox._frames]
        self.connection.outbox._frames.clear()
        return taken

    def take_names(self) -> list[str]:
        return [message.WhichOneof("body") or "" for message in self.take()]

    @property
    def closed(self) -> bool:
        return self.connection.outbox.ended

    async def offer(
        self,
        sdp: str = OFFER,
        ice_restart: bool = False,
        kinds: Mapping[str, int] = KINDS,
        encrypted: Iterable[str] = (),
    ) -> pb.ServerMessage:
        sources = [
            pb.SourceMid(mid=mid, kind=meetings_pb2.SourceKind.ValueType(kind), end_to_end=mid in encrypted)
            for mid, kind in kinds.items()
        ]
        return await self.ask(offer=pb.Offer(sdp=sdp, sources=sources, ice_restart=ice_restart))

    async def show(self, mid: str, source_id: str, max_height: int = 720) -> pb.ServerMessage:
        return await self.ask(
            set_slots=pb.SetSlots(slots=[pb.SlotWish(mid=mid, source_id=source_id, max_height=max_height)])
        )

    async def set_source(self, kind: int, active: bool) -> pb.ServerMessage:
        state = pb.SourceState(kind=meetings_pb2.SourceKind.ValueType(kind), active=active)
        return await self.ask(set_sources=pb.SetSources(sources=[state]))


def hello(lowest: int = 1, highest: int = 1, **credential: str) -> pb.Hello:
    return pb.Hello(min_version=lowest, max_version=highest, **credential)  # type: ignore[arg-type]


def code(message: pb.ServerMessage) -> str:
    return pb.ErrorCode.Name(message.error.code).removeprefix("ERROR_CODE_")


def transport_id(house: House, client: Client) -> str:
    participant = house.meetings.participant(client.id)
    assert participant is not None
    return participant.transport_id
