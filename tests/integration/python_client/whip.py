"""A device over WHIP and WHEP: HTTP and a peer connection of aiortc, as any other program would use them."""

from __future__ import annotations

import asyncio
import fractions
import ssl
from types import TracebackType
from typing import Any, Self

import aiohttp
import av
import numpy as np
from aiortc import MediaStreamTrack, RTCPeerConnection, RTCSessionDescription, VideoStreamTrack
from aiortc.mediastreams import AudioStreamTrack

from python_client.running import Appliance

__all__ = ["Colour", "Device", "Silence"]

RATE = fractions.Fraction(1, 90_000)


class Colour(VideoStreamTrack):
    """A picture of one colour (red, green, blue)."""

    def __init__(self, colour: tuple[int, int, int]) -> None:
        super().__init__()
        self._image = np.full((240, 320, 3), colour, np.uint8)

    async def recv(self) -> av.VideoFrame:
        frame = av.VideoFrame.from_ndarray(self._image, format="rgb24")
        frame.pts, frame.time_base = await self.next_timestamp()
        return frame


class Silence(AudioStreamTrack):
    """Sound with nothing in it."""


class Device:
    """One session; as a context manager it closes what it opened, without a word to the appliance."""

    def __init__(self, appliance: Appliance, invite: str, path: str = "/whip") -> None:
        self.url, _, self.token = invite.partition("#")
        self.origin = self.url.removesuffix("/whip")
        self.path = path
        self.peer = RTCPeerConnection()
        self.http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=ssl.create_default_context(cafile=appliance.authority))
        )
        self.location = self.entity_tag = ""
        self.tracks: list[MediaStreamTrack] = []
        self.peer.on("track", self.tracks.append)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.peer.close()
        await self.http.close()

    async def ask(self, method: str, path: str, body: str = "", **headers: str) -> tuple[int, Any, str]:
        """The status, the headers and the body of the answer; a header's name is written with underscores."""
        sent = {"Authorization": f"Bearer {self.token}", **{n.replace("_", "-"): v for n, v in headers.items()}}
        async with self.http.request(method, self.origin + path, data=body.encode(), headers=sent) as answer:
            return answer.status, answer.headers, await answer.text()

    async def open(self) -> None:
        """Offers what the peer connection has, and connects."""
        await self.peer.setLocalDescription(await self.peer.createOffer())
        offer = self.peer.localDescription.sdp
        status, headers, answer = await self.ask("POST", self.path, offer, Content_Type="application/sdp")
        assert status == 201, answer
        assert headers["Content-Type"] == "application/sdp"
        self.location, self.entity_tag = headers["Location"], headers["ETag"]
        await self.peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))

    async def frames(self, count: int) -> av.VideoFrame:
        """Waits for so many pictures of the first video track; returns the last."""
        track = next(track for track in self.tracks if track.kind == "video")
        async with asyncio.timeout(60):
            for _ in range(count):
                frame = await track.recv()
        assert isinstance(frame, av.VideoFrame)
        return frame
