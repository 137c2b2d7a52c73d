"""aiortc: VP8 and Opus."""

from __future__ import annotations

import asyncio
import ssl
import sys

import aiohttp
from aiortc import RTCPeerConnection, RTCSessionDescription, VideoStreamTrack
from aiortc.mediastreams import AudioStreamTrack


async def main(invite: str, authority: str) -> None:
    url, _, token = invite.partition("#")
    peer = RTCPeerConnection()
    peer.addTrack(VideoStreamTrack())
    peer.addTrack(AudioStreamTrack())
    await peer.setLocalDescription(await peer.createOffer())
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/sdp"}
    trusted = aiohttp.TCPConnector(ssl=ssl.create_default_context(cafile=authority))
    async with aiohttp.ClientSession(connector=trusted) as http:
        async with http.post(url, data=peer.localDescription.sdp, headers=headers) as answer:
            assert answer.status == 201, await answer.text()
            await peer.setRemoteDescription(RTCSessionDescription(await answer.text(), "answer"))
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:3]))
