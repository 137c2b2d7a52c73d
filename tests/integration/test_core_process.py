"""The core as a process: how it starts, what it may no longer do, how it stops."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from clients.core_process import CoreProcess, RequestFailed
from clients.media import VideoMaker
from clients.meeting import Meeting, play
from clients.participant import VIDEO
from conclave.core import crypto_backends
from conclave.media.v1 import control_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CoreProcess]:
    with CoreProcess(tmp_path_factory.mktemp("core"), "--workers", "2") as process:
        yield process


def descriptors(core: CoreProcess) -> Counter[str]:
    """What the process has open, by kind; sockets are all "socket"."""
    links = (str(link.readlink()) for link in Path(f"/proc/{core.process.pid}/fd").iterdir())
    return Counter(link.split(":")[0] for link in links)


def threads(core: CoreProcess) -> list[dict[str, str]]:
    """The status of every thread."""
    tasks = Path(f"/proc/{core.process.pid}/task").iterdir()
    return [
        dict(line.split(":\t", 1) for line in (task / "status").read_text().splitlines() if ":\t" in line)
        for task in tasks
    ]


def hold_a_meeting(core: CoreProcess) -> None:
    with Meeting(core) as meeting:
        publisher, subscriber = meeting.join("publisher"), meeting.join("subscriber")
        subscriber.show("rv0", f"{publisher.name}/v")
        camera = VideoMaker(1, VIDEO, mid="v")
        play(publisher, [camera], [subscriber], lambda: len(subscriber.received("rv0")) >= 10)


def test_it_says_what_was_chosen(core: CoreProcess) -> None:
    info = core.ask(get_info=pb.GetInfo()).info
    assert core.started["workers"] == "2"
    assert core.started["ports"] == ",".join(str(port) for port in info.udp_ports)
    assert core.started["crypto"] == info.crypto_backend
    assert core.started["segmentation_offload"] == ("yes" if info.segmentation_offload else "no")
    assert core.started["keys_locked"] in ("yes", "no")
    assert list(info.addresses) == ["127.0.0.1"]


def test_a_running_core_opens_no_file_and_dumps_no_core(core: CoreProcess) -> None:
    hold_a_meeting(core)  # whatever opens sockets late has done so
    before = descriptors(core)
    hold_a_meeting(core)
    assert descriptors(core) == before
    assert all(kind in ("socket", "anon_inode", "pipe", "/dev/null") for kind in before), before
    limits = Path(f"/proc/{core.process.pid}/limits").read_text()
    assert "Max core file size        0                    0" in limits
    assert core.started["files_forbidden"] == "yes"
    statuses = threads(core)
    assert len(statuses) >= 3  # control and two workers
    assert {(status["Seccomp"], status["NoNewPrivs"]) for status in statuses} == {("2", "1")}


def test_its_sockets_are_for_owner_and_group(core: CoreProcess) -> None:
    directory = core.run_dir / "core"
    assert stat.S_IMODE(directory.stat().st_mode) & 0o007 == 0
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()}
    assert modes == {"control.ipc": 0o660, "events.ipc": 0o660}


def test_malformed_requests_are_answered_and_the_next_one_works(core: CoreProcess) -> None:
    for message in (b"", b"\xff" * 100, b"\x08", bytes(100_000)):
        response = pb.Response.FromString(core.send_raw(message))
        assert response.failure.code == pb.Failure.CODE_INVALID
        assert response.failure.message
    assert core.ask(get_info=pb.GetInfo()).info.instance_id


def test_rooms_spread_over_the_workers(core: CoreProcess) -> None:
    with Meeting(core) as first, Meeting(core) as second:
        ports = {meeting.invite("a").transport.udp_port for meeting in (first, second)}
        assert len(ports) == 2
        hold_a_meeting(core)


def test_a_heartbeat_comes_every_second(core: CoreProcess) -> None:
    instances = {core.wait_for_event(lambda event: event.HasField("heartbeat"), 3).instance_id for _ in range(3)}
    assert len(instances) == 1


def test_an_exhausted_pool_is_told(core: CoreProcess) -> None:
    with Meeting(core) as meeting:
        made = 0
        try:
            while made <= 5000:
                meeting.invite(f"p{made}").close()
                made += 1
        except RequestFailed as failed:
            assert failed.code == pb.Failure.CODE_EXHAUSTED
            assert "pool" in str(failed)
        assert 0 < made < 5000
    hold_a_meeting(core)


@pytest.mark.parametrize("backend", crypto_backends.backends())
def test_it_runs_on_every_backend(tmp_path: Path, backend: str) -> None:
    with CoreProcess(tmp_path, "--crypto", backend) as core:
        assert core.started["crypto"] == backend
        hold_a_meeting(core)


def test_sigterm_ends_it_cleanly(tmp_path: Path) -> None:
    with CoreProcess(tmp_path) as core:
        first = core.ask(get_info=pb.GetInfo()).info.instance_id
        hold_a_meeting(core)
    assert core.process.returncode == 0
    assert core.log[-1].endswith(" stopped")
    with CoreProcess(tmp_path) as again:  # on the sockets that the first one left
        assert again.ask(get_info=pb.GetInfo()).info.instance_id != first


FAULTY = """
import sys
from conclave.core import control, process

def fail(self, request):
    raise LookupError("rooms/of-somebody")

control.Control._set_slots = fail
sys.exit(process.main(sys.argv[1:]))
"""


def test_a_fault_ends_the_process_without_telling_names(tmp_path: Path) -> None:
    with CoreProcess(tmp_path, entry=("-c", FAULTY)) as core:
        core.send_only(pb.Request(set_slots=pb.SetSlots(transport_id="t")).SerializeToString())
        assert core.process.wait(10) == 1
    (line,) = [line for line in core.log if "CRITICAL" in line]
    assert "error=LookupError" in line
    assert "control.py" in line
    assert "somebody" not in "".join(core.log)


def test_a_core_that_cannot_start_says_why(core: CoreProcess, tmp_path: Path) -> None:
    taken = str(core.ask(get_info=pb.GetInfo()).info.udp_ports[0])
    command = [sys.executable, "-m", "conclave.core.process", "--run-dir", str(tmp_path), "--bind", "127.0.0.1"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    result = subprocess.run(
        [*command, "--media-port", taken], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert result.returncode == 1
    assert "CRITICAL" in result.stdout
    assert "Address already in use" in result.stdout
    assert result.stderr == ""


@pytest.mark.parametrize(
    "options",
    [
        ["--bind", "0.0.0.0"],
        ["--bind", "localhost"],
        ["--address", "example"],
        ["--workers", "0"],
        ["--media-port", "65535", "--workers", "2"],
        ["--crypto", "rot13"],
    ],
)
def test_options_that_make_no_sense_are_refused(tmp_path: Path, options: list[str]) -> None:
    command = [sys.executable, "-m", "conclave.core.process", "--run-dir", str(tmp_path), "--bind", "127.0.0.1"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    result = subprocess.run(
        [*command, *options], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert result.returncode == 2
    assert "error:" in result.stderr
