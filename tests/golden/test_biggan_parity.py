"""BigGAN and BigGAN-deep against numbers from the official code.

``data/biggan`` says where the numbers come from.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from latent_studio.checkpoints.open import open_checkpoint
from latent_studio.checkpoints.safetensors_file import write_checkpoint
from latent_studio.generators.catalog import build_generator
from latent_studio.testing import check_generator

DATA = Path(__file__).parent / "data" / "biggan"
#: Largest spread between two orders of the official arithmetic, times a few.
TOLERANCE = 5e-4


class Case:
    """One network and what the official code makes of it."""

    def __init__(self, folder, file_name):
        self.checkpoint = open_checkpoint(folder / file_name)
        self.generator = build_generator(self.checkpoint)
        with np.load(folder / "expected.npz") as stored:
            self.arrays = dict(stored)

    def assert_picture(self, name, z, c, **truncation):
        with torch.inference_mode():
            got = self.generator.synthesize(self.generator.map(z, c, **truncation)).numpy()
        want = self.arrays[name]
        assert got.shape == want.shape
        assert np.abs(got - want).max() <= TOLERANCE

    def tensor(self, name):
        return torch.from_numpy(self.arrays[name])


def small_original():
    return Case(DATA / "original32", "G_ema.pth")


def small_deep():
    return Case(DATA / "deep16", "pytorch_model.bin")


@pytest.fixture(scope="module", params=["here", "elsewhere"])
def original(request):
    if request.param == "here":
        return small_original()
    return Case(request.getfixturevalue("golden_dir") / "warpedganspace" / "biggan64_small", "G_ema.pth")


@pytest.fixture(scope="module")
def deep():
    return small_deep()


def test_pictures_of_classes_are_the_official_ones(original):
    c = torch.nn.functional.one_hot(original.tensor("y"), original.generator.spec.c_dim).float()

    original.assert_picture("image", original.tensor("z"), c)


def test_pictures_of_a_blend_are_the_official_ones(original):
    z = original.tensor("z")
    c = torch.zeros(len(z), original.generator.spec.c_dim)
    c[:, original.tensor("blend_classes")] = original.tensor("blend_weights")

    original.assert_picture("image_blend", z, c)


def test_deep_pictures_of_classes_are_the_official_ones(deep):
    deep.assert_picture("image", deep.tensor("z"), deep.tensor("c"))


def test_deep_pictures_of_a_blend_are_the_official_ones(deep):
    deep.assert_picture("image_blend", deep.tensor("z")[:1], deep.tensor("c_blend"))


def test_truncation_shortens_z_and_takes_the_statistics_made_for_it(deep):
    deep.assert_picture("image_psi04", deep.tensor("z"), deep.tensor("c"), truncation_psi=0.4)


def test_statistics_matter(deep):
    z, c = deep.tensor("z"), deep.tensor("c")

    with pytest.raises(AssertionError):
        deep.assert_picture("image_psi04", 0.4 * z, c)


@pytest.mark.parametrize("read", [small_original, small_deep])
def test_a_safetensors_copy_gives_the_same_bits(read, tmp_path):
    case = read()
    write_checkpoint(case.checkpoint, tmp_path / "copy.safetensors")
    copy = open_checkpoint(tmp_path / "copy.safetensors")

    assert (copy.family, dict(copy.options)) == ("biggan", dict(case.checkpoint.options))
    assert copy.tensors.keys() == case.checkpoint.tensors.keys()
    assert all(torch.equal(copy.tensors[name], case.checkpoint.tensors[name]) for name in copy.tensors)


@pytest.mark.parametrize("read", [small_original, small_deep])
def test_both_kinds_keep_the_protocol(read):
    check_generator(read().generator)


def test_the_kinds_are_recognised_by_their_content(original, deep):
    assert original.checkpoint.provenance.format == "warpedganspace-biggan"
    assert deep.checkpoint.provenance.format == "huggingface-biggan"
    assert original.generator.spec.variant == ""
    assert deep.generator.spec.variant == "deep"
    assert original.generator.spec.z_dim == original.arrays["z"].shape[1]
    assert deep.generator.spec.stage_resolutions == (4, 8, 16)
