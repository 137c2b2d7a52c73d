"""A client of the core that the load generator speaks for once its handshake is done."""

from __future__ import annotations

import itertools
import socket
from typing import TYPE_CHECKING, Any

from clients.media import EXTENSION_IDS
from clients.participant import AUDIO, VIDEO, VIDEO_RTX, Participant

if TYPE_CHECKING:
    from load import Generator

__all__ = ["AUDIO_MS", "Client", "element"]

AUDIO_MS = 20.0
HISTORY = 1024  # packets that a camera keeps for repair
SSRC_BASE = 0x20000000
_IDS = {uri.rpartition(":")[2]: number for number, uri in EXTENSION_IDS.items()}


def element(name: str, value: bytes) -> bytes:
    """A header extension element in RFC 8285's one-byte form; name: the last part of its URI."""
    return bytes([_IDS[name] << 4 | (len(value) - 1)]) + value


class Client(Participant):
    """Joins as any participant does; from `hand_over` on the generator owns its socket.

    leg: its number in the generator. sources, streams: numbers there, by RID ("" without) and by slot's mid; the
    microphone is `sources["a"]`.
    """

    _ssrcs = itertools.count(SSRC_BASE)

    leg: int
    generator: Generator

    def hand_over(self, generator: Generator) -> None:
        """Leaves the rest to the generator."""
        (send, profile), (receive, _) = self.handshake.keys()
        assert isinstance(self.socket, socket.socket), "the generator speaks UDP"
        self.generator = generator
        self.sources: dict[str, int] = {}
        self.streams: dict[str, int] = {}
        self.leg = generator.add_leg(
            self.socket,
            profile=profile,
            send_master=send,
            receive_master=receive,
            username=f"{self.transport.ice_ufrag}:{self.ufrag}".encode(),
            remote_pwd=self.transport.ice_pwd.encode(),
        )

    def send_video(self, *, rid: str = "", history: int = HISTORY, **options: Any) -> int:
        """Sends its camera, or a layer of it; history: packets kept for repair; options: of `Generator.add_source`."""
        extension = element("mid", b"v")
        repair = extension
        if rid:
            extension += element("rtp-stream-id", rid.encode())
            repair += element("repaired-rtp-stream-id", rid.encode())
        self.sources[rid] = self.generator.add_source(
            self.leg,
            ssrc=next(self._ssrcs),
            rtx_ssrc=next(self._ssrcs),
            payload_type=VIDEO,
            rtx_payload_type=VIDEO_RTX,
            video=True,
            extension=extension,
            rtx_extension=repair,
            history=history,
            **options,
        )
        return self.sources[rid]

    def send_audio(self, *, level: int = 20, size: int = 120, size_spread: int = 40, start_ms: float = 0.0) -> int:
        """Speaks; level: RFC 6464, 0 loudest to 127."""
        self.sources["a"] = self.generator.add_source(
            self.leg,
            ssrc=next(self._ssrcs),
            payload_type=AUDIO,
            video=False,
            interval_ms=AUDIO_MS,
            size=size,
            size_spread=size_spread,
            start_ms=start_ms,
            extension=element("mid", b"a") + element("ssrc-audio-level", bytes([0x80 | level])),
        )
        return self.sources["a"]

    def watch(self, mid: str, *, group: int = 0, nack: bool = True, ends_only: bool = False) -> int:
        """Receives what a slot shows; group: of latencies."""
        slot = self.slots[mid]
        self.streams[mid] = self.generator.add_stream(
            self.leg,
            ssrc=slot.ssrc,
            rtx_ssrc=slot.rtx_ssrc,
            payload_type=slot.payload_type,
            video=slot.rtx_ssrc != 0,
            nack=nack and slot.rtx_ssrc != 0,
            ends_only=ends_only,
            group=group,
        )
        return self.streams[mid]

    def arrived(self, mid: str) -> dict[str, int]:
        """Counters of what came in a slot."""
        return self.generator.stream(self.streams[mid])

    def close(self) -> None:
        """The socket goes with the generator."""
