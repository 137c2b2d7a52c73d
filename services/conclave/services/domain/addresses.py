"""Addresses as administrators write them."""

from __future__ import annotations

import ipaddress

__all__ = ["loopback_address"]


def loopback_address(text: str) -> tuple[str, int]:
    """Reads "127.0.0.1:9464" or "[::1]:9464". Raises ValueError for what other machines reach, or is no address."""
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    example = "write for example 127.0.0.1:9464"
    try:
        loopback = ipaddress.ip_address(host).is_loopback
        number = int(port)
    except ValueError:
        raise ValueError(f"{text!r} is no IP address with a port; {example}") from None
    if not loopback:
        raise ValueError(f"{text!r} is no address of this machine alone, and there is no TLS; {example}")
    if not 0 <= number <= 65535:
        raise ValueError(f"{text!r} has no valid port; {example}")
    return host, number
