"""Letters as lines of one width, enough of them for what the slides say."""

from __future__ import annotations

from conclave.services.demo.canvas import Board, Layer
from conclave.services.demo.outlines import Outline, outlines

__all__ = ["width_of", "write"]

# A glyph's advance and its path, in units: 0 is the line of writing, -70 the height of capitals, -50 of small letters.
GLYPHS: dict[str, tuple[int, str]] = {
    " ": (28, ""),
    ",": (22, "M11-2L7 12"),
    "+": (56, "M8-30h40M28-50v40"),
    "-": (56, "M8-30h40"),
    "0": (58, "M29-70c-30 0-30 70 0 70s30-70 0-70z"),
    "1": (44, "M10-56L26-70V0"),
    "2": (56, "M8-52c0-26 40-24 40 0c0 14-18 28-40 52h42"),
    "3": (56, "M8-60c8-16 38-12 38 8c0 12-10 16-20 16c12 0 23 6 23 18c0 22-34 24-42 6"),
    "4": (58, "M40 0v-70L6-20h46"),
    "5": (56, "M46-70H14l-4 34c10-10 38-8 38 14c0 26-34 28-42 8"),
    "6": (56, "M42-70C20-58 8-40 8-22c0 30 40 30 40 0s-34-24-40 0"),
    "7": (54, "M6-70h42L20 0"),
    "8": (56, "M28-38c-26 0-24-32 0-32s26 32 0 32c-30 0-28 38 0 38s30-38 0-38z"),
    "9": (56, "M14 0C36-12 48-30 48-48c0-30-40-30-40 0s34 24 40 0"),
    "A": (64, "M4 0l28-70L60 0M14-24h36"),
    "C": (68, "M60-56c-14-22-52-16-52 21s38 43 52 21"),
    "E": (56, "M50-70H10V0h40M10-37h34"),
    "G": (72, "M62-56c-14-22-54-16-54 21c0 46 55 44 55 2H40"),
    "P": (58, "M10 0v-70h20c30 0 30 38 0 38H10"),
    "Q": (76, "M38-70c-40 0-40 70 0 70s40-70 0-70zM46-18l20 22"),
    "S": (58, "M48-58c-8-16-38-16-38 4c0 24 40 10 40 34c0 24-34 26-44 6"),
    "W": (92, "M4-70L24 0l22-66L68 0l20-70"),
    "a": (52, "M42-50V0M42-24c0-34-36-34-36-1s36 33 36-1"),
    "b": (54, "M9-74V0M9-24c0-34 37-34 37-1s-37 33-37-1"),
    "c": (48, "M42-40c-10-16-36-12-36 15s26 31 36 15"),
    "d": (54, "M45-74V0M45-24c0-34-37-34-37-1s37 33 37-1"),
    "e": (52, "M7-26h38c0-34-38-32-38 1c0 30 28 30 37 15"),
    "f": (32, "M30-72c-10-4-18 0-18 14V0M3-48h24"),
    "g": (54, "M45-50V6c0 20-26 20-34 10M45-24c0-34-37-34-37-1s37 33 37-1"),
    "h": (52, "M9-74V0M9-30c4-26 34-26 34 0V0"),
    "i": (20, "M10-50V0M10-68v-1"),
    "k": (48, "M9-74V0M42-50L10-20M21-30L44 0"),
    "l": (20, "M10-74V0"),
    "m": (78, "M9-50V0M9-30c3-26 30-26 30 0V0M39-30c3-26 30-26 30 0V0"),
    "n": (52, "M9-50V0M9-30c4-26 34-26 34 0V0"),
    "o": (54, "M27-50c-27 0-27 50 0 50s27-50 0-50z"),
    "p": (54, "M9-50V20M9-24c0-34 37-34 37-1s-37 33-37-1"),
    "q": (54, "M45-50V20M45-24c0-34-37-34-37-1s37 33 37-1"),
    "r": (34, "M9-50V0M9-28c2-18 12-24 22-20"),
    "s": (46, "M38-40c-6-14-30-12-30 1c0 18 32 8 32 25c0 17-28 17-34 2"),
    "t": (34, "M13-66v50c0 14 8 18 17 15M3-48h26"),
    "u": (52, "M9-50v30c0 26 30 26 34 0v-30M43-20V0"),
    "v": (48, "M4-50L24 0l20-50"),
    "w": (70, "M4-50L19 0l16-46L51 0l15-50"),
    "x": (48, "M6-50L42 0M42-50L6 0"),
    "y": (48, "M4-50L24-2M44-50L20 10c-3 8-8 10-15 9"),
}
UNITS = 100
_LINES: dict[str, list[Outline]] = {letter: outlines(path) for letter, (_, path) in GLYPHS.items()}


def width_of(text: str, size: float) -> float:
    """How wide a text will be."""
    return sum(GLYPHS[letter][0] for letter in text) * size / UNITS


def write(
    layer: Layer, board: Board, text: str, x: float, y: float, size: float, colour: str, weight: float = 2
) -> None:
    """Writes a text from a point of its line on; weight: how thick its lines are."""
    for letter in text:
        for line in _LINES[letter]:
            layer.paint(board.line(line * (size / UNITS) + (x, y), weight), colour)
        x += GLYPHS[letter][0] * size / UNITS
