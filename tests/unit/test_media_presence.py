"""The core is away after three silent seconds, and a new instance is told as a restart."""

from __future__ import annotations

from conclave.services.media.presence import CoreAway, CorePresence, CorePresent

SECOND = 1_000_000_000


def test_first_event_tells_presence_once() -> None:
    presence = CorePresence(0)
    assert not presence.present
    assert presence.heard("a", 1) == CorePresent("a", restarted=False)
    assert presence.heard("a", 2) is None
    assert presence.present


def test_a_new_instance_is_a_restart_even_without_a_silence() -> None:
    presence = CorePresence(0)
    presence.heard("a", 1)
    assert presence.heard("b", 2) == CorePresent("b", restarted=True)
    assert presence.heard("b", 3) is None


def test_three_silent_seconds_are_told_once() -> None:
    presence = CorePresence(0)
    presence.heard("a", SECOND)
    assert presence.next_timeout_ns == 4 * SECOND
    assert presence.poll(4 * SECOND - 1) is None
    assert presence.poll(4 * SECOND) == CoreAway()
    assert presence.poll(9 * SECOND) is None
    assert not presence.present
    assert presence.next_timeout_ns is None


def test_return_after_silence_tells_whether_it_is_the_same_instance() -> None:
    for instance, restarted in (("a", False), ("b", True)):
        presence = CorePresence(0)
        presence.heard("a", 0)
        presence.poll(3 * SECOND)
        assert presence.heard(instance, 5 * SECOND) == CorePresent(instance, restarted)


def test_a_core_that_was_never_heard_is_away_too() -> None:
    presence = CorePresence(0)
    assert presence.poll(3 * SECOND) == CoreAway()
    assert presence.heard("a", 4 * SECOND) == CorePresent("a", restarted=False)
