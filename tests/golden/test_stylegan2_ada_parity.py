"""StyleGAN2 against numbers from the official StyleGAN2-ADA code.

``data/stylegan2_ada`` says where the numbers come from. Tolerances are the largest spread between two orders
of the official arithmetic, times a few.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from latent_studio.checkpoints.open import open_checkpoint
from latent_studio.generators.catalog import build_generator
from latent_studio.generators.conv_plan import ConvPlan

DATA = Path(__file__).parent / "data" / "stylegan2_ada"
CASES = (
    "a_uncond64_skip",
    "b_cond32_c10",
    "c_resnet32",
    "d_fp16cfg64_clamp256",
    "e_clamp1p5_asymfilter16",
    "f_orig16_gray_nonoise",
)
ON_PICTURES = 1e-4
ON_LATENTS = 1e-5


class Case:
    """One network and what the official code makes of it."""

    def __init__(self, folder):
        self.generator = build_generator(open_checkpoint(folder / "network.pkl"))
        with np.load(folder / "expected.npz") as arrays:
            self.arrays = dict(arrays)
        self.z = self.tensor("z")
        self.c = self.tensor("c") if "c" in self.arrays else None
        self.psi = float(self.arrays["psi"])
        self.cutoff = int(self.arrays["cutoff"])

    def tensor(self, name):
        return torch.from_numpy(self.arrays[name])

    def map(self, **truncation):
        return self.generator.map(self.z, self.c, **truncation)

    def assert_close(self, got, name, tolerance):
        want = self.tensor(name)
        got = got[: len(want)]
        assert got.shape == want.shape
        assert float((got - want).abs().max()) <= tolerance


@pytest.fixture(scope="module", params=CASES)
def case(request):
    return Case(DATA / request.param)


def test_latents_are_the_official_ones(case):
    case.assert_close(case.map()[:, 0], "w", ON_LATENTS)
    case.assert_close(case.generator.w_avg, "w_avg", 0)
    case.assert_close(
        case.map(truncation_psi=case.psi, truncation_cutoff=case.cutoff), "ws_trunc", ON_LATENTS
    )
    case.assert_close(case.map(truncation_psi=case.psi), "ws_trunc_all", ON_LATENTS)
    assert case.generator.spec.num_ws == int(case.arrays["num_ws"])


@pytest.mark.parametrize(
    ("name", "noise_mode", "truncated", "cut"),
    [
        ("image_const", "const", False, False),
        ("image_none", "none", False, False),
        ("image_trunc_const", "const", True, True),
        ("image_trunc_const_uncut", "const", True, False),
    ],
)
def test_pictures_are_the_official_ones(case, name, noise_mode, truncated, cut):
    ws = case.map(
        truncation_psi=case.psi if truncated else 1.0, truncation_cutoff=case.cutoff if cut else None
    )

    case.assert_close(case.generator.synthesize(ws, noise_mode=noise_mode), name, ON_PICTURES)


def test_pictures_in_eight_bits_are_the_official_ones(case):
    ws = case.map(truncation_psi=case.psi, truncation_cutoff=case.cutoff)

    pixels = (case.generator.synthesize(ws) * 127.5 + 128).clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1)

    want = case.tensor("image_u8_trunc_const")
    difference = (pixels[: len(want)].int() - want.int()).abs()
    assert int(difference.max()) <= 1
    assert float((difference > 0).float().mean()) < 0.005


@pytest.mark.parametrize(
    "form",
    ["plain", "weights", "weights_channels_last", "activations", "activations_channels_last", "winograd"],
)
def test_pictures_are_the_official_ones_in_every_form(case, form):
    generator = case.generator
    layers = [name for name in generator.layer_names if form in generator.layer_forms(name)]
    planned = generator.with_plan(ConvPlan(dict.fromkeys(layers, form)))

    case.assert_close(planned.synthesize(case.map()), "image_const", ON_PICTURES)


def test_pictures_are_the_official_ones_when_a_gradient_is_wanted(case):
    ws = case.map().requires_grad_()

    case.assert_close(case.generator.synthesize(ws).detach(), "image_const", ON_PICTURES)


def test_every_stage_gives_the_official_features_and_picture():
    case = Case(DATA / "a_uncond64_skip")
    ws, noise = case.map(), case.generator.noise_maps("const")
    features = rgb = None
    for stage in case.generator.stages:
        features = stage.run(features, rgb, ws, noise)
        rgb = stage.to_rgb(features, ws)

        case.assert_close(rgb, f"rgb_b{stage.resolution}", ON_PICTURES)
        if stage.resolution <= 16:
            case.assert_close(features.x, f"feat_b{stage.resolution}", ON_PICTURES)


def test_mixed_rows_give_the_official_picture():
    case = Case(DATA / "a_uncond64_skip")
    ws = case.map()
    rows = case.tensor("mix_rows")
    mixed = ws[:1].clone()
    mixed[:, rows] = ws[1:2, rows]

    case.assert_close(mixed, "ws_mix", ON_LATENTS)
    case.assert_close(case.generator.synthesize(mixed), "image_mix_const", ON_PICTURES)


def test_seeds_give_the_official_z():
    case = Case(DATA / "f_orig16_gray_nonoise")

    for seed, z in zip(case.arrays["seeds"], case.arrays["z"], strict=True):
        drawn = np.random.RandomState(seed).randn(1, z.size).astype(np.float32)
        np.testing.assert_array_equal(drawn[0], z)


def test_the_full_set_agrees_too(golden_dir):
    """Every case of the full reference set, with all its samples; not in the repository."""
    folders = sorted(path.parent for path in (golden_dir / "stylegan2_ada").glob("*/network.pkl"))
    assert len(folders) >= len(CASES)
    for folder in folders:
        case = Case(folder)
        ws = case.map(truncation_psi=case.psi, truncation_cutoff=case.cutoff)
        case.assert_close(case.map()[:, 0], "w", ON_LATENTS)
        case.assert_close(ws, "ws_trunc", ON_LATENTS)
        case.assert_close(case.generator.synthesize(case.map()), "image_const", ON_PICTURES)
        case.assert_close(case.generator.synthesize(ws), "image_trunc_const", ON_PICTURES)
