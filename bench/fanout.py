"""CPU per forwarded packet of the real core process: one publisher, many subscribers, bursts of equal packets.

What counts: the worker thread's own CPU time (kernel's send path included; over loopback that includes delivery) and
the whole process's from /proc. Next to it, in the same run, AES-128-GCM alone over the same packets. Subscribers are
sockets with UDP_GRO in a process of their own, so that a group stays one datagram until it is read; the publisher's
packets are encrypted beforehand.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / part) for part in ("core", "services", "proto", "tests/integration")]

from clients.core_process import CoreProcess  # noqa: E402
from clients.handshake import GCM_128, PROFILES  # noqa: E402
from clients.media import VideoMaker, read_video  # noqa: E402
from clients.meeting import Meeting, play  # noqa: E402
from clients.participant import VIDEO, Participant  # noqa: E402

UDP_GRO = 104
RECEIVE_BUFFER = 4 << 20
SOL_SOCKET_RCVBUFFORCE = 33
TAG = 16
RTP_HEADER = 12
CHUNK = 200_000  # packets of one measurement of the cipher alone


def main() -> int:
    """Measures, prints a table, and writes JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--subscribers", type=int, default=100)
    parser.add_argument("--bursts", type=int, default=600)
    parser.add_argument("--burst", type=int, default=8, help="packets of one burst, a frame (default %(default)s)")
    parser.add_argument(
        "--size", type=int, default=1200, help="bytes of a forwarded RTP packet, header included (default %(default)s)"
    )
    parser.add_argument("--interval-ms", type=float, default=10.0, help="from burst to burst (default %(default)s)")
    parser.add_argument("--profile", choices=list(PROFILES), default=GCM_128)
    parser.add_argument("--crypto", default="auto")
    parser.add_argument("--json", type=Path, help="file for the figures")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        cipher = build_cipher(Path(directory))
        with CoreProcess(Path(directory) / "run", "--crypto", options.crypto) as core, Meeting(core) as meeting:
            figures = measure(core, meeting, cipher, options)
    print_table(figures)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")
    return 0


def build_cipher(directory: Path) -> list[str]:
    """Compiles raw_gcm.c against the fastest library there is."""
    program = directory / "raw_gcm"
    source = str(ROOT / "bench" / "raw_gcm.c")
    fast = ["cc", "-O3", "-DCONCLAVE_HAVE_IPSEC_MB", source, "-o", str(program), "-lIPSec_MB"]
    if subprocess.run(fast, capture_output=True, check=False).returncode != 0:
        subprocess.run(["cc", "-O3", source, "-o", str(program), "-lcrypto"], check=True)
    return [str(program)]


def cipher_ns(cipher: list[str], size: int) -> tuple[float, str]:
    """CPU nanoseconds a packet of AES-128-GCM alone."""
    output = subprocess.run([*cipher, str(CHUNK), str(size)], capture_output=True, text=True, check=True).stdout
    nanoseconds, library = output.split()
    return float(nanoseconds), library


def measure(core: CoreProcess, meeting: Meeting, cipher: list[str], options: argparse.Namespace) -> dict[str, object]:
    publisher = meeting.join("publisher", profiles=[options.profile])
    camera = VideoMaker(1, VIDEO, mid="v")
    subscribers = join_subscribers(meeting, publisher, camera, options)
    descriptor, _ = read_video(camera.sent[0])
    overhead = RTP_HEADER + len(bytes(descriptor))  # towards subscribers; the core leaves the publisher's MID out
    bursts = [
        [publisher.protect(packet) for packet in camera.frame(packets=options.burst, size=options.size - overhead)]
        for _ in range(options.bursts)
    ]
    for participant in (publisher, *subscribers):
        participant.send(participant.check())  # consent lasts 30 s from here
        participant.take(0.2)
    alone = [cipher_ns(cipher, options.size)]
    drain = Drain([subscriber.socket for subscriber in subscribers])
    worker_before, process_before = core.worker_statistics(), process_cpu_ns(core)
    start = time.monotonic()
    for number, burst in enumerate(bursts):
        time.sleep(max(0.0, start + number * options.interval_ms / 1000 - time.monotonic()))
        for packet in burst:
            publisher.send(packet)
    expected = options.subscribers * options.burst * options.bursts
    settle(core, worker_before.packets_sent + expected)
    worker_after, process_after = core.worker_statistics(), process_cpu_ns(core)
    received = drain.finish() // (options.size + TAG)
    alone.append(cipher_ns(cipher, options.size))
    sent = worker_after.packets_sent - worker_before.packets_sent
    gcm = sum(nanoseconds for nanoseconds, _ in alone) / len(alone)
    worker_ns = (worker_after.cpu_time_ns - worker_before.cpu_time_ns) / sent
    return {
        "subscribers": options.subscribers,
        "burst": options.burst,
        "size": options.size,
        "interval_ms": options.interval_ms,
        "profile": options.profile,
        "crypto": core.started["crypto"],
        "segmentation_offload": core.started["segmentation_offload"],
        "packets_expected": expected,
        "packets_sent": sent,
        "packets_received_by_subscribers": received,
        "packets_per_group": sent / (worker_after.groups_sent - worker_before.groups_sent),
        "worker_ns_per_packet": worker_ns,
        "process_user_ns_per_packet": (process_after[0] - process_before[0]) / sent,
        "process_system_ns_per_packet": (process_after[1] - process_before[1]) / sent,
        "gcm_alone_ns_per_packet": gcm,
        "gcm_alone_library": alone[0][1],
        "worker_to_gcm_ratio": worker_ns / gcm,
        "load_average": os.getloadavg()[0],
    }


def join_subscribers(
    meeting: Meeting, publisher: Participant, camera: VideoMaker, options: argparse.Namespace
) -> list[Participant]:
    """Connects every subscriber and waits until each shows the publisher's video."""
    subscribers: list[Participant] = []
    for number in range(options.subscribers):
        subscriber = meeting.join(f"subscriber{number}", profiles=[options.profile], audio_slots=0)
        subscriber.show("rv0", f"{publisher.name}/v")
        play(publisher, [camera], [subscriber], lambda: bool(subscriber.received("rv0")))  # noqa: B023
        subscribers.append(subscriber)
        for other in subscribers:
            other.take()  # and keep consent
    return subscribers


def settle(core: CoreProcess, packets_sent: int) -> None:
    """Waits until the core has sent so much, or sends nothing more."""
    last = -1
    while (sent := core.worker_statistics().packets_sent) < packets_sent and sent != last:
        last = sent
        select.select([], [], [], 0.3)


def process_cpu_ns(core: CoreProcess) -> tuple[int, int]:
    """User and system time of the whole process, in steps of a clock tick."""
    fields = Path(f"/proc/{core.process.pid}/stat").read_text().rpartition(")")[2].split()
    tick_ns: int = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
    return int(fields[11]) * tick_ns, int(fields[12]) * tick_ns


class Drain:
    """A process that empties sockets and counts the bytes."""

    def __init__(self, sockets: list[socket.socket]) -> None:
        for one in sockets:
            one.setsockopt(socket.IPPROTO_UDP, UDP_GRO, 1)
            try:
                one.setsockopt(socket.SOL_SOCKET, SOL_SOCKET_RCVBUFFORCE, RECEIVE_BUFFER)
            except PermissionError:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        stop_read, self._stop = os.pipe()
        self._result, result_write = os.pipe()
        self._child = os.fork()
        if self._child == 0:
            os.close(self._stop)
            count = self._run(sockets, stop_read)
            os.write(result_write, str(count).encode())
            os._exit(0)
        os.close(stop_read)
        os.close(result_write)

    @staticmethod
    def _run(sockets: list[socket.socket], stop: int) -> int:
        poll = select.epoll()
        by_descriptor = {one.fileno(): one for one in sockets}
        for descriptor in by_descriptor:
            poll.register(descriptor, select.EPOLLIN)
        poll.register(stop, select.EPOLLHUP | select.EPOLLIN)
        buffer = bytearray(1)  # MSG_TRUNC tells the size and copies nothing
        total = 0
        stopping = False
        while True:
            ready = poll.poll(0.2 if stopping else None)
            if stopping and not any(descriptor != stop for descriptor, _ in ready):
                return total
            for descriptor, _ in ready:
                if descriptor == stop:
                    stopping = True
                    continue
                try:
                    while True:
                        size = by_descriptor[descriptor].recv_into(buffer, 1, socket.MSG_TRUNC)
                        total += size if size > 500 else 0  # reports are smaller than media
                except BlockingIOError:
                    continue

    def finish(self) -> int:
        """Bytes of media that arrived."""
        os.close(self._stop)
        count = int(os.read(self._result, 64))
        os.close(self._result)
        os.waitpid(self._child, 0)
        return count


def print_table(figures: dict[str, object]) -> None:
    width = max(len(name) for name in figures)
    for name, value in figures.items():
        text = f"{value:.2f}" if isinstance(value, float) else str(value)
        print(f"{name:<{width}}  {text}")


if __name__ == "__main__":
    sys.exit(main())
