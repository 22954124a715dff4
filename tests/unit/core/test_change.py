"""How much pictures change, where, and which directions are twins."""

from __future__ import annotations

import numpy as np
import pytest

from latent_studio.core.change import change_along, duplicates, reduced, side_by_side, twins
from latent_studio.core.directions import LinearDirection
from latent_studio.core.spaces import Space
from latent_studio.core.spec import GeneratorSpec

GREY = np.full((128, 128, 3), 100, dtype=np.uint8)
SPEC = GeneratorSpec("stylegan2", 16, 3, 8, 8, 6)


def changed(rows: slice, columns: slice, by: int) -> np.ndarray:
    picture = GREY.copy()
    picture[rows, columns] += np.uint8(by)
    return picture


def change(*pictures: np.ndarray):
    return change_along([[reduced(one) for one in (GREY, *pictures)]])


def test_a_stronger_change_has_a_greater_strength() -> None:
    everywhere = slice(None)
    weak, strong = change(changed(everywhere, everywhere, 10)), change(changed(everywhere, everywhere, 40))
    assert strong.strength == pytest.approx(4 * weak.strength)
    assert strong.strength == pytest.approx(40 / 255, rel=1e-3)


def test_a_change_in_one_spot_is_local_and_one_everywhere_is_not() -> None:
    spot = change(changed(slice(0, 16), slice(0, 16), 80))
    assert spot.locality == pytest.approx(1 - 1 / 64, abs=1e-3)
    assert change(changed(slice(None), slice(None), 80)).locality == pytest.approx(0.0, abs=1e-6)
    assert spot.heat[0, 0] == 1.0
    assert spot.heat[-1, -1] == 0.0


def test_pictures_of_any_size_are_compared() -> None:
    for side in (16, 32, 48, 200, 1024):
        assert reduced(np.full((side, side, 1), 51, dtype=np.uint8)).shape == (32, 32, 1)
    assert reduced(np.full((300, 40, 3), 51, dtype=np.uint8)).mean() == pytest.approx(0.2)


def test_no_change_is_neither_strong_nor_local() -> None:
    nothing = change(GREY)
    assert (nothing.strength, nothing.locality) == (0.0, 0.0)


def test_there_and_back_again_is_a_change() -> None:
    bright = changed(slice(None), slice(None), 40)
    assert change(bright, GREY).strength == pytest.approx(80 / 255, rel=1e-3)


def test_the_same_change_and_its_opposite_are_duplicates_and_stand_together() -> None:
    bright, spot = changed(slice(None), slice(None), 40), changed(slice(0, 16), slice(0, 16), 80)
    first, other, strong = change(bright), change(spot), change(changed(slice(None), slice(None), 90))
    opposite = change_along([[reduced(bright), reduced(GREY)]])
    assert first.likeness(opposite) == pytest.approx(-1.0, abs=1e-5)
    assert duplicates([first, other, opposite]) == ((), (), (0,))
    assert side_by_side([first, other, opposite, strong]) == (3, 0, 2, 1)


def test_several_starts_count_alike() -> None:
    bright = changed(slice(None), slice(None), 40)
    walks = [[reduced(GREY), reduced(bright)], [reduced(GREY), reduced(GREY)]]
    assert change_along(walks).strength == pytest.approx(40 / 255 / np.sqrt(2), rel=1e-3)


def test_directions_that_do_the_same_are_twins_whatever_their_sign_and_shape() -> None:
    vector = np.arange(1.0, 9.0)
    first = LinearDirection("a", "a", Space.W, vector)
    same = LinearDirection("b", "b", Space.W_PLUS, -3 * np.tile(vector, (6, 1)))
    other = LinearDirection("c", "c", Space.W, np.eye(8)[0])
    in_z = LinearDirection("d", "d", Space.Z, vector)
    fewer = LinearDirection("e", "e", Space.W, vector, rows=(0, 1))
    assert twins((first, same, other, in_z, fewer), SPEC) == {"b": "a"}
