import numpy as np
import pytest

from latent_studio.core.errors import IncompatibleLatentError
from latent_studio.core.latent import Latent, z_from_seed
from latent_studio.core.spaces import Space
from latent_studio.core.spec import GeneratorSpec

SPEC = GeneratorSpec("stylegan2", resolution=64, channels=3, z_dim=8, w_dim=6, num_ws=10)


def test_a_seed_gives_the_z_every_stylegan_tool_draws():
    expected = np.random.RandomState(42).randn(1, 512)[0].astype(np.float32)
    assert np.array_equal(z_from_seed(42, 512), expected)
    assert np.array_equal(Latent.from_seed(42, 512).values, expected)


def test_values_are_a_read_only_copy():
    source = np.zeros(4, dtype=np.float32)
    latent = Latent(Space.W, source)
    source[0] = 9
    assert latent.values[0] == 0
    with pytest.raises(ValueError, match="read-only"):
        latent.values[0] = 1


def test_equal_latents_are_equal_and_hash_alike():
    assert Latent(Space.W, [1, 2]) == Latent(Space.W, [1, 2])
    assert hash(Latent(Space.W, [1, 2])) == hash(Latent(Space.W, [1, 2]))


def test_the_space_is_part_of_what_a_latent_is():
    assert Latent(Space.W, [1, 2]) != Latent(Space.Z, [1, 2])


@pytest.mark.parametrize(
    ("space", "values"),
    [
        (Space.W, np.zeros((2, 3))),
        (Space.W_PLUS, np.zeros(3)),
        (Space.Z, []),
        (Space.Z, [1.0, np.nan]),
        (Space.W, [np.inf]),
    ],
)
def test_wrong_axes_and_values_that_are_not_finite_are_refused(space, values):
    with pytest.raises(IncompatibleLatentError):
        Latent(space, values)


@pytest.mark.parametrize(("space", "shape"), [(Space.Z, (8,)), (Space.W, (6,)), (Space.W_PLUS, (10, 6))])
def test_each_space_has_its_shape_for_a_model(space, shape):
    Latent(space, np.ones(shape)).check_fits(SPEC)


def test_a_latent_of_another_model_is_refused_with_both_shapes():
    with pytest.raises(IncompatibleLatentError, match=r"\(9, 6\).*\(10, 6\)"):
        Latent(Space.W_PLUS, np.ones((9, 6))).check_fits(SPEC)
