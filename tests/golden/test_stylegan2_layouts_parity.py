"""StyleGAN2 files of other programs against the numbers of those programs.

``data/stylegan2_layouts`` says where the numbers come from.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from latent_studio.checkpoints.open import open_checkpoint
from latent_studio.checkpoints.safetensors_file import write_checkpoint
from latent_studio.generators.catalog import build_generator
from latent_studio.testing import check_generator

DATA = Path(__file__).parent / "data" / "stylegan2_layouts"
ON_PICTURES = 1e-4
ON_LATENTS = 1e-5


@dataclass(frozen=True)
class Kind:
    """How one program's reference data are to be read."""

    file: str
    format: str
    label: str | None = None
    mean: str | None = None
    cutoff: str | None = None
    picture: str = "image"
    truncated: str = "image_trunc"
    blue_first: bool = False
    tolerance: float = ON_PICTURES


ROSINALITY = Kind("checkpoint.pt", "rosinality", mean="latent_avg")
MMGENERATION = Kind("checkpoint.pth", "mmgeneration", mean="truncation_latent", blue_first=True)
GENFORCE = Kind("checkpoint.pth", "genforce", label="label", cutoff="trunc_layers")
TENSORFLOW = Kind(
    "network.pkl",
    "tensorflow-pickle",
    label="c",
    mean="w_avg",
    cutoff="cutoff",
    picture="image_const",
    truncated="image_trunc_const",
)
CASES = {
    "rosinality_16_training": ROSINALITY,
    "mmgeneration_32": MMGENERATION,
    "genforce_16_label": GENFORCE,
    "tensorflow_16_label": TENSORFLOW,
}
FULL_SET = (
    ("rosinality", "*", ROSINALITY),
    ("mmgeneration", "stylegan2*", MMGENERATION),
    ("genforce_sefa", "stylegan2*", GENFORCE),
    ("legacy_tf", "*", TENSORFLOW),
)


class Case:
    """One network and what its own program makes of it."""

    def __init__(self, folder, kind):
        self.kind = kind
        self.checkpoint = open_checkpoint(folder / kind.file)
        with np.load(folder / "expected.npz") as arrays:
            self.arrays = dict(arrays)
        checkpoint = self.checkpoint
        if kind.mean is not None:
            # Training files do not store it, and the numbers were made with a mean of their own.
            mean = self.tensor(kind.mean).reshape(-1)
            checkpoint = replace(checkpoint, tensors={**checkpoint.tensors, "mapping.w_avg": mean})
        self.generator = build_generator(checkpoint)

    def tensor(self, name):
        return torch.from_numpy(self.arrays[name])

    def map(self, **truncation):
        label = None if self.kind.label not in self.arrays else self.tensor(self.kind.label)
        return self.generator.map(self.tensor("z"), label, **truncation)

    def truncated(self):
        cutoff = None if self.kind.cutoff is None else int(self.arrays[self.kind.cutoff])
        return self.map(truncation_psi=float(self.arrays["psi"]), truncation_cutoff=cutoff)

    def assert_picture(self, got, name):
        want = self.tensor(name)
        if self.kind.blue_first:
            want = want.flip(1)
        assert got[: len(want)].shape == want.shape
        assert float((got[: len(want)] - want).abs().max()) <= self.kind.tolerance


@pytest.fixture(scope="module", params=CASES)
def case(request):
    return Case(DATA / request.param, CASES[request.param])


def test_the_format_is_recognised(case):
    assert case.checkpoint.provenance.format == case.kind.format
    assert case.checkpoint.family == "stylegan2"


def test_latents_are_those_of_the_program(case):
    assert float((case.map()[:, 0] - case.tensor("w")).abs().max()) <= ON_LATENTS


def test_pictures_are_those_of_the_program(case):
    case.assert_picture(case.generator.synthesize(case.map()), case.kind.picture)
    case.assert_picture(case.generator.synthesize(case.truncated()), case.kind.truncated)


def test_given_rows_and_given_noise_make_the_pictures_of_the_program():
    case = Case(DATA / "rosinality_16_training", ROSINALITY)
    noise = tuple(case.tensor(f"noise_{index}") for index in range(5))

    case.assert_picture(case.generator.synthesize(case.tensor("wplus")), "wplus_image")
    case.assert_picture(case.generator.synthesize(case.map(), noise=noise), "image_custom_noise")


def test_a_network_without_noise_makes_the_picture_of_the_program():
    case = Case(DATA / "tensorflow_16_label", TENSORFLOW)

    case.assert_picture(case.generator.synthesize(case.map(), noise_mode="none"), "image_none")


def test_the_generator_keeps_the_protocol(case):
    check_generator(case.generator)


def test_a_safetensors_copy_is_the_same_to_the_bit(case, tmp_path):
    write_checkpoint(case.checkpoint, tmp_path / "copy.safetensors")
    again = open_checkpoint(tmp_path / "copy.safetensors")

    assert dict(again.options) == dict(case.checkpoint.options)
    assert again.tensors.keys() == case.checkpoint.tensors.keys()
    for name, tensor in case.checkpoint.tensors.items():
        assert tensor.dtype == again.tensors[name].dtype
        assert torch.equal(tensor, again.tensors[name])


def test_no_two_tensors_share_memory(case):
    tensors = case.checkpoint.tensors.values()

    assert len({tensor.untyped_storage().data_ptr() for tensor in tensors}) == len(tensors)
    assert all(tensor.is_contiguous() for tensor in tensors)


def test_the_full_set_agrees_too(golden_dir):
    """Every case of the full reference set; not in the repository."""
    seen = 0
    for place, pattern, kind in FULL_SET:
        for folder in sorted(path.parent for path in (golden_dir / place).glob(f"{pattern}/{kind.file}")):
            # The large one adds up eight times as many products.
            tolerance = 5e-4 if folder.name.startswith("full_width") else ON_PICTURES
            case = Case(folder, replace(kind, tolerance=tolerance))
            assert float((case.map()[:, 0] - case.tensor("w")).abs().max()) <= ON_LATENTS
            case.assert_picture(case.generator.synthesize(case.map()), kind.picture)
            case.assert_picture(case.generator.synthesize(case.truncated()), kind.truncated)
            seen += 1
    assert seen >= 8
