"""What is read of every datagram that comes in."""

from __future__ import annotations

from bench.micro.packets import EXTENSION_KINDS, VIDEO
from pytest_benchmark.fixture import BenchmarkFixture

from conclave.core.demux import protocol_of
from conclave.core.rtcp import Report, parse_compound, write_nack, write_receiver_report
from conclave.core.rtp import parse_header, read_extensions, read_payload
from conclave.core.vp8 import parse_descriptor, rewrite_descriptor

REPORT = Report(
    ssrc=2,
    fraction_lost=3,
    cumulative_lost=4,
    highest_sequence_number=70_000,
    jitter=5,
    last_sr=6,
    delay_since_last_sr=7,
)


def micro_demux(benchmark: BenchmarkFixture) -> None:
    benchmark(protocol_of, VIDEO)


def micro_rtp_header(benchmark: BenchmarkFixture) -> None:
    benchmark(parse_header, VIDEO)


def micro_rtp_extensions(benchmark: BenchmarkFixture) -> None:
    benchmark(read_extensions, VIDEO, EXTENSION_KINDS)


def micro_vp8_descriptor(benchmark: BenchmarkFixture) -> None:
    benchmark(parse_descriptor, read_payload(VIDEO))


def micro_vp8_rewrite(benchmark: BenchmarkFixture) -> None:
    payload = read_payload(VIDEO)
    benchmark(lambda: rewrite_descriptor(payload, picture_id=7, tl0_picture_index=8, key_index=9))


def micro_rtcp_compound(benchmark: BenchmarkFixture) -> None:
    compound = bytes(write_receiver_report(1, [REPORT])) + bytes(write_nack(1, 2, [10, 11, 12, 500]))
    benchmark(parse_compound, compound)
