"""A moving picture of a person: sways a little, blinks, and opens the mouth when it speaks.

All that is drawn is drawn once: a frame is one of some poses, with eyes and mouth pasted in.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from conclave.services.demo.backdrops import paint_backdrop
from conclave.services.demo.canvas import Board, Layer, Pixels
from conclave.services.demo.figures import EYES, MOUTHS, Figure, draw_figure
from conclave.services.demo.people import Person
from conclave.services.demo.planes import Planes

__all__ = ["HEIGHT", "WIDTH", "Portrait"]

WIDTH, HEIGHT = 640, 360
SCALE = 2

POSES = 60
SWAY_SECONDS = 11.0
# How far a head moves to each side, and up and down, in pixels.
SWAY_X, SWAY_Y = 3.5, 1.5

# Around layers, so that moving them never leaves the array; more than they move.
ROOM = 6

# Blinks follow each other for so long, then again.
BLINKS_SECONDS = 60.0
BLINK_FRAMES_SECONDS = (0.07, 0.09, 0.07)


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle of the picture, in pixels; even numbers."""

    top: int
    left: int
    bottom: int
    right: int

    def of(self, pixels: Pixels) -> Pixels:
        """The part of a picture."""
        return pixels[self.top : self.bottom, self.left : self.right]


# What has the eyes in it and what the mouth, wherever they sway to.
EYES_AREA, MOUTH_AREA = Area(148, 280, 178, 360), Area(200, 290, 238, 350)


@dataclass(frozen=True, slots=True)
class Pose:
    """A place of the head: all that moves, with each look of the eyes and of the mouth."""

    moving: Planes
    eyes: tuple[Planes, ...]
    mouths: tuple[Planes, ...]


class Portrait:
    """Draws a person once, which takes about a second, and then gives frames quickly."""

    def __init__(self, person: Person) -> None:
        board = Board(WIDTH, HEIGHT, SCALE)
        backdrop = Layer(WIDTH, HEIGHT)
        paint_backdrop(backdrop, board, person.backdrop, person.wall)
        figure = draw_figure(person, board)
        self._still = Planes.from_rgb(_over(backdrop.pixels, figure.body.pixels)[..., :3])
        poser = _Poser(figure, backdrop.pixels)
        turns = np.linspace(0, 2 * np.pi, POSES, endpoint=False)
        self._moving = poser.moving
        self._poses = [poser.pose(float(SWAY_X * np.sin(turn)), float(SWAY_Y * np.sin(2 * turn))) for turn in turns]
        chance = np.random.default_rng(person.seed)
        self._offset_s = float(chance.uniform(0, SWAY_SECONDS))
        self._blinks = np.cumsum(chance.uniform(2.2, 6.0, int(BLINKS_SECONDS / 2.2)))
        self._blinks = self._blinks[self._blinks < BLINKS_SECONDS - 1]

    def frame(self, now_s: float, loudness: float) -> Planes:
        """The picture at a moment; loudness of the person's voice, 0 to 1."""
        turn = (now_s + self._offset_s) / SWAY_SECONDS % 1
        pose = self._poses[int(turn * POSES) % POSES]
        picture = self._still.copy()
        picture.paste(pose.moving, self._moving.top, self._moving.left)
        eyes, mouth = self._eyes(now_s), min(int(loudness * len(MOUTHS)), len(MOUTHS) - 1)
        picture.paste(pose.eyes[eyes], EYES_AREA.top, EYES_AREA.left)
        picture.paste(pose.mouths[mouth], MOUTH_AREA.top, MOUTH_AREA.left)
        return picture

    def _eyes(self, now_s: float) -> int:
        moment = (now_s + self._offset_s) % BLINKS_SECONDS
        since = float(np.min(np.where(self._blinks <= moment, moment - self._blinks, np.inf)))
        half, closed, opening = np.cumsum(BLINK_FRAMES_SECONDS)
        if since < half or closed <= since < opening:
            return EYES.index("half")
        return EYES.index("closed" if since < closed else "open")


def _over(below: Pixels, above: Pixels) -> Pixels:
    """A picture over another; both premultiplied."""
    return above + below * (1 - above[..., 3:])


def _area_of(layers: tuple[Layer, ...]) -> Area:
    """Where any of the layers has something, wherever it sways to."""
    painted = np.maximum.reduce([layer.pixels[..., 3] for layer in layers]) > 0
    rows, columns = np.flatnonzero(painted.any(1)), np.flatnonzero(painted.any(0))
    top, left = max(int(rows[0]) - ROOM, 0), int(columns[0]) - ROOM
    bottom, right = min(int(rows[-1]) + ROOM, HEIGHT), int(columns[-1]) + ROOM
    return Area(top // 2 * 2, left // 2 * 2, (bottom + 1) // 2 * 2, (right + 1) // 2 * 2)


def _roomy(layer: Layer) -> Pixels:
    """A layer with nothing around it."""
    return np.pad(layer.pixels, ((ROOM, ROOM), (ROOM, ROOM), (0, 0)))


def _shifted(roomy: Pixels, area: Area, dx: float, dy: float) -> Pixels:
    """An area of a layer that has ROOM around it, moved by parts of a pixel."""
    across, down = int(np.floor(dx)), int(np.floor(dy))
    fx, fy = np.float32(dx - across), np.float32(dy - down)
    rows, columns = area.bottom - area.top, area.right - area.left

    def at(x: int, y: int) -> Pixels:
        top, left = area.top + ROOM - y, area.left + ROOM - x
        return roomy[top : top + rows, left : left + columns]

    if not (at(across, down).any() or at(across + 1, down + 1).any()):
        return at(0, 0)
    upper = at(across, down) * (1 - fx) + at(across + 1, down) * fx
    lower = at(across, down + 1) * (1 - fx) + at(across + 1, down + 1) * fx
    moved: Pixels = (upper * (1 - fy) + lower * fy).astype(np.float32, copy=False)
    return moved


class _Poser:
    """Composes poses of one figure before its backdrop."""

    def __init__(self, figure: Figure, backdrop: Pixels) -> None:
        self._backdrop, self._body = backdrop, figure.body.pixels
        layers = (figure.behind, figure.head, figure.over)
        self.moving = _area_of(layers)
        self._behind, self._head, self._over = map(_roomy, layers)
        self._eyes, self._mouths = tuple(map(_roomy, figure.eyes)), tuple(map(_roomy, figure.mouths))

    def pose(self, dx: float, dy: float) -> Pose:
        """The pose with the head moved so many pixels."""
        (moving,) = self._looks((np.zeros_like(self._over),), self.moving, dx, dy)
        return Pose(moving, self._looks(self._eyes, EYES_AREA, dx, dy), self._looks(self._mouths, MOUTH_AREA, dx, dy))

    def _looks(self, features: tuple[Pixels, ...], area: Area, dx: float, dy: float) -> tuple[Planes, ...]:
        """An area of the picture with each of some features."""
        behind, head, over = (_shifted(layer, area, dx, dy) for layer in (self._behind, self._head, self._over))
        plain = _over(_over(_over(area.of(self._backdrop), behind), area.of(self._body)), head)
        looks = (_over(_over(plain, _shifted(layer, area, dx, dy)), over) for layer in features)
        return tuple(Planes.from_rgb(look[..., :3]) for look in looks)
