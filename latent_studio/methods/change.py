"""What a direction changes: how much, where, and whether another one does the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

#: Side of the map that says where a picture changes.
HEAT_SIDE = 16
#: Directions whose changes look this much alike are duplicates.
DUPLICATE = 0.9


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """What moving along a direction does to pictures.

    Attributes:
        strength: mean difference of pixels between both ends, 0 to 1.
        locality: 0 when all of the picture changes alike, near 1 when a single spot does.
        heat: ``(16, 16)`` float32, where it changes, the greatest 1.
        signature: ``(n,)`` float32 of unit length: the change itself, small; for comparing directions.
    """

    strength: float
    locality: float
    heat: NDArray[np.float32]
    signature: NDArray[np.float32]

    def likeness(self, other: Change) -> float:
        """1 for the same change, -1 for the opposite one, 0 for unrelated ones."""
        return float(self.signature @ other.signature)


def change_of(low: Sequence[NDArray[np.uint8]], high: Sequence[NDArray[np.uint8]]) -> Change:
    """The change between pictures of the same starts at both ends of a slider.

    Args:
        low: ``(H, W, C)`` uint8 pictures, one for each start.
        high: the same starts at the other end.
    """
    pairs = list(zip(low, high, strict=True))
    differences = [_small(b) - _small(a) for a, b in pairs]
    heat = np.mean([np.abs(one).mean(axis=2) for one in differences], axis=0)
    strength = float(np.mean([np.abs(b.astype(np.float32) - a).mean() for a, b in pairs])) / 255.0
    flat = np.sort(heat.ravel())
    total = float(flat.sum())
    # Gini's coefficient: how unevenly the change is spread over the picture.
    ranks = np.arange(1, len(flat) + 1)
    locality = (
        float((2 * (ranks * flat).sum() / (len(flat) * total)) - (len(flat) + 1) / len(flat))
        if total
        else 0.0
    )
    signature = np.concatenate([one.ravel() for one in differences]).astype(np.float32)
    length = float(np.linalg.norm(signature))
    return Change(
        strength,
        max(0.0, locality),
        (heat / max(float(heat.max()), 1e-12)).astype(np.float32),
        signature / max(length, 1e-12),
    )


def duplicates(changes: Sequence[Change]) -> tuple[tuple[int, ...], ...]:
    """For each change, the indices of earlier ones that are the same or its opposite."""
    return tuple(
        tuple(earlier for earlier in range(index) if abs(change.likeness(changes[earlier])) >= DUPLICATE)
        for index, change in enumerate(changes)
    )


def _small(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """``(16, 16, C)`` float32, 0 to 1: means of squares; smaller pictures are repeated first."""
    side = picture.shape[0]
    if side % HEAT_SIDE:
        index = (np.arange(HEAT_SIDE * max(1, side // HEAT_SIDE)) * side) // (
            HEAT_SIDE * max(1, side // HEAT_SIDE)
        )
        picture = picture[index][:, index]
    step = picture.shape[0] // HEAT_SIDE
    blocks = picture.reshape(HEAT_SIDE, step, HEAT_SIDE, step, -1)
    return np.asarray(blocks.mean(axis=(1, 3)) / 255.0, dtype=np.float32)
