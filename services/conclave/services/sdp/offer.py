"""What a client's offer says, checked for all that the media core needs (RFC 9429 section 5.8)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from conclave.services.sdp.codecs import H264, OPUS, VP8, VP9, Codec, integer, offered
from conclave.services.sdp.errors import SdpInvalid
from conclave.services.sdp.grammar import Description, Media, parse_description

__all__ = ["EXTENSIONS", "OWN_CLIENTS", "Offer", "OfferRules", "Section", "parse_offer"]

MID = "urn:ietf:params:rtp-hdrext:sdes:mid"
RID = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
REPAIRED_RID = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
AUDIO_LEVEL = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
ABS_SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
TRANSPORT_CC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
# The feedback that goes with it.
ARRIVALS = "transport-cc"
EXTENSIONS = (MID, RID, REPAIRED_RID, AUDIO_LEVEL, TRANSPORT_CC, ABS_SEND_TIME)

DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")
MAX_RIDS = 3
MAX_ID_BYTES = 16

_TOKEN = re.compile(r"[!#$%&'*+\-.0-9A-Z^_`a-z{|}~]+")
_RID = re.compile(r"[0-9A-Za-z_-]+")
_ICE = re.compile(r"[0-9A-Za-z+/]+")
_FINGERPRINT = re.compile(r"[0-9A-F]{2}(?::[0-9A-F]{2}){31}")


@dataclass(frozen=True, slots=True)
class Section:
    """One m-section of an offer."""

    kind: str
    protocol: str
    formats: tuple[str, ...]
    mid: str
    # Whether it takes part: audio or video that the client has not disabled.
    wanted: bool
    sends: bool = False
    receives: bool = False
    # Opus or VP8; none of a device that has nothing but H.264.
    codec: Codec | None = None
    # What is sent in layers has none: browsers send VP9 in one, unless each layer has a scalability mode.
    vp9: Codec | None = None
    # What a slot shows beside VP8, or what is sent without it.
    h264: Codec | None = None
    # The ids of the known header extensions, by URI.
    extensions: dict[str, int] = field(default_factory=dict)
    # As in the simulcast line; empty for a single stream.
    rids: tuple[str, ...] = ()
    # Of a single sent stream; empty when the offer does not tell.
    ssrcs: tuple[int, ...] = ()
    rtx_ssrcs: tuple[int, ...] = ()

    @property
    def tells_arrivals(self) -> bool:
        """Whether its packets are numbered across the transport and whoever receives them tells when they came.

        Both, because one without the other starves what is sent.
        """
        codecs = [codec for codec in (self.codec, self.vp9, self.h264) if codec is not None]
        return TRANSPORT_CC in self.extensions and all(ARRIVALS in codec.feedback for codec in codecs)


@dataclass(frozen=True, slots=True)
class Offer:
    """A client's offer: one bundled transport and its m-sections."""

    ice_ufrag: str
    ice_pwd: str
    # SHA-256, upper-case hexadecimal pairs with colons.
    fingerprint: str
    # "actpass", "active" or "passive".
    setup: str
    sections: tuple[Section, ...]
    # Of all sections together, by URI: one transport has one mapping (RFC 8843 section 9.2).
    extensions: dict[str, int]

    @property
    def bundle_tag(self) -> Section:
        """The first section that takes part: it alone carries the transport's candidates."""
        return next(section for section in self.sections if section.wanted)


@dataclass(frozen=True, slots=True)
class OfferRules:
    """What is taken of a kind of client."""

    # "sendonly" or "recvonly": as what "sendrecv" is read; empty where it is refused.
    both_ways: str = ""
    # Whether a picture's sender must be able to repair what is lost.
    repair: bool = True
    # Whether VP9 is taken beside VP8.
    vp9: bool = True
    # Whether a picture's sender may have nothing but H.264, which not all who look at it may know.
    only_h264: bool = False


OWN_CLIENTS = OfferRules()


def _mid(media: Media, index: int) -> str:
    values = media.values("mid")
    if not values:
        raise SdpInvalid(f"m-line {index} has no a=mid")
    mid = values[0]
    if _TOKEN.fullmatch(mid) is None or len(mid) > MAX_ID_BYTES:
        raise SdpInvalid(f"the mid of m-line {index} is not a token of at most {MAX_ID_BYTES} characters")
    return mid


def _codec(media: Media, mid: str, rules: OfferRules) -> Codec | None:
    """What every client shows, and all but some devices send: Opus or VP8."""
    wanted, label = (OPUS, "opus") if media.kind == "audio" else (VP8, "VP8")
    codec = offered(media, mid, wanted)
    if codec is None and not (rules.only_h264 and media.kind == "video"):
        raise SdpInvalid(f"mid {mid} does not offer {label}")
    if codec is not None and media.kind == "video" and rules.repair and not codec.is_repairable:
        raise SdpInvalid(f"mid {mid} lacks a=rtcp-fb nack or nack pli for VP8")
    return codec


def _beside(media: Media, mid: str, wanted: str, codec: Codec) -> Codec | None:
    """A codec beside VP8, of the same means of repair."""
    other = offered(media, mid, wanted) if media.kind == "video" else None
    if other is None or not other.is_repairable:
        return None
    return other if codec.rtx_payload_type else other.without_rtx()


def _h264(media: Media, mid: str, codec: Codec | None, sends: bool) -> Codec | None:
    """H.264, which a slot shows beside VP8, and which is taken of a sender that has no VP8."""
    if codec is not None:
        shown = None if sends else _beside(media, mid, H264, codec)
        # RFC 6184 section 6: who sends in mode 1 is not read in mode 0.
        return shown if shown is not None and shown.fields.get("packetization-mode") == "1" else None
    h264 = offered(media, mid, H264)
    if h264 is None:
        raise SdpInvalid(f"mid {mid} offers neither VP8 nor H.264 (constrained baseline, packetization-mode 0 or 1)")
    return h264


def _extensions(media: Media, mid: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for value in media.values("extmap"):
        head, _, rest = value.partition(" ")
        uri = rest.split(" ")[0]
        number = integer(head.partition("/")[0], 1, 65535, f"the id of an a=extmap of mid {mid}")
        # RFC 8285 section 4.2: one-byte headers have ids 1 to 14; the core reads no others.
        if uri in EXTENSIONS and number <= 14:
            if number in found.values():
                raise SdpInvalid(f"mid {mid} uses the header extension id {number} twice")
            found[uri] = number
    return found


def _rids(media: Media, mid: str) -> tuple[str, ...]:
    """Reads the simulcast layers in the order of a=simulcast (RFC 8853 section 5.1)."""
    declared = [
        rid for rid, _, rest in (value.partition(" ") for value in media.values("rid")) if rest.startswith("send")
    ]
    lines = media.values("simulcast")
    if not lines:
        rids = declared
    else:
        words = lines[0].split(" ")
        if len(words) < 2 or "send" not in words[::2]:
            raise SdpInvalid(f"the a=simulcast line of mid {mid} does not say what is sent")
        streams = words[words.index("send") + 1 :]
        # An alternative or a paused layer (RFC 8853) is not something our clients offer: take the first, unpaused.
        rids = [stream.split(",")[0].lstrip("~") for stream in streams[0].split(";")] if streams else []
        if any(rid not in declared for rid in rids):
            raise SdpInvalid(f"mid {mid} names a layer in a=simulcast that has no a=rid line with send")
    if len(set(rids)) != len(rids) or len(rids) > MAX_RIDS:
        raise SdpInvalid(f"mid {mid} has more than {MAX_RIDS} layers, or one twice")
    if any(_RID.fullmatch(rid) is None or len(rid) > MAX_ID_BYTES for rid in rids):
        raise SdpInvalid(f"a rid of mid {mid} is not alphanumeric of at most {MAX_ID_BYTES} characters")
    return tuple(rids)


def _ssrcs(media: Media, mid: str, rtx: bool) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The SSRC of a single stream and of its RTX (RFC 5576)."""
    for value in media.values("ssrc-group"):
        words = value.split(" ")
        if words[0] == "FID" and len(words) == 3:
            first, second = (integer(word, 1, 0xFFFFFFFF, f"an SSRC of mid {mid}") for word in words[1:])
            return (first,), ((second,) if rtx else ())
    told = [integer(value.partition(" ")[0], 1, 0xFFFFFFFF, f"an SSRC of mid {mid}") for value in media.values("ssrc")]
    return tuple(told[:1]), ()


def _direction(description: Description, media: Media) -> str:
    for attributes in (media.attributes, description.attributes):
        found = [attribute.name for attribute in attributes if attribute.name in DIRECTIONS]
        if found:
            return found[0]
    return "sendrecv"


def _section(description: Description, media: Media, index: int, bundled: list[str], rules: OfferRules) -> Section:
    mid = _mid(media, index)
    plain = Section(media.kind, media.protocol, media.formats, mid, wanted=False)
    direction = _direction(description, media)
    # Port 0 without bundle-only means "disabled" (RFC 9143 section 7.1).
    disabled = media.port == 0 and not media.has("bundle-only")
    if media.kind not in ("audio", "video") or disabled or direction == "inactive":
        return plain
    if mid not in bundled:
        raise SdpInvalid(f"mid {mid} is not in a=group:BUNDLE")
    if media.protocol != "UDP/TLS/RTP/SAVPF":
        raise SdpInvalid(f"mid {mid} is not UDP/TLS/RTP/SAVPF")
    if not media.has("rtcp-mux"):
        raise SdpInvalid(f"mid {mid} lacks a=rtcp-mux")
    if direction == "sendrecv":
        direction = rules.both_ways
    if not direction:
        raise SdpInvalid(f"mid {mid} is sendrecv; offer sendonly for a source and recvonly for a slot")
    sends = direction == "sendonly"
    codec = _codec(media, mid, rules)
    h264 = _h264(media, mid, codec, sends)
    extensions = _extensions(media, mid)
    rids = _rids(media, mid) if sends and media.kind == "video" else ()
    if rids and not {MID, RID} <= extensions.keys():
        raise SdpInvalid(f"mid {mid} sends layers but lacks the mid or rtp-stream-id header extension")
    rtx = any(each is not None and each.rtx_payload_type for each in (codec, h264))
    # Layers are told by their RID: which SSRC is which layer is not said anywhere.
    ssrcs, rtx_ssrcs = _ssrcs(media, mid, rtx) if sends and not rids else ((), ())
    if sends and not rids and not ssrcs and MID not in extensions:
        raise SdpInvalid(f"mid {mid} has neither an a=ssrc nor the mid header extension")
    return Section(
        media.kind,
        media.protocol,
        media.formats,
        mid,
        True,
        sends,
        not sends,
        codec,
        _beside(media, mid, VP9, codec) if codec is not None and rules.vp9 and not rids else None,
        h264,
        extensions,
        rids,
        ssrcs,
        rtx_ssrcs,
    )


def _transport_values(description: Description, media: list[Media], name: str) -> list[str]:
    """Every value of a transport attribute, m-sections first: they override the session (RFC 8839 section 5.4)."""
    return [value for section in media for value in section.values(name)] or description.values(name)


def _one(values: list[str], what: str) -> str:
    if not values:
        raise SdpInvalid(f"the offer lacks {what}")
    if len(set(values)) > 1:
        raise SdpInvalid(f"the offer has more than one {what}; bundle everything into one transport")
    return values[0]


def _fingerprint(values: list[str]) -> str:
    digests = [
        digest.strip().upper() for name, _, digest in (v.partition(" ") for v in values) if name.lower() == "sha-256"
    ]
    fingerprint = _one(digests, "a=fingerprint:sha-256")
    if _FINGERPRINT.fullmatch(fingerprint) is None:
        raise SdpInvalid("a=fingerprint:sha-256 is not 32 hexadecimal pairs")
    return fingerprint


def _merged_extensions(sections: tuple[Section, ...]) -> dict[str, int]:
    merged: dict[str, int] = {}
    owners: dict[int, str] = {}
    for section in sections:
        for uri, number in section.extensions.items():
            if merged.setdefault(uri, number) != number or owners.setdefault(number, uri) != uri:
                raise SdpInvalid(
                    f"mid {section.mid} maps the header extension id {number} unlike another m-line of the bundle"
                )
    return merged


def parse_offer(text: str, rules: OfferRules = OWN_CLIENTS) -> Offer:
    """Reads an offer. Raises SdpInvalid, saying what is lacking; never anything else."""
    description = parse_description(text)
    groups = [value.split(" ") for value in description.values("group")]
    bundled = next((words[1:] for words in groups if words[0] == "BUNDLE"), None)
    if bundled is None:
        raise SdpInvalid("the offer lacks a=group:BUNDLE")
    if any(value == "" or value.startswith("lite") for value in description.values("ice-lite")):
        raise SdpInvalid("the offer says a=ice-lite; the appliance is ice-lite itself, so the client must do full ICE")
    sections = tuple(
        _section(description, media, index, bundled, rules) for index, media in enumerate(description.media)
    )
    mids = [section.mid for section in sections]
    if len(set(mids)) != len(mids):
        raise SdpInvalid("two m-lines have the same mid")
    taking_part = [media for media, section in zip(description.media, sections, strict=True) if section.wanted]
    if not taking_part:
        raise SdpInvalid("the offer has no audio or video m-line")
    ice_ufrag = _one(_transport_values(description, taking_part, "ice-ufrag"), "a=ice-ufrag")
    ice_pwd = _one(_transport_values(description, taking_part, "ice-pwd"), "a=ice-pwd")
    # RFC 8839 section 5.4: 4 to 256 and 22 to 256 characters.
    if _ICE.fullmatch(ice_ufrag) is None or not 4 <= len(ice_ufrag) <= 256:
        raise SdpInvalid("a=ice-ufrag is not 4 to 256 ICE characters")
    if _ICE.fullmatch(ice_pwd) is None or not 22 <= len(ice_pwd) <= 256:
        raise SdpInvalid("a=ice-pwd is not 22 to 256 ICE characters")
    fingerprint = _fingerprint(_transport_values(description, taking_part, "fingerprint"))
    setup = _one(_transport_values(description, taking_part, "setup"), "a=setup")
    if setup not in ("actpass", "active", "passive"):
        raise SdpInvalid("a=setup is not actpass, active or passive")
    return Offer(ice_ufrag, ice_pwd, fingerprint, setup, sections, _merged_extensions(sections))
