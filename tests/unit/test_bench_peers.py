"""The parts of the comparison with other servers that need none of them."""

from __future__ import annotations

import base64

import pytest
from bench.peers import rtpengine
from bench.peers.search import Forwarded, Search
from bench.peers.webrtc import Description


def forwarded(offered_per_s: float, loss: float = 0.0, p50_ms: float = 1.0, overrun: int = 0) -> Forwarded:
    return Forwarded(offered_per_s, offered_per_s * (1 - loss), loss, p50_ms, 2 * p50_ms, 1.0, overrun)


@pytest.mark.parametrize(
    ("loss", "p50_ms", "sustained"),
    [(0.0, 9.9, True), (0.0009, 1.0, True), (0.001, 1.0, False), (0.0, 10.0, False), (0.0, 0.0, False)],
)
def test_sustained_is_little_loss_and_no_queue(loss: float, p50_ms: float, sustained: bool) -> None:
    assert forwarded(1000.0, loss, p50_ms).sustained == sustained


@pytest.mark.parametrize("limit", [31_000.0, 118_000.0, 700_000.0])
def test_the_search_ends_within_a_tenth_below_the_limit(limit: float) -> None:
    search = Search()
    tried = 0
    while not search.over:
        search.take(forwarded(search.at, loss=0.0 if search.at <= limit else 0.2))
        tried += 1
    assert search.best is not None
    assert 0.9 * limit <= search.best.offered_per_s <= limit
    assert tried < 25


def test_a_server_that_forwards_nothing_ends_the_search() -> None:
    search = Search()
    while not search.over:
        search.take(forwarded(search.at, loss=1.0, p50_ms=0.0))
    assert search.best is None


def test_a_generator_that_drops_packets_itself_is_told() -> None:
    search = Search()
    search.take(forwarded(search.at))
    assert not search.generator_limited
    search.take(forwarded(search.at, loss=0.2, overrun=7))
    assert search.generator_limited


OFFER = """
m=video 9 UDP/TLS/RTP/SAVPF 96 97
a=mid:v1
a=ice-ufrag:7XpT
a=ice-pwd:Bazn+AOVWrDfGk6l24dPE4
a=rtpmap:96 VP8/90000
a=ssrc:1935706217 cname:janus
a=candidate:1 1 udp 2015363327 10.7.0.1 34215 typ host
"""


def test_a_description_is_read() -> None:
    server = Description(OFFER)
    assert (server.ice_ufrag, server.ice_pwd, server.mid) == ("7XpT", "Bazn+AOVWrDfGk6l24dPE4", "v1")
    assert (server.payload_type, server.ssrc, server.address) == (96, 1935706217, ("10.7.0.1", 34215))


@pytest.mark.parametrize("left_out", ["a=ice-pwd", "a=rtpmap", "a=candidate"])
def test_a_description_that_lacks_something_is_refused(left_out: str) -> None:
    with pytest.raises(ValueError, match=r"lacks|no UDP candidate"):
        Description("\r\n".join(line for line in OFFER.splitlines() if not line.startswith(left_out)))


def test_rtpengine_keys_are_those_of_the_suite() -> None:
    key = bytes(range(28))
    inline = base64.b64encode(key).decode()
    sdp = f"a=crypto:1 AEAD_AES_256_GCM inline:AAAA\r\na=crypto:7 AEAD_AES_128_GCM inline:{inline}\r\n"
    assert rtpengine.crypto(sdp, "AEAD_AES_128_GCM") == ("7", key)
    with pytest.raises(ValueError, match="does not offer"):
        rtpengine.crypto(sdp, "AES_CM_128_HMAC_SHA1_80")
