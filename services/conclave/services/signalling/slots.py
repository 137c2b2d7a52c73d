"""What a client's slots show and what it wishes them to show."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["SlotView", "Wish", "layer_for_height"]

# Our clients send layers of a quarter, half and the whole of 720 lines.
LAYER_HEIGHTS = (180, 360)


@dataclass(frozen=True, slots=True)
class SlotView:
    """One slot as its client knows it."""

    mid: str
    audio: bool
    # Empty for nothing.
    source_id: str
    layer: int


@dataclass(frozen=True, slots=True)
class Wish:
    """What one video slot shall show, as the client asks; an empty source_id for nothing."""

    mid: str
    source_id: str
    max_height: int


def layer_for_height(height: int) -> int:
    """The smallest layer that fills a picture of this many physical pixels; 0 the smallest.

    A source with fewer layers shows its largest: the core replaces a layer that is not sent by the next lower.
    """
    return next((layer for layer, lines in enumerate(LAYER_HEIGHTS) if height <= lines), len(LAYER_HEIGHTS))
