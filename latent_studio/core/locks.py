"""Locks: directions that other edits must not move along."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from latent_studio.core.directions import LinearDirection
from latent_studio.core.spaces import Space

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from latent_studio.core.directions import Direction, Rows

#: Locked directions along the same line as others add nothing; smaller singular values are rounding.
_RANK_TOLERANCE = 1e-5
#: A curved direction's course at a point is that of a step this short, in standard deviations.
_TANGENT_SIGMAS = 0.02


def applying_locks(direction: Direction, locks: Sequence[Direction]) -> tuple[Direction, ...]:
    """The locks that hold for an edit along a direction.

    A direction does not lock itself; a lock in z says nothing of what happens after the mapping network; and
    channels of styles lie behind ws, where nothing can be projected off them.
    """
    if direction.space is Space.S:
        return ()
    is_z = direction.space is Space.Z
    return tuple(
        lock
        for lock in locks
        if lock.id != direction.id and lock.space is not Space.S and (lock.space is Space.Z) == is_z
    )


def move_under_locks(
    direction: Direction,
    values: NDArray[np.float32],
    amount: float,
    *,
    locks: Sequence[Direction],
    rows: Rows = None,
) -> NDArray[np.float32]:
    """Move along a direction without moving along any of the locks.

    What the edit would add is projected off the locked directions together, by the smallest change (Shen et
    al. 2020, section 3.2, for several conditions at once). Only the edit's own rows change: a lock is cut
    down to them, and the sum over all rows of the movement along it is zero then.

    Args:
        direction: what to move along.
        values: ``(z_dim,)`` for Z directions, else ``(num_ws, w_dim)`` float32.
        amount: signed, in units of the direction.
        locks: directions to stay still along; those of other spaces and the direction itself do not count.
        rows: rows to move, instead of the direction's own.
    """
    moved = direction.move(values, amount, rows=rows)
    held = applying_locks(direction, locks)
    if not held:
        return moved
    step = moved.astype(np.float64) - values
    free = project_off(step, [_tangent(lock, values) for lock in held])
    return np.asarray(values + free, dtype=np.float32)


def project_off(step: NDArray[np.float64], held: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """The part of a step that has nothing of the held ones; rows where the step is zero stay zero.

    Args:
        step: ``(dim,)`` or ``(num_ws, w_dim)`` float64.
        held: of the same shape; dependent ones do no harm.
    """
    touched = np.broadcast_to(step.any(axis=-1, keepdims=True), step.shape)
    if not touched.any():
        return step
    basis = np.stack([np.where(touched, one, 0.0).ravel() for one in held])
    lengths = np.linalg.norm(basis, axis=1, keepdims=True)
    basis = np.divide(basis, lengths, out=np.zeros_like(basis), where=lengths > 0)
    # Gram solve: x minimises |B B^T x - B step|, so that B (step - B^T x) = 0.
    weights = np.linalg.pinv(basis @ basis.T, rcond=_RANK_TOLERANCE, hermitian=True) @ (basis @ step.ravel())
    free: NDArray[np.float64] = step - (weights @ basis).reshape(step.shape)
    return free


def free_share(
    direction: Direction, values: NDArray[np.float32], *, locks: Sequence[Direction], rows: Rows = None
) -> float:
    """How much of a direction is left under locks: 1 all of it, 0 nothing, as a ratio of lengths."""
    amount = _short_amount(direction)
    step = direction.move(values, amount, rows=rows).astype(np.float64) - values
    held = applying_locks(direction, locks)
    length = float(np.linalg.norm(step))
    if not held or not length:
        return 1.0
    return float(np.linalg.norm(project_off(step, [_tangent(lock, values) for lock in held]))) / length


def _tangent(direction: Direction, values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Where a direction goes at a point, of any length; a straight one goes the same way everywhere."""
    if isinstance(direction, LinearDirection):
        still = np.zeros_like(values)
        return direction.move(still, 1.0).astype(np.float64)
    return direction.move(values, _short_amount(direction)).astype(np.float64) - values


def _short_amount(direction: Direction) -> float:
    if isinstance(direction, LinearDirection):
        return 1.0
    return _TANGENT_SIGMAS * direction.sigma
