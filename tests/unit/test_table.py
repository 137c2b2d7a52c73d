"""The table of fixed capacity against Python's dict."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from conclave.core.table import HashTable

# Few distinct keys of the same places, so that probe sequences collide and wrap around.
KEYS = st.sampled_from([1 + 16 * i for i in range(5)] + [15 + 16 * i for i in range(5)] + [16, 2, 3])


@given(st.lists(st.tuples(KEYS, st.integers(0, 9))))
def test_behaves_like_a_dict(steps: list[tuple[int, int]]) -> None:
    table, model = HashTable(16, 7), dict[int, int]()
    for key, value in steps:
        if value:
            if table.put(key, value):
                model[key] = value
            else:
                assert len(model) == 12
        else:
            table.remove(key)
            model.pop(key, None)
        assert {k: table.get(k) for k in model} == model
        assert len(table) == len(model)


def test_removed_key_is_gone_and_absent_key_is_zero() -> None:
    table = HashTable(16, 7)
    table.put(5, 1)
    table.remove(5)
    table.remove(6)
    assert table.get(5) == 0


def test_full_table_refuses_new_keys_and_updates_old_ones() -> None:
    table = HashTable(16, 7)
    assert [table.put(key, 1) for key in range(1, 14)] == [True] * 12 + [False]
    assert table.put(12, 2)
    assert table.get(12) == 2


def test_keys_depend_on_the_seed_and_on_every_byte() -> None:
    data = bytes(range(18))
    keys = {HashTable(16, seed).key(data) for seed in range(100)}
    assert len(keys) == 100
    changed = {HashTable(16, 7).key(bytes([*data[:i], data[i] ^ 1, *data[i + 1 :]])) for i in range(18)}
    assert len(changed) == 18
