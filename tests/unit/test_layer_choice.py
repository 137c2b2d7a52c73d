from __future__ import annotations

import pytest

from conclave.core.layers import choose

SECOND = 1_000_000_000
NOW = 100 * SECOND
FRESH = NOW - SECOND // 2
LIMIT = NOW - SECOND
STALE = NOW - SECOND - 1


@pytest.mark.parametrize(
    ("last_packets", "max_layer", "chosen"),
    [
        ([FRESH, FRESH, FRESH], 2, 2),
        ([FRESH, FRESH, FRESH], 1, 1),
        ([FRESH, FRESH, FRESH], 0, 0),
        ([FRESH, FRESH, FRESH], 9, 2),
        ([FRESH, FRESH, STALE], 2, 1),
        ([FRESH, STALE, STALE], 2, 0),
        ([FRESH, STALE, FRESH], 1, 0),
        ([STALE, STALE, FRESH], 0, 2),  # nothing below sends: the lowest that does
        ([STALE, FRESH, FRESH], 0, 1),
        ([None, FRESH, FRESH], 0, 1),
        ([STALE, STALE, STALE], 2, None),
        ([None, None, None], 2, None),
        ([LIMIT], 0, 0),
        ([STALE], 0, None),
        ([NOW + 1], 0, 0),  # a batch may carry a later arrival than its clock reading
        ([FRESH], 2, 0),
        ([], 2, None),
    ],
)
def test_the_highest_allowed_layer_that_sends_is_shown(
    last_packets: list[int | None], max_layer: int, chosen: int | None
) -> None:
    assert choose(last_packets, max_layer, NOW) == chosen


# Times are counted from when the machine started: "never" is not the same as "at 0".
def test_a_layer_never_heard_of_is_not_active_in_the_first_second() -> None:
    assert choose([None], 0, SECOND // 2) is None
    assert choose([0], 0, SECOND // 2) == 0
