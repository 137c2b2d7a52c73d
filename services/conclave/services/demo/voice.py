"""Babble that sounds like quiet talk in no language: vowels and hisses in the rhythm of syllables."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["CHUNK_SAMPLES", "CHUNK_SECONDS", "SAMPLE_RATE", "Voice"]

SAMPLE_RATE = 48000
CHUNK_SAMPLES = 960
CHUNK_SECONDS = CHUNK_SAMPLES / SAMPLE_RATE

# Then the talk begins again.
TALK_SECONDS = 20
# Of the whole range: soft, about -30 dB relative to overload.
PEAK = 0.18
HIGHEST_HARMONIC_HZ = 3800

# The first three resonances of some vowels, in Hz, of a voice of 110 Hz.
OPEN_VOWELS = ((730, 1090, 2440), (660, 1720, 2410), (530, 1840, 2480))
CLOSE_VOWELS = ((270, 2290, 3010), (570, 840, 2410), (300, 870, 2240))
VOWELS = OPEN_VOWELS + CLOSE_VOWELS
BANDWIDTHS_HZ = (80, 110, 160)
WEIGHTS = (1.0, 0.5, 0.2)

Samples = NDArray[np.float32]


class Voice:
    """The talk of one person, made once from a seed. Silence where the talk pauses for breath."""

    def __init__(self, pitch_hz: float, seed: int) -> None:
        chance = np.random.default_rng(seed)
        talk: Samples = np.zeros(TALK_SECONDS * SAMPLE_RATE, np.float32)
        at = 0
        while (syllables := _phrase(pitch_hz, chance)) is not None and at + len(syllables) < len(talk):
            talk[at : at + len(syllables)] = syllables
            at += len(syllables) + int(chance.uniform(0.25, 0.6) * SAMPLE_RATE)
        chunks = (talk * (PEAK / np.abs(talk).max())).reshape(-1, CHUNK_SAMPLES)
        self._chunks = np.rint(chunks * 32767).astype(np.int16)
        levels = np.sqrt((chunks**2).mean(1))
        self._loudness = np.clip(levels / np.quantile(levels, 0.95), 0, 1)

    def chunk(self, index: int) -> NDArray[np.int16]:
        """The samples of 20 ms of talk."""
        found: NDArray[np.int16] = self._chunks[index % len(self._chunks)]
        return found

    def loudness(self, index: int) -> float:
        """How loud 20 ms of talk are, 0 to 1."""
        return float(self._loudness[index % len(self._loudness)])


def _phrase(pitch_hz: float, chance: np.random.Generator) -> Samples:
    """Some words: the pitch rises and then falls."""
    count = int(chance.integers(5, 13))
    pitches = pitch_hz * (1.12 - 0.28 * np.linspace(0, 1, count) ** 1.5) * chance.uniform(0.95, 1.06, count)
    parts: list[Samples] = []
    for pitch in pitches:
        if chance.random() < 0.35:
            parts.append(_hiss(chance))
        parts.append(_vowel(float(pitch), pitch_hz, chance))
        # A stop between words.
        parts.append(np.zeros(int(chance.uniform(0.01, 0.07) * SAMPLE_RATE), np.float32))
    return np.concatenate(parts)


def _vowel(pitch: float, usual_pitch_hz: float, chance: np.random.Generator) -> Samples:
    """One vowel that glides into another: harmonics of the pitch, as strong as the resonances make them."""
    size = int(chance.uniform(0.10, 0.24) * SAMPLE_RATE)
    progress = np.linspace(0, 1, size, dtype=np.float32)
    first, second = (np.array(VOWELS[index]) for index in chance.integers(0, len(VOWELS), 2))
    # Smaller heads have higher voices and higher resonances.
    head = 1 + 0.16 * (usual_pitch_hz - 110) / 100
    phase = np.cumsum(pitch * (1 - 0.06 * progress) * 2 * np.pi / SAMPLE_RATE).astype(np.float32)
    sound = np.zeros(size, np.float32)
    for harmonic in range(1, int(HIGHEST_HARMONIC_HZ / pitch)):
        gains = [_resonance(harmonic * pitch, formants * head) for formants in (first, second)]
        gain = np.float32(gains[0]) * (1 - progress) + np.float32(gains[1]) * progress
        sound += gain * np.sin(harmonic * phase)
    envelope = np.minimum(np.sin(np.pi * progress) * 1.6, 1)
    voiced: Samples = (sound * envelope * chance.uniform(0.6, 1)).astype(np.float32)
    return voiced


def _resonance(frequency_hz: float, formants_hz: NDArray[np.float64]) -> float:
    """How strongly a vowel passes a frequency; a voice itself gets weaker upwards."""
    peaks = sum(
        weight / (1 + ((frequency_hz - formant) / bandwidth) ** 2)
        for formant, bandwidth, weight in zip(formants_hz, BANDWIDTHS_HZ, WEIGHTS, strict=True)
    )
    return float(peaks + 0.03) / (1 + frequency_hz / 600)


def _hiss(chance: np.random.Generator) -> Samples:
    """A consonant such as s or sh: soft noise without its low part."""
    size = int(chance.uniform(0.05, 0.1) * SAMPLE_RATE)
    noise = np.diff(chance.standard_normal(size + 1))
    # Averaging neighbours takes the sharpest away.
    smooth = np.convolve(noise, np.ones(5) / 5, "same")
    return (smooth * np.hanning(size) * 0.02).astype(np.float32)
