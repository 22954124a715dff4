"""PathCurves: how well each path of a training is told, over its iterations, as curves to draw."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

#: More curves than these are a grey area, and take long to draw.
_MOST_CURVES = 40
_MOST_POINTS = 200


class PathCurves:
    """Remembers the shares of every path; every other point goes when there are many."""

    def __init__(self) -> None:
        self._points: list[tuple[float, tuple[float, ...]]] = []

    def clear(self) -> None:
        """Forget everything: another training."""
        self._points = []

    def add(self, iteration: float, shares: Sequence[float]) -> None:
        """Remember the share of pairs told of each path, NaN for one that has not come up yet."""
        self._points.append((iteration, tuple(shares)))
        if len(self._points) > _MOST_POINTS:
            self._points = self._points[::2]

    def curves(self) -> list[tuple[list[float], list[float]]]:
        """Iterations and shares of each path; of many paths some, evenly from the best to the worst."""
        if not self._points:
            return []
        at = [iteration for iteration, _ in self._points]
        latest = self._points[-1][1]
        order = sorted(range(len(latest)), key=lambda k: -math.inf if math.isnan(latest[k]) else latest[k])
        count = min(len(order), _MOST_CURVES)
        chosen = (
            order
            if count == len(order)
            else [order[i * (len(order) - 1) // (count - 1)] for i in range(count)]
        )
        return [(at, [shares[k] for _, shares in self._points]) for k in sorted(chosen)]
