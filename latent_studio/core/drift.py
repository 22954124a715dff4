"""Drift: how far an edited latent has gone along a direction that was to stay still."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from latent_studio.core.directions import LinearDirection
from latent_studio.core.spaces import Space

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latent_studio.core.directions import Direction

#: Where a curved direction leads is told by a step this short, in standard deviations.
_STEP_SIGMAS = 0.02


def drift_along(direction: Direction, before: NDArray[np.float32], after: NDArray[np.float32]) -> float:
    """How far one ws is from another along a direction after the mapping network, in standard deviations.

    Args:
        direction: in W or W+; a curved one is measured by its course at ``before``.
        before: ``(num_ws, w_dim)`` float32, the picture without its edits.
        after: the same with them.

    Returns:
        signed; 0 for directions in z, which ws says nothing about.
    """
    if direction.space is Space.Z:
        return 0.0
    if isinstance(direction, LinearDirection):
        unit, start = 1.0, np.zeros_like(before)
    else:
        unit, start = _STEP_SIGMAS * direction.sigma, before
    course = direction.move(start, unit).astype(np.float64) - start
    squared = float(np.square(course).sum())
    if not squared:
        return 0.0
    amount = unit * float(np.sum((after.astype(np.float64) - before) * course)) / squared
    return amount / direction.sigma
