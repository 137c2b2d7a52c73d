"""CPU per forwarded packet of the real core process: one publisher, many subscribers, bursts of equal packets.

What counts is the worker thread's own CPU time, reception and the kernel's send path included. Beside it, interleaved
in the same run: AES-128-GCM alone over the same bytes, and libsrtp with one sendto a packet, which receives nothing.
Ratios are medians over rounds of ratios within a round, since the machine's speed changes from second to second. Two
sinks: see sinks.py; libsrtp sends to "nic" only.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / part) for part in (".", "core", "services", "proto", "tests/integration")]

from bench.addresses import AtCoreAddress, AtOwnAddress  # noqa: E402
from bench.drain import Drain  # noqa: E402
from bench.sinks import CORE_ADDRESS, SINKS, Sinks  # noqa: E402
from bench.yardsticks import LibsrtpSendto, RawGcm  # noqa: E402

from clients.core_process import CoreProcess  # noqa: E402
from clients.handshake import GCM_128, PROFILES  # noqa: E402
from clients.media import VideoMaker, read_video  # noqa: E402
from clients.meeting import Meeting, play  # noqa: E402
from clients.participant import VIDEO, Participant  # noqa: E402

RTP_HEADER = 12
TAGS = {"SRTP_AES128_CM_SHA1_80": 10}
GCM_TAG = 16
NS_A_PACKET = 3000  # what the core is given time for, between bursts: a load of a third or so
SETTLE_SECONDS = 0.1
SENT_SECONDS = 20.0


def main() -> int:
    """Measures, prints a table, and writes JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--subscribers", type=int, nargs="+", default=[1, 10, 100, 500])
    parser.add_argument("--burst", type=int, nargs="+", default=[1, 5, 8], help="packets of one burst, a frame")
    parser.add_argument("--profile", choices=list(PROFILES), nargs="+", default=[GCM_128])
    parser.add_argument("--sink", choices=SINKS, nargs="+", default=list(SINKS))
    parser.add_argument("--uneven", action="store_true", help="half of a burst's packets are a byte larger")
    parser.add_argument(
        "--size", type=int, default=1200, help="bytes of a forwarded RTP packet, header included (default %(default)s)"
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--bursts", type=int, default=60, help="bursts of one measurement (default %(default)s)")
    parser.add_argument(
        "--interval-ms", type=float, default=1.0, help="from burst to burst, at least (default %(default)s)"
    )
    parser.add_argument("--crypto", default="auto")
    parser.add_argument("--json", type=Path, help="file for the figures")
    options = parser.parse_args()
    sinks = Sinks()
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as directory:
        raw_gcm = RawGcm(Path(directory))
        for profile in options.profile:
            bench = Bench(options, profile, sinks, raw_gcm, Path(directory))
            run_dir = Path(directory) / f"run-{profile}"
            with (
                CoreProcess(run_dir, "--bind", CORE_ADDRESS, "--crypto", options.crypto) as core,
                Meeting(core) as meeting,
            ):
                rows += bench.run(core, meeting)
    print_table(rows)
    if options.json:
        options.json.write_text(json.dumps({"fanout": rows}, indent=2) + "\n")
    return 0


@dataclass
class Measured:
    """One way to a sink over all rounds."""

    worker_ns: list[float] = field(default_factory=list)
    raw_gcm_ns: list[float] = field(default_factory=list)
    libsrtp_ns: list[float] = field(default_factory=list)
    packets: int = 0
    groups: int = 0


class Bench:
    """Every row of one profile."""

    def __init__(
        self, options: argparse.Namespace, profile: str, sinks: Sinks, raw_gcm: RawGcm, directory: Path
    ) -> None:
        self._options = options
        self._profile = profile
        self._sinks = sinks
        self._raw_gcm = raw_gcm
        self._directory = directory
        self._datagram = options.size + TAGS.get(profile, GCM_TAG)

    def run(self, core: CoreProcess, meeting: Meeting) -> list[dict[str, object]]:
        """Measures with ever more subscribers in the same room."""
        rows = []
        publisher = meeting.join("publisher", AtCoreAddress, profiles=[self._profile])
        camera = VideoMaker(1, VIDEO, mid="v")
        subscribers: list[Participant] = []
        for count in sorted(self._options.subscribers):
            self._join(meeting, publisher, camera, subscribers, count)
            descriptor, _ = read_video(camera.sent[0])
            overhead = RTP_HEADER + len(bytes(descriptor))  # the core leaves the publisher's MID out
            drain = Drain([subscriber.socket for subscriber in subscribers])
            libsrtp = LibsrtpSendto(self._directory, self._profile, count)
            for burst in self._options.burst:
                measured = {sink: Measured() for sink in self._options.sink}
                for _ in range(self._options.rounds):
                    self._round(core, publisher, camera, subscribers, libsrtp, burst, overhead, measured)
                rows += [self._row(core, count, burst, sink, one) for sink, one in measured.items()]
            libsrtp.close()
            drain.finish()
        return rows

    def _join(
        self, meeting: Meeting, publisher: Participant, camera: VideoMaker, subscribers: list[Participant], count: int
    ) -> None:
        """Connects subscribers up to `count` and waits until each shows the publisher's video."""
        self._sinks.choose("loopback")
        joined = []
        for number in range(len(subscribers), count):
            subscriber = meeting.join(f"subscriber{number}", AtOwnAddress, profiles=[self._profile], audio_slots=0)
            joined.append(subscriber)
            if number % 20 == 0:
                for participant in (publisher, *subscribers, *joined):
                    participant.take()  # and keep consent
        for subscriber in joined:
            subscriber.show("rv0", f"{publisher.name}/v")
        play(publisher, [camera], joined, lambda: all(subscriber.received("rv0") for subscriber in joined))
        subscribers += joined

    def _round(
        self,
        core: CoreProcess,
        publisher: Participant,
        camera: VideoMaker,
        subscribers: list[Participant],
        libsrtp: LibsrtpSendto,
        burst: int,
        overhead: int,
        measured: dict[str, Measured],
    ) -> None:
        options = self._options
        bursts = max(options.bursts, 400 // (burst * len(subscribers)))
        for sink, one in measured.items():
            self._sinks.choose("loopback")
            for participant in (publisher, *subscribers):
                participant.send(participant.check())  # consent lasts 30 s; the drain takes the answers
            frames = [self._frame(publisher, camera, burst, overhead) for _ in range(bursts)]
            settle(core, 0, len(subscribers))
            self._sinks.choose(sink)
            before, taken = core.worker_statistics(), self._sinks.taken()
            interval = max(options.interval_ms * 1e6, burst * len(subscribers) * NS_A_PACKET) / 1e9
            start = time.monotonic()
            for number, frame in enumerate(frames):
                time.sleep(max(0.0, start + number * interval - time.monotonic()))
                for packet in frame:
                    publisher.send(packet)
            expected = burst * bursts * len(subscribers)
            settle(core, before.packets_sent + expected, len(subscribers))
            after, taken = core.worker_statistics(), self._sinks.taken() - taken
            sent = after.packets_sent - before.packets_sent
            groups = after.groups_sent - before.groups_sent
            assert sink != "nic" or taken >= expected * self._datagram, "packets went elsewhere"
            one.packets += sent
            one.groups += groups
            one.worker_ns.append((after.cpu_time_ns - before.cpu_time_ns) / sent)
            one.raw_gcm_ns.append(self._raw_gcm.measure(options.size))
            if sink == "nic":
                turns = max(1, 20_000 // (burst * len(subscribers)))
                one.libsrtp_ns.append(libsrtp.measure(burst, options.size, turns))

    def _frame(self, publisher: Participant, camera: VideoMaker, burst: int, overhead: int) -> list[bytes]:
        packets = camera.frame(packets=burst, size=self._options.size - overhead)
        camera.sent.clear()
        if self._options.uneven:
            packets[burst // 2 :] = [packet + b"." for packet in packets[burst // 2 :]]
        return [publisher.protect(packet) for packet in packets]

    def _row(self, core: CoreProcess, count: int, burst: int, sink: str, measured: Measured) -> dict[str, object]:
        nanoseconds = statistics.median(measured.worker_ns)
        row: dict[str, object] = {
            "subscribers": count,
            "burst": burst,
            "size": self._options.size,
            "uneven": self._options.uneven,
            "profile": self._profile,
            "sink": sink,
            "crypto": core.started["crypto"],
            "segmentation_offload": core.started["segmentation_offload"],
            "ns_per_packet": nanoseconds,
            "raw_gcm_ns": statistics.median(measured.raw_gcm_ns),
            "raw_gcm_library": self._raw_gcm.library,
            "ratio_to_raw_gcm": median_ratio(measured.worker_ns, measured.raw_gcm_ns),
            "packets_per_s_per_core": 1e9 / nanoseconds,
            "packets_per_group": measured.packets / measured.groups,
            "load_average": os.getloadavg()[0],
        }
        if measured.libsrtp_ns:
            row["libsrtp_sendto_ns"] = statistics.median(measured.libsrtp_ns)
            row["speedup_vs_libsrtp_sendto"] = median_ratio(measured.libsrtp_ns, measured.worker_ns)
        return row


def settle(core: CoreProcess, packets_sent: int, subscribers: int) -> None:
    """Waits until the core has sent so much, and then sends nothing more but a report a second and subscriber."""
    deadline = time.monotonic() + SENT_SECONDS
    last = -subscribers
    while (sent := core.worker_statistics().packets_sent) < packets_sent or sent > last + subscribers // 4:
        if time.monotonic() > deadline:
            raise TimeoutError(f"the core has sent {sent} of {packets_sent} packets")
        last = sent
        select.select([], [], [], SETTLE_SECONDS)


def median_ratio(above: list[float], below: list[float]) -> float:
    """The median of the ratios of the rounds."""
    return statistics.median(a / b for a, b in zip(above, below, strict=True))


def print_table(rows: list[dict[str, object]]) -> None:
    columns = (
        "subscribers",
        "burst",
        "sink",
        "ns_per_packet",
        "raw_gcm_ns",
        "ratio_to_raw_gcm",
        "speedup_vs_libsrtp_sendto",
        "packets_per_group",
        "profile",
    )
    for line in [columns, *([row.get(name, "") for name in columns] for row in rows)]:
        print("  ".join(f"{f'{value:.2f}' if isinstance(value, float) else value:>13}" for value in line))


if __name__ == "__main__":
    sys.exit(main())
