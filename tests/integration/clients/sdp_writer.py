"""The least SDP that takes aiortc through a meeting with the core: reads its offer, writes the core's answer."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from conclave.media.v1 import control_pb2 as pb

__all__ = ["MediaSection", "Offer"]

_EXTENSION_KINDS = {
    "urn:ietf:params:rtp-hdrext:sdes:mid": pb.HeaderExtension.KIND_MID,
    "urn:ietf:params:rtp-hdrext:ssrc-audio-level": pb.HeaderExtension.KIND_AUDIO_LEVEL,
    "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time": pb.HeaderExtension.KIND_ABS_SEND_TIME,
}


@dataclass
class MediaSection:
    """One m-line of an offer; lines: without `a=`."""

    kind: str
    lines: list[str] = field(default_factory=list)

    def value(self, name: str) -> str:
        """The value of the first attribute of that name."""
        return next(line.split(":", 1)[1] for line in self.lines if line.startswith(f"{name}:"))

    @property
    def mid(self) -> str:
        return self.value("mid")

    @property
    def sends(self) -> bool:
        return "sendonly" in self.lines or "sendrecv" in self.lines

    @property
    def codec(self) -> tuple[int, str]:
        """Payload type and name of VP8 or Opus."""
        wanted = "VP8/90000" if self.kind == "video" else "opus/48000/2"
        return next(
            (int(match[1]), wanted) for line in self.lines if (match := re.fullmatch(rf"rtpmap:(\d+) {wanted}", line))
        )

    @property
    def rtx(self) -> int:
        """Payload type of the codec's RTX, 0 for none."""
        apt = f"apt={self.codec[0]}"
        return next(
            (int(line[5:].split()[0]) for line in self.lines if line.startswith("fmtp:") and line.endswith(apt)), 0
        )

    @property
    def extensions(self) -> dict[int, str]:
        """URI by id, those only that the core knows."""
        pairs = (line[7:].split()[:2] for line in self.lines if line.startswith("extmap:"))
        return {int(number): uri for number, uri in pairs if uri in _EXTENSION_KINDS}

    @property
    def ssrcs(self) -> list[int]:
        """The media SSRC and that of its RTX, as announced."""
        for line in self.lines:
            if line.startswith("ssrc-group:FID "):
                return [int(ssrc) for ssrc in line.split()[1:]]
        return [int(line[5:].split()[0]) for line in self.lines if line.startswith("ssrc:")][:1]


class Offer:
    """An offer by aiortc."""

    def __init__(self, sdp: str) -> None:
        self.sections: list[MediaSection] = []
        for line in sdp.splitlines():
            if line.startswith("m="):
                self.sections.append(MediaSection(line[2:].split()[0]))
            elif line.startswith("a=") and self.sections:
                self.sections[-1].lines.append(line[2:])

    def transport(self, name: str, room: str) -> pb.CreateTransport:
        """What to ask the core for."""
        first = self.sections[0]
        fingerprints = (line for line in first.lines if line.startswith("fingerprint:sha-256 "))
        extensions = {number: uri for section in self.sections for number, uri in section.extensions.items()}
        request = pb.CreateTransport(
            transport_id=name,
            room_id=room,
            remote_ice_ufrag=first.value("ice-ufrag"),
            remote_dtls_fingerprint=next(fingerprints).split()[1],
            header_extensions=[
                pb.HeaderExtension(kind=_EXTENSION_KINDS[uri], id=number) for number, uri in extensions.items()
            ],
        )
        for section in self.sections:
            kind = pb.MEDIA_KIND_VIDEO if section.kind == "video" else pb.MEDIA_KIND_AUDIO
            if section.sends:
                ssrcs = section.ssrcs
                request.sources.add(
                    source_id=f"{name}/{section.kind}",
                    mid=section.mid,
                    kind=kind,
                    payload_type=section.codec[0],
                    rtx_payload_type=section.rtx,
                    ssrcs=ssrcs[:1],
                    rtx_ssrcs=ssrcs[1:] if section.rtx else [],
                    active=True,
                )
            else:
                request.slots.add(
                    mid=section.mid, kind=kind, payload_type=section.codec[0], rtx_payload_type=section.rtx
                )
        return request

    def answer(self, transport: pb.Transport, fingerprint: str) -> str:
        """The core's answer: ICE-lite, DTLS passive, one candidate on loopback."""
        slots = {slot.mid: slot for slot in transport.slots}
        mids = " ".join(section.mid for section in self.sections)
        lines = [
            "v=0",
            "o=- 1 1 IN IP4 127.0.0.1",
            "s=-",
            "t=0 0",
            "a=ice-lite",
            f"a=group:BUNDLE {mids}",
            f"a=fingerprint:sha-256 {fingerprint}",
            "a=setup:passive",
        ]
        for section in self.sections:
            number, name = section.codec
            types = [number, *([section.rtx] if section.rtx else [])]
            lines += [
                f"m={section.kind} {transport.udp_port} UDP/TLS/RTP/SAVPF {' '.join(map(str, types))}",
                "c=IN IP4 127.0.0.1",
                f"a=mid:{section.mid}",
                "a=rtcp-mux",
                f"a={'recvonly' if section.sends else 'sendonly'}",
                f"a=rtpmap:{number} {name}",
                f"a=ice-ufrag:{transport.ice_ufrag}",
                f"a=ice-pwd:{transport.ice_pwd}",
                f"a=candidate:1 1 udp 2130706431 127.0.0.1 {transport.udp_port} typ host",
                "a=end-of-candidates",
                f"a=fingerprint:sha-256 {fingerprint}",
                "a=setup:passive",
                *(f"a=extmap:{identifier} {uri}" for identifier, uri in section.extensions.items()),
            ]
            if section.kind == "video":
                lines += [f"a=rtcp-fb:{number} nack", f"a=rtcp-fb:{number} nack pli", f"a=rtcp-fb:{number} goog-remb"]
            if section.rtx:
                lines += [f"a=rtpmap:{section.rtx} rtx/90000", f"a=fmtp:{section.rtx} apt={number}"]
            if not section.sends:
                slot = slots[section.mid]
                if slot.rtx_ssrc:
                    lines.append(f"a=ssrc-group:FID {slot.ssrc} {slot.rtx_ssrc}")
                lines += [f"a=ssrc:{ssrc} cname:conclave" for ssrc in (slot.ssrc, slot.rtx_ssrc) if ssrc]
        return "\r\n".join([*lines, ""])
