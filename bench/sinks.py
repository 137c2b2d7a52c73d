"""Where forwarded packets end, in a network namespace of this process's own.

"nic": what a network card is nearest to. The packets pass UDP, IP, the route and the device's transmit function, which
frees them (an `ifb` device frees what nobody redirected to it). It takes groups whole, as a card with UDP segmentation
does. "loopback": the kernel delivers them to sockets on the sender's bill.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
from pathlib import Path

__all__ = ["CORE_ADDRESS", "SINKS", "Sinks", "subscriber_address"]

SINKS = ("nic", "loopback")
CORE_ADDRESS = "10.8.0.1"
_SUBSCRIBERS = "10.9.0.0/16"
_CLONE_NEWNET = 0x40000000
_DEVICE = "sink"
_RECEIVED_BYTES = 1  # the column of /proc/net/dev, the name of the device being column 0


class Sinks:
    """Moves this process and what it starts from here on into a namespace that has both sinks; needs root."""

    def __init__(self) -> None:
        if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "no network namespace of its own: run it as root")
        for command in (
            "link set lo up",
            f"addr add {CORE_ADDRESS}/32 dev lo",
            f"link add {_DEVICE} type ifb",
            f"link set {_DEVICE} up",
            f"route add {_SUBSCRIBERS} dev {_DEVICE}",
            f"route add local {_SUBSCRIBERS} dev lo",
        ):
            _ip(command)
        self._chosen = "loopback"

    def choose(self, sink: str) -> None:
        """What is sent to subscribers from now on ends in `sink`. They can send only while it is "loopback"."""
        if sink != self._chosen:
            # A local route goes before any other.
            _ip(f"route {'add' if sink == 'loopback' else 'del'} local {_SUBSCRIBERS} dev lo")
            self._chosen = sink

    def taken(self) -> int:
        """Bytes that ended in the device, headers of UDP and below included."""
        lines = Path(f"/proc/{os.getpid()}/net/dev").read_text().splitlines()
        fields = next(line.split() for line in lines if line.strip().startswith(f"{_DEVICE}:"))
        return int(fields[_RECEIVED_BYTES])


def subscriber_address(number: int) -> str:
    """An address of one subscriber's own."""
    return f"10.9.{number // 250}.{number % 250 + 1}"


def _ip(command: str) -> None:
    subprocess.run(["ip", *command.split()], check=True)
