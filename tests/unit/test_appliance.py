"""What an appliance's start creates: state, keys, certificates, and the supervisor's configuration."""

from __future__ import annotations

import configparser
import datetime
import json
import shlex
import stat
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from conclave.services.appliance.certificates import (
    authority_for,
    fingerprint,
    generate_key,
    needs_renewal,
    server_certificate_for,
)
from conclave.services.appliance.errors import NotRunning, StartFailed
from conclave.services.appliance.isolation import DEMO, PROGRAMS, RELAY, Isolation, hand_over
from conclave.services.appliance.layout import Layout, default_state
from conclave.services.appliance.relay import prepare_relay
from conclave.services.appliance.settings import Settings, check_ports
from conclave.services.appliance.state import prepare_state
from conclave.services.appliance.supervision import is_running, stop_supervisor, write_configuration

NOW = datetime.datetime(2027, 3, 4, 5, 6, 7, tzinfo=datetime.UTC)
DAY = datetime.timedelta(days=1)
SETTINGS = Settings(8443, 10000, 2, ("192.0.2.1", "127.0.0.1"))


def contents(state: Path) -> dict[str, bytes]:
    return {str(path.relative_to(state)): path.read_bytes() for path in state.rglob("*") if path.is_file()}


def certificate(layout: Layout) -> x509.Certificate:
    return x509.load_pem_x509_certificate(layout.server_certificate.read_bytes())


def test_state_has_identity_keys_and_certificates(tmp_path: Path) -> None:
    layout = Layout.at(tmp_path / "state")
    prepare_state(layout, ("192.0.2.1",), NOW)
    assert len(json.loads(layout.deployment.read_text())["deployment_id"]) == 36
    identity = serialization.load_pem_private_key(layout.identity_key.read_bytes(), password=None)
    assert isinstance(identity, ed25519.Ed25519PrivateKey)
    assert len(bytes.fromhex(layout.database_key.read_text())) == 32
    server_key = serialization.load_pem_private_key(layout.server_key.read_bytes(), password=None)
    assert isinstance(server_key, ec.EllipticCurvePrivateKey)
    assert server_key.public_key() == certificate(layout).public_key()


def test_every_secret_is_its_owners_alone(tmp_path: Path) -> None:
    layout = Layout.at(tmp_path / "state")
    prepare_state(layout, ("192.0.2.1",), NOW)
    hand_over(layout, Isolation(separate=False))
    files = [path for path in layout.state.rglob("*") if path.is_file()]
    assert len(files) == 8
    for path in files:
        expected = 0o644 if path == layout.authority else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == expected, path
    for directory in (layout.log, layout.identity_key.parent, layout.server_key.parent, layout.core_control.parent):
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700, directory


def test_a_second_start_changes_nothing(tmp_path: Path) -> None:
    layout = Layout.at(tmp_path / "state")
    prepare_state(layout, ("192.0.2.1",), NOW)
    before = contents(layout.state)
    prepare_state(layout, ("192.0.2.1",), NOW + DAY)
    assert contents(layout.state) == before


@pytest.mark.parametrize(("address", "days"), [("192.0.2.1", 368), ("192.0.2.7", 1)])
def test_the_certificate_alone_is_renewed_when_it_ends_or_lacks_an_address(
    tmp_path: Path, address: str, days: int
) -> None:
    layout = Layout.at(tmp_path / "state")
    prepare_state(layout, ("192.0.2.1",), NOW)
    before = contents(layout.state)
    prepare_state(layout, (address,), NOW + days * DAY)
    after = contents(layout.state)
    assert {name for name in after if after[name] != before[name]} == {"gateway/server.pem", "gateway/server.key"}


def test_left_over_sockets_are_removed_before_a_start(tmp_path: Path) -> None:
    layout = Layout.at(tmp_path / "state")
    prepare_state(layout, ("192.0.2.1",), NOW)
    layout.admin_socket.touch()
    hand_over(layout, Isolation(separate=False))
    assert not layout.admin_socket.exists()


def test_the_certificate_is_valid_for_what_it_names_only() -> None:
    authority_key, key = generate_key(), generate_key()
    authority = authority_for(authority_key, "An authority", NOW)
    made = server_certificate_for(key, ("192.0.2.1", "2001:db8::1", "meet.example"), authority, authority_key, NOW)

    def verify(name: x509.GeneralName, moment: datetime.datetime, trusted: x509.Certificate = authority) -> None:
        assert isinstance(name, x509.IPAddress | x509.DNSName)
        PolicyBuilder().store(Store([trusted])).time(moment).build_server_verifier(name).verify(made, [])

    for name in made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value:
        verify(name, NOW)
    with pytest.raises(VerificationError):
        verify(x509.DNSName("other.example"), NOW)
    with pytest.raises(VerificationError):
        verify(x509.DNSName("meet.example"), NOW + 400 * DAY)
    with pytest.raises(VerificationError):
        verify(x509.DNSName("meet.example"), NOW, authority_for(generate_key(), "An authority", NOW))


def test_a_certificate_of_another_authority_is_renewed() -> None:
    key, other_key = generate_key(), generate_key()
    authority, other = authority_for(key, "An authority", NOW), authority_for(other_key, "An authority", NOW)
    made = server_certificate_for(generate_key(), ("192.0.2.1",), authority, key, NOW)
    assert not needs_renewal(made, ("192.0.2.1",), authority, NOW)
    assert needs_renewal(made, ("192.0.2.1",), other, NOW)


def test_a_fingerprint_reads_as_browsers_show_it() -> None:
    key = generate_key()
    shown = fingerprint(authority_for(key, "An authority", NOW))
    assert len(shown.split(":")) == 32
    assert shown == shown.upper()


@pytest.mark.parametrize(
    ("addresses", "url", "listen"),
    [
        (("192.0.2.1", "127.0.0.1"), "https://192.0.2.1:8443", "0.0.0.0"),
        (("127.0.0.1", "192.0.2.1"), "https://192.0.2.1:8443", "0.0.0.0"),
        (("127.0.0.1",), "https://127.0.0.1:8443", "0.0.0.0"),
        (("2001:db8::1", "127.0.0.1"), "https://[2001:db8::1]:8443", "::"),
    ],
)
def test_invites_name_the_first_address_that_others_reach(addresses: tuple[str, ...], url: str, listen: str) -> None:
    settings = Settings(8443, 10000, 1, addresses)
    assert (settings.public_url, settings.any_address) == (url, listen)


def test_settings_are_read_as_they_were_written(tmp_path: Path) -> None:
    SETTINGS.save(tmp_path / "settings.json")
    assert Settings.load(tmp_path / "settings.json") == SETTINGS


@pytest.mark.parametrize("separate", [True, False])
def test_the_supervisor_restarts_each_process_as_its_own_user(tmp_path: Path, separate: bool) -> None:
    layout = Layout.at(tmp_path / "a %(state)s 'dir'")
    prepare_state(layout, SETTINGS.addresses, NOW)
    write_configuration(layout, SETTINGS, Isolation(separate))
    assert stat.S_IMODE(layout.supervisor_configuration.stat().st_mode) == 0o600
    read = configparser.ConfigParser()
    read.read(layout.supervisor_configuration)
    for program in PROGRAMS:
        section = read[f"program:{program}"]
        assert section.getboolean("autorestart")
        assert section["umask"] == "007"
        assert section.get("user") == (program if separate else None)
        assert str(layout.run) in shlex.split(section["command"])
    core = shlex.split(read["program:conclave-core"]["command"])
    assert core[core.index("--workers") + 1] == "2"
    assert [core[index + 1] for index, word in enumerate(core) if word == "--address"] == list(SETTINGS.addresses)


@pytest.mark.parametrize(
    ("changed", "programs"),
    [
        ({}, set()),
        ({"port": 443}, {"conclave-gateway"}),
        ({"media_port": 443}, {"conclave-core"}),
        ({"turn_port": 700}, {"conclave-gateway", RELAY}),
        ({"metrics_address": "127.0.0.1:700"}, {"conclave-gateway"}),
    ],
)
@pytest.mark.parametrize("first_free", [1024, 0])
def test_only_who_listens_below_the_free_ports_keeps_a_capability_and_only_that_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: dict[str, Any], programs: set[str], first_free: int
) -> None:
    free = tmp_path / "ip_unprivileged_port_start"
    free.write_text(f"{first_free}\n")
    monkeypatch.setattr("conclave.services.appliance.isolation._FIRST_FREE_PORT", free)
    layout = Layout.at(tmp_path / "state")
    settings = replace(SETTINGS, relay_port=3478, **changed)
    prepare_state(layout, SETTINGS.addresses, NOW)
    write_configuration(layout, settings, Isolation(separate=True))
    read = configparser.ConfigParser()
    read.read(layout.supervisor_configuration)
    for program in (*PROGRAMS, RELAY):
        section = read[f"program:{program}"]
        command = shlex.split(section["command"])
        if first_free and program in programs:
            assert "user" not in section
            assert command[:4] == ["setpriv", f"--reuid={program}", f"--regid={program}", "--init-groups"]
            kinds = ("bounding-set", "inh-caps", "ambient-caps")
            assert command[4:7] == [f"--{kind}=-all,+net_bind_service" for kind in kinds]
        else:
            assert section["user"] == program
            assert "setpriv" not in command


def test_what_is_taken_of_files_reaches_control_and_is_remembered(tmp_path: Path) -> None:
    layout = Layout.at(tmp_path / "state")
    prepare_state(layout, SETTINGS.addresses, NOW)
    settings = replace(SETTINGS, file_limits=("--max-file-size", "500MiB"))
    write_configuration(layout, settings, Isolation(separate=True))
    read = configparser.ConfigParser()
    read.read(layout.supervisor_configuration)
    assert shlex.split(read["program:conclave-control"]["command"])[-2:] == ["--max-file-size", "500MiB"]
    for written in (settings, SETTINGS):
        written.save(layout.settings)
        assert Settings.load(layout.settings) == written


def test_the_relay_runs_unless_it_is_not_wanted(tmp_path: Path) -> None:
    layout = Layout.at(tmp_path / "state")
    prepare_state(layout, SETTINGS.addresses, NOW)
    read = configparser.ConfigParser()
    for port in (3478, 0):
        settings = replace(SETTINGS, relay_port=port)
        prepare_relay(layout, settings)
        hand_over(layout, Isolation(separate=False), (*PROGRAMS, *([RELAY] if port else [])))
        write_configuration(layout, settings, Isolation(separate=True))
        read.clear()
        read.read(layout.supervisor_configuration)
        assert read.has_section(f"program:{RELAY}") is bool(port)
        for program in ("conclave-control", "conclave-gateway"):
            assert ("--relay" in read[f"program:{program}"]["command"]) is bool(port)
        written = layout.supervisor_configuration.read_text()
        assert not port or layout.relay_secret.read_text() not in written, "commands are for everybody to read"


def test_the_relay_is_told_the_cores_addresses_and_no_others(tmp_path: Path) -> None:
    layout = Layout.at(tmp_path / "state")
    prepare_state(layout, SETTINGS.addresses, NOW)
    addresses = ("192.0.2.1", "192.0.2.2", "2001:db8::1", "127.0.0.1")
    settings = replace(SETTINGS, addresses=addresses, external_addresses=("203.0.113.1",), relay_port=3478)

    def told(settings: Settings, option: str) -> list[str]:
        prepare_relay(layout, settings)
        lines = layout.relay_configuration.read_text().splitlines()
        return [line.removeprefix(f"{option}=") for line in lines if line.startswith(f"{option}=") or line == option]

    assert told(settings, "allowed-peer-ip") == ["192.0.2.1", "192.0.2.2", "2001:db8::1"]
    assert set(told(settings, "relay-ip")) == {"192.0.2.1", "2001:db8::1"}
    assert told(settings, "listening-ip") == ["127.0.0.1"]
    assert told(settings, "no-udp") == ["no-udp"]
    assert told(settings, "allow-loopback-peers") == []
    opened = replace(settings, turn_port=3478)
    assert told(opened, "listening-ip") == ["127.0.0.1"]
    assert told(opened, "aux-server") == ["192.0.2.1:3478", "192.0.2.2:3478", "[2001:db8::1]:3478"]
    assert told(opened, "no-udp") == []
    six = replace(settings, addresses=("2001:db8::1",))
    assert told(six, "allocation-default-address-family") == ["ipv6"]


@pytest.mark.parametrize(
    ("changed", "url"),
    [
        ({}, "https://192.0.2.1:8443"),
        ({"port": 443}, "https://192.0.2.1"),
        ({"addresses": ("127.0.0.1",)}, "https://127.0.0.1:8443"),
        ({"addresses": ("2001:db8::1",), "port": 443}, "https://[2001:db8::1]"),
        ({"external_addresses": ("203.0.113.1",)}, "https://203.0.113.1:8443"),
        ({"external_addresses": ("203.0.113.1",), "host": "meet.example"}, "https://meet.example:8443"),
    ],
)
def test_invites_name_where_people_reach_the_gateway(changed: dict[str, Any], url: str) -> None:
    assert replace(SETTINGS, **changed).public_url == url


def test_behind_a_nat_the_outer_address_is_offered_after_the_machines_own(tmp_path: Path) -> None:
    layout = Layout.at(tmp_path / "state")
    settings = replace(SETTINGS, external_addresses=("203.0.113.1",), host="meet.example")
    prepare_state(layout, settings.certified_names, NOW)
    names = certificate(layout).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert x509.IPAddress(ip_address("203.0.113.1")) in names
    assert x509.DNSName("meet.example") in names
    write_configuration(layout, settings, Isolation(separate=True))
    read = configparser.ConfigParser()
    read.read(layout.supervisor_configuration)
    core = shlex.split(read["program:conclave-core"]["command"])
    offered = [core[index + 1] for index, word in enumerate(core) if word == "--address"]
    assert offered == [*SETTINGS.addresses, "203.0.113.1"]
    assert core[core.index("--bind") + 1] == "0.0.0.0"


@pytest.mark.parametrize("settings", [replace(SETTINGS, turn_port=port) for port in (8443, 10001)])
def test_turn_has_a_port_of_its_own(settings: Settings) -> None:
    with pytest.raises(StartFailed, match="--turn-port"):
        check_ports(settings)


def test_the_demo_runs_and_has_a_place_only_when_asked_for(tmp_path: Path) -> None:
    layout = Layout.at(tmp_path / "state")
    prepare_state(layout, SETTINGS.addresses, NOW)
    for settings, programs in ((SETTINGS, PROGRAMS), (replace(SETTINGS, demo=True), (*PROGRAMS, DEMO))):
        for _ in range(2):
            hand_over(layout, Isolation(separate=False), programs)
            assert layout.demo_socket.parent.exists() is settings.demo
        write_configuration(layout, settings, Isolation(separate=True))
        read = configparser.ConfigParser()
        read.read(layout.supervisor_configuration)
        found = {name.removeprefix("program:") for name in read.sections() if name.startswith("program:")}
        assert found == set(programs)
    assert read["program:conclave-demo"]["user"] == DEMO
    assert str(layout.state / "control") not in read["program:conclave-demo"]["command"]
    hand_over(layout, Isolation(separate=False), PROGRAMS)
    assert not layout.demo_socket.parent.exists(), "invites of an earlier demo are gone"


def test_no_appliance_is_not_running(tmp_path: Path) -> None:
    layout = Layout.at(tmp_path / "state")
    assert not is_running(layout)
    with pytest.raises(NotRunning, match="start it with"):
        stop_supervisor(layout)


def test_a_state_directory_too_long_for_sockets_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StartFailed, match="bytes shorter"):
        Layout.at(tmp_path / ("x" * 100))


def test_the_state_directory_is_chosen_by_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CONCLAVE_STATE", str(tmp_path))
    assert default_state() == tmp_path
    monkeypatch.delenv("CONCLAVE_STATE")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert default_state() == Path("/var/lib/conclave")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert default_state() == tmp_path / "conclave"
