"""The PROXY protocol's header."""

from __future__ import annotations

import pytest

from conclave.services.gateway.proxy_header import proxy_header

SIGNATURE = bytes.fromhex("0d0a0d0a000d0a515549540a")


@pytest.mark.parametrize(
    ("source", "destination", "rest"),
    [
        # Laid out by hand after section 2.2: version and command, family, length, addresses, ports.
        (("192.0.2.7", 51000), ("192.0.2.1", 443), "21 11 000c c0000207 c0000201 c738 01bb"),
        (("::ffff:192.0.2.7", 51000), ("::ffff:192.0.2.1", 443), "21 11 000c c0000207 c0000201 c738 01bb"),
        (
            ("2001:db8::7", 51000),
            ("2001:db8::1", 443),
            "21 21 0024 20010db8000000000000000000000007 20010db8000000000000000000000001 c738 01bb",
        ),
        (
            ("fe80::7%eth0", 1),
            ("fe80::1%eth0", 2),
            "21 21 0024 fe800000000000000000000000000007 fe800000000000000000000000000001 0001 0002",
        ),
    ],
)
def test_the_header_names_both_ends(source: tuple[str, int], destination: tuple[str, int], rest: str) -> None:
    assert proxy_header(source, destination) == SIGNATURE + bytes.fromhex(rest)
