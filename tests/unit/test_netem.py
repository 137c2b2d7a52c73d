from __future__ import annotations

from tests.unit.netem import NetEm


def drain(network: NetEm) -> list[tuple[int, bytes]]:
    """Everything under way, with its arrival times."""
    arrived = []
    while (now_ns := network.next_timeout()) is not None:
        arrived += [(now_ns, data) for data in network.receive(now_ns)]
    return arrived


def test_a_datagram_arrives_after_the_delay_and_once() -> None:
    network = NetEm(delay_ns=50)
    network.send(100, b"a")
    assert network.next_timeout() == 150
    assert network.receive(149) == []
    assert network.receive(150) == [b"a"]
    assert network.receive(151) == []
    assert network.next_timeout() is None


def test_without_jitter_the_order_stays() -> None:
    network = NetEm(delay_ns=10)
    for number in range(20):
        network.send(5, bytes([number]))
    assert [data[0] for _, data in drain(network)] == list(range(20))


def test_jitter_reorders_within_its_bounds() -> None:
    network = NetEm(delay_ns=1000, jitter_ns=500, seed=3)
    for number in range(100):
        network.send(number, bytes([number]))
    arrived = drain(network)
    assert sorted(data[0] for _, data in arrived) == list(range(100))
    assert [data[0] for _, data in arrived] != list(range(100))
    assert all(1000 <= arrival_ns - data[0] <= 1500 for arrival_ns, data in arrived)


def test_loss_and_duplication_come_at_their_rates() -> None:
    network = NetEm(loss=0.1, seed=7)
    doubling = NetEm(duplication=0.25, seed=7)
    for number in range(10_000):
        network.send(number, b"x")
        doubling.send(number, b"x")
    assert 900 < network.lost < 1100
    assert len(drain(network)) == 10_000 - network.lost
    assert 12_300 < len(drain(doubling)) < 12_700


def test_the_same_seed_gives_the_same_faults() -> None:
    runs = []
    for seed in (7, 7, 8):
        network = NetEm(loss=0.3, delay_ns=100, jitter_ns=1000, duplication=0.1, seed=seed)
        for number in range(200):
            network.send(number * 10, bytes([number]))
        runs.append(drain(network))
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]
