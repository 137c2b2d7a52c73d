"""The queue between two threads."""

from __future__ import annotations

import threading

from conclave.core.ring import Queue


def test_full_ring_refuses_and_empty_ring_gives_nothing() -> None:
    ring = Queue(4)
    assert [ring.put(i) for i in range(5)] == [True, True, True, True, False]
    assert [ring.take() for _ in range(5)] == [0, 1, 2, 3, None]


def test_two_threads_lose_and_reorder_nothing() -> None:
    ring = Queue(1024)
    count = 20_000
    got: list[int] = []

    def consume() -> None:
        while len(got) < count:
            value = ring.take()
            if value is not None:
                got.append(value)

    consumer = threading.Thread(target=consume)
    consumer.start()
    sent = 0
    while sent < count:
        if ring.put(sent & 255):
            sent += 1
    consumer.join()
    assert got == [i & 255 for i in range(count)]
