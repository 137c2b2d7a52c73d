"""From an offer to a transport of the core, and from that to the answer. No input or output."""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import replace

from conclave.services.media.model import (
    CoreInfo,
    ExtensionKind,
    MediaKind,
    Slot,
    SourceSpec,
    Transport,
    TransportSpec,
)
from conclave.services.meetings.model import Participant, SourceKind, source_id
from conclave.services.sdp.answer import FOR_PAGES, AnswerForm, LocalTransport, SlotStream, write_answer
from conclave.services.sdp.codecs import Codec
from conclave.services.sdp.errors import SdpInvalid
from conclave.services.sdp.offer import (
    ABS_SEND_TIME,
    AUDIO_LEVEL,
    MID,
    REPAIRED_RID,
    RID,
    TRANSPORT_CC,
    Offer,
    Section,
)

__all__ = ["local_transport", "plan_probe", "plan_transport", "write_transport_answer"]

EXTENSION_KINDS = {
    MID: ExtensionKind.MID,
    RID: ExtensionKind.RID,
    REPAIRED_RID: ExtensionKind.REPAIRED_RID,
    AUDIO_LEVEL: ExtensionKind.AUDIO_LEVEL,
    TRANSPORT_CC: ExtensionKind.TRANSPORT_CC,
    ABS_SEND_TIME: ExtensionKind.ABS_SEND_TIME,
}
MEDIA_KINDS = {"audio": MediaKind.AUDIO, "video": MediaKind.VIDEO}
# Our clients' layers, smallest first, whatever order an offer has them in.
LAYER_ORDER = ("q", "h", "f")


def _smallest_first(rids: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(rids, key=LAYER_ORDER.index)) if set(rids) <= set(LAYER_ORDER) else rids


def _numbers(codec: Codec | None) -> tuple[int, int]:
    """The payload types of a codec and of its RTX, each 0 for none."""
    return (codec.payload_type, codec.rtx_payload_type) if codec else (0, 0)


def _source(section: Section, source: str, active: bool) -> SourceSpec:
    (vp9, vp9_rtx), (h264, h264_rtx) = _numbers(section.vp9), _numbers(section.h264)
    return SourceSpec(
        source,
        section.mid,
        MEDIA_KINDS[section.kind],
        *_numbers(section.codec),
        _smallest_first(section.rids),
        section.ssrcs,
        section.rtx_ssrcs,
        active,
        vp9_payload_type=vp9,
        vp9_rtx_payload_type=vp9_rtx,
        h264_payload_type=h264,
        h264_rtx_payload_type=h264_rtx,
    )


def _slot(section: Section) -> Slot:
    (vp9, vp9_rtx), (h264, h264_rtx) = _numbers(section.vp9), _numbers(section.h264)
    return Slot(
        section.mid,
        MEDIA_KINDS[section.kind],
        *_numbers(section.codec),
        vp9_payload_type=vp9,
        vp9_rtx_payload_type=vp9_rtx,
        h264_payload_type=h264,
        h264_rtx_payload_type=h264_rtx,
        transport_cc=section.tells_arrivals,
    )


def _check_sources(offer: Offer, kinds: dict[str, SourceKind]) -> None:
    sections = {section.mid: section for section in offer.sections if section.wanted}
    for mid, kind in kinds.items():
        section = sections.get(mid)
        if section is None or not section.sends:
            raise SdpInvalid(f"the offer's sources name mid {mid}, which is no sendonly m-line")
        if kind.audio != (section.kind == "audio"):
            raise SdpInvalid(f"mid {mid} is {section.kind}, but its source is a {kind.name.lower()}")
    unnamed = [mid for mid, section in sections.items() if section.sends and mid not in kinds]
    if unnamed:
        raise SdpInvalid(f"mid {unnamed[0]} is sendonly, but the offer's sources do not say what it carries")
    if len(set(kinds.values())) != len(kinds):
        raise SdpInvalid("the offer's sources name a kind twice; a participant has one source of a kind")


def _check_protection(mids: Iterable[str], encrypted: Set[str], end_to_end: bool) -> None:
    for mid in mids:
        if end_to_end and mid not in encrypted:
            raise SdpInvalid(f"mid {mid} is not end-to-end encrypted, but this meeting is; reload the page")
        if mid in encrypted and not end_to_end:
            raise SdpInvalid(f"mid {mid} is end-to-end encrypted, but this meeting is not; reload the page")


def plan_transport(
    offer: Offer,
    kinds: dict[str, SourceKind],
    participant: Participant,
    transport_id: str,
    encrypted: Set[str],
    end_to_end: bool,
) -> TransportSpec:
    """The transport that an offer asks for.

    kinds: what each sending m-line carries, by mid; encrypted: the mids that the client encrypts from end to end;
    end_to_end: whether the meeting is. Raises SdpInvalid when these do not fit the offer or each other.
    """
    _check_sources(offer, kinds)
    _check_protection(kinds, encrypted, end_to_end)
    sources = tuple(
        _source(section, source_id(participant.id, kinds[section.mid]), kinds[section.mid] in participant.active)
        for section in offer.sections
        if section.wanted and section.sends
    )
    protected = tuple(replace(source, end_to_end=source.mid in encrypted) for source in sources)
    return replace(_transport(offer, transport_id, participant.meeting_id, protected), end_to_end=end_to_end)


def plan_probe(offer: Offer, transport_id: str) -> TransportSpec:
    """The transport that the offer of a probe asks for, in a room of its own.

    Raises SdpInvalid unless the offer has one video m-line that sends a single layer, and one that receives.
    """
    sections = [section for section in offer.sections if section.wanted]
    sending = [section for section in sections if section.sends]
    if len(sending) != 1 or len(sections) != 2 or any(s.kind != "video" or len(s.rids) > 1 for s in sections):
        raise SdpInvalid("a probe offers one video m-line that sends one layer, one that receives, and nothing else")
    source = _source(sending[0], f"{transport_id}/probe", active=True)
    return _transport(offer, transport_id, transport_id, (source,))


def _transport(offer: Offer, transport_id: str, room_id: str, sources: tuple[SourceSpec, ...]) -> TransportSpec:
    return TransportSpec(
        transport_id,
        room_id,
        offer.ice_ufrag,
        offer.fingerprint,
        offer.setup == "passive",
        {EXTENSION_KINDS[uri]: number for uri, number in offer.extensions.items()},
        sources,
        tuple(_slot(section) for section in offer.sections if section.receives),
    )


def local_transport(transport: Transport, info: CoreInfo) -> LocalTransport:
    """The appliance's end of a transport that the core has made."""
    return LocalTransport(
        transport.ice_ufrag, transport.ice_pwd, info.dtls_fingerprint, info.addresses, transport.udp_port
    )


def write_transport_answer(
    offer: Offer, transport: Transport, info: CoreInfo, session_id: int, form: AnswerForm = FOR_PAGES
) -> str:
    """The SDP answer to an offer for which the core has made a transport; session_id: 63 bits, unique."""
    slots = {slot.mid: SlotStream(slot.mid, slot.ssrc, slot.rtx_ssrc) for slot in transport.slots}
    return write_answer(offer, local_transport(transport, info), slots, session_id, form)
