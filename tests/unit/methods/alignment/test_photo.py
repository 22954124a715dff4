"""Every kind of picture a user may drop."""

from __future__ import annotations

import io
import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from latent_studio.core.errors import ImageError
from latent_studio.methods.alignment.photo import read_photo, register_heif

if TYPE_CHECKING:
    from pathlib import Path


def saved(image: Image.Image, kind: str, **details: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **details)
    return buffer.getvalue()


def gradient(width: int = 40, height: int = 30) -> Image.Image:
    y, x = np.mgrid[:height, :width]
    return Image.fromarray(np.stack([x * 6, y * 8, x + y], -1).astype(np.uint8))


def test_a_png_comes_back_pixel_by_pixel() -> None:
    photo = read_photo(saved(gradient(), "PNG"), name="a.png")
    assert (photo.pixels == np.asarray(gradient())).all()
    assert (photo.width, photo.height) == (40, 30)
    assert photo.alpha is None
    assert not photo.pixels.flags.writeable


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_is_turned_upright(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    upright = read_photo(saved(gradient(), "PNG", exif=exif), name="a.png")
    assert (upright.width, upright.height) == ((40, 30) if orientation < 5 else (30, 40))
    stored = Image.Exif()
    stored.load(upright.exif)
    assert stored[0x0112] == 1


def test_orientation_six_puts_the_left_column_on_top() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    photo = read_photo(saved(gradient(), "PNG", exif=exif), name="a.png")
    assert (photo.pixels == np.rot90(np.asarray(gradient()), -1)).all()


def test_alpha_is_kept_apart_and_laid_on_white_where_it_is_seen() -> None:
    image = gradient().convert("RGBA")
    image.putalpha(Image.new("L", image.size, 0))
    photo = read_photo(saved(image, "PNG"), name="a.png")
    assert photo.alpha is not None
    assert (photo.flat == 255).all()
    assert (photo.pixels == np.asarray(gradient())).all()


def test_grey_and_palette_become_colour() -> None:
    grey = read_photo(saved(gradient().convert("L"), "PNG"), name="a.png")
    palette = read_photo(saved(gradient().convert("P"), "PNG"), name="a.png")
    assert grey.pixels.shape == palette.pixels.shape == (30, 40, 3)
    assert (grey.pixels[..., 0] == grey.pixels[..., 2]).all()


def test_sixteen_bits_keep_their_brightness() -> None:
    values = np.linspace(0, 65535, 40 * 30).reshape(30, 40).astype(np.uint16)
    photo = read_photo(saved(Image.fromarray(values), "PNG"), name="deep.png")
    assert np.abs(photo.pixels[..., 0].astype(float) - values / 257).max() <= 1
    assert "more than 8 bits" in photo.remarks[0]


def test_colours_for_printing_are_converted() -> None:
    photo = read_photo(saved(gradient().convert("CMYK"), "JPEG"), name="print.jpg")
    assert photo.pixels.shape == (30, 40, 3)
    assert "CMYK" in photo.remarks[0]


def test_of_an_animation_the_first_frame_is_taken() -> None:
    frames = [gradient(), gradient().transpose(Image.Transpose.FLIP_LEFT_RIGHT)]
    data = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    photo = read_photo(data, name="film.gif")
    assert "2 frames" in photo.remarks[0]
    assert photo.pixels.shape == (30, 40, 3)


def test_the_colour_profile_is_kept() -> None:
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert read_photo(saved(gradient(), "PNG", icc_profile=profile), name="a.png").icc_profile == profile


def claiming(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims any size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b""))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(("width", "height"), [(20000, 20000), (200_000, 200_000), (2**31 - 1, 1000)])
def test_a_bomb_is_refused_before_it_is_decoded(width: int, height: int) -> None:
    with pytest.raises(ImageError, match="at most 120 million"):
        read_photo(claiming(width, height), name="bomb.png")


def test_one_pixel_is_too_small() -> None:
    with pytest.raises(ImageError, match="too small"):
        read_photo(saved(Image.new("RGB", (1, 1)), "PNG"), name="dot.png")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_file_cut_short_is_said_to_be(kind: str, share: float) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    data = saved(Image.fromarray(noise), kind)
    with pytest.raises(ImageError):
        read_photo(data[: int(len(data) * share)], name="half")


def test_text_is_no_picture_whatever_it_is_called(tmp_path: Path) -> None:
    path = tmp_path / "letter.jpg"
    path.write_text("Dear reader, " * 100)
    with pytest.raises(ImageError, match=r"letter\.jpg is no picture"):
        read_photo(path)


def test_a_picture_is_read_whatever_it_is_called(tmp_path: Path) -> None:
    path = tmp_path / "photo.txt"
    path.write_bytes(saved(gradient(), "JPEG"))
    assert read_photo(path).width == 40


def test_an_empty_file_is_said_to_be(tmp_path: Path) -> None:
    path = tmp_path / "empty.png"
    path.touch()
    with pytest.raises(ImageError, match="is empty"):
        read_photo(path)


def test_a_photo_that_is_gone_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="not there any more"):
        read_photo(tmp_path / "gone.png")


def test_a_folder_is_no_picture(tmp_path: Path) -> None:
    with pytest.raises(ImageError):
        read_photo(tmp_path)


@pytest.mark.skipif(not register_heif(), reason="needs the optional pillow-heif")
@pytest.mark.parametrize("orientation", [1, 6])
def test_heic_is_read_upright_with_its_notes(tmp_path: Path, orientation: int) -> None:
    upright = np.zeros((64, 96, 3), np.uint8)
    upright[:32, :48], upright[32:, 48:] = (250, 10, 10), (10, 10, 250)
    stored = Image.fromarray(upright if orientation == 1 else np.rot90(upright).copy())
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = orientation, "A camera"
    stored.save(tmp_path / "photo.heic", exif=exif.tobytes(), quality=95)
    photo = read_photo(tmp_path / "photo.heic")
    assert (photo.width, photo.height) == (96, 64)
    assert np.abs(photo.pixels.astype(int) - upright).mean() < 4
    kept = Image.Exif()
    kept.load(photo.exif)
    assert (kept[0x010F], kept[0x0112]) == ("A camera", 1)


@pytest.mark.skipif(register_heif(), reason="HEIC can be read here")
def test_what_heic_needs_is_said() -> None:
    with pytest.raises(ImageError, match="HEIC") as caught:
        read_photo(b"\0\0\0\x18ftypheic" + bytes(100), name="phone.heic")
    assert "pillow-heif" in caught.value.hint
