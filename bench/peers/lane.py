"""One server with its publisher and its subscribers, who are the load generator's, and what comes through it."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Self

from bench.peers.search import Forwarded
from bench.peers.server import Leg, Server, cpu_seconds, resident_bytes
from load import Generator

__all__ = ["GENERATOR_CPU", "Lane", "on_cpu"]

PAYLOAD_BYTES = 1200
GREET_MS = 20.0  # from frame to frame until every subscriber has one
GREET_SECONDS = 20.0
SETTLE_SECONDS = 0.2  # for what is on its way
SERVER_CPU, GENERATOR_CPU = 0, 1


class Lane:
    """One server on a CPU of its own, started and ended by this context manager; burst: packets of a frame.

    bytes_per_subscriber: what the process has grown by for each.
    """

    def __init__(self, kind: Callable[[Path], Server], subscribers: int, burst: int) -> None:
        self._kind = kind
        self._subscribers = subscribers
        self._burst = burst

    def __enter__(self) -> Self:
        self._started = ExitStack()
        with self._started as started:
            directory = Path(started.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
            with on_cpu(SERVER_CPU):
                self.server = started.enter_context(self._kind(directory))
            self._connect()
            self._started = started.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._started.close()

    def restart(self) -> None:
        """Replaces the server by a new one."""
        self._started.close()
        self.__enter__()

    def forward(self, packets_per_s: float, seconds: float, warm_seconds: float = 0.2) -> Forwarded:
        """Offers so many packets to all subscribers together for a while, and waits for what is on its way."""
        generator = self._generator
        generator.pace(self._source, 1000 * self._burst * len(self._streams) / packets_per_s)
        generator.activate(self._source, True)
        generator.run(warm_seconds)
        overrun = self._overrun()
        generator.reset()
        cpu, begin = cpu_seconds(self.server.process), time.monotonic()
        generator.run(seconds)
        took = time.monotonic() - begin
        generator.activate(self._source, False)
        self._ended = begin + took
        generator.run(SETTLE_SECONDS)
        cpu = cpu_seconds(self.server.process) - cpu
        offered = generator.source(self._source)["packets"] * len(self._streams)
        received = sum(generator.stream(stream)["packets"] for stream in self._streams)
        p50, p99 = generator.quantiles(0, (0.5, 0.99))
        return Forwarded(
            offered_per_s=offered / took,
            forwarded_per_s=received / took,
            # What was on its way when counting began may make it a little more than was offered.
            loss=max(0.0, 1 - received / offered) if offered else 1.0,
            p50_ms=p50 / 1e6,
            p99_ms=p99 / 1e6,
            cpu_us_per_packet=1e6 * cpu / received if received else float("inf"),
            overrun=self._overrun() - overrun,
        )

    def recovers(self, normal_per_s: float, patience_s: float) -> float | None:
        """Seconds from the end of the last `forward` until 0.1 s of normal traffic has passed as it should, or none."""
        overrun = self._ended
        while self._ended - overrun < patience_s:
            if self.forward(normal_per_s, 0.1, warm_seconds=0.0).sustained:
                return self._ended - overrun
        return None

    def _connect(self) -> None:
        self._generator = self._started.enter_context(Generator())
        leg = self.server.publish()
        self._source = self._generator.add_source(
            self._add(leg),
            ssrc=leg.ssrc,
            payload_type=leg.payload_type,
            video=True,
            interval_ms=GREET_MS,
            packets=self._burst,
            size=PAYLOAD_BYTES,
            extension=leg.extension,
        )
        before = resident_bytes(self.server.process)
        self._legs: list[int] = []
        self._streams: list[int] = []
        for _ in range(self._subscribers):
            leg = self.server.subscribe()
            self._legs.append(self._add(leg))
            self._streams.append(
                self._generator.add_stream(self._legs[-1], ssrc=leg.ssrc, payload_type=leg.payload_type, video=True)
            )
        self._greet()
        self.bytes_per_subscriber = (resident_bytes(self.server.process) - before) / self._subscribers

    def _add(self, leg: Leg) -> int:
        return self._generator.add_leg(
            leg.socket,
            profile=leg.profile,
            send_master=leg.send_master,
            receive_master=leg.receive_master,
            username=leg.username,
            remote_pwd=leg.remote_pwd,
            local_pwd=leg.local_pwd,
        )

    def _greet(self) -> None:
        """Sends slowly until every subscriber has got something."""
        self._generator.activate(self._source, True)
        deadline = time.monotonic() + GREET_SECONDS
        while not all(self._generator.stream(stream)["packets"] for stream in self._streams):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.server.name} does not forward")
            self._generator.run(0.1)
        self._generator.activate(self._source, False)
        self._generator.run(SETTLE_SECONDS)

    def _overrun(self) -> int:
        return sum(self._generator.leg(leg)["overrun"] for leg in self._legs)


@contextmanager
def on_cpu(number: int) -> Iterator[None]:
    """What is started meanwhile stays on one CPU."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {number})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
