"""Principal components of small networks, against NumPy and the truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from latent_studio.core.errors import Cancelled, OptionError
from latent_studio.core.spaces import Space
from latent_studio.generators.toy import ToyGenerator
from latent_studio.methods.pca import Moments, find_pca_directions

GOLDEN = Path(__file__).parents[2] / "golden" / "data" / "ganspace" / "expected.npz"


def test_moments_of_pieces_are_those_of_the_whole():
    samples = torch.from_numpy(np.random.default_rng(0).normal(2.0, [1, 2, 3], size=(1000, 3)))
    moments = Moments(3)
    for start in range(0, 1000, 170):
        moments.add(samples[start : start + 170])
    variances, components = moments.components()
    covariance = np.cov(samples.numpy().T)
    assert np.allclose(variances, np.linalg.eigvalsh(covariance)[::-1])
    assert np.allclose(components @ covariance @ components.T, np.diag(variances), atol=1e-10)
    assert np.allclose(moments.mean, samples.numpy().mean(axis=0))


def test_components_are_those_of_ganspace():
    with np.load(GOLDEN) as file:
        stored = dict(file)
    moments = Moments(16)
    for piece in torch.from_numpy(stored["w_samples"]).split(512):
        moments.add(piece)
    variances, components = moments.components()
    assert np.abs((components[:10] * stored["pca_components"]).sum(axis=1)).min() >= 0.9999
    assert np.abs(np.sqrt(variances[:10]) / stored["pca_stdev"] - 1).max() <= 1e-3
    cosines = np.abs((components[:8] * stored["ipca_components"][:8]).sum(axis=1))
    assert cosines.min() >= 0.9999


def test_directions_are_measured_in_deviations_of_w():
    generator = ToyGenerator()
    found = find_pca_directions(generator, model_sha256="ab", samples=600, count=4, seed=3)
    assert [direction.space for direction in found] == [Space.W] * min(4, generator.spec.w_dim)
    sigmas = [direction.sigma for direction in found]
    assert sigmas == sorted(sigmas, reverse=True)
    again = find_pca_directions(generator, model_sha256="ab", samples=600, count=4, seed=3)
    assert again == found
    assert found[0].info.source == "pca" and 0 < float(found[0].info.details["variance share"]) <= 1


def test_too_few_samples_and_directions_are_refused():
    with pytest.raises(OptionError):
        find_pca_directions(ToyGenerator(), model_sha256="", samples=1)
    with pytest.raises(OptionError):
        find_pca_directions(ToyGenerator(), model_sha256="", count=0)


def test_a_cancel_is_heard_between_steps():
    def stop() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        find_pca_directions(ToyGenerator(), model_sha256="", check_cancel=stop)
