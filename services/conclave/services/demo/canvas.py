"""Layers of colour, painted by how much of each pixel a shape covers: that follows from the distance to its outline."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from conclave.services.demo.outlines import Outline, outlines

__all__ = ["Board", "Layer", "Mask", "Pixels", "rgb"]

# Shape (rows, columns, 4): red, green, blue times alpha, then alpha, 0 to 1.
Pixels = NDArray[np.float32]
Field = NDArray[np.float32]
# How far outside of a shape pixels are, in pixels; below 0 inside.
Distance = Callable[[list[Outline], Field, Field], Field]


def rgb(hexadecimal: str) -> NDArray[np.float32]:
    """A colour such as "#6B4A5E", 0 to 1."""
    return np.frombuffer(bytes.fromhex(hexadecimal[1:]), np.uint8).astype(np.float32) / np.float32(255)


@dataclass(frozen=True, slots=True)
class Mask:
    """How much of each pixel is covered, 0 to 1, from a row and a column on."""

    top: int
    left: int
    coverage: Field


class Board:
    """Turns shapes into masks. Shapes are told in units; a board has `scale` pixels a unit.

    softness: how many units an edge is wide; without it an edge is as wide as a pixel.
    """

    def __init__(self, width: int, height: int, scale: float) -> None:
        self.width, self.height, self._scale = width, height, scale

    def fill(self, path: str, softness: float = 0) -> Mask:
        """What lies inside a path (even-odd)."""
        lines = [self._pixels(line) for line in outlines(path)]
        return self._mask(lines, 0, softness, self._inside)

    def stroke(self, path: str, width: float) -> Mask:
        """A line of this width along a path, with round ends."""
        return self._stroke([self._pixels(line) for line in outlines(path)], width)

    def line(self, points: Outline, width: float) -> Mask:
        """A line of this width along points, with round ends."""
        return self._stroke([self._pixels(points.astype(np.float32))], width)

    def ellipse(self, x: float, y: float, rx: float, ry: float, softness: float = 0) -> Mask:
        """A filled ellipse around a point."""
        angles = np.linspace(0, 2 * np.pi, 49)
        line = np.stack([x + rx * np.cos(angles), y + ry * np.sin(angles)], 1).astype(np.float32)
        return self._mask([self._pixels(line)], 0, softness, self._inside)

    def box(self, x: float, y: float, width: float, height: float, radius: float = 0, softness: float = 0) -> Mask:
        """A filled rectangle, with round corners if told."""
        inner = [(x + radius, y + radius), (x + width - radius, y + height - radius)]
        corners = self._pixels(np.array(inner, np.float32))
        rounding = np.float32(radius * self._scale)

        def outside(_: list[Outline], px: Field, py: Field) -> Field:
            dx = np.maximum(corners[0, 0] - px, px - corners[1, 0])
            dy = np.maximum(corners[0, 1] - py, py - corners[1, 1])
            found: Field = np.hypot(np.maximum(dx, 0), np.maximum(dy, 0)) + np.minimum(np.maximum(dx, dy), 0) - rounding
            return found

        return self._mask([corners], float(rounding), softness, outside)

    def _stroke(self, lines: list[Outline], width: float) -> Mask:
        half = np.float32(width * self._scale / 2)

        def along(lines: list[Outline], x: Field, y: Field) -> Field:
            return _distance(lines, x, y) - half

        return self._mask(lines, float(half), 0, along)

    def _pixels(self, line: Outline) -> Outline:
        return line * np.float32(self._scale)

    @staticmethod
    def _inside(lines: list[Outline], x: Field, y: Field) -> Field:
        return np.where(_crossings(lines, x, y) % 2 == 1, -1, 1).astype(np.float32) * _distance(lines, x, y)

    def _mask(self, lines: list[Outline], grown: float, softness: float, distance: Distance) -> Mask:
        edge = max(softness * self._scale, 1.0)
        points = np.concatenate(lines)
        margin = grown + edge
        left, top = (max(int(value), 0) for value in np.floor(points.min(0) - margin))
        right, bottom = np.ceil(points.max(0) + margin)
        columns, rows = np.arange(left, min(int(right), self.width)), np.arange(top, min(int(bottom), self.height))
        # A pixel is judged by its middle.
        x, y = np.meshgrid(columns.astype(np.float32) + 0.5, rows.astype(np.float32) + 0.5)
        covered = np.clip(0.5 - distance(lines, x, y) / np.float32(edge), 0, 1)
        return Mask(top, left, covered * covered * (3 - 2 * covered) if softness else covered)


def _segments(lines: list[Outline]) -> list[tuple[np.float32, ...]]:
    return [(*a, *b) for line in lines for a, b in itertools.pairwise(line) if (a != b).any()]


def _distance(lines: list[Outline], x: Field, y: Field) -> Field:
    """The distance of each pixel to the nearest line, in pixels."""
    nearest = np.full(x.shape, np.inf, np.float32)
    for ax, ay, bx, by in _segments(lines):
        dx, dy = bx - ax, by - ay
        px, py = x - ax, y - ay
        along = np.clip((px * dx + py * dy) / (dx * dx + dy * dy), 0, 1)
        px -= along * dx
        py -= along * dy
        np.minimum(nearest, px * px + py * py, out=nearest)
    return np.sqrt(nearest)


def _crossings(lines: list[Outline], x: Field, y: Field) -> NDArray[np.int32]:
    """How many lines a ray from each pixel to the right crosses; an open line is closed."""
    found = np.zeros(x.shape, np.int32)
    for ax, ay, bx, by in _segments([np.concatenate([line, line[:1]]) for line in lines]):
        if ay == by:
            continue
        found += ((ay > y) != (by > y)) & (x < (bx - ax) * (y - ay) / (by - ay) + ax)
    return found


class Layer:
    """A transparent picture to paint on."""

    def __init__(self, width: int, height: int) -> None:
        self.pixels: Pixels = np.zeros((height, width, 4), np.float32)

    def paint(self, mask: Mask, colour: str, opacity: float = 1, fade_to: str = "") -> None:
        """Covers what a mask covers. fade_to: the colour at the mask's right end."""
        rows, columns = mask.coverage.shape
        under = self.pixels[mask.top : mask.top + rows, mask.left : mask.left + columns]
        alpha = (mask.coverage * np.float32(opacity))[..., None]
        paint = rgb(colour)
        if fade_to:
            mix = np.linspace(0, 1, columns, dtype=np.float32)[None, :, None]
            paint = paint * (1 - mix) + rgb(fade_to) * mix
        under *= 1 - alpha
        under[..., :3] += alpha * paint
        under[..., 3:] += alpha

    def paint_slanted(self, colour: str, fade_to: str) -> None:
        """Covers everything, from the upper left to the lower right."""
        rows, columns = self.pixels.shape[:2]
        x, y = np.meshgrid(np.linspace(0, 0.5, columns), np.linspace(0, 0.5, rows))
        mix = (x + y).astype(np.float32)[..., None]
        self.pixels[..., :3] = rgb(colour) * (1 - mix) + rgb(fade_to) * mix
        self.pixels[..., 3] = 1
