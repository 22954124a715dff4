"""BrushMask: a mask painted by hand in the crop's own square."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from latent_studio.methods.alignment.crop import Quad

    Point = tuple[float, float]

#: Side of the mask, as of every mask of a paste.
SIDE = 256


class BrushMask:
    """What a hand has painted; white is pasted."""

    def __init__(self) -> None:
        # Not at the top: the window would wait for it.
        import numpy as np

        self.pixels: NDArray[np.uint8] = np.zeros((SIDE, SIDE), np.uint8)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is painted."""
        return not self.pixels.any()

    def stroke(self, quad: Quad, start: Point, end: Point, *, radius: float, erase: bool = False) -> None:
        """Paint along a line.

        Args:
            quad: the crop in the photo.
            start: in pixels of the photo; the middle of a pixel is at whole numbers.
            end: the same.
            radius: of the brush, in shares of the crop's side.
            erase: take away instead.
        """
        import numpy as np

        inverse = np.linalg.inv(quad.matrix)
        ends = np.array([[*start, 0.5], [*end, 0.5]]) + 0.5
        first, last = (ends @ inverse.T)[:, :2] * SIDE
        along = last - first
        rows, columns = np.mgrid[0:SIDE, 0:SIDE]
        away = np.stack([columns + 0.5, rows + 0.5], axis=-1) - first
        length = float(along @ along)
        share = np.zeros((SIDE, SIDE)) if length < 1e-9 else np.clip(away @ along / length, 0, 1)
        distance = np.hypot(*np.moveaxis(away - share[..., None] * along, -1, 0))
        self.pixels[distance <= radius * SIDE] = 0 if erase else 255
