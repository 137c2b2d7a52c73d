from __future__ import annotations

import pytest

from conclave.core.speakers import Speaker, assign

MS = 1_000_000
PACKET = 20 * MS


def hear(speaker: Speaker, level: int, start_ns: int, duration_ns: int, *, voice: bool = True) -> int:
    """Feeds packets of one level each 20 ms; returns when the next one would come."""
    for now_ns in range(start_ns, start_ns + duration_ns, PACKET):
        speaker.heard(level, voice, now_ns)
        speaker.update(now_ns)
    return start_ns + duration_ns


def loud(level: int) -> Speaker:
    """One who has talked at a level for a second up to 1 s."""
    speaker = Speaker()
    hear(speaker, level, 0, 1000 * MS)
    return speaker


@pytest.mark.parametrize(
    ("level", "voice", "speaking"),
    [
        (0, True, True),
        (30, True, True),
        (59, True, True),
        (60, True, False),  # exactly at the threshold is not above it
        (61, True, False),
        (127, True, False),
        (200, True, False),  # no level: RFC 6464 has seven bits
        (49, False, True),
        (55, False, False),  # unvoiced counts 10 dB less
        (127, False, False),
    ],
)
def test_the_threshold(level: int, voice: bool, speaking: bool) -> None:
    speaker = Speaker()
    hear(speaker, level, 0, 2000 * MS, voice=voice)
    assert speaker.speaking is speaking


def test_a_click_is_not_speech() -> None:
    speaker = Speaker()
    now_ns = hear(speaker, 127, 0, 1000 * MS)
    now_ns = hear(speaker, 10, now_ns, 2 * PACKET)
    assert not speaker.speaking
    hear(speaker, 10, now_ns, 5 * PACKET)
    assert speaker.speaking


def test_update_tells_each_change_once() -> None:
    speaker = Speaker()
    changes = []
    for now_ns in range(0, 3000 * MS, PACKET):
        speaker.heard(20 if now_ns < 1000 * MS else 127, True, now_ns)
        if speaker.update(now_ns):
            changes.append((now_ns // MS, speaker.speaking))
    assert [speaking for _, speaking in changes] == [True, False]
    began, ended = changes[0][0], changes[1][0]
    assert 60 <= began <= 140
    # 600 ms after loudness fell below the threshold, which takes a few packets of silence itself.
    assert 1600 <= ended <= 1700


def test_a_pause_between_words_keeps_the_speaker() -> None:
    speaker = Speaker()
    now_ns = 0
    for _ in range(5):
        now_ns = hear(speaker, 25, now_ns, 400 * MS)
        assert speaker.speaking
        now_ns = hear(speaker, 127, now_ns, 500 * MS)
        assert speaker.speaking


def test_a_source_that_falls_silent_decays_however_often_it_is_updated() -> None:
    often, seldom = loud(20), loud(20)
    end_ns = 980 * MS
    assert not often.update(end_ns + 60 * MS)
    assert often.loudness > 100, "what jitter explains is no silence"
    for now_ns in range(end_ns, end_ns + 500 * MS, 7 * MS):
        often.update(now_ns)
    often.update(end_ns + 500 * MS)
    seldom.update(end_ns + 500 * MS)
    assert often.loudness == pytest.approx(seldom.loudness)
    assert seldom.loudness < 2
    assert seldom.speaking
    assert not seldom.update(end_ns + 599 * MS)
    assert seldom.update(end_ns + 600 * MS)
    assert not seldom.speaking
    assert not seldom.update(2**63)


def test_when_everybody_fits_everybody_is_shown() -> None:
    candidates = {11: loud(127), 12: loud(20), 13: loud(90)}
    changed, slots = assign([0, 0, 0], candidates, 1000 * MS)
    assert changed
    assert sorted(slots) == [11, 12, 13]
    assert assign(slots, candidates, 1000 * MS) == (False, slots)


@pytest.mark.parametrize(
    ("slots", "levels", "expected"),
    [
        ([0, 0], {1: 50, 2: 20, 3: 40}, [2, 3]),  # the loudest first
        ([1, 2], {1: 20, 2: 40, 3: 25}, [1, 3]),  # louder by 15 dB than the quietest
        ([2, 1], {1: 20, 2: 40, 3: 25}, [3, 1]),  # whoever is shown keeps the slot
        ([1, 2], {1: 20, 2: 30, 3: 25}, [1, 2]),  # 5 dB is within the margin
        ([1, 2], {1: 127, 2: 127, 3: 80}, [1, 2]),  # noise takes nobody's slot
        ([1, 2], {1: 50, 2: 50, 3: 10, 4: 12}, [3, 4]),
        ([1, 9], {1: 20, 2: 127}, [1, 2]),  # 9 left
        ([9, 1], {1: 20}, [0, 1]),
        ([9, 8], {}, [0, 0]),
        ([0, 0], {}, [0, 0]),
        ([1, 0], {1: 127, 2: 127}, [1, 2]),
        ([0], {1: 30, 2: 30}, [1]),  # the first of equals
        ([1], {0: 5, 1: 100}, [1]),  # 0 is no source
    ],
)
def test_who_is_shown(slots: list[int], levels: dict[int, int], expected: list[int]) -> None:
    candidates = {source: loud(level) for source, level in levels.items()}
    assert assign(slots, candidates, 1000 * MS) == (expected != slots, expected)
    assert assign(expected, candidates, 1000 * MS) == (False, expected)


def test_one_not_heard_of_for_a_second_counts_as_silent() -> None:
    gone, talking = loud(10), Speaker()
    hear(talking, 40, 1500 * MS, 1000 * MS)
    candidates = {1: gone, 2: talking}
    assert assign([1], candidates, 1900 * MS) == (False, [1])
    assert assign([1], candidates, 2500 * MS) == (True, [2])


def test_no_slots_is_no_change() -> None:
    assert assign([], {1: loud(10)}, 1000 * MS) == (False, [])
