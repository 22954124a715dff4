"""Edits under locks do not move along what is locked."""

from __future__ import annotations

import numpy as np
import pytest

from latent_studio.core.directions import LinearDirection
from latent_studio.core.edits import Edit, EditStack
from latent_studio.core.locks import applying_locks, free_share, move_under_locks
from latent_studio.core.spaces import Space
from latent_studio.core.style_channels import StyleChannel

RNG = np.random.default_rng(3)
WS = RNG.standard_normal((5, 6)).astype(np.float32)


def direction(name: str, seed: int, space: Space = Space.W, **more: object) -> LinearDirection:
    shape = (5, 6) if space is Space.W_PLUS else 6
    vector = np.random.default_rng(seed).standard_normal(shape)
    return LinearDirection(name, name, space, vector, **more)  # type: ignore[arg-type]


def along(moved: np.ndarray, lock: LinearDirection) -> float:
    """How far a move went along a lock, summed over all rows."""
    step = lock.move(np.zeros_like(WS), 1.0).astype(np.float64)
    return float(np.sum((moved.astype(np.float64) - WS) * step))


SMILE, AGE, POSE = direction("smile", 1), direction("age", 2), direction("pose", 3, Space.W_PLUS)


def test_without_locks_a_move_is_the_directions_own_bit_for_bit() -> None:
    assert np.array_equal(move_under_locks(SMILE, WS, 1.7, locks=()), SMILE.move(WS, 1.7))


@pytest.mark.parametrize("rows", [None, (1, 2), (4,)])
@pytest.mark.parametrize("edit", [SMILE, POSE])
def test_a_move_under_locks_goes_nowhere_along_them(edit: LinearDirection, rows: tuple[int, ...]) -> None:
    locks = (AGE, direction("hair", 9, Space.W_PLUS))
    moved = move_under_locks(edit, WS, 3.0, locks=locks, rows=rows)
    for lock in locks:
        assert abs(along(moved, lock)) < 1e-5
    assert abs(along(edit.move(WS, 3.0, rows=rows), AGE)) > 0.05


def test_rows_that_the_edit_leaves_alone_stay() -> None:
    moved = move_under_locks(SMILE, WS, 3.0, locks=(AGE,), rows=(1, 2))
    assert np.array_equal(moved[[0, 3, 4]], WS[[0, 3, 4]])


def test_one_condition_is_the_orthogonal_part_of_the_paper() -> None:
    n1 = SMILE.vector.astype(np.float64)
    n2 = AGE.vector / np.linalg.norm(AGE.vector.astype(np.float64))
    expected = WS + 2.0 * (n1 - (n1 @ n2) * n2)
    np.testing.assert_allclose(move_under_locks(SMILE, WS, 2.0, locks=(AGE,)), expected, atol=1e-5)


def test_dependent_locks_are_as_good_as_one() -> None:
    double = LinearDirection("twice", "twice", Space.W, 2 * AGE.vector)
    one = move_under_locks(SMILE, WS, 2.0, locks=(AGE,))
    np.testing.assert_allclose(move_under_locks(SMILE, WS, 2.0, locks=(AGE, double)), one, atol=1e-5)


def test_a_locked_direction_still_moves_by_its_own_slider() -> None:
    assert applying_locks(AGE, (AGE, SMILE)) == (SMILE,)
    assert np.array_equal(move_under_locks(AGE, WS, 1.0, locks=(AGE,)), AGE.move(WS, 1.0))


def test_locks_of_z_and_of_w_do_not_meet() -> None:
    in_z = LinearDirection("z", "z", Space.Z, np.ones(6))
    assert applying_locks(SMILE, (in_z, AGE)) == (AGE,)
    z = np.arange(6, dtype=np.float32)
    other = LinearDirection("y", "y", Space.Z, np.arange(6.0))
    moved = move_under_locks(other, z, 1.0, locks=(in_z, AGE))
    assert abs(float((moved - z).sum())) < 1e-5


def test_a_direction_along_a_lock_has_nothing_left() -> None:
    twin = LinearDirection("twin", "twin", Space.W, -AGE.vector)
    assert free_share(twin, WS, locks=(AGE,)) < 1e-5
    np.testing.assert_allclose(move_under_locks(twin, WS, 3.0, locks=(AGE,)), WS, atol=1e-5)
    assert free_share(SMILE, WS, locks=()) == 1.0
    assert 0 < free_share(SMILE, WS, locks=(AGE,)) < 1


def test_a_stack_applies_its_edits_under_locks() -> None:
    stack = EditStack((Edit(SMILE, 1.0), Edit(POSE, -2.0, rows=(2, 3))))
    moved = stack.apply(WS, before_mapping=False, locks=(AGE,))
    assert abs(along(moved, AGE)) < 1e-5
    assert not np.array_equal(moved, WS)


def test_channels_of_styles_neither_lock_nor_are_locked() -> None:
    channel = StyleChannel("b8.conv0", 3, row=1, unit=0.5)
    assert applying_locks(channel, (AGE,)) == ()
    assert applying_locks(SMILE, (channel, AGE)) == (AGE,)
    assert np.array_equal(move_under_locks(SMILE, WS, 1.0, locks=(channel,)), SMILE.move(WS, 1.0))
