"""RTP packets of made-up media: VP8 and VP9 frames and Opus packets whose payloads say who sent them and when."""

from __future__ import annotations

from dataclasses import dataclass, field

from aiortc.codecs.vpx import VpxPayloadDescriptor
from aiortc.rtcrtpparameters import RTCRtpHeaderExtensionParameters, RTCRtpParameters
from aiortc.rtp import HeaderExtensions, HeaderExtensionsMap, RtpPacket

__all__ = ["EXTENSIONS", "EXTENSION_IDS", "AudioMaker", "ScreenMaker", "VideoMaker", "read_video"]

# By id; the numbers differ from HeaderExtension.Kind's on purpose.
EXTENSION_IDS = {
    4: "urn:ietf:params:rtp-hdrext:sdes:mid",
    10: "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
    11: "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
    1: "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
}
EXTENSIONS = HeaderExtensionsMap()
EXTENSIONS.configure(
    RTCRtpParameters(headerExtensions=[RTCRtpHeaderExtensionParameters(id=i, uri=u) for i, u in EXTENSION_IDS.items()])
)


@dataclass
class VideoMaker:
    """One layer of VP8: `frame` gives the RTP packets of the next one."""

    ssrc: int
    payload_type: int
    mid: str | None = None
    rid: str | None = None
    name: bytes = b"video"
    sequence_number: int = 1000
    timestamp: int = 50_000
    picture_id: int = 100
    frames: int = 0
    sent: list[RtpPacket] = field(default_factory=list)

    def frame(self, *, key: bool = False, packets: int = 1, size: int = 100) -> list[bytes]:
        """The next frame in `packets` RTP packets of `size` payload bytes each."""
        made = [self._packet(number, key, number == packets - 1, size) for number in range(packets)]
        self.timestamp = (self.timestamp + 3000) & 0xFFFFFFFF
        self.picture_id = (self.picture_id + 1) & 0x7FFF
        self.frames += 1
        return made

    def _begin(self, number: int, key: bool) -> tuple[bytes, bytes]:
        """The payload descriptor, and what a frame must begin with."""
        descriptor = VpxPayloadDescriptor(
            partition_start=int(number == 0),
            partition_id=0,
            picture_id=self.picture_id,
            tl0picidx=self.frames & 0xFF,
            tid=(0, 0),
            keyidx=1,
        )
        body = b""
        if number == 0:
            # RFC 6386 section 9.1: the frame tag's lowest bit is 0 in a key frame, which has a start code and its size.
            body = b"\x10\x00\x00\x9d\x01\x2a\x40\x01\xb4\x00" if key else b"\x11\x00\x00"
        return bytes(descriptor), body

    def _packet(self, number: int, key: bool, last: bool, size: int) -> bytes:
        descriptor, body = self._begin(number, key)
        body += b"%s %d %d " % (self.name, self.frames, number)
        packet = RtpPacket(
            payload_type=self.payload_type,
            marker=int(last),
            sequence_number=self.sequence_number,
            timestamp=self.timestamp,
            ssrc=self.ssrc,
            payload=descriptor + body.ljust(size, b"."),
        )
        packet.extensions = HeaderExtensions(mid=self.mid, rtp_stream_id=self.rid)
        self.sequence_number = (self.sequence_number + 1) & 0xFFFF
        self.sent.append(packet)
        return packet.serialize(EXTENSIONS)


@dataclass
class ScreenMaker(VideoMaker):
    """The same in VP9, of which the core can read nothing but the descriptor."""

    def _begin(self, number: int, key: bool) -> tuple[bytes, bytes]:
        # RFC 9628 section 4.2: I, P, L and B; 15 bits of picture id, the lowest layers, TL0PICIDX.
        flags = 0xA0 | (0 if key else 0x40) | (0x08 if number == 0 else 0)
        return bytes([flags]) + (0x8000 | self.picture_id).to_bytes(2, "big") + bytes([0, self.frames & 0xFF]), b""


def read_video(packet: RtpPacket) -> tuple[VpxPayloadDescriptor, bytes]:
    """The descriptor and the made-up name, frame and packet number of a received packet."""
    descriptor, body = VpxPayloadDescriptor.parse(packet.payload)
    if descriptor.partition_start:
        body = body[3:] if body[0] & 1 else body[10:]
    return descriptor, body.rstrip(b".").rstrip()


@dataclass
class AudioMaker:
    """One Opus stream; level: RFC 6464, 0 loudest to 127."""

    ssrc: int
    payload_type: int
    mid: str | None = None
    name: bytes = b"audio"
    sequence_number: int = 1
    timestamp: int = 0
    level: int = 20

    def packet(self) -> bytes:
        """The next 20 ms."""
        packet = RtpPacket(
            payload_type=self.payload_type,
            sequence_number=self.sequence_number,
            timestamp=self.timestamp,
            ssrc=self.ssrc,
            payload=b"\x78%s %d" % (self.name, self.sequence_number),
        )
        packet.extensions = HeaderExtensions(mid=self.mid, audio_level=(self.level < 127, self.level))
        self.sequence_number = (self.sequence_number + 1) & 0xFFFF
        self.timestamp = (self.timestamp + 960) & 0xFFFFFFFF
        return packet.serialize(EXTENSIONS)
