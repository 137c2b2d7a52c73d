"""Limits of the web face, and the rates of addresses. Time is an argument, in nanoseconds."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from dataclasses import dataclass, field

from conclave.services.domain.rates import Rate, TokenBucket

__all__ = ["AddressBuckets", "Limits", "address_key"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one gateway carries.

    Rates of an address are generous, because a whole office may stand behind one and reconnect at the same moment.
    """

    message_size: int = 256 * 1024
    """Bytes of one signalling message; a browser's offer has up to 133 kB."""
    requests: Rate = field(default=Rate(20, 60))
    """Signalling messages of one connection."""
    connections_of_address: Rate = field(default=Rate(20, 200))
    """New signalling connections of one address."""
    invalid_invites_of_address: Rate = field(default=Rate(0.2, 20))
    """Hellos with an invite that is none, of one address."""
    strangers_of_address: Rate = field(default=Rate(0.1, 10))
    """Hellos without any credential, which ask for nothing but probes, of one address."""
    connections: int = 2000
    """Signalling connections at once."""
    hello_timeout_s: float = 10
    """From the connection to its first message."""
    heartbeat_s: float = 15
    """Without a byte, until a client is asked whether it is there; half as long again, and it is gone.

    Browsers answer by themselves, whatever the page does.
    """
    idle_timeout_s: float = 60
    """Without a message; a client sends one every 20 s."""
    send_timeout_s: float = 10
    """For one message to leave towards a client."""
    queue_messages: int = 256
    """Messages that wait for one client."""
    queue_size: int = 1024 * 1024
    """Bytes of messages that wait for one client."""
    requests_of_files: Rate = field(default=Rate(50, 400))
    """Parts and readings of files of one address."""
    refused_tokens_of_address: Rate = field(default=Rate(0.5, 30))
    """Requests for files, or of devices, with a token that is none, of one address."""
    transfers: int = 200
    """Parts and readings of files at once."""
    transfer_stall_s: float = 30
    """Without a byte of a file."""
    part_timeout_s: float = 600
    """For one part of a file to come in; 56 kbit/s are enough."""
    requests_of_devices: Rate = field(default=Rate(5, 60))
    """Requests of devices (WHIP and WHEP) of one address."""
    body_timeout_s: float = 10
    """For the offer of a device to come in."""
    relayed: int = 500
    """Connections to the relay at once."""
    relayed_of_address: int = 200
    """Of those, of one address: a network that needs the relay often has one for all of its people."""
    tracked_addresses: int = 10_000
    """Addresses whose rates are kept; the one unused longest is forgotten."""


class AddressBuckets:
    """One bucket an address, for a bounded number of addresses."""

    def __init__(self, rate: Rate, capacity: int) -> None:
        self._rate = rate
        self._capacity = capacity
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def of(self, address: str, now_ns: int) -> TokenBucket:
        """The bucket of an address, full when the address is new."""
        key = address_key(address)
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = TokenBucket(self._rate, now_ns)
            if len(self._buckets) > self._capacity:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(key)
        return bucket


def address_key(address: str) -> str:
    """What counts as one address: an IPv4 address, or an IPv6 network of 64 bits, which one host has to itself."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.IPv6Network((int(parsed), 64), strict=False))
    return str(parsed)
