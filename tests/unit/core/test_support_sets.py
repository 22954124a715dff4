import numpy as np
import pytest

from latent_studio.core.errors import IncompatibleLatentError
from latent_studio.core.support_sets import SupportSet


def dipoles(*, count: int = 3, dim: int = 5, gamma: float = 0.2, seed: int = 0) -> SupportSet:
    rng = np.random.default_rng(seed)
    half = rng.normal(size=(count, dim))
    vectors = np.stack([half, -half], axis=1).reshape(-1, dim)
    return SupportSet(vectors, rng.normal(size=2 * count), gamma)


def test_the_field_is_the_gradient_of_the_value_at_unit_length():
    field = dipoles()
    x = np.random.default_rng(1).normal(size=5)
    small = 1e-5
    slopes = np.array(
        [(field.value(x + step)[0] - field.value(x - step)[0]) for step in np.eye(5)[:, None] * small]
    )
    assert np.allclose(field.field(x[None])[0], slopes / np.linalg.norm(slopes), atol=1e-6)


def test_the_field_has_unit_length_everywhere_even_where_every_term_underflows():
    far = np.random.default_rng(1).normal(size=(4, 5)) * 1e4
    assert np.allclose(np.linalg.norm(dipoles(gamma=3.0).field(far), axis=1), 1.0)


def test_the_middle_of_a_lone_even_pair_has_no_direction_and_no_nan():
    pair = SupportSet([[1.0, 2.0], [-1.0, -2.0]], [1.0, 1.0], 0.5)
    assert np.array_equal(pair.field(np.zeros((1, 2))), np.zeros((1, 2)))


def test_a_step_of_the_paper_goes_along_the_field():
    field, x = dipoles(), np.ones((2, 5))
    assert np.allclose(field.step(x, -0.3), x - 0.3 * field.field(x))


def test_equal_sets_have_equal_digests():
    assert dipoles().digest == dipoles().digest != dipoles(gamma=0.3).digest


@pytest.mark.parametrize(
    ("vectors", "alphas", "gamma"),
    [
        ([[1.0, 2.0]], [1.0, 2.0], 1.0),
        ([1.0, 2.0], [1.0, 2.0], 1.0),
        ([[np.nan, 2.0]], [1.0], 1.0),
        ([[1.0, 2.0]], [0.0], 1.0),
        ([[1.0, 2.0]], [1.0], 0.0),
        ([[1.0, 2.0]], [1.0], np.inf),
    ],
)
def test_sets_that_make_no_field_are_refused(vectors, alphas, gamma):
    with pytest.raises(IncompatibleLatentError):
        SupportSet(vectors, alphas, gamma)
