"""Reads what control says about a transport and refuses what makes no sense (L8)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from conclave.core.config import SOURCES_MAX, SlotConfig, SourceConfig
from conclave.core.dtls import read_fingerprint
from conclave.media.v1 import control_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = [
    "Refused",
    "check_id",
    "check_protection",
    "read_extensions",
    "read_remote_fingerprint",
    "read_slots",
    "read_sources",
    "read_ufrag",
]

LAYERS_MAX: Final = 3
SLOTS_MAX: Final = 52  # of one transport
MID_MAX: Final = 16
RTCP_TYPES: Final = range(64, 96)  # RFC 5761 section 4: these collide with RTCP packet types

_ICE_CHARS: Final = re.compile(r"[A-Za-z0-9+/]{4,64}")  # RFC 8839 section 5.4 allows 256; browsers use 4 to 8
_TOKEN: Final = re.compile(r"[!#$%&'*+\-.0-9A-Z^_`a-z{|}~]+")  # RFC 8866 section 9
_RID: Final = re.compile(r"[A-Za-z0-9_-]{1,16}")  # RFC 8852 section 3
_MID_KIND: Final = pb.HeaderExtension.KIND_MID
_RID_KIND: Final = pb.HeaderExtension.KIND_RID
_TRANSPORT_CC_KIND: Final = pb.HeaderExtension.KIND_TRANSPORT_CC


class Refused(Exception):
    """A request that control has to change; code: what control does about it; the text says how."""

    def __init__(self, code: pb.Failure.Code.ValueType, message: str) -> None:
        super().__init__(message)
        self.code = code


def _invalid(message: str) -> Refused:
    return Refused(pb.Failure.CODE_INVALID, message)


def check_id(text: str, field: str, limit: int) -> str:
    """An id of 1 to `limit` bytes of printable text."""
    if not text or len(text.encode()) > limit or not text.isprintable():
        raise _invalid(f"{field} must be 1 to {limit} bytes of printable text")
    return text


def check_protection(request: pb.CreateTransport) -> None:
    """Refuses a source in the clear in an end-to-end encrypted room, and a source that others could not read."""
    for source in request.sources:
        if source.end_to_end != request.end_to_end:
            raise _invalid(
                f"mid {source.mid}: a room is end-to-end encrypted with all its sources or with none; "
                "set end_to_end of both alike"
            )
        if source.end_to_end and source.h264_payload_type:
            raise _invalid(f"mid {source.mid}: H.264 is not end-to-end encrypted by any client; send VP8 or VP9")


def read_ufrag(text: str) -> bytes:
    """The client's ICE user fragment."""
    if not _ICE_CHARS.fullmatch(text):
        raise _invalid("remote_ice_ufrag must be 4 to 64 of A-Z a-z 0-9 + /")
    return text.encode()


def read_remote_fingerprint(text: str) -> bytes:
    """The client's certificate digest, 32 bytes."""
    try:
        return read_fingerprint(text)
    except ValueError as error:
        raise _invalid(f"remote_dtls_fingerprint: {error}; copy it from a=fingerprint:sha-256") from None


def read_extensions(extensions: Iterable[pb.HeaderExtension]) -> tuple[tuple[int, int], ...]:
    """Pairs of (id, kind); kinds that this core does not know are left out."""
    pairs: dict[int, int] = {}
    for extension in extensions:
        if not 1 <= extension.id <= 14:
            raise _invalid(f"header_extensions: id {extension.id} must be 1 to 14 (RFC 8285 section 4.2)")
        if extension.kind == pb.HeaderExtension.KIND_UNSPECIFIED:
            raise _invalid(f"header_extensions: say the kind of id {extension.id}")
        if extension.id in pairs or extension.kind in pairs.values():
            raise _invalid(f"header_extensions: id {extension.id} or its kind is named twice")
        pairs[extension.id] = extension.kind
    return tuple((number, kind) for number, kind in pairs.items() if kind in pb.HeaderExtension.Kind.values())


def read_sources(sources: Iterable[pb.Source], extensions: tuple[tuple[int, int], ...]) -> tuple[SourceConfig, ...]:
    """What the client may send."""
    kinds = {kind for _, kind in extensions}
    configs: list[SourceConfig] = []
    ids: set[str] = set()
    for source in sources:
        if check_id(source.source_id, "source_id", 96) in ids:
            raise _invalid(f"sources: {source.source_id} is named twice")
        ids.add(source.source_id)
        configs.append(_read_source(source, kinds))
    if len(configs) > SOURCES_MAX:
        raise _invalid(f"sources: {len(configs)} are named, {SOURCES_MAX} are the most one transport may send")
    _check_distinct("sources", (config.mid for config in configs), "mid")
    ssrcs = (ssrc for config in configs for ssrc in config.ssrcs + config.rtx_ssrcs)
    _check_distinct("sources", ssrcs, "SSRC")
    return tuple(configs)


def read_slots(
    slots: Iterable[pb.Slot], extensions: tuple[tuple[int, int], ...], choose_ssrc: Callable[[], int]
) -> tuple[SlotConfig, ...]:
    """What the client receives; choose_ssrc: gives an SSRC that nobody in the core uses."""
    announced = list(slots)
    if len(announced) > SLOTS_MAX:
        raise _invalid(f"slots: {len(announced)} are named, {SLOTS_MAX} are the most one transport may have")
    for slot in announced:
        _check_mid(slot.mid, "slots")
        _check_kind(slot.kind, slot.mid)
        _check_payload_types(slot.mid, slot)
        if slot.transport_cc and not any(kind == _TRANSPORT_CC_KIND for _, kind in extensions):
            raise _invalid(f"mid {slot.mid}: negotiate the header extension that numbers packets across the transport")
    _check_distinct("slots", (slot.mid for slot in announced), "mid")
    return tuple(
        SlotConfig(
            mid=slot.mid.encode(),
            video=slot.kind == pb.MEDIA_KIND_VIDEO,
            payload_type=slot.payload_type,
            rtx_payload_type=slot.rtx_payload_type,
            ssrc=choose_ssrc(),
            rtx_ssrc=choose_ssrc() if slot.rtx_payload_type else 0,
            vp9_payload_type=slot.vp9_payload_type,
            vp9_rtx_payload_type=slot.vp9_rtx_payload_type,
            transport_cc=slot.transport_cc,
            h264_payload_type=slot.h264_payload_type,
            h264_rtx_payload_type=slot.h264_rtx_payload_type,
        )
        for slot in announced
    )


def _read_source(source: pb.Source, extension_kinds: set[int]) -> SourceConfig:
    name = source.mid
    _check_mid(name, "sources")
    _check_kind(source.kind, name)
    _check_payload_types(name, source)
    video = source.kind == pb.MEDIA_KIND_VIDEO
    if source.rids and not video:
        raise _invalid(f"mid {name}: audio has no rids")
    if len(source.rids) > LAYERS_MAX:
        raise _invalid(f"mid {name}: {len(source.rids)} rids are named, {LAYERS_MAX} layers are the most")
    if not all(_RID.fullmatch(rid) for rid in source.rids) or len(set(source.rids)) != len(source.rids):
        raise _invalid(f"mid {name}: rids must be distinct, 1 to 16 of A-Z a-z 0-9 - _")
    _check_ssrcs(source)
    if not source.ssrcs:
        if _MID_KIND not in extension_kinds:
            raise _invalid(f"mid {name}: tell its ssrcs or negotiate the MID header extension")
        if source.rids and _RID_KIND not in extension_kinds:
            raise _invalid(f"mid {name}: tell its ssrcs or negotiate the RID header extension")
    return SourceConfig(
        mid=name.encode(),
        video=video,
        payload_type=source.payload_type,
        rtx_payload_type=source.rtx_payload_type,
        rids=tuple(rid.encode() for rid in source.rids),
        ssrcs=tuple(source.ssrcs),
        rtx_ssrcs=tuple(source.rtx_ssrcs),
        active=source.active,
        max_bitrate=source.max_bitrate,
        vp9_payload_type=source.vp9_payload_type,
        vp9_rtx_payload_type=source.vp9_rtx_payload_type,
        h264_payload_type=source.h264_payload_type,
        h264_rtx_payload_type=source.h264_rtx_payload_type,
    )


def _check_ssrcs(source: pb.Source) -> None:
    layers = max(1, len(source.rids))
    if source.ssrcs and len(source.ssrcs) != layers:
        raise _invalid(f"mid {source.mid}: {len(source.ssrcs)} ssrcs are named for {layers} layers; name one a layer")
    if source.rtx_ssrcs and (len(source.rtx_ssrcs) != len(source.ssrcs) or not _has_rtx(source)):
        raise _invalid(f"mid {source.mid}: rtx_ssrcs need as many ssrcs and an rtx_payload_type")
    if 0 in source.ssrcs or 0 in source.rtx_ssrcs:
        raise _invalid(f"mid {source.mid}: 0 is no SSRC")


def _has_rtx(source: pb.Source) -> bool:
    return bool(source.rtx_payload_type or source.vp9_rtx_payload_type or source.h264_rtx_payload_type)


def _check_mid(mid: str, field: str) -> None:
    if not _TOKEN.fullmatch(mid) or len(mid) > MID_MAX:
        raise _invalid(f"{field}: mid must be a token of 1 to {MID_MAX} bytes")


def _check_kind(kind: pb.MediaKind.ValueType, mid: str) -> None:
    if kind not in (pb.MEDIA_KIND_AUDIO, pb.MEDIA_KIND_VIDEO):
        raise _invalid(f"mid {mid}: kind must be audio or video")


def _check_payload_types(mid: str, stream: pb.Source | pb.Slot) -> None:
    codecs = {
        "": (stream.payload_type, stream.rtx_payload_type),
        "vp9_": (stream.vp9_payload_type, stream.vp9_rtx_payload_type),
        "h264_": (stream.h264_payload_type, stream.h264_rtx_payload_type),
    }
    named = [number for pair in codecs.values() for number in pair if number]
    for number in named:
        if not 1 <= number <= 127 or number in RTCP_TYPES:
            raise _invalid(f"mid {mid}: payload type {number} must be 1 to 63 or 96 to 127 (RFC 5761 section 4)")
    if len(set(named)) != len(named):
        raise _invalid(f"mid {mid}: each codec and each RTX needs a payload type of its own")
    for codec, (media, rtx) in codecs.items():
        if rtx and not media:
            raise _invalid(f"mid {mid}: {codec}rtx_payload_type needs a {codec}payload_type")
        if codec and media and stream.kind != pb.MEDIA_KIND_VIDEO:
            raise _invalid(f"mid {mid}: audio has no {codec}payload_type")
    # A source alone may send nothing but H.264; a slot shows what all others send.
    if not stream.payload_type and (isinstance(stream, pb.Slot) or not stream.h264_payload_type):
        raise _invalid(f"mid {mid}: payload_type is needed")
    # A slot's RTX is one stream, whichever codec it repairs: it has an SSRC or it has none.
    if isinstance(stream, pb.Slot) and not stream.rtx_payload_type and any(rtx for _, rtx in codecs.values()):
        raise _invalid(f"mid {mid}: an RTX of VP9 or H.264 needs an rtx_payload_type")


def _check_distinct(field: str, values: Iterable[object], what: str) -> None:
    seen: set[object] = set()
    for value in values:
        if value in seen:
            raise _invalid(f"{field}: {what} {value!r} is named twice")
        seen.add(value)
