"""Directions: what a slider moves along."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

from latent_studio.core.errors import IncompatibleLatentError
from latent_studio.core.spaces import Space

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from latent_studio.core.spec import GeneratorSpec

#: Rows of ws an edit touches; ``None`` means all.
Rows = tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class DirectionInfo:
    """What is known about a direction besides its shape.

    Attributes:
        source: how it was found, such as ``"sefa"``.
        model_sha256: the model it was found on; empty when unknown.
        details: numbers and words worth showing: eigenvalue, accuracy, variant.
    """

    source: str = ""
    model_sha256: str = ""
    details: Mapping[str, str | int | float] = field(default_factory=dict)


@runtime_checkable
class Direction(Protocol):
    """Something a slider can move a latent along."""

    @property
    def id(self) -> str:
        """Stable and unique: the same direction found again has the same id."""

    @property
    def name(self) -> str:
        """What the user sees."""

    @property
    def space(self) -> Space:
        """Z directions act before the mapping network, the others after it."""

    @property
    def rows(self) -> Rows:
        """Rows of ws it is meant for; ``None`` means all."""

    @property
    def sigma(self) -> float:
        """One standard deviation of the model's latents along it, in units of ``amount``."""

    @property
    def suggested_range(self) -> tuple[float, float]:
        """Sensible slider ends ``(low, high)`` in units of ``amount``; may be uneven."""

    @property
    def info(self) -> DirectionInfo:
        """How it was found."""

    def check_fits(self, spec: GeneratorSpec) -> None:
        """Refuse a model of another shape.

        Raises:
            IncompatibleLatentError: naming both shapes.
        """
        ...

    def move(self, values: NDArray[np.float32], amount: float, *, rows: Rows = None) -> NDArray[np.float32]:
        """The latent ``amount`` further along; the input stays as it is.

        Args:
            values: ``(z_dim,)`` for Z directions, else ``(num_ws, w_dim)`` float32.
            amount: signed, in units of the direction.
            rows: rows to move, instead of the direction's own; not used in Z.
        """
        ...


class LinearDirection:
    """A straight direction: SeFa eigenvector, boundary normal or principal component.

    Args:
        id: stable and unique.
        name: what the user sees.
        space: Z, W or W_PLUS.
        vector: ``(dim,)``, or ``(num_ws, w_dim)`` for W_PLUS; moved by as it is, never normalised.
        rows: rows of ws it is meant for; ``None`` means all. Not for Z.
        sigma: standard deviation of the model's latents along the vector, in units of it; positive.
        suggested_range: slider ends in units of the vector; default three sigma both ways.
        info: how it was found.

    Raises:
        IncompatibleLatentError: wrong number of axes, zero or not finite.
    """

    def __init__(
        self,
        id: str,
        name: str,
        space: Space,
        vector: ArrayLike,
        *,
        rows: Rows = None,
        sigma: float = 1.0,
        suggested_range: tuple[float, float] | None = None,
        info: DirectionInfo | None = None,
    ) -> None:
        array = np.array(vector, dtype=np.float32)
        if array.ndim != (2 if space is Space.W_PLUS else 1) or array.size == 0:
            raise IncompatibleLatentError(
                f"Direction {name!r} has shape {array.shape}, which does not fit {space.value}."
            )
        if not np.isfinite(array).all() or not array.any():
            raise IncompatibleLatentError(
                f"Direction {name!r} is zero or holds values that are not finite.",
                hint="A direction needs finite numbers, and not all of them zero.",
            )
        array.flags.writeable = False
        self.id = id
        self.name = name
        self.space = space
        self.vector = array
        self.rows = rows
        self.sigma = float(sigma)
        self.suggested_range = suggested_range or (-3.0 * self.sigma, 3.0 * self.sigma)
        self.info = info or DirectionInfo()

    @cached_property
    def digest(self) -> str:
        """Hex digest of everything that decides what ``move`` does."""
        h = hashlib.blake2b(digest_size=16)
        h.update(f"{self.id}{self.space.value}{self.vector.shape}{self.rows}".encode())
        h.update(self.vector.tobytes())
        return h.hexdigest()

    def check_fits(self, spec: GeneratorSpec) -> None:
        """See ``Direction.check_fits``."""
        dim = spec.z_dim if self.space is Space.Z else spec.w_dim
        fits = self.vector.shape[-1] == dim and (self.vector.ndim == 1 or len(self.vector) == spec.num_ws)
        if not fits or any(not 0 <= row < spec.num_ws for row in self.rows or ()):
            raise IncompatibleLatentError(
                f"Direction {self.name!r} has shape {self.vector.shape} in {self.space.value}; the model has "
                f"z_dim {spec.z_dim}, w_dim {spec.w_dim} and {spec.num_ws} rows.",
                hint="It was found on another model.",
            )

    def move(self, values: NDArray[np.float32], amount: float, *, rows: Rows = None) -> NDArray[np.float32]:
        """See ``Direction.move``."""
        step = np.float32(amount) * self.vector
        if self.space is Space.Z:
            return values + step
        chosen = rows if rows is not None else self.rows
        if chosen is None:
            return values + step
        moved = values.copy()
        index = list(chosen)
        moved[index] += step if step.ndim == 1 else step[index]
        return moved

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LinearDirection) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        return f"LinearDirection({self.id!r}, {self.space.value}, {self.vector.shape})"
