"""TLS of the web face."""

from __future__ import annotations

import ssl
from pathlib import Path

__all__ = ["server_context"]

# TLS 1.2 with AEAD and forward secrecy only; TLS 1.3's suites are all of that kind and are preferred anyway.
_TLS12_SUITES = "ECDHE+AESGCM:ECDHE+CHACHA20"


def server_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """The context of a server with this certificate chain (PEM). Raises OSError or ssl.SSLError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_TLS12_SUITES)
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    context.set_alpn_protocols(["http/1.1"])
    context.load_cert_chain(certificate, key)
    return context
