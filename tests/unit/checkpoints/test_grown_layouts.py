"""StyleGAN and ProgGAN under other programs' names: what comes of them, and what is refused."""

from __future__ import annotations

import math

import pytest
import torch

from latent_studio.checkpoints.layouts import LAYOUTS
from latent_studio.checkpoints.open import open_checkpoint
from latent_studio.checkpoints.safetensors_file import write_checkpoint
from latent_studio.core.errors import MissingWeightsError, UnknownFormatError
from latent_studio.generators.catalog import build_generator
from latent_studio.generators.random_grown import random_proggan, random_stylegan

SIZES = {"z_dim": 5, "w_dim": 6, "channel_base": 64, "channel_max": 8, "mapping_layers": 2}
GENFORCE = {
    "mapping.fc": "mapping.dense",
    ".affine.": ".style.",
    ".noise_const": ".apply_noise.noise",
    ".noise_strength": ".apply_noise.weight",
    "mapping.w_avg": "truncation.w_avg",
    "synthesis.const": "synthesis.layer0.const",
}


def stylegan_as_genforce(checkpoint):
    """The checkpoint's tensors as genforce's programs would keep them."""
    state = {"synthesis.lod": torch.tensor(0.0)}
    for name, tensor in checkpoint.tensors.items():
        theirs = name
        for ours, other in GENFORCE.items():
            theirs = theirs.replace(ours, other)
        if name.startswith("mapping.fc") and name.endswith("bias"):
            tensor = tensor * math.sqrt(2)
        if name.endswith("noise_const"):
            tensor = tensor[None, None]
        if name == "synthesis.const":
            tensor = tensor[None]
        if name == "mapping.embed.weight":
            theirs, tensor = "mapping.label_weight", tensor.T / math.sqrt(tensor.shape[1])
        if name == "mapping.embed.bias":
            continue
        state[theirs] = tensor.clone()
    return state


def proggan_as(checkpoint, layer, picture, weight, bias):
    state = {}
    for name, tensor in checkpoint.tensors.items():
        part, kind = name.split(".")
        if part.startswith("layer"):
            stem = layer.format(part.removeprefix("layer"))
        else:
            stem = picture.format(part.removeprefix("output"))
        state[f"{stem}.{weight if kind == 'weight' else bias}"] = tensor.clone()
    return state


def opened(state, folder, **options):
    torch.save(state, folder / "model.any", **options)
    return open_checkpoint(folder / "model.any")


def assert_same_pictures(one, other):
    first, second = build_generator(one), build_generator(other)
    spec = first.spec
    assert spec == second.spec
    rng = torch.Generator().manual_seed(0)
    z = torch.randn(2, spec.z_dim, generator=rng)
    c = torch.randn(2, spec.c_dim, generator=rng) if spec.c_dim else None
    torch.testing.assert_close(first.map(z, c), second.map(z, c), atol=1e-5, rtol=0)
    torch.testing.assert_close(first.w_avg, second.w_avg)
    ws = torch.randn(2, spec.num_ws, spec.w_dim, generator=rng)
    torch.testing.assert_close(first.synthesize(ws), second.synthesize(ws), atol=1e-4, rtol=0)


STYLEGANS = {
    "plain": {},
    "with classes": {"c_dim": 3},
    "grey, from w": {"channels": 1, "use_const": False},
    "no noise": {"use_noise": False},
    "one picture": {"all_pictures": False},
}


@pytest.mark.parametrize("variant", STYLEGANS.values(), ids=STYLEGANS)
@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "old stream"])
def test_a_stylegan_of_genforce_is_read(variant, zipped, tmp_path):
    made = random_stylegan(16, **SIZES, **variant)

    checkpoint = opened(
        {"generator_smooth": stylegan_as_genforce(made), "generator": {}},
        tmp_path,
        _use_new_zipfile_serialization=zipped,
    )

    assert checkpoint.provenance.format == "genforce-stylegan"
    assert_same_pictures(checkpoint, made)


def test_a_stylegan_of_genforce_that_tells_nothing_is_taken_as_trained_in_one_step(tmp_path):
    made = random_stylegan(128, **{**SIZES, "channel_base": 256, "channel_max": 2})

    checkpoint = opened(stylegan_as_genforce(made), tmp_path)

    assert checkpoint.options["fused_from"] == 128
    assert any("128 px" in note for note in checkpoint.provenance.notes)


def test_the_level_of_detail_in_the_file_is_kept(tmp_path):
    made = random_stylegan(16, **SIZES)
    state = stylegan_as_genforce(made)
    state["synthesis.lod"] = torch.tensor(0.5)

    checkpoint = opened(state, tmp_path)
    write_checkpoint(checkpoint, tmp_path / "copy.safetensors")
    again = open_checkpoint(tmp_path / "copy.safetensors")

    assert build_generator(checkpoint).lod == build_generator(again).lod == 0.5


@pytest.mark.parametrize("lod", [math.nan, 7.0, -1.0])
def test_a_level_of_detail_that_makes_no_sense_is_refused(lod, tmp_path):
    state = stylegan_as_genforce(random_stylegan(16, **SIZES))
    state["synthesis.lod"] = torch.tensor(lod)

    with pytest.raises((UnknownFormatError, MissingWeightsError)):
        build_generator(opened(state, tmp_path))


def test_a_missing_mean_of_w_is_estimated(tmp_path):
    made = random_stylegan(16, **SIZES)
    state = stylegan_as_genforce(made)
    del state["truncation.w_avg"]

    checkpoint = opened(state, tmp_path)

    generator = build_generator(checkpoint)
    w = generator.map(torch.randn(4096, 5, generator=torch.Generator().manual_seed(9)))[:, 0]
    torch.testing.assert_close(generator.w_avg, w.mean(dim=0), atol=float(w.std() / 10), rtol=0)
    assert any("estimated" in note for note in checkpoint.provenance.notes)


def test_truncation_as_a_tensor_is_left_out(tmp_path):
    state = stylegan_as_genforce(random_stylegan(16, **SIZES))
    state["truncation.truncation"] = torch.full((1, 6, 1), 0.7)

    assert "truncation.truncation" not in opened(state, tmp_path).tensors


def test_the_blur_is_kept_once(tmp_path):
    state = stylegan_as_genforce(random_stylegan(16, **SIZES))
    kernel = torch.arange(9.0).reshape(1, 1, 3, 3) / 36
    state["synthesis.layer2.blur.kernel"] = kernel.repeat(8, 1, 1, 1)

    checkpoint = opened(state, tmp_path)

    assert torch.equal(checkpoint.tensors["synthesis.layer2.blur"], kernel[0, 0])


def test_a_blur_that_differs_between_channels_is_refused(tmp_path):
    state = stylegan_as_genforce(random_stylegan(16, **SIZES))
    state["synthesis.layer2.blur.kernel"] = torch.rand(8, 1, 3, 3)

    with pytest.raises(UnknownFormatError, match="blur"):
        opened(state, tmp_path)


def stylegan_as_interfacegan(checkpoint, fused):
    """As InterFaceGAN keeps it; up-convolutions of the sides in ``fused`` in one step."""
    state = {}
    for name, tensor in stylegan_as_genforce(checkpoint).items():
        stem, _, last = name.rpartition(".")
        if stem.startswith("mapping.dense"):
            name = f"{stem}.linear.weight" if last == "weight" else f"{stem}.wscale.bias"
        elif last == "const":
            name = f"{stem}.first_layer"
        elif ".style." in name:
            part = "linear.weight" if last == "weight" else "wscale.bias"
            name = name.replace(f"style.{last}", f"epilogue.style_mod.dense.{part}")
        elif ".apply_noise." in name:
            name = name.replace("apply_noise", "epilogue.apply_noise")
        elif last == "weight":
            number = int(stem.removeprefix("synthesis.layer")) if ".layer" in stem else 1
            if number % 2 == 0 and 4 << (number // 2) in fused:
                tensor = tensor.flip(2, 3).permute(2, 3, 1, 0).contiguous()
            else:
                name = f"{stem}.conv.weight"
        elif last == "bias" and ".layer" in stem:
            name = f"{stem}.epilogue.bias"
        state[name] = tensor
    return state


@pytest.mark.parametrize("fused", [(), (16,), (8, 16), (8,)], ids=str)
def test_a_stylegan_of_interfacegan_tells_which_kernels_are_turned(fused, tmp_path):
    made = random_stylegan(16, **SIZES)

    checkpoint = opened(stylegan_as_interfacegan(made, fused), tmp_path)

    assert checkpoint.provenance.format == "interfacegan-stylegan"
    assert_same_pictures(checkpoint, made)


PROGGANS = {
    "genforce-proggan": ("layer{}", "output{}", "weight", "bias"),
    "interfacegan-proggan": ("layer{}", "output{}", "conv.weight", "wscale.bias"),
    "warpedganspace-proggan": ("features.{}", "output", "conv.weight", "wscale.b"),
}


@pytest.mark.parametrize("name", PROGGANS)
def test_a_proggan_is_read(name, tmp_path):
    alone = name == "warpedganspace-proggan"
    made = random_proggan(16, w_dim=6, channel_base=64, channel_max=8, all_pictures=not alone)
    state = proggan_as(made, *PROGGANS[name])
    if alone:
        # Any scale will do, if the weight makes up for it.
        for key in [key for key in state if key.endswith("conv.weight")]:
            gain = math.sqrt(1 if key.startswith("output") else 2)
            usual = gain / math.sqrt(state[key][0].numel())
            state[key.replace("conv.weight", "wscale.scale")] = torch.tensor([3.0])
            state[key] = state[key] * (usual / 3.0)
    else:
        state["lod"] = torch.tensor(0.0)

    checkpoint = opened(state, tmp_path)

    assert checkpoint.provenance.format == name
    assert_same_pictures(checkpoint, made)


def every_layout():
    stylegan = random_stylegan(16, **SIZES)
    proggan = random_proggan(16, w_dim=6, channel_base=64, channel_max=8, all_pictures=False)
    yield "genforce-stylegan", stylegan_as_genforce(stylegan)
    yield "interfacegan-stylegan", stylegan_as_interfacegan(stylegan, (16,))
    for name, parts in PROGGANS.items():
        state = proggan_as(proggan, *parts)
        if name == "warpedganspace-proggan":
            state |= {
                key.replace("wscale.b", "wscale.scale"): torch.ones(1)
                for key in list(state)
                if key.endswith("wscale.b")
            }
        yield name, state


@pytest.fixture(params=every_layout(), ids=lambda named: named[0])
def layout(request):
    name, state = request.param
    return name, dict(state)


def test_names_and_shapes_fit_one_layout_only(layout):
    name, state = layout
    shapes = {key: tuple(tensor.shape) for key, tensor in state.items()}

    assert [one.name for one in LAYOUTS if one.matches(shapes)] == [name]


def test_a_missing_tensor_is_named(layout, tmp_path):
    _, state = layout
    name = next(key for key in state if "layer3" in key or "features.3" in key)
    del state[name]

    with pytest.raises(MissingWeightsError) as raised:
        opened(state, tmp_path)

    assert name in raised.value.title


def test_a_tensor_too_many_is_named(layout, tmp_path):
    _, state = layout
    state["attention.weight"] = torch.zeros(2)

    with pytest.raises(MissingWeightsError, match=r"attention\.weight"):
        opened(state, tmp_path)


def weight_of(state, number):
    """The name of a layer's weight, whatever the layout."""
    stems = (f"synthesis.layer{number}.", f"layer{number}.", f"features.{number}.")
    kinds = ("conv.weight", "weight")
    return next(name for stem in stems for kind in kinds if (name := stem + kind) in state)


def test_swapped_layers_are_refused(layout, tmp_path):
    _, state = layout
    first, second = weight_of(state, 1), weight_of(state, 5)
    state[first], state[second] = state[second], state[first]

    with pytest.raises(MissingWeightsError, match="expected"):
        opened(state, tmp_path)


def test_values_that_are_not_finite_are_refused(layout, tmp_path):
    _, state = layout
    name = next(key for key in state if key.endswith("weight"))
    state[name] = torch.full_like(state[name], math.nan)

    with pytest.raises(MissingWeightsError, match="not numbers"):
        opened(state, tmp_path)


def test_layers_without_end_are_refused(layout, tmp_path):
    _, state = layout
    state[weight_of(state, 1).replace("1", "999")] = torch.zeros(1)

    with pytest.raises(UnknownFormatError, match="too large"):
        opened(state, tmp_path)
