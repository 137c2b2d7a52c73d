"""The core's ZeroMQ sockets and the loop that serves them, the workers' events and the timers (L8).

One thread. It sleeps in poll until a request, an event of a worker, a signal or a timer comes.
"""

from __future__ import annotations

import os
import socket
import time
from typing import TYPE_CHECKING, Final, Self

import zmq

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import TracebackType

    from conclave.core.control import Control
    from conclave.core.events import Engine

__all__ = ["Server"]

REQUEST_MAX: Final = 1_048_576  # bytes; ZeroMQ cuts off a peer that sends more
REQUESTS_AT_ONCE: Final = 64  # before events and timers have their turn
EVENTS_WAITING_MAX: Final = 10_000  # for one slow subscriber; then it loses events and sees it by asking again

_SOCKET_MASK: Final = 0o117  # sockets are 0660 from the moment they exist
_DIRECTORY_MODE: Final = 0o770


class Server:
    """Serves `control` on DIRECTORY/control.ipc (ROUTER) and DIRECTORY/events.ipc (PUB), both 0660.

    Use as a context manager: entering binds, leaving closes. `stop` may be called from a signal handler.
    """

    def __init__(self, control: Control, engines: Sequence[Engine], directory: Path) -> None:
        self._control = control
        self._engines = engines
        self._directory = directory
        self._context = zmq.Context()
        self._requests = self._context.socket(zmq.ROUTER)
        self._events = self._context.socket(zmq.PUB)
        self._wake, self._waker = socket.socketpair()
        self._stopping = False

    def __enter__(self) -> Self:
        self._directory.mkdir(mode=_DIRECTORY_MODE, parents=True, exist_ok=True)
        for endpoint in (self._requests, self._events):
            endpoint.setsockopt(zmq.LINGER, 0)
            endpoint.setsockopt(zmq.MAXMSGSIZE, REQUEST_MAX)
        self._events.setsockopt(zmq.SNDHWM, EVENTS_WAITING_MAX)
        before = os.umask(_SOCKET_MASK)
        try:
            self._requests.bind(f"ipc://{self._directory / 'control.ipc'}")
            self._events.bind(f"ipc://{self._directory / 'events.ipc'}")
        finally:
            os.umask(before)
        for end in (self._wake, self._waker):
            end.setblocking(False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._requests.close()
        self._events.close()
        self._context.term()
        self._wake.close()
        self._waker.close()

    def stop(self) -> None:
        """Makes `serve` return."""
        self._stopping = True
        self._waker.send(b"\0")

    def serve(self) -> None:
        """Serves until `stop`."""
        poller = zmq.Poller()
        poller.register(self._requests, zmq.POLLIN)
        poller.register(self._wake, zmq.POLLIN)
        workers = {engine.fileno(): worker for worker, engine in enumerate(self._engines)}
        for descriptor in workers:
            poller.register(descriptor, zmq.POLLIN)
        while not self._stopping:
            wait_ns = self._control.next_timeout() - time.monotonic_ns()
            ready = dict(poller.poll(max(0, -(-wait_ns // 1_000_000))))
            if self._requests in ready:
                self._answer_requests()
            for descriptor, worker in workers.items():
                if descriptor in ready:
                    self._control.take_events(worker, time.monotonic_ns())
            self._control.handle_timeout(time.monotonic_ns())
            for event in self._control.poll_events():
                self._events.send(event.SerializeToString())

    def _answer_requests(self) -> None:
        for _ in range(REQUESTS_AT_ONCE):
            try:
                *envelope, request = self._requests.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            answer = self._control.handle(request, time.monotonic_ns())
            # A client that is gone, or reads nothing, loses its answer: ROUTER drops it.
            self._requests.send_multipart([*envelope, answer], zmq.NOBLOCK)
