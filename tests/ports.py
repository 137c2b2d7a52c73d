"""Ports on which an appliance of a test can listen."""

from __future__ import annotations

import socket

__all__ = ["free_ports"]


def free_ports() -> tuple[int, int]:
    """One for the page and one for media, on which both UDP and TCP are free. All are held until all are known."""
    while True:
        with socket.socket() as page, socket.socket() as media, socket.socket(type=socket.SOCK_DGRAM) as datagrams:
            page.bind(("0.0.0.0", 0))
            media.bind(("0.0.0.0", 0))
            port = media.getsockname()[1]
            try:
                datagrams.bind(("0.0.0.0", port))
            except OSError:
                continue
            return page.getsockname()[1], port
