"""The published StyleGAN2-ADA schedule and noise regulariser, against numbers of the official projector."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from latent_studio.methods.projection.noise import noise_penalty, normalised_noise
from latent_studio.methods.projection.published import learning_rate, w_noise_scale

DATA = Path(__file__).parent / "data" / "projector"


@pytest.fixture(scope="module")
def expected() -> dict[str, np.ndarray]:
    with np.load(DATA / "expected.npz") as file:
        return dict(file)


@pytest.mark.parametrize("steps", [24, 300, 1000])
def test_rates_and_random_steps_are_the_official_ones(expected: dict[str, np.ndarray], steps: int) -> None:
    rates = [learning_rate(index, steps) for index in range(steps)]
    assert np.allclose(rates, expected[f"lr_schedule_{steps}"], rtol=1e-5, atol=1e-12)
    scales = [w_noise_scale(index, steps, float(expected["w_std"])) for index in range(steps)]
    assert np.allclose(scales, expected[f"w_noise_scale_{steps}"], rtol=1e-5, atol=1e-12)


def test_the_noise_regulariser_is_the_official_one(expected: dict[str, np.ndarray]) -> None:
    maps = [torch.from_numpy(expected[f"noise_{index}"])[None, None] for index in range(7)]
    each = [float(noise_penalty([one])) for one in maps]
    assert np.allclose(each, expected["noise_reg_per_buffer"], rtol=1e-4, atol=1e-9)
    assert float(noise_penalty(maps)) == pytest.approx(float(expected["noise_reg_total"]), rel=1e-4)


def test_noise_is_brought_back_to_mean_zero_and_unit_square(expected: dict[str, np.ndarray]) -> None:
    for index in range(7):
        ours = normalised_noise(torch.from_numpy(expected[f"noise_{index}"])[None, None])[0, 0]
        assert np.allclose(ours.numpy(), expected[f"noise_normalised_{index}"], atol=1e-5)
