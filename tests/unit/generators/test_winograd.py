"""Winograd's convolution against torch's."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from latent_studio.generators import winograd
from latent_studio.generators.winograd import WinogradWeights, convolved_strips, pad_for_tiles


def by_winograd(x, weight, scale):
    weights = WinogradWeights.of(weight)
    n, _, height, width = x.shape
    result = torch.full((n, height, width, weight.shape[0]), torch.nan)
    for sample, top, bottom, tiles in convolved_strips(pad_for_tiles(x, scale), weights):
        result[sample, top:bottom] = tiles.reshape(bottom - top, width, -1)
    return result.permute(0, 3, 1, 2)


@given(
    n=st.integers(1, 3),
    rows=st.integers(1, 5),
    columns=st.integers(1, 5),
    channels=st.integers(1, 5),
    out_channels=st.integers(1, 5),
    channels_last=st.booleans(),
    seed=st.integers(0, 2**31),
)
def test_it_is_the_direct_convolution(n, rows, columns, channels, out_channels, channels_last, seed):
    rng = torch.Generator().manual_seed(seed)
    x = torch.randn(n, channels, 4 * rows, 4 * columns, generator=rng)
    weight = torch.randn(out_channels, channels, 3, 3, generator=rng)
    scale = torch.randn(n, channels, generator=rng)
    if channels_last:
        x = x.contiguous(memory_format=torch.channels_last)

    got = by_winograd(x, weight, scale)

    scaled = (x * scale[:, :, None, None]).double()
    want = F.conv2d(scaled, weight.double(), padding=1)
    # Rounding grows with the terms of a sum and not with the sum, and with one channel they may cancel.
    terms = F.conv2d(scaled.abs(), weight.double().abs(), padding=1)
    assert (got - want).abs().max() <= 1e-5 * max(1.0, float(terms.max()))


def test_strips_give_the_bits_of_the_whole(monkeypatch):
    rng = torch.Generator().manual_seed(0)
    x, weight = torch.randn(1, 3, 24, 8, generator=rng), torch.randn(5, 3, 3, 3, generator=rng)
    whole = by_winograd(x, weight, torch.ones(1, 3))

    monkeypatch.setattr(winograd, "_STRIP_SIZE", 3 * 2 * 2)  # two rows of two tiles of three channels

    assert torch.equal(by_winograd(x, weight, torch.ones(1, 3)), whole)


def test_the_argument_is_not_written_to():
    x = torch.randn(1, 2, 8, 8)
    kept = x.clone()

    pad_for_tiles(x, torch.full((1, 2), 3.0))

    assert torch.equal(x, kept)
