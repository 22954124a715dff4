"""Calibration: how far along a direction the model still knows what it is doing.

A slider's ends are where latents leave the region that random seeds fill, or where pictures have stopped
changing, whichever comes first. What lies between is the safe zone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from latent_studio.core.spaces import Space

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from latent_studio.core.directions import Direction

#: Latents further out than all but this share of random ones are unusual.
_USUAL_SHARE = 0.99
#: Nor does the model often go further than this along one direction, in deviations of its latents there: 95 %
#: stay within two. Of the bundled model's sliders, attributes that predictors read rise up to there and not
#: beyond (docs/editing-accuracy.md).
_USUAL_SIGMAS = 2.0
#: The walk looks this far at most, in standard deviations along the direction.
FURTHEST_SIGMAS = 12.0
STEP_SIGMAS = 0.25
#: Pictures that change by less than this share of their fastest change have stopped.
_STOPPED = 0.08

#: Why a walk ended: ``unusual`` latents, pictures that ``stopped`` changing, or the ``furthest`` it looks.
Reason = Literal["unusual", "stopped", "furthest"]


@dataclass(frozen=True, slots=True)
class Calibration:
    """Where a slider should end.

    Attributes:
        low: the lower end, in units of the direction; never above 0.
        high: the upper end.
        low_reason: why it is there.
        high_reason: the same of the upper end.
    """

    low: float
    high: float
    low_reason: Reason
    high_reason: Reason


class LatentRegion:
    """Where random latents lie: their mean, and how far from it is usual.

    Args:
        samples: ``(n, dim)`` float32, w of random seeds as they are rendered, or z.
    """

    def __init__(self, samples: NDArray[np.float32]) -> None:
        x = samples.astype(np.float64)
        self._mean = x.mean(axis=0)
        self._covariance: NDArray[np.float64] = (x - self._mean).T @ (x - self._mean) / max(len(x) - 1, 1)
        variances, columns = _eigh(self._covariance)
        # Some of the mean variance in every direction: in the narrowest ones the samples say little, and
        # pictures look as they should well beyond them.
        variances = np.maximum(variances, 0.0) + 0.3 * max(float(variances.mean()), 1e-30)
        self._scaled: NDArray[np.float64] = columns / np.sqrt(variances)
        self.usual = float(np.quantile(self.distances(samples), _USUAL_SHARE))

    def distances(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Distance of ``(n, dim)`` points from the mean, in the samples' own deviations, ``(n,)``."""
        centred = np.asarray(points, dtype=np.float64) - self._mean
        return np.asarray(np.linalg.norm(centred @ self._scaled, axis=1))

    def places(self, points: NDArray[np.floating], steps: NDArray[np.floating]) -> NDArray[np.float64]:
        """How far ``(n, dim)`` points lie along the steps to them, in the samples' deviations there."""
        x, way = np.asarray(points, dtype=np.float64) - self._mean, np.asarray(steps, dtype=np.float64)
        spread = np.sqrt(np.maximum(((way @ self._covariance) * way).sum(axis=1), 1e-30))
        return np.asarray((x * way).sum(axis=1) / spread)


def latent_ends(
    direction: Direction, starts: NDArray[np.float32], region: LatentRegion
) -> tuple[tuple[float, Reason], tuple[float, Reason]]:
    """How far half of the starts can go each way before their latents are unusual.

    Args:
        direction: straight or curved, of z, w or w+; one of style space moves no latent.
        starts: ``(n, z_dim)`` for z directions, else ``(n, num_ws, w_dim)``.
        region: of z or of w.

    Returns:
        the lower and the upper end in units of the direction, each with its reason.
    """
    ends = []
    for side in (-1.0, 1.0):
        reached, reason = 0.0, "furthest"
        for k in range(1, round(FURTHEST_SIGMAS / STEP_SIGMAS) + 1):
            amount = side * k * STEP_SIGMAS * direction.sigma
            moved = np.stack([direction.move(start, amount) for start in starts])
            points, before = moved, starts
            if direction.space is not Space.Z:
                points, before = _moved_rows(moved, starts), _moved_rows(moved, starts, of=starts)
            along = region.places(points, points - before)
            if np.median(region.distances(points)) > region.usual or np.median(along) > _USUAL_SIGMAS:
                reason = "unusual"
                break
            reached = amount
        ends.append((reached, reason))
    (low, low_reason), (high, high_reason) = ends
    return (low, low_reason), (high, high_reason)  # type: ignore[return-value]


def change_rates(pictures: Sequence[NDArray[np.floating]], amounts: Sequence[float]) -> NDArray[np.float64]:
    """How much pictures change from one amount to the next, per unit of amount.

    Args:
        pictures: one ``(...)`` array of any shape for each amount, 0 to 1.
        amounts: ascending.

    Returns:
        ``(len(amounts) - 1,)``.
    """
    return np.array(
        [
            float(np.abs(after - before).mean()) / max(there - here, 1e-12)
            for before, after, here, there in zip(
                pictures[:-1], pictures[1:], amounts[:-1], amounts[1:], strict=True
            )
        ]
    )


def calibrated(
    direction: Direction,
    starts: NDArray[np.float32],
    region: LatentRegion,
    *,
    render: Callable[[float], NDArray[np.floating]] | None = None,
    looks: int = 6,
) -> Calibration:
    """Where a slider should end.

    Args:
        direction: what it moves along.
        starts: see ``latent_ends``.
        region: of z or of w.
        render: the pictures of the starts at an amount, as any array of 0 to 1; without it only latents are
            looked at.
        looks: pictures on each side, at even distances.
    """
    (low, low_reason), (high, high_reason) = latent_ends(direction, starts, region)
    if render is None:
        return Calibration(low, high, low_reason, high_reason)
    ends = []
    for end, reason in ((low, low_reason), (high, high_reason)):
        if end == 0:
            ends.append((end, reason))
            continue
        amounts = np.linspace(0.0, abs(end), looks + 1)
        side = 1.0 if end > 0 else -1.0
        rates = change_rates([render(side * float(amount)) for amount in amounts], amounts.tolist())
        alive = np.flatnonzero(rates >= _STOPPED * max(float(rates.max()), 1e-12))
        last = int(alive[-1]) + 1 if len(alive) else looks
        ends.append((end, reason) if last == looks else (side * float(amounts[last]), "stopped"))
    (low, low_reason), (high, high_reason) = ends
    return Calibration(low, high, low_reason, high_reason)


def _moved_rows(
    moved: NDArray[np.float32], starts: NDArray[np.float32], *, of: NDArray[np.float32] | None = None
) -> NDArray[np.float32]:
    """One w for each latent: the mean of the rows that move; of all, where none does."""
    touched = (moved != starts).any(axis=(0, 2))
    rows = np.flatnonzero(touched) if touched.any() else np.arange(moved.shape[1])
    source = moved if of is None else of
    return np.asarray(source[:, rows].mean(axis=1), dtype=np.float32)


def _eigh(matrix: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    # torch's solver rather than numpy's, which needs seconds for 512 x 512 when its threads share a core.
    import torch

    values, columns = torch.linalg.eigh(torch.from_numpy(matrix))
    return values.numpy(), columns.numpy()
