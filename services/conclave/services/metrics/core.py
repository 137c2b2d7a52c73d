"""The media core's counters as metrics. Labels are numbers of workers and names from fixed lists."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric

from conclave.services.media.model import CoreInfo, CoreStatistics, WorkerCounters

__all__ = ["CoreMetrics"]

# By name without the ending: the attribute of a worker, and what it counts.
_COUNTERS = {
    "packets_received": ("packets_received", "Datagrams and frames received"),
    "packets_sent": ("packets_sent", "Datagrams and frames sent, each segment of a group counted"),
    "packets_forwarded": ("packets_forwarded", "Media packets sent to subscribers, retransmissions included"),
    "retransmissions": ("retransmissions_sent", "Media packets sent again because a subscriber asked"),
    "nacks_received": ("nacks_received", "Sequence numbers that subscribers asked for again"),
    "key_frame_requests_received": ("key_frames_wanted", "Key frames that subscribers asked for"),
    "groups_sent": ("groups_sent", "Trips through the kernel's send path"),
}


class CoreMetrics:
    """One reading of the core, for one exposition; None stands for a core that does not answer."""

    def __init__(self, read: tuple[CoreInfo, CoreStatistics] | None) -> None:
        self._read = read

    def collect(self) -> Iterator[Metric]:
        """The families."""
        yield GaugeMetricFamily("conclave_core_up", "Whether the media core answers", value=self._read is not None)
        if self._read is None:
            return
        info, statistics = self._read
        offload = "yes" if info.segmentation_offload else "no"
        labels = {"crypto_backend": info.crypto_backend, "segmentation_offload": offload}
        yield InfoMetricFamily("conclave_core", "What the media core runs with", value=labels)
        process = statistics.process
        name = "conclave_core_process"
        start = GaugeMetricFamily(
            f"{name}_start_time_seconds", "When the media core started", value=process.start_time_s, unit="seconds"
        )
        yield start
        cpu = CounterMetricFamily(f"{name}_cpu_seconds", "CPU time of all its threads", unit="seconds")
        cpu.add_metric([], process.cpu_time_s)
        yield cpu
        peak = process.peak_resident_bytes
        yield GaugeMetricFamily(f"{name}_resident_memory_peak_bytes", "Most memory resident", value=peak, unit="bytes")
        yield from _of_workers(statistics.workers)


def _of_workers(workers: tuple[WorkerCounters, ...]) -> Iterator[Metric]:
    for name, (attribute, documentation) in _COUNTERS.items():
        family = CounterMetricFamily(f"conclave_core_{name}", documentation, labels=["worker"])
        for number, worker in enumerate(workers):
            family.add_metric([str(number)], getattr(worker, attribute))
        yield family
    received = CounterMetricFamily("conclave_core_received_bytes", "Bytes received", labels=["worker"], unit="bytes")
    sent = CounterMetricFamily("conclave_core_sent_bytes", "Bytes given to the kernel", labels=["worker"], unit="bytes")
    cpu = CounterMetricFamily("conclave_core_cpu_seconds", "CPU time of the worker", labels=["worker"], unit="seconds")
    dropped = CounterMetricFamily("conclave_core_packets_dropped", "Dropped, by reason", labels=["worker", "reason"])
    open_now = GaugeMetricFamily("conclave_core_tcp_connections", "Connections for media over TCP", labels=["worker"])
    ended = CounterMetricFamily(
        "conclave_core_tcp_connections_ended", "Connections that have ended, by reason", labels=["worker", "reason"]
    )
    used = GaugeMetricFamily("conclave_core_pool_used", "Entries of a pool in use", labels=["worker", "pool"])
    size = GaugeMetricFamily("conclave_core_pool_size", "Entries of a pool in all", labels=["worker", "pool"])
    for number, worker in enumerate(workers):
        label = str(number)
        received.add_metric([label], worker.bytes_received)
        sent.add_metric([label], worker.bytes_sent)
        cpu.add_metric([label], worker.cpu_time_s)
        open_now.add_metric([label], worker.connections)
        for reason, count in worker.packets_dropped.items():
            dropped.add_metric([label, reason], count)
        for reason, count in worker.connections_ended.items():
            ended.add_metric([label, reason], count)
        for pool, entries in worker.pools_used.items():
            used.add_metric([label, pool], entries)
        for pool, entries in worker.pools_size.items():
            size.add_metric([label, pool], entries)
    yield from (received, sent, cpu, dropped, open_now, ended, used, size)
