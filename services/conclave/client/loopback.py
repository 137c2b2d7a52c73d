"""The address of this machine that aioice leaves out."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

import aioice.ice

__all__ = ["offering_loopback"]

_offered: ContextVar[bool] = ContextVar("_offered", default=False)
_own_addresses = aioice.ice.get_host_addresses


def _addresses(use_ipv4: bool, use_ipv6: bool) -> list[str]:
    loopback = ["127.0.0.1"] if _offered.get() and use_ipv4 else []
    return [*loopback, *_own_addresses(use_ipv4, use_ipv6)]


# aioice has no option for it; outside of `offering_loopback` nothing is different from before.
aioice.ice.get_host_addresses = _addresses


@contextlib.contextmanager
def offering_loopback(offered: bool) -> Iterator[None]:
    """Has peer connections offer 127.0.0.1 too, by which alone an appliance on the same machine may be reached."""
    token = _offered.set(offered)
    try:
        yield
    finally:
        _offered.reset(token)
