"""Files to play: colour bars and a tone."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
from av import AudioFrame, VideoFrame
from numpy.typing import NDArray

__all__ = ["BARS", "TONE_HZ", "bars_in", "pitch_of", "write_film"]

# From left to right.
BARS = ((200, 200, 200), (200, 200, 20), (20, 200, 200), (20, 200, 20), (200, 20, 200), (200, 20, 20), (20, 20, 200))
TONE_HZ = 700.0
WIDTH, HEIGHT, RATE, SAMPLE_RATE = 560, 320, 15, 44100


def write_film(path: Path, seconds: int) -> None:
    """Colour bars (MPEG-4) and a tone (AAC)."""
    bars = np.repeat(np.array(BARS, np.uint8)[None, :, :], WIDTH // len(BARS), axis=1)
    picture = np.repeat(bars, HEIGHT, axis=0)
    samples = (np.sin(np.arange(seconds * SAMPLE_RATE) * 2 * np.pi * TONE_HZ / SAMPLE_RATE) * 0.4).astype(np.float32)
    with av.open(str(path), "w") as container:
        pictures = container.add_stream("mpeg4", rate=RATE)
        pictures.width, pictures.height, pictures.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        tone = container.add_stream("aac", rate=SAMPLE_RATE)
        for _ in range(seconds * RATE):
            container.mux(pictures.encode(VideoFrame.from_ndarray(picture, format="rgb24")))
        for start in range(0, len(samples) - 1023, 1024):
            frame = AudioFrame.from_ndarray(samples[None, start : start + 1024], format="fltp", layout="mono")
            frame.sample_rate, frame.pts = SAMPLE_RATE, start
            container.mux(tone.encode(frame))
        for stream in (pictures, tone):
            container.mux(stream.encode())


def bars_in(image: NDArray[np.uint8]) -> list[tuple[int, ...]]:
    """The colour in the middle of each bar of a picture."""
    width = image.shape[1] / len(BARS)
    middles = [image[40:-40, int(width * (index + 0.4)) : int(width * (index + 0.6))] for index in range(len(BARS))]
    return [tuple(int(value) for value in middle.reshape(-1, 3).mean(0)) for middle in middles]


def pitch_of(samples: NDArray[np.int16]) -> float:
    """The strongest frequency of sound of 48 kHz, in Hz."""
    spectrum = np.abs(np.fft.rfft(samples[:, 0] * np.hanning(len(samples))))
    return float(np.argmax(spectrum) * 48000 / len(samples))
