"""aiortc as an independent peer: real VP8 and Opus both ways through the real core process."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack, MediaStreamTrack, VideoStreamTrack
from av import AudioFrame, VideoFrame

from clients.core_process import CoreProcess
from clients.sdp_writer import Offer
from conclave.media.v1 import control_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTH, HEIGHT = 320, 240


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CoreProcess]:
    with CoreProcess(tmp_path_factory.mktemp("core")) as process:
        yield process


class ColouredVideo(VideoStreamTrack):
    """Frames of one brightness, which VP8 brings across nearly unchanged."""

    def __init__(self, brightness: int) -> None:
        super().__init__()
        self._brightness = brightness

    async def recv(self) -> VideoFrame:
        frame = VideoFrame(WIDTH, HEIGHT, "yuv420p")
        for plane, value in zip(frame.planes, (self._brightness, 128, 128), strict=True):
            plane.update(bytes([value]) * plane.buffer_size)
        frame.pts, frame.time_base = await self.next_timestamp()
        return frame


class Peer:
    """One aiortc participant: sends a microphone and a camera, receives one of each."""

    def __init__(self, core: CoreProcess, name: str, brightness: int) -> None:
        self.core = core
        self.name = name
        self.tracks: dict[str, MediaStreamTrack] = {}
        self.connection = RTCPeerConnection(RTCConfiguration([], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        self.connection.on("track", self._add)
        self.connection.addTransceiver(AudioStreamTrack(), direction="sendonly")
        self.connection.addTransceiver(ColouredVideo(brightness), direction="sendonly")
        self.connection.addTransceiver("audio", direction="recvonly")
        self.connection.addTransceiver("video", direction="recvonly")
        self.video_slot = ""

    def _add(self, track: MediaStreamTrack) -> None:
        self.tracks[track.kind] = track

    async def join(self, room: str) -> None:
        await self.connection.setLocalDescription(await self.connection.createOffer())
        offer = Offer(self.connection.localDescription.sdp)
        transport = self.core.ask(create_transport=offer.transport(self.name, room)).transport
        self.video_slot = next(slot.mid for slot in transport.slots if slot.kind == pb.MEDIA_KIND_VIDEO)
        answer = offer.answer(transport, self.core.ask(get_info=pb.GetInfo()).info.dtls_fingerprint)
        connected = asyncio.Event()

        def look() -> None:
            if self.connection.connectionState == "connected":
                connected.set()

        self.connection.on("connectionstatechange", look)
        await self.connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        look()
        await asyncio.wait_for(connected.wait(), 20)

    def watch(self, other: Peer) -> None:
        wish = pb.SlotWish(mid=self.video_slot, source_id=f"{other.name}/video", max_layer=2)
        self.core.ask(set_slots=pb.SetSlots(transport_id=self.name, slots=[wish]))

    async def brightness(self, expected: int) -> int:
        """The brightness of decoded frames, once one of them is near the expected one."""
        while True:
            frame = await self.tracks["video"].recv()
            assert isinstance(frame, VideoFrame)
            assert (frame.width, frame.height) == (WIDTH, HEIGHT)
            mean = sum(bytes(frame.planes[0])[:WIDTH]) // WIDTH  # the first line: others are padded
            if abs(mean - expected) < 10:
                return mean

    async def hear(self, frames: int) -> None:
        for _ in range(frames):
            assert isinstance(await self.tracks["audio"].recv(), AudioFrame)

    async def leave(self) -> None:
        self.core.ask(delete_transport=pb.DeleteTransport(transport_id=self.name))
        await self.connection.close()


async def test_two_aiortc_peers_see_and_hear_each_other(core: CoreProcess) -> None:
    bright, dark = Peer(core, "bright", 200), Peer(core, "dark", 60)
    try:
        for peer in (bright, dark):
            await peer.join("room")
        bright.watch(dark)
        dark.watch(bright)
        async with asyncio.timeout(60):
            assert abs(await bright.brightness(60) - 60) < 10
            assert abs(await dark.brightness(200) - 200) < 10
            await asyncio.gather(bright.hear(20), dark.hear(20))
        for peer in (bright, dark):
            counted = core.statistics(peer.name)
            assert counted.packets_received > 20
            assert counted.packets_sent > 20
            assert not set(counted.packets_dropped) & {"authentication_failed", "unknown_stream", "malformed"}
    finally:
        for peer in (bright, dark):
            await peer.leave()
