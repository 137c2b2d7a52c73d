"""What is exposed to monitoring systems: valid OpenMetrics, named by its conventions, naming nobody."""

from __future__ import annotations

import re
from dataclasses import replace
from ipaddress import ip_address

import grpc
import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from conclave.services.control.core_status import CoreStatusOfClient
from conclave.services.domain.addresses import loopback_address
from conclave.services.media.errors import CoreUnavailable
from conclave.services.media.model import CoreInfo, CoreProcess, CoreStatistics, WorkerCounters
from conclave.services.metrics.service import MetricsService
from conclave.services.openmetrics.exposition import expose, join
from conclave.services.rpc.measuring import CallMetrics

INFO = CoreInfo("0123", "AA:BB", (10_000, 10_001), (ip_address("192.0.2.1"),), "openssl", True)
WORKER = WorkerCounters(
    packets_received=1,
    packets_sent=2,
    packets_forwarded=3,
    groups_sent=4,
    bytes_received=5,
    bytes_sent=6,
    retransmissions_sent=7,
    nacks_received=8,
    key_frames_wanted=9,
    cpu_time_s=1.5,
    packets_dropped={"replayed": 10},
    connections=11,
    connections_ended={"closed": 12},
    pools_used={"legs": 13},
    pools_size={"legs": 1024},
)
STATISTICS = CoreStatistics((WORKER, replace(WORKER, bytes_sent=60)), CoreProcess(1e9, 2.5, 4096))


class Core:
    """Answers, does not, or is known to be away."""

    def __init__(self, present: bool = True, answers: bool = True) -> None:
        self.present = present
        self.asked = 0
        self._answers = answers

    async def info(self) -> CoreInfo:
        self.asked += 1
        return INFO

    async def statistics(self) -> CoreStatistics:
        if not self._answers:
            raise CoreUnavailable("away")
        return STATISTICS


def read(exposition: bytes) -> dict[str, Metric]:
    """The families by name, as a strict parser of OpenMetrics reads them."""
    families = text_string_to_metric_families(join([exposition]).decode())  # type: ignore[no-untyped-call]
    return {family.name: family for family in families}


def value(family: Metric, **labels: str) -> float:
    (found,) = (sample.value for sample in family.samples if sample.labels == labels)
    return float(found)


def total(family: Metric, **labels: str) -> float:
    """A counter's value; beside it stands when it was made."""
    (found,) = (s.value for s in family.samples if s.labels == labels and s.name.endswith("_total"))
    return float(found)


async def test_the_core_is_told_by_worker() -> None:
    families = read(await MetricsService(Core(), CollectorRegistry()).exposition())
    assert value(families["conclave_core_up"]) == 1
    assert value(families["conclave_core_packets_forwarded"], worker="0") == 3
    assert value(families["conclave_core_sent_bytes"], worker="1") == 60
    assert value(families["conclave_core_packets_dropped"], worker="0", reason="replayed") == 10
    assert value(families["conclave_core_pool_size"], worker="1", pool="legs") == 1024
    assert value(families["conclave_core"], crypto_backend="openssl", segmentation_offload="yes") == 1


@pytest.mark.parametrize(("core", "asked"), [(Core(present=False), 0), (Core(answers=False), 1)])
async def test_a_core_that_is_away_costs_its_own_metrics_only(core: Core, asked: int) -> None:
    registry = CollectorRegistry()
    CallMetrics(["/s/M"], registry).call_ended("/s/M", grpc.StatusCode.OK, 0.1)
    families = read(await MetricsService(core, registry).exposition())
    assert value(families["conclave_core_up"]) == 0
    assert "conclave_core_packets_forwarded" not in families
    assert total(families["conclave_control_calls"], method="s/M", code="OK") == 1
    assert core.asked == asked


async def test_the_status_adds_the_workers_up() -> None:
    status = await CoreStatusOfClient(Core()).core_status()
    assert status is not None
    assert (status.packets_received, status.packets_sent, status.packets_dropped) == (2, 4, {"replayed": 20})
    assert await CoreStatusOfClient(Core(answers=False)).core_status() is None


# OpenMetrics 1.0.0, "Units and Base Units" and "Metric naming and namespaces"
async def test_names_follow_the_conventions() -> None:
    families = read(await MetricsService(Core(), CollectorRegistry()).exposition())
    for name, family in families.items():
        assert re.fullmatch(r"conclave_core(_[a-z]+)*", name)
        assert family.documentation, name
        assert not family.unit or name.endswith(f"_{family.unit}"), name
        assert not re.search(r"_(ms|ns|milliseconds|kilobytes|percent)(_|$)", name), name


def test_a_method_that_is_none_becomes_no_label() -> None:
    registry = CollectorRegistry()
    calls = CallMetrics(["/s/M"], registry)
    for attempt in range(100):
        calls.call_ended(f"/made.up/M{attempt}", grpc.StatusCode.PERMISSION_DENIED, 0.1)
    family = read(expose([registry]))["conclave_control_calls"]
    assert {sample.labels["method"] for sample in family.samples} == {"other"}
    assert total(family, method="other", code="PERMISSION_DENIED") == 100


@pytest.mark.parametrize(
    ("text", "address"), [("127.0.0.1:9464", ("127.0.0.1", 9464)), ("[::1]:0", ("::1", 0)), ("::1:9", ("::1", 9))]
)
def test_loopback_addresses_are_read(text: str, address: tuple[str, int]) -> None:
    assert loopback_address(text) == address


@pytest.mark.parametrize("text", ["0.0.0.0:9464", "192.0.2.1:9464", "[::]:1", "localhost:1", "9464", "127.0.0.1:x", ""])
def test_what_others_could_reach_is_no_address_for_metrics(text: str) -> None:
    with pytest.raises(ValueError, match=r"127\.0\.0\.1:9464"):
        loopback_address(text)
