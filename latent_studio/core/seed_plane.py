"""SeedPoint: a place on the plane of seeds, between four neighbouring whole seeds."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

#: Seeds one step down the plane differ by this much, as in the tools users know.
SEEDS_PER_ROW = 100
#: NumPy's legacy generator takes seeds below this.
SEED_LIMIT = 2**32


@dataclass(frozen=True, slots=True)
class SeedPoint:
    """A place on the seed plane; whole places are plain seeds, the rest blend the four around them.

    Attributes:
        seed: whole seed at the point's upper left, ``0 <= seed < 2**32``.
        dx: way to the next seed to the right, in [0, 1).
        dy: way to the seed one row down (``seed + 100``), in [0, 1).
    """

    seed: int = 0
    dx: float = 0.0
    dy: float = 0.0

    def __post_init__(self) -> None:
        if not (0 <= self.seed < SEED_LIMIT and 0 <= self.dx < 1 and 0 <= self.dy < 1):
            raise ValueError(f"not a place on the seed plane: {self.seed}, {self.dx}, {self.dy}")

    @property
    def is_whole(self) -> bool:
        """Whether the point is one seed and no blend."""
        return self.dx == 0 and self.dy == 0

    def moved(self, dx: float, dy: float) -> SeedPoint:
        """The point ``dx`` seeds to the right and ``dy`` rows down; the plane wraps at its ends."""
        x, y = self.dx + dx, self.dy + dy
        right, down = math.floor(x), math.floor(y)
        # A tiny negative move can round up to exactly one.
        fx, fy = min(x - right, math.nextafter(1, 0)), min(y - down, math.nextafter(1, 0))
        return SeedPoint((self.seed + right + SEEDS_PER_ROW * down) % SEED_LIMIT, fx, fy)

    def snapped(self) -> SeedPoint:
        """The nearest whole seed."""
        return replace(self.moved(round(self.dx) - self.dx, round(self.dy) - self.dy), dx=0.0, dy=0.0)

    def corners(self) -> tuple[tuple[int, float], ...]:
        """Seeds around the point with their bilinear weights; weights are positive and sum to 1."""
        found = []
        for down, weight_y in ((0, 1 - self.dy), (1, self.dy)):
            for right, weight_x in ((0, 1 - self.dx), (1, self.dx)):
                if weight_x * weight_y > 0:
                    seed = (self.seed + right + SEEDS_PER_ROW * down) % SEED_LIMIT
                    found.append((seed, weight_x * weight_y))
        return tuple(found)
