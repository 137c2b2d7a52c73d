"""The Python client's signalling connection against a server that is in no hurry to end."""

from __future__ import annotations

import asyncio
import base64
import gc
import hashlib
import re
import socket
import ssl
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

import pytest

from conclave.client import line
from conclave.services.gateway.tls import server_context

# RFC 6455 section 1.3.
_HANDSHAKE_SUFFIX = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_CLOSE_FRAME = b"\x88\x02\x03\xe8"


@contextmanager
def lingering_server(context: ssl.SSLContext) -> Iterator[int]:
    """Accepts one WebSocket and answers its close, but ends neither TLS nor TCP meanwhile; yields its port."""
    over = Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            accepted, _ = listening.accept()
            with context.wrap_socket(accepted, server_side=True) as peer:
                request = b""
                while b"\r\n\r\n" not in request:
                    request += peer.recv(4096)
                found = re.search(rb"sec-websocket-key: *(\S+)", request, re.IGNORECASE)
                assert found is not None
                accept = base64.b64encode(hashlib.sha1(found[1] + _HANDSHAKE_SUFFIX, usedforsecurity=False).digest())
                switching = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                peer.sendall(switching + b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")
                assert peer.recv(4096)[0] == _CLOSE_FRAME[0]
                peer.sendall(_CLOSE_FRAME)
                over.wait(20)

        thread = Thread(target=serve)
        thread.start()
        yield int(listening.getsockname()[1])
        over.set()
        thread.join()


def test_a_closed_line_leaves_no_socket_open(certificate: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "CLOSE_SECONDS", 0.1)
    trust = ssl.create_default_context(cafile=str(certificate.certificate))

    async def open_and_close(port: int) -> None:
        async with line.open_line(f"https://127.0.0.1:{port}", trust, lambda _: None):
            pass

    with warnings.catch_warnings(record=True) as warned, lingering_server(server_context(**vars(certificate))) as port:
        warnings.simplefilter("always", ResourceWarning)
        asyncio.run(open_and_close(port))
        gc.collect()
    assert [str(each.message) for each in warned] == []
