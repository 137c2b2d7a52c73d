"""Probes through control's signalling and the real core: what is sent comes back, and nothing of it stays."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import VideoStreamTrack

from conclave.services.signalling.probes import STRANGERS_AT_ONCE
from conclave.v1 import signalling_pb2

from .test_media import for_aiortc

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.integration.signalling.conftest import Appliance, Client


@asynccontextmanager
async def peer() -> AsyncIterator[RTCPeerConnection]:
    configuration = RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
    connection = RTCPeerConnection(configuration)
    try:
        connection.addTransceiver(VideoStreamTrack(), direction="sendonly")
        connection.addTransceiver("video", direction="recvonly")
        await connection.setLocalDescription(await connection.createOffer())
        yield connection
    finally:
        await connection.close()


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    # Left to itself aiortc offers every address of the machine but this one.
    monkeypatch.setattr("aioice.ice.get_host_addresses", lambda use_ipv4, use_ipv6: ["127.0.0.1"])


async def greet(client: Client, **credential: str) -> None:
    hello = signalling_pb2.Hello(min_version=1, max_version=1, capabilities=["probe"], **credential)  # type: ignore[arg-type]
    assert (await client.ask(hello=hello)).HasField("welcome")


async def probe(client: Client, connection: RTCPeerConnection) -> signalling_pb2.ServerMessage:
    return await client.ask(probe=signalling_pb2.Probe(sdp=connection.localDescription.sdp))


@pytest.mark.parametrize("is_invited", [False, True])
async def test_what_a_probe_sends_comes_back_and_no_meeting_is_made(appliance: Appliance, is_invited: bool) -> None:
    invites = await appliance.make_room()
    await appliance.core_instance()
    async with appliance.connect() as client, peer() as connection:
        await greet(client, **({"invite_token": invites["participant"]} if is_invited else {}))
        answer = await probe(client, connection)
        assert answer.HasField("answer"), answer.error.message
        await connection.setRemoteDescription(RTCSessionDescription(for_aiortc(answer.answer.sdp), "answer"))
        picture = connection.getTransceivers()[1].receiver.track
        async with asyncio.timeout(20):
            frames = [await picture.recv() for _ in range(5)]
        assert all(frame.width == 640 for frame in frames)
        ended = asyncio.Event()
        connection.on("connectionstatechange", lambda: connection.connectionState == "closed" and ended.set())
        assert (await client.ask(end_probe=signalling_pb2.EndProbe())).HasField("ack")
        # The core says goodbye in DTLS.
        async with asyncio.timeout(20):
            await ended.wait()
        assert client.events == []
        assert await appliance.list_meetings(show_ended=True) == []


async def test_a_lost_connection_gives_its_place_back(appliance: Appliance) -> None:
    await appliance.core_instance()
    async with AsyncExitStack() as stack, peer() as connection:
        clients = [await stack.enter_async_context(appliance.connect()) for _ in range(STRANGERS_AT_ONCE + 1)]
        for client in clients:
            await greet(client)
        *first, last = clients
        for client in first:
            assert (await probe(client, connection)).HasField("answer")
        refused = await probe(last, connection)
        assert refused.error.code == signalling_pb2.ERROR_CODE_LIMIT_EXCEEDED
        first[0].close()
        async with asyncio.timeout(10):
            while (await probe(last, connection)).error.code == signalling_pb2.ERROR_CODE_LIMIT_EXCEEDED:
                pass
            assert (await last.ask(end_probe=signalling_pb2.EndProbe())).HasField("ack")
