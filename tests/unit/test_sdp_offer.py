"""Offers are read as the clients mean them, and refused with the reason when something is lacking."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from conclave.services.sdp.errors import SdpInvalid
from conclave.services.sdp.offer import ABS_SEND_TIME, AUDIO_LEVEL, MID, REPAIRED_RID, RID, TRANSPORT_CC, parse_offer

if TYPE_CHECKING:
    from collections.abc import Callable

VECTORS = Path(__file__).parent.parent / "vectors" / "sdp"
CLIENTS = ("chromium", "firefox", "aiortc")


def vector(client: str) -> str:
    return (VECTORS / f"{client}.offer.sdp").read_bytes().decode()


@pytest.mark.parametrize("client", CLIENTS)
def test_real_offers_have_four_sources_and_twelve_slots(client: str) -> None:
    offer = parse_offer(vector(client))
    assert offer.setup == "actpass"
    assert [(s.kind, s.sends, s.receives) for s in offer.sections[:4]] == [
        ("audio", True, False),
        ("video", True, False),
        ("video", True, False),
        ("audio", True, False),
    ]
    assert [s.kind for s in offer.sections[4:]] == ["video"] * 9 + ["audio"] * 3
    assert all(s.receives and s.wanted and not s.sends for s in offer.sections[4:])


@pytest.mark.parametrize(
    ("client", "opus", "vp8", "rtx"), [("chromium", 111, 96, 97), ("firefox", 109, 120, 124), ("aiortc", 96, 97, 98)]
)
def test_payload_types_are_the_offers_own(client: str, opus: int, vp8: int, rtx: int) -> None:
    for section in parse_offer(vector(client)).sections:
        assert section.codec is not None
        wanted = (opus, 0) if section.kind == "audio" else (vp8, rtx)
        assert (section.codec.payload_type, section.codec.rtx_payload_type) == wanted


@pytest.mark.parametrize(("client", "vp9", "rtx"), [("chromium", 98, 99), ("firefox", 121, 125), ("aiortc", 0, 0)])
def test_vp9_is_taken_where_it_is_offered_for_one_layer(client: str, vp9: int, rtx: int) -> None:
    for index, section in enumerate(parse_offer(vector(client)).sections):
        offers = section.kind == "video" and vp9 and not section.rids
        found = (section.vp9.payload_type, section.vp9.rtx_payload_type) if section.vp9 else None
        assert found == ((vp9, rtx) if offers else None), index


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("a=fmtp:98 profile-id=0", "a=fmtp:98 profile-id=2"),
        lambda text: re.sub(r"a=rtcp-fb:98 nack pli\r\n", "", text),
        lambda text: text.replace("a=rtpmap:98 VP9/90000", "a=rtpmap:98 VP9/48000"),
    ],
    ids=["another profile", "without repair", "another clock"],
)
def test_vp9_that_others_could_not_show_is_left_out(change: Callable[[str], str]) -> None:
    text = vector("chromium")
    assert change(text) != text
    assert {section.vp9 for section in parse_offer(change(text)).sections} == {None}


@pytest.mark.parametrize(("client", "h264", "rtx"), [("chromium", 102, 103), ("firefox", 0, 0), ("aiortc", 99, 100)])
def test_h264_is_shown_where_it_is_offered_and_sent_by_no_page(client: str, h264: int, rtx: int) -> None:
    for section in parse_offer(vector(client)).sections:
        found = (section.h264.payload_type, section.h264.rtx_payload_type) if section.h264 else (0, 0)
        assert found == ((h264, rtx) if section.kind == "video" and section.receives else (0, 0))


def test_without_rtx_of_vp8_there_is_none_of_vp9() -> None:
    # A slot's RTX has one SSRC, whichever codec it repairs.
    screen = parse_offer(vector("chromium").replace("apt=96", "apt=20")).sections[2]
    assert screen.codec is not None
    assert screen.vp9 is not None
    assert (screen.codec.rtx_payload_type, screen.vp9.rtx_payload_type) == (0, 0)


@pytest.mark.parametrize(
    ("client", "extensions"),
    [
        ("chromium", {AUDIO_LEVEL: 1, ABS_SEND_TIME: 2, TRANSPORT_CC: 3, MID: 4, RID: 10, REPAIRED_RID: 11}),
        ("firefox", {AUDIO_LEVEL: 1, ABS_SEND_TIME: 4, MID: 3, TRANSPORT_CC: 7, RID: 9, REPAIRED_RID: 10}),
        ("aiortc", {MID: 1, AUDIO_LEVEL: 2, ABS_SEND_TIME: 3}),
    ],
)
def test_extension_ids_are_the_offers_own(client: str, extensions: dict[str, int]) -> None:
    assert parse_offer(vector(client)).extensions == extensions


@pytest.mark.parametrize("client", ["chromium", "firefox"])
def test_simulcast_layers_are_told_by_rid_alone(client: str) -> None:
    camera, screen = parse_offer(vector(client)).sections[1:3]
    assert (camera.rids, camera.ssrcs, camera.rtx_ssrcs) == (("q", "h", "f"), (), ())
    assert screen.rids == ()
    assert len(screen.ssrcs) == len(screen.rtx_ssrcs) == 1


@pytest.mark.parametrize("client", CLIENTS)
def test_slots_have_no_ssrc_though_firefox_tells_one_for_its_reports(client: str) -> None:
    assert all(s.ssrcs == () for s in parse_offer(vector(client)).sections if s.receives)


def drop(pattern: str) -> Callable[[str], str]:
    return lambda text: re.sub(rf"(?m)^{pattern}.*\r\n", "", text)


def swap(old: str, new: str) -> Callable[[str], str]:
    return lambda text: re.sub(old, new, text)


LACKING = [
    (drop("a=group:BUNDLE"), "lacks a=group:BUNDLE"),
    (swap("BUNDLE 0 1 ", "BUNDLE 0 "), "mid 1 is not in a=group:BUNDLE"),
    (drop("a=rtcp-mux"), "mid 0 lacks a=rtcp-mux"),
    (drop("a=fingerprint"), "lacks a=fingerprint:sha-256"),
    (swap("fingerprint:sha-256", "fingerprint:sha-1"), "lacks a=fingerprint:sha-256"),
    (swap("(fingerprint:sha-256 ..):", r"\1"), "not 32 hexadecimal pairs"),
    (drop("a=ice-ufrag"), "lacks a=ice-ufrag"),
    (drop("a=ice-pwd"), "lacks a=ice-pwd"),
    (swap("a=ice-pwd:.*", "a=ice-pwd:short\r"), "a=ice-pwd is not 22 to 256"),
    (swap(" VP8/90000", " VP7/90000"), "mid 1 does not offer VP8"),
    (swap(" opus/48000/2", " speex/8000"), "mid 0 does not offer opus"),
    (drop("a=setup"), "lacks a=setup"),
    (swap("a=setup:actpass", "a=setup:holdconn"), "not actpass, active or passive"),
    (drop("a=mid:3"), "m-line 3 has no a=mid"),
    (swap("a=mid:3\r", "a=mid:2\r"), "two m-lines have the same mid"),
    (swap("a=sendonly", "a=sendrecv"), "is sendrecv; offer sendonly"),
    (swap("UDP/TLS/RTP/SAVPF", "RTP/AVP"), "mid 0 is not UDP/TLS/RTP/SAVPF"),
    (swap(r"a=rtcp-fb:\d+ nack pli\r\n", ""), "lacks a=rtcp-fb nack or nack pli"),
    (swap("simulcast:send q;h;f", "simulcast:send q;h;x"), "no a=rid line with send"),
    (swap("simulcast:send q;h;f", "simulcast:send q;q;f"), "or one twice"),
    (lambda text: text.replace("t=0 0", "t=0 0\r\na=ice-lite"), "ice-lite itself"),
]


@pytest.mark.parametrize("client", ["chromium", "firefox"])
@pytest.mark.parametrize(("change", "reason"), LACKING, ids=[reason for _, reason in LACKING])
def test_what_is_lacking_is_said(client: str, change: Callable[[str], str], reason: str) -> None:
    text = vector(client)
    changed = change(text)
    assert changed != text
    with pytest.raises(SdpInvalid, match=re.escape(reason)):
        parse_offer(changed)


def test_extension_ids_must_agree_across_the_bundle() -> None:
    head, mark, tail = vector("chromium").partition("a=mid:4\r\n")
    with pytest.raises(SdpInvalid, match="mid 4 maps the header extension id 9"):
        parse_offer(head + mark + tail.replace(f"a=extmap:4 {MID}", f"a=extmap:9 {MID}", 1))


def test_a_second_ice_user_means_a_second_transport() -> None:
    head, mark, tail = vector("chromium").partition("a=mid:4\r\n")
    with pytest.raises(SdpInvalid, match="more than one a=ice-ufrag"):
        parse_offer(re.sub("a=ice-ufrag:.*", "a=ice-ufrag:other\r", head) + mark + tail)


def test_data_channels_and_disabled_sections_take_no_part() -> None:
    extra = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:data\r\nm=audio 0 RTP/AVP 0\r\na=mid:off\r\n"
    offer = parse_offer(vector("chromium") + extra)
    assert [(s.mid, s.wanted) for s in offer.sections[-2:]] == [("data", False), ("off", False)]


@pytest.mark.parametrize("client", CLIENTS)
def test_truncation_anywhere_raises_nothing_else(client: str) -> None:
    text = vector(client)
    # Every 7th length of the first two sections, then every 97th: primes, so that they fall everywhere in a line.
    for size in [*range(0, 7000, 7), *range(7000, len(text), 97)]:
        with suppress(SdpInvalid):
            parse_offer(text[:size])


@seed(2)
@settings(max_examples=300)
@given(st.text(max_size=300))
def test_arbitrary_text_raises_nothing_else(text: str) -> None:
    for candidate in (text, "v=0\r\n" + text):
        with pytest.raises(SdpInvalid):
            parse_offer(candidate)


@seed(3)
@settings(max_examples=300)
@given(
    st.sampled_from(CLIENTS),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 12), st.text(max_size=6)), min_size=1, max_size=4),
)
def test_mutations_raise_nothing_else(client: str, edits: list[tuple[float, int, str]]) -> None:
    text = vector(client)
    for place, removed, inserted in edits:
        start = int(place * len(text))
        text = text[:start] + inserted + text[start + removed :]
    with suppress(SdpInvalid):
        parse_offer(text)
