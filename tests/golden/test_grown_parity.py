"""StyleGAN and ProgGAN against numbers from the programs their files come from.

``data/stylegan`` and ``data/proggan`` say where the numbers come from. Tolerances are the largest spread
between two orders of the same arithmetic, times a few.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from latent_studio.checkpoints.open import open_checkpoint
from latent_studio.checkpoints.safetensors_file import write_checkpoint
from latent_studio.generators.catalog import build_generator
from latent_studio.methods.sefa import find_sefa_directions
from latent_studio.testing import check_generator

DATA = Path(__file__).parent / "data"
#: File, family, format, how many levels of detail were rendered.
HERE = {
    "stylegan/interfacegan_32/generator.pth": ("stylegan", "interfacegan-stylegan", 2),
    "proggan/interfacegan_32/generator.pth": ("proggan", "interfacegan-proggan", 2),
}
#: Networks of the full set of reference data.
ELSEWHERE = {
    "genforce_sefa/stylegan_32/checkpoint.pth": ("stylegan", "genforce-stylegan", 3),
    "genforce_sefa/stylegan_128_autofused/checkpoint.pth": ("stylegan", "genforce-stylegan", 0),
    "genforce_sefa/pggan_32/checkpoint.pth": ("proggan", "genforce-proggan", 3),
    "interfacegan_models/stylegan_128_autofused_reduced_width/generator.pth": (
        "stylegan",
        "interfacegan-stylegan",
        0,
    ),
    "warpedganspace/proggan_reduced_width64/generator.pth": ("proggan", "warpedganspace-proggan", 0),
}
ON_PICTURES = 1e-4
ON_LATENTS = 1e-5


class Case:
    """One network and what its own program makes of it."""

    def __init__(self, path, family, file_format, levels):
        self.checkpoint = open_checkpoint(path)
        self.generator = build_generator(self.checkpoint)
        with np.load(path.parent / "expected.npz") as arrays:
            self.arrays = dict(arrays)
        self.family, self.format, self.levels = family, file_format, levels
        self.z = self.tensor("z")

    def tensor(self, name):
        return torch.from_numpy(self.arrays[name])

    def truncated(self):
        """The ws of the truncated pictures, where there are any; InterFaceGAN always truncates."""
        if "psi" not in self.arrays:
            return self.generator.map(self.z)
        psi, cutoff = float(self.arrays["psi"]), int(self.arrays["trunc_layers"])
        return self.generator.map(self.z, truncation_psi=psi, truncation_cutoff=cutoff)

    def assert_close(self, got, name, tolerance=ON_PICTURES):
        want = self.tensor(name)
        assert got.shape == want.shape
        assert float((got - want).abs().max()) <= tolerance


@pytest.fixture(scope="module", params=(*HERE, *ELSEWHERE))
def case(request):
    if request.param in HERE:
        return Case(DATA / request.param, *HERE[request.param])
    return Case(request.getfixturevalue("golden_dir") / request.param, *ELSEWHERE[request.param])


def test_the_file_is_known_for_what_it_is(case):
    assert case.checkpoint.family == case.generator.spec.family == case.family
    assert case.checkpoint.provenance.format == case.format


def test_the_generator_keeps_the_protocol(case):
    check_generator(case.generator)


def test_latents_are_those_of_the_program(case):
    ws = case.generator.map(case.z)

    if "w" in case.arrays:
        case.assert_close(ws[:, 0], "w", ON_LATENTS)
        case.assert_close(case.truncated(), "wp_trunc" if "wp_trunc" in case.arrays else "wp", ON_LATENTS)
    else:
        name = "code_pixelnorm" if "code_pixelnorm" in case.arrays else "z"
        wanted = case.tensor(name)
        wanted = wanted / wanted.square().mean(dim=1, keepdim=True).sqrt()
        assert ws.shape == (len(wanted), 1, wanted.shape[1])
        assert float((ws[:, 0] - wanted).abs().max()) <= ON_LATENTS


def test_pictures_are_those_of_the_program(case):
    name = "image_trunc" if "image_trunc" in case.arrays else "image"

    case.assert_close(case.generator.synthesize(case.truncated()), name)
    if "wp_plain" in case.arrays:
        case.assert_close(case.generator.synthesize(case.generator.map(case.z)), "image")


def test_pictures_in_eight_bits_are_those_of_the_program(case):
    name = next((name for name in ("image_trunc_u8", "image_u8") if name in case.arrays), None)
    if name is None:
        pytest.skip("this program's bytes were not kept")
    picture = case.generator.synthesize(case.truncated())

    pixels = ((picture + 1) * 127.5 + 0.5).clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1)

    difference = (pixels.int() - case.tensor(name).int()).abs()
    assert int(difference.max()) <= 1
    assert float((difference > 0).float().mean()) < 0.005


def test_levels_of_detail_are_those_of_the_program(case):
    names = [name for name in case.arrays if "_lod" in name]
    assert len(names) == case.levels
    for name in names:
        lod = float(name.rpartition("_lod")[2].replace("p", "."))
        case.assert_close(case.generator.with_lod(lod).synthesize(case.truncated()), name)


def test_edited_pictures_are_those_of_the_program(case):
    if "edit_image" not in case.arrays:
        pytest.skip("no edit was made with this program")
    if "edit_wp" in case.arrays:
        ws, edited = case.truncated()[:1].clone(), case.tensor("edit_wp")
    else:
        ws, edited = case.generator.map(case.z)[:1].clone(), case.tensor("edit_code")[:, None]
    rows = case.tensor("edit_layers") if case.family == "stylegan" else torch.tensor([0])
    ws[:, rows] += float(case.arrays["edit_distance"]) * case.tensor("edit_direction")

    assert float((ws - edited).abs().max()) <= ON_LATENTS
    case.assert_close(case.generator.synthesize(ws), "edit_image")


def test_a_shift_in_z_gives_the_programs_picture(case):
    if "shift" not in case.arrays:
        pytest.skip("no shift was made with this program")
    ws = case.generator.map(case.z + case.tensor("shift"))

    case.assert_close(case.generator.synthesize(ws), "image_shifted")


def test_sefa_directions_are_those_of_the_program(case):
    selections = sorted(name[5:-14] for name in case.arrays if name.endswith("_values_sorted"))
    if not selections:
        pytest.skip("no directions were found with this program")
    for selection in selections:
        values = case.arrays[f"sefa_{selection}_values_sorted"]
        vectors = case.arrays[f"sefa_{selection}_vectors_sorted"]
        rows = tuple(int(row) for row in case.arrays[f"sefa_{selection}_layers"])
        layers = None if selection == "all" else rows
        found = find_sefa_directions(case.generator, model_sha256="", layers=layers, count=None)
        eigenvalues = [float(direction.info.details["eigenvalue"]) for direction in found]
        np.testing.assert_allclose(eigenvalues, values, rtol=1e-4, atol=1e-4)
        for k, direction in enumerate(found):
            gaps = [abs(values[n] - values[k]) for n in (k - 1, k + 1) if 0 <= n < len(values)]
            expected = 0.999 if min(gaps) < 0.01 * values[k] else 0.9999
            assert abs(float(direction.vector @ vectors[k])) >= expected, (selection, k)


def test_a_safetensors_copy_renders_the_same_bits(case, tmp_path):
    write_checkpoint(case.checkpoint, tmp_path / "copy.safetensors")

    again = open_checkpoint(tmp_path / "copy.safetensors")

    assert again.family == case.family
    assert dict(again.options) == dict(case.checkpoint.options)
    assert set(again.tensors) == set(case.checkpoint.tensors)
    ws = case.generator.map(case.z)
    assert torch.equal(build_generator(again).synthesize(ws), case.generator.synthesize(ws))
