"""How datagrams gather into groups that the kernel can cut apart."""

from __future__ import annotations

from conclave.core.outbox import Post


def shapes(post: Post) -> list[tuple[int, int, int]]:
    return [group[:3] for group in post.groups()]


def test_equal_sizes_to_one_address_gather() -> None:
    post = Post(10_000, 10)
    for i in range(5):
        post.send(1, bytes([i]) * 100)
    assert shapes(post) == [(1, 100, 5)]
    assert post.groups()[0][3] == b"".join(bytes([i]) * 100 for i in range(5))


def test_a_shorter_datagram_closes_its_group() -> None:
    post = Post(10_000, 10)
    for size in (100, 100, 60, 60, 100):
        post.send(1, b"x" * size)
    assert shapes(post) == [(1, 100, 3), (1, 60, 1), (1, 100, 1)]


def test_another_address_begins_a_group() -> None:
    post = Post(10_000, 10)
    for port in (1, 2, 2, 1):
        post.send(port, b"x" * 100)
    assert shapes(post) == [(1, 100, 1), (2, 100, 2), (1, 100, 1)]


def test_groups_stay_within_what_one_send_may_carry() -> None:
    post = Post(1 << 20, 100)
    for _ in range(41):
        post.send(1, b"x" * 100)
    assert shapes(post) == [(1, 100, 40), (1, 100, 1)]
    post.clear()
    for _ in range(45):
        post.send(1, b"x" * 1500)
    assert [group[2] for group in shapes(post)] == [40, 5]
    assert all(len(group[3]) <= 60_000 for group in post.groups())


def test_full_outbox_refuses() -> None:
    post = Post(250, 10)
    assert [post.send(1, b"x" * 100) for _ in range(3)] == [True, True, False]
    post = Post(10_000, 2)
    assert [post.send(port, b"x") for port in (1, 2, 3)] == [True, True, False]
