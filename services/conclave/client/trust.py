"""Whose certificate is taken for the appliance's. There is no way to take any."""

from __future__ import annotations

import ssl
from pathlib import Path

import aiohttp

__all__ = ["Trust", "trust_in"]

# What aiohttp's `ssl` takes.
Trust = ssl.SSLContext | aiohttp.Fingerprint

SHA256_SIZE = 32


def trust_in(authority: str | Path | None, fingerprint: str) -> Trust:
    """Trusts one certificate authority, one certificate, or without either what the system trusts.

    authority: a PEM file, such as the one that `appliance/up` names; nobody else is trusted then. fingerprint: SHA-256
    of the gateway's own certificate, hexadecimal with or without colons, as browsers show it; it changes when the
    certificate is renewed. Raises OSError for a file that cannot be read, ValueError for what is neither.
    """
    if authority is not None and fingerprint:
        raise ValueError("give an authority or a fingerprint, not both")
    if not fingerprint:
        return ssl.create_default_context(cafile=authority)
    try:
        digest = bytes.fromhex(fingerprint.replace(":", ""))
    except ValueError:
        digest = b""
    if len(digest) != SHA256_SIZE:
        raise ValueError("a fingerprint is SHA-256: 32 hexadecimal pairs")
    return aiohttp.Fingerprint(digest)
