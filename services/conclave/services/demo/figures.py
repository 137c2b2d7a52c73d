"""Figures as flat shapes, head and shoulders, on a board of 320 by 180 units: what of them moves, and what does not."""

from __future__ import annotations

from dataclasses import dataclass

from conclave.services.demo.canvas import Board, Layer
from conclave.services.demo.people import Person

__all__ = ["EYES", "MOUTHS", "Figure", "draw_figure"]

EYES = ("open", "half", "closed")
# From silent to loud.
MOUTHS = ("smile", "small", "round", "wide")

# What lies behind the shoulders and what lies over the face; an empty one is not painted.
HAIR = {
    "afro": ("", "M127 70c-2-30 18-38 33-38s35 8 33 38c-6-12-16-18-33-18s-27 6-33 18z"),
    "short": (
        "",
        "M127 74c-6-40 20-48 36-47 22 1 36 15 31 47-2-12-6-20-12-25-14 4-30 4-42-2-6 6-11 14-13 27z",
    ),
    "bob": (
        "M124 72c-2-44 74-44 72 0 2 22 4 40-4 50h-64c-8-10-6-28-4-50z",
        "M127 76c-4-36 18-46 33-46s38 10 33 46c-5-14-14-22-22-27-12 12-30 16-40 18-2 3-3 6-4 9z",
    ),
    "long": (
        "M122 74c-4-50 80-50 76 0 2 34 8 60 6 84h-88c-2-24 4-50 6-84z",
        "M127 80c-6-40 18-50 33-50s39 10 33 50c-4-20-16-32-31-38-16 6-30 18-35 38z",
    ),
    "bald": ("", "M127 80c-3-8-3-16-1-22 2 4 4 10 5 18zM193 80c3-8 3-16 1-22-2 4-4 10-5 18z"),
    "scarf": (
        "M116 84c-6-66 94-66 88 0 0 30 4 50 10 66h-108c6-16 10-36 10-66z",
        "M124 88c-4-48 18-60 36-60s40 12 36 60c-2-28-16-40-36-40s-34 12-36 40z",
    ),
    "tousled": (
        "",
        "M127 76c-7-42 22-50 38-49 22 1 34 18 29 49-3-14-6-20-10-26-18 2-32-1-44-8-4 8-11 18-13 34z",
    ),
    "bun": (
        "M126 74c-4-46 72-46 68 0z",
        "M127 76c-5-38 18-47 33-47s38 9 33 47c-4-16-12-24-20-28-14 4-28 4-34 2-6 6-10 14-12 26z",
    ),
}
SCARF_CHIN = "M124 80c2 34 18 52 36 52s34-18 36-52l10 6c-2 40-14 64-46 64s-44-24-46-64z"
TORSO = "M68 200c2-44 30-56 66-62l26 10 26-10c36 6 64 18 66 62z"
TORSO_SHADE = "M68 200c2-44 30-56 66-62l10 4c-20 8-34 26-38 58z"
NECK, COLLAR = "M143 110h34v30c-6 10-28 10-34 0z", "M134 138l9-6c6 12 28 12 34 0l9 6-26 24z"
FACE = "M128 72c0-26 14-40 32-40s32 14 32 40c0 34-14 54-32 54s-32-20-32-54z"
BEARD = "M128.5 84c1 30 14 46 31.5 46s30.5-16 31.5-46c-3 12-8 17-14 18-8-5-27-5-35 0-6-1-11-6-14-18z"
BROWS = "M141 71.5c3-2.5 9-3 12-1M167 70.5c3-2 9-1.5 12 1"
NOSE, SMILE = "M160 84c2 6 4 10 2 13-1 1-3 1-4 .5", "M151 108c5 4.5 13 4.5 18 0"
EYELIDS = "M144.5 81.5c2 1.4 4 1.4 6 0M169.5 81.5c2 1.4 4 1.4 6 0"
TEMPLES = "M156.5 79c2-1.5 5-1.5 7 0M137.5 79l-8-1.5M182.5 79l8-1.5"
EYE, LIPS, THROAT, FRAME = "#241A16", "#7C3F36", "#54211F", "#20242B"


@dataclass(frozen=True, slots=True)
class Figure:
    """The layers of a person, the lowest first; all as large as the board.

    behind, head and over move together, body does not. eyes and mouths lie between head and over, one of each.
    """

    behind: Layer
    body: Layer
    head: Layer
    eyes: tuple[Layer, ...]
    mouths: tuple[Layer, ...]
    over: Layer


def draw_figure(person: Person, board: Board) -> Figure:
    """Draws all the layers of a person."""

    def layer() -> Layer:
        return Layer(board.width, board.height)

    figure = Figure(layer(), layer(), layer(), tuple(layer() for _ in EYES), tuple(layer() for _ in MOUTHS), layer())
    _draw_behind(figure.behind, person, board)
    _draw_body(figure.body, person, board)
    _draw_head(figure.head, person, board)
    for name, eyes in zip(EYES, figure.eyes, strict=True):
        _draw_eyes(eyes, name, board)
    for name, mouth in zip(MOUTHS, figure.mouths, strict=True):
        _draw_mouth(mouth, name, board)
    if person.glasses:
        for x in (137.5, 163.5):
            figure.over.paint(board.stroke(_rounded(x, 74, 19, 14.5, 6), 2), FRAME)
        figure.over.paint(board.stroke(TEMPLES, 2), FRAME)
    return figure


def _draw_behind(layer: Layer, person: Person, board: Board) -> None:
    if person.hair == "afro":
        layer.paint(board.ellipse(160, 52, 50, 38), person.hair_colour)
    if person.hair == "bun":
        layer.paint(board.ellipse(160, 24, 15, 15), person.hair_colour)
    if HAIR[person.hair][0]:
        layer.paint(board.fill(HAIR[person.hair][0]), person.hair_colour)


def _draw_body(layer: Layer, person: Person, board: Board) -> None:
    layer.paint(board.fill(TORSO), person.clothes)
    layer.paint(board.fill(TORSO_SHADE), "#000000", 0.1)
    layer.paint(board.fill(NECK), person.skin.dark)
    layer.paint(board.fill(COLLAR), person.collar)


def _draw_head(layer: Layer, person: Person, board: Board) -> None:
    if person.hair != "scarf":
        for x in (127, 193):
            layer.paint(board.ellipse(x, 86, 5, 9), person.skin.dark)
    layer.paint(board.fill(FACE), person.skin.light, fade_to=person.skin.dark)
    if person.beard:
        layer.paint(board.fill(BEARD), person.hair_colour, 0.92)
    layer.paint(board.stroke(BROWS, 2.4), person.brows)
    layer.paint(board.stroke(NOSE, 2), person.skin.dark)
    layer.paint(board.fill(HAIR[person.hair][1]), person.hair_colour)
    if person.hair == "scarf":
        layer.paint(board.fill(SCARF_CHIN), person.hair_colour)


def _draw_eyes(layer: Layer, name: str, board: Board) -> None:
    if name == "closed":
        layer.paint(board.stroke(EYELIDS, 1.8), EYE)
        return
    for x in (147.5, 172.5):
        layer.paint(board.ellipse(x, 81, 2.7, 3.1 if name == "open" else 1.5), EYE)


def _draw_mouth(layer: Layer, name: str, board: Board) -> None:
    if name == "smile":
        layer.paint(board.stroke(SMILE, 2.3), LIPS)
        return
    rx, ry = {"small": (6.2, 1.5), "round": (5.2, 3.0), "wide": (7.6, 3.7)}[name]
    layer.paint(board.ellipse(160, 109, rx + 1.5, ry + 1.3), LIPS)
    layer.paint(board.ellipse(160, 109.3, rx, ry), THROAT)


def _rounded(x: float, y: float, width: float, height: float, radius: float) -> str:
    """The path of a rectangle with round corners."""
    # How far a control point lies from a corner of a cubic curve that is nearly a quarter of a circle.
    k = radius * 0.448
    across, down = width - 2 * radius, height - 2 * radius
    return (
        f"M{x + radius} {y}h{across}c{radius - k} 0 {radius} {k} {radius} {radius}v{down}"
        f"c0 {radius - k} {-k} {radius} {-radius} {radius}h{-across}c{k - radius} 0 {-radius} {-k} {-radius} {-radius}"
        f"v{-down}c0 {k - radius} {k} {-radius} {radius} {-radius}z"
    )
