"""What is decided about a packet between its arrival and its departure."""

from __future__ import annotations

from itertools import count

from bench.micro.packets import VIDEO
from pytest_benchmark.fixture import BenchmarkFixture

from conclave.core.layers import choose
from conclave.core.nack import MissingPackets
from conclave.core.outbox import Post
from conclave.core.packet import StreamHistory
from conclave.core.rewrite import SlotRewriter

GROUP = 40
HISTORY = 512
MS = 1_000_000


def micro_rewrite(benchmark: BenchmarkFixture) -> None:
    rewriter, indexes = SlotRewriter(True, 1000, 50_000), count(2)
    rewriter.switch(0, index=1, rtp_timestamp=3000, picture_id=1, picture_id_size=2, payload_size=1200)

    def rewrite() -> None:
        index = next(indexes)
        timestamp, picture_id = 3000 * index & 0xFFFFFFFF, index & 0x7FFF
        rewriter.map(index=index, rtp_timestamp=timestamp, picture_id=picture_id, picture_id_size=2, payload_size=1200)

    benchmark(rewrite)


def micro_nack_in_order(benchmark: BenchmarkFixture) -> None:
    missing, indexes = MissingPackets(), count(1)

    def receive() -> None:
        index = next(indexes)
        missing.received(index, index * MS)

    benchmark(receive)


def micro_nack_one_of_ten_lost(benchmark: BenchmarkFixture) -> None:
    """Ten packets, nine of which come, and what is to be asked for."""
    missing, indexes = MissingPackets(), count(1, 10)

    def receive() -> None:
        first = next(indexes)
        for index in range(first, first + 9):
            missing.received(index, first * MS)
        missing.poll(first * MS)
        missing.forget_before(first)

    benchmark(receive)


def micro_history(benchmark: BenchmarkFixture) -> None:
    history, indexes = StreamHistory(HISTORY), count(1)

    def keep() -> None:
        if not history.available:
            history.drop_oldest()
        history.put(next(indexes), VIDEO)

    benchmark(keep)


def micro_outbox_group(benchmark: BenchmarkFixture) -> None:
    """A group of equal datagrams to one port, and the next round."""
    post = Post(GROUP, GROUP)

    def send() -> None:
        for _ in range(GROUP):
            post.send(5000, VIDEO)
        post.clear()

    benchmark.extra_info["batch"] = GROUP
    benchmark(send)


def micro_layer_choice(benchmark: BenchmarkFixture) -> None:
    benchmark(choose, [90 * MS, 95 * MS, None], 2, 100 * MS)
