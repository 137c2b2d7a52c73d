"""How an appliance is started: ports, addresses, workers."""

from __future__ import annotations

import json
import socket
import subprocess
from dataclasses import asdict, dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

from conclave.services.appliance.errors import StartFailed

__all__ = ["Address", "Settings", "check_ports", "machine_addresses"]

HTTPS_PORT = 443

Address = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class Settings:
    """With what one appliance runs.

    port: HTTPS. media_port: UDP and TCP of the first worker, the others follow. addresses: offered to clients, the
    preferred first. database_url: SQLAlchemy's; empty for the encrypted file in the state directory. demo: whether
    synthetic participants run beside it. file_limits: options of control that say what it takes of shared files.
    metrics_address: where /metrics is served, such as 127.0.0.1:9464; empty for nowhere.
    external_addresses: those at which a NAT in front of the machine passes on to it; offered after its own. host: the
    name in invites; empty for an address. relay_port: where the relay listens on the loopback, 0 without one.
    turn_port: where it takes clients over UDP and TCP besides TLS, 0 for nowhere.
    """

    port: int
    media_port: int
    workers: int
    addresses: tuple[str, ...]
    database_url: str = ""
    demo: bool = False
    file_limits: tuple[str, ...] = ()
    metrics_address: str = ""
    external_addresses: tuple[str, ...] = ()
    host: str = ""
    relay_port: int = 0
    turn_port: int = 0

    @property
    def public_url(self) -> str:
        """The origin that invites name: the first address that other machines reach, if no name is given."""
        addresses = [ip_address(address) for address in (*self.external_addresses, *self.addresses)]
        best = next((address for address in addresses if not address.is_loopback), addresses[0])
        host = self.host or (f"[{best}]" if best.version == 6 else str(best))
        return f"https://{host}" if self.port == HTTPS_PORT else f"https://{host}:{self.port}"

    @property
    def offered_addresses(self) -> tuple[str, ...]:
        """Where the core tells clients to send: the machine's own addresses come first."""
        return tuple(dict.fromkeys((*self.addresses, *self.external_addresses)))

    @property
    def certified_names(self) -> tuple[str, ...]:
        """What clients may reach the gateway by."""
        return (*self.offered_addresses, *([self.host] if self.host else []))

    @property
    def any_address(self) -> str:
        """What to listen on: every address, of IPv6 too when one is offered."""
        return "::" if any(ip_address(address).version == 6 for address in self.addresses) else "0.0.0.0"

    def save(self, path: Path) -> None:
        """Writes the settings down, for those who ask what is running."""
        path.write_text(json.dumps(asdict(self), indent=2) + "\n")

    @classmethod
    def load(cls, path: Path) -> Settings:
        """Reads what `save` wrote."""
        values = json.loads(path.read_text())
        # What an earlier version has written knows nothing of files.
        lists = {name: tuple(values.get(name, ())) for name in ("addresses", "file_limits", "external_addresses")}
        return cls(**{**values, **lists})


def machine_addresses() -> tuple[str, ...]:
    """Every address of the machine that clients may be offered: those of the network first, loopback last."""
    answer = subprocess.run(["ip", "-json", "address", "show", "up"], capture_output=True, text=True, check=True)
    found = [
        ip_address(entry["local"])
        for interface in json.loads(answer.stdout)
        for entry in interface.get("addr_info", ())
        if "local" in entry
    ]
    # A link-local address means nothing without the name of an interface, which clients cannot be told.
    usable = [address for address in found if not (address.version == 6 and address.is_link_local)]
    if not usable:
        raise StartFailed("this machine has no IP address; bring an interface up, or name one with --address")
    return tuple(str(address) for address in sorted(usable, key=lambda address: (address.is_loopback, address.version)))


def check_ports(settings: Settings) -> None:
    """Raises StartFailed when a port is taken: that is clearer than a process that starts over and over."""
    family = socket.AF_INET6 if settings.any_address == "::" else socket.AF_INET
    media_ports = range(settings.media_port, settings.media_port + settings.workers)
    if settings.port in media_ports:
        raise StartFailed(f"TCP port {settings.port} is wanted for pages and for media; choose another with --port")
    if settings.turn_port and settings.turn_port in (settings.port, *media_ports):
        raise StartFailed(f"port {settings.turn_port} is wanted for TURN and more; choose another with --turn-port")
    wanted = [("--port", socket.SOCK_STREAM, settings.port)]
    wanted += [
        ("--media-port", kind, settings.media_port + index)
        for index in range(settings.workers)
        for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM)
    ]
    if settings.turn_port:
        wanted += [("--turn-port", kind, settings.turn_port) for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM)]
    for option, kind, port in wanted:
        with socket.socket(family, kind) as probe:
            if kind == socket.SOCK_STREAM:
                # A connection of before that is still closing does not hold the port.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            try:
                probe.bind((settings.any_address, port))
            except OSError as error:
                protocol = "TCP" if kind == socket.SOCK_STREAM else "UDP"
                raise StartFailed(f"{protocol} port {port}: {error.strerror}; choose another with {option}") from error
