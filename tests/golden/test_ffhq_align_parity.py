"""Our crops against those of FFHQ's own program; a held-out half lies beside the repository."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from latent_studio.methods.alignment.crop import AlignedCrop, align, face_quad
from latent_studio.methods.alignment.faces import FaceMarks
from latent_studio.methods.alignment.photo import read_photo

DATA = Path(__file__).parent / "data" / "ffhq_align"
RUNS = (
    "set0_o64_t256_p1", "set1_o256_t1024_p1", "set2_o256_t1024_p1", "set3_o64_t256_p1",
    "set3_o256_t1024_p0", "set4_o256_t1024_p1", "set5_o256_t1024_p1",
)  # fmt: skip


@pytest.fixture(scope="module")
def expected() -> dict[str, np.ndarray]:
    with np.load(DATA / "texture_640x480_expected.npz") as file:
        return dict(file)


def crop_of(run: str, expected: dict[str, np.ndarray]) -> AlignedCrop:
    index, output, transform, padding = (part.lstrip("setop") for part in run.split("_"))
    photo = read_photo(DATA / "texture_640x480.png")
    quad = face_quad(FaceMarks.from_landmarks(expected[f"landmarks_{index}"]))
    return align(photo, quad, output_size=int(output), transform_size=int(transform), padding=padding == "1")


@pytest.mark.parametrize("run", RUNS)
def test_the_geometry_and_every_decision_are_ffhqs(run: str, expected: dict[str, np.ndarray]) -> None:
    crop = crop_of(run, expected)
    assert np.abs(crop.quad.array - expected[f"{run}_quad0"]).max() < 1e-6
    assert np.abs(crop.steps.quad - expected[f"{run}_quad_final"]).max() < 1e-6
    assert crop.quad.side == pytest.approx(float(expected[f"{run}_qsize0"]), abs=1e-6)
    assert crop.steps.crop == tuple(expected[f"{run}_crop"])
    assert crop.steps.pad == tuple(expected[f"{run}_pad"])
    assert crop.steps.did_pad == expected[f"{run}_did_pad"]
    assert crop.steps.shrink == expected[f"{run}_shrink"]
    assert crop.steps.border == expected[f"{run}_border"]


@pytest.mark.parametrize("run", ["set0_o64_t256_p1", "set3_o64_t256_p1", "set4_o256_t1024_p1"])
def test_the_pixels_are_ffhqs(run: str, expected: dict[str, np.ndarray]) -> None:
    difference = np.abs(crop_of(run, expected).pixels.astype(int) - expected[f"{run}_image"])
    assert difference.mean() <= 0.5
    assert difference.max() <= 4
