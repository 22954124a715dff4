"""Our evaluation of the ST-LPIPS weights against the distances that their authors' program gives.

The picture is the astronaut of scikit-image (NASA, public domain) at 256 pixels; the expected numbers were
computed once with stlpips-pytorch 0.0.2, ``LPIPS(net="alex", variant="shift_tolerant")``, in float32.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from latent_studio.methods.projection.perceptual import PerceptualNet, load_perceptual_net

TOLERANCE = 1e-4


@pytest.fixture(scope="module")
def net() -> PerceptualNet:
    return load_perceptual_net()


@pytest.fixture(scope="module")
def astronaut() -> Tensor:
    from skimage.data import astronaut

    pixels = astronaut().astype(np.float64).reshape(256, 2, 256, 2, 3).mean((1, 3))
    return torch.tensor(pixels / 127.5 - 1).permute(2, 0, 1)[None].float()


@pytest.mark.parametrize(
    ("sigma", "expected"),
    [(0.02, 0.0026497), (0.05, 0.0361665), (0.1, 0.1654381), (0.2, 0.4160873), (0.4, 0.6670186)],
)
def test_noise_is_as_far_as_the_authors_say(
    net: PerceptualNet, astronaut: Tensor, sigma: float, expected: float
) -> None:
    noise = torch.tensor(np.random.RandomState(0).randn(1, 3, 256, 256)).float()
    noisy = (astronaut + sigma * noise).clamp(-1, 1)
    assert net.compare(astronaut, noisy).item() == pytest.approx(expected, abs=TOLERANCE)


@pytest.mark.parametrize(
    ("side", "expected"), [(128, 0.1692377), (64, 0.4365243), (32, 0.6835222), (16, 0.8207027)]
)
def test_blur_is_as_far_as_the_authors_say(
    net: PerceptualNet, astronaut: Tensor, side: int, expected: float
) -> None:
    small = functional.avg_pool2d(astronaut, 256 // side)
    blurred = functional.interpolate(small, size=256, mode="bilinear", align_corners=False)
    assert net.compare(astronaut, blurred).item() == pytest.approx(expected, abs=TOLERANCE)


@pytest.mark.parametrize(
    ("pixels", "expected"),
    [(1, 0.0047546), (2, 0.0141737), (4, 0.0456594), (8, 0.1289847), (16, 0.2966406)],
)
def test_a_shift_is_as_far_as_the_authors_say(
    net: PerceptualNet, astronaut: Tensor, pixels: int, expected: float
) -> None:
    shifted = torch.roll(astronaut, pixels, -1)
    assert net.compare(astronaut, shifted).item() == pytest.approx(expected, abs=TOLERANCE)


def test_odd_sides_are_as_far_as_the_authors_say(net: PerceptualNet, astronaut: Tensor) -> None:
    shifted = torch.roll(astronaut, 3, -1)[..., :201, :155]
    distance = net.compare(astronaut[..., :201, :155], shifted).item()
    assert distance == pytest.approx(0.0306650, abs=TOLERANCE)


def test_small_pictures_are_as_far_as_the_authors_say(net: PerceptualNet, astronaut: Tensor) -> None:
    a, b = (functional.avg_pool2d(x, 4) for x in (astronaut, torch.roll(astronaut, 8, -1)))
    assert net.compare(a, b).item() == pytest.approx(0.0237832, abs=TOLERANCE)
