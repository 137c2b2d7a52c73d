"""Participants at addresses of their own, where Sinks can turn what they are sent to either sink."""

from __future__ import annotations

import itertools
import socket

from bench.sinks import CORE_ADDRESS, subscriber_address

from clients.participant import Participant

__all__ = ["AtCoreAddress", "AtOwnAddress"]


class AtCoreAddress(Participant):
    """Who publishes: on the core's own address."""

    def address(self) -> str:
        """What its socket is bound to."""
        return CORE_ADDRESS

    def _open(self) -> socket.socket:
        opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        opened.bind((self.address(), 0))
        opened.connect((CORE_ADDRESS, self.transport.udp_port))
        opened.setblocking(False)
        return opened


class AtOwnAddress(AtCoreAddress):
    """Who subscribes: each at the next of the addresses that lead to a sink."""

    numbers = itertools.count()

    def address(self) -> str:
        """What its socket is bound to."""
        return subscriber_address(next(self.numbers))
