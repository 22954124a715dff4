"""The model that ships is one that this workshop made, and it draws what its factors say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from tools.portraits.evaluation import held_out_psnr
from tools.portraits.factors import NAMES
from tools.portraits.latents import latent_code
from tools.portraits.weights_file import read_weights

FOLDER = Path(__file__).resolve().parents[3] / "resources" / "models" / "portraits"


def test_its_factors_are_ours() -> None:
    document = json.loads((FOLDER / "factors.json").read_text())
    assert [factor["name"] for factor in document["factors"]] == list(NAMES)
    directions = torch.tensor(document["directions"])
    assert torch.allclose(directions, latent_code().directions, atol=1e-5)


@pytest.mark.parametrize(("resolution", "least"), [(64, 24.0), (256, 24.0)])
def test_it_draws_people_it_has_not_seen(resolution: int, least: float) -> None:
    network = read_weights(FOLDER / "portraits.safetensors")
    assert held_out_psnr(network, latent_code(), count=8, resolution=resolution) > least


def test_it_is_small_enough_to_ship() -> None:
    assert (FOLDER / "portraits.safetensors").stat().st_size < 8_000_000
