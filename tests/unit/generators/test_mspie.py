"""MS-PIE: several sizes of one network, against its formulas written out by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from latent_studio.checkpoints.open import open_checkpoint
from latent_studio.checkpoints.safetensors_file import write_checkpoint
from latent_studio.core.errors import MissingWeightsError, OptionError
from latent_studio.generators.catalog import build_generator
from latent_studio.generators.mspie import LARGEST_SCALE, position_grid
from latent_studio.generators.protocol import SizedGenerator
from latent_studio.testing import check_generator
from tests.helpers.foreign_stylegan2 import (
    in_mmgeneration_names,
    small_multi_size_network,
    small_skip_network,
)

NETWORK = small_multi_size_network()


def draw_ws(generator, batch=2):
    z = torch.randn(batch, generator.spec.z_dim, generator=torch.Generator().manual_seed(1))
    return generator.map(z)


def saved(tensors, path):
    tensors = {f"generator_ema.{name}": tensor for name, tensor in tensors.items()}
    torch.save({"state_dict": tensors}, path)
    return path


def theirs():
    """The file's tensors, with the buffer whose one number was never set."""
    return {**in_mmgeneration_names(NETWORK), "head_pos_enc._float_tensor": torch.tensor([math.nan])}


@pytest.mark.parametrize("scale", [0, 1, 2])
def test_every_size_keeps_the_protocol(scale):
    check_generator(build_generator(NETWORK).with_scale(scale))


def test_sizes_grow_by_quarters():
    generator = build_generator(NETWORK)

    assert isinstance(generator, SizedGenerator)
    assert [generator.with_scale(scale).spec.resolution for scale in (0, 1, 2, 4)] == [16, 20, 24, 32]
    assert generator.with_scale(2).spec.stage_resolutions == (6, 12, 24)
    assert generator.scale == 0
    assert generator.spec.resolution == 16


def test_all_sizes_share_w_and_rows():
    generator = build_generator(NETWORK)
    large = generator.with_scale(3)

    assert torch.equal(draw_ws(generator), draw_ws(large))
    assert generator.spec.num_parameters == large.spec.num_parameters


@pytest.mark.parametrize("scale", [-1, LARGEST_SCALE + 1, True, 1.5])
def test_impossible_sizes_are_refused(scale):
    with pytest.raises(OptionError, match="from 0 to"):
        build_generator(NETWORK).with_scale(scale)


def test_positions_are_sines_then_cosines_of_columns_then_rows():
    grid = position_grid(5, 12)[0]

    assert grid.shape == (12, 5, 5)
    for row in range(5):
        for column in range(5):
            expected = [
                wave(position * 10_000 ** (-index / 2))
                for position in (column + 1, row + 1)
                for wave in (math.sin, math.cos)
                for index in range(3)
            ]
            torch.testing.assert_close(grid[:, row, column], torch.tensor(expected), rtol=1e-5, atol=1e-6)


def test_a_larger_grid_continues_the_smaller_one():
    assert torch.equal(position_grid(7, 8)[:, :, :4, :4], position_grid(4, 8))


def written_out(state, w, side, noise):
    """The network from its file's tensors, for one sample, as its formulas stand."""

    def modulated(name, x, *, padding, demodulate):
        stored = state[f"{name}.conv.weight_orig"][0]
        styles = (
            state[f"{name}.conv.style_modulation.linear.weight_orig"] @ w / math.sqrt(w.numel())
            + state[f"{name}.conv.style_modulation.bias"]
        )
        kernel = stored / math.sqrt(stored[0].numel()) * styles[None, :, None, None]
        if demodulate:
            kernel = kernel / (kernel.square().sum(dim=(1, 2, 3), keepdim=True) + 1e-8).sqrt()
        return F.conv2d(x, kernel, padding=padding)

    def layer(name, x, number, *, up):
        x = modulated(name, x, padding=1, demodulate=True)
        if up:
            side = 2 * x.shape[-1]
            x = F.interpolate(x, size=(side, side), mode="bilinear", align_corners=True)
        x = x + state[f"{name}.noise_injector.weight"] * noise[number]
        return F.leaky_relu(x + state[f"{name}.activate.bias"][:, None, None], 0.2) * 2**0.5

    def picture(name, x):
        return modulated(name, x, padding=0, demodulate=False) + state[f"{name}.bias"]

    x = layer("conv1", position_grid(side, state["conv1.conv.weight_orig"].shape[2]), 0, up=False)
    rgb = picture("to_rgb1", x)
    for level in range(2):
        x = layer(f"convs.{2 * level}", x, 2 * level + 1, up=True)
        x = layer(f"convs.{2 * level + 1}", x, 2 * level + 2, up=False)
        kernel = state[f"to_rgbs.{level}.upsample.kernel"]
        spread = torch.zeros(1, 3, 2 * rgb.shape[2], 2 * rgb.shape[3])
        spread[:, :, ::2, ::2] = rgb
        spread = F.pad(spread, (2, 1, 2, 1))
        rgb = F.conv2d(spread, kernel.expand(3, 1, -1, -1), groups=3) + picture(f"to_rgbs.{level}", x)
    # The file's colours come blue first.
    return rgb.flip(1)


@pytest.mark.parametrize("scale", [0, 2, 3])
def test_pictures_are_those_of_the_formulas(tmp_path, scale):
    path = saved(theirs(), tmp_path / "file")
    generator = build_generator(open_checkpoint(path)).with_scale(scale)
    ws = draw_ws(generator, batch=1)
    noise = generator.noise_maps("random", rng=torch.Generator().manual_seed(4))

    picture = generator.synthesize(ws, noise=noise)

    expected = written_out(in_mmgeneration_names(NETWORK), ws[0, 0], 4 + scale, noise)
    torch.testing.assert_close(picture, expected, rtol=0, atol=1e-4)


def test_the_smallest_size_has_the_stored_noise_and_others_fixed_noise():
    generator = build_generator(NETWORK)
    stored = NETWORK.tensors["synthesis.b8.conv0.noise_const"]

    assert torch.equal(generator.noise_maps("const")[1], stored[None, None])
    one, two = (generator.with_scale(1).noise_maps("const") for _ in range(2))
    assert [tuple(noise.shape) for noise in one] == [(1, 1, side, side) for side in (5, 10, 10, 20, 20)]
    assert all(torch.equal(first, second) for first, second in zip(one, two, strict=True))


def test_a_file_of_mmgeneration_opens(tmp_path):
    checkpoint = open_checkpoint(saved(theirs(), tmp_path / "file"))

    assert (checkpoint.family, checkpoint.provenance.format) == ("mspie", "mmgeneration")
    assert checkpoint.tensors.keys() == NETWORK.tensors.keys()
    mean = {"mapping.w_avg": NETWORK.tensors["mapping.w_avg"]}
    for name, tensor in {**checkpoint.tensors, **mean}.items():
        torch.testing.assert_close(tensor, NETWORK.tensors[name], rtol=1e-6, atol=1e-6)


def test_a_safetensors_copy_keeps_the_chosen_size(tmp_path):
    checkpoint = open_checkpoint(saved(theirs(), tmp_path / "file"))
    write_checkpoint(replace(checkpoint, options={**checkpoint.options, "scale": 2}), tmp_path / "copy")

    again = open_checkpoint(tmp_path / "copy")

    assert again.family == "mspie"
    generator = build_generator(again)
    expected = build_generator(checkpoint).with_scale(2)
    ws = draw_ws(generator)
    assert torch.equal(generator.synthesize(ws), expected.synthesize(ws))


def test_a_network_that_interpolates_from_a_constant_is_refused_by_the_filter_it_lacks(tmp_path):
    tensors = in_mmgeneration_names(small_skip_network())
    del tensors["convs.0.conv.blur.kernel"]

    with pytest.raises(MissingWeightsError, match=r"convs\.0\.conv\.blur\.kernel"):
        open_checkpoint(saved(tensors, tmp_path / "file"))


@pytest.mark.parametrize(
    "missing", ["synthesis.b8.conv0.weight", "synthesis.b16.torgb.bias", "mapping.w_avg"]
)
def test_a_missing_tensor_is_named(missing):
    tensors = {name: tensor for name, tensor in NETWORK.tensors.items() if name != missing}

    with pytest.raises(MissingWeightsError, match=missing.replace(".", r"\.")):
        build_generator(replace(NETWORK, tensors=tensors))


def test_a_tensor_too_many_is_named():
    tensors = {**NETWORK.tensors, "synthesis.b8.extra": torch.zeros(1)}

    with pytest.raises(MissingWeightsError, match=r"synthesis\.b8\.extra"):
        build_generator(replace(NETWORK, tensors=tensors))


def test_a_grid_of_two_channels_is_refused():
    first = torch.zeros(8, 2, 3, 3)
    tensors = {**NETWORK.tensors, "synthesis.b4.conv1.weight": first}

    with pytest.raises(MissingWeightsError, match="reads 2 channels"):
        build_generator(replace(NETWORK, tensors=tensors))
