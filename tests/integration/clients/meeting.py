"""Participants of one room that exchange made-up media with the core."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Self

from aiortc.rtp import RTCP_PSFB_PLI, RtcpPsfbPacket

from clients.participant import Participant
from conclave.media.v1 import control_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Callable

    from clients.core_process import CoreProcess
    from clients.media import VideoMaker

__all__ = ["Meeting", "play", "wanted_key_frames"]

_rooms = itertools.count(1)


class Meeting:
    """One room of its own; a context manager that ends every transport it made."""

    def __init__(self, core: CoreProcess) -> None:
        self.core = core
        self.room = f"room{next(_rooms)}"
        self._participants: list[Participant] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for participant in self._participants:
            self.core.ask(delete_transport=pb.DeleteTransport(transport_id=participant.name))
            participant.close()

    def invite(self, name: str, kind: type[Participant] = Participant, **options: Any) -> Participant:
        """A participant whose transport exists."""
        participant = kind(self.core, f"{self.room}-{name}", self.room, **options)
        self._participants.append(participant)
        return participant

    def join(self, name: str, kind: type[Participant] = Participant, **options: Any) -> Participant:
        """A participant who is connected."""
        participant = self.invite(name, kind, **options)
        participant.connect()
        return participant


def wanted_key_frames(participant: Participant) -> set[int]:
    """The SSRCs that key frames were asked for since the last call."""
    plis = [packet for packet in participant.rtcp if isinstance(packet, RtcpPsfbPacket) and packet.fmt == RTCP_PSFB_PLI]
    participant.rtcp = [packet for packet in participant.rtcp if packet not in plis]
    return {pli.media_ssrc for pli in plis}


def play(
    publisher: Participant,
    layers: list[VideoMaker],
    receivers: list[Participant],
    until: Callable[[], bool],
    *,
    packets: int = 1,
    frames: int = 500,
) -> None:
    """Sends frame after frame on every layer until a condition holds at the receivers.

    A request for a key frame of one layer makes all of them send one, as in browsers.
    """
    for _ in range(frames):
        if until():
            return
        publisher.take()
        wanted = not wanted_key_frames(publisher).isdisjoint(layer.ssrc for layer in layers)
        for layer in layers:
            publisher.send_rtp(*layer.frame(key=wanted or layer.frames == 0, packets=packets))
        for receiver in receivers:
            receiver.take(0.01)
    raise TimeoutError(f"the condition did not come true within {frames} frames")
