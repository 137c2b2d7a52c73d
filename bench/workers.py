"""What two workers forward together, over what one does.

Two rooms, each on a worker of its own, each with a publisher who sends more than a worker bears to subscribers whose
packets end in a device that takes them as a network card does. The rooms send alone and together, in turns.
"""

from __future__ import annotations

import statistics
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / part) for part in (".", "bench", "core", "services", "proto", "tests/integration")]

from bench.addresses import AtCoreAddress, AtOwnAddress  # noqa: E402
from bench.scenarios import Row  # noqa: E402
from bench.sinks import CORE_ADDRESS, Sinks  # noqa: E402
from load.client import Client  # noqa: E402
from load.stage import Stage, program  # noqa: E402

from clients.meeting import Meeting  # noqa: E402
from conclave.media.v1 import control_pb2 as pb  # noqa: E402

SUBSCRIBERS = 50
BURST = 8
SIZE = 1170
FRAMES_PER_S = 12_000.0  # 4.8 million packets a second: more than a worker forwards
ROOMS_MAX = 8


class Publisher(AtCoreAddress, Client):
    """The generator's, on the core's own address."""


class Subscriber(AtOwnAddress, Client):
    """The generator's, whose packets can be turned to the device."""


def measure(quick: bool) -> list[Row]:
    """One row."""
    sinks = Sinks()
    with Stage("--bind", CORE_ADDRESS, workers=2) as stage:
        publishers = [fill(stage, room) for room in rooms(stage)]
        alone: list[float] = []
        together: list[float] = []
        for _ in range(2 if quick else 5):
            for sending in ([0], [1], [0, 1]):
                sinks.choose("loopback")
                stage.silence(publishers)
                stage.generator.run(0.2)  # consent
                sinks.choose("nic")
                stage.silence([publishers[number] for number in sending], silent=False)
                rate = forwarded(stage, 0.5 if quick else 1.0)
                (together if len(sending) == 2 else alone).append(rate)
        sinks.choose("loopback")
    one, two = statistics.median(alone), statistics.median(together)
    return [
        {
            "subscribers": SUBSCRIBERS,
            "burst": BURST,
            "packets_per_s_one_worker": one,
            "packets_per_s_two_workers": two,
            "two_over_one": two / one,
        }
    ]


def rooms(stage: Stage) -> list[Meeting]:
    """Two that different workers have: a publisher in each of several tells."""
    by_port: dict[int, Meeting] = {}
    for _ in range(ROOMS_MAX):
        room = stage.room()
        port = room.invite("probe").transport.udp_port
        by_port.setdefault(port, room)
        if len(by_port) == 2:
            return list(by_port.values())
    raise RuntimeError(f"{ROOMS_MAX} rooms all went to one worker")


def fill(stage: Stage, room: Meeting) -> Client:
    """Joins a publisher and its subscribers, and waits until each is sent the camera."""
    (publisher,) = stage.join("publisher", meeting=room, kind=Publisher, audio_slots=0, video_slots=0)
    subscribers = stage.join(
        *(f"s{number}" for number in range(SUBSCRIBERS)), meeting=room, kind=Subscriber, audio_slots=0
    )
    publisher.send_video(interval_ms=20, packets=BURST, size=SIZE, history=0)
    for subscriber in subscribers:
        subscriber.watch("rv0", nack=False)
        subscriber.show("rv0", f"{publisher.name}/v")
    stage.run_until(lambda: all(one.arrived("rv0")["packets"] for one in subscribers), "the first frames")
    stage.generator.pace(publisher.sources[""], 1000 / FRAMES_PER_S)
    return publisher


def forwarded(stage: Stage, seconds: float) -> float:
    """Packets a second that all workers send."""
    before = sum(worker.packets_sent for worker in statistics_of(stage))
    stage.generator.run(seconds)
    return (sum(worker.packets_sent for worker in statistics_of(stage)) - before) / seconds


def statistics_of(stage: Stage) -> list[pb.WorkerStatistics]:
    return list(stage.core.ask(get_statistics=pb.GetStatistics()).statistics.workers)


if __name__ == "__main__":
    sys.exit(program("workers", str(__doc__), measure))
