"""The published scores ``corr`` and ``corr_l1``, for comparison with tables of WarpedGANSpace.

An attribute is brought to [-1, 1] by a fixed range and clipped. Its ``corr`` is its covariance with the
step's index divided by the index's standard deviation, averaged over the latents with its sign, then made
positive. This is no correlation: it is one times the attribute's standard deviation. ``corr_l1`` divides by
the sum over all attributes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from latent_studio.methods.attributes.protocol import AttributeInfo


def published_corr(
    values: NDArray[np.floating],
    attributes: Sequence[AttributeInfo],
    *,
    likeness: frozenset[str] = frozenset(),
    centre: int,
) -> NDArray[np.float64]:
    """The ``corr`` table.

    Args:
        values: ``(K, N, T, A)``; latents of which a step could not be told are left out of the mean.
        attributes: of the columns; their usual ranges scale them.
        likeness: ids of those measured against the start, which fall off both ways: the index is the
            distance from the middle.
        centre: index of the start among the steps.

    Returns:
        ``(K, A)``, 0 or greater.
    """
    values = np.asarray(values, np.float64)
    steps = np.arange(values.shape[2], dtype=np.float64)
    table = np.empty((values.shape[0], values.shape[3]))
    for column, info in enumerate(attributes):
        scaled = np.clip(2 * (values[..., column] - info.low) / info.span - 1, -1, 1)
        index = np.abs(steps - centre) if info.id in likeness else steps
        centred = index - index.mean()
        covariance = (scaled - scaled.mean(axis=2, keepdims=True)) @ centred / (len(index) - 1)
        corr = covariance / index.std(ddof=1)
        known = np.isfinite(corr)
        total = np.where(known, corr, 0.0).sum(axis=1)
        table[:, column] = np.abs(total / np.maximum(known.sum(axis=1), 1))
    return table


def published_corr_l1(corr: NDArray[np.float64]) -> NDArray[np.float64]:
    """The ``corr_l1`` table: each path's row divided by its sum, how exclusively it moves an attribute."""
    sums = corr.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(corr, sums, out=np.zeros_like(corr), where=sums > 0))
