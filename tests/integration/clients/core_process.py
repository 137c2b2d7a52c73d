"""The media core as a real process, and its control sockets as control sees them."""

from __future__ import annotations

import itertools
import os
import re
import select
import subprocess
import sys
import time
from typing import IO, TYPE_CHECKING, Self

import zmq

from conclave.media.v1 import control_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["CoreProcess", "RequestFailed"]

START_SECONDS = 30.0
ANSWER_MS = 10_000


class RequestFailed(Exception):
    """The core refused a request."""

    def __init__(self, failure: pb.Failure) -> None:
        super().__init__(failure.message)
        self.code = failure.code


class CoreProcess:
    """Starts `conclave-core` on loopback; a context manager that stops it.

    entry: what Python runs instead of the module.
    log: the lines it has written so far; started: the fields of its "started" line.
    """

    def __init__(self, run_dir: Path, *options: str, entry: tuple[str, ...] = ("-m", "conclave.core.process")) -> None:
        self.run_dir = run_dir
        self.log: list[str] = []
        self.started: dict[str, str] = {}
        self._options = options
        self._entry = entry
        self._request_ids = itertools.count(1)
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._requests = self._context.socket(zmq.DEALER)
        self._events = self._context.socket(zmq.SUB)
        self.process: subprocess.Popen[str]

    def __enter__(self) -> Self:
        command = [sys.executable, *self._entry, "--run-dir", str(self.run_dir), "--bind", "127.0.0.1"]
        if "--media-port" not in self._options:
            command += ["--media-port", "0"]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        self.process = subprocess.Popen(
            [*command, *self._options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
        )
        try:
            self.wait_for_line("started ")
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise
        self.started = dict(re.findall(r"(\w+)=(\S+)", self.log[-1]))
        self._events.setsockopt(zmq.SUBSCRIBE, b"")
        self._events.connect(f"ipc://{self.run_dir}/core/events.ipc")
        self._requests.connect(f"ipc://{self.run_dir}/core/control.ipc")
        # A subscription takes effect a moment after connecting: the first heartbeat proves it.
        self.wait_for_event(lambda event: event.HasField("heartbeat"))
        return self

    def __exit__(self, *_: object) -> None:
        self._requests.close(linger=0)
        self._events.close(linger=0)
        self._context.term()
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        finally:
            self.log += self._stdout().read().splitlines()
            self._stdout().close()

    def wait_for_line(self, text: str) -> str:
        """Reads the log until a line contains `text`."""
        deadline = time.monotonic() + START_SECONDS
        while select.select([self._stdout()], [], [], max(0.0, deadline - time.monotonic()))[0]:
            line = self._stdout().readline()
            if not line:
                raise RuntimeError(f"the core ended with {self.process.wait()}: {self.log}")
            self.log.append(line.rstrip("\n"))
            if text in line:
                return line
        raise TimeoutError(f"the core did not say {text!r}: {self.log}")

    def ask(self, **body: object) -> pb.Response:
        """Sends one request and waits for its answer. Raises RequestFailed."""
        request = pb.Request(request_id=next(self._request_ids), **body)  # type: ignore[arg-type]  # one of the oneof
        response = pb.Response.FromString(self.send_raw(request.SerializeToString()))
        assert response.request_id == request.request_id
        if response.HasField("failure"):
            raise RequestFailed(response.failure)
        return response

    def send_raw(self, message: bytes) -> bytes:
        """Sends bytes to the control socket and waits for the answer."""
        self.send_only(message)
        if not self._requests.poll(ANSWER_MS):
            raise TimeoutError("the core does not answer")
        return self._requests.recv()

    def send_only(self, message: bytes) -> None:
        """Sends bytes to the control socket."""
        self._requests.send(message)

    def events(self, timeout: float = 0.0) -> list[pb.Event]:
        """The events that came, after waiting at most `timeout` seconds for the first."""
        events: list[pb.Event] = []
        wait = timeout
        while self._events.poll(round(wait * 1000)):
            events.append(pb.Event.FromString(self._events.recv()))
            wait = 0.0
        return events

    def wait_for_event(self, wanted: Callable[[pb.Event], bool], timeout: float = 10.0) -> pb.Event:
        """Drops events until one is wanted."""
        deadline = time.monotonic() + timeout
        while self._events.poll(max(0, round((deadline - time.monotonic()) * 1000))):
            event = pb.Event.FromString(self._events.recv())
            if wanted(event):
                return event
        raise TimeoutError("the event did not come")

    def statistics(self, transport_id: str) -> pb.TransportStatistics:
        """One transport's counters."""
        return self.ask(get_statistics=pb.GetStatistics(transport_id=transport_id)).statistics.transports[0]

    def worker_statistics(self, worker: int = 0) -> pb.WorkerStatistics:
        """One worker's counters."""
        return self.ask(get_statistics=pb.GetStatistics()).statistics.workers[worker]

    def _stdout(self) -> IO[str]:
        assert self.process.stdout is not None, "opened with a pipe"
        return self.process.stdout
