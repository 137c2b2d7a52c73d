"""What a way bears is divided among pictures: never more than there is, most important first."""

from __future__ import annotations

from hypothesis import given, seed
from hypothesis import strategies as st

from conclave.core.allocate import divide

Demand = tuple[list[tuple[float, bool]], int]
CAMERA = [(150e3, True), (500e3, True), (1500e3, True)]

layers = st.lists(st.integers(20_000, 3_000_000), min_size=1, max_size=3).flatmap(
    lambda rates: st.lists(st.booleans(), min_size=len(rates), max_size=len(rates)).map(
        lambda sent: [(float(rate), is_sent) for rate, is_sent in zip(sorted(rates), sent, strict=True)]
    )
)
demands_of = st.lists(st.tuples(layers, st.integers(0, 2)), max_size=12)


def taken(demands: list[Demand], given_layers: list[int | None]) -> float:
    """Of what sends; a picture that is off takes nothing."""
    pairs = zip(demands, given_layers, strict=True)
    return sum(rates[layer][0] for (rates, _), layer in pairs if layer is not None and any(sent for _, sent in rates))


def test_everybody_has_a_small_picture_before_anybody_has_a_large_one() -> None:
    assert divide([(CAMERA, 2)] * 3, 450e3) == ([0, 0, 0], 450e3)
    assert divide([(CAMERA, 2)] * 3, 440e3) == ([0, 0, None], 300e3)
    assert divide([(CAMERA, 2)] * 3, 1e6)[0] == [1, 0, 0]
    assert divide([(CAMERA, 2)] * 3, 2e6)[0] == [2, 0, 0]
    assert divide([(CAMERA, 2)] * 3, 5e6)[0] == [2, 2, 2]


def test_no_more_than_is_wanted_is_given() -> None:
    assert divide([(CAMERA, 0), (CAMERA, 1)], 1e9) == ([0, 1], 650e3)


def test_a_screen_that_does_not_fit_leaves_its_place_to_others() -> None:
    assert divide([([(2e6, True)], 2), (CAMERA, 2)], 300e3) == ([None, 0], 150e3)


def test_what_is_sent_in_a_large_layer_alone_is_not_taken_for_small() -> None:
    alone = [(150e3, False), (500e3, False), (1500e3, True)]
    assert divide([(alone, 0)], 1e6) == ([None], 0)
    assert divide([(alone, 0)], 2e6) == ([2], 1500e3)


def test_a_camera_that_is_off_takes_nothing() -> None:
    assert divide([([(150e3, False), (500e3, False)], 1), (CAMERA, 2)], 1500e3) == ([0, 2], 1500e3)


@seed(3)
@given(demands=demands_of, bitrate=st.integers(0, 20_000_000))
def test_never_more_than_there_is(demands: list[Demand], bitrate: int) -> None:
    given_layers, total = divide(demands, float(bitrate))
    assert total <= bitrate
    assert abs(total - taken(demands, given_layers)) < 1


@seed(3)
@given(demands=demands_of, bitrate=st.integers(0, 20_000_000))
def test_who_comes_first_has_no_less_than_the_same_picture_after_it(demands: list[Demand], bitrate: int) -> None:
    for demand in demands:
        given_layers, _ = divide([demand, *demands, demand], float(bitrate))
        first, last = given_layers[0], given_layers[-1]
        assert (-1 if first is None else first) >= (-1 if last is None else last)


@seed(3)
@given(demands=demands_of)
def test_enough_is_enough(demands: list[Demand]) -> None:
    given_layers, _ = divide(demands, 1e9)
    assert None not in given_layers
