"""How far a model's latents spread along a direction: what one sigma on a slider is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from latent_studio.core.spaces import Space

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latent_studio.core.directions import LinearDirection
    from latent_studio.core.support_sets import SupportSet


def spread_along(direction: LinearDirection, ws_samples: NDArray[np.float32] | None) -> float:
    """Standard deviation of the model's latents along a direction, in units of its vector.

    Args:
        direction: straight; z is standard normal, so nothing needs to be measured there.
        ws_samples: ``(n, w_dim)`` float32, w of random seeds without truncation; ``None`` gives 1 in W.
    """
    vector = direction.vector.astype(np.float64)
    squared = float(np.square(vector).sum())
    if direction.space is Space.Z:
        return 1.0 / math.sqrt(squared)
    if ws_samples is None:
        return 1.0
    summed = vector if vector.ndim == 1 else vector.sum(axis=0)
    spread = float(np.std(ws_samples.astype(np.float64) @ summed)) / squared
    return spread if spread > 1e-9 else 1.0


def spread_of_path(support_set: SupportSet, space: Space, ws_samples: NDArray[np.float32] | None) -> float:
    """Standard deviation of the model's latents along a curved path, in units of its arc length.

    Measured along the line that the path follows where the latents' mean is.

    Args:
        support_set: of the path.
        space: Z or W.
        ws_samples: as for ``spread_along``.
    """
    if space is Space.Z or ws_samples is None:
        return 1.0
    samples = ws_samples.astype(np.float64)
    spread = float(np.std(samples @ support_set.field(samples.mean(0)[None])[0]))
    return spread if spread > 1e-9 else 1.0
