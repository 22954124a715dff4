"""LatentPlane: latents as places in a plane, and the way back from a place to a latent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from latent_studio.core.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

#: Two axes whose moves change nearly the same: sine of the angle between what they read.
_LEAST_ANGLE = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class PlaneAxis:
    """One axis: what it reads off a latent, and what a move along it adds.

    Attributes:
        title: what the user sees: ``"PC 0"``, ``"Smile"``.
        reading: ``(dim,)`` float64; a latent's coordinate is its product with it, plus ``bias``.
        bias: see ``reading``.
        way: ``(dim,)`` float64; moves add multiples of it.
        trust: R squared of a reading that was estimated from examples; ``None`` where it is exact.
    """

    title: str
    reading: NDArray[np.float64]
    bias: float
    way: NDArray[np.float64]
    trust: float | None = None

    @classmethod
    def along(cls, vector: ArrayLike, *, title: str, samples: NDArray[np.floating]) -> PlaneAxis:
        """An axis along a straight direction, in standard deviations of samples from their mean.

        Args:
            vector: ``(dim,)``, of any length but zero.
            title: what the user sees.
            samples: ``(N, dim)``, what is usual.

        Raises:
            InputError: the vector does not fit the samples, or the samples do not vary along it.
        """
        way = np.asarray(vector, dtype=np.float64)
        if way.shape != samples.shape[1:]:
            raise InputError(f"{title} has shape {way.shape}; latents of the map have {samples.shape[1:]}.")
        length = float(np.linalg.norm(way))
        unit = way / length if length else way
        shadows = samples @ unit.astype(samples.dtype)
        sigma = float(shadows.std())
        if not (length and sigma > 1e-9):
            raise InputError(f"The model's latents do not vary along {title}.", hint="Take another axis.")
        return cls(title, unit / sigma, -float(shadows.mean(dtype=np.float64)) / sigma, unit)


class LatentPlane:
    """Two axes together.

    Args:
        across: to the right.
        up: upwards.

    Raises:
        InputError: both read the same.
    """

    def __init__(self, across: PlaneAxis, up: PlaneAxis) -> None:
        self.axes = (across, up)
        self._readings = np.stack([across.reading, up.reading])
        self._bias = np.array([across.bias, up.bias])
        ways = np.stack([across.way, up.way], axis=1)
        steps = self._readings @ ways
        scale = np.abs(steps).max(axis=1, keepdims=True)
        if not scale.all() or abs(np.linalg.det(steps / scale)) < _LEAST_ANGLE:
            raise InputError(
                f"{across.title} and {up.title} are nearly the same.",
                hint="Take another axis for one of them.",
            )
        #: ``(dim, 2)``: what to add for a step of one along each axis and none along the other.
        self._lift = ways @ np.linalg.inv(steps)

    @property
    def dim(self) -> int:
        """Numbers of a latent."""
        return int(self._readings.shape[1])

    def places(self, latents: NDArray[np.floating]) -> NDArray[np.float64]:
        """Coordinates ``(N, 2)`` of latents ``(N, dim)``."""
        return np.asarray(latents @ self._readings.T.astype(latents.dtype) + self._bias, dtype=np.float64)

    def shift(self, step: ArrayLike) -> NDArray[np.float32]:
        """What to add to a latent ``(dim,)`` for a step ``(2,)`` on the map; all else about it stays."""
        return np.asarray(self._lift @ np.asarray(step, dtype=np.float64), dtype=np.float32)

    def moved(self, latent: NDArray[np.float32], to: ArrayLike) -> NDArray[np.float32]:
        """The latent ``(dim,)`` moved along the axes until it stands at a place ``(2,)``."""
        here = self.places(latent[None])[0]
        return np.asarray(latent + self.shift(np.asarray(to, dtype=np.float64) - here), dtype=np.float32)
