"""The real coturn under the configuration that an appliance writes, attacked by who has no right and by who has."""

from __future__ import annotations

import datetime
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tests.turn import TurnClient

from conclave.services.appliance.layout import Layout
from conclave.services.appliance.relay import TURNSERVER, answers, free_loopback_port, prepare_relay
from conclave.services.appliance.settings import Settings
from conclave.services.appliance.state import prepare_state
from conclave.services.gateway.proxy_header import proxy_header
from conclave.services.media.relay import LIFETIME, Relay

PATIENCE_S = 20.0
# TEST-NET-1 (RFC 5737).
ELSEWHERE = "192.0.2.1"
CLIENT = ("192.0.2.7", 51000)


def now() -> datetime.datetime:
    """The relay compares expiries with the clock, and the tests may come to their turn hours after their import."""
    return datetime.datetime.now(datetime.UTC)


@dataclass(frozen=True)
class RunningRelay:
    port: int
    grants: Relay
    process: subprocess.Popen[bytes]
    log: Path

    def client(self, username: str, password: str) -> TurnClient:
        connection = socket.create_connection(("127.0.0.1", self.port), PATIENCE_S)
        connection.sendall(proxy_header(CLIENT, ("192.0.2.1", 443)))
        return TurnClient(connection, username, password)

    def admitted(self, participant: str = "somebody") -> TurnClient:
        """A client with an allocation."""
        grant = self.grants.grant(participant, now())
        client = self.client(grant.username, grant.credential)
        assert client.allocate().error == 0
        return client


@contextmanager
def running(layout: Layout, settings: Settings) -> Iterator[RunningRelay]:
    prepare_state(layout, settings.certified_names, now())
    prepare_relay(layout, settings)
    log = layout.log / "relay.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [TURNSERVER, "-c", layout.relay_configuration], stdout=output, stderr=subprocess.STDOUT, cwd="/"
        )
    try:
        deadline = time.monotonic() + PATIENCE_S
        while not answers(settings.relay_port):
            assert process.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.02)
        yield RunningRelay(settings.relay_port, Relay(layout.relay_secret.read_bytes()), process, log)
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def settings() -> Settings:
    return Settings(8443, 10000, 1, ("127.0.0.1",), relay_port=free_loopback_port())


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    return Layout.at(tmp_path_factory.mktemp("relay"))


@pytest.fixture(scope="module")
def relay(layout: Layout, settings: Settings) -> Iterator[RunningRelay]:
    with running(layout, settings) as started:
        yield started


def test_an_admitted_client_reaches_the_core_and_is_reached_by_it(relay: RunningRelay) -> None:
    with relay.admitted() as client, socket.socket(type=socket.SOCK_DGRAM) as core:
        core.settimeout(PATIENCE_S)
        core.bind(("127.0.0.1", 0))
        port = core.getsockname()[1]
        assert client.permit("127.0.0.1").error == 0
        client.send("127.0.0.1", port, b"to the core")
        received, source = core.recvfrom(100)
        assert received == b"to the core"
        core.sendto(b"to the client", source)
        assert client.receive() == (("127.0.0.1", port), b"to the client")


@pytest.mark.parametrize("attack", ["nothing", "forged", "another's", "expired", "prolonged"])
def test_who_holds_no_valid_credential_gets_no_allocation(relay: RunningRelay, attack: str) -> None:
    good, other = relay.grants.grant("somebody", now()), relay.grants.grant("somebody else", now())
    late = relay.grants.grant("somebody", now() - LIFETIME - datetime.timedelta(seconds=1))
    expiry, name = late.username.split(":")
    username, password = {
        "nothing": ("", ""),
        "forged": (good.username, Relay(b"guessed").grant("somebody", now()).credential),
        "another's": (other.username, good.credential),
        "expired": (late.username, late.credential),
        "prolonged": (f"{int(expiry) + 7200}:{name}", late.credential),
    }[attack]
    with relay.client(username, password) as client:
        assert client.allocate().error == 401


@pytest.mark.parametrize("peer", [ELSEWHERE, "127.0.0.2", "10.0.0.1", "169.254.169.254", "224.0.0.1", "0.0.0.0"])
def test_an_admitted_client_reaches_nobody_but_the_core(relay: RunningRelay, peer: str) -> None:
    with relay.admitted() as client:
        assert client.permit(peer).error == 403
        assert client.bind_channel(0x4000, peer, 10000).error == 403


def test_one_participant_has_only_so_many_allocations(relay: RunningRelay) -> None:
    clients = [relay.admitted("greedy") for _ in range(24)]
    grant = relay.grants.grant("greedy", now() + datetime.timedelta(minutes=5))
    try:
        # A newer credential is no way around it, and nobody else is shut out.
        with relay.client(grant.username, grant.credential) as client:
            assert client.allocate().error == 486
        relay.admitted("another").__exit__()
    finally:
        for client in clients:
            client.__exit__()


def test_a_client_is_told_its_own_address_and_no_log_is(relay: RunningRelay, layout: Layout) -> None:
    grant = relay.grants.grant("somebody", now())
    with relay.client(grant.username, grant.credential) as client:
        # Firefox gives an allocation up when it is told an address of the loopback.
        assert client.allocate().mapped_address == CLIENT
    with relay.client("1:alice", "wrong") as client:
        assert client.allocate().error == 401
    log = relay.log.read_text(errors="replace")
    assert all(word not in log for word in (CLIENT[0], "alice", grant.username, layout.relay_secret.read_text()))


def test_it_listens_on_the_loopback_alone_and_over_tcp_alone(relay: RunningRelay) -> None:
    listing = subprocess.run(["ss", "-Hlnptu"], capture_output=True, text=True, check=True).stdout
    own = [line.split() for line in listing.splitlines() if f"pid={relay.process.pid}," in line]
    assert {(line[0], line[4]) for line in own} == {("tcp", f"127.0.0.1:{relay.port}")}


def test_each_start_has_a_secret_of_its_own(layout: Layout, settings: Settings, tmp_path: Path) -> None:
    other = Layout.at(tmp_path / "other")
    prepare_state(other, (), now())
    secrets = set()
    for _ in range(2):
        prepare_relay(other, settings)
        secrets.add(other.relay_secret.read_bytes())
        assert other.relay_secret.stat().st_mode & 0o777 == 0o600
        assert other.relay_configuration.stat().st_mode & 0o777 == 0o600
    assert len(secrets) == 2
    prepare_relay(other, replace(settings, relay_port=0))
    assert not other.relay_secret.exists() and not other.relay_configuration.exists()
