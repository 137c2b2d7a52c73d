"""Puts conclave-control together: one place that knows every part."""

from __future__ import annotations

import time
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Protocol

from prometheus_client import CollectorRegistry, ProcessCollector

from conclave.services.audit.log import AuditLog
from conclave.services.content.attendance import Attendance
from conclave.services.content.service import ContentService
from conclave.services.content.store import SqlContentStore
from conclave.services.content.vault import ContentVault
from conclave.services.control.core_status import CoreStatusOfClient
from conclave.services.control.options import ControlOptions, read_deployment_id
from conclave.services.devices.grpc import DeviceServicer, device_rpc_service
from conclave.services.devices.lifecycle import DevicesPart
from conclave.services.devices.service import DeviceService
from conclave.services.files.attachments import Attachments
from conclave.services.files.grpc import FileTransferServicer, file_transfer_rpc_service
from conclave.services.files.lifecycle import FilesPart
from conclave.services.files.objects import LocalObjects
from conclave.services.files.service import FileService
from conclave.services.files.store import SqlFileStore
from conclave.services.invites.identity import read_identity_key
from conclave.services.invites.service import InviteService
from conclave.services.media.client import CoreClient
from conclave.services.media.relay import Relay
from conclave.services.meetings.grpc import meeting_rpc_service
from conclave.services.meetings.moderation import Moderation
from conclave.services.meetings.service import MeetingService
from conclave.services.meetings.store import SqlMeetingStore
from conclave.services.meetings.watch import MeetingWatch
from conclave.services.metrics.grpc import metrics_rpc_service
from conclave.services.metrics.meetings import MeetingMetrics
from conclave.services.metrics.service import MetricsService
from conclave.services.mls.lifecycle import DeliveryPart
from conclave.services.mls.service import DeliveryService
from conclave.services.mls.store import SqlGroupStore
from conclave.services.rooms.grpc import room_rpc_service
from conclave.services.rooms.service import RoomService
from conclave.services.rpc.authentication import certificate_caller, gateway_caller, local_administrator
from conclave.services.rpc.measuring import CallMetrics
from conclave.services.rpc.server import RpcServer, RpcService, permissions_of
from conclave.services.signalling.audience import Audience
from conclave.services.signalling.connection import Connection
from conclave.services.signalling.content import ContentAudience, ContentRequests
from conclave.services.signalling.files import FileRequests
from conclave.services.signalling.groups import GroupPresence, GroupRequests, GroupVoice
from conclave.services.signalling.grpc import SignallingServicer, signalling_rpc_service
from conclave.services.signalling.hosts import HostRequests
from conclave.services.signalling.lifecycle import SignallingPart
from conclave.services.signalling.media import MediaSessions
from conclave.services.signalling.probes import Prober, Probes
from conclave.services.signalling.relay import RelayDesk
from conclave.services.state.clock import Clock, utc_now
from conclave.services.state.engine import open_postgresql, open_sqlcipher
from conclave.services.state.keys import read_database_keys
from conclave.services.state.store import Store
from conclave.services.statistics.grpc import statistics_rpc_service
from conclave.services.statistics.service import MeetingStatistics
from conclave.services.system.grpc import system_rpc_service
from conclave.services.system.service import SystemService

__all__ = ["Control", "Part", "build"]

STOP_GRACE_S = 2.0


class Part(Protocol):
    """Something that runs as long as the process does."""

    async def start(self) -> None:
        """Starts; the database is ready, no call has come in yet."""

    async def stop(self) -> None:
        """Ends; no call comes in any more, the database is still open."""


class Control:
    """The assembled process: started in the order of its parts, stopped in the reverse."""

    def __init__(
        self,
        options: ControlOptions,
        store: Store,
        clock: Clock,
        parts: Sequence[Part],
        api: Sequence[RpcService],
        signalling: Sequence[RpcService],
        registry: CollectorRegistry,
    ) -> None:
        self._store = store
        self._clock = clock
        self._parts = parts
        calls = CallMetrics(permissions_of([*api, *signalling]), registry)
        admin = RpcServer(api, local_administrator, calls)
        admin.listen_unix(_socket_in_its_directory(options.admin_socket))
        gateway = RpcServer(signalling, gateway_caller, calls)
        gateway.listen_unix(_socket_in_its_directory(options.signalling_socket))
        self._servers = [admin, gateway]
        self.tcp_port: int | None = None
        if options.tls is not None:
            remote = RpcServer(api, certificate_caller, calls)
            self.tcp_port = remote.listen_tls(options.tls.address, options.tls.files)
            self._servers.append(remote)

    async def start(self) -> None:
        """Migrates the database, starts the parts, then serves. Raises when the database is another deployment's."""
        await self._store.prepare(self._clock())
        for part in self._parts:
            await part.start()
        for server in self._servers:
            await server.start()

    async def stop(self) -> None:
        """Lets running calls end, then the parts, then closes the database."""
        for server in self._servers:
            await server.stop(STOP_GRACE_S)
        for part in reversed(self._parts):
            await part.stop()
        await self._store.close()


def build(options: ControlOptions, clock: Clock = utc_now) -> Control:
    """Reads the state directory and makes every part. Raises OSError, ValueError or CannotOpenDatabase.

    A new feature makes its use cases here, from `store`, `audit` and `clock`, and adds its RpcService to `api` (what
    administrators call) or `signalling` (what the gateway calls); what has a life of its own goes into `parts`.
    """
    deployment_id = read_deployment_id(options.own_state / "deployment.json")
    identity = read_identity_key(options.own_state / "identity.key")
    keys = read_database_keys(options.own_state / "database.key")
    if options.database_url is None:
        engine = open_sqlcipher(options.own_state / "conclave.db", keys)
    else:
        engine = open_postgresql(options.database_url, keys)
    store = Store(engine, deployment_id)
    audit = AuditLog(deployment_id, clock)

    rooms = RoomService(store, audit, clock)
    invites = InviteService(store, audit, clock, identity, options.public_url)
    core = CoreClient(f"ipc://{options.core_control_socket}", f"ipc://{options.core_events_socket}")
    system = SystemService(store, CoreStatusOfClient(core), identity.fingerprint, identity.public_bytes, _version())
    attendance = Attendance(deployment_id, audit)
    attachments = Attachments(deployment_id)
    # In this order: whose last presence has ended is known by the attendance.
    meeting_store = SqlMeetingStore(store, audit, [attendance, attachments])
    meetings = MeetingService(meeting_store, core, clock, time.monotonic_ns)
    audience = Audience(meetings.meeting_in, meetings.waiting_in)
    probes = Probes(core, time.monotonic_ns)
    media = MediaSessions(meetings, core, audience, probes.transport_ids, time.monotonic_ns)
    moderation = Moderation(meetings, meeting_store, media)
    watch = MeetingWatch(meetings.register, rooms, clock)
    delivery = DeliveryService(SqlGroupStore(store), GroupVoice(meetings, audience), clock, time.monotonic_ns)
    presence = GroupPresence(meetings, delivery)
    content_store = SqlContentStore(store, audit, ContentVault(keys, deployment_id), attendance, attachments)
    content = ContentService(meetings.register, content_store, rooms, clock, time.monotonic_ns)
    files = FileService(
        meetings.register,
        SqlFileStore(store, attendance),
        LocalObjects(options.own_state / "files"),
        options.files,
        clock,
        time.monotonic_ns,
    )
    for content_observer in (ContentAudience(audience), files):
        content.observe(content_observer)
    content_requests = ContentRequests(content)
    devices = DeviceService(meetings, media, invites, rooms, time.monotonic_ns)
    registry = CollectorRegistry()
    ProcessCollector("conclave_control", registry=registry)
    meeting_metrics = MeetingMetrics(meetings.register, registry)
    metrics = metrics_rpc_service(MetricsService(core, registry))
    for observer in (audience, media, watch, presence, content, files, devices, meeting_metrics):
        meetings.observe(observer)
    meetings.observe_leaving(presence.participant_leaving)
    for people_observer in (audience, watch):
        meetings.observe_people(people_observer)
    rooms.observe(meetings)
    invites.observe(meetings)
    invites.observe(devices)
    hosts = HostRequests(meetings, moderation, invites)
    groups = GroupRequests(meetings, delivery, identity, identity.public_bytes, clock)
    relay_desk = RelayDesk(_relay(options), clock)
    streams = SignallingServicer(
        lambda: Connection(
            meetings,
            media,
            audience,
            invites,
            rooms,
            time.monotonic_ns,
            hosts,
            Prober(probes),
            groups,
            content_requests,
            FileRequests(files),
            relay_desk,
        )
    )

    parts: list[Part] = [
        SignallingPart(core, meetings, media, probes, streams.drop_dead),
        DeliveryPart(delivery, presence.members),
        FilesPart(files),
        DevicesPart(devices),
    ]
    api = [
        room_rpc_service(rooms, invites),
        meeting_rpc_service(meetings, moderation, watch),
        system_rpc_service(system),
        metrics,
        statistics_rpc_service(MeetingStatistics(meetings.register, core)),
    ]
    signalling = [
        signalling_rpc_service(streams),
        file_transfer_rpc_service(FileTransferServicer(files)),
        device_rpc_service(DeviceServicer(devices)),
        metrics,
    ]
    return Control(options, store, clock, parts, api, signalling, registry)


def _socket_in_its_directory(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _relay(options: ControlOptions) -> Relay | None:
    if options.relay_secret is None:
        return None
    return Relay(options.relay_secret.read_bytes(), options.turn_port)


def _version() -> str:
    try:
        return version("conclave")
    except PackageNotFoundError:
        return "development"
