"""StyleGAN: what is read off the tensors, the formula, levels of detail, and what is refused."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from latent_studio.core.errors import (
    IncompatibleLatentError,
    MissingWeightsError,
    OptionError,
    UnknownFormatError,
)
from latent_studio.generators.catalog import build_generator
from latent_studio.generators.random_grown import random_stylegan
from latent_studio.generators.stylegan import build_stylegan
from latent_studio.testing import check_generator


def small_checkpoint(resolution=16, **kwargs):
    sizes = {"z_dim": 5, "w_dim": 6, "channel_base": 64, "channel_max": 8, "mapping_layers": 2}
    return random_stylegan(resolution, **{**sizes, **kwargs})


def with_tensors(checkpoint, **changes):
    """The checkpoint with tensors replaced, or left out where None; ``__`` stands for a dot."""
    tensors = dict(checkpoint.tensors)
    for name, tensor in changes.items():
        if tensor is None:
            del tensors[name.replace("__", ".")]
        else:
            tensors[name.replace("__", ".")] = tensor
    return replace(checkpoint, tensors=tensors)


def some_latents(generator, batch=2, seed=0):
    rng = torch.Generator().manual_seed(seed)
    z = torch.randn(batch, generator.spec.z_dim, generator=rng)
    c = torch.randn(batch, generator.spec.c_dim, generator=rng) if generator.spec.c_dim else None
    return z, c


def some_ws(generator, batch=2, seed=0):
    rng = torch.Generator().manual_seed(seed)
    return torch.randn(batch, generator.spec.num_ws, generator.spec.w_dim, generator=rng)


VARIANTS = {
    "plain": {},
    "with classes": {"c_dim": 3},
    "grey": {"channels": 1},
    "no noise": {"use_noise": False},
    "seeded by w": {"use_const": False},
    "one resolution": {"resolution": 4},
    "one picture": {"all_pictures": False},
    "turned kernels": {"options": {"fused_from": 8}},
    "bias before the blur": {"options": {"blur_after_bias": True}},
    "large epsilon": {"options": {"norm_epsilon": 0.5}},
    "between two levels": {"options": {"lod": 1.25}},
}


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)
def test_every_variant_keeps_the_protocol(variant):
    check_generator(build_stylegan(small_checkpoint(**variant)))


def test_the_catalogue_builds_it():
    assert build_generator(small_checkpoint()).spec.family == "stylegan"


def test_sizes_are_read_off_the_tensors():
    spec = build_stylegan(small_checkpoint(32, c_dim=4, channels=1)).spec

    assert (spec.resolution, spec.channels, spec.num_ws) == (32, 1, 8)
    assert (spec.z_dim, spec.w_dim, spec.c_dim) == (5, 6, 4)
    assert spec.stage_resolutions == (4, 8, 16, 32)
    assert spec.has_mapping


def test_parameters_are_the_trained_numbers_only():
    checkpoint = small_checkpoint()
    buffers = ("w_avg", "noise_const")
    trained = sum(t.numel() for name, t in checkpoint.tensors.items() if not name.endswith(buffers))

    assert build_stylegan(checkpoint).spec.num_parameters == trained


def mapping_formula(checkpoint, z, c):
    """w in float64: what the paper's mapping network gives, classes embedded as in the first program."""
    tensors = {name: tensor.double() for name, tensor in checkpoint.tensors.items()}
    x = z.double()
    if c is not None:
        x = torch.cat([x, c.double() @ tensors["mapping.embed.weight"].T / math.sqrt(c.shape[1])], dim=1)
    x = x / (x.square().mean(dim=1, keepdim=True) + 1e-8).sqrt()
    index = 0
    while (weight := tensors.get(f"mapping.fc{index}.weight")) is not None:
        bias = tensors[f"mapping.fc{index}.bias"]
        x = F.leaky_relu(x @ weight.T * (0.01 / math.sqrt(weight.shape[1])) + bias * 0.01, 0.2) * math.sqrt(2)
        index += 1
    return x


@pytest.mark.parametrize("name", ["plain", "with classes"])
def test_w_is_that_of_the_formula(name):
    checkpoint = small_checkpoint(**VARIANTS[name])
    generator = build_stylegan(checkpoint)
    z, c = some_latents(generator)

    ws = generator.map(z, c)

    want = mapping_formula(checkpoint, z, c)[:, None].expand_as(ws)
    torch.testing.assert_close(ws.double(), want, atol=1e-5, rtol=0)


def formula(checkpoint, ws, *, noise=True):
    """The picture in float64, every pixel doubled before it is convolved, at level of detail 0."""
    tensors = {name: tensor.double() for name, tensor in checkpoint.tensors.items()}
    options = checkpoint.options
    ws = ws.double()
    taps = torch.tensor([[1, 2, 1], [2, 4, 2], [1, 2, 1]], dtype=torch.float64) / 16
    for index in range(ws.shape[1]):
        name = f"synthesis.layer{index}"
        weight, bias = tensors.get(f"{name}.weight"), tensors[f"{name}.bias"][:, None, None]
        if weight is not None:
            weight = weight * math.sqrt(2 / weight[0].numel())
        if index == 0 and weight is None:
            x = tensors["synthesis.const"].expand(len(ws), -1, -1, -1) + bias
        elif index == 0:
            x = F.conv2d(ws[:, 0, :, None, None], weight, padding=3) + bias
        elif index % 2:
            x = F.conv2d(x, weight, padding=1) + bias
        else:
            doubled = F.interpolate(x, scale_factor=2, mode="nearest")
            if 0 < options.get("fused_from", 128) <= doubled.shape[-1]:
                weight = weight.flip(2, 3)
            early = options.get("blur_after_bias", False)
            up = F.conv2d(doubled, weight, padding=1) + (bias if early else 0)
            blur = taps.expand(up.shape[1], 1, 3, 3)
            x = F.conv2d(up, blur, padding=1, groups=up.shape[1]) + (0 if early else bias)
        if noise and f"{name}.noise_const" in tensors:
            strength = tensors[f"{name}.noise_strength"][:, None, None]
            x = x + tensors[f"{name}.noise_const"] * strength
        x = F.leaky_relu(x, 0.2)
        x = x - x.mean(dim=(2, 3), keepdim=True)
        x = x / (x.square().mean(dim=(2, 3), keepdim=True) + options.get("norm_epsilon", 1e-8)).sqrt()
        affine = tensors[f"{name}.affine.weight"] / math.sqrt(ws.shape[2])
        styles = ws[:, index] @ affine.T + tensors[f"{name}.affine.bias"]
        scales, shifts = styles[:, :, None, None].chunk(2, dim=1)
        x = x * (scales + 1) + shifts
    output = f"synthesis.output{ws.shape[1] // 2 - 1}"
    weight = tensors[f"{output}.weight"]
    return F.conv2d(x, weight / math.sqrt(weight.shape[1]), tensors[f"{output}.bias"])


@pytest.mark.parametrize("name", [name for name in VARIANTS if name != "between two levels"])
def test_pictures_are_those_of_the_formula(name):
    checkpoint = small_checkpoint(**VARIANTS[name])
    generator = build_stylegan(checkpoint)
    ws = some_ws(generator)

    picture = generator.synthesize(ws)

    torch.testing.assert_close(picture.double(), formula(checkpoint, ws), atol=1e-4, rtol=0)


def test_pictures_without_noise_are_those_of_the_formula():
    checkpoint = small_checkpoint()
    generator = build_stylegan(checkpoint)
    ws = some_ws(generator)

    picture = generator.synthesize(ws, noise_mode="none")

    torch.testing.assert_close(picture.double(), formula(checkpoint, ws, noise=False), atol=1e-4, rtol=0)


def test_kernels_are_taken_as_turned_from_128_px_on_when_nothing_is_said():
    checkpoint = small_checkpoint(128, channel_base=256, channel_max=2)
    ws = some_ws(build_stylegan(checkpoint), batch=1)

    usual = build_stylegan(checkpoint).synthesize(ws)

    from_128 = build_stylegan(replace(checkpoint, options={"fused_from": 128})).synthesize(ws)
    never = build_stylegan(replace(checkpoint, options={"fused_from": 0})).synthesize(ws)
    assert torch.equal(usual, from_128)
    assert not torch.allclose(usual, never, atol=1e-2)


def test_a_stored_blur_is_used():
    checkpoint = small_checkpoint()
    generator = build_stylegan(checkpoint)
    ws = some_ws(generator)
    usual = torch.tensor([[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [1.0, 2.0, 1.0]]) / 16
    no_blur = F.pad(torch.ones(1, 1), (1, 1, 1, 1))

    same = build_stylegan(with_tensors(checkpoint, synthesis__layer2__blur=usual))
    sharper = build_stylegan(with_tensors(checkpoint, synthesis__layer2__blur=no_blur))

    assert torch.equal(same.synthesize(ws), generator.synthesize(ws))
    assert not torch.allclose(sharper.synthesize(ws), generator.synthesize(ws), atol=1e-2)


def test_a_picture_does_not_depend_on_the_others_of_its_batch():
    generator = build_stylegan(small_checkpoint())
    ws = some_ws(generator)
    other = torch.cat([ws[:1], 100 * ws[1:]])

    assert torch.equal(generator.synthesize(ws)[0], generator.synthesize(other)[0])


def test_each_layer_reads_one_row():
    generator = build_stylegan(small_checkpoint())

    assert [stage.num_rows for stage in generator.stages] == [2, 4, 6]
    assert [weight.row for weight in generator.style_weights()] == list(range(6))
    assert [weight.resolution for weight in generator.style_weights()] == [4, 4, 8, 8, 16, 16]


def test_every_resolution_with_a_picture_is_a_preview():
    some = with_tensors(small_checkpoint(), synthesis__output1__weight=None, synthesis__output1__bias=None)

    assert [stage.has_preview for stage in build_stylegan(small_checkpoint()).stages] == [True, True, True]
    assert [stage.has_preview for stage in build_stylegan(some).stages] == [True, False, True]


def pictures_of(generator, ws):
    """The picture of every resolution."""
    noise = generator.noise_maps("const")
    features, pictures = None, []
    for stage in generator.stages:
        features = stage.run(features, pictures[-1] if pictures else None, ws, noise)
        pictures.append(stage.to_rgb(features, ws))
    return pictures


def test_a_level_of_detail_leaves_out_resolutions_and_blends_between_two():
    generator = build_stylegan(small_checkpoint())
    ws = some_ws(generator)
    pictures = pictures_of(generator, ws)

    def enlarged(picture):
        return picture.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)

    one = generator.with_lod(1).synthesize(ws)
    quarter = generator.with_lod(0.25).synthesize(ws)
    between = generator.with_lod(1.5).synthesize(ws)

    torch.testing.assert_close(one, enlarged(pictures[1]))
    torch.testing.assert_close(quarter, 0.75 * pictures[2] + 0.25 * enlarged(pictures[1]))
    torch.testing.assert_close(between, enlarged(0.5 * pictures[1] + 0.5 * enlarged(pictures[0])))
    assert torch.equal(generator.with_lod(0).synthesize(ws), pictures[2])


def test_another_level_of_detail_leaves_the_original_as_it_is_and_shares_its_weights():
    generator = build_stylegan(small_checkpoint())
    ws = some_ws(generator)
    before = generator.synthesize(ws)

    coarse = generator.with_lod(1)

    assert (generator.lod, coarse.lod) == (0, 1)
    assert torch.equal(generator.synthesize(ws), before)
    assert coarse.stages[0].layers is generator.stages[0].layers
    check_generator(coarse)


@pytest.mark.parametrize("lod", [-0.5, 2.1, math.nan])
def test_a_level_of_detail_outside_the_network_is_refused(lod):
    with pytest.raises(OptionError, match="level of detail"):
        build_stylegan(small_checkpoint()).with_lod(lod)


def test_a_level_of_detail_without_pictures_is_refused():
    generator = build_stylegan(small_checkpoint(all_pictures=False))

    with pytest.raises(OptionError, match="level of detail"):
        generator.with_lod(1)


@pytest.mark.parametrize(
    "options",
    [
        {"lod": 2.5},
        {"lod": -1.0},
        {"lod": math.nan},
        {"fused_from": 3.5},
        {"fused_from": "auto"},
        {"mapping_lr_multiplier": 0.0},
        {"norm_epsilon": -1.0},
        {"blur_after_bias": 1.0},
    ],
    ids=str,
)
def test_options_that_make_no_sense_are_refused(options):
    with pytest.raises(UnknownFormatError):
        build_stylegan(replace(small_checkpoint(), options=options))


@pytest.mark.parametrize(
    "name",
    ["mapping.fc0.weight", "mapping.w_avg", "synthesis.layer2.weight", "synthesis.layer3.affine.bias",
     "synthesis.layer1.noise_const", "synthesis.layer4.noise_strength", "synthesis.output2.bias"],
)  # fmt: skip
def test_a_missing_tensor_is_named(name):
    checkpoint = small_checkpoint()
    rest = {other: tensor for other, tensor in checkpoint.tensors.items() if other != name}

    with pytest.raises(MissingWeightsError, match=name.replace(".", r"\.")):
        build_stylegan(replace(checkpoint, tensors=rest))


def test_tensors_of_another_shape_are_named():
    checkpoint = with_tensors(small_checkpoint(), synthesis__layer3__weight=torch.zeros(8, 7, 3, 3))

    with pytest.raises(MissingWeightsError, match=r"synthesis\.layer3\.weight"):
        build_stylegan(checkpoint)


def test_layers_in_another_order_are_refused():
    checkpoint = small_checkpoint()
    swap = {"layer1": "layer4", "layer4": "layer1"}
    swapped = {
        ".".join(swap.get(part, part) for part in name.split(".")): tensor
        for name, tensor in checkpoint.tensors.items()
    }

    with pytest.raises(MissingWeightsError):
        build_stylegan(replace(checkpoint, tensors=swapped))


def test_tensors_left_over_are_named():
    checkpoint = with_tensors(small_checkpoint(), synthesis__extra=torch.zeros(1))

    with pytest.raises(MissingWeightsError, match=r"synthesis\.extra"):
        build_stylegan(checkpoint)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_values_that_are_not_finite_are_refused(value):
    checkpoint = with_tensors(small_checkpoint(), synthesis__layer0__bias=torch.full((8,), value))

    with pytest.raises(MissingWeightsError, match="not finite"):
        build_stylegan(checkpoint)


def test_noise_maps_of_another_size_are_refused():
    generator = build_stylegan(small_checkpoint())
    noise = (torch.zeros(1, 1, 3, 3), *generator.noise_maps("const")[1:])

    with pytest.raises(IncompatibleLatentError, match="Noise map 0"):
        generator.synthesize(some_ws(generator), noise=noise)


def test_half_precision_files_give_float32_pictures():
    checkpoint = small_checkpoint()
    stored = replace(checkpoint, tensors={name: t.half() for name, t in checkpoint.tensors.items()})
    generator = build_stylegan(stored)

    assert generator.synthesize(some_ws(generator)).dtype == torch.float32


def test_the_checkpoints_tensors_are_never_written_to():
    checkpoint = small_checkpoint()
    kept = {name: tensor.clone() for name, tensor in checkpoint.tensors.items()}

    generator = build_stylegan(checkpoint)
    generator.synthesize(some_ws(generator))

    assert all(torch.equal(tensor, kept[name]) for name, tensor in checkpoint.tensors.items())


def test_what_inference_mode_built_serves_autograd_later():
    with torch.inference_mode():
        generator = build_stylegan(small_checkpoint())
    ws = some_ws(generator).requires_grad_(True)

    (gradient,) = torch.autograd.grad(generator.synthesize(ws).sum(), ws)

    assert bool((gradient != 0).any())


@pytest.mark.gpu
def test_pictures_on_cuda_are_those_of_the_cpu():
    if not torch.cuda.is_available():
        pytest.skip("needs CUDA")
    generator = build_stylegan(small_checkpoint()).with_lod(0.5)
    ws = some_ws(generator)
    there = generator.to(torch.device("cuda"))

    picture = there.synthesize(ws.to("cuda")).cpu()

    torch.testing.assert_close(picture, generator.synthesize(ws), atol=2e-3, rtol=0)
