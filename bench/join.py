"""Joining the core: how many it bears in a second, and how long until the first packet of a picture is decrypted.

People join one after another, each with a new certificate, while somebody shows a camera at 30 pictures a second. The
core's share is the CPU time of its control thread; the clients are Python and pay for theirs elsewhere.
"""

from __future__ import annotations

import os
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / part) for part in (".", "bench", "core", "services", "proto", "tests/integration")]

from bench.scenarios import Row  # noqa: E402
from load import Generator  # noqa: E402
from load.client import Client  # noqa: E402
from load.stage import Stage, program  # noqa: E402

from clients.core_process import CoreProcess  # noqa: E402

FIRST_SECONDS = 10.0
POLL_SECONDS = 0.002


def measure(quick: bool) -> list[Row]:
    """One row."""
    count = 10 if quick else 100
    with Stage() as stage:
        (publisher,) = stage.join("publisher", audio_slots=0, video_slots=0)
        publisher.send_video(interval_ms=1000 / 30, packets=5, gap_us=100)
        # Everybody who joins is a second generator's: nothing may be added to one that runs.
        with running(stage.generator), Generator() as theirs:
            cpu = cpu_seconds(stage.core)
            times = [join(stage, theirs, number, publisher) for number in range(count)]
            cpu = cpu_seconds(stage.core) - cpu
    connected, decrypted = zip(*times, strict=True)
    return [
        {
            "joins": count,
            "joins_per_s": count / sum(connected),
            "core_cpu_ms_per_join": 1000 * cpu / count,
            "joins_per_s_per_core": count / cpu,
            "connected_p50_ms": 1000 * statistics.median(connected),
            "connected_p95_ms": 1000 * sorted(connected)[int(0.95 * count)],
            "first_packet_p50_ms": 1000 * statistics.median(decrypted),
            "first_packet_p95_ms": 1000 * sorted(decrypted)[int(0.95 * count)],
        }
    ]


def join(stage: Stage, theirs: Generator, number: int, publisher: Client) -> tuple[float, float]:
    """Seconds until keys are there, and until the first packet of the camera is decrypted."""
    begin = time.time_ns()
    subscriber = stage.meeting.join(f"s{number}", Client, audio_slots=0)
    assert isinstance(subscriber, Client), "a meeting makes what it is told to"
    connected = time.time_ns() - begin
    subscriber.hand_over(theirs)
    subscriber.watch("rv0")
    subscriber.show("rv0", f"{publisher.name}/v")
    deadline = time.monotonic() + FIRST_SECONDS
    while not (first := subscriber.arrived("rv0")["first_ns"]):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{subscriber.name} has seen nothing")
        theirs.run(POLL_SECONDS)
    return connected / 1e9, (first - begin) / 1e9


@contextmanager
def running(generator: Generator) -> Iterator[None]:
    """Lets a generator run meanwhile."""
    thread = threading.Thread(target=generator.run, args=(3600.0,))
    thread.start()
    try:
        yield
    finally:
        generator.stop()
        thread.join()


def cpu_seconds(core: CoreProcess) -> float:
    """CPU time of the process, but for the worker's, who forwards meanwhile."""
    fields = Path(f"/proc/{core.process.pid}/stat").read_text().rpartition(")")[2].split()
    whole = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return whole - core.worker_statistics().cpu_time_ns / 1e9


if __name__ == "__main__":
    sys.exit(program("join", str(__doc__), measure))
