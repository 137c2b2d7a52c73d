"""A simulated network between two peers: simulated time, no threads, the same faults for the same seed."""

from __future__ import annotations

import heapq
import random


class NetEm:
    """One direction of a path that loses, delays, reorders and duplicates datagrams.

    loss, duplication: probabilities, 0 to 1. delay_ns: of every datagram; jitter_ns: up to so much more, drawn for each
    one, so that datagrams overtake each other.
    """

    def __init__(
        self,
        *,
        loss: float = 0.0,
        delay_ns: int = 20_000_000,
        jitter_ns: int = 0,
        duplication: float = 0.0,
        seed: int = 7,
    ) -> None:
        self._loss = loss
        self._delay_ns = delay_ns
        self._jitter_ns = jitter_ns
        self._duplication = duplication
        self._random = random.Random(seed)
        self._queue: list[tuple[int, int, bytes]] = []
        self._sent = 0
        self.lost = 0

    def send(self, now_ns: int, data: bytes) -> None:
        """Takes a datagram into the network, where it may be lost or doubled."""
        copies = 2 if self._random.random() < self._duplication else 1
        for _ in range(copies):
            if self._random.random() < self._loss:
                self.lost += 1
                continue
            arrival_ns = now_ns + self._delay_ns + self._random.randint(0, self._jitter_ns)
            self._sent += 1
            heapq.heappush(self._queue, (arrival_ns, self._sent, data))

    def receive(self, now_ns: int) -> list[bytes]:
        """Everything that has arrived by now and was not received before, in the order of arrival."""
        arrived: list[bytes] = []
        while self._queue and self._queue[0][0] <= now_ns:
            arrived.append(heapq.heappop(self._queue)[2])
        return arrived

    def next_timeout(self) -> int | None:
        """When the next datagram arrives, in ns; None when none is under way."""
        return self._queue[0][0] if self._queue else None
