"""Pictures as encoders take them: luma, and chroma of half the size (ITU-R BT.601, limited range)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["Planes"]

Plane = NDArray[np.uint8]

# ITU-R BT.601 section 2.5.3: from red, green and blue of 0 to 1 to luma of 16 to 235 and chroma of 16 to 240.
_MATRIX = np.array([[65.481, 128.553, 24.966], [-37.797, -74.203, 112.0], [112.0, -93.786, -18.214]], np.float32).T
_OFFSET = np.array([16, 128, 128], np.float32)


@dataclass(frozen=True, slots=True)
class Planes:
    """One picture, or a part of one. Rows and columns are even numbers; u and v have half as many."""

    y: Plane
    u: Plane
    v: Plane

    @classmethod
    def from_rgb(cls, pixels: NDArray[np.float32]) -> Self:
        """From red, green and blue, 0 to 1; shape (rows, columns, 3)."""
        rows, columns = pixels.shape[:2]
        values = np.clip(pixels, 0, 1) @ _MATRIX + _OFFSET
        chroma = values[..., 1:].reshape(rows // 2, 2, columns // 2, 2, 2).mean((1, 3))
        rounded = np.rint(values[..., 0]).astype(np.uint8), np.rint(chroma).astype(np.uint8)
        return cls(rounded[0], np.ascontiguousarray(rounded[1][..., 0]), np.ascontiguousarray(rounded[1][..., 1]))

    def copy(self) -> Self:
        """Another picture with the same content."""
        return type(self)(self.y.copy(), self.u.copy(), self.v.copy())

    def paste(self, part: Planes, top: int, left: int) -> None:
        """Covers a part; both numbers are even."""
        rows, columns = part.y.shape
        self.y[top : top + rows, left : left + columns] = part.y
        for own, other in ((self.u, part.u), (self.v, part.v)):
            own[top // 2 : (top + rows) // 2, left // 2 : (left + columns) // 2] = other

    def packed(self) -> Plane:
        """All planes behind each other, as rows of luma: what FFmpeg calls yuv420p."""
        whole = np.concatenate([self.y.ravel(), self.u.ravel(), self.v.ravel()])
        return whole.reshape(-1, self.y.shape[1])
