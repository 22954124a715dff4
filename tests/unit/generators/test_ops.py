"""Activations and resampling against naive sums."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from latent_studio.core.errors import UnknownFormatError
from latent_studio.generators.ops import activation_named, fir_taps, normalize_2nd_moment, upsample_2x

NAMES = ("linear", "relu", "lrelu", "tanh", "sigmoid", "elu", "selu", "softplus", "swish")


def naive_upsample(x, taps):
    """Zero-stuffing and true convolution, one output pixel at a time; the centre of k taps is at k // 2."""
    k = len(taps)
    height, width = x.shape
    out = np.zeros((2 * height, 2 * width))
    for y in range(2 * height):
        for v in range(2 * width):
            for i in range(k):
                for j in range(k):
                    # Output y sees zero-stuffed input y + offset - i.
                    row, column = y + (k - 1 - (k + 1) // 2) - i, v + (k - 1 - (k + 1) // 2) - j
                    if row % 2 == 0 and column % 2 == 0 and 0 <= row < 2 * height and 0 <= column < 2 * width:
                        out[y, v] += 4 * taps[i, j] * x[row // 2, column // 2]
    return out


@pytest.mark.parametrize("row", [[1, 3, 3, 1], [1, 2, 4, 1], [1, 1], [1, 2, 1], [1, 5, 10, 10, 5, 2], [1]])
def test_upsampling_is_zero_stuffing_and_convolution(row):
    taps = np.outer(row, row) / np.sum(row) ** 2
    x = np.random.default_rng(0).normal(size=(2, 3, 4, 4))

    got = upsample_2x(torch.from_numpy(x).float(), fir_taps(torch.from_numpy(taps).float()))

    want = np.array([[naive_upsample(channel, taps) for channel in sample] for sample in x])
    np.testing.assert_allclose(got.numpy(), want, atol=1e-5)


def test_upsampling_a_constant_keeps_it_away_from_the_border():
    taps = fir_taps(torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8)

    got = upsample_2x(torch.ones(1, 1, 6, 6), taps)

    torch.testing.assert_close(got[..., 2:-2, 2:-2], torch.ones(1, 1, 8, 8))


def test_a_separable_filter_is_the_outer_product():
    row = torch.tensor([1.0, 2.0, 4.0, 1.0]) / 8

    assert torch.equal(fir_taps(row), torch.outer(row, row))


@pytest.mark.parametrize("name", NAMES)
def test_in_place_and_plain_activation_agree_and_the_in_place_one_writes_its_argument(name):
    activation = activation_named(name)
    x = torch.linspace(-3, 3, 101)
    plain = activation.apply(x)
    argument = x.clone()

    activation.apply_in_place(argument)

    assert torch.equal(argument, plain)


@pytest.mark.parametrize("name", NAMES)
def test_a_homogeneous_activation_lets_a_gain_through_and_no_other_does(name):
    activation = activation_named(name)
    x = torch.linspace(-3, 3, 101, dtype=torch.float64)

    through = torch.allclose(activation.apply(x * 1.7), activation.apply(x) * 1.7)

    assert through == activation.homogeneous


def test_leaky_relu_and_relu_have_the_gain_that_keeps_variance():
    assert activation_named("lrelu").gain == activation_named("relu").gain == pytest.approx(2**0.5)
    assert activation_named("linear").gain == 1


def test_an_unknown_activation_names_the_known_ones():
    with pytest.raises(UnknownFormatError, match=r"gelu.*lrelu"):
        activation_named("gelu")


def test_normalised_rows_have_a_mean_square_of_one():
    rows = normalize_2nd_moment(torch.tensor([[3.0, 4.0], [0.0, 0.1]]))

    torch.testing.assert_close(rows.square().mean(dim=1), torch.ones(2), atol=1e-5, rtol=0)
