"""Change: how much a direction changes pictures, where, and which directions do the same."""

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
#: Changes that look this much alike are called the same, and this much are shown next to each other.
ALIKE, _KIN = 0.9, 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """What moving along a direction does to pictures.

    Attributes:
        strength: how far pixels travel, root of the mean square, 0 to 1.
        locality: 0 when everything changes alike, near 1 when all of it is in one spot.
        heat: ``(side, side)`` float32, where it changes, 0 to 1 of the largest change.
        signature: ``(n,)`` float32 of unit length, the change itself; zeros where nothing changes.
    """

    strength: float
    locality: float
    heat: NDArray[np.float32]
    signature: NDArray[np.float32]

    def likeness(self, other: Change) -> float:
        """1 for the same change of the same pictures, -1 for the opposite one, 0 for unrelated ones."""
        return float(self.signature @ other.signature)


def change_along(walks: Sequence[Sequence[NDArray[np.float32]]]) -> Change:
    """What changes on walks along one direction.

    A walk back and forth is a change, though its ends are alike: what counts is how far each pixel travels.

    Args:
        walks: one for each start, all from the same end of the slider to the other: two or more pictures
            ``(32, 32, C)`` from :func:`reduced`.
    """
    travelled = np.mean([np.square(_travelled(walk)).mean(axis=-1) for walk in walks], axis=0)
    heat = np.sqrt(travelled)
    loud = np.where(heat > _FLOOR, travelled, 0.0)
    total = float(loud.sum())
    # The share of the area that would hold all of it if it were evenly spread there.
    spread = total**2 / (loud.size * float(np.square(loud).sum())) if total else 1.0
    peak = float(heat.max())
    signature = np.concatenate([(walk[-1] - walk[0]).ravel() for walk in walks])
    length = float(np.linalg.norm(signature))
    return Change(
        float(np.sqrt(travelled.mean())),
        1.0 - spread,
        (heat / peak if peak > 0 else heat).astype(np.float32),
        (signature / length if length else signature).astype(np.float32),
    )


def _travelled(walk: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """How far each number of a picture travels, ``(32, 32, C)`` float32."""
    return np.asarray(np.abs(np.diff(np.stack(walk), axis=0)).sum(axis=0), dtype=np.float32)


def duplicates(changes: Sequence[Change]) -> tuple[tuple[int, ...], ...]:
    """For each change, the indices of earlier ones that look the same, or the opposite."""
    alike = _likenesses(changes) >= ALIKE
    return tuple(tuple(int(k) for k in np.flatnonzero(alike[index, :index])) for index in range(len(changes)))


def side_by_side(changes: Sequence[Change]) -> tuple[int, ...]:
    """An order in which those that look alike stand together; the strongest comes first."""
    likenesses = _likenesses(changes)
    left = sorted(range(len(changes)), key=lambda k: -changes[k].strength)
    order: list[int] = []
    while left:
        head, *others = left
        near = sorted((k for k in others if likenesses[head, k] >= _KIN), key=lambda k: -likenesses[head, k])
        order += [head, *near]
        left = [k for k in others if k not in near]
    return tuple(order)


def _likenesses(changes: Sequence[Change]) -> NDArray[np.float32]:
    """How alike each two look, whatever their signs: ``(n, n)``, 0 to 1."""
    if not changes:
        return np.zeros((0, 0), dtype=np.float32)
    signatures = np.stack([change.signature for change in changes])
    return np.asarray(np.abs(signatures @ signatures.T), dtype=np.float32)


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
        course = course_of(direction, spec)
        in_z = direction.space is Space.Z
        for id, first_in_z, first in firsts:
            if in_z == first_in_z and abs(float(first @ course)) >= TWIN:
                found[direction.id] = id
                break
        else:
            firsts.append((direction.id, in_z, course))
    return found


def course_of(direction: LinearDirection, spec: GeneratorSpec) -> NDArray[np.float64]:
    """Where a straight direction leads, on the rows it moves: flat float64 of length one."""
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
