"""Fragments of descriptions, as devices trickle and restart ICE over HTTP."""

from __future__ import annotations

from contextlib import suppress
from ipaddress import ip_address

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from conclave.services.sdp.answer import LocalTransport
from conclave.services.sdp.errors import SdpInvalid
from conclave.services.sdp.fragment import MAX_CANDIDATES, MAX_SIZE, Fragment, parse_fragment, write_fragment

# RFC 9725 section 4.3.2, example of a trickle ICE request.
TRICKLE = (
    "a=group:BUNDLE 0 1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=ice-ufrag:EsAw\r\n"
    "a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n"
    "a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0 ufrag EsAw network-id 1\r\n"
    "a=candidate:473322822 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active generation 0 ufrag EsAw\r\n"
    "a=candidate:2154773085 1 udp 1 0c2a1f4e.local 40000 typ srflx raddr 0.0.0.0 rport 0\r\na=end-of-candidates\r\n"
)
CANDIDATE = "a=candidate:1 1 udp 1 192.0.2.1 1 typ host\r\n"


def test_a_fragment_tells_credentials_and_candidates() -> None:
    assert parse_fragment(TRICKLE) == Fragment("EsAw", "P2uYro0UCOQ4zxjKXaWCBui1", 3)
    assert parse_fragment("a=end-of-candidates\n") == Fragment("", "", 0)


@pytest.mark.parametrize("size", range(0, len(TRICKLE), 7))
def test_a_truncated_fragment_is_read_or_refused(size: int) -> None:
    with suppress(SdpInvalid):
        assert parse_fragment(TRICKLE[:size]).candidates <= 3


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\r\n",
        "v=0\r\n",
        "hello",
        "a=ice-ufrag:EsAw\r\n",
        "a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n",
        TRICKLE + "a=ice-ufrag:other\r\n",
        TRICKLE.replace("EsAw\r\n", "E w\r\n"),
        TRICKLE.replace("P2uYro0UCOQ4zxjKXaWCBui1", "short"),
        "a=candidate:\r\n",
        "a=candidate:1 1 udp x 192.0.2.1 1 typ host\r\n",
        "a=candidate\x00\r\n",
        f"a={'x' * 2000}\r\n",
        CANDIDATE * (MAX_CANDIDATES + 1),
        "a=x\r\n" * (MAX_SIZE // 4),
    ],
)
def test_what_is_no_fragment_is_refused(text: str) -> None:
    with pytest.raises(SdpInvalid):
        parse_fragment(text)


@seed(1)
@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200) | st.text("a=m:ice-ufragpwdcandidate 019\r\n", max_size=200))
def test_no_text_breaks_the_parser(text: str) -> None:
    with suppress(SdpInvalid):
        parse_fragment(text)


def test_the_appliances_fragment_has_credentials_and_every_candidate() -> None:
    local = LocalTransport("user", "p" * 24, "", (ip_address("192.0.2.7"), ip_address("2001:db8::7")), 10000)
    written = write_fragment(local)
    assert parse_fragment(written) == Fragment("user", "p" * 24, 4)
    assert written.startswith("a=ice-lite\r\n")
    assert written.endswith("a=end-of-candidates\r\n")
