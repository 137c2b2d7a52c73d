"""How the demo's participants sound, and who of them speaks when."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from conclave.services.demo.conversation import Conversation
from conclave.services.demo.turns import Turns
from conclave.services.demo.voice import CHUNK_SAMPLES, SAMPLE_RATE, Voice


def samples(voice: Voice) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """20 s of talk, 1 for the loudest that there can be."""
    return np.concatenate([voice.chunk(index) for index in range(1000)]) / 32768


@pytest.fixture(scope="module")
def voice() -> Voice:
    return Voice(205, 1)


def test_a_voice_is_the_same_each_time_and_unlike_another(voice: Voice) -> None:
    assert (samples(voice) == samples(Voice(205, 1))).all()
    assert (samples(voice) != samples(Voice(205, 2))).mean() > 0.5


def test_a_voice_is_soft_and_has_pauses(voice: Voice) -> None:
    talk = samples(voice)
    assert voice.chunk(0).shape == (CHUNK_SAMPLES,)
    assert 0.1 < np.abs(talk).max() < 0.2
    silent = np.array([not voice.chunk(index).any() for index in range(1000)])
    assert 0.05 < silent.mean() < 0.5
    loudness = [voice.loudness(index) for index in range(1000)]
    assert min(loudness) == 0
    assert max(loudness) == 1
    assert voice.loudness(1003) == voice.loudness(3)


@pytest.mark.parametrize("pitch_hz", [100, 210])
def test_a_voice_lies_where_speech_does(pitch_hz: float) -> None:
    power = np.abs(np.fft.rfft(samples(Voice(pitch_hz, 3)))) ** 2
    frequencies = np.fft.rfftfreq(20 * SAMPLE_RATE, 1 / SAMPLE_RATE)
    speech = power[(frequencies > 0.75 * pitch_hz) & (frequencies < 4000)].sum()
    assert speech / power.sum() > 0.95
    lowest = frequencies[np.argmax(power > power.max() / 50)]
    assert 0.7 * pitch_hz < lowest < 3 * pitch_hz


def test_people_speak_in_turn_with_pauses() -> None:
    turns = Turns(1)
    heard = [turns.speaker(step / 10, ["ada", "bob", "eve"]) for step in range(1200)]
    assert set(heard) == {"ada", "bob", "eve", ""}
    changes = [(a, b) for a, b in itertools.pairwise(heard) if a != b]
    assert all("" in change for change in changes), "between two speakers there is a pause"
    assert 20 <= len(changes) <= 60
    again = Turns(1)
    assert heard == [again.speaker(step / 10, ["ada", "bob", "eve"]) for step in range(1200)]


@pytest.mark.parametrize(("able", "expected"), [([], {""}), (["ada"], {"", "ada"})])
def test_nobody_speaks_who_cannot(able: list[str], expected: set[str]) -> None:
    turns = Turns(2)
    assert {turns.speaker(step / 10, able) for step in range(600)} == expected


def test_who_is_muted_is_silent_and_another_speaks(voice: Voice) -> None:
    conversation = Conversation(3)
    ada, bob = (conversation.join(name, voice, microphone=True) for name in ("Ada", "Bob"))
    moments = [step * 0.1 for step in range(400)]
    assert any(ada.speaks(moment) and ada.chunk(moment).any() for moment in moments)
    ada.microphone = False
    moments = [40 + moment for moment in moments]
    assert not any(ada.speaks(moment) or ada.chunk(moment).any() or ada.loudness(moment) for moment in moments)
    assert any(bob.speaks(80 + moment) and bob.loudness(80 + moment) for moment in moments)
    conversation.leave(bob)
    assert conversation.speaker(200) == ""
