"""The codecs that an m-section offers (RFC 8866 section 6.6, RFC 4588 section 8.6)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from conclave.services.sdp.errors import SdpInvalid
from conclave.services.sdp.grammar import Media

__all__ = ["H264", "OPUS", "VP8", "VP9", "Codec", "integer", "offered"]

OPUS, VP8, VP9, H264 = "opus/48000/2", "VP8/90000", "VP9/90000", "H264/90000"

_RTX = "rtx/90000"
_DIGITS = re.compile(r"[0-9]{1,10}")
# RFC 6184 section 8.1: profile_idc 66, the baseline; what encoders use of it, every browser that knows H.264 decodes.
_BASELINE = "42"


@dataclass(frozen=True, slots=True)
class Codec:
    """A codec of an m-section."""

    payload_type: int
    # 0 for none.
    rtx_payload_type: int
    feedback: tuple[str, ...]
    # Format parameters as offered; empty for none.
    parameters: str

    @property
    def fields(self) -> dict[str, str]:
        """The format parameters by name."""
        return _fields(self.parameters)

    @property
    def is_repairable(self) -> bool:
        """Whether what is lost can be asked for."""
        return {"nack", "nack pli"} <= set(self.feedback)

    def without_rtx(self) -> Codec:
        """The same where nothing is sent again."""
        return replace(self, rtx_payload_type=0)


def integer(text: str, lowest: int, highest: int, what: str) -> int:
    """The number that a text is. Raises SdpInvalid."""
    if _DIGITS.fullmatch(text) is None or not lowest <= int(text) <= highest:
        raise SdpInvalid(f"{what} is not a number from {lowest} to {highest}")
    return int(text)


def offered(media: Media, mid: str, wanted: str) -> Codec | None:
    """A codec by its name and clock rate, with the RTX that belongs to it; None if it is not offered as it is taken."""
    numbers = [integer(text, 0, 127, f"a payload type of mid {mid}") for text in media.formats]
    names = {text: rest[0].lower() for text, rest in _by_payload_type(media, "rtpmap").items()}
    parameters = {text: rest[0] for text, rest in _by_payload_type(media, "fmtp").items()}

    def fields(number: int) -> dict[str, str]:
        return _fields(parameters.get(str(number), ""))

    def is_wanted(number: int) -> bool:
        return names.get(str(number)) == wanted.lower() and _is_taken(wanted, fields(number))

    payload_type = next((number for number in numbers if is_wanted(number)), None)
    if payload_type is None:
        return None
    rtx = [n for n in numbers if names.get(str(n)) == _RTX and fields(n).get("apt") == str(payload_type)]
    feedback = _by_payload_type(media, "rtcp-fb")
    told = feedback.get("*", []) + feedback.get(str(payload_type), [])
    return Codec(payload_type, rtx[0] if rtx else 0, tuple(told), parameters.get(str(payload_type), ""))


def _is_taken(name: str, fields: dict[str, str]) -> bool:
    if name == VP9:
        # RFC 9628 section 6: no profile-id means profile 0, the one that every decoder of VP9 has.
        return fields.get("profile-id", "0") == "0"
    if name == H264:
        # RFC 6184 section 8.1: without a profile it is the baseline, without a mode it is 0, which is a part of 1.
        profile, mode = fields.get("profile-level-id", _BASELINE), fields.get("packetization-mode", "0")
        return profile.startswith(_BASELINE) and mode in ("0", "1")
    return True


def _fields(parameters: str) -> dict[str, str]:
    pairs = (field.partition("=") for field in parameters.replace(" ", "").split(";"))
    return {name.lower(): value for name, _, value in pairs if name}


def _by_payload_type(media: Media, name: str) -> dict[str, list[str]]:
    """Groups `a=name:PT rest` lines by payload type."""
    found: dict[str, list[str]] = {}
    for value in media.values(name):
        payload_type, _, rest = value.partition(" ")
        found.setdefault(payload_type, []).append(rest.strip())
    return found
