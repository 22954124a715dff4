"""All forms of the modulated convolution against the paper's formula, in float64 and plain sums."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from latent_studio.generators.modulated_conv import ModulatedConv, forms_for, half_weight, prepare
from latent_studio.generators.ops import activation_named, fir_taps

FORMS = (
    "plain",
    "weights",
    "weights_channels_last",
    "activations",
    "activations_channels_last",
    "winograd",
)
ASYMMETRIC = fir_taps(torch.tensor([1.0, 2.0, 4.0, 1.0]) / 8)


def make_layer(
    *, up=False, side=8, activation="lrelu", gain=None, clamp=None, noise_strength=0.3, inputs=5, outputs=7
):
    rng = torch.Generator().manual_seed(1)
    function = activation_named(activation)
    return ModulatedConv(
        name="b8.conv0",
        resolution=side,
        row=0,
        weight=torch.randn(outputs, inputs, 3, 3, generator=rng),
        affine_weight=torch.randn(inputs, 4, generator=rng),
        affine_bias=torch.ones(inputs),
        bias=torch.randn(outputs, generator=rng),
        taps=ASYMMETRIC if up else None,
        noise_idx=0,
        noise_strength=noise_strength,
        activation=function,
        gain=function.gain if gain is None else gain,
        clamp=clamp,
    )


def make_input(layer, *, batch=2, noise_batch=1):
    rng = torch.Generator().manual_seed(2)
    side = layer.resolution // 2 if layer.up else layer.resolution
    x = torch.randn(batch, layer.in_channels, side, side, generator=rng)
    styles = torch.randn(batch, layer.in_channels, generator=rng)
    noise = torch.randn(noise_batch, 1, layer.resolution, layer.resolution, generator=rng)
    return x, styles, noise


def correlate(x, kernel, *, padding):
    """Sum over taps of ``(I, H, W)`` with ``(O, I, k, k)``."""
    k = kernel.shape[-1]
    padded = np.pad(x, ((0, 0), (padding, padding), (padding, padding)))
    height, width = padded.shape[1] - k + 1, padded.shape[2] - k + 1
    return sum(
        np.einsum("oi,ihw->ohw", kernel[:, :, i, j], padded[:, i : i + height, j : j + width])
        for i in range(k)
        for j in range(k)
    )


def by_formula(layer, x, styles, noise):
    """One sample after the other: modulate and demodulate the weights, convolve, add, bend."""
    results = []
    for index, (sample, style) in enumerate(zip(x.double().numpy(), styles.double().numpy(), strict=True)):
        weight = layer.weight.double().numpy() * style[None, :, None, None]
        weight /= np.sqrt(np.square(weight).sum(axis=(1, 2, 3), keepdims=True) + 1e-8)
        if layer.up:
            channels, side = sample.shape[0], sample.shape[1]
            stuffed = np.zeros((channels, 2 * side - 1, 2 * side - 1))
            stuffed[:, ::2, ::2] = sample
            wide = correlate(stuffed, weight[:, :, ::-1, ::-1], padding=2)
            taps = layer.taps.double().numpy()[::-1, ::-1] * 4
            y = np.concatenate([correlate(c[None], taps[None, None], padding=1) for c in wide])
        else:
            y = correlate(sample, weight, padding=1)
        if noise is not None:
            y = y + layer.noise_strength * noise.double().numpy()[min(index, len(noise) - 1)]
        y = y + layer.bias.double().numpy()[:, None, None]
        y = layer.activation.apply(torch.from_numpy(y)) * layer.gain
        results.append(y if layer.clamp is None else y.clamp(-layer.clamp, layer.clamp))
    return torch.stack(results)


def assert_equal_within(got, want, share=1e-5):
    span = float(want.max() - want.min())
    assert float((got - want).abs().max()) <= share * span


CASES = [
    pytest.param(form, up, id=f"{form}-{'up' if up else 'same'}")
    for form in FORMS
    for up in (False, True)
    if not (up and form == "winograd")
]


@pytest.mark.parametrize(("form", "up"), CASES)
@pytest.mark.parametrize("batch", [1, 3])
def test_every_form_is_the_papers_formula(form, up, batch):
    layer = make_layer(up=up)
    x, styles, noise = make_input(layer, batch=batch)

    got = prepare(layer, form)(x, styles, noise)

    assert got.shape == (batch, layer.out_channels, layer.resolution, layer.resolution)
    assert_equal_within(got, by_formula(layer, x, styles, noise))


@pytest.mark.parametrize(("form", "up"), CASES)
@pytest.mark.parametrize("activation", ["linear", "relu", "lrelu", "tanh", "softplus", "swish"])
def test_every_form_bends_scales_and_clamps_in_this_order(form, up, activation):
    layer = make_layer(up=up, activation=activation, gain=0.9, clamp=0.8)
    x, styles, noise = make_input(layer)

    got = prepare(layer, form)(x, styles, noise)

    assert float(got.abs().max()) <= 0.8 + 1e-6
    assert_equal_within(got, by_formula(layer, x, styles, noise))


@pytest.mark.parametrize(("form", "up"), CASES)
def test_every_form_takes_noise_per_sample_or_none(form, up):
    layer = make_layer(up=up)
    x, styles, noise = make_input(layer, batch=2, noise_batch=2)
    call = prepare(layer, form)

    assert_equal_within(call(x, styles, noise), by_formula(layer, x, styles, noise))
    assert_equal_within(call(x, styles, None), by_formula(layer, x, styles, None))


@pytest.mark.parametrize(("form", "up"), CASES)
@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_every_form_takes_both_memory_formats_and_writes_to_no_argument(form, up, memory_format):
    layer = make_layer(up=up)
    x, styles, noise = make_input(layer)
    x = x.contiguous(memory_format=memory_format)
    kept = [tensor.clone() for tensor in (x, styles, noise, layer.weight, layer.bias)]

    got = prepare(layer, form)(x, styles, noise)

    assert_equal_within(got, by_formula(layer, x, styles, noise))
    for tensor, before in zip((x, styles, noise, layer.weight, layer.bias), kept, strict=True):
        assert torch.equal(tensor, before)


@pytest.mark.parametrize(("form", "up"), CASES)
def test_every_form_gives_the_same_bits_twice(form, up):
    layer = make_layer(up=up, side=32, inputs=16, outputs=24)
    x, styles, noise = make_input(layer, batch=1)
    call = prepare(layer, form)

    assert torch.equal(call(x, styles, noise), call(x.clone(), styles.clone(), noise.clone()))


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_exact_at_a_real_width(form):
    layer = make_layer(side=16, inputs=256, outputs=128)
    x, styles, noise = make_input(layer, batch=1)

    assert_equal_within(prepare(layer, form)(x, styles, noise), by_formula(layer, x, styles, noise))


@pytest.mark.parametrize("up", [False, True])
@pytest.mark.parametrize("argument", ["x", "styles", "noise"])
def test_the_plain_form_has_the_gradients_of_small_steps(up, argument):
    layer = make_layer(up=up, activation="tanh")
    values = dict(zip(("x", "styles", "noise"), make_input(layer, batch=1), strict=True))
    call = prepare(layer, "plain")
    step = torch.randn(values[argument].shape, generator=torch.Generator().manual_seed(3)) * 1e-2

    def loss(offset):
        return call(**{**values, argument: values[argument] + offset}).double().square().sum()

    values[argument].requires_grad_()
    (gradient,) = torch.autograd.grad(loss(0 * step), values[argument])

    with torch.no_grad():
        small_step = (loss(step) - loss(-step)) / 2
    assert float((gradient * step).sum()) == pytest.approx(float(small_step), rel=0.02, abs=1e-4)


def test_only_layers_that_keep_their_size_can_take_winograd():
    assert "winograd" in forms_for(make_layer())
    assert "winograd" not in forms_for(make_layer(up=True))
    assert forms_for(make_layer())[0] == "plain"


def test_half_weights_keep_any_sum_of_products_small_and_their_direction():
    weight = torch.randn(4, 8, 3, 3) * 1e4

    half = half_weight(weight).float()

    assert float(half.abs().amax()) <= 1 / math.sqrt(8 * 9) + 1e-3
    cosine = torch.nn.functional.cosine_similarity(half.flatten(1), weight.flatten(1))
    torch.testing.assert_close(cosine, torch.ones(4), atol=1e-5, rtol=0)
