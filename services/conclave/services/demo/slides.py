"""The slides that a participant shows when it shares its screen."""

from __future__ import annotations

from conclave.services.demo.canvas import Board, Layer
from conclave.services.demo.lettering import width_of, write
from conclave.services.demo.planes import Planes

__all__ = ["SLIDE_HEIGHT", "SLIDE_WIDTH", "Slides"]

SLIDE_WIDTH, SLIDE_HEIGHT = 1280, 720
SLIDE_SECONDS = 15.0

INK, FAINT, RULE = "#16202C", "#5A6675", "#C3CBD5"
SERIES = ("#1F4E79", "#4C86B8", "#9DBEDC", "#D6DDE8")
LABELS = ("Equities", "Government bonds", "Private credit", "Cash")
QUARTERS = ("Q1", "Q2", "Q3", "Q4")
# For each slide its title and the parts of each quarter, in per cent.
SLIDES = (
    ("Allocation held its risk budget", ((38, 27, 20, 15), (41, 25, 19, 15), (36, 29, 20, 15), (33, 31, 21, 15))),
    ("Without the new mandate", ((42, 24, 18, 16), (44, 22, 18, 16), (45, 21, 17, 17), (46, 20, 17, 17))),
    ("Proposal for the coming year", ((33, 31, 21, 15), (32, 32, 22, 14), (31, 32, 24, 13), (30, 33, 25, 12))),
)
# Where the bars stand, in pixels.
FLOOR, TALLEST, FIRST_BAR, BAR_STEP, BAR = 590, 330, 96, 152, 98


class Slides:
    """Draws all slides once, and then shows one after the other."""

    def __init__(self) -> None:
        self._slides = [_draw(index) for index in range(len(SLIDES))]

    def frame(self, now_s: float) -> Planes:
        """The picture at a moment."""
        return self._slides[int(now_s / SLIDE_SECONDS) % len(self._slides)]


def _draw(index: int) -> Planes:
    title, quarters = SLIDES[index]
    board, layer = Board(SLIDE_WIDTH, SLIDE_HEIGHT, 1), Layer(SLIDE_WIDTH, SLIDE_HEIGHT)
    layer.paint_slanted("#FFFFFF", "#FFFFFF")
    layer.paint(board.box(72, 62, 48, 6), SERIES[0])
    write(layer, board, title, 72, 122, 36, INK, weight=4.2)
    write(layer, board, "Share of portfolio at quarter end, per cent", 72, 168, 20, FAINT)
    for column, (quarter, parts) in enumerate(zip(QUARTERS, quarters, strict=True)):
        left, floor = FIRST_BAR + column * BAR_STEP, float(FLOOR)
        middle = left + BAR / 2
        write(layer, board, quarter, middle - width_of(quarter, 20) / 2, FLOOR + 34, 20, FAINT)
        for colour, part, ink in zip(SERIES, parts, ("#FFFFFF", "#FFFFFF", INK, INK), strict=True):
            height = part * TALLEST / 100
            layer.paint(board.box(left, floor - height, BAR, height - 3), colour)
            write(layer, board, str(part), middle - width_of(str(part), 18) / 2, floor - height / 2 + 6, 18, ink)
            floor -= height
    layer.paint(board.box(72, FLOOR, 630, 2), RULE)
    for row, (label, colour) in enumerate(zip(LABELS, SERIES, strict=True)):
        top = 270 + row * 58
        layer.paint(board.box(780, top, 18, 18), colour)
        write(layer, board, label, 816, top + 16, 20, INK)
        write(layer, board, str(quarters[-1][row]), 1120, top + 16, 20, INK, weight=3)
        change = quarters[-1][row] - quarters[0][row]
        write(layer, board, f"{change:+d}" if change else "0", 1180, top + 16, 20, FAINT)
        layer.paint(board.box(780, top + 36, 440, 1.5), RULE)
    write(layer, board, str(index + 7), 1200, 680, 16, FAINT)
    return Planes.from_rgb(layer.pixels[..., :3])
