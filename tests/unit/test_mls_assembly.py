"""Who founds a meeting's group, who commits and when, in simulated time."""

from __future__ import annotations

import random
from contextlib import suppress

import pytest

from conclave.services.mls.assembly import (
    BATCH_NS,
    DESERTED_NS,
    ENTRIES_WITHIN_NS,
    FOUNDER_PATIENCE_NS,
    MAX_ENTRIES,
    MAX_TOGETHER,
    REFRESH_NS,
    TOGETHER_NS,
    Assembly,
    CommitAsked,
    Decision,
    FoundingAsked,
    GroupDeserted,
)
from conclave.services.mls.errors import EntersTooOften, GroupRetired, HandshakeRefused, NotYourLeaf, WrongEpoch
from conclave.services.mls.group import COMMITTER_PATIENCE_NS, Group

from .mls_messages import GROUP, commit, key_package, remove


class Room:
    """An assembly with a clock and a list of who is online, and members that do what they are asked."""

    def __init__(self, *names: str) -> None:
        self.now_ns = 5
        self.assembly = Assembly(self.now_ns)
        self.online: set[str] = set()
        for name in names:
            self.enter(name)
        if names:
            assert self.poll() == FoundingAsked(names[0])
            self.assembly.found(names[0], GROUP, self.now_ns)
            if len(names) > 1:
                self.wait(BATCH_NS)
                self.obey()

    def enter(self, name: str, package: str = "") -> None:
        self.online.add(name)
        self.assembly.enter(name, key_package(package or name), self.now_ns)

    def leave(self, name: str) -> None:
        self.online.discard(name)
        self.assembly.leave(name)

    def poll(self) -> Decision | None:
        return self.assembly.poll(self.now_ns, self.online)

    def wait(self, ns: int) -> None:
        """Nothing is asked on the way that the next question would not find."""
        self.poll()
        self.now_ns += ns

    def asked(self) -> CommitAsked:
        decision = self.poll()
        assert isinstance(decision, CommitAsked)
        return decision

    def obey(self, asked: CommitAsked | None = None, *, path: bool = False) -> None:
        """The member who is asked commits."""
        asked = asked or self.asked()
        adds = [b"\0\1" + offer for _, offer in asked.add]
        removes = [remove(index) for index in asked.remove]
        path = path or bool(removes) or not adds
        group = self.assembly.require(asked.group_id)
        leaf = next(leaf for leaf, owner in group.staying.items() if owner == asked.committer)
        message = commit(asked.epoch, leaf, *removes, *adds, path=path, group_id=asked.group_id)
        has_welcome = bool(adds)
        self.assembly.take(asked.committer, asked.group_id, message, self.now_ns, has_welcome=has_welcome)

    def take(self, name: str, message: bytes) -> None:
        self.assembly.take(name, GROUP, message, self.now_ns, has_welcome=False)

    @property
    def group(self) -> Group:
        return self.assembly.require(GROUP)


def test_the_first_who_enters_is_asked_to_found_and_the_next_when_nothing_comes() -> None:
    room = Room()
    assert room.poll() is None
    room.enter("anna")
    room.enter("ben")
    assert room.poll() == FoundingAsked("anna")
    assert room.poll() is None
    assert room.assembly.next_timeout() == room.now_ns + FOUNDER_PATIENCE_NS
    room.now_ns += FOUNDER_PATIENCE_NS
    assert room.poll() == FoundingAsked("ben")
    # Whoever is first of those who were asked.
    room.assembly.found("anna", GROUP, room.now_ns)
    with pytest.raises(HandshakeRefused):
        room.assembly.found("ben", b"another", room.now_ns)
    assert room.group.leaves == {0: "anna"}
    assert list(room.assembly.waiting) == ["ben"]


def test_nobody_founds_who_was_not_asked() -> None:
    room = Room()
    for name in ("anna", "ben"):
        room.enter(name)
    assert room.poll() == FoundingAsked("anna")
    for name in ("ben", "stranger"):
        with pytest.raises(HandshakeRefused):
            room.assembly.found(name, GROUP, room.now_ns)


def test_a_founder_who_vanishes_is_replaced_at_once() -> None:
    room = Room()
    for name in ("anna", "ben"):
        room.enter(name)
    assert room.poll() == FoundingAsked("anna")
    room.online.discard("anna")
    assert room.poll() == FoundingAsked("ben")
    room.leave("anna")
    with pytest.raises(HandshakeRefused):
        room.assembly.found("anna", GROUP, room.now_ns)
    assert room.poll() is None


@pytest.mark.parametrize("how", ["resumed", "reloaded"])
def test_a_founder_who_comes_back_is_asked_again(how: str) -> None:
    room = Room()
    room.enter("anna")
    assert room.poll() == FoundingAsked("anna")
    if how == "resumed":
        room.assembly.heard_nothing("anna")
    else:
        room.enter("anna", "anna again")
    assert room.poll() == FoundingAsked("anna")


def test_those_who_come_within_a_quarter_of_a_second_are_added_together() -> None:
    room = Room("anna")
    room.enter("ben")
    assert room.poll() is None
    assert room.assembly.next_timeout() == room.now_ns + BATCH_NS
    room.now_ns += BATCH_NS - 1
    room.enter("cleo")
    assert room.poll() is None
    room.now_ns += 1
    asked = room.asked()
    assert (asked.committer, [name for name, _ in asked.add]) == ("anna", ["ben", "cleo"])
    # Who comes while that commit is on its way is added by the next.
    room.enter("dora")
    assert room.poll() is None
    room.obey(asked)
    room.wait(BATCH_NS)
    assert [name for name, _ in room.asked().add] == ["dora"]


def test_a_removal_is_asked_for_at_once_with_those_who_wait() -> None:
    room = Room("anna", "ben", "cleo")
    room.enter("dora")
    assert room.poll() is None
    room.leave("ben")
    asked = room.asked()
    assert (asked.remove, [name for name, _ in asked.add]) == ((1,), ["dora"])
    # Another removal makes that commit worthless.
    room.leave("cleo")
    again = room.asked()
    assert again.remove == (1, 2)
    with pytest.raises(HandshakeRefused, match="leaves to remove"):
        room.obey(asked)
    room.obey(again)
    assert room.group.leaves == {0: "anna", 1: "dora"}


def test_when_nothing_comes_the_next_leaf_is_asked_and_either_may_commit() -> None:
    room = Room("anna", "ben", "cleo")
    room.leave("cleo")
    first = room.asked()
    room.now_ns += COMMITTER_PATIENCE_NS
    second = room.asked()
    assert (first.committer, second.committer) == ("anna", "ben")
    room.obey(second)
    with pytest.raises(WrongEpoch):
        room.take("anna", commit(1, 0, remove(2), path=True))


def test_nobody_commits_unasked() -> None:
    room = Room("anna", "ben", "cleo")
    with pytest.raises(HandshakeRefused, match="asks"):
        room.assembly.copy().take("ben", GROUP, commit(1, 1, path=True), room.now_ns, has_welcome=False)
    room.leave("cleo")
    assert room.asked().committer == "anna"
    with pytest.raises(HandshakeRefused, match="asks"):
        room.assembly.copy().take("ben", GROUP, commit(1, 1, remove(2), path=True), room.now_ns, has_welcome=False)


def test_a_committer_whose_signalling_is_lost_is_replaced_at_once_and_asked_again_when_back() -> None:
    room = Room("anna", "ben", "cleo")
    room.leave("cleo")
    assert room.asked().committer == "anna"
    room.online.discard("anna")
    assert room.asked().committer == "ben"
    room.online.add("anna")
    room.assembly.heard_nothing("anna")
    assert room.asked().committer == "anna"


def test_a_crowd_is_added_in_parts() -> None:
    room = Room("anna")
    names = [f"p{number}" for number in range(MAX_TOGETHER + 3)]
    for name in names:
        room.enter(name)
    room.wait(BATCH_NS)
    asked = room.asked()
    assert [name for name, _ in asked.add] == names[:MAX_TOGETHER]
    room.obey(asked)
    room.wait(BATCH_NS)
    assert [name for name, _ in room.asked().add] == names[MAX_TOGETHER:]


def test_somebody_whom_nobody_can_add_does_not_keep_the_others_out() -> None:
    room = Room("anna")
    for name in ("poisoned", "ben", "cleo"):
        room.enter(name)
    room.wait(BATCH_NS)
    assert len(room.asked().add) == 3
    room.now_ns += TOGETHER_NS
    added = set()
    for _ in range(6):
        asked = room.asked()
        assert len(asked.add) == 1
        if asked.add[0][0] != "poisoned":
            added.add(asked.add[0][0])
            room.obey(asked)
            room.wait(BATCH_NS)
            if set(room.group.leaves.values()) >= {"ben", "cleo"}:
                break
            assert len(room.asked().add) == 2
            room.now_ns += TOGETHER_NS
        else:
            room.now_ns += COMMITTER_PATIENCE_NS
    assert added == {"ben", "cleo"}


def test_who_stops_waiting_is_asked_for_no_more() -> None:
    room = Room("anna")
    for name in ("ben", "cleo"):
        room.enter(name)
    room.wait(BATCH_NS)
    asked = room.asked()
    room.leave("ben")
    again = room.asked()
    assert [name for name, _ in again.add] == ["cleo"]
    with pytest.raises(HandshakeRefused, match="adds those who wait"):
        room.obey(asked)
    room.obey(again)
    assert room.group.leaves == {0: "anna", 1: "cleo"}


def test_a_client_that_is_stuck_gets_a_new_leaf_and_the_old_one_says_nothing_more() -> None:
    room = Room("anna", "ben", "cleo")
    room.enter("ben", "ben again")
    asked = room.asked()
    assert (asked.remove, [name for name, _ in asked.add]) == ((1,), ["ben"])
    with pytest.raises(NotYourLeaf):
        room.take("ben", commit(1, 1, path=True))
    room.obey(asked)
    assert room.group.leaves == {0: "anna", 1: "ben", 2: "cleo"}
    assert room.poll() is None


def test_new_leaves_are_asked_for_so_often_and_no_more() -> None:
    room = Room("anna", "ben", "cleo")
    for number in range(MAX_ENTRIES - 1):
        room.enter("ben", f"ben {number}")
    before = repr(room.group)
    with pytest.raises(EntersTooOften):
        room.enter("ben", "ben once more")
    assert repr(room.group) == before
    room.enter("cleo", "cleo again")
    room.now_ns += ENTRIES_WITHIN_NS
    room.enter("ben", "ben later")


def test_a_group_without_anybody_online_is_retired_after_ten_seconds() -> None:
    room = Room("anna", "ben")
    room.online.clear()
    assert room.poll() is None
    assert room.assembly.next_timeout() == room.now_ns + DESERTED_NS
    room.now_ns += DESERTED_NS - 1
    assert room.poll() is None
    room.online.add("ben")
    assert room.poll() is None
    room.online.clear()
    room.wait(DESERTED_NS)
    assert room.poll() == GroupDeserted()
    room.assembly.retire()
    with pytest.raises(GroupRetired):
        room.take("ben", commit(1, 1, path=True))
    # Whoever comes first founds the next one.
    room.enter("ben", "ben again")
    assert room.poll() == FoundingAsked("ben")


def test_a_group_in_which_one_would_stay_alone_is_over() -> None:
    room = Room("anna", "ben")
    room.leave("ben")
    assert room.assembly.group is None
    assert room.poll() is None
    room.enter("anna", "anna again")
    assert room.poll() == FoundingAsked("anna")


def test_who_waited_waits_on_when_the_group_is_over() -> None:
    room = Room("anna", "ben")
    room.enter("cleo")
    room.leave("ben")
    assert room.asked().remove == (1,)
    room.leave("anna")
    assert room.assembly.group is None
    assert room.poll() == FoundingAsked("cleo")


def test_keys_are_refreshed_when_nobody_came_or_went_for_long() -> None:
    room = Room("anna", "ben")
    assert room.poll() is None
    # Ben came by a commit without a path: only the group's beginning had new keys.
    began_ns = room.assembly.refreshed_ns
    assert room.assembly.next_timeout() == began_ns + REFRESH_NS
    room.now_ns = began_ns + REFRESH_NS
    asked = room.asked()
    assert (asked.committer, asked.add, asked.remove) == ("anna", (), ())
    room.now_ns += COMMITTER_PATIENCE_NS
    assert room.asked().committer == "ben"
    room.obey(asked)
    assert room.poll() is None
    assert room.assembly.next_timeout() == room.now_ns + REFRESH_NS


def test_one_alone_is_not_asked_to_refresh() -> None:
    room = Room("anna")
    room.now_ns += 2 * REFRESH_NS
    assert room.poll() is None
    assert room.assembly.next_timeout() is None


def test_a_change_that_is_not_kept_changes_nothing() -> None:
    room = Room("anna", "ben", "cleo")
    room.enter("dora")
    before = repr(room.group), dict(room.assembly.waiting)
    draft = room.assembly.copy()
    draft.leave("ben")
    draft.enter("eve", key_package("eve"), room.now_ns)
    draft.retire()
    assert (repr(room.group), dict(room.assembly.waiting)) == before


class Storm(Room):
    """People who come, go, vanish, reload and do not always do what they are asked."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.chance = random.Random(seed)
        self.present: set[str] = set()
        self.founded = self.leaves = 0

    def inside(self) -> set[str]:
        group = self.assembly.group
        return set() if group is None else set(group.staying.values())

    def enter_anew(self, name: str) -> None:
        self.leaves += 1
        with suppress(EntersTooOften):
            self.assembly.enter(name, key_package(f"{name} {self.leaves}"), self.now_ns)

    def gust(self) -> None:
        name = f"p{self.chance.randrange(7)}"
        match self.chance.randrange(6):
            case 0 | 1 if name not in self.present or self.chance.random() < 0.3:
                self.present.add(name)
                self.online.add(name)
                self.enter_anew(name)
            case 2 if name in self.present and self.chance.random() < 0.5:
                self.present.discard(name)
                self.leave(name)
            case 3:
                self.online.discard(name)
            case 4 if name in self.present:
                self.online.add(name)
                self.assembly.heard_nothing(name)
            case 5 if self.chance.random() < 0.1:
                # The network is gone for all of them, for long.
                self.online.clear()
                self.poll()
                self.now_ns += DESERTED_NS

    def step(self, obedience: float) -> None:
        """Asks what is due; obedience: how probably it is done."""
        decision = self.poll()
        if isinstance(decision, GroupDeserted):
            self.assembly.retire()
        if self.chance.random() >= obedience:
            return
        match decision:
            case FoundingAsked(founder):
                self.founded += 1
                self.assembly.found(founder, b"group %d" % self.founded, self.now_ns)
            case CommitAsked() as asked:
                self.obey(asked)

    def enter_who_lost_the_group(self) -> None:
        """A client whose leaf is worth nothing enters with another."""
        for name in sorted((self.present & self.online) - self.inside() - self.assembly.waiting.keys()):
            self.enter_anew(name)


@pytest.mark.parametrize("seed", range(12))
def test_whatever_happens_everybody_comes_together_again(seed: int) -> None:
    storm = Storm(seed)
    for _ in range(400):
        storm.gust()
        storm.step(obedience=0.7)
        storm.now_ns += storm.chance.choice((0, BATCH_NS, COMMITTER_PATIENCE_NS, 3 * COMMITTER_PATIENCE_NS))
        group = storm.assembly.group
        if group is not None:
            assert len(set(group.staying.values())) == len(group.staying), "nobody has two leaves"
            assert set(group.staying.values()) <= storm.present, "nobody stays who has left"
        storm.enter_who_lost_the_group()
    assert storm.founded > 1
    # From now on everybody is there and does what is asked.
    for _ in range(60):
        storm.now_ns += ENTRIES_WITHIN_NS
        storm.online |= storm.present
        storm.enter_who_lost_the_group()
        for name in storm.present:
            storm.assembly.heard_nothing(name)
        storm.step(obedience=1)
        storm.now_ns += BATCH_NS
        storm.step(obedience=1)
    assert storm.inside() == storm.present
    assert storm.assembly.group is None or not storm.assembly.group.leaving
