"""Pacing: another speed through the same film, so that the eye sees it move evenly."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Part of the mean change that is taken for change even where nothing does; a standstill still takes time.
_LEAST_CHANGE = 0.02


@dataclass(frozen=True, slots=True)
class Pacing:
    """A course through time: straight between points, forward only, with the same two ends.

    Attributes:
        played: seconds on the clock, ascending.
        shown: the film's second at each of them, ascending.
    """

    played: tuple[float, ...]
    shown: tuple[float, ...]

    def at(self, seconds: float) -> float:
        """The film's second to show; beyond the ends the clock's own."""
        index = bisect_right(self.played, seconds) - 1
        if index < 0 or seconds >= self.played[-1]:
            return seconds
        start, end = self.played[index], self.played[index + 1]
        share = (seconds - start) / (end - start)
        return (1 - share) * self.shown[index] + share * self.shown[index + 1]


def even_pacing(
    moments: Sequence[float], distances: Sequence[float], *, fixed: Sequence[float] = ()
) -> Pacing:
    """The pacing under which equal times bring equal change.

    Args:
        moments: seconds at which pictures were compared, ascending; at least two.
        distances: from each picture to the next, one fewer; any measure, not negative.
        fixed: moments that keep their time, such as those of keys.

    Raises:
        ValueError: the lengths do not fit.
    """
    if len(moments) < 2 or len(distances) != len(moments) - 1:
        raise ValueError("one distance between every two moments")
    stops = sorted({0, len(moments) - 1, *(_nearest(moments, moment) for moment in fixed)})
    mean = sum(distances) / len(distances)
    changes = [max(distance, _LEAST_CHANGE * mean, 1e-12) for distance in distances]
    played = [float(moments[0])]
    for first, last in pairwise(stops):
        total, passed = sum(changes[first:last]), 0.0
        for index in range(first, last):
            passed += changes[index]
            share = passed / total
            played.append((1 - share) * moments[first] + share * moments[last])
        # The end itself and not its sum of roundings.
        played[-1] = float(moments[last])
    return Pacing(tuple(played), tuple(float(moment) for moment in moments))


def _nearest(moments: Sequence[float], moment: float) -> int:
    return min(range(len(moments)), key=lambda index: abs(moments[index] - moment))
