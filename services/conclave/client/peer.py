"""The client's one peer connection, by aiortc: what it sends, and slots for what it receives."""

from __future__ import annotations

from collections.abc import Callable

from aiortc import MediaStreamTrack, RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from conclave.client.feeds import Feed, track_of
from conclave.client.loopback import offering_loopback
from conclave.client.people import Source
from conclave.v1 import signalling_pb2 as pb

__all__ = ["Peer", "for_aiortc"]


class Peer:
    """From its offer to its end. Key frames that others ask for are aiortc's business."""

    def __init__(self, feeds: dict[Source, Feed], sounds: int, pictures: int) -> None:
        # Without servers: the core is reached directly.
        configuration = RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
        self._connection = RTCPeerConnection(configuration)
        self._sending = {
            source: self._connection.addTransceiver(track_of(feed), direction="sendonly")
            for source, feed in feeds.items()
        }
        kinds = ["audio"] * sounds + ["video"] * pictures
        self._receiving = [self._connection.addTransceiver(kind, direction="recvonly") for kind in kinds]

    def when_lost(self, tell: Callable[[], object]) -> None:
        """Has it told when the connection ends by itself."""

        def changed() -> None:
            if self._connection.connectionState in ("failed", "closed"):
                tell()

        self._connection.on("connectionstatechange", changed)

    @property
    def state(self) -> str:
        """ "new", "connecting", "connected", "failed" or "closed"."""
        return self._connection.connectionState

    async def offer(self, local: bool) -> pb.Offer:
        """The offer, with what each of its sections carries. local: whether the appliance is on this machine."""
        with offering_loopback(local):
            await self._connection.setLocalDescription(await self._connection.createOffer())
        sources = [pb.SourceMid(mid=str(sender.mid), kind=source.kind) for source, sender in self._sending.items()]
        return pb.Offer(sdp=self._connection.localDescription.sdp, sources=sources)

    async def accept(self, answer: pb.Answer) -> None:
        """Takes the answer; media flows soon after."""
        await self._connection.setRemoteDescription(RTCSessionDescription(for_aiortc(answer.sdp), "answer"))

    @property
    def received(self) -> dict[str, MediaStreamTrack]:
        """What each slot receives, by mid."""
        return {str(each.mid): each.receiver.track for each in self._receiving}

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
