"""Conditional boundaries: one attribute without the others, and distances from a plane."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from latent_studio.core.errors import IncompatibleLatentError, InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

#: A condition of length one of which less than this is new is a combination of those before it.
_NOTHING_NEW = 1e-5
#: A remainder shorter than this is rounding: the attribute is nothing but its conditions.
_NOTHING_LEFT = 1e-6


def condition_vector(
    vector: NDArray[np.floating],
    conditions: Sequence[NDArray[np.floating]],
    *,
    names: Sequence[str] = (),
) -> NDArray[np.float32]:
    """The part of a direction that has nothing of any condition, at unit length.

    With C the conditions as rows and n the direction, ``n - C^T x`` where ``(C C^T) x = C n`` (Shen et al.
    2020, section 3.2, for any number of conditions); solved by an orthonormal basis of the conditions.

    Args:
        vector: ``(dim,)`` or, for w+, ``(num_ws, w_dim)``.
        conditions: of the same shape.
        names: of the conditions, for what may be wrong with them.

    Returns:
        of the same shape, of length one; rows of w+ have length one on average.

    Raises:
        IncompatibleLatentError: the shapes differ.
        InputError: a condition says nothing that those before it do not, or nothing is left because the
            direction is a mixture of the conditions.
    """
    for condition in conditions:
        if condition.shape != vector.shape:
            raise IncompatibleLatentError(
                f"A condition has shape {condition.shape}, the direction {vector.shape}.",
                hint="Both must be of the same space of the same model.",
            )
    n = _unit(vector)
    basis: list[NDArray[np.float64]] = []
    for index, condition in enumerate(conditions):
        new = _without(_unit(condition), basis)
        if np.linalg.norm(new) < _NOTHING_NEW:
            name = repr(names[index]) if names else f"Condition {index + 1}"
            raise InputError(
                f"{name} depends on the other conditions: what it says, they say already.",
                hint="Leave it out.",
            )
        basis.append(new / np.linalg.norm(new))
    n = _without(n, basis)
    length = float(np.linalg.norm(n))
    if length < _NOTHING_LEFT:
        raise InputError(
            "Nothing is left of this direction without the others: it is a mixture of them.",
            hint="Leave one of the conditions out.",
        )
    rows = vector.shape[0] if vector.ndim == 2 else 1
    return np.asarray((n / length * np.sqrt(rows)).reshape(vector.shape), dtype=np.float32)


def _unit(vector: NDArray[np.floating]) -> NDArray[np.float64]:
    flat = vector.astype(np.float64).ravel()
    return flat / np.linalg.norm(flat)


def _without(vector: NDArray[np.float64], basis: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """A vector without its part in the span of orthonormal ones."""
    for _ in range(2):  # the second time takes away what rounding left
        for one in basis:
            vector = vector - float(one @ vector) * one
    return vector


def amounts_to_distances(
    latent: NDArray[np.floating],
    normal: NDArray[np.floating],
    distances: Sequence[float],
    *,
    intercept: float = 0.0,
) -> tuple[float, ...]:
    """How far to move along a unit normal so that a latent comes to these distances from the plane.

    InterFaceGAN's program edits z and w so, with the plane through the origin; an amount is a distance
    *moved*.

    Args:
        latent: ``(dim,)``.
        normal: ``(dim,)``, unit length.
        distances: signed, wanted.
        intercept: of the plane ``normal . x + intercept = 0``.
    """
    there = float(latent.astype(np.float64) @ normal.astype(np.float64)) + intercept
    return tuple(float(distance) - there for distance in distances)
