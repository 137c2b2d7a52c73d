"""Protection of one packet, by profile and backend."""

from __future__ import annotations

from itertools import islice

import pytest
from bench.micro.packets import numbered
from pytest_benchmark.fixture import BenchmarkFixture

from conclave.core.crypto_backends import backends
from conclave.core.srtp_session import Session

# RFC 7714 section 14.2 and RFC 5764 section 4.1.2: profile, and bytes of salt.
PROFILES = {"AEAD_AES_128_GCM": (7, 12), "AES128_CM_HMAC_SHA1_80": (1, 14)}
SIZES = (160, 1200)
BATCH, ROUNDS = 200, 50
every = pytest.mark.parametrize(
    ("profile", "backend", "size"),
    [(profile, backend, size) for profile in PROFILES for backend in backends() for size in SIZES],
)


def session(profile: str, backend: str) -> Session:
    number, salt_size = PROFILES[profile]
    return Session(number, bytes(range(16)), bytes(range(salt_size)), backend)


@every
def micro_protect(benchmark: BenchmarkFixture, profile: str, backend: str, size: int) -> None:
    sender, packets = session(profile, backend), numbered(size)
    benchmark.extra_info["batch"] = BATCH

    def protect(batch: list[bytes]) -> None:
        for packet in batch:
            sender.protect(packet)

    benchmark.pedantic(protect, setup=lambda: ((list(islice(packets, BATCH)),), {}), rounds=ROUNDS)


@every
def micro_unprotect(benchmark: BenchmarkFixture, profile: str, backend: str, size: int) -> None:
    sender, receiver, packets = session(profile, backend), session(profile, backend), numbered(size)
    benchmark.extra_info["batch"] = BATCH

    def unprotect(batch: list[bytes]) -> None:
        for packet in batch:
            receiver.unprotect(packet)

    def prepare() -> tuple[tuple[list[bytes]], dict[str, object]]:
        return ([sender.protect(packet) for packet in islice(packets, BATCH)],), {}

    benchmark.pedantic(unprotect, setup=prepare, rounds=ROUNDS)
