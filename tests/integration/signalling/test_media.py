"""aiortc, an independent WebRTC implementation, meets itself through control's signalling and the real core."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack, VideoStreamTrack

from conclave.v1 import meetings_pb2, signalling_pb2

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.integration.signalling.conftest import Appliance, Client


@asynccontextmanager
async def peer() -> AsyncIterator[RTCPeerConnection]:
    configuration = RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
    connection = RTCPeerConnection(configuration)
    try:
        connection.addTransceiver(AudioStreamTrack(), direction="sendonly")
        connection.addTransceiver(VideoStreamTrack(), direction="sendonly")
        connection.addTransceiver("video", direction="recvonly")
        connection.addTransceiver("audio", direction="recvonly")
        yield connection
    finally:
        await connection.close()


def for_aiortc(sdp: str) -> str:
    """Repeats ICE's lines in every section: aiortc reads the last one, where RFC 9143 has them in the first."""
    session, *sections = sdp.split("m=")
    ice = "".join(
        line + "\r\n" for line in sections[0].split("\r\n") if line.startswith(("a=ice-", "a=candidate", "a=end-of"))
    )
    return "m=".join([session, sections[0], *(section + ice for section in sections[1:])])


async def negotiate(client: Client, connection: RTCPeerConnection) -> None:
    await connection.setLocalDescription(await connection.createOffer())
    sources = [
        signalling_pb2.SourceMid(mid="0", kind=meetings_pb2.SOURCE_KIND_MICROPHONE),
        signalling_pb2.SourceMid(mid="1", kind=meetings_pb2.SOURCE_KIND_CAMERA),
    ]
    offer = signalling_pb2.Offer(sdp=connection.localDescription.sdp, sources=sources)
    answer = await client.ask(offer=offer)
    assert answer.HasField("answer"), answer.error.message
    assert [(slot.mid, slot.audio) for slot in answer.answer.slots] == [("2", False), ("3", True)]
    await connection.setRemoteDescription(RTCSessionDescription(for_aiortc(answer.answer.sdp), "answer"))


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    # Left to itself aiortc offers every address of the machine but this one.
    monkeypatch.setattr("aioice.ice.get_host_addresses", lambda use_ipv4, use_ipv6: ["127.0.0.1"])


async def test_sound_and_picture_cross_and_stop_with_the_leave(appliance: Appliance) -> None:
    invites = await appliance.make_room()
    await appliance.core_instance()
    async with appliance.connect() as ada, appliance.connect() as bob, peer() as ada_peer, peer() as bob_peer:
        for client, connection, name in ((ada, ada_peer, "Ada"), (bob, bob_peer, "Bob")):
            await client.enter(invites["participant"], name)
            states = [
                signalling_pb2.SourceState(kind=kind, active=True)
                for kind in (meetings_pb2.SOURCE_KIND_MICROPHONE, meetings_pb2.SOURCE_KIND_CAMERA)
            ]
            await client.ask(set_sources=signalling_pb2.SetSources(sources=states))
            await negotiate(client, connection)
        connected = meetings_pb2.CONNECTION_STATE_CONNECTED
        await ada.event(
            lambda m: (
                m.participant_changed.participant.id == bob.id
                and m.participant_changed.participant.connection_state == connected
            )
        )
        wish = signalling_pb2.SlotWish(mid="2", source_id=f"{bob.id}/camera", max_height=720)
        assert (await ada.ask(set_slots=signalling_pb2.SetSlots(slots=[wish]))).HasField("ack")
        shown = await ada.event(lambda m: any(s.mid == "2" and s.source_id for s in m.slots_changed.slots))
        assert shown.slots_changed.slots[0].source_id == f"{bob.id}/camera"
        picture = ada_peer.getTransceivers()[2].receiver.track
        async with asyncio.timeout(20):
            frames = [await picture.recv() for _ in range(5)]
        assert all(frame.width == 640 for frame in frames)
        assert (await bob.ask(leave=signalling_pb2.Leave())).HasField("ack")
        left = await ada.event(lambda m: m.HasField("participant_left"))
        assert left.participant_left.participant_id == bob.id
