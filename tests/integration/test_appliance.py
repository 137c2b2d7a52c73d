"""Whole appliances: started and stopped as people do it, side by side, attacked from the wrong user, killed."""

from __future__ import annotations

import json
import os
import pwd
import re
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from tests.ports import free_ports

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ["conclave-core", "conclave-control", "conclave-gateway", "conclave-relay"]
KILLED = ["conclave-core", *(pytest.param(program, marks=pytest.mark.full) for program in PROGRAMS[1:])]

pytestmark = pytest.mark.timeout(600)


@dataclass(frozen=True)
class Appliance:
    """One appliance in a state directory of its own."""

    state: Path
    port: int
    media_port: int
    metrics_port: int

    def up(self) -> str:
        """Starts it; returns what it printed."""
        ports = ["--port", str(self.port), "--media-port", str(self.media_port), "--address", "127.0.0.1"]
        metrics = ["--metrics-address", f"127.0.0.1:{self.metrics_port}"]
        return call(ROOT / "appliance" / "up", "--detach", "--state", self.state, *ports, *metrics)

    def down(self) -> str:
        return call(ROOT / "appliance" / "down", "--state", self.state)

    def status(self) -> dict[str, object]:
        """What `conclave status --json` tells; empty while control does not answer."""
        command = [ROOT / ".venv" / "bin" / "conclave", "--state", self.state, "status", "--json"]
        result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        values = json.loads(result.stdout or "{}")
        assert isinstance(values, dict)
        return values

    def processes(self) -> dict[str, int]:
        """The process id of each program that the supervisor keeps."""
        supervised = self.status().get("supervised", [])
        assert isinstance(supervised, list)
        return {process["name"]: process["pid"] for process in supervised if process["state"] == "RUNNING"}


def call(*command: str | Path) -> str:
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def collect(port: int, token: str) -> list[Metric]:
    """What a monitoring system collects, read by a strict parser of OpenMetrics."""
    request = urllib.request.Request(  # of this machine
        f"http://127.0.0.1:{port}/metrics", headers={"Authorization": f"Bearer {token}"}
    )
    with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
        return list(text_string_to_metric_families(answer.read().decode()))  # type: ignore[no-untyped-call]


def unknown_metrics(dashboard: dict[str, Any], families: dict[str, Metric]) -> set[str]:
    """Names in a dashboard's expressions that no collected sample has; at least one panel has one."""
    endings = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "info": ("_info",)}
    known = {name + ending for name, family in families.items() for ending in endings.get(family.type, ("",))}
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", ())]
    used = {name for expression in expressions for name in re.findall(r"\bconclave_\w+", expression)}
    assert used, "the dashboard shows nothing"
    return used - known


def user_of(pid: int) -> str:
    """Who a process runs as: what /proc says in its files, for those of an undumpable process belong to root."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (uids,) = (line.split()[1:] for line in lines if line.startswith("Uid:"))
    assert len(set(uids)) == 1, "real, effective, saved and file system user are one"
    return pwd.getpwuid(int(uids[0])).pw_name


def wait_for(condition: Callable[[], bool], seconds: float) -> None:
    """Returns when the condition holds; fails when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s"


@pytest.fixture(scope="module")
def appliances(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Appliance]]:
    """Two that run side by side, where system users may pass."""
    directory = tmp_path_factory.mktemp("appliances")
    for passed in (directory, *directory.parents[:2]):
        passed.chmod(passed.stat().st_mode | 0o011)
    made = [Appliance(directory / name, *free_ports(), free_ports()[0]) for name in ("one", "two")]
    try:
        for appliance in made:
            appliance.up()
        yield made
    finally:
        for appliance in made:
            subprocess.run([ROOT / "appliance" / "down", "--state", appliance.state], capture_output=True, check=False)


def test_two_run_side_by_side_with_identities_of_their_own(appliances: list[Appliance]) -> None:
    told = [appliance.status() for appliance in appliances]
    assert all(sorted(appliance.processes()) == sorted(PROGRAMS) for appliance in appliances)
    assert told[0]["deployment_id"] != told[1]["deployment_id"]
    assert told[0]["identity_fingerprint"] != told[1]["identity_fingerprint"]


def test_a_second_start_says_that_it_runs_and_changes_nothing(appliances: list[Appliance]) -> None:
    before = appliances[0].processes()
    assert "runs already" in appliances[0].up()
    assert appliances[0].processes() == before


def test_the_first_start_alone_hands_out_the_first_invite(appliances: list[Appliance], tmp_path: Path) -> None:
    appliance = appliances[1]
    appliance.down()
    output = appliance.up()
    assert "#" not in output, "an invite's link has its token after the hash"
    assert "invite first-meeting" in output


@pytest.mark.parametrize("program", KILLED)
def test_a_killed_process_is_started_again_and_the_others_stay(appliances: list[Appliance], program: str) -> None:
    appliance = appliances[0]
    before = appliance.processes()
    os.kill(before[program], signal.SIGKILL)
    wait_for(lambda: appliance.processes().get(program, before[program]) != before[program], 30)
    after = appliance.processes()
    assert {name for name in PROGRAMS if after[name] != before[name]} == {program}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_each_process_is_a_user_of_its_own(appliances: list[Appliance]) -> None:
    owners = {name: user_of(pid) for name, pid in appliances[0].processes().items()}
    assert owners == {name: name for name in PROGRAMS}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("run/core/control.ipc", {"conclave-core", "conclave-control"}),
        ("run/core/events.ipc", {"conclave-core", "conclave-control"}),
        ("run/signal/control.sock", {"conclave-control", "conclave-gateway"}),
        ("run/control/admin.sock", {"conclave-control"}),
        ("run/supervisor.sock", set()),
    ],
)
def test_a_socket_opens_for_its_pair_only(appliances: list[Appliance], path: str, allowed: set[str]) -> None:
    script = "import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])"
    admitted = set()
    for user in [*PROGRAMS, "nobody"]:
        account = pwd.getpwnam(user)
        result = subprocess.run(
            ["/usr/bin/python3", "-c", script, str(appliances[0].state / path)],
            user=account.pw_uid,
            group=account.pw_gid,
            extra_groups=os.getgrouplist(user, account.pw_gid),
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0 or "PermissionError" in result.stderr, result.stderr
        admitted |= {user} if result.returncode == 0 else set()
    assert admitted == allowed


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_secret_opens_for_its_process_only(appliances: list[Appliance]) -> None:
    state = appliances[0].state
    readers = {
        "control/identity.key": {"conclave-control"},
        "control/database.key": {"conclave-control"},
        "control/conclave.db": {"conclave-control"},
        "gateway/server.key": {"conclave-gateway"},
        "control/relay.secret": {"conclave-control"},
        "run/relay/turnserver.conf": {"conclave-relay"},
        "ca/ca.key": set(),
        "ca/ca.pem": {*PROGRAMS, "nobody"},
    }
    for path, allowed in readers.items():
        admitted = set()
        for user in [*PROGRAMS, "nobody"]:
            account = pwd.getpwnam(user)
            groups = os.getgrouplist(user, account.pw_gid)
            result = subprocess.run(
                ["cat", str(state / path)],
                user=account.pw_uid,
                group=account.pw_gid,
                extra_groups=groups,
                cwd="/",
                capture_output=True,
                check=False,
            )
            admitted |= {user} if result.returncode == 0 else set()
        assert admitted == allowed, path


def test_a_taken_port_is_told_before_anything_starts(appliances: list[Appliance], tmp_path: Path) -> None:
    taken = Appliance(tmp_path / "state", appliances[0].port, *free_ports())
    command = [ROOT / "appliance" / "up", "--detach", "--state", taken.state, "--port", str(taken.port)]
    result = subprocess.run(
        [*command, "--media-port", str(taken.media_port)], capture_output=True, text=True, check=False
    )
    assert result.returncode == 1
    assert f"TCP port {taken.port}" in result.stderr
    assert "--port" in result.stderr
    assert not (taken.state / "run").exists()


def test_the_metrics_of_every_process_are_collected_in_one_place(appliances: list[Appliance]) -> None:
    appliance = appliances[0]
    wait_for(lambda: bool(appliance.status().get("core")), 30)
    token = (appliance.state / "gateway" / "metrics.token").read_text().strip()
    families = {family.name: family for family in collect(appliance.metrics_port, token)}
    for process in ("control", "gateway"):
        (memory,) = families[f"conclave_{process}_process_resident_memory_bytes"].samples
        assert memory.value > 1_000_000
    assert families["conclave_core_up"].samples[0].value == 1
    assert [sample.labels for sample in families["conclave_core_sent_bytes"].samples] == [{"worker": "0"}]
    with pytest.raises(urllib.error.HTTPError, match="401"):
        collect(appliance.metrics_port, "guess")
    dashboard = json.loads((ROOT / "appliance" / "grafana" / "dashboard.json").read_text())
    assert unknown_metrics(dashboard, families) == set()
