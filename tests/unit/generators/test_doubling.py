"""Doubling and the convolution after it, in one step or two."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from latent_studio.generators.doubling import DoublingConv, doubled


def test_every_pixel_comes_four_times():
    x = torch.arange(4.0).view(1, 1, 2, 2)

    assert doubled(x)[0, 0].tolist() == [[0, 0, 1, 1], [0, 0, 1, 1], [2, 2, 3, 3], [2, 2, 3, 3]]


@pytest.mark.parametrize("side", [1, 5, 15, 16, 17])
def test_both_forms_are_the_doubling_and_the_convolution(side):
    rng = torch.Generator().manual_seed(side)
    weight, bias = torch.randn(4, 3, 3, 3, generator=rng), torch.randn(4, generator=rng)
    x = torch.randn(2, 3, side, side, generator=rng)
    want = F.conv2d(F.interpolate(x, scale_factor=2, mode="nearest"), weight, bias, padding=1)

    conv = DoublingConv.of(weight, bias, side=side)

    assert (conv.fused is not None) == (side >= 16)
    torch.testing.assert_close(conv(x), want, rtol=0, atol=1e-5)
