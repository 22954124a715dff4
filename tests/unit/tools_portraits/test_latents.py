"""Where the factors live in z."""

from __future__ import annotations

import math

import pytest
import torch

from tools.portraits.factors import COUNT, INDEX, correlation
from tools.portraits.latents import factors_of, latent_code


def _generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_the_code_is_always_the_same() -> None:
    first, second = latent_code(), latent_code()
    assert torch.equal(first.projection, second.projection)
    # Numbers of the first build: a change would make every trained model speak another language.
    assert first.projection[0, :3].tolist() == pytest.approx([-0.005411, 0.004588, -0.163073], abs=1e-5)


def test_the_projection_has_orthonormal_rows() -> None:
    projection = latent_code().projection
    assert torch.allclose(projection @ projection.T, torch.eye(COUNT), atol=1e-5)


def test_the_correlations_make_a_covariance() -> None:
    assert torch.linalg.eigvalsh(correlation()).min() > 0.05


def test_encoded_scores_come_back_as_factors() -> None:
    code = latent_code()
    scores = code.sample_scores(32, _generator())
    z = code.encode(scores, _generator(1))
    assert torch.allclose(code.factors(z), factors_of(scores), atol=1e-4)


def test_encoded_z_have_exactly_the_length_that_normalising_gives() -> None:
    code = latent_code()
    z = code.encode(code.sample_scores(32, _generator()), _generator(1))
    assert torch.allclose(z.square().sum(dim=1), torch.full((32,), float(code.z_dim)), rtol=1e-4)


def test_the_length_of_z_means_nothing() -> None:
    code = latent_code()
    z = torch.randn(4, code.z_dim, generator=_generator())
    assert torch.allclose(code.factors(z), code.factors(z * 3.0), atol=1e-5)


def test_factors_of_random_z_are_spread_evenly_and_correlate_as_promised() -> None:
    code = latent_code()
    factors = code.factors(torch.randn(20_000, code.z_dim, generator=_generator()))
    assert factors.mean(dim=0).abs().max() < 0.03
    assert (factors.square().mean(dim=0) - 1.0 / 3.0).abs().max() < 0.02
    measured = torch.corrcoef(factors.T)[INDEX["age"], INDEX["hair_grey"]]
    # Rank correlation of normal scores with correlation r is 6/pi asin(r/2).
    expected = 6.0 / math.pi * math.asin(float(correlation()[INDEX["age"], INDEX["hair_grey"]]) / 2.0)
    assert measured == pytest.approx(expected, abs=0.03)


def test_scores_are_the_inverse_of_factors() -> None:
    code = latent_code()
    factors = torch.linspace(-0.95, 0.95, COUNT)[None]
    assert torch.allclose(factors_of(code.scores(factors)), factors, atol=1e-5)


def test_a_z_too_short_for_the_factors_is_refused() -> None:
    with pytest.raises(ValueError, match="more than"):
        latent_code(COUNT)
