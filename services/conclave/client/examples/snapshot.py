"""Saves a picture of somebody as PNG: python -m conclave.client.examples.snapshot LINK NAME FILE."""

from __future__ import annotations

import argparse
import asyncio
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from conclave.client import Client


async def look(link: str, authority: str | None, name: str, count: int) -> NDArray[np.uint8]:
    """A picture of somebody; an encoder starts coarse, so it is not the first."""
    async with await Client.join(link, name="Camera", authority=authority) as meeting:
        pictures = meeting.pictures(meeting.participant(name), height=720)
        for _ in range(count):
            picture = await anext(pictures)
        return picture.image


def save(image: NDArray[np.uint8], path: Path) -> None:
    """Writes a PNG."""
    with av.open(str(path), "w", format="image2") as container:
        stream = container.add_stream("png", rate=Fraction(1))
        stream.height, stream.width, stream.pix_fmt = image.shape[0], image.shape[1], "rgb24"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("link", help="an invite")
    parser.add_argument("name", help="whom to look at")
    parser.add_argument("file", type=Path)
    parser.add_argument("--authority", help="whose certificates to trust (PEM); what `appliance/up` names")
    parser.add_argument("--count", type=int, default=10, help="which picture to save")
    options = parser.parse_args()
    save(asyncio.run(look(options.link, options.authority, options.name, options.count)), options.file)
