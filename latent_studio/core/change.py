"""Change: how much two pictures differ and in how large a part, and which directions are twins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from latent_studio.core.directions import LinearDirection
from latent_studio.core.spaces import Space

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from latent_studio.core.directions import Direction
    from latent_studio.core.spec import GeneratorSpec

#: Pictures are compared at this side: finer differences are noise of the hair and the skin.
_SIDE = 32
#: Differences below this are rounding; 0 to 1.
_FLOOR = 2 / 255
#: Cosine from which two directions are called the same.
TWIN = 0.97


@dataclass(frozen=True, slots=True)
class Change:
    """What a direction does to one picture.

    Attributes:
        strength: root of the mean squared difference, 0 to 1.
        locality: 0 when everything changes alike, near 1 when all of it is in one spot.
        heat: ``(side, side)`` float32, where it changes, 0 to 1 of the largest difference.
    """

    strength: float
    locality: float
    heat: NDArray[np.float32]


def change_between(pictures: Sequence[NDArray[np.float32]], middle: NDArray[np.float32]) -> Change:
    """How a direction's pictures differ from the one it starts from.

    Args:
        pictures: from :func:`reduced`, at amounts other than zero.
        middle: the same at zero.
    """
    squared = np.mean([np.square(one - middle).mean(axis=-1) for one in pictures], axis=0)
    difference = np.sqrt(squared)
    strength = float(np.sqrt(squared.mean()))
    loud = np.where(difference > _FLOOR, squared, 0.0)
    total = float(loud.sum())
    # The share of the area that would hold all of it if it were evenly spread there.
    spread = total**2 / (loud.size * float(np.square(loud).sum())) if total else 1.0
    peak = float(difference.max())
    heat = difference / peak if peak > 0 else difference
    return Change(strength, 1.0 - spread, heat.astype(np.float32))


def twins(directions: Sequence[Direction], spec: GeneratorSpec) -> dict[str, str]:
    """Which straight directions do what an earlier one does, up to their sign.

    Returns:
        ids of the later ones, with the id of the first that is like it.
    """
    found: dict[str, str] = {}
    firsts: list[tuple[str, bool, NDArray[np.float64]]] = []
    for direction in directions:
        if not isinstance(direction, LinearDirection):
            continue
        course = _course(direction, spec)
        in_z = direction.space is Space.Z
        for id, first_in_z, first in firsts:
            if in_z == first_in_z and abs(float(first @ course)) >= TWIN:
                found[direction.id] = id
                break
        else:
            firsts.append((direction.id, in_z, course))
    return found


def _course(direction: LinearDirection, spec: GeneratorSpec) -> NDArray[np.float64]:
    """Where it leads, flat and of length one."""
    shape = (spec.z_dim,) if direction.space is Space.Z else (spec.num_ws, spec.w_dim)
    step = direction.move(np.zeros(shape, dtype=np.float32), 1.0).astype(np.float64).ravel()
    length = float(np.linalg.norm(step))
    return step / length if length else step


def reduced(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """A picture to compare by: 32 pixels a side, means of blocks, ``(32, 32, C)`` float32 in 0 to 1.

    Args:
        pixels: ``(H, W, C)`` uint8 of any size; what does not divide evenly is cut off.
    """
    times = -(-_SIDE // min(pixels.shape[:2]))
    if times > 1:
        pixels = pixels.repeat(times, axis=0).repeat(times, axis=1)
    high, wide = (size // _SIDE for size in pixels.shape[:2])
    part = pixels[: high * _SIDE, : wide * _SIDE].astype(np.float32) / 255
    blocks = part.reshape(_SIDE, high, _SIDE, wide, -1)
    return np.asarray(blocks.mean(axis=(1, 3)), dtype=np.float32)
