"""Draws a picture with NumPy, sings a note, and says hello: python -m conclave.client.examples.moving_picture LINK."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import AsyncIterator

import numpy as np
from numpy.typing import NDArray

from conclave.client import Client, Pace

WIDTH, HEIGHT, RATE = 640, 360, 15


async def bar() -> AsyncIterator[NDArray[np.uint8]]:
    """A bright bar that wanders over the picture."""
    pace = Pace(1 / RATE)
    while True:
        step, _ = await pace.next()
        picture = np.full((HEIGHT, WIDTH, 3), (30, 60, 90), np.uint8)
        left = 4 * step % WIDTH
        picture[:, left : left + 40] = (240, 200, 60)
        yield picture


async def main(link: str, authority: str | None, seconds: int) -> None:
    """Is in the meeting for a while."""
    note = np.sin(np.arange(48_000) * 2 * np.pi * 440 / 48_000).astype(np.float32) * 0.2
    async with await Client.join(link, name="Picture", authority=authority, pictures=0) as meeting:
        camera = await meeting.publish_camera(WIDTH, HEIGHT, rate=RATE)
        camera.follow(bar())
        microphone = await meeting.publish_microphone()
        await meeting.chat.send(f"hello, {len(meeting.participants)} of us are here")
        for _ in range(seconds):
            microphone.send(note)
            await microphone.drain()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("link", help="an invite")
    parser.add_argument("--authority", help="whose certificates to trust (PEM); what `appliance/up` names")
    parser.add_argument("--seconds", type=int, default=3600, help="how long to stay")
    options = parser.parse_args()
    asyncio.run(main(options.link, options.authority, options.seconds))
