from __future__ import annotations

import random

import pytest

from conclave.core.packet import StreamHistory

HISTORY_SIZE = 512


def test_what_was_put_is_found_by_its_index() -> None:
    history = StreamHistory(4)
    assert history.put(65535, b"last")
    assert history.put(65536, b"first")
    assert history.get(65535) == b"last"
    assert history.get(65536) == b"first"
    assert history.get(0) is None
    assert history.get(65535 + HISTORY_SIZE) is None
    assert len(history) == 2


def test_a_duplicate_is_given_back_and_the_first_stays() -> None:
    history = StreamHistory(4)
    assert history.put(10, b"first")
    assert not history.put(10, b"second")
    assert history.put(11)
    assert not history.put(10, b"third")
    assert history.get(10) == b"first"
    assert history.available == 2


def test_the_ring_displaces_what_falls_out_of_its_reach() -> None:
    history = StreamHistory(HISTORY_SIZE + 1)
    for index in range(1000, 1000 + 3 * HISTORY_SIZE):
        assert history.put(index, index.to_bytes(4, "big"))
    newest = 1000 + 3 * HISTORY_SIZE - 1
    assert history.available == 1
    assert history.get(newest - HISTORY_SIZE) is None
    for index in range(newest - HISTORY_SIZE + 1, newest + 1):
        assert history.get(index) == index.to_bytes(4, "big")


@pytest.mark.parametrize(
    ("index", "kept"),
    [(1000 - HISTORY_SIZE, False), (1000 - HISTORY_SIZE + 1, True), (999, True), (1000, False), (1001, True)],
)
def test_a_late_packet_is_kept_within_the_reach(index: int, kept: bool) -> None:
    history = StreamHistory(2)
    assert history.put(1000)
    assert history.put(index) is kept
    assert history.available == (0 if kept else 1)
    assert (history.get(index) is not None) is (kept or index == 1000)


def test_the_reach_does_not_depend_on_what_was_dropped() -> None:
    history = StreamHistory(1)
    assert history.put(1000)
    assert history.drop_oldest()
    assert not history.put(1000 - HISTORY_SIZE)
    assert history.put(1000 - HISTORY_SIZE + 1)


@pytest.mark.parametrize("jump", [2, HISTORY_SIZE - 1, HISTORY_SIZE, HISTORY_SIZE + 1, 100_000])
def test_a_jump_gives_back_all_that_it_passes(jump: int) -> None:
    history = StreamHistory(10)
    for index in range(100, 105):
        assert history.put(index)
    assert history.put(104 + jump)
    reached = [index for index in range(100, 105) if index > 104 + jump - HISTORY_SIZE]
    assert [index for index in range(100, 105) if history.get(index) is not None] == reached
    assert history.available == 10 - len(reached) - 1


def test_a_used_up_pool_gets_room_from_the_oldest() -> None:
    history = StreamHistory(3)
    for index in (7, 9, 20):
        assert history.put(index)
    with pytest.raises(BufferError):
        history.put(21)
    assert history.drop_oldest()
    assert history.get(7) is None
    assert history.put(21)
    assert history.drop_oldest()
    assert [history.get(index) is not None for index in (9, 20, 21)] == [False, True, True]
    assert history.put(8), "what is late may come back below the one dropped"
    assert history.drop_oldest()
    assert history.get(8) is None


def test_an_emptied_history_starts_anew_anywhere() -> None:
    history = StreamHistory(5)
    for index in (1000, 1002, 1003):
        assert history.put(index)
    history.clear()
    assert (len(history), history.available) == (0, 5)
    assert not history.drop_oldest()
    assert history.put(3, b"x")
    assert history.get(3) == b"x"
    assert history.drop_oldest()
    assert not history.drop_oldest()
    assert history.put(4)


def test_what_waits_is_not_given_to_anybody_else() -> None:
    history = StreamHistory(3)
    assert history.put(1, b"waiting")
    assert history.put(2, b"waiting too")
    history.hold(2)
    history.hold(1)
    assert history.put(2 + HISTORY_SIZE, b"new")
    assert (history.get(1), history.get(2)) == (None, None)
    assert history.available == 0, "both are displaced, and both still wait"
    assert history.let_go() == [(1, b"waiting"), (2, b"waiting too")]
    assert history.available == 2
    assert history.put(3 + HISTORY_SIZE)
    history.hold(3 + HISTORY_SIZE)
    assert history.let_go() == [(3 + HISTORY_SIZE, b"")]
    assert history.get(3 + HISTORY_SIZE) == b"", "what was not displaced stays"
    history.clear()
    assert history.available == 3


@pytest.mark.parametrize("seed", range(20))
def test_a_history_behaves_like_a_dictionary_of_the_newest(seed: int) -> None:
    chance = random.Random(seed)
    capacity = 200
    history = StreamHistory(capacity)
    model: dict[int, bytes] = {}
    highest: int | None = None
    centre = chance.choice([0, 600, 65_530, 2**47])
    for step in range(3000):
        if chance.random() < 0.05 and model:
            assert history.drop_oldest()
            del model[min(model)]
        centre += chance.choice([0, 1, 1, 1, 2, 3, chance.randint(0, 700) if chance.random() < 0.02 else 1])
        index = max(0, centre - chance.choice([0, 0, 0, 1, 5, 40, 511, 512, 513]))
        if history.available == 0:
            assert history.drop_oldest()
            del model[min(model)]
        data = step.to_bytes(4, "big")
        expected = index not in model and (highest is None or index > highest - HISTORY_SIZE)
        assert history.put(index, data) is expected
        if expected:
            model[index] = data
            highest = index if highest is None else max(highest, index)
            model = {kept: value for kept, value in model.items() if kept > highest - HISTORY_SIZE}
        assert len(history) == len(model) == capacity - history.available
        probe = index - chance.randint(0, 600)
        assert probe < 0 or history.get(probe) == model.get(probe)
    assert all(history.get(index) == data for index, data in model.items())
