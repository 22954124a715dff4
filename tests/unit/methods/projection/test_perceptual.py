from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from torch import Tensor

from latent_studio.checkpoints import bundled_weights
from latent_studio.core.errors import CorruptFileError, InputError, MissingWeightsError
from latent_studio.methods.projection.perceptual import PerceptualNet, load_perceptual_net

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def net() -> PerceptualNet:
    return load_perceptual_net()


def pictures(count: int, side: int = 32, channels: int = 3) -> Tensor:
    return torch.rand(count, channels, side, side, generator=torch.Generator().manual_seed(1)) * 2 - 1


def test_a_picture_is_at_no_distance_from_itself(net: PerceptualNet) -> None:
    assert net.compare(pictures(2), pictures(2)).tolist() == [0, 0]


def test_one_target_serves_many_pictures(net: PerceptualNet) -> None:
    images = pictures(3)
    distances = net.distance(net.features(images), net.features(images[1:2]))
    assert distances.shape == (3,)
    assert distances[1].item() == pytest.approx(0, abs=1e-6)
    assert distances[0] > 0.001


def test_grey_is_compared_as_colour_without_colour(net: PerceptualNet) -> None:
    grey = pictures(2, channels=1)
    same = net.compare(grey, grey.expand(-1, 3, -1, -1))
    assert same.abs().max() < 1e-6


def test_the_gradient_is_finite_even_for_flat_pictures(net: PerceptualNet) -> None:
    flat = torch.zeros(1, 3, 32, 32, requires_grad=True)
    net.compare(flat, torch.ones(1, 3, 32, 32)).sum().backward()
    assert flat.grad is not None
    assert flat.grad.isfinite().all()


@pytest.mark.parametrize("shape", [(1, 3, 8, 8), (1, 4, 32, 32), (3, 32, 32)])
def test_what_cannot_be_compared_is_said(net: PerceptualNet, shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="cannot be compared"):
        net.features(torch.zeros(shape))


def test_missing_weights_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(bundled_weights, "bundled_models_dir", lambda: tmp_path / "models")
    with pytest.raises(MissingWeightsError, match="stlpips_alex"):
        load_perceptual_net()


def test_damaged_weights_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(bundled_weights, "bundled_models_dir", lambda: tmp_path / "models")
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "stlpips_alex.safetensors").write_bytes(b"no weights")
    with pytest.raises(CorruptFileError, match="stlpips_alex"):
        load_perceptual_net()
