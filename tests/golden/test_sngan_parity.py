"""SNGAN against numbers from the official code.

``data/sngan`` says where the numbers come from.
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

DATA = Path(__file__).parent / "data" / "sngan"
HERE = ("mnist32_small",)
#: Networks of the full set of reference data.
ELSEWHERE = ("animefaces64_small",)
#: Largest spread between two orders of the official arithmetic, times a few.
TOLERANCE = 1e-4


@pytest.fixture(scope="module", params=(*HERE, *ELSEWHERE))
def folder(request):
    if request.param in HERE:
        return DATA / request.param
    return request.getfixturevalue("golden_dir") / "warpedganspace" / f"sngan_{request.param}"


@pytest.fixture(scope="module")
def checkpoint(folder):
    return open_checkpoint(folder / "generator.pt")


@pytest.fixture(scope="module")
def arrays(folder):
    with np.load(folder / "expected.npz") as stored:
        return dict(stored)


def pictures(generator, z):
    with torch.inference_mode():
        return generator.synthesize(generator.map(torch.from_numpy(z))).numpy()


def test_pictures_are_the_official_ones(checkpoint, arrays):
    got = pictures(build_generator(checkpoint), arrays["z"])

    assert got.shape == arrays["image"].shape
    assert np.abs(got - arrays["image"]).max() <= TOLERANCE


def test_shifted_pictures_are_the_official_ones(checkpoint, arrays):
    got = pictures(build_generator(checkpoint), arrays["z"] + arrays["shift"])

    assert np.abs(got - arrays["image_shifted"]).max() <= TOLERANCE


def test_it_is_recognised_by_its_content(checkpoint, arrays):
    generator = build_generator(checkpoint)

    assert checkpoint.family == "sngan"
    assert checkpoint.provenance.format == "warpedganspace-sngan"
    assert checkpoint.provenance.notes == ()
    assert generator.spec.z_dim == arrays["z"].shape[1]
    assert (generator.spec.channels, generator.spec.resolution) == arrays["image"].shape[1:3]


def test_it_keeps_the_protocol(checkpoint):
    check_generator(build_generator(checkpoint))


def test_a_safetensors_copy_gives_the_same_bits(checkpoint, arrays, tmp_path):
    write_checkpoint(checkpoint, tmp_path / "copy.safetensors")
    copy = open_checkpoint(tmp_path / "copy.safetensors")

    assert (copy.family, dict(copy.options)) == (checkpoint.family, dict(checkpoint.options))
    got = pictures(build_generator(copy), arrays["z"])
    assert np.array_equal(got, pictures(build_generator(checkpoint), arrays["z"]))
