"""The appliance's answer: ICE-lite, one bundled transport, sources received and slots sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conclave.services.sdp.codecs import H264, OPUS, VP8, VP9, Codec
from conclave.services.sdp.offer import (
    ABS_SEND_TIME,
    ARRIVALS,
    AUDIO_LEVEL,
    MID,
    REPAIRED_RID,
    RID,
    TRANSPORT_CC,
    Offer,
    Section,
)

if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv6Address

__all__ = ["FOR_DEVICES", "FOR_PAGES", "AnswerForm", "LocalTransport", "SlotStream", "candidate_lines", "write_answer"]

# What the core acts upon, of what the client offers.
FEEDBACK = ("nack", "nack pli", "goog-remb", "ccm fir")
H264_FIELDS = ("level-asymmetry-allowed", "packetization-mode", "profile-level-id")
# Which extensions travel which way: a slot's packets carry no layer ids.
RECEIVED = (MID, RID, REPAIRED_RID, AUDIO_LEVEL, ABS_SEND_TIME)
SENT = (MID, AUDIO_LEVEL, ABS_SEND_TIME)


@dataclass(frozen=True, slots=True)
class SlotStream:
    """The SSRCs of one slot, chosen by the core."""

    mid: str
    ssrc: int
    # 0 for none.
    rtx_ssrc: int


@dataclass(frozen=True, slots=True)
class LocalTransport:
    """The appliance's end of the transport."""

    ice_ufrag: str
    ice_pwd: str
    # SHA-256, upper-case hexadecimal pairs with colons.
    fingerprint: str
    addresses: tuple[IPv4Address | IPv6Address, ...]
    # TCP too.
    udp_port: int


@dataclass(frozen=True, slots=True)
class AnswerForm:
    """How a kind of client reads an answer."""

    # RFC 9143 has the transport in the first section of a bundle alone. But aiortc reads the ICE of the
    # last, and GStreamer's webrtcbin (1.22) takes no section without a=setup.
    transport_in_each: bool
    # RFC 9725 section 4.4.1 wants it said of every section.
    rtcp_mux_only: bool


FOR_PAGES = AnswerForm(transport_in_each=False, rtcp_mux_only=False)
FOR_DEVICES = AnswerForm(transport_in_each=True, rtcp_mux_only=True)


def candidate_lines(local: LocalTransport) -> list[str]:
    """Host candidates, the first address preferred (RFC 8445 section 5.1.2.1: component 1); TCP where UDP is blocked.

    UDP comes first: FFmpeg reads only the first candidate.
    """
    count = len(local.addresses)
    udp = [
        f"a=candidate:{1 + index} 1 udp {_priority(126, 65535 - index)} {address} {local.udp_port} typ host"
        for index, address in enumerate(local.addresses)
    ]
    # RFC 6544 section 4.2: a lower type preference than UDP's, and 4 for the direction of a passive host candidate.
    tcp = [
        f"a=candidate:{1 + count + index} 1 tcp {_priority(90, (4 << 13) | (8191 - index))} {address} {local.udp_port}"
        " typ host tcptype passive"
        for index, address in enumerate(local.addresses)
    ]
    return [*udp, *tcp, "a=end-of-candidates"]


def _priority(type_preference: int, local_preference: int) -> int:
    return (type_preference << 24) | (local_preference << 8) | (256 - 1)


def _codec_lines(name: str, codec: Codec) -> list[str]:
    number, rtx = codec.payload_type, codec.rtx_payload_type
    lines = [f"a=rtpmap:{number} {name}"]
    if name == OPUS:
        offered = codec.parameters.replace(" ", "").split(";")
        minptime = [parameter for parameter in offered if parameter.startswith("minptime=")]
        # No stereo and no DTX: a speaker is one voice, and silence keeps its packets so that a slot never starves.
        return [*lines, f"a=fmtp:{number} {';'.join([*minptime, 'useinbandfec=1'])}"]
    if name == H264:
        # RFC 6184 section 8.2.2: an answer has the offer's mode and profile, and no parameter sets but its sender's.
        told = [f"{field}={codec.fields[field]}" for field in H264_FIELDS if field in codec.fields]
        lines += [f"a=fmtp:{number} {';'.join(told)}"] if told else []
    lines += [f"a=rtcp-fb:{number} {kind_of}" for kind_of in FEEDBACK if kind_of in codec.feedback]
    if rtx:
        lines += [f"a=rtpmap:{rtx} rtx/90000", f"a=fmtp:{rtx} apt={number}"]
    return lines


def _stream_lines(slot: SlotStream) -> list[str]:
    # A stream of its own a slot: no lip sync between sources that do not belong together.
    name = f"slot-{slot.mid}"
    lines = [f"a=msid:{name} {name}"]
    if slot.rtx_ssrc:
        lines.append(f"a=ssrc-group:FID {slot.ssrc} {slot.rtx_ssrc}")
    return lines + [f"a=ssrc:{ssrc} cname:{name}" for ssrc in (slot.ssrc, slot.rtx_ssrc) if ssrc]


def _security_lines(offer: Offer, local: LocalTransport) -> list[str]:
    role = "active" if offer.setup == "passive" else "passive"
    return [f"a=fingerprint:sha-256 {local.fingerprint}", f"a=setup:{role}"]


def _ice_lines(local: LocalTransport) -> list[str]:
    return [f"a=ice-ufrag:{local.ice_ufrag}", f"a=ice-pwd:{local.ice_pwd}", *candidate_lines(local)]


def _accepted(section: Section, local: LocalTransport, slot: SlotStream | None, transport: list[str]) -> list[str]:
    # VP8 first: a source is sent in it until all who look at it are known to decode VP9.
    taken = ((OPUS if section.kind == "audio" else VP8, section.codec), (VP9, section.vp9), (H264, section.h264))
    codecs = [(name, codec) for name, codec in taken if codec is not None]
    numbers = [number for _, codec in codecs for number in (codec.payload_type, codec.rtx_payload_type) if number]
    formats = " ".join(map(str, numbers))
    host = local.addresses[0]
    lines = [
        f"m={section.kind} {local.udp_port} {section.protocol} {formats}",
        f"c=IN IP{host.version} {host}",
        f"a=mid:{section.mid}",
        "a=rtcp-mux",
        "a=rtcp-rsize",
        *transport,
    ]
    for name, codec in codecs:
        lines += _codec_lines(name, codec)
    known: tuple[str, ...] = SENT if section.receives else RECEIVED
    if section.tells_arrivals:
        # In the place of the times on a slot's packets, for which their receiver then has no use.
        known = (*(uri for uri in known if uri != ABS_SEND_TIME or section.sends), TRANSPORT_CC)
        lines += [f"a=rtcp-fb:{codec.payload_type} {ARRIVALS}" for _, codec in codecs]
    lines += [f"a=extmap:{section.extensions[uri]} {uri}" for uri in known if uri in section.extensions]
    lines.append("a=sendonly" if section.receives else "a=recvonly")
    if section.rids:
        lines += [f"a=rid:{rid} recv" for rid in section.rids]
        lines.append(f"a=simulcast:recv {';'.join(section.rids)}")
    return lines + (_stream_lines(slot) if slot else [])


def _transport_lines(section: Section, offer: Offer, local: LocalTransport, form: AnswerForm) -> list[str]:
    """What a section says of the transport that all share."""
    if form.transport_in_each:
        lines = [*_ice_lines(local), *_security_lines(offer, local)]
    elif section is offer.bundle_tag:
        lines = _ice_lines(local)
    else:
        lines = []
    return ["a=rtcp-mux-only", *lines] if form.rtcp_mux_only else lines


def _rejected(section: Section) -> list[str]:
    head = f"m={section.kind} 0 {section.protocol} {' '.join(section.formats)}"
    return [head, "c=IN IP4 0.0.0.0", f"a=mid:{section.mid}", "a=inactive"]


def write_answer(
    offer: Offer, local: LocalTransport, slots: dict[str, SlotStream], session_id: int, form: AnswerForm = FOR_PAGES
) -> str:
    """Writes the answer to `offer`.

    slots: by mid, one for each receive-only section; session_id: 63 bits, unique (RFC 8866 section 5.2).
    Fingerprint and setup are session-level: Firefox 153 crashes when a later bundled section has none.
    """
    assert local.addresses, "the core is configured with at least one address"
    lines = [
        "v=0",
        f"o=- {session_id} 1 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=ice-lite",
        *_security_lines(offer, local),
        f"a=group:BUNDLE {' '.join(section.mid for section in offer.sections if section.wanted)}",
        "a=msid-semantic:WMS *",
    ]
    for section in offer.sections:
        if section.wanted:
            lines += _accepted(section, local, slots.get(section.mid), _transport_lines(section, offer, local, form))
        else:
            lines += _rejected(section)
    return "\r\n".join(lines) + "\r\n"
