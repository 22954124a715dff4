"""Measures: how an attribute follows a path, over many starting latents.

The published score (``published.py``) is a covariance: it mixes how far an attribute moves with how well it
follows, and its mean over latents lets opposite answers cancel unseen. Here each question has a number of its
own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: An attribute that moves by less than this many standard deviations end to end hardly moves.
FAINT_EFFECT = 0.25
_RESAMPLES = 1000
_CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True, eq=False)
class Measures:
    """K paths by A attributes; every array is ``(K, A)`` float64, NaN where nothing could be told.

    Attributes:
        pearson: mean over the latents of the correlation of attribute and amount, -1 to 1.
        pearson_low: lower end of its 95 % confidence interval: latents drawn again and again (bootstrap).
        pearson_high: upper end.
        curve: correlation of the *mean* over the latents with the amount, -1 to 1: how the latents follow the
            path together. Where each has a step at another place the mean has none: the kinder number.
        curve_low: lower end of its interval, as for ``pearson``.
        curve_high: upper end.
        monotonicity: of all pairs of steps, the share that goes up less the share that goes down, -1 to 1.
        effect: mean change from one end to the other, in standard deviations of the attribute over random
            pictures of the model.
        side_effect: root of the summed squares of what the *other* attributes change, in their standard
            deviations; opposite answers of two latents do not cancel.
        told: share of pictures in which the attribute could be told at all.
    """

    pearson: NDArray[np.float64]
    pearson_low: NDArray[np.float64]
    pearson_high: NDArray[np.float64]
    curve: NDArray[np.float64]
    curve_low: NDArray[np.float64]
    curve_high: NDArray[np.float64]
    monotonicity: NDArray[np.float64]
    effect: NDArray[np.float64]
    side_effect: NDArray[np.float64]
    told: NDArray[np.float64]

    @property
    def selectivity(self) -> NDArray[np.float64]:
        """Share of all change that is the attribute's, 0 to 1."""
        change = np.hypot(self.effect, self.side_effect)
        return np.divide(np.abs(self.effect), change, out=np.zeros_like(change), where=change > 0)

    @property
    def score(self) -> NDArray[np.float64]:
        """What paths are ranked by, 0 to 1.

        The end of the correlation's interval that is nearer to zero, in size, times the selectivity; less
        for what hardly moves the attribute.
        """
        same_side = self.pearson_low * self.pearson_high > 0
        surely = np.where(same_side, np.minimum(np.abs(self.pearson_low), np.abs(self.pearson_high)), 0.0)
        strength = np.minimum(1.0, np.abs(self.effect) / FAINT_EFFECT)
        return np.nan_to_num(surely * self.selectivity * strength)

    def ranked(self, attribute_idx: int) -> tuple[int, ...]:
        """Path indices, the best for an attribute first; the correlation decides between equals."""
        score, pearson = self.score[:, attribute_idx], np.nan_to_num(np.abs(self.pearson[:, attribute_idx]))
        return tuple(sorted(range(len(score)), key=lambda k: (-score[k], -pearson[k], k)))


def measure(
    values: NDArray[np.floating],
    amounts: NDArray[np.floating],
    spread: NDArray[np.floating],
    *,
    seed: int = 0,
) -> Measures:
    """Measure.

    Args:
        values: ``(K, N, T, A)``: attributes of K paths from N latents at T amounts; NaN where not told.
        amounts: ``(T,)``, ascending.
        spread: ``(A,)``: standard deviation of each attribute over random pictures; positive, else the
            attribute does not vary and its effect is NaN.
        seed: of the bootstrap.
    """
    doubles: NDArray[np.float64] = np.asarray(values, np.float64)
    scale = np.where(np.asarray(spread) > 0, spread, np.nan).astype(np.float64)
    steps = np.asarray(amounts, np.float64)
    pearson = correlations(doubles, steps)
    low, high = _interval(pearson, seed=seed)
    curve = correlations(_mean(doubles, axis=1)[:, None], steps)[:, 0]
    curve_low, curve_high = _curve_interval(doubles, steps, seed=seed)
    change = _change(doubles) / scale
    squares = _mean(change**2, axis=1)
    others = np.nansum(squares, axis=1, keepdims=True) - np.nan_to_num(squares)
    return Measures(
        _mean(pearson, axis=1),
        low,
        high,
        curve,
        curve_low,
        curve_high,
        _mean(_pairs(doubles), axis=1),
        _mean(change, axis=1),
        np.sqrt(np.maximum(others, 0.0)),
        np.isfinite(doubles).mean(axis=(1, 2)),
    )


def correlations(values: NDArray[np.float64], amounts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Pearson's correlation of every attribute with the amount, path by path and latent by latent.

    Steps where the attribute could not be told are left out. What never changes has the correlation 0; NaN
    where fewer than three steps are left.

    Args:
        values: ``(K, N, T, A)``.
        amounts: ``(T,)``.

    Returns:
        ``(K, N, A)``.
    """
    known = np.isfinite(values)
    count = known.sum(axis=2)
    x = np.where(known, amounts[:, None], 0.0)
    y = np.where(known, values, 0.0)
    safe = np.maximum(count, 1)[:, :, None]
    x = np.where(known, x - x.sum(axis=2, keepdims=True) / safe, 0.0)
    y = np.where(known, y - y.sum(axis=2, keepdims=True) / safe, 0.0)
    lengths = np.sqrt((x**2).sum(axis=2) * (y**2).sum(axis=2))
    products = (x * y).sum(axis=2)
    # A wobble in the last digits is no motion.
    moves = lengths > 1e-9
    found = np.divide(products, lengths, out=np.zeros_like(products), where=moves)
    return np.where(count >= 3, np.clip(found, -1, 1), np.nan)


def _interval(pearson: NDArray[np.float64], *, seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Ends of the mean's confidence interval over latents, ``(K, A)`` each; NaN with fewer than two."""
    paths, latents, attributes = pearson.shape
    known = np.isfinite(pearson)
    drawn = _drawn(latents, seed=seed)
    flat = np.where(known, pearson, 0.0).transpose(1, 0, 2).reshape(latents, -1)
    weights = known.transpose(1, 0, 2).reshape(latents, -1).astype(np.float64)
    counts = drawn @ weights
    means = np.divide(drawn @ flat, counts, out=np.full(counts.shape, np.nan), where=counts > 0)
    enough = (known.sum(axis=1) >= 2).reshape(-1)
    ends = [np.where(enough, end, np.nan).reshape(paths, attributes) for end in _tails(means)]
    return ends[0], ends[1]


def _curve_interval(
    values: NDArray[np.float64], amounts: NDArray[np.float64], *, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Ends of the interval of the mean curve's correlation, ``(K, A)``; NaN with fewer than two latents."""
    paths, latents, steps, attributes = values.shape
    low, high = np.full((2, paths, attributes), np.nan)
    drawn = _drawn(latents, seed=seed)
    # Path by path: all at once would be gigabytes.
    for path, one in enumerate(values if latents >= 2 else ()):
        flat = one.reshape(latents, -1)
        known = np.isfinite(flat)
        counts = drawn @ known.astype(np.float64)
        sums = drawn @ np.where(known, flat, 0.0)
        means = np.divide(sums, counts, out=np.full(counts.shape, np.nan), where=counts > 0)
        found = correlations(means.reshape(1, len(drawn), steps, attributes), amounts)[0]
        seen = known.reshape(latents, steps, attributes).any(axis=1).sum(axis=0) >= 2
        low[path], high[path] = (np.where(seen, end, np.nan) for end in _tails(found))
    return low, high


def _drawn(latents: int, *, seed: int) -> NDArray[np.int64]:
    """How often each latent comes in each of the draws, ``(draws, latents)``."""
    return np.random.default_rng(seed).multinomial(latents, [1 / latents] * latents, size=_RESAMPLES)


def _tails(draws: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Ends of the interval over the first axis."""
    tail = 100 * (1 - _CONFIDENCE) / 2
    with np.errstate(all="ignore"):
        low, high = np.percentile(np.nan_to_num(draws), [tail, 100 - tail], axis=0)
    return low, high


def _pairs(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """``(K, N, A)``: of all pairs of steps that are told, the share going up less the share going down."""
    steps = values.shape[2]
    up = np.zeros((*values.shape[:2], values.shape[3]))
    seen = np.zeros_like(up)
    for gap in range(1, steps):
        difference = values[:, :, gap:] - values[:, :, :-gap]
        up += np.nansum(np.sign(difference), axis=2)
        seen += np.isfinite(difference).sum(axis=2)
    return np.asarray(np.divide(up, seen, out=np.full(up.shape, np.nan), where=seen > 0))


def _change(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """``(K, N, A)``: the last step that is told less the first."""
    known = np.isfinite(values)
    first = known.argmax(axis=2)
    last = values.shape[2] - 1 - known[:, :, ::-1].argmax(axis=2)
    at_first, at_last = (np.take_along_axis(values, at[:, :, None], axis=2)[:, :, 0] for at in (first, last))
    return np.where(known.sum(axis=2) >= 2, at_last - at_first, np.nan)


def _mean(values: NDArray[np.float64], *, axis: int) -> NDArray[np.float64]:
    """The mean of what is known; NaN where nothing is."""
    known = np.isfinite(values)
    count = known.sum(axis=axis)
    total = np.where(known, values, 0.0).sum(axis=axis)
    return np.asarray(np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0))
