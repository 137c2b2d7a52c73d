"""The asyncio client of the media core over ZeroMQ: requests to its ROUTER socket, events from its PUB socket."""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from typing import TYPE_CHECKING

import zmq
import zmq.asyncio
from google.protobuf.message import DecodeError

from conclave.media.v1 import control_pb2 as pb
from conclave.services.journal.lines import fields
from conclave.services.media.errors import CoreExhausted, CoreRefused, CoreUnavailable
from conclave.services.media.presence import CorePresence, CorePresent, PresenceChange
from conclave.services.media.wire import (
    create_transport_to_proto,
    event_from_proto,
    info_from_proto,
    set_slots_to_proto,
    statistics_from_proto,
    transport_from_proto,
)
from conclave.services.tasks import end_tasks

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from conclave.services.media.model import (
        CoreEvent,
        CoreInfo,
        CoreStatistics,
        SlotWish,
        Transport,
        TransportSpec,
    )

__all__ = ["CoreClient"]

REQUEST_TIMEOUT_S = 2.0
_log = logging.getLogger(__name__)


class CoreClient:
    """Requests to the core and what it reports.

    Every request raises CoreUnavailable when the core does not answer in time, is not there, or restarts meanwhile;
    CoreExhausted and CoreRefused carry the core's own message.
    """

    def __init__(
        self,
        control_address: str,
        events_address: str,
        timeout_s: float = REQUEST_TIMEOUT_S,
        clock_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._addresses = (control_address, events_address)
        self._timeout_s = timeout_s
        self._clock_ns = clock_ns
        self._presence = CorePresence(clock_ns())
        self._request_ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[pb.Response]] = {}
        self._reports: asyncio.Queue[CoreEvent | PresenceChange] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def present(self) -> bool:
        """Whether the core has been heard within the last three seconds."""
        return self._presence.present

    async def start(self) -> None:
        """Connects; returns at once, whether the core is there or not."""
        self._context = zmq.asyncio.Context()
        self._requests = self._context.socket(zmq.DEALER)
        # Nothing is queued for a core that is not there: a request that timed out must not reach its successor.
        self._requests.setsockopt(zmq.IMMEDIATE, 1)
        self._events = self._context.socket(zmq.SUB)
        self._events.setsockopt(zmq.SUBSCRIBE, b"")
        # Events drive what people see: none may be dropped here because control was busy for a moment.
        self._events.setsockopt(zmq.RCVHWM, 0)
        for socket, address in zip((self._requests, self._events), self._addresses, strict=True):
            socket.setsockopt(zmq.LINGER, 0)
            socket.setsockopt(zmq.RECONNECT_IVL, 50)
            socket.setsockopt(zmq.RECONNECT_IVL_MAX, 500)
            socket.connect(address)
        self._presence = CorePresence(self._clock_ns())
        self._tasks = [asyncio.create_task(self._read_responses()), asyncio.create_task(self._read_events())]

    async def close(self) -> None:
        """Disconnects; requests that wait fail."""
        await end_tasks(self._tasks)
        self._tasks = []
        self._fail_waiting("control is stopping")
        self._requests.close()
        self._events.close()
        self._context.term()

    async def reports(self) -> AsyncIterator[CoreEvent | PresenceChange]:
        """What the core reports, and its coming and going, in order. One reader."""
        while True:
            yield await self._reports.get()

    async def info(self) -> CoreInfo:
        """What the core is."""
        return info_from_proto((await self._request(pb.Request(get_info=pb.GetInfo()), "info")).info)

    async def create_transport(self, spec: TransportSpec) -> Transport:
        """Makes a transport."""
        request = pb.Request(create_transport=create_transport_to_proto(spec))
        return transport_from_proto((await self._request(request, "transport")).transport)

    async def restart_ice(self, transport_id: str, remote_ice_ufrag: str) -> Transport:
        """Gives a transport new ICE credentials."""
        restart = pb.RestartIce(transport_id=transport_id, remote_ice_ufrag=remote_ice_ufrag)
        return transport_from_proto((await self._request(pb.Request(restart_ice=restart), "transport")).transport)

    async def delete_transport(self, transport_id: str) -> None:
        """Ends a transport; on return nothing is forwarded to or from it any more."""
        await self._request(pb.Request(delete_transport=pb.DeleteTransport(transport_id=transport_id)), "done")

    async def set_slots(self, transport_id: str, wishes: list[SlotWish]) -> None:
        """Says what video slots shall show."""
        await self._request(pb.Request(set_slots=set_slots_to_proto(transport_id, wishes)), "done")

    async def set_sources(self, transport_id: str, active: dict[str, bool]) -> None:
        """Says which sources are active, by source id."""
        states = [pb.SourceState(source_id=source_id, active=value) for source_id, value in active.items()]
        await self._request(pb.Request(set_sources=pb.SetSources(transport_id=transport_id, sources=states)), "done")

    async def list_transports(self) -> list[Transport]:
        """Every transport, without ICE passwords."""
        response = await self._request(pb.Request(list_transports=pb.ListTransports()), "transports")
        return [transport_from_proto(transport) for transport in response.transports.transports]

    async def statistics(self) -> CoreStatistics:
        """The counters of each worker, and of the core's process."""
        response = await self._request(pb.Request(get_statistics=pb.GetStatistics()), "statistics")
        return statistics_from_proto(response.statistics)

    async def room_statistics(self, room_id: str) -> Sequence[pb.MeasuredTransport]:
        """What is measured of a room's transports, in W3C's names and units; empty for a room that has none."""
        asked = pb.Request(get_room_statistics=pb.GetRoomStatistics(room_id=room_id))
        return (await self._request(asked, "room_statistics")).room_statistics.transports

    async def _request(self, request: pb.Request, answer: str) -> pb.Response:
        request.request_id = next(self._request_ids)
        future: asyncio.Future[pb.Response] = asyncio.get_running_loop().create_future()
        self._waiting[request.request_id] = future
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._requests.send(request.SerializeToString())
                response = await future
        except TimeoutError:
            raise CoreUnavailable("the media core does not answer; it may be restarting: try again shortly") from None
        finally:
            self._waiting.pop(request.request_id, None)
        body = response.WhichOneof("body")
        if body == "failure":
            exhausted = response.failure.code == pb.Failure.CODE_EXHAUSTED
            raise (CoreExhausted if exhausted else CoreRefused)(response.failure.message)
        if body != answer:
            raise CoreRefused(
                f"the media core answered {body} where {answer} was due; install core and control together"
            )
        return response

    def _fail_waiting(self, reason: str) -> None:
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(CoreUnavailable(f"{reason}: try again shortly"))

    async def _read_responses(self) -> None:
        while True:
            frames = await self._requests.recv_multipart()
            try:
                response = pb.Response.FromString(frames[-1])
            except DecodeError:
                _log.warning("a response of the media core could not be read")
                continue
            future = self._waiting.get(response.request_id)
            # An answer that comes after its time-out has nobody who waits for it.
            if future is not None and not future.done():
                future.set_result(response)

    async def _read_events(self) -> None:
        while True:
            timeout_ns = self._presence.next_timeout_ns
            try:
                async with asyncio.timeout(None if timeout_ns is None else max(0, timeout_ns - self._clock_ns()) / 1e9):
                    frames = await self._events.recv_multipart()
            except TimeoutError:
                away = self._presence.poll(self._clock_ns())
                if away is not None:
                    _log.warning("nothing heard of the media core for three seconds")
                    self._reports.put_nowait(away)
                continue
            self._take_event(frames[-1])

    def _take_event(self, octets: bytes) -> None:
        try:
            event = pb.Event.FromString(octets)
            report = event_from_proto(event)
        except (DecodeError, ValueError):
            _log.warning("an event of the media core could not be read")
            return
        change = self._presence.heard(event.instance_id, self._clock_ns())
        if isinstance(change, CorePresent):
            _log.info(
                "the media core is present", extra=fields(instance=change.instance_id, restarted=change.restarted)
            )
            if change.restarted:
                self._fail_waiting("the media core restarted")
            self._reports.put_nowait(change)
        if report is not None:
            self._reports.put_nowait(report)
