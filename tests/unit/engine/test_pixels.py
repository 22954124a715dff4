"""Pixels follow the field's rule and nobody can write to them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from latent_studio.core.errors import ModelError
from latent_studio.engine.pixels import to_pixels


def test_values_are_scaled_clamped_and_truncated() -> None:
    values = [-9.0, -1.0, -0.5, 0.0, 0.999, 1.0, 9.0]
    image = torch.tensor(values).view(1, 1, 1, -1)
    # -1 -> 0.5, -0.5 -> 64.25, 0 -> 128, 0.999 -> 255.37, 1 -> 255.5: truncated, not rounded.
    assert to_pixels(image).ravel().tolist() == [0, 0, 64, 128, 255, 255, 255]


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_channels_come_last_and_keep_their_order(channels: int) -> None:
    image = torch.zeros(1, channels, 2, 5)
    image[0, -1, 1, 4] = 1
    pixels = to_pixels(image)
    assert pixels.shape == (2, 5, channels)
    assert pixels.dtype == np.uint8
    assert pixels.flags.c_contiguous
    assert pixels[1, 4, -1] == 255
    assert (pixels == 128).sum() == pixels.size - 1


def test_pixels_are_read_only_and_apart_from_the_image() -> None:
    image = torch.zeros(1, 3, 2, 2)
    pixels = to_pixels(image)
    image.fill_(1)
    assert (pixels == 128).all()
    with pytest.raises(ValueError, match="read-only"):
        pixels[0, 0, 0] = 1


def test_a_channels_last_image_gives_the_same() -> None:
    image = torch.randn(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    assert np.array_equal(to_pixels(image), to_pixels(image.contiguous(memory_format=torch.channels_last)))


def test_a_half_precision_image_is_converted_in_single() -> None:
    image = torch.tensor([[[[0.3]]]], dtype=torch.float16)
    assert to_pixels(image).item() == int(image.float().item() * 127.5 + 128)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_picture_that_is_not_finite_is_an_error_in_words(value: float) -> None:
    image = torch.zeros(1, 3, 4, 4)
    image[0, 1, 2, 3] = value
    with pytest.raises(ModelError, match="not finite"):
        to_pixels(image)
