"""Latent: one point of a latent space, read-only and tagged with its space."""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from latent_studio.core.errors import IncompatibleLatentError
from latent_studio.core.spaces import Space, shape_in

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from latent_studio.core.spec import GeneratorSpec


class Latent:
    """An unbatched latent: cheap to compare, hash, save and undo. The engine adds the batch axis.

    Args:
        space: which space ``values`` belongs to.
        values: Z ``(z_dim,)``, W ``(w_dim,)`` or W_PLUS ``(num_ws, w_dim)``; copied to read-only float32.

    Raises:
        IncompatibleLatentError: the number of axes does not fit the space, or a value is not finite.
    """

    __slots__ = ("__dict__", "_space", "_values")

    def __init__(self, space: Space, values: ArrayLike) -> None:
        array = np.array(values, dtype=np.float32)
        axes = 2 if space is Space.W_PLUS else 1
        if array.ndim != axes or array.size == 0:
            raise IncompatibleLatentError(
                f"A latent in {space.value} has {axes} axis(es), this one has shape {array.shape}."
            )
        if not np.isfinite(array).all():
            raise IncompatibleLatentError("The latent holds values that are not finite.")
        array.flags.writeable = False
        self._space = space
        self._values = array

    @classmethod
    def from_seed(cls, seed: int, z_dim: int) -> Latent:
        """The z of a seed, by the field's rule: ``RandomState(seed).randn(1, z_dim)`` cast to float32."""
        return cls(Space.Z, z_from_seed(seed, z_dim))

    @property
    def space(self) -> Space:
        """The space ``values`` belongs to."""
        return self._space

    @property
    def values(self) -> NDArray[np.float32]:
        """Read-only float32 array."""
        return self._values

    @cached_property
    def digest(self) -> str:
        """Hex digest of space, shape and values."""
        h = hashlib.blake2b(digest_size=16)
        h.update(f"{self._space.value}{self._values.shape}".encode())
        h.update(self._values.tobytes())
        return h.hexdigest()

    def check_fits(self, spec: GeneratorSpec) -> None:
        """Refuse a latent of another model's shape.

        Raises:
            IncompatibleLatentError: naming both shapes.
        """
        wanted = shape_in(self._space, spec)
        if self._values.shape != wanted:
            raise IncompatibleLatentError(
                f"This latent in {self._space.value} has shape {self._values.shape}, "
                f"the model needs {wanted}.",
                hint="It was made for another model; open that one, or start from a seed.",
            )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Latent) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        return f"Latent({self._space.value}, {self._values.shape}, {self.digest[:8]})"


def z_from_seed(seed: int, z_dim: int) -> NDArray[np.float32]:
    """Normal values of NumPy's legacy generator, as every public StyleGAN tool draws them.

    Args:
        seed: 0 to 2**32 - 1.
        z_dim: length of z.

    Returns:
        ``(z_dim,)`` float32.
    """
    drawn = np.asarray(np.random.RandomState(seed).randn(1, z_dim))
    return np.ascontiguousarray(drawn[0], dtype=np.float32)
