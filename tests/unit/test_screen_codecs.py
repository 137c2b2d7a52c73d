"""Screens are sent in VP9 while all decode it."""

from __future__ import annotations

from conclave.services.signalling.codecs import LINGER_NS, ScreenCodecs, VideoCodec

VP8, VP9 = VideoCodec.VP8, VideoCodec.VP9


def test_all_who_decode_vp9_are_sent_vp9() -> None:
    codecs = ScreenCodecs()
    codecs.receives("m", "ada", vp9=True)
    codecs.receives("m", "bob", vp9=True)
    assert codecs.poll(0) == set()
    assert codecs.of("m") is VP9


def test_one_who_does_not_makes_the_meeting_fall_back_at_once_and_no_other() -> None:
    codecs = ScreenCodecs()
    codecs.receives("m", "ada", vp9=True)
    codecs.receives("m", "old", vp9=False)
    codecs.receives("other", "cyd", vp9=True)
    assert codecs.poll(0) == {"m"}
    assert (codecs.of("m"), codecs.of("other")) == (VP8, VP9)
    assert codecs.poll(1) == set()


def test_the_last_one_who_does_not_is_waited_for_a_while() -> None:
    codecs = ScreenCodecs()
    for name in ("old", "older"):
        codecs.receives("m", name, vp9=False)
    codecs.poll(0)
    codecs.receives_no_more("m", "old", 10)
    assert codecs.poll(10 + LINGER_NS) == set()
    codecs.receives_no_more("m", "older", 20)
    assert codecs.poll(20 + LINGER_NS - 1) == set()
    # Back in time.
    codecs.receives("m", "older", vp9=False)
    assert codecs.poll(20 + LINGER_NS) == set()
    assert codecs.of("m") is VP8
    codecs.receives_no_more("m", "older", 30)
    assert codecs.poll(30 + LINGER_NS) == {"m"}
    assert codecs.of("m") is VP9


def test_who_decodes_vp9_or_never_received_changes_nothing_by_going() -> None:
    codecs = ScreenCodecs()
    codecs.receives("m", "ada", vp9=True)
    codecs.receives_no_more("m", "ada", 0)
    codecs.receives_no_more("m", "ada", 0)
    assert codecs.poll(0) == set()
