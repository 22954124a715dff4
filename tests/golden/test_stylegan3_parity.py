"""StyleGAN3 against numbers from the official code.

``data/stylegan3`` says where the numbers come from.
Tolerances are the largest spread between two orders of the official arithmetic, times a few.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from latent_studio.checkpoints.open import open_checkpoint
from latent_studio.checkpoints.safetensors_file import write_checkpoint
from latent_studio.generators.catalog import build_generator
from latent_studio.generators.input_transform import input_transform
from latent_studio.generators.random_stylegan3 import plan_layers, random_stylegan3

DATA = Path(__file__).parent / "data" / "stylegan3"
HERE = ("r_32",)
#: Networks of the full set of reference data.
ELSEWHERE = ("t_64",)
ON_PICTURES = 1e-4
ON_LATENTS = 1e-5


class Case:
    """One network and what the official code makes of it."""

    def __init__(self, folder):
        self.checkpoint = open_checkpoint(folder / "network.pkl")
        self.generator = build_generator(self.checkpoint)
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


@pytest.fixture(scope="module", params=(*HERE, *ELSEWHERE))
def case(request):
    if request.param in HERE:
        return Case(DATA / request.param)
    return Case(request.getfixturevalue("golden_dir") / "stylegan3" / request.param)


@pytest.fixture(autouse=True)
def no_autograd():
    with torch.inference_mode():
        yield


def test_w_is_the_official_one(case):
    ws = case.map()

    assert ws.shape[1] == case.generator.spec.num_ws == int(case.arrays["num_ws"])
    case.assert_close(ws[:, 0], "w", ON_LATENTS)
    assert torch.equal(ws, ws[:, :1].expand_as(ws))
    case.assert_close(
        case.map(truncation_psi=case.psi, truncation_cutoff=case.cutoff), "ws_trunc", ON_LATENTS
    )


def test_pictures_are_the_official_ones(case):
    picture = case.generator.synthesize(case.map())

    case.assert_close(picture, "image_const", ON_PICTURES)


def test_truncated_pictures_are_the_official_ones_to_the_byte(case):
    ws = case.map(truncation_psi=case.psi, truncation_cutoff=case.cutoff)
    picture = case.generator.synthesize(ws)

    case.assert_close(picture, "image_trunc_const", ON_PICTURES)
    pixels = (picture * 127.5 + 128).clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).numpy()
    wanted = case.arrays["image_u8_trunc_const"]
    difference = np.abs(pixels[: len(wanted)].astype(int) - wanted)
    assert difference.max() <= 1
    assert (difference > 0).mean() < 0.005


def test_moved_pictures_are_the_official_ones(case):
    names = [name for name in case.arrays if name.startswith("transform") and name.endswith("_image")]
    if not names:
        pytest.skip("no moved pictures were made with this network")
    ws = case.map()[:1]
    for name in names:
        stem = name.removesuffix("_image")
        x, y = case.arrays[f"{stem}_translate"]
        angle = float(case.arrays[f"{stem}_rotate_deg"])

        matrix = input_transform(translate_x=float(x), translate_y=float(y), rotate_degrees=angle)

        np.testing.assert_allclose(matrix.numpy(), case.arrays[f"{stem}_matrix"], atol=1e-12)
        moved = case.generator.with_input_transform(matrix)
        case.assert_close(moved.synthesize(ws), name, ON_PICTURES)


def test_layers_give_what_the_official_layers_give(case):
    names = [name for name in case.arrays if name.startswith("layer_") and name != "layer_names"]
    if not names:
        pytest.skip("nothing between the layers was kept of this network")
    ws, features, found = case.map()[:1], None, {}
    for stage in case.generator.stages:
        features = stage.run(features, None, ws, ())
        layer = getattr(stage, "layer", None)
        found["layer_input" if layer is None else f"layer_{layer.weights.name}"] = features.x
    for name in names:
        case.assert_close(found[name], name, ON_PICTURES)


def test_a_made_up_network_has_the_official_layers_and_filters():
    official = open_checkpoint(DATA / "r_32" / "network.pkl").tensors
    plan = plan_layers(32, channel_base=640, channel_max=32)

    made = random_stylegan3(32, radial=True, plan=plan, z_dim=32, w_dim=40).tensors

    assert {n: t.shape for n, t in made.items()} == {n: t.shape for n, t in official.items()}
    for name in [name for name in made if name.endswith("_filter")]:
        torch.testing.assert_close(made[name], official[name], atol=1e-6, rtol=0)


def test_a_safetensors_copy_renders_the_same_bits(case, tmp_path):
    write_checkpoint(case.checkpoint, tmp_path / "copy.safetensors")

    again = open_checkpoint(tmp_path / "copy.safetensors")

    assert again.family == "stylegan3"
    assert dict(again.options) == dict(case.checkpoint.options)
    assert set(again.tensors) == set(case.checkpoint.tensors)
    ws = case.map()[:1]
    assert torch.equal(build_generator(again).synthesize(ws), case.generator.synthesize(ws))
