"""StyleGAN in rosinality's layout: the pictures of its formula, untrained resolutions, what is refused."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F

from latent_studio.checkpoints.layouts import LAYOUTS
from latent_studio.checkpoints.open import open_checkpoint
from latent_studio.core.errors import MissingWeightsError, UnknownFormatError
from latent_studio.generators.catalog import build_generator

WIDTHS = (8, 6, 5, 4)
W_DIM = 7


def random_state(*, fused=(3,), untrained=0, depth=2):
    """A generator of four resolutions; ``untrained`` more hold what a new one begins with."""
    rng = torch.Generator().manual_seed(0)

    def draw(*shape, scale=1.0):
        return torch.randn(shape, generator=rng) * scale

    state = {}
    for number in range(1, 2 * depth, 2):
        state[f"style.{number}.linear.weight_orig"] = draw(W_DIM, W_DIM)
        state[f"style.{number}.linear.bias"] = draw(W_DIM)
    below = WIDTHS[0]
    for block, width in enumerate(WIDTHS + (3,) * untrained):
        scale = 1.0 if block < len(WIDTHS) else 0.0
        name = f"generator.progression.{block}"
        if block == 0:
            state[f"{name}.conv1.input"] = draw(1, width, 4, 4)
        elif block in fused:
            state[f"{name}.conv1.0.weight"] = draw(below, width, 3, 3)
            state[f"{name}.conv1.0.bias"] = draw(width, scale=scale)
            blur = "conv1.1"
        else:
            state[f"{name}.conv1.1.conv.weight_orig"] = draw(width, below, 3, 3)
            state[f"{name}.conv1.1.conv.bias"] = draw(width, scale=scale)
            blur = "conv1.2"
        if block:
            taps = torch.tensor([1.0, 2.0, 1.0]) / 4
            state[f"{name}.{blur}.weight"] = torch.outer(taps, taps).repeat(width, 1, 1, 1)
            state[f"{name}.{blur}.weight_flip"] = state[f"{name}.{blur}.weight"].clone()
        state[f"{name}.conv2.conv.weight_orig"] = draw(width, width, 3, 3)
        state[f"{name}.conv2.conv.bias"] = draw(width, scale=scale)
        for number in (1, 2):
            state[f"{name}.noise{number}.weight_orig"] = draw(1, width, 1, 1, scale=scale)
            state[f"{name}.adain{number}.style.linear.weight_orig"] = draw(2 * width, W_DIM)
            state[f"{name}.adain{number}.style.linear.bias"] = draw(2 * width)
        state[f"generator.to_rgb.{block}.conv.weight_orig"] = draw(3, width, 1, 1)
        state[f"generator.to_rgb.{block}.conv.bias"] = draw(3)
        below = width
    return state


def opened(state, folder):
    torch.save(state, folder / "model.any")
    return open_checkpoint(folder / "model.any")


def scaled(weight):
    return weight * math.sqrt(2 / weight[0].numel())


def formula(state, z, noise):
    """w and picture in float64; ``noise`` is one map per resolution."""
    state = {name: tensor.double() for name, tensor in state.items()}
    w = z.double()
    w = w / (w.square().mean(dim=1, keepdim=True) + 1e-8).sqrt()
    number = 1
    while f"style.{number}.linear.bias" in state:
        weight = scaled(state[f"style.{number}.linear.weight_orig"])
        w = F.leaky_relu(w @ weight.T + state[f"style.{number}.linear.bias"], 0.2)
        number += 2
    for block, map_ in enumerate(noise):
        name = f"generator.progression.{block}"
        width = state[f"{name}.conv2.conv.bias"].shape[0]
        if block == 0:
            x = state[f"{name}.conv1.input"].expand(len(w), -1, -1, -1)
        elif f"{name}.conv1.0.weight" in state:
            weight = state[f"{name}.conv1.0.weight"]
            weight = F.pad(weight * math.sqrt(2 / (9 * weight.shape[0])), (1, 1, 1, 1))
            shifted = [weight[:, :, i : i + 4, j : j + 4] for i in (0, 1) for j in (0, 1)]
            x = F.conv_transpose2d(x, sum(shifted) / 4, state[f"{name}.conv1.0.bias"], stride=2, padding=1)
            x = F.conv2d(x, state[f"{name}.conv1.1.weight"], padding=1, groups=width)
        else:
            x = F.interpolate(x, scale_factor=2, mode="nearest")
            weight = scaled(state[f"{name}.conv1.1.conv.weight_orig"])
            x = F.conv2d(x, weight, state[f"{name}.conv1.1.conv.bias"], padding=1)
            x = F.conv2d(x, state[f"{name}.conv1.2.weight"], padding=1, groups=width)
        for number in (1, 2):
            if number == 2:
                weight = scaled(state[f"{name}.conv2.conv.weight_orig"])
                x = F.conv2d(x, weight, state[f"{name}.conv2.conv.bias"], padding=1)
            strength = state[f"{name}.noise{number}.weight_orig"]
            x = F.leaky_relu(x + strength * math.sqrt(2 / width) * map_.double(), 0.2)
            style = f"{name}.adain{number}.style.linear"
            styles = w @ scaled(state[f"{style}.weight_orig"]).T + state[f"{style}.bias"]
            scales, shifts = styles[:, :, None, None].chunk(2, dim=1)
            x = scales * F.instance_norm(x, eps=1e-5) + shifts
    picture = f"generator.to_rgb.{len(noise) - 1}.conv"
    return w, F.conv2d(x, scaled(state[f"{picture}.weight_orig"]), state[f"{picture}.bias"])


@pytest.mark.parametrize("fused", [(), (3,), (2, 3)], ids=str)
def test_pictures_are_those_of_the_programs_formula(fused, tmp_path):
    state = random_state(fused=fused)
    checkpoint = opened({"g_running": state, "generator": {}, "discriminator": {}}, tmp_path)
    generator = build_generator(checkpoint)
    z = torch.randn(2, W_DIM, generator=torch.Generator().manual_seed(1))
    maps = generator.noise_maps("const")

    ws = generator.map(z)
    picture = generator.synthesize(ws)

    w, want = formula(state, z, maps[::2])
    assert checkpoint.provenance.format == "rosinality-stylegan"
    torch.testing.assert_close(ws[:, 0].double(), w, atol=1e-5, rtol=0)
    torch.testing.assert_close(picture.double(), want, atol=1e-4, rtol=0)


def test_both_layers_of_a_resolution_have_the_same_noise(tmp_path):
    checkpoint = opened(random_state(), tmp_path)
    maps = build_generator(checkpoint).noise_maps("const")

    assert all(torch.equal(first, second) for first, second in zip(maps[::2], maps[1::2], strict=True))
    assert any("noise" in note for note in checkpoint.provenance.notes)


def test_the_mean_of_w_is_estimated(tmp_path):
    generator = build_generator(opened(random_state(), tmp_path))
    w = generator.map(torch.randn(4096, W_DIM, generator=torch.Generator().manual_seed(9)))[:, 0]

    torch.testing.assert_close(generator.w_avg, w.mean(dim=0), atol=float(w.std() / 10), rtol=0)


def test_resolutions_that_were_never_trained_are_left_out_and_said_so(tmp_path):
    checkpoint = opened(random_state(untrained=2), tmp_path)

    assert build_generator(checkpoint).spec.resolution == 32
    assert any("up to 32 px" in note for note in checkpoint.provenance.notes)


def test_a_network_that_was_not_trained_at_all_keeps_its_size(tmp_path):
    state = random_state()
    zeros = {
        name: torch.zeros_like(t) for name, t in state.items() if "noise" in name or "conv2.conv.bias" in name
    }

    assert build_generator(opened({**state, **zeros}, tmp_path)).spec.resolution == 32


def test_no_other_layout_fits():
    shapes = {name: tuple(tensor.shape) for name, tensor in random_state().items()}

    assert [layout.name for layout in LAYOUTS if layout.matches(shapes)] == ["rosinality-stylegan"]


def test_its_first_version_which_computes_something_else_is_refused(tmp_path):
    state = {
        name: tensor for name, tensor in random_state(fused=()).items() if not name.endswith("weight_flip")
    }

    with pytest.raises(UnknownFormatError, match="does not read"):
        opened(state, tmp_path)


@pytest.mark.parametrize(
    "name",
    [
        "style.3.linear.bias",
        "generator.progression.2.conv1.1.conv.bias",
        "generator.progression.3.noise2.weight_orig",
        "generator.to_rgb.3.conv.bias",
    ],
)
def test_a_missing_tensor_is_named(name, tmp_path):
    state = random_state()
    del state[name]

    with pytest.raises(MissingWeightsError) as raised:
        opened(state, tmp_path)

    assert name in raised.value.title


def test_a_tensor_too_many_is_named(tmp_path):
    with pytest.raises(MissingWeightsError, match=r"attention\.weight"):
        opened({**random_state(), "attention.weight": torch.zeros(2)}, tmp_path)
