from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from latent_studio.app.probes.stored_picture import (
    TOLERANCE,
    StoredPicture,
    block_means,
    read_stored_picture,
    write_stored_picture,
)
from latent_studio.core.errors import CorruptFileError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(256, size=(32, 16, 3), dtype=np.uint8)


def stored(pixels: np.ndarray) -> StoredPicture:
    return StoredPicture("abc", 7, 0.7, block_means(pixels))


def test_a_block_is_the_mean_of_its_pixels(pixels: np.ndarray) -> None:
    means = block_means(pixels)

    assert means.shape == (4, 2, 3)
    assert means[2, 1, 0] == pytest.approx(pixels[16:24, 8:16, 0].mean())


def test_a_picture_smaller_than_a_block_is_one_block() -> None:
    assert block_means(np.full((4, 4, 1), 9, dtype=np.uint8)).tolist() == [[[9.0]]]


def test_it_survives_the_file(tmp_path: Path, pixels: np.ndarray) -> None:
    write_stored_picture(stored(pixels), tmp_path / "selftest.json")
    again = read_stored_picture(tmp_path / "selftest.json")

    assert (again.model_sha256, again.seed, again.truncation_psi) == ("abc", 7, 0.7)
    # Means are kept to a tenth.
    assert again.largest_difference(pixels) == pytest.approx(0, abs=0.051)


def test_one_wrong_block_is_seen(pixels: np.ndarray) -> None:
    picture = stored(pixels)
    wrong = pixels.copy()
    wrong[8:16, 0:8] = 255 - wrong[8:16, 0:8] // 2

    difference = picture.largest_difference(wrong)

    assert difference is not None
    assert difference > TOLERANCE


def test_rounding_of_every_pixel_by_one_level_is_fine(pixels: np.ndarray) -> None:
    other = np.where(pixels < 255, pixels + 1, pixels).astype(np.uint8)

    difference = stored(pixels).largest_difference(other)

    assert difference is not None
    assert 0 < difference < TOLERANCE


def test_pictures_of_other_sizes_have_no_difference(pixels: np.ndarray) -> None:
    assert stored(pixels).largest_difference(pixels[:16]) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"seed": 1}',
        '{"model_sha256": "a", "seed": 1, "truncation_psi": 1, "means": [1, 2]}',
        '{"model_sha256": "a", "seed": 1, "truncation_psi": 1, "means": [[[NaN]]]}',
        '{"model_sha256": "a", "seed": null, "truncation_psi": 1, "means": [[[1]]]}',
    ],
)
def test_a_damaged_file_is_refused_in_words(tmp_path: Path, text: str) -> None:
    path = tmp_path / "selftest.json"
    path.write_text(text)

    with pytest.raises(CorruptFileError, match=r"selftest\.json"):
        read_stored_picture(path)
