"""What a device offers, and what becomes of it. No input or output."""

from __future__ import annotations

from enum import Enum

from conclave.services.devices.errors import DescriptionMalformed, OfferNotAcceptable
from conclave.services.meetings.model import SourceKind
from conclave.services.sdp.errors import SdpInvalid
from conclave.services.sdp.grammar import parse_description
from conclave.services.sdp.offer import Offer, OfferRules, parse_offer

__all__ = ["Direction", "read_offer", "sources_of"]


class Direction(Enum):
    """What a session is for."""

    SEND = "send"
    PLAY = "play"


# A device is not told which codec all can decode: it sends VP8 alone, or H.264 if it has nothing else. FFmpeg offers no
# feedback.
RULES = {
    Direction.SEND: OfferRules(both_ways="sendonly", repair=False, vp9=False, only_h264=True),
    Direction.PLAY: OfferRules(both_ways="recvonly"),
}
# Of a WHIP session: one picture and one sound (RFC 9725 section 4.4.2).
KINDS = {"audio": SourceKind.MICROPHONE, "video": SourceKind.CAMERA}
MAX_SLOTS = 12


def read_offer(text: str, direction: Direction) -> Offer:
    """A device's offer. Raises DescriptionMalformed and OfferNotAcceptable."""
    try:
        parse_description(text)
    except SdpInvalid as error:
        raise DescriptionMalformed(f"the offer cannot be read: {error}") from None
    try:
        offer = parse_offer(text, RULES[direction])
    except SdpInvalid as error:
        advice = "offer Opus for sound, VP8 or H.264 (constrained baseline) for pictures"
        raise OfferNotAcceptable(f"the offer cannot be taken: {error}; {advice}") from None
    wanted = [section for section in offer.sections if section.wanted]
    if direction is Direction.SEND:
        if any(section.receives for section in wanted):
            raise OfferNotAcceptable("a device that sends offers sendonly m-lines only; play over WHEP")
        if len({section.kind for section in wanted}) != len(wanted):
            raise OfferNotAcceptable("a device sends one audio and one video m-line at most")
    else:
        if any(section.sends for section in wanted):
            raise OfferNotAcceptable("a device that plays offers recvonly m-lines only; send over WHIP")
        if len(wanted) > MAX_SLOTS:
            raise OfferNotAcceptable(f"a device plays {MAX_SLOTS} m-lines at most")
    return offer


def sources_of(offer: Offer) -> dict[str, SourceKind]:
    """What each sending m-line carries, by mid."""
    return {section.mid: KINDS[section.kind] for section in offer.sections if section.sends}
