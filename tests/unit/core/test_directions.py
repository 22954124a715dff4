import numpy as np
import pytest

from latent_studio.core.directions import Direction, LinearDirection
from latent_studio.core.errors import IncompatibleLatentError
from latent_studio.core.spaces import Space
from latent_studio.core.spec import GeneratorSpec

SPEC = GeneratorSpec("stylegan2", resolution=16, channels=3, z_dim=3, w_dim=2, num_ws=4)
WS = np.zeros((4, 2), dtype=np.float32)


def test_a_linear_direction_is_a_direction():
    assert isinstance(LinearDirection("a", "a", Space.W, [1, 0]), Direction)


def test_zero_amount_gives_the_latent_back_bit_for_bit():
    ws = np.random.default_rng(0).normal(size=(4, 2)).astype(np.float32)
    assert np.array_equal(LinearDirection("a", "a", Space.W, [1, 2]).move(ws, 0.0), ws)


def test_w_moves_every_row_or_only_its_own():
    everywhere = LinearDirection("a", "a", Space.W, [1, 2])
    some = LinearDirection("a", "a", Space.W, [1, 2], rows=(1, 3))
    assert np.array_equal(everywhere.move(WS, 2), np.tile([2, 4], (4, 1)))
    assert np.array_equal(some.move(WS, 2), [[0, 0], [2, 4], [0, 0], [2, 4]])


def test_rows_given_with_an_edit_replace_the_directions_own():
    some = LinearDirection("a", "a", Space.W, [1, 2], rows=(1, 3))
    assert np.array_equal(some.move(WS, 1, rows=(0,)), [[1, 2], [0, 0], [0, 0], [0, 0]])


def test_w_plus_moves_each_row_by_its_own_vector():
    vector = np.arange(8).reshape(4, 2)
    assert np.array_equal(LinearDirection("a", "a", Space.W_PLUS, vector).move(WS, 1, rows=(2,))[2], [4, 5])


def test_the_input_is_never_changed():
    ws = WS.copy()
    LinearDirection("a", "a", Space.W, [1, 2], rows=(1,)).move(ws, 3)
    assert not ws.any()


@pytest.mark.parametrize("vector", [[0, 0], [np.nan, 1], [[1, 2]], []])
def test_zero_nan_and_wrongly_shaped_vectors_are_refused(vector):
    with pytest.raises(IncompatibleLatentError):
        LinearDirection("a", "bad", Space.W, vector)


@pytest.mark.parametrize(
    "direction",
    [
        LinearDirection("a", "a", Space.W, [1, 2, 3]),
        LinearDirection("a", "a", Space.Z, [1, 2]),
        LinearDirection("a", "a", Space.W_PLUS, np.ones((3, 2))),
        LinearDirection("a", "a", Space.W, [1, 2], rows=(4,)),
    ],
)
def test_a_direction_of_another_model_is_refused(direction):
    with pytest.raises(IncompatibleLatentError, match=r"another model|rows"):
        direction.check_fits(SPEC)


def test_slider_ends_default_to_three_sigma():
    assert LinearDirection("a", "a", Space.W, [1], sigma=2).suggested_range == (-6, 6)
