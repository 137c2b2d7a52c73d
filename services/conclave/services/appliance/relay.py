"""The relay: coturn from Debian, told to reach the addresses that the media core offers, and no others."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

from conclave.services.appliance.errors import StartFailed
from conclave.services.appliance.layout import Layout
from conclave.services.appliance.settings import Settings
from conclave.services.appliance.state import write_private

__all__ = ["TURNSERVER", "answers", "free_loopback_port", "prepare_relay", "require_turnserver"]

TURNSERVER = Path("/usr/bin/turnserver")
_SECRET_SIZE = 32
# A browser allocates one address a URL and network interface, and does so again while it restarts ICE.
_ALLOCATIONS_OF_ONE = 24
_ANSWER_SECONDS = 2.0
# The PROXY protocol, version 2, section 2.2: a connection of the server's own neighbour, in nobody's name.
_LOCAL = b"\r\n\r\n\x00\r\nQUIT\n" + bytes.fromhex("20 00 0000")
# RFC 8656 section 17: an Allocate request; without credentials it is refused, by a relay that is well.
_ALLOCATE = bytes.fromhex("00030000 2112a442")
_ALLOCATE_REFUSED = bytes.fromhex("0113")

_ALWAYS = (
    # Neither a console nor web pages; no TLS of its own, for the gateway ends it; no TCP towards peers; no plain STUN,
    # which anybody could have answered to somebody else's address.
    "no-cli",
    "no-tls",
    "no-dtls",
    "no-tcp-relay",
    "no-stun",
    "no-rfc5780",
    "no-multicast-peers",
    "no-software-attribute",
    "use-auth-secret",
    "realm=conclave",
    "fingerprint",
    f"user-quota={_ALLOCATIONS_OF_ONE}",
    # Nothing is read from a database, not even while it runs.
    "no-dynamic-ip-list",
    "no-dynamic-realms",
    "no-auth-pings",
    # It would name the addresses of clients. What is wrong with a configuration is told before there is a log.
    "log-file=/dev/null",
    "no-stdout-log",
    # What is not allowed below is denied; without a range, nothing would be.
    "denied-peer-ip=0.0.0.0-255.255.255.255",
    "denied-peer-ip=::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
)


def require_turnserver() -> None:
    """Raises StartFailed when coturn is not installed."""
    if not TURNSERVER.exists():
        raise StartFailed("coturn is missing: install the Debian package coturn, or start without it by --no-relay")


def free_loopback_port() -> int:
    """A TCP port of the loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def prepare_relay(layout: Layout, settings: Settings) -> None:
    """Writes the relay's configuration with a new secret, which control is given too; removes what is not used."""
    if not settings.relay_port:
        layout.relay_configuration.unlink(missing_ok=True)
        layout.relay_secret.unlink(missing_ok=True)
        return
    secret = secrets.token_hex(_SECRET_SIZE)
    layout.relay_configuration.parent.mkdir(exist_ok=True, mode=0o700)
    write_private(layout.relay_secret, secret.encode())
    lines = [*_ALWAYS, *_where(layout, settings), f"static-auth-secret={secret}"]
    write_private(layout.relay_configuration, "".join(f"{line}\n" for line in lines).encode())


def answers(port: int) -> bool:
    """Whether a relay on this port of the loopback takes requests."""
    request = _LOCAL + _ALLOCATE + os.urandom(12)
    try:
        with socket.create_connection(("127.0.0.1", port), _ANSWER_SECONDS) as connection:
            connection.sendall(request)
            return connection.recv(64).startswith(_ALLOCATE_REFUSED)
    except OSError:
        return False


def _where(layout: Layout, settings: Settings) -> list[str]:
    """What depends on this appliance: where the relay listens, from where and to whom it sends, where it writes."""
    peers = _reachable(settings.addresses)
    directory = layout.relay_configuration.parent
    lines = [
        "listening-ip=127.0.0.1",
        f"listening-port={settings.relay_port}",
        # TCP then takes connections from the gateway only, which says whose they are.
        f"tcp-proxy-port={settings.relay_port}",
        *(f"relay-ip={address}" for address in _first_of_each_version(peers)),
        *(f"allowed-peer-ip={address}" for address in peers),
        # Asked for neither IPv4 nor IPv6, as browsers do: what the core has (RFC 8656 section 7.2).
        f"allocation-default-address-family={'ipv4' if any(peer.version == 4 for peer in peers) else 'ipv6'}",
        f"pidfile={directory / 'turnserver.pid'}",
        f"userdb={directory / 'users.db'}",
    ]
    if all(peer.is_loopback for peer in peers):
        lines.append("allow-loopback-peers")
    if not settings.turn_port:
        return [*lines, "no-udp"]
    hosts = [f"[{peer}]" if peer.version == 6 else str(peer) for peer in peers]
    return [*lines, *(f"aux-server={host}:{settings.turn_port}" for host in hosts)]


def _reachable(addresses: Sequence[str]) -> list[IPv4Address | IPv6Address]:
    """The core's addresses without the loopback, unless that is all there is."""
    parsed = [ip_address(address) for address in addresses]
    return [address for address in parsed if not address.is_loopback] or parsed


def _first_of_each_version(addresses: Sequence[IPv4Address | IPv6Address]) -> list[IPv4Address | IPv6Address]:
    return list({address.version: address for address in reversed(addresses)}.values())
