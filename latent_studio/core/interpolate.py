"""Interpolation: between two values, and through a row of keys.

What goes through keys linearly, lerp and both splines, is given as a weight per key: the keys may then be
anything that can be blended, and nothing has to be known of them here. The weights add up to 1, and at a key
that key alone has one.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

#: ``linear`` straight from key to key; ``smooth`` Catmull-Rom for latents, monotone cubic for numbers;
#: ``natural`` the spline of least bending; ``spherical`` along the sphere, in z; ``linear-z`` straight in z;
#: ``hold`` jumps at the key.
Interpolation = Literal["linear", "smooth", "natural", "spherical", "linear-z", "hold"]

#: Weights by the index of the key; others have none.
Weights = dict[int, float]

#: Below this sine of the angle two vectors are taken as one line.
_SMALL_SINE = 1e-6
#: A natural spline's weights fall off by a factor of about 3.7 a key; smaller ones move no pixel.
_NO_WEIGHT = 1e-7
#: Share of a segment that is no time at all.
_AT_KEY = 1e-9


def lerp(a: float, b: float, t: float) -> float:
    """Between two numbers: ``a`` at 0 and ``b`` at 1, exactly; beyond, further along the line."""
    # Weighted ends and not a + t * (b - a), which misses b by a rounding.
    return b if t == 1 else (1 - t) * a + t * b


def slerp(a: NDArray[np.float32], b: NDArray[np.float32], t: float) -> NDArray[np.float32]:
    """Between two latents along the arc of a great circle (Shoemake 1985); the length changes evenly.

    Both ends are exact. Vectors along one line have no arc: in the same direction they are blended, in
    opposite ones the arc goes through a direction that only depends on them.

    Args:
        a: ``(dim,)`` float32, at ``t`` of 0.
        b: the same at 1.
        t: usually 0 to 1; beyond, further along the circle.
    """
    import numpy as np

    if t == 0:
        return a
    if t == 1:
        return b
    first, second = a.astype(np.float64), b.astype(np.float64)
    lengths = float(np.linalg.norm(first)), float(np.linalg.norm(second))
    if min(lengths) == 0:
        return np.asarray((1 - t) * first + t * second, dtype=np.float32)
    first, second = first / lengths[0], second / lengths[1]
    cosine = float(np.clip(first @ second, -1, 1))
    across = second - cosine * first
    sine = float(np.linalg.norm(across))
    if sine > _SMALL_SINE:
        angle, across = math.atan2(sine, cosine), across / sine
    elif cosine > 0:
        return np.asarray((1 - t) * a.astype(np.float64) + t * b, dtype=np.float32)
    else:
        angle, across = math.pi, _any_across(first)
    arc = math.cos(t * angle) * first + math.sin(t * angle) * across
    return np.asarray(lerp(*lengths, t) * arc, dtype=np.float32)


def on_sphere(vectors: Sequence[NDArray[np.float32]], weights: Sequence[float]) -> NDArray[np.float32]:
    """A blend of latents that keeps their length: two by ``slerp``, more by a blend that is brought back out.

    Args:
        vectors: ``(dim,)`` float32 each.
        weights: one each, adding up to 1; negative ones are fine.
    """
    import numpy as np

    if len(vectors) == 2:
        return slerp(vectors[0], vectors[1], weights[1])
    blend = np.asarray(weights, dtype=np.float64) @ np.stack(vectors).astype(np.float64)
    length = float(np.linalg.norm(blend))
    wanted = sum(
        weight * float(np.linalg.norm(vector)) for vector, weight in zip(vectors, weights, strict=True)
    )
    return np.asarray(blend * (wanted / length) if length else blend, dtype=np.float32)


def _any_across(unit: NDArray[np.float64]) -> NDArray[np.float64]:
    """A unit vector at right angles to one: the axis it has least of, made square to it."""
    import numpy as np

    axis = np.zeros_like(unit)
    axis[int(np.argmin(np.abs(unit)))] = 1.0
    across = axis - (axis @ unit) * unit
    return np.asarray(across / np.linalg.norm(across))


class Knots:
    """Times of keys, and the segment a moment lies in.

    Args:
        times: in seconds, ascending, all different; at least one.
        closing: seconds from the last key back to the first; ``None`` ends at the last.
    """

    def __init__(self, times: Sequence[float], closing: float | None = None) -> None:
        self.times = tuple(times)
        self.closing = closing if len(self.times) > 1 else None
        self._natural: list[list[float]] | None = None

    @property
    def count(self) -> int:
        """Keys."""
        return len(self.times)

    @property
    def end(self) -> float:
        """When the last segment ends."""
        return self.times[-1] + (self.closing or 0.0)

    def place(self, seconds: float) -> tuple[int, float]:
        """The segment of a moment, by the index of its first key, and the share of its time gone by.

        Before the first key and after the end the nearest key stands still; a closed row goes round.
        """
        from bisect import bisect_right

        if self.closing is not None and not self.times[0] <= seconds < self.end:
            period = self.end - self.times[0]
            seconds = self.times[0] + (seconds - self.times[0]) % period
        index = bisect_right(self.times, seconds) - 1
        if index < 0:
            return 0, 0.0
        if index == self.count - 1 and self.closing is None:
            return index, 0.0
        u = (seconds - self.times[index]) / self.span(index)
        # A frame that falls on a key but for its rounding shows the key itself.
        return index, 0.0 if u < _AT_KEY else 1.0 if u > 1 - _AT_KEY else u

    def span(self, index: int) -> float:
        """Seconds from a key to the next one."""
        if index % self.count == self.count - 1:
            return self.closing or 0.0
        index %= self.count
        return self.times[index + 1] - self.times[index]

    def weights(self, index: int, u: float, kind: Interpolation) -> Weights:
        """How much of each key there is in a segment.

        Args:
            index: of the segment's first key.
            u: share of the way to the next, eased already; may lie beyond 0 to 1.
            kind: ways through z get the weights of ``linear``.
        """
        following = (index + 1) % self.count
        if u == 0 or kind == "hold" or following == index:
            return {index: 1.0}
        if u == 1:
            return {following: 1.0}
        if kind == "smooth" and self.count > 2:
            return self._spline(index, following, u, self._tangent)
        if kind == "natural" and self.count > 2:
            return self._spline(index, following, u, self._natural_tangent)
        return {index: 1 - u, following: u}

    def _spline(self, index: int, following: int, u: float, tangent: object) -> Weights:
        """A cubic with given values and slopes at both ends (Hermite)."""
        span = self.span(index)
        weights: Weights = {}
        _add(weights, {index: 1.0}, (1 + 2 * u) * (1 - u) ** 2)
        _add(weights, {following: 1.0}, u * u * (3 - 2 * u))
        _add(weights, tangent(index), span * u * (1 - u) ** 2)  # type: ignore[operator]
        _add(weights, tangent(following), span * u * u * (u - 1))  # type: ignore[operator]
        return {key: weight for key, weight in weights.items() if abs(weight) > _NO_WEIGHT}

    def _tangent(self, index: int) -> Weights:
        """The slope at a key of the parabola through it and its neighbours: Catmull-Rom at uneven times."""
        before, after = (index - 1) % self.count, (index + 1) % self.count
        if self.closing is None and index == 0:
            span = self.span(0)
            return {0: -1 / span, 1: 1 / span}
        if self.closing is None and index == self.count - 1:
            span = self.span(before)
            return {before: -1 / span, index: 1 / span}
        left, right = self.span(before), self.span(index)
        weights: Weights = {}
        _add(weights, {index: 1.0, before: -1.0}, right / (left * (left + right)))
        _add(weights, {after: 1.0, index: -1.0}, left / (right * (left + right)))
        return weights

    def _natural_tangent(self, index: int) -> Weights:
        if self._natural is None:
            self._natural = self._solve()
        return dict(enumerate(self._natural[index]))

    def _solve(self) -> list[list[float]]:
        """Slopes at all keys as weights of the keys, such that the bending has no jump at any."""
        import numpy as np

        n = self.count
        slopes, values = np.zeros((n, n)), np.zeros((n, n))
        for i in range(n):
            before, after = (i - 1) % n, (i + 1) % n
            if self.closing is None and i in (0, n - 1):
                # No bending at an open end.
                other, span = (1, self.span(0)) if i == 0 else (n - 2, -self.span(n - 2))
                slopes[i, i], slopes[i, other] = 2, 1
                values[i, other] += 3 / span
                values[i, i] -= 3 / span
                continue
            left, right = 1 / self.span(before), 1 / self.span(i)
            slopes[i, before] += left
            slopes[i, i] += 2 * (left + right)
            slopes[i, after] += right
            values[i, after] += 3 * right * right
            values[i, i] += 3 * (left * left - right * right)
            values[i, before] -= 3 * left * left
        return [[float(weight) for weight in row] for row in np.linalg.solve(slopes, values)]

    def monotone(self, values: Sequence[float], index: int, u: float) -> float:
        """A number between keys that never leaves their range, however uneven they are (Steffen 1990).

        Args:
            values: one a key.
            index: of the segment's first key.
            u: share of the way, eased already; beyond 0 to 1, straight on.
        """
        following = (index + 1) % self.count
        first, second = values[index], values[following]
        if not 0 < u < 1 or self.count < 3:
            return lerp(first, second, u)
        span = self.span(index)
        slopes = span * self._limited(values, index), span * self._limited(values, following)
        return (
            (1 + 2 * u) * (1 - u) ** 2 * first
            + u * u * (3 - 2 * u) * second
            + u * (1 - u) ** 2 * slopes[0]
            + u * u * (u - 1) * slopes[1]
        )

    def _limited(self, values: Sequence[float], index: int) -> float:
        """The slope at a key, flat where the values turn."""
        before, after = (index - 1) % self.count, (index + 1) % self.count
        if self.closing is None and index == 0:
            return (values[1] - values[0]) / self.span(0)
        if self.closing is None and index == self.count - 1:
            return (values[index] - values[before]) / self.span(before)
        left, right = self.span(before), self.span(index)
        rise, next_rise = (values[index] - values[before]) / left, (values[after] - values[index]) / right
        if rise * next_rise <= 0:
            return 0.0
        parabola = (rise * right + next_rise * left) / (left + right)
        least = min(abs(rise), abs(next_rise), abs(parabola) / 2)
        return math.copysign(2 * least, rise)


def _add(weights: Weights, more: Weights, factor: float) -> None:
    for index, weight in more.items():
        weights[index] = weights.get(index, 0.0) + factor * weight
