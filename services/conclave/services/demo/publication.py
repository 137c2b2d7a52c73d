"""What one participant sends to the media core: a peer connection of aiortc's with voice, picture and screen."""

from __future__ import annotations

from collections.abc import Callable

from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamTrack

from conclave.v1 import meetings_pb2
from conclave.v1 import signalling_pb2 as pb

__all__ = ["Publication", "for_aiortc"]

KINDS = (
    meetings_pb2.SOURCE_KIND_MICROPHONE,
    meetings_pb2.SOURCE_KIND_CAMERA,
    meetings_pb2.SOURCE_KIND_SCREEN,
)


class Publication:
    """One peer connection, from its offer to its end. Key frames that others ask for are aiortc's business."""

    def __init__(self, microphone: MediaStreamTrack, camera: MediaStreamTrack, screen: MediaStreamTrack) -> None:
        # Without servers: the core is reached directly.
        configuration = RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
        self._connection = RTCPeerConnection(configuration)
        for track in (microphone, camera, screen):
            self._connection.addTransceiver(track, direction="sendonly")

    @property
    def connected(self) -> bool:
        """Whether media flows."""
        return self._connection.connectionState == "connected"

    def when_lost(self, tell: Callable[[], object]) -> None:
        """Has it told when the connection ends by itself."""

        def changed() -> None:
            if self._connection.connectionState in ("failed", "closed"):
                tell()

        self._connection.on("connectionstatechange", changed)

    async def offer(self) -> pb.Offer:
        """The offer, with what each of its sections carries."""
        await self._connection.setLocalDescription(await self._connection.createOffer())
        sources = [pb.SourceMid(mid=str(index), kind=kind) for index, kind in enumerate(KINDS)]
        return pb.Offer(sdp=self._connection.localDescription.sdp, sources=sources)

    async def accept(self, answer: pb.Answer) -> None:
        """Takes the answer; media flows soon after."""
        await self._connection.setRemoteDescription(RTCSessionDescription(for_aiortc(answer.sdp), "answer"))

    async def close(self) -> None:
        """Ends the connection, which is not told as a loss."""
        self._connection.remove_all_listeners("connectionstatechange")
        await self._connection.close()


def for_aiortc(sdp: str) -> str:
    """An answer with ICE's lines in every section: aiortc reads the last one, where RFC 9143 has them in the first."""
    session, *sections = sdp.split("m=")
    own = [line for line in sections[0].split("\r\n") if line.startswith(("a=ice-", "a=candidate", "a=end-of"))]
    ice = "".join(f"{line}\r\n" for line in own)
    return "m=".join([session, sections[0], *(section + ice for section in sections[1:])])
