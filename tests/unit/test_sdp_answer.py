"""Answers accept what was offered, in the form that both browsers took."""

from __future__ import annotations

import re
from ipaddress import ip_address
from pathlib import Path

import pytest

from conclave.services.sdp.answer import FOR_DEVICES, FOR_PAGES, AnswerForm, LocalTransport, SlotStream, write_answer
from conclave.services.sdp.grammar import Description, parse_description
from conclave.services.sdp.offer import ABS_SEND_TIME, TRANSPORT_CC, Offer, parse_offer

VECTORS = Path(__file__).parent.parent / "vectors" / "sdp"
CLIENTS = ("chromium", "firefox", "aiortc")
FINGERPRINT = ":".join(["0A"] * 32)
LOCAL = LocalTransport("UFRAG", "p" * 24, FINGERPRINT, (ip_address("10.0.0.1"), ip_address("fd00::1")), 9701)


def offer_of(client: str) -> Offer:
    return parse_offer((VECTORS / f"{client}.offer.sdp").read_bytes().decode())


def answer_to(offer: Offer, form: AnswerForm = FOR_PAGES) -> Description:
    slots = {
        section.mid: SlotStream(section.mid, 1000 + index, 2000 + index if section.kind == "video" else 0)
        for index, section in enumerate(offer.sections)
        if section.receives
    }
    text = write_answer(offer, LOCAL, slots, 77, form)
    assert text.endswith("\r\n")
    assert "\n" not in text.replace("\r\n", "")
    return parse_description(text)


@pytest.mark.parametrize("client", CLIENTS)
def test_fingerprint_and_setup_are_session_level(client: str) -> None:
    # Firefox 153 crashes when a later bundled section has no fingerprint and the session has none.
    answer = answer_to(offer_of(client))
    assert answer.values("fingerprint") == [f"sha-256 {FINGERPRINT}"]
    assert answer.values("setup") == ["passive"]
    assert answer.values("ice-lite") == [""]


@pytest.mark.parametrize("client", CLIENTS)
def test_only_the_first_section_carries_ice(client: str) -> None:
    first, *others = answer_to(offer_of(client)).media
    assert (first.values("ice-ufrag"), first.values("ice-pwd")) == (["UFRAG"], ["p" * 24])
    assert first.values("candidate") == [
        "1 1 udp 2130706431 10.0.0.1 9701 typ host",
        "2 1 udp 2130706175 fd00::1 9701 typ host",
        "3 1 tcp 1520435199 10.0.0.1 9701 typ host tcptype passive",
        "4 1 tcp 1520434943 fd00::1 9701 typ host tcptype passive",
    ]
    assert first.has("end-of-candidates")
    assert not any(media.has(name) for media in others for name in ("ice-ufrag", "ice-pwd", "candidate"))


# GStreamer's webrtcbin (1.22) refuses a section without setup, aiortc reads the ICE of the last one.
@pytest.mark.parametrize("client", CLIENTS)
def test_for_devices_each_section_says_everything_of_the_transport(client: str) -> None:
    for media in answer_to(offer_of(client), FOR_DEVICES).media:
        said = [media.values(name) for name in ("ice-ufrag", "ice-pwd", "setup", "fingerprint", "rtcp-mux-only")]
        assert said == [["UFRAG"], ["p" * 24], ["passive"], [f"sha-256 {FINGERPRINT}"], [""]]
        assert len(media.values("candidate")) == 4


@pytest.mark.parametrize("client", CLIENTS)
def test_every_section_is_bundled_and_answered_in_order(client: str) -> None:
    offer = offer_of(client)
    answer = answer_to(offer)
    mids = [section.mid for section in offer.sections]
    assert [media.values("mid")[0] for media in answer.media] == mids
    assert answer.values("group") == ["BUNDLE " + " ".join(mids)]
    assert all(media.has("rtcp-mux") and media.has("rtcp-rsize") and media.port == 9701 for media in answer.media)


@pytest.mark.parametrize("client", CLIENTS)
def test_the_codecs_of_a_section(client: str) -> None:
    offer = offer_of(client)
    for section, media in zip(offer.sections, answer_to(offer).media, strict=True):
        assert section.codec is not None
        codec = section.codec
        if section.kind == "audio":
            assert media.formats == (str(codec.payload_type),)
            assert media.values("rtpmap") == [f"{codec.payload_type} opus/48000/2"]
            assert "stereo" not in media.values("fmtp")[0]
            assert "useinbandfec=1" in media.values("fmtp")[0]
        else:
            # VP8 first: a source is sent in the first one.
            others = {"VP9/90000": section.vp9, "H264/90000": section.h264}
            codecs = {"VP8/90000": codec} | {name: other for name, other in others.items() if other}
            assert media.formats == tuple(str(n) for c in codecs.values() for n in (c.payload_type, c.rtx_payload_type))
            repairs = [f"{c.rtx_payload_type} apt={c.payload_type}" for c in codecs.values()]
            assert [value for value in media.values("fmtp") if " apt=" in value] == repairs
            assert {f"{c.payload_type} {name}" for c in codecs.values() for name in codecs if c is codecs[name]} <= set(
                media.values("rtpmap")
            )
            for each in codecs.values():
                assert {f"{each.payload_type} nack", f"{each.payload_type} nack pli"} <= set(media.values("rtcp-fb"))


@pytest.mark.parametrize("client", CLIENTS)
def test_arrivals_are_told_both_ways_of_packets_that_are_numbered(client: str) -> None:
    offer = offer_of(client)
    for section, media in zip(offer.sections, answer_to(offer).media, strict=True):
        told = [value for value in media.values("rtcp-fb") if "transport" in value]
        codecs = [codec for codec in (section.codec, section.vp9, section.h264) if codec]
        if TRANSPORT_CC not in section.extensions:
            assert told == []
            assert not any("transport" in value for value in media.values("extmap"))
        else:
            assert told == [f"{codec.payload_type} transport-cc" for codec in codecs]
            assert f"{section.extensions[TRANSPORT_CC]} {TRANSPORT_CC}" in media.values("extmap")
            assert section.sends or not any(ABS_SEND_TIME in value for value in media.values("extmap"))
    assert client == "aiortc" or any(TRANSPORT_CC in section.extensions for section in offer.sections)


def test_packets_are_not_numbered_for_who_would_not_hear_of_them() -> None:
    text = (VECTORS / "chromium.offer.sdp").read_bytes().decode()
    unheard = re.sub(r"a=rtcp-fb:\d+ transport-cc\r\n", "", text)
    assert unheard != text
    assert not any(
        "transport" in value for media in answer_to(parse_offer(unheard)).media for value in media.values("extmap")
    )


def test_sources_are_received_with_their_layers() -> None:
    camera = answer_to(offer_of("firefox")).media[1]
    assert camera.values("rid") == ["q recv", "h recv", "f recv"]
    assert camera.values("simulcast") == ["recv q;h;f"]
    assert camera.has("recvonly")
    assert {value.partition(" ")[0] for value in camera.values("extmap")} == {"3", "4", "7", "9", "10"}


@pytest.mark.parametrize("client", CLIENTS)
def test_slots_are_sent_with_their_own_ssrcs_and_streams(client: str) -> None:
    offer = offer_of(client)
    slots = [(s, m) for s, m in zip(offer.sections, answer_to(offer).media, strict=True) if s.receives]
    streams = set()
    for section, media in slots:
        index = offer.sections.index(section)
        assert media.has("sendonly")
        streams.add(media.values("msid")[0])
        told = [int(value.partition(" ")[0]) for value in media.values("ssrc")]
        if section.kind == "video":
            assert media.values("ssrc-group") == [f"FID {1000 + index} {2000 + index}"]
            assert told == [1000 + index, 2000 + index]
        else:
            assert told == [1000 + index]
            assert not media.has("ssrc-group")
    assert len(streams) == len(slots) == 12


def test_unwanted_sections_are_rejected_and_not_bundled() -> None:
    text = (VECTORS / "chromium.offer.sdp").read_bytes().decode()
    data = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:data\r\n"
    answer = answer_to(parse_offer(text + data))
    assert (answer.media[-1].port, answer.media[-1].values("mid")) == (0, ["data"])
    assert "data" not in answer.values("group")[0]


@pytest.mark.parametrize(
    ("offered", "answered"), [("actpass", "passive"), ("active", "passive"), ("passive", "active")]
)
def test_the_dtls_role_is_the_other_one(offered: str, answered: str) -> None:
    text = (VECTORS / "chromium.offer.sdp").read_bytes().decode()
    assert answer_to(parse_offer(text.replace("a=setup:actpass", f"a=setup:{offered}"))).values("setup") == [answered]
