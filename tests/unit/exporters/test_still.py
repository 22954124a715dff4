"""Single pictures and contact sheets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from latent_studio.core.errors import ExportError
from latent_studio.exporters.pixels import resized, without_alpha
from latent_studio.exporters.still import RECIPE_KEY, ContactSheet, save_jpeg, save_png, save_still


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_png_comes_back_exactly_with_its_recipe(tmp_path: Path, channels: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (9, 7, channels), dtype=np.uint8)
    save_png(tmp_path / "a.png", pixels, '{"seed": 7}')
    with Image.open(tmp_path / "a.png") as image:
        np.testing.assert_array_equal(np.asarray(image).reshape(pixels.shape), pixels)
        assert image.info[RECIPE_KEY] == '{"seed": 7}'


def test_same_picture_gives_the_same_bytes(tmp_path: Path) -> None:
    pixels = np.full((4, 4, 3), 9, np.uint8)
    for name in ("a.png", "b.png"):
        save_png(tmp_path / name, pixels, "{}")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_jpeg_lays_alpha_on_white_and_keeps_the_recipe(tmp_path: Path) -> None:
    pixels = np.zeros((16, 16, 4), np.uint8)
    save_jpeg(tmp_path / "a.jpg", pixels, "{}")
    with Image.open(tmp_path / "a.jpg") as image:
        assert np.asarray(image).min() > 250
        assert image.info["comment"] == b"{}"


@pytest.mark.parametrize(("format", "kind"), [("png", "PNG"), ("jpg", "JPEG")])
def test_save_still_writes_the_format_asked_for(tmp_path: Path, format: str, kind: str) -> None:
    save_still(tmp_path / "a", np.zeros((4, 4, 1), np.uint8), format=format)  # type: ignore[arg-type]
    with Image.open(tmp_path / "a") as image:
        assert image.format == kind


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "a.png.part").symlink_to("/dev/full")
    with pytest.raises(ExportError, match="disk is full"):
        save_png(tmp_path / "a.png", np.zeros((4, 4, 3), np.uint8))
    assert list(tmp_path.iterdir()) == []


def test_sheet_fills_row_by_row() -> None:
    sheet = ContactSheet(3, size=(4, 4))
    for level in (10, 20, 30):
        sheet.add(np.full((4, 4, 3), level, np.uint8))
    assert sheet.pixels.shape == (10, 10, 3)
    assert [int(sheet.pixels[y, x, 0]) for y, x in ((0, 0), (0, 6), (6, 0), (6, 6))] == [10, 20, 30, 255]


def test_sheet_keeps_its_columns_and_its_channels() -> None:
    sheet = ContactSheet(2, size=(4, 4), columns=1)
    sheet.add(np.zeros((4, 4, 1), np.uint8))
    assert sheet.pixels.shape == (10, 4, 1)


def test_a_sheet_of_very_many_large_pictures_stays_small() -> None:
    sheet = ContactSheet(100_000, size=(1024, 1024))
    sheet.add(np.zeros((1024, 1024, 3), np.uint8))
    assert max(sheet.pixels.shape) <= 8192


def test_alpha_is_laid_on_white_in_between_too() -> None:
    pixels = np.array([[[100, 0, 255, 128]]], np.uint8)
    np.testing.assert_array_equal(without_alpha(pixels), [[[177, 127, 255]]])


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_resizing_keeps_flat_colours(channels: int) -> None:
    pixels = np.full((8, 8, channels), 77, np.uint8)
    assert resized(pixels, 8, 8) is pixels
    # Pillow weighs colours by their alpha, which costs RGBA a level.
    np.testing.assert_allclose(resized(pixels, 5, 12), np.full((12, 5, channels), 77), atol=1)
