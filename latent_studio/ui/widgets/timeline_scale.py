"""TimelineScale: seconds to pixels and back, and where the lines of a ruler stand."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

#: Pixels a second may take.
LEAST_SCALE, MOST_SCALE = 2.0, 4000.0
_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)


@dataclass(frozen=True, slots=True)
class TimelineScale:
    """Which part of a film a strip shows.

    Attributes:
        start: second at its left edge, never negative.
        per_second: pixels a second takes.
        left: pixels left of it.
    """

    start: float = 0.0
    per_second: float = 80.0
    left: float = 0.0

    def x(self, seconds: float) -> float:
        """Where a moment stands."""
        return self.left + (seconds - self.start) * self.per_second

    def seconds(self, x: float) -> float:
        """The moment at a place; never before the film."""
        return max(0.0, self.start + (x - self.left) / self.per_second)

    def zoomed(self, factor: float, x: float) -> TimelineScale:
        """Larger or smaller, with the moment at ``x`` staying there."""
        scale = min(MOST_SCALE, max(LEAST_SCALE, self.per_second * factor))
        moment = self.start + (x - self.left) / self.per_second
        return replace(self, start=max(0.0, moment - (x - self.left) / scale), per_second=scale)

    def moved(self, pixels: float) -> TimelineScale:
        """Later by so many pixels."""
        return replace(self, start=max(0.0, self.start + pixels / self.per_second))

    def fitted(self, seconds: float, width: float) -> TimelineScale:
        """All of a film in a width."""
        return replace(
            self, start=0.0, per_second=min(MOST_SCALE, max(LEAST_SCALE, width / max(seconds, 0.5)))
        )

    def lines(self, width: float, *, least: float = 64.0) -> list[float]:
        """Seconds at which a ruler of a width has a line with a number, at least so many pixels apart."""
        step = next((step for step in _STEPS if step * self.per_second >= least), _STEPS[-1])
        first = math.ceil(self.start / step - 1e-9)
        last = math.floor((self.start + max(0.0, width - self.left) / self.per_second) / step + 1e-9)
        return [index * step for index in range(first, last + 1)]


def clock(seconds: float, *, tenths: bool = False) -> str:
    """A moment as people write it: ``0:07`` or ``1:02.5``."""
    whole = round(seconds, 1) if tenths else round(seconds, 3)
    minutes, rest = divmod(whole, 60)
    if tenths or rest != int(rest):
        return f"{int(minutes)}:{rest:04.1f}"
    return f"{int(minutes)}:{int(rest):02d}"
