"""FoundNoise: the noise maps that a projection found together with a latent."""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from latent_studio.core.errors import IncompatibleLatentError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray


class FoundNoise:
    """One map per noise input of a network, coarse to fine; read-only and cheap to compare.

    A picture rendered with other noise than the search saw is another picture, so the maps stay with the
    latent.

    Args:
        maps: ``(H, W)`` each, copied to read-only float32.

    Raises:
        IncompatibleLatentError: a map is not two-dimensional or not finite.
    """

    __slots__ = ("__dict__", "_maps")

    def __init__(self, maps: Sequence[ArrayLike]) -> None:
        arrays = []
        for one in maps:
            array = np.array(one, dtype=np.float32)
            if array.ndim != 2 or array.size == 0:
                raise IncompatibleLatentError(f"A noise map has two axes, this one has shape {array.shape}.")
            if not np.isfinite(array).all():
                raise IncompatibleLatentError("A noise map holds values that are not finite.")
            array.flags.writeable = False
            arrays.append(array)
        self._maps = tuple(arrays)

    @property
    def maps(self) -> tuple[NDArray[np.float32], ...]:
        """``(H, W)`` float32 each, read-only."""
        return self._maps

    @cached_property
    def digest(self) -> str:
        """Hex digest of shapes and values."""
        h = hashlib.blake2b(digest_size=16)
        for one in self._maps:
            h.update(f"{one.shape}".encode())
            h.update(one.tobytes())
        return h.hexdigest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FoundNoise) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        return f"FoundNoise({len(self._maps)} maps, {self.digest[:8]})"
