"""A reader of transport-wide feedback, written from the draft (section 3.1) and not from the core."""

from __future__ import annotations

import struct
from dataclasses import dataclass


@dataclass(frozen=True)
class Feedback:
    """count: of the feedback packets before. arrivals: microseconds by number, None for one that did not come."""

    sender_ssrc: int
    media_ssrc: int
    count: int
    arrivals: dict[int, int | None]


def read(packet: bytes) -> Feedback:
    first, kind, words, sender, media = struct.unpack_from(">BBHII", packet)
    assert (first & 0xDF, kind) == (0x8F, 205)
    assert 4 * (words + 1) == len(packet)
    base, status_count, time = struct.unpack_from(">HHI", packet, 12)
    at, symbols = 20, []
    while len(symbols) < status_count:
        (chunk,) = struct.unpack_from(">H", packet, at)
        at += 2
        if not chunk & 0x8000:
            symbols += [chunk >> 13] * (chunk & 0x1FFF)
        elif chunk & 0x4000:
            symbols += [chunk >> shift & 3 for shift in range(12, -1, -2)]
        else:
            symbols += [chunk >> shift & 1 for shift in range(13, -1, -1)]
    assert not any(symbols[status_count:])
    # A signed number of 64 ms.
    now_us = (((time >> 8) ^ 0x800000) - 0x800000) * 64_000
    arrivals: dict[int, int | None] = {}
    for place, symbol in enumerate(symbols[:status_count]):
        number = (base + place) & 0xFFFF
        if symbol == 0:
            arrivals[number] = None
            continue
        (delta,) = struct.unpack_from(">B" if symbol == 1 else ">h", packet, at)
        at += symbol
        now_us += delta * 250
        arrivals[number] = now_us
    padding = packet[-1] if first & 0x20 else 0
    assert at + padding == len(packet)
    return Feedback(sender, media, time & 0xFF, arrivals)
