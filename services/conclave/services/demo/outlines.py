"""Outlines of shapes, written as the paths that SVG has, as lines of short straight pieces."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

__all__ = ["Outline", "outlines"]

# Shape (points, 2), x and y, in the units of the path.
Outline = NDArray[np.float32]
Point = tuple[float, float]

_TOKEN = re.compile(r"[A-Za-z]|-?(?:\d+\.?\d*|\.\d+)")
_ARGUMENTS = {"M": 2, "L": 2, "H": 1, "V": 1, "C": 6, "S": 4, "Z": 0}
_PIECES = np.linspace(0, 1, 11)[1:, None]


def outlines(path: str) -> list[Outline]:
    """One outline a subpath. Knows the commands M, L, H, V, C, S and Z, absolute and relative (SVG 2 section 9.3)."""
    found: list[list[Point]] = []
    tokens = _TOKEN.findall(path)
    command, control = "M", (0.0, 0.0)
    at = start = (0.0, 0.0)
    while tokens:
        if tokens[0].isalpha():
            command = tokens.pop(0)
        numbers = [float(tokens.pop(0)) for _ in range(_ARGUMENTS[command.upper()])]
        points = _absolute(command, numbers, at)
        match command.upper():
            case "M":
                found.append([points[0]])
                start = points[0]
                # SVG 2 section 9.3.3: pairs that follow are lines.
                command = "L" if command == "M" else "l"
            case "C" | "S":
                first = points[0] if command.upper() == "C" else (2 * at[0] - control[0], 2 * at[1] - control[1])
                found[-1] += _curve(at, first, points[-2], points[-1])
            case "Z":
                points = [start]
                found[-1].append(start)
            case _:
                found[-1].append(points[0])
        # A curve that goes on smoothly mirrors the control point before it, or begins where the pen is.
        control = points[-2] if command in "CcSs" else points[-1]
        at = points[-1]
    return [np.array(points, np.float32) for points in found]


def _absolute(command: str, numbers: list[float], at: Point) -> list[Point]:
    """The points of one command."""
    relative = command.islower()
    match command.upper():
        case "H":
            return [(numbers[0] + (at[0] if relative else 0), at[1])]
        case "V":
            return [(at[0], numbers[0] + (at[1] if relative else 0))]
    x, y = at if relative else (0.0, 0.0)
    return [(x + first, y + second) for first, second in zip(numbers[::2], numbers[1::2], strict=True)]


def _curve(start: Point, first: Point, second: Point, end: Point) -> list[Point]:
    """A cubic Bézier curve without its start."""
    a, b, c, d = (np.array(point) for point in (start, first, second, end))
    t = _PIECES
    points = (1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t**2 * c + t**3 * d
    return [(float(x), float(y)) for x, y in points]
