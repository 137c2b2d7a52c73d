"""The real core process and one generator's clients, each with a CPU of its own, for the benches."""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from bench.scenarios import Row, write_rows

from clients.core_process import CoreProcess
from clients.meeting import Meeting
from clients.participant import Participant
from load import Generator
from load.client import Client

__all__ = ["Stage", "Worked", "program"]

CORE_CPU, GENERATOR_CPU = 0, 1
SETTLE_SECONDS = 0.2  # for what is on its way
JOINED_AT_ONCE = 20
STEP_SECONDS = 0.1


@dataclass(frozen=True)
class Worked:
    """What one worker did meanwhile."""

    seconds: float
    cpu_ns: int
    packets_received: int
    packets_sent: int
    groups_sent: int
    dropped: dict[str, int]

    @property
    def cpu_percent(self) -> float:
        """Of one CPU."""
        return self.cpu_ns / self.seconds / 1e7


class Stage:
    """A context manager; core, generator and meeting, a room, are there meanwhile. options: of the core."""

    core: CoreProcess
    generator: Generator
    meeting: Meeting

    def __init__(self, *options: str, workers: int = 1) -> None:
        self._options = [*options, "--workers", str(workers)]
        self._workers = workers

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
            self.core = stack.enter_context(CoreProcess(directory, *self._options))
            stack.callback(os.sched_setaffinity, 0, os.sched_getaffinity(0))
            if self._workers == 1 and len(os.sched_getaffinity(0)) > 1:
                for task in Path(f"/proc/{self.core.process.pid}/task").iterdir():
                    os.sched_setaffinity(int(task.name), {CORE_CPU})
                os.sched_setaffinity(0, {GENERATOR_CPU})
            self.generator = stack.enter_context(Generator())
            self.meeting = stack.enter_context(Meeting(self.core))
            self._exits = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._exits.close()

    def room(self) -> Meeting:
        """One more room."""
        return self._exits.enter_context(Meeting(self.core))

    def join(
        self, *names: str, meeting: Meeting | None = None, kind: type[Client] = Client, **options: Any
    ) -> list[Client]:
        """Clients who are the generator's from then on; options: of `Participant`."""
        clients: list[Client] = []
        for number, name in enumerate(names):
            client: Participant = (meeting or self.meeting).join(name, kind, **options)
            assert isinstance(client, Client), "a meeting makes what it is told to"
            client.hand_over(self.generator)
            clients.append(client)
            if number % JOINED_AT_ONCE == 0:
                self.generator.run(0.001)  # consent of those before
        return clients

    def run_until(self, condition: Callable[[], bool], what: str, seconds: float = 20.0) -> None:
        """Lets the generator run until a condition holds. Raises TimeoutError."""
        left = seconds
        while not condition():
            if left <= 0:
                raise TimeoutError(f"{what}: not within {seconds} s")
            self.generator.run(STEP_SECONDS)
            left -= STEP_SECONDS

    def silence(self, clients: list[Client], *, silent: bool = True) -> None:
        """Lets clients send nothing, or again."""
        for client in clients:
            for source in client.sources.values():
                self.generator.activate(source, not silent)

    def work(self, seconds: float, worker: int = 0) -> Worked:
        """Lets the generator run and looks at what a worker did. The generator's counters are reset before."""
        self.generator.reset()
        before = self.core.worker_statistics(worker)
        self.generator.run(seconds)
        after = self.core.worker_statistics(worker)
        reasons = after.packets_dropped
        return Worked(
            seconds,
            after.cpu_time_ns - before.cpu_time_ns,
            after.packets_received - before.packets_received,
            after.packets_sent - before.packets_sent,
            after.groups_sent - before.groups_sent,
            {reason: reasons[reason] - before.packets_dropped[reason] for reason in list(reasons)},
        )

    def overrun(self, clients: list[Client]) -> int:
        """Packets that the generator itself came too late for, since the start."""
        return sum(self.generator.leg(client.leg)["overrun"] for client in clients)


def program(name: str, description: str, measure: Callable[[bool], list[Row]]) -> int:
    """A bench's command line: measures, prints the rows and writes them where asked. measure: takes whether quick."""
    parser = argparse.ArgumentParser(prog=f"bench/run {name}", description=description.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="shorter and fewer: figures are rougher")
    parser.add_argument("--json", type=Path, metavar="FILE", help="file for the rows")
    options = parser.parse_args()
    rows = measure(options.quick)
    for row in rows:
        print(
            "  ".join(
                f"{key}={value:.4g}" if isinstance(value, float) else f"{key}={value}" for key, value in row.items()
            )
        )
    if options.json:
        write_rows(name, rows, options.json)
    return 0
