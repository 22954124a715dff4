"""The filtered leaky ReLU: its definition against a direct sum, and the fast form against the definition."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from latent_studio.generators import filtered_lrelu as module
from latent_studio.generators.filtered_lrelu import FilteredLrelu, Resampling, plain_filtered_lrelu


def taps(*shape, seed=1):
    """An uneven filter, so that a flipped one gives other numbers."""
    values = torch.rand(shape, generator=torch.Generator().manual_seed(seed)) + 0.1
    return values / values.sum()


def some_input(channels=3, side=17, batch=2):
    rng = torch.Generator().manual_seed(0)
    return torch.randn(batch, channels, side, side, generator=rng), torch.randn(channels, generator=rng)


def difference(how, *, channels=3, side=17):
    x, bias = some_input(channels, side)
    want = plain_filtered_lrelu(x, bias, how)
    got = FilteredLrelu(how, channels)(x, bias)
    assert got.shape == want.shape
    assert want.shape[2:] == (how.out_size(side), how.out_size(side))
    return float((got - want).abs().max())


CASES = {
    "keeps the size": Resampling(2, 2, taps(12), taps(12), (9, 8), clamp=256.0),
    "doubles the size": Resampling(4, 2, taps(24), taps(12), (-6, -9)),
    "crops a margin": Resampling(2, 2, taps(12), taps(12), (-3, -4), clamp=0.5),
    "all directions alike": Resampling(2, 2, taps(12), taps(12, 12), (11, 10)),
    "short filters": Resampling(2, 2, taps(8), taps(8), (5, 4)),
    "odd filters": Resampling(3, 1, taps(7), taps(5), (2, 4)),
    "padding beyond the filter": Resampling(2, 2, taps(4), taps(4), (9, 12)),
    "padding uneven": Resampling(2, 2, taps(6), taps(6), (7, 1)),
    "no filter before": Resampling(1, 2, None, taps(6), (3, 2)),
    "zeros between and no filter": Resampling(2, 1, None, taps(6), (3, 2)),
    "no filter after": Resampling(2, 1, taps(6), None, (3, 2)),
    "thinned out and no filter": Resampling(2, 2, taps(6), None, (3, 2)),
    "nothing but the non-linearity": Resampling(1, 1, None, None, (0, 0), gain=1.5, clamp=1.0),
}


@pytest.mark.parametrize("how", CASES.values(), ids=CASES)
def test_the_fast_form_is_the_plain_one(how):
    assert difference(how) < 1e-5


@pytest.mark.parametrize("how", CASES.values(), ids=CASES)
def test_some_channels_at_a_time_give_the_same(how, monkeypatch):
    monkeypatch.setattr(module, "_GRID_BYTES", 1)
    assert difference(how, channels=40) < 1e-5


def test_the_plain_form_is_the_sum_it_stands_for():
    """Each sample of the finer grid by its own sum over all samples of the input, in float64."""
    how = Resampling(2, 2, taps(6), taps(4, 4), (3, 2), gain=1.3, slope=0.1, clamp=1.0)
    x, bias = some_input(channels=1, side=5, batch=1)
    fine_side, out_side = how.fine_size(5), how.out_size(5)
    up, down = how.up_taps.double().numpy(), how.down_taps.double().numpy()
    known = x[0, 0].double().numpy() + float(bias)
    # Row j of the finer grid: sample i of the input stands at 2 i, the filter reaches back five places.
    reach = np.zeros((fine_side, 5))
    for j in range(fine_side):
        for i in range(5):
            back = j + 5 - 3 - 2 * i
            if 0 <= back < 6:
                reach[j, i] = 2 * up[back]
    fine = reach @ known @ reach.T
    fine = np.clip(np.where(fine < 0, 0.1 * fine, fine) * 1.3, -1.0, 1.0)
    want = np.zeros((out_side, out_side))
    for m in range(out_side):
        for n in range(out_side):
            patch = fine[2 * m : 2 * m + 4, 2 * n : 2 * n + 4]
            want[m, n] = (patch * down[::-1, ::-1]).sum()

    got = plain_filtered_lrelu(x, bias, how)

    np.testing.assert_allclose(got[0, 0].numpy(), want, atol=1e-5)


@pytest.mark.parametrize("scale", [0.01, 1.0, 100.0])
def test_the_clamp_bounds_whatever_comes_in(scale):
    how = Resampling(2, 2, taps(12), taps(12), (9, 8), clamp=2.0)
    x, bias = some_input()

    want = plain_filtered_lrelu(x * scale, bias, how)

    torch.testing.assert_close(FilteredLrelu(how, 3)(x * scale, bias), want, atol=1e-5, rtol=0)
    assert float(want.abs().max()) <= 2.0 + 1e-5


def test_a_bias_added_before_is_the_same_as_one_given():
    how = CASES["keeps the size"]
    x, bias = some_input()
    apply = FilteredLrelu(how, 3)

    assert torch.equal(apply(x + bias[:, None, None]), apply(x, bias))


@pytest.mark.parametrize("how", CASES.values(), ids=CASES)
def test_the_input_is_never_written_to(how):
    x, bias = some_input()
    kept = x.clone()

    FilteredLrelu(how, 3)(x)
    FilteredLrelu(how, 3)(x.contiguous(memory_format=torch.channels_last), bias)

    assert torch.equal(x, kept)


@pytest.mark.parametrize("name", ["doubles the size", "crops a margin", "all directions alike"])
def test_gradients_are_those_of_the_plain_form(name):
    how = CASES[name]
    x, bias = some_input()
    x.requires_grad_(True)
    apply = FilteredLrelu(how, 3)
    push = torch.randn(plain_filtered_lrelu(x, bias, how).shape)

    (want,) = torch.autograd.grad((plain_filtered_lrelu(x, bias, how) * push).sum(), x)
    (got,) = torch.autograd.grad((apply(x, bias) * push).sum(), x)

    torch.testing.assert_close(got, want, atol=1e-5, rtol=1e-4)


def test_sizes_follow_from_factors_filters_and_padding():
    how = Resampling(4, 2, taps(24), taps(12), (-6, -9), gain=math.sqrt(2))
    assert (how.fine_size(38), how.out_size(38)) == (38 * 4 - 15 - 23, 52)
