"""The order of a group, with handshakes written by hand: the appliance reads no signature."""

from __future__ import annotations

import random

import pytest

from conclave.services.mls.errors import GroupRetired, HandshakeRefused, NotYourLeaf, WrongEpoch
from conclave.services.mls.group import COMMITTER_PATIENCE_NS, MAX_PROPOSALS, Group

from .mls_messages import GROUP, UPDATE, add, commit, key_package, leaf, proposal, remove


def group_of(*others: str) -> Group:
    """A group of anna at leaf 0 and of these, in epoch 1 unless anna is alone."""
    group = Group.found(GROUP, "anna")
    for other in others:
        group.request(other, key_package(other))
    if others:
        group.take("anna", commit(0, 0, *map(add, others)), has_welcome=True)
    return group


def test_who_waits_is_added_in_order_and_named_for_the_welcome() -> None:
    group = group_of()
    for name in ("ben", "cleo"):
        group.request(name, key_package(name))
    entry = group.take("anna", commit(0, 0, add("ben"), add("cleo")), has_welcome=True)
    assert group.leaves == {0: "anna", 1: "ben", 2: "cleo"}
    assert (group.epoch, group.waiting, entry.joined) == (1, {}, ("ben", "cleo"))


def test_of_two_commits_in_one_epoch_the_first_wins() -> None:
    group = group_of("ben")
    group.take("ben", commit(1, 1, path=True))
    with pytest.raises(WrongEpoch):
        group.take("anna", commit(1, 0, path=True))
    assert group.epoch == 2


def test_a_commit_counts_only_from_the_session_whose_leaf_it_names() -> None:
    group = group_of("ben", "cleo")
    for sender in (1, 2, 7):
        with pytest.raises(NotYourLeaf):
            group.take("anna", commit(1, sender, path=True))


@pytest.mark.parametrize("bodies", [(), (remove(2),), (UPDATE,), (add("dora"), remove(2))])
def test_only_commits_of_additions_lack_a_path(bodies: tuple[bytes, ...]) -> None:
    group = group_of("ben", "cleo")
    group.request("dora", key_package("dora"))
    with pytest.raises(HandshakeRefused, match="path"):
        group.take("anna", commit(1, 0, *bodies), has_welcome=add("dora") in bodies)


def test_while_somebody_is_leaving_only_a_commit_that_removes_them_counts() -> None:
    group = group_of("ben", "cleo", "dora")
    group.leave("cleo")
    group.leave("dora")
    for bodies in ((), (remove(2),), (remove(1), remove(2), remove(3))):
        with pytest.raises(HandshakeRefused, match="leaves to remove"):
            group.take("anna", commit(1, 0, *bodies, path=True))
    group.take("anna", commit(1, 0, remove(3), remove(2), path=True))
    assert group.leaves == {0: "anna", 1: "ben"}
    assert group.leaving == set()


def test_who_is_leaving_cannot_race_with_commits_or_proposals() -> None:
    group = group_of("ben", "cleo")
    group.leave("cleo")
    for message in (commit(1, 2, path=True), proposal(1, 2, UPDATE)):
        with pytest.raises(NotYourLeaf):
            group.take("cleo", message)
    group.take("ben", commit(1, 1, remove(2), path=True))


def test_nobody_is_removed_who_stays() -> None:
    group = group_of("ben", "cleo")
    with pytest.raises(HandshakeRefused, match="leaves to remove"):
        group.take("anna", commit(1, 0, remove(1), path=True))
    with pytest.raises(HandshakeRefused, match="nobody is to remove"):
        group.take("anna", proposal(1, 0, remove(1)))


def test_a_removal_by_reference_counts_and_an_unknown_one_does_not() -> None:
    group = group_of("ben", "cleo")
    group.leave("cleo")
    proposed = proposal(1, 1, remove(2))
    with pytest.raises(HandshakeRefused, match="refers"):
        group.take("anna", commit(1, 0, path=True, refers=(proposed,)))
    group.take("ben", proposed)
    group.take("anna", commit(1, 0, path=True, refers=(proposed,)))
    assert group.leaves == {0: "anna", 1: "ben"}


def test_nobody_is_added_who_does_not_wait_or_by_another_key_package() -> None:
    group = group_of("ben")
    group.request("cleo", key_package("cleo"))
    for bodies in ((add("stranger"),), (add("cleo"), add("stranger")), (add("cleo"), add("cleo"))):
        with pytest.raises(HandshakeRefused, match="adds those who wait"):
            group.take("anna", commit(1, 0, *bodies), has_welcome=True)
    with pytest.raises(HandshakeRefused, match="added by commits"):
        group.take("anna", proposal(1, 0, add("cleo")))


@pytest.mark.parametrize("has_welcome", [True, False])
def test_a_welcome_comes_with_additions_and_only_then(has_welcome: bool) -> None:
    group = group_of("ben")
    group.request("cleo", key_package("cleo"))
    message = commit(1, 0, path=True) if has_welcome else commit(1, 0, add("cleo"))
    with pytest.raises(HandshakeRefused, match="Welcome"):
        group.take("anna", message, has_welcome=has_welcome)


def test_a_reload_is_one_commit_that_removes_the_old_leaf_and_adds_the_new_one() -> None:
    group = group_of("ben", "cleo")
    group.request("ben", key_package("ben again"))
    assert group.leaving == {1}
    group.take("anna", commit(1, 0, remove(1), add("ben again"), path=True), has_welcome=True)
    assert group.leaves == {0: "anna", 1: "ben", 2: "cleo"}


def test_a_handshake_of_another_group_is_refused() -> None:
    group = group_of("ben")
    with pytest.raises(HandshakeRefused, match="another group"):
        group.take("anna", commit(1, 0, path=True, group_id=b"other"))


def test_nothing_refused_changes_the_group() -> None:
    group = group_of("ben", "cleo")
    before = repr(group)
    for message in (commit(1, 0), commit(1, 0, remove(1), path=True), commit(0, 0, path=True), commit(1, 1, path=True)):
        with pytest.raises((HandshakeRefused, WrongEpoch, NotYourLeaf)):
            group.take("anna", message)
    assert repr(group) == before


def test_the_stream_is_numbered_without_a_gap() -> None:
    group = group_of("ben")
    entries = [group.take("ben", message) for message in (commit(1, 1, path=True), proposal(2, 1, UPDATE))]
    assert [(entry.sequence, entry.epoch, entry.commit, entry.path) for entry in entries] == [
        (2, 1, True, True),
        (3, 2, False, False),
    ]


def test_a_copy_is_another_group() -> None:
    group = group_of("ben")
    before, copied = repr(group), group.copy()
    copied.request("cleo", key_package("cleo"))
    copied.leave("ben")
    copied.take("anna", commit(1, 0, remove(1), add("cleo"), path=True), has_welcome=True)
    assert (repr(group), copied.leaves) == (before, {0: "anna", 1: "cleo"})


def test_after_a_restart_a_commit_may_refer_to_what_was_proposed_before() -> None:
    group = group_of("ben", "cleo")
    group.leave("cleo")
    proposed = proposal(1, 1, remove(2))
    group.take("ben", proposed)
    again = Group(GROUP, group.leaves, group.epoch, group.sequence, leaving=group.leaving)
    again.restore_proposals([proposed])
    entry = again.take("anna", commit(1, 0, path=True, refers=(proposed,)))
    assert (entry.sequence, again.leaves) == (3, {0: "anna", 1: "ben"})


def test_an_epoch_takes_so_many_proposals() -> None:
    group = group_of("ben")
    for number in range(MAX_PROPOSALS):
        group.take("ben", proposal(1, 1, b"\0\2" + leaf(f"update {number}", b"\2")))
    with pytest.raises(HandshakeRefused, match="proposals"):
        group.take("ben", proposal(1, 1, UPDATE))
    group.take("anna", commit(1, 0, path=True))
    group.take("ben", proposal(2, 1, UPDATE))


def test_the_lowest_leaf_online_commits_and_the_next_one_each_second() -> None:
    group = group_of("ben", "cleo")
    online = {"anna", "ben", "cleo"}
    assert group.committer(online, 0) == "anna"
    group.leave("anna")
    turns = [group.committer(online, second * COMMITTER_PATIENCE_NS) for second in range(3)]
    assert turns == ["ben", "cleo", "ben"]
    assert group.committer({"cleo"}, 0) == "cleo"
    assert group.committer(set(), 0) is None


def test_nobody_stays_alone_in_a_group() -> None:
    group = group_of("ben")
    group.leave("ben")
    assert group.retired
    with pytest.raises(GroupRetired):
        group.take("anna", commit(1, 0, remove(1), path=True))
    reloaded = group_of("ben")
    reloaded.request("ben", key_package("ben again"))
    assert not reloaded.retired
    reloaded.leave("anna")
    assert reloaded.retired


def test_whatever_is_tried_leaves_and_epochs_stay_in_order() -> None:
    chance = random.Random(11)
    group, names, taken = group_of("p0", "p1", "p2"), 3, 0
    numbers: list[int] = []
    for _ in range(3_000):
        owners = sorted(set(group.leaves.values()))
        match chance.randrange(5):
            case 0 if len(owners) < 12:
                group.request(f"p{names}", key_package(f"p{names}"))
                names += 1
            case 1 if len(group.leaves.keys() - group.leaving) > 3:
                group.leave(chance.choice(owners))
            case _:
                sender = chance.choice(sorted(group.leaves))
                wanted = [remove(index) for index in sorted(group.leaving) if chance.random() < 0.9]
                offers = [b"\0\1" + offer for offer in group.waiting.values() if chance.random() < 0.9]
                message = commit(
                    group.epoch - (chance.random() < 0.1), sender, *wanted, *offers, path=chance.random() < 0.9
                )
                before = group.epoch
                try:
                    numbers.append(group.take(group.leaves[sender], message, has_welcome=bool(offers)).sequence)
                except (HandshakeRefused, WrongEpoch, NotYourLeaf):
                    assert group.epoch == before
                else:
                    taken += 1
                    assert (group.epoch, group.leaving) == (before + 1, set())
        assert len(set(group.leaves.values())) == len(group.leaves), "nobody has two leaves"
    assert taken > 400
    assert numbers == list(range(2, taken + 2))
    assert not group.retired
