"""The rooms behind people, out of focus."""

from __future__ import annotations

from collections.abc import Callable

from conclave.services.demo.canvas import Board, Layer

__all__ = ["BACKDROPS", "paint_backdrop"]

# How wide an edge is that is out of focus.
BLUR = 8
WHITE, BLACK, WARM = "#FFFFFF", "#000000", "#FFE7BF"
Box = tuple[float, float, float, float]


def paint_backdrop(layer: Layer, board: Board, name: str, wall: tuple[str, str]) -> None:
    """Covers a layer with a room."""
    layer.paint_slanted(*wall)
    BACKDROPS[name](layer, board)


def _boxes(layer: Layer, board: Board, boxes: list[tuple[Box, str, float]]) -> None:
    for place, colour, opacity in boxes:
        layer.paint(board.box(*place, softness=BLUR), colour, opacity)


def _windows(layer: Layer, board: Board) -> None:
    panes = [((16, -10, 96, 120), WHITE, 0.2), ((120, -10, 60, 120), WHITE, 0.13)]
    _boxes(layer, board, [*panes, ((250, 30, 60, 170), BLACK, 0.1)])


def _shelves(layer: Layer, board: Board) -> None:
    _boxes(layer, board, [((206, 18, 134, 6), WHITE, 0.34), ((206, 72, 134, 6), WHITE, 0.34)])
    upper = [(216, 34, 9, 38), (227, 28, 12, 44), (241, 38, 8, 34), (262, 44, 26, 28)]
    lower = [(214, 90, 34, 40), (258, 84, 10, 46)]
    for place, opacity in zip(upper + lower, (0.17, 0.13, 0.2, 0.1, 0.1, 0.17), strict=True):
        layer.paint(board.box(*place, softness=5), BLACK, opacity)
    _boxes(layer, board, [((-10, 20, 84, 60), WHITE, 0.08)])


def _plant(layer: Layer, board: Board) -> None:
    tall = "M270 190c-4-60 6-88 2-120 14 24 18 40 16 58 10-14 18-20 28-22-6 16-24 34-24 84z"
    layer.paint(board.fill(tall, softness=5), "#24402F", 0.55)
    layer.paint(board.fill("M270 190c-4-40-22-62-36-68 4 20 18 42 22 68z", softness=5), "#2F5A41", 0.5)
    _boxes(layer, board, [((10, 16, 72, 92), WHITE, 0.1)])


def _picture(layer: Layer, board: Board) -> None:
    _boxes(layer, board, [((222, 20, 74, 56), WHITE, 0.14), ((-4, 120, 80, 80), BLACK, 0.14)])
    layer.paint(board.fill("M222 76l22-26 16 14 14-20 22 32z", softness=5), BLACK, 0.14)


def _lamp(layer: Layer, board: Board) -> None:
    layer.paint(board.ellipse(44, 54, 70, 70, softness=BLUR), WARM, 0.16)
    layer.paint(board.ellipse(44, 54, 34, 34, softness=BLUR), WARM, 0.26)
    layer.paint(board.fill("M30 40h28l8 26H22z", softness=4), "#FFF1D8", 0.7)
    layer.paint(board.box(42, 66, 3, 130, softness=4), BLACK, 0.25)
    _boxes(layer, board, [((236, 24, 66, 48), BLACK, 0.1)])


BACKDROPS: dict[str, Callable[[Layer, Board], None]] = {
    "windows": _windows,
    "shelves": _shelves,
    "plant": _plant,
    "picture": _picture,
    "lamp": _lamp,
}
