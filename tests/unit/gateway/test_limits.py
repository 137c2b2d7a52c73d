"""Token buckets, in simulated time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conclave.services.domain.rates import Rate, TokenBucket
from conclave.services.gateway.limits import AddressBuckets, address_key

SECOND_NS = 1_000_000_000


def test_a_bucket_gives_its_burst_then_its_rate() -> None:
    bucket = TokenBucket(Rate(2, 3), 0)
    table = [
        (0, True),
        (0, True),
        (0, True),
        (0, False),
        (0.4, False),
        (0.5, True),
        (0.6, False),
        (1.0, True),
        (9, True),
    ]
    assert [(at, bucket.take(int(at * SECOND_NS))) for at, _ in table] == table


@given(st.lists(st.integers(0, SECOND_NS), max_size=200))
def test_a_bucket_never_gives_more_than_burst_and_rate(gaps: list[int]) -> None:
    bucket = TokenBucket(Rate(10, 5), 0)
    now_ns = taken = 0
    for gap in gaps:
        now_ns += gap
        taken += bucket.take(now_ns)
        assert taken <= 5 + now_ns / SECOND_NS * 10 + 1e-6


def test_looking_takes_nothing() -> None:
    bucket = TokenBucket(Rate(0.001, 1), 0)
    assert [bucket.has_any(0), bucket.has_any(0), bucket.take(0), bucket.has_any(0)] == [True, True, True, False]


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("", "unknown"),
        ("x", "unknown"),
    ],
)
def test_what_counts_as_one_address(address: str, key: str) -> None:
    assert address_key(address) == key


def test_addresses_do_not_share_a_bucket() -> None:
    buckets = AddressBuckets(Rate(0.001, 1), 10)
    assert buckets.of("192.0.2.1", 0).take(0)
    assert not buckets.of("192.0.2.1", 0).take(0)
    assert buckets.of("192.0.2.2", 0).take(0)


def test_the_address_unused_longest_is_forgotten() -> None:
    buckets = AddressBuckets(Rate(0.001, 1), 2)
    for address in ("192.0.2.1", "192.0.2.2"):
        assert buckets.of(address, 0).take(0)
    assert not buckets.of("192.0.2.1", 0).has_any(0)
    assert buckets.of("192.0.2.3", 0).has_any(0)
    assert len(buckets) == 2
    assert not buckets.of("192.0.2.1", 0).has_any(0)
    assert buckets.of("192.0.2.2", 0).has_any(0)
