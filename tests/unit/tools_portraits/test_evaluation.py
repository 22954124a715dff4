"""Measuring a generator."""

from __future__ import annotations

import pytest
import torch

from tools.portraits.evaluation import evaluate, held_out, psnr
from tools.portraits.factors import NAMES
from tools.portraits.latents import latent_code
from tools.portraits.network import Generator, Shape


def test_psnr_of_a_known_error() -> None:
    target = torch.zeros(1, 3, 8, 8)
    # An error of a tenth of the range of 2 is 20 dB.
    assert psnr(target + 0.2, target).item() == pytest.approx(20.0, abs=1e-4)


def test_held_out_people_are_always_the_same_and_carry_their_factors() -> None:
    code = latent_code()
    z, factors = held_out(code, 5)
    again, _ = held_out(code, 5)
    assert torch.equal(z, again)
    assert torch.allclose(code.factors(z), factors, atol=1e-4)


def test_an_untrained_network_scores_badly_in_everything() -> None:
    torch.manual_seed(0)
    network = Generator(Shape(channels=(8, 8, 8, 8), w_dim=80), latent_code())
    report = evaluate(network, latent_code(), count=4, edits=1)
    assert report.resolution == 32
    assert report.psnr < 17.0
    assert report.worst_psnr <= report.psnr
    assert set(report.edit_fidelity) == set(NAMES)
    assert max(report.edit_fidelity.values()) < 0.6
    assert set(report.mixing_psnr) == {"coarse", "middle", "fine"}
