"""What comes with a model is made by the program's own trainers, from what the predictor reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from latent_studio.app.direction_files import read_direction_file
from tools.portraits import companions
from tools.portraits.latents import latent_code
from tools.portraits.network import Generator, Shape
from tools.portraits.weights_file import write_weights

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.slow
def test_boundaries_and_components_of_a_tiny_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATENT_STUDIO_PROFILE", str(tmp_path / "profile"))
    torch.manual_seed(0)
    weights = tmp_path / "tiny" / "portraits.safetensors"
    weights.parent.mkdir()
    write_weights(Generator(Shape(channels=(8, 8, 8, 8), w_dim=80), latent_code()), weights)
    said: list[str] = []

    companions.make_boundaries(weights, samples=24, say=said.append, least=0.0)
    companions.make_components(weights, say=said.append)

    folder = weights.parent / companions.DIRECTIONS
    boundaries = read_direction_file(folder / "boundaries.safetensors")
    assert {one.name for one in boundaries} <= set(companions.ATTRIBUTES)
    assert all(one.info.source == "boundary" for one in boundaries)
    conditional = read_direction_file(folder / "conditional.safetensors")
    assert any(one.name.startswith("hair_grey without") for one in conditional)
    assert len(read_direction_file(folder / "components.safetensors")) == 12
    assert any("on examples left out" in line for line in said)
