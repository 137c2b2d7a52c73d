"""Which layers are sent: wanted ones at once, unwanted ones a while longer."""

from __future__ import annotations

import random

import pytest

from conclave.services.signalling.demand import LINGER_NS, Demand, LayerDemand

S = 1_000_000_000
A, B = "ann/camera", "bob/camera"

# What happens when, in seconds, and what is told then: a viewer and the layers that it wants, or nothing.
Step = tuple[float, tuple[str, set[int]] | None, set[int] | None]


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param([(0, None, {0, 1, 2}), (4.9, None, None), (5, None, set()), (99, None, None)], id="nobody looks"),
        pytest.param(
            [(0, ("v", {0}), {0, 1, 2}), (4.9, None, None), (5, None, {0}), (60, None, None)], id="one small tile"
        ),
        pytest.param(
            [
                (0, ("v", {0}), {0, 1, 2}),
                (5, None, {0}),
                (10, ("v", {2}), {0, 2}),
                (14.9, None, None),
                (15, None, {2}),
            ],
            id="enlarged",
        ),
        pytest.param(
            [
                (0, ("v", {2}), {0, 1, 2}),
                (5, None, {2}),
                (10, ("v", {0}), {0, 2}),
                (12, ("v", {2}), None),
                (14, None, None),
                (17, None, {2}),
            ],
            id="small for a moment",
        ),
        pytest.param(
            [
                (0, ("v", {0}), {0, 1, 2}),
                (1, ("w", {2}), None),
                (5, None, {0, 2}),
                (6, ("w", set()), None),
                (10.9, None, None),
                (11, None, {0}),
                (12, ("v", set()), None),
                (17, None, set()),
                (18, ("w", {1}), {1}),
            ],
            id="two viewers",
        ),
    ],
)
def test_what_is_told_of_one_source(steps: list[Step]) -> None:
    demand = LayerDemand(0)
    for seconds, wish, told in steps:
        now_ns = int(seconds * S)
        if wish is not None:
            demand.want(*wish, now_ns)
        assert demand.poll(now_ns) == (None if told is None else frozenset(told)), seconds


def test_a_source_that_is_sent_anew_is_told_of_anew() -> None:
    demand = Demand()
    demand.want("v", {A: {0}}, 0)
    demand.begin({A}, 0)
    assert demand.poll(0) == {A: {0, 1, 2}}
    assert demand.poll(LINGER_NS) == {A: {0}}
    demand.begin({A}, 20 * S)
    assert demand.poll(20 * S) == {A: {0, 1, 2}}
    assert demand.poll(20 * S + LINGER_NS) == {A: {0}}
    # A client that came back may not have heard it.
    demand.forget_told({A, B})
    assert demand.poll(40 * S) == {A: {0}}
    assert demand.poll(41 * S) == {}


def test_a_viewer_who_goes_wants_nothing_any_more() -> None:
    demand = Demand()
    demand.begin({A, B}, 0)
    demand.want("v", {A: {0, 2}, B: {1}}, 0)
    assert demand.poll(LINGER_NS) == {A: {0, 2}, B: {1}}
    demand.want("v", {}, 10 * S)
    assert demand.poll(10 * S) == {}
    assert demand.poll(10 * S + LINGER_NS) == {A: set(), B: set()}


def test_what_is_wanted_before_it_is_sent_counts_from_the_start() -> None:
    demand = Demand()
    demand.want("v", {A: {1}}, 0)
    assert demand.poll(0) == {}
    demand.begin({A}, S)
    assert demand.poll(S) == {A: {0, 1, 2}}
    assert demand.poll(S + LINGER_NS) == {A: {1}}
    demand.end({A})
    demand.want("v", {A: {2}}, 20 * S)
    assert demand.poll(60 * S) == {}


def test_who_follows_what_is_told_always_sends_what_is_wanted_and_in_the_end_nothing_else() -> None:
    chance = random.Random(7)
    demand, wants, sending = Demand(), {}, {A: frozenset({0, 1, 2}), B: frozenset({0, 1, 2})}
    demand.begin({A, B}, 0)
    now_ns = 0

    def wanted(source: str) -> set[int]:
        return {layer for layers in wants.values() for layer in layers.get(source, ())}

    for _ in range(2000):
        now_ns += chance.randrange(3 * S)
        if chance.random() < 0.7:
            viewer = chance.choice("uvw")
            wants[viewer] = {source: set(chance.choices(range(3), k=2)) for source in (A, B) if chance.random() < 0.5}
            demand.want(viewer, wants[viewer], now_ns)
        sending |= demand.poll(now_ns)
        for source in (A, B):
            assert sending[source] >= wanted(source)
    sending |= demand.poll(now_ns + LINGER_NS)
    assert sending == {A: wanted(A), B: wanted(B)}
