"""ProgGAN: what is read off the tensors, the formula, classes, levels of detail, and what is refused."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from latent_studio.core.errors import MissingWeightsError, OptionError, UnknownFormatError
from latent_studio.generators.catalog import build_generator
from latent_studio.generators.proggan import build_proggan
from latent_studio.generators.random_grown import random_proggan
from latent_studio.methods.sefa import find_sefa_directions
from latent_studio.testing import check_generator


def small_checkpoint(resolution=16, **kwargs):
    sizes = {"w_dim": 6, "channel_base": 64, "channel_max": 8}
    return random_proggan(resolution, **{**sizes, **kwargs})


def some_z(generator, batch=2, seed=0):
    return torch.randn(batch, generator.spec.z_dim, generator=torch.Generator().manual_seed(seed))


VARIANTS = {
    "plain": {},
    "with classes": {"options": {"c_dim": 2}},
    "grey": {"channels": 1},
    "one resolution": {"resolution": 4},
    "one picture": {"all_pictures": False},
    "turned kernels": {"options": {"fused_from": 16}},
    "between two levels": {"options": {"lod": 0.5}},
}


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)
def test_every_variant_keeps_the_protocol(variant):
    check_generator(build_proggan(small_checkpoint(**variant)))


def test_the_catalogue_builds_it():
    assert build_generator(small_checkpoint()).spec.family == "proggan"


def test_sizes_are_read_off_the_tensors():
    checkpoint = small_checkpoint(32, channels=1)
    spec = build_proggan(checkpoint).spec

    assert (spec.resolution, spec.channels, spec.num_ws, spec.c_dim) == (32, 1, 1, 0)
    assert (spec.z_dim, spec.w_dim, spec.has_mapping) == (6, 6, False)
    assert spec.stage_resolutions == (4, 8, 16, 32)
    assert spec.num_parameters == sum(tensor.numel() for tensor in checkpoint.tensors.values())


def formula(checkpoint, w):
    """The picture in float64, every pixel doubled before it is convolved."""
    tensors = {name: tensor.double() for name, tensor in checkpoint.tensors.items()}
    fused_from = checkpoint.options.get("fused_from", 0)

    def normalised(x):
        return x / (x.square().mean(dim=1, keepdim=True) + 1e-8).sqrt()

    x, index = w.double()[:, :, None, None], 0
    while (weight := tensors.get(f"layer{index}.weight")) is not None:
        x = normalised(x)
        weight = weight * math.sqrt(2 / weight[0].numel())
        if index and index % 2 == 0:
            x = F.interpolate(x, scale_factor=2, mode="nearest")
            if 0 < fused_from <= x.shape[-1]:
                weight = weight.flip(2, 3)
        x = F.leaky_relu(F.conv2d(x, weight, tensors[f"layer{index}.bias"], padding=1 if index else 3), 0.2)
        index += 1
    weight = tensors[f"output{index // 2 - 1}.weight"]
    return F.conv2d(
        normalised(x), weight / math.sqrt(weight.shape[1]), tensors[f"output{index // 2 - 1}.bias"]
    )


@pytest.mark.parametrize("name", [name for name in VARIANTS if name != "between two levels"])
def test_pictures_are_those_of_the_formula(name):
    checkpoint = small_checkpoint(**VARIANTS[name])
    generator = build_proggan(checkpoint)
    w = torch.randn(2, generator.spec.w_dim, generator=torch.Generator().manual_seed(0))

    picture = generator.synthesize(w[:, None])

    torch.testing.assert_close(picture.double(), formula(checkpoint, w), atol=1e-4, rtol=0)


def test_z_is_mapped_to_its_direction():
    generator = build_proggan(small_checkpoint())
    z = some_z(generator)

    ws = generator.map(z)

    torch.testing.assert_close(ws[:, 0], z / z.square().mean(dim=1, keepdim=True).sqrt())
    torch.testing.assert_close(generator.map(3 * z), ws)


def test_the_class_follows_z_and_truncation_leaves_it_alone():
    generator = build_proggan(small_checkpoint(options={"c_dim": 2}))
    z = some_z(generator)
    c = torch.tensor([[1.0, 0.0], [0.25, 0.75]])

    ws = generator.map(z, c, truncation_psi=0.5)

    assert generator.spec.z_dim == 4
    torch.testing.assert_close(ws[:, 0, :4], 0.5 * z / z.square().mean(dim=1, keepdim=True).sqrt())
    assert torch.equal(ws[:, 0, 4:], c)


def test_the_length_of_w_does_not_matter():
    generator = build_proggan(small_checkpoint())
    ws = generator.map(some_z(generator))

    torch.testing.assert_close(generator.synthesize(2 * ws), generator.synthesize(ws), atol=1e-4, rtol=0)


def test_sefa_factorises_the_first_layer():
    checkpoint = small_checkpoint()
    generator = build_proggan(checkpoint)

    (weight,) = generator.style_weights()
    found = find_sefa_directions(generator, model_sha256="", count=None)

    assert (weight.row, weight.weight.shape) == (0, (8 * 16, 6))
    styles = checkpoint.tensors["layer0.weight"].permute(0, 2, 3, 1).reshape(-1, 6).double()
    styles = styles / styles.norm(dim=1, keepdim=True)
    largest = torch.linalg.eigvalsh(styles.T @ styles)[-1]
    assert float(found[0].info.details["eigenvalue"]) == pytest.approx(float(largest), rel=1e-6)


def test_levels_of_detail_work_as_in_stylegan():
    generator = build_proggan(small_checkpoint())
    ws = generator.map(some_z(generator))
    stage = generator.stages[0]
    coarse = stage.to_rgb(stage.run(None, None, ws, ()), ws)

    picture = generator.with_lod(2).synthesize(ws)

    torch.testing.assert_close(picture, coarse.repeat_interleave(4, dim=2).repeat_interleave(4, dim=3))


def test_a_network_with_one_picture_has_one_level_of_detail():
    generator = build_proggan(small_checkpoint(all_pictures=False))

    assert [stage.has_preview for stage in generator.stages] == [False, False, True]
    with pytest.raises(OptionError, match="0-0"):
        generator.with_lod(0.5)


@pytest.mark.parametrize(
    "options", [{"lod": 9.0}, {"c_dim": -1}, {"c_dim": 1.5}, {"fused_from": "yes"}], ids=str
)
def test_options_that_make_no_sense_are_refused(options):
    with pytest.raises(UnknownFormatError):
        build_proggan(replace(small_checkpoint(), options=options))


def test_more_classes_than_the_first_layer_reads_are_refused():
    with pytest.raises(MissingWeightsError, match="leaves none for z"):
        build_proggan(small_checkpoint(options={"c_dim": 6}))


@pytest.mark.parametrize(
    "name", ["layer0.weight", "layer2.bias", "layer5.weight", "output2.weight", "output0.bias"]
)
def test_a_missing_tensor_is_named(name):
    checkpoint = small_checkpoint()
    rest = {other: tensor for other, tensor in checkpoint.tensors.items() if other != name}

    with pytest.raises(MissingWeightsError, match=name.replace(".", r"\.")):
        build_proggan(replace(checkpoint, tensors=rest))


@pytest.mark.parametrize(
    ("name", "tensor"),
    [
        ("layer3.weight", torch.zeros(8, 7, 3, 3)),
        ("layer0.weight", torch.zeros(8, 6, 3, 3)),
        ("layer1.bias", torch.full((8,), math.nan)),
        ("output9.bias", torch.zeros(3)),
    ],
)
def test_tensors_that_do_not_belong_are_named(name, tensor):
    checkpoint = small_checkpoint()

    with pytest.raises(MissingWeightsError, match=name.replace(".", r"\.")):
        build_proggan(replace(checkpoint, tensors={**checkpoint.tensors, name: tensor}))


def test_layers_in_another_order_are_refused():
    checkpoint = small_checkpoint()
    swap = {"layer3": "layer5", "layer5": "layer3"}
    swapped = {
        ".".join(swap.get(part, part) for part in name.split(".")): tensor
        for name, tensor in checkpoint.tensors.items()
    }

    with pytest.raises(MissingWeightsError):
        build_proggan(replace(checkpoint, tensors=swapped))
