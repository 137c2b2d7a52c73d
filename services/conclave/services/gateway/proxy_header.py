"""Tells a server behind the gateway who calls (the PROXY protocol, version 2, section 2.2)."""

from __future__ import annotations

import struct
from ipaddress import IPv4Address, IPv6Address, ip_address

__all__ = ["proxy_header"]

_SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
# Version 2, the command PROXY.
_PROXY = 0x21
# A stream over IPv4 or IPv6.
_STREAM = {4: 0x11, 6: 0x21}

Endpoint = tuple[str, int]


def proxy_header(source: Endpoint, destination: Endpoint) -> bytes:
    """What a connection begins with. Both are (IP address, port); one family, IPv4 in IPv6 taken for IPv4."""
    first, second = (_plain(address) for address, _ in (source, destination))
    assert first.version == second.version, "the ends of one connection"
    body = first.packed + second.packed + struct.pack("!HH", source[1], destination[1])
    return _SIGNATURE + struct.pack("!BBH", _PROXY, _STREAM[first.version], len(body)) + body


def _plain(address: str) -> IPv4Address | IPv6Address:
    # Of a link-local address, the interface is nobody else's business.
    parsed = ip_address(address.partition("%")[0])
    return parsed.ipv4_mapped or parsed if isinstance(parsed, IPv6Address) else parsed
