"""What control asks of the core, translated into calls of the engine, and the engine's events translated back (L8).

Sans-IO: `handle` turns one Request into one Response, `take_events` collects what an engine tells, `poll_events` gives
the Events to publish. Names stay here: the engine knows numbers only. All transports of a room share one worker.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from google.protobuf.message import DecodeError

from conclave.core.config import LegConfig, PoolExhausted, source_number
from conclave.core.description import (
    Refused,
    check_id,
    check_protection,
    read_extensions,
    read_remote_fingerprint,
    read_slots,
    read_sources,
    read_ufrag,
)
from conclave.core.dtls import DtlsEndpoint, DtlsIdentity, DtlsState
from conclave.core.events import (
    CONSENT_ALIVE,
    CONSENT_DISCONNECTED,
    CONSENT_FAILED,
    ConsentChanged,
    DtlsReceived,
    Engine,
    Event,
    IceConnected,
    SlotChanged,
    SpeakersChanged,
)
from conclave.core.reports import measured_transport, process_statistics, transport_statistics, worker_statistics
from conclave.core.transports import PWD_SIZE, Transport, Transports, random_ice_text
from conclave.media.v1 import control_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from conclave.core.measures import ProcessUsage

__all__ = ["Control"]

HANDSHAKES_MAX: Final = 256  # under way at once; a client whose first datagram is dropped sends it again
HEARTBEAT_NS: Final = 1_000_000_000

_CONSENT_STATES: Final = {
    CONSENT_DISCONNECTED: pb.TRANSPORT_STATE_DISCONNECTED,
    CONSENT_FAILED: pb.TRANSPORT_STATE_FAILED,
}


class Control:
    """Every transport of the process, by name.

    engines: one a worker, started. instance_id: random at each start. addresses: to offer to clients. usage: tells what
    the process uses. wallclock_offset_ns: what added to now_ns gives nanoseconds since 1970.
    """

    def __init__(
        self,
        engines: Sequence[Engine],
        identity: DtlsIdentity,
        *,
        instance_id: str,
        addresses: Sequence[str],
        crypto_backend: str,
        usage: Callable[[], ProcessUsage],
        wallclock_offset_ns: int,
        now_ns: int,
    ) -> None:
        self._engines = engines
        self._identity = identity
        self._instance_id = instance_id
        self._addresses = tuple(addresses)
        self._crypto_backend = crypto_backend
        self._usage = usage
        self._wallclock_offset_ns = wallclock_offset_ns
        self._heartbeat_ns = now_ns
        self._transports = Transports(len(engines))
        self._handshakes: set[Transport] = set()
        self._published: list[pb.Event] = []

    def handle(self, message: bytes, now_ns: int) -> bytes:
        """Answers one serialised Request with one serialised Response; never raises on what a client wrote."""
        request = pb.Request()
        try:
            request.ParseFromString(message)
            response = self._answer(request, now_ns)
        except DecodeError:
            text = "the message is no conclave.media.v1.Request; control and core must be of one version"
            response = pb.Response(failure=pb.Failure(code=pb.Failure.CODE_INVALID, message=text))
        except Refused as refused:
            response = pb.Response(failure=pb.Failure(code=refused.code, message=str(refused)))
        response.request_id = request.request_id
        return response.SerializeToString()

    def take_events(self, worker: int, now_ns: int) -> None:
        """Acts on what one engine has to tell."""
        for event in self._engines[worker].events():
            self._take(worker, event, now_ns)

    def handle_timeout(self, now_ns: int) -> None:
        """Drives DTLS timers and the heartbeat."""
        for transport in list(self._handshakes):
            if transport.endpoint is not None:
                timeout = transport.endpoint.next_timeout()
                if timeout is not None and now_ns >= timeout:
                    transport.endpoint.handle_timeout(now_ns)
                    self._after_dtls(transport)
        if now_ns >= self._heartbeat_ns:
            self._publish(pb.Event(heartbeat=pb.Heartbeat()))
            self._heartbeat_ns = now_ns + HEARTBEAT_NS

    def next_timeout(self) -> int:
        """When `handle_timeout` wants to be called."""
        timeouts = [transport.endpoint.next_timeout() for transport in self._handshakes if transport.endpoint]
        return min([self._heartbeat_ns, *(timeout for timeout in timeouts if timeout is not None)])

    def poll_events(self) -> list[pb.Event]:
        """Takes the events to publish, oldest first."""
        published, self._published = self._published, []
        return published

    # Requests

    def _answer(self, request: pb.Request, now_ns: int) -> pb.Response:
        match request.WhichOneof("body"):
            case "get_info":
                return pb.Response(info=self._info())
            case "create_transport":
                return pb.Response(transport=self._create(request.create_transport))
            case "restart_ice":
                return pb.Response(transport=self._restart_ice(request.restart_ice))
            case "delete_transport":
                self._delete(request.delete_transport.transport_id)
            case "set_slots":
                self._set_slots(request.set_slots)
            case "set_sources":
                self._set_sources(request.set_sources)
            case "list_transports":
                described = [self._describe(transport, pwd=False) for transport in self._transports]
                return pb.Response(transports=pb.Transports(transports=described))
            case "get_statistics":
                return pb.Response(statistics=self._statistics(request.get_statistics.transport_id))
            case "get_room_statistics":
                room_id = request.get_room_statistics.room_id
                return pb.Response(room_statistics=self._room_statistics(room_id, now_ns))
            case _:
                text = "the request has no body that this core knows; control and core must be of one version"
                raise Refused(pb.Failure.CODE_INVALID, text)
        return pb.Response(done=pb.Done())

    def _info(self) -> pb.Info:
        return pb.Info(
            instance_id=self._instance_id,
            dtls_fingerprint=self._identity.fingerprint,
            udp_ports=[engine.port for engine in self._engines],
            addresses=self._addresses,
            crypto_backend=self._crypto_backend,
            segmentation_offload=all(engine.segmentation_offload for engine in self._engines),
        )

    def _create(self, request: pb.CreateTransport) -> pb.Transport:
        check_id(request.transport_id, "transport_id", 64)
        check_id(request.room_id, "room_id", 64)
        check_protection(request)
        if self._transports.get(request.transport_id) is not None:
            text = f"transport {request.transport_id} stands already; delete it first"
            raise Refused(pb.Failure.CODE_ALREADY_EXISTS, text)
        remote_ufrag = read_ufrag(request.remote_ice_ufrag)
        fingerprint = read_remote_fingerprint(request.remote_dtls_fingerprint)
        extensions = read_extensions(request.header_extensions)
        sources = read_sources(request.sources, extensions)
        for source in request.sources:
            if self._transports.find_source(source.source_id) is not None:
                text = f"source {source.source_id} stands already on another transport; delete that first"
                raise Refused(pb.Failure.CODE_ALREADY_EXISTS, text)
        announced = [ssrc for source in sources for ssrc in source.ssrcs + source.rtx_ssrcs]
        slots = read_slots(request.slots, extensions, self._transports.ssrc_chooser(announced))
        room = self._transports.take_room(request.room_id, request.end_to_end)
        if room.end_to_end != request.end_to_end:
            text = f"room {request.room_id} stands with another end_to_end; a room does not change it"
            raise Refused(pb.Failure.CODE_INVALID, text)
        ufrag, pwd = self._transports.free_ufrag(), random_ice_text(PWD_SIZE)
        config = LegConfig(room.number, ufrag.encode(), pwd.encode(), remote_ufrag, extensions, sources, slots)
        try:
            leg = self._engines[room.worker].create_leg(config)
        except PoolExhausted as exhausted:
            self._transports.release_room(request.room_id)
            text = f"the core's pool of {exhausted.pool} is used up; end meetings or start it with more workers"
            raise Refused(pb.Failure.CODE_EXHAUSTED, text) from None
        transport = Transport(
            transport_id=request.transport_id,
            room_id=request.room_id,
            worker=room.worker,
            leg=leg,
            ufrag=ufrag,
            pwd=pwd,
            remote_fingerprint=fingerprint,
            dtls_client=request.dtls_client,
            sources=sources,
            source_ids=tuple(source.source_id for source in request.sources),
            slots=slots,
            shown=[("", 0)] * len(slots),
        )
        self._transports.add(transport)
        return self._describe(transport, pwd=True)

    def _restart_ice(self, request: pb.RestartIce) -> pb.Transport:
        transport = self._find(request.transport_id)
        remote_ufrag = read_ufrag(request.remote_ice_ufrag)
        if transport.failed:
            text = f"transport {transport.transport_id} has failed for good; create a new one"
            raise Refused(pb.Failure.CODE_INVALID, text)
        transport.ufrag, transport.pwd = self._transports.free_ufrag(), random_ice_text(PWD_SIZE)
        engine = self._engines[transport.worker]
        engine.restart_ice(transport.leg, transport.ufrag.encode(), transport.pwd.encode(), remote_ufrag)
        return self._describe(transport, pwd=True)

    def _delete(self, transport_id: str) -> None:
        transport = self._transports.get(transport_id)
        if transport is None:
            return
        if transport.endpoint is not None:
            transport.endpoint.close()
            self._engines[transport.worker].send_dtls(transport.leg, transport.endpoint.poll_transmit())
        self._cut(transport)
        self._transports.remove(transport)

    def _set_slots(self, request: pb.SetSlots) -> None:
        transport = self._find(request.transport_id)
        wishes = [(*self._read_wish(transport, wish), wish.max_layer) for wish in request.slots]
        if not transport.failed:
            for slot, source, max_layer in wishes:
                self._engines[transport.worker].set_slot(transport.leg, slot, source, max_layer)

    def _read_wish(self, transport: Transport, wish: pb.SlotWish) -> tuple[int, int]:
        mid = wish.mid.encode()
        slot = next((number for number, slot in enumerate(transport.slots) if slot.mid == mid), None)
        if slot is None or not transport.slots[slot].video:
            text = f"{transport.transport_id} has no video slot with mid {wish.mid!r}; audio slots fill themselves"
            raise Refused(pb.Failure.CODE_INVALID, text)
        if not wish.source_id:
            return slot, 0
        found = self._transports.find_source(wish.source_id)
        if found is None or found[0].room_id != transport.room_id:
            text = f"source {wish.source_id} is not in room {transport.room_id}; leave the slot empty or name another"
            raise Refused(pb.Failure.CODE_NOT_FOUND, text)
        owner, index = found
        if not owner.sources[index].video:
            raise Refused(pb.Failure.CODE_INVALID, f"source {wish.source_id} is audio; a video slot shows video")
        # A source of a transport that was cut sends nothing any more.
        return slot, source_number(owner.leg, index) if owner.leg else 0

    def _set_sources(self, request: pb.SetSources) -> None:
        transport = self._find(request.transport_id)
        for state in request.sources:
            if state.source_id not in transport.source_ids:
                text = f"{transport.transport_id} has no source {state.source_id}; name one that it was created with"
                raise Refused(pb.Failure.CODE_NOT_FOUND, text)
        if not transport.failed:
            for state in request.sources:
                number = source_number(transport.leg, transport.source_ids.index(state.source_id))
                self._engines[transport.worker].set_source_active(number, state.active)

    def _statistics(self, transport_id: str) -> pb.Statistics:
        if transport_id:
            transports = [self._find(transport_id)]
            return pb.Statistics(transports=[self._transport_statistics(transport) for transport in transports])
        return pb.Statistics(
            workers=[worker_statistics(engine.statistics()) for engine in self._engines],
            transports=[self._transport_statistics(transport) for transport in self._transports],
            process=process_statistics(self._usage()),
        )

    def _transport_statistics(self, transport: Transport) -> pb.TransportStatistics:
        leg = self._engines[transport.worker].leg_statistics(transport.leg) if transport.leg else None
        return transport_statistics(transport.transport_id, leg)

    def _room_statistics(self, room_id: str, now_ns: int) -> pb.RoomStatistics:
        measured = pb.RoomStatistics()
        for transport in self._transports:
            if transport.room_id == room_id:
                leg = self._engines[transport.worker].leg_measures(transport.leg) if transport.leg else None
                measured.transports.append(measured_transport(transport, leg, now_ns, self._wallclock_offset_ns))
        return measured

    def _describe(self, transport: Transport, *, pwd: bool) -> pb.Transport:
        slots = [
            pb.Slot(
                mid=slot.mid.decode(),
                kind=pb.MEDIA_KIND_VIDEO if slot.video else pb.MEDIA_KIND_AUDIO,
                payload_type=slot.payload_type,
                rtx_payload_type=slot.rtx_payload_type,
                ssrc=slot.ssrc,
                rtx_ssrc=slot.rtx_ssrc,
                source_id=source_id,
                layer=layer,
                vp9_payload_type=slot.vp9_payload_type,
                vp9_rtx_payload_type=slot.vp9_rtx_payload_type,
                transport_cc=slot.transport_cc,
                h264_payload_type=slot.h264_payload_type,
                h264_rtx_payload_type=slot.h264_rtx_payload_type,
            )
            for slot, (source_id, layer) in zip(transport.slots, transport.shown, strict=True)
        ]
        return pb.Transport(
            transport_id=transport.transport_id,
            room_id=transport.room_id,
            ice_ufrag=transport.ufrag,
            ice_pwd=transport.pwd if pwd else "",
            udp_port=self._engines[transport.worker].port,
            slots=slots,
            state=transport.state,
            source_ids=transport.source_ids,
            h264_source_ids=[
                source_id
                for source_id, source in zip(transport.source_ids, transport.sources, strict=True)
                if source.h264_payload_type and not source.payload_type
            ],
        )

    def _find(self, transport_id: str) -> Transport:
        transport = self._transports.get(transport_id)
        if transport is None:
            text = f"there is no transport {transport_id!r}; create it first"
            raise Refused(pb.Failure.CODE_NOT_FOUND, text)
        return transport

    # Events of the engines

    def _take(self, worker: int, event: Event, now_ns: int) -> None:
        if isinstance(event, SpeakersChanged):
            room_id = self._transports.room_id(event.room)
            if room_id is not None:
                source_ids = [
                    name for name in (self._transports.source_id(worker, source) for source in event.sources) if name
                ]
                self._publish(pb.Event(speakers_changed=pb.SpeakersChanged(room_id=room_id, source_ids=source_ids)))
            return
        transport = self._transports.by_leg(worker, event.leg)
        if transport is None:  # told before it was cut
            return
        match event:
            case DtlsReceived():
                endpoint = self._endpoint(transport, now_ns)
                if endpoint is not None:
                    endpoint.receive(event.datagram, now_ns)
                    self._after_dtls(transport)
            case IceConnected():
                endpoint = self._endpoint(transport, now_ns) if transport.dtls_client else None
                if endpoint is not None:
                    endpoint.start(now_ns)
                    self._after_dtls(transport)
            case ConsentChanged():
                transport.consent = event.state
                self._update_state(transport)
            case SlotChanged():
                source_id = self._transports.source_id(worker, event.source)
                transport.shown[event.slot] = source_id, event.layer
                changed = pb.SlotChanged(
                    transport_id=transport.transport_id,
                    mid=transport.slots[event.slot].mid.decode(),
                    source_id=source_id,
                    layer=event.layer,
                )
                self._publish(pb.Event(slot_changed=changed))

    def _endpoint(self, transport: Transport, now_ns: int) -> DtlsEndpoint | None:
        # As client the core begins at most once a leg; what clients begin is bounded here.
        if transport.endpoint is None and (transport.dtls_client or len(self._handshakes) < HANDSHAKES_MAX):
            transport.endpoint = DtlsEndpoint(
                self._identity,
                client=transport.dtls_client,
                remote_fingerprint=transport.remote_fingerprint,
                now_ns=now_ns,
            )
            self._handshakes.add(transport)
        return transport.endpoint

    def _after_dtls(self, transport: Transport) -> None:
        endpoint, engine = transport.endpoint, self._engines[transport.worker]
        assert endpoint is not None, "called only after an endpoint has acted"
        datagrams = endpoint.poll_transmit()
        if endpoint.state is DtlsState.CONNECTED and transport in self._handshakes:
            # Keys before the last flight: the client's media may follow it at once.
            keys = endpoint.keys()
            assert keys is not None, "a connected endpoint has keys"
            engine.set_keys(
                transport.leg, keys.profile, keys.send_key, keys.send_salt, keys.receive_key, keys.receive_salt
            )
            self._handshakes.discard(transport)
        if datagrams:
            engine.send_dtls(transport.leg, datagrams)
        if endpoint.state in (DtlsState.FAILED, DtlsState.CLOSED):
            transport.failed = True
            self._cut(transport)
        self._update_state(transport)

    def _cut(self, transport: Transport) -> None:
        """Ends a transport in the engine; its name stays until control deletes it."""
        if transport.leg:
            self._engines[transport.worker].delete_leg(transport.leg)
            self._transports.cut(transport)
        self._handshakes.discard(transport)
        transport.endpoint = None

    def _update_state(self, transport: Transport) -> None:
        state: pb.TransportState.ValueType
        if transport.failed:
            state = pb.TRANSPORT_STATE_FAILED
        elif transport.consent != CONSENT_ALIVE:
            state = _CONSENT_STATES[transport.consent]
        elif transport.endpoint is not None and transport.endpoint.state is DtlsState.CONNECTED:
            state = pb.TRANSPORT_STATE_CONNECTED
        else:
            state = pb.TRANSPORT_STATE_NEW
        if state != transport.state:
            transport.state = state
            changed = pb.TransportStateChanged(transport_id=transport.transport_id, state=state)
            self._publish(pb.Event(transport_state_changed=changed))

    def _publish(self, event: pb.Event) -> None:
        event.instance_id = self._instance_id
        self._published.append(event)
