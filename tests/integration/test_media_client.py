"""The media client against a stand-in core over real ZeroMQ sockets."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
import zmq
import zmq.asyncio

from conclave.media.v1 import control_pb2 as pb
from conclave.services.media.client import CoreClient
from conclave.services.media.errors import CoreExhausted, CoreRefused, CoreUnavailable
from conclave.services.media.model import (
    ExtensionKind,
    MediaKind,
    Slot,
    SlotChanged,
    SlotWish,
    SourceSpec,
    SpeakersChanged,
    TransportSpec,
    TransportState,
    TransportStateChanged,
)
from conclave.services.media.presence import CorePresent

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

SPEC = TransportSpec(
    "t1",
    "m1",
    "ufrag",
    "AB:CD",
    False,
    {ExtensionKind.MID: 4, ExtensionKind.RID: 10},
    (SourceSpec("p1/camera", "1", MediaKind.VIDEO, 96, 97, ("q", "h", "f"), (), (), True),),
    (Slot("4", MediaKind.VIDEO, 96, 97),),
)


class StandInCore:
    """Answers each request by `answer`, or not at all when that returns None; remembers what was asked."""

    def __init__(self, run: Path, answer: Callable[[pb.Request], pb.Response | None]) -> None:
        self.context = zmq.asyncio.Context()
        self.control = self.context.socket(zmq.ROUTER)
        self.control.bind(f"ipc://{run}/control.ipc")
        self.publisher = self.context.socket(zmq.PUB)
        self.publisher.bind(f"ipc://{run}/events.ipc")
        self.answer = answer
        self.asked: list[pb.Request] = []
        self.task = asyncio.create_task(self.serve())

    async def serve(self) -> None:
        while True:
            identity, octets = await self.control.recv_multipart()
            request = pb.Request.FromString(octets)
            self.asked.append(request)
            response = self.answer(request)
            if response is not None:
                response.request_id = request.request_id
                await self.control.send_multipart([identity, response.SerializeToString()])

    async def publish(self, event: pb.Event) -> None:
        await self.publisher.send(event.SerializeToString())

    async def stop(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        self.control.close(linger=0)
        self.publisher.close(linger=0)
        self.context.term()


def sensible(request: pb.Request) -> pb.Response:
    match request.WhichOneof("body"):
        case "get_info":
            return pb.Response(
                info=pb.Info(instance_id="a", dtls_fingerprint="AB", udp_ports=[9], addresses=["::1", "127.0.0.1"])
            )
        case "create_transport" | "restart_ice":
            slot = pb.Slot(mid="4", kind=pb.MEDIA_KIND_VIDEO, payload_type=96, rtx_payload_type=97, ssrc=5, rtx_ssrc=6)
            return pb.Response(
                transport=pb.Transport(transport_id="t1", ice_ufrag="u", ice_pwd="p", slots=[slot], state=1)
            )
        case "list_transports":
            return pb.Response(transports=pb.Transports(transports=[pb.Transport(transport_id="t1", state=2)]))
        case "get_statistics":
            workers = [pb.WorkerStatistics(packets_received=2, packets_dropped={"replay": 1})] * 2
            return pb.Response(statistics=pb.Statistics(workers=workers))
    return pb.Response(done=pb.Done())


def meet(run: Path, test: Callable[[CoreClient], Awaitable[None]], timeout_s: float = 5) -> None:
    async def main() -> None:
        client = CoreClient(f"ipc://{run}/control.ipc", f"ipc://{run}/events.ipc", timeout_s)
        await client.start()
        try:
            async with asyncio.timeout(30):
                await test(client)
        finally:
            await client.close()

    asyncio.run(main())


@asynccontextmanager
async def core(run: Path, answer: Callable[[pb.Request], pb.Response | None] = sensible) -> AsyncIterator[StandInCore]:
    stand_in = StandInCore(run, answer)
    try:
        yield stand_in
    finally:
        await stand_in.stop()


def test_each_request_carries_its_arguments_and_returns_its_answer(tmp_path: Path) -> None:
    async def test(client: CoreClient) -> None:
        async with core(tmp_path) as stand_in:
            info = await client.info()
            assert (info.instance_id, info.udp_ports, [str(a) for a in info.addresses]) == (
                "a",
                (9,),
                ["::1", "127.0.0.1"],
            )
            transport = await client.create_transport(SPEC)
            assert (transport.ice_ufrag, transport.ice_pwd, transport.state) == ("u", "p", TransportState.NEW)
            assert transport.slots == (Slot("4", MediaKind.VIDEO, 96, 97, 5, 6),)
            assert "'p'" not in repr(transport)
            await client.restart_ice("t1", "new")
            await client.set_slots("t1", [SlotWish("4", "p2/camera", 2)])
            await client.set_sources("t1", {"p1/camera": False})
            await client.delete_transport("t1")
            assert [t.transport_id for t in await client.list_transports()] == ["t1"]
            workers = (await client.statistics()).workers
            assert sum(worker.packets_received for worker in workers) == 4
            assert [worker.packets_dropped for worker in workers] == [{"replay": 1}] * 2
        created = stand_in.asked[1].create_transport
        assert created.sources[0].rids == ["q", "h", "f"]
        assert created.sources[0].active
        assert [(e.kind, e.id) for e in created.header_extensions] == [(1, 4), (2, 10)]
        assert (created.slots[0].mid, created.slots[0].payload_type) == ("4", 96)
        assert stand_in.asked[3].set_slots.slots[0].max_layer == 2
        assert not stand_in.asked[4].set_sources.sources[0].active
        assert [request.request_id for request in stand_in.asked] == list(range(1, 9))

    meet(tmp_path, test)


@pytest.mark.parametrize(
    ("code", "error"), [(pb.Failure.CODE_EXHAUSTED, CoreExhausted), (pb.Failure.CODE_INVALID, CoreRefused)]
)
def test_the_cores_failures_keep_their_message(tmp_path: Path, code: pb.Failure.Code, error: type[Exception]) -> None:
    async def test(client: CoreClient) -> None:
        async with core(tmp_path, lambda request: pb.Response(failure=pb.Failure(code=code, message="raise --legs"))):
            with pytest.raises(error, match="raise --legs"):
                await client.create_transport(SPEC)

    meet(tmp_path, test)


def test_an_absent_core_is_unavailable_and_gets_nothing_later(tmp_path: Path) -> None:
    async def test(client: CoreClient) -> None:
        with pytest.raises(CoreUnavailable):
            await client.create_transport(SPEC)
        async with core(tmp_path) as stand_in:
            while True:
                try:
                    await client.info()
                    break
                except CoreUnavailable:
                    continue
            assert {request.WhichOneof("body") for request in stand_in.asked} == {"get_info"}

    meet(tmp_path, test, timeout_s=0.3)


def test_a_silent_core_is_unavailable(tmp_path: Path) -> None:
    async def test(client: CoreClient) -> None:
        async with core(tmp_path, lambda request: None):
            with pytest.raises(CoreUnavailable, match="try again shortly"):
                await client.info()

    meet(tmp_path, test, timeout_s=0.3)


def test_reports_come_in_order_and_a_restart_fails_what_waits(tmp_path: Path) -> None:
    async def test(client: CoreClient) -> None:
        reports = client.reports()

        async def until_heard(stand_in: StandInCore, instance: str) -> object:
            first = asyncio.ensure_future(anext(reports))
            # A subscription takes a moment to arrive: heartbeats go on until one is heard.
            while not first.done():
                await stand_in.publish(pb.Event(instance_id=instance, heartbeat=pb.Heartbeat()))
                await asyncio.wait({first}, timeout=0.05)
            return first.result()

        async with core(tmp_path, lambda request: None) as stand_in:
            assert await until_heard(stand_in, "a") == CorePresent("a", restarted=False)
            assert client.present
            for event in (
                pb.Event(instance_id="a", transport_state_changed=pb.TransportStateChanged(transport_id="t", state=2)),
                pb.Event(
                    instance_id="a",
                    slot_changed=pb.SlotChanged(transport_id="t", mid="4", source_id="p/camera", layer=1),
                ),
                pb.Event(
                    instance_id="a", speakers_changed=pb.SpeakersChanged(room_id="m", source_ids=["p/microphone"])
                ),
            ):
                await stand_in.publish(event)
            assert await anext(reports) == TransportStateChanged("t", TransportState.CONNECTED)
            assert await anext(reports) == SlotChanged("t", "4", "p/camera", 1)
            assert await anext(reports) == SpeakersChanged("m", ("p/microphone",))
            waiting = asyncio.ensure_future(client.info())
            assert await until_heard(stand_in, "b") == CorePresent("b", restarted=True)
            with pytest.raises(CoreUnavailable, match="restarted"):
                await waiting

    meet(tmp_path, test, timeout_s=20)
