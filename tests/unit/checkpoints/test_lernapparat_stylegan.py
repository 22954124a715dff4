"""StyleGAN in lernapparat's layout: the same pictures under its names, and what is refused."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from latent_studio.checkpoints.layouts import LAYOUTS
from latent_studio.checkpoints.open import open_checkpoint
from latent_studio.core.errors import MissingWeightsError, UnknownFormatError
from latent_studio.generators.catalog import build_generator
from latent_studio.generators.random_grown import random_stylegan


def made(resolution=16, **kwargs):
    sizes = {"z_dim": 6, "w_dim": 6, "channel_base": 64, "channel_max": 8, "mapping_layers": 2}
    checkpoint = random_stylegan(resolution, all_pictures=False, **{**sizes, **kwargs})
    return replace(checkpoint, options={"norm_epsilon": 1e-5})


def under_its_names(checkpoint, *, noise=".top_epi.noise.weight"):
    """The tensors as the program keeps them: no noise maps, no mean of w."""
    state = {}
    for name, tensor in checkpoint.tensors.items():
        part, _, kind = name.partition(".")[2].partition(".")
        if part.startswith("fc"):
            gain = math.sqrt(2) if kind == "bias" else 1
            state[f"g_mapping.dense{part[2:]}.{kind}"] = tensor * gain
        elif part == "const":
            state["g_synthesis.blocks.4x4.const"] = tensor[None].clone()
        elif part.startswith("output"):
            state[f"g_synthesis.torgb.{kind}"] = tensor.clone()
        elif part.startswith("layer") and kind != "noise_const":
            number = int(part[5:])
            side = 4 << (number // 2)
            block = f"g_synthesis.blocks.{side}x{side}"
            conv = ("conv0_up", "conv1")[number % 2] if side > 4 else "conv"
            epilogue = f"{block}.epi{number % 2 + 1}"
            stem = block if number == 0 else f"{block}.{conv}"
            theirs = {
                "weight": f"{stem}.weight",
                "bias": f"{stem}.bias",
                "noise_strength": f"{epilogue}{noise}",
                "affine.weight": f"{epilogue}.style_mod.lin.weight",
                "affine.bias": f"{epilogue}.style_mod.lin.bias",
            }
            state[theirs[kind]] = tensor.clone()
            if conv == "conv0_up":
                state[f"{stem}.intermediate.kernel"] = torch.ones(1, 1, 3, 3)
    return state


def opened(state, folder):
    torch.save(state, folder / "model.any")
    return open_checkpoint(folder / "model.any")


@pytest.mark.parametrize("noise", [".top_epi.noise.weight", ".noise.weight"])
def test_pictures_are_the_same_under_its_names(noise, tmp_path):
    checkpoint = opened(under_its_names(made(), noise=noise), tmp_path)
    generator, want = build_generator(checkpoint), build_generator(made())
    rng = torch.Generator().manual_seed(1)
    z, ws = torch.randn(2, 6, generator=rng), torch.randn(2, 6, 6, generator=rng)
    maps = want.noise_maps("random", rng=rng)

    assert checkpoint.provenance.format == "lernapparat-stylegan"
    torch.testing.assert_close(generator.map(z), want.map(z), atol=1e-6, rtol=0)
    assert torch.equal(generator.synthesize(ws, noise=maps), want.synthesize(ws, noise=maps))


def test_kernels_from_128_px_on_are_turned_as_in_the_official_files(tmp_path):
    large = made(128, channel_base=256, channel_max=2)

    generator = build_generator(opened(under_its_names(large), tmp_path))

    ws = torch.randn(1, 12, 6, generator=torch.Generator().manual_seed(1))
    turned = build_generator(replace(large, options={"norm_epsilon": 1e-5, "fused_from": 128}))
    assert torch.equal(generator.synthesize(ws, noise_mode="none"), turned.synthesize(ws, noise_mode="none"))


def test_only_the_last_resolution_has_a_picture(tmp_path):
    generator = build_generator(opened(under_its_names(made()), tmp_path))

    assert [stage.has_preview for stage in generator.stages] == [False, False, True]


def test_what_the_file_does_not_store_is_made_and_said_so(tmp_path):
    checkpoint = opened(under_its_names(made()), tmp_path)
    generator = build_generator(checkpoint)
    w = generator.map(torch.randn(4096, 6, generator=torch.Generator().manual_seed(9)))[:, 0]

    torch.testing.assert_close(generator.w_avg, w.mean(dim=0), atol=float(w.std() / 10), rtol=0)
    assert [side.shape[-1] for side in generator.noise_maps("const")] == [4, 4, 8, 8, 16, 16]
    assert len([note for note in checkpoint.provenance.notes if "stores no" in note]) == 2


def test_no_other_layout_fits():
    shapes = {name: tuple(tensor.shape) for name, tensor in under_its_names(made()).items()}

    assert [layout.name for layout in LAYOUTS if layout.matches(shapes)] == ["lernapparat-stylegan"]


@pytest.mark.parametrize(
    "name",
    [
        "g_mapping.dense1.bias",
        "g_synthesis.blocks.8x8.conv0_up.weight",
        "g_synthesis.blocks.16x16.epi2.style_mod.lin.bias",
        "g_synthesis.torgb.bias",
    ],
)
def test_a_missing_tensor_is_named(name, tmp_path):
    state = under_its_names(made())
    del state[name]

    with pytest.raises(MissingWeightsError) as raised:
        opened(state, tmp_path)

    assert name in raised.value.title


def test_a_tensor_too_many_is_named(tmp_path):
    with pytest.raises(MissingWeightsError, match=r"attention\.weight"):
        opened({**under_its_names(made()), "attention.weight": torch.zeros(2)}, tmp_path)


def test_a_block_without_end_is_refused(tmp_path):
    state = {**under_its_names(made()), "g_synthesis.blocks.65536x65536.conv1.bias": torch.zeros(1)}

    with pytest.raises(UnknownFormatError, match="too large"):
        opened(state, tmp_path)
