"""Formats: chosen by name or suffix, each written and read back by another program."""

from __future__ import annotations

import errno
import json
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from PIL import Image

from latent_studio.core.errors import ExportError, ImageError, OptionError
from latent_studio.exporters import video
from latent_studio.exporters.film_settings import FilmSettings
from latent_studio.exporters.formats import (
    FORMAT_IDS,
    FORMATS,
    Format,
    check_fps,
    choose_format,
    format_by_id,
    make_exporter,
)
from latent_studio.exporters.recipe_text import read_recipe

if TYPE_CHECKING:
    from numpy.typing import NDArray

RECIPE = json.dumps({"program": "Latent Studio", "text": 'ä <&> "quoted"', "seed": 3})
FILMS = [one for one in FORMATS if not one.is_folder and one.id != "sheet"]


def clip(count: int = 6, *, width: int = 40, height: int = 24, channels: int = 3) -> list[NDArray[np.uint8]]:
    """A soft square that wanders over a gradient."""
    y, x = np.mgrid[:height, :width].astype(float)
    found = []
    for index in range(count):
        spot = 120 * np.exp(-((x - 4 - index * 5) ** 2 + (y - height / 2) ** 2) / 40)
        picture = np.stack([x * 3 + spot, y * 4 + 40, 200 - x * 2], axis=2)
        picture = np.concatenate([picture, np.full_like(picture[..., :1], 255)], axis=2)
        found.append(np.clip(picture[..., :channels], 0, 255).astype(np.uint8))
    return found


def write(
    folder: Path,
    format: Format,
    frames: list[NDArray[np.uint8]],
    *,
    settings: FilmSettings | None = None,
    fps: float = 25,
    loop: int = 0,
    recipe: str = RECIPE,
) -> Path:
    path = folder / f"film{format.suffix}"
    exporter = make_exporter(format, settings or FilmSettings())
    size = (frames[0].shape[1], frames[0].shape[0])
    exporter.open(path, size=size, fps=fps, loop=loop, recipe=recipe)
    for frame in frames:
        exporter.add(frame)
    exporter.close()
    return path


def read(path: Path) -> list[np.ndarray]:
    """Frames as RGB, by a decoder that is not ours."""
    if path.suffix in (".mp4", ".webm"):
        with av.open(str(path)) as container:
            return [frame.to_ndarray(format="rgb24").astype(int) for frame in container.decode(video=0)]
    with Image.open(path) as image:
        found = []
        for index in range(getattr(image, "n_frames", 1)):
            image.seek(index)
            found.append(np.asarray(image.convert("RGB")).astype(int))
        return found


@pytest.mark.parametrize("format", FILMS, ids=lambda one: one.id)
@pytest.mark.parametrize("quality", ["fast", "best"])
def test_every_film_comes_back_frame_by_frame(tmp_path: Path, format: Format, quality: str) -> None:
    frames = clip()
    path = write(tmp_path, format, frames, settings=FilmSettings(quality=quality))  # type: ignore[arg-type]
    back = read(path)
    assert len(back) == len(frames)
    for frame, found in zip(frames, back, strict=True):
        assert found.shape == frame.shape
        assert np.abs(found - frame).mean() < 6
    assert [item.name for item in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("format", FORMATS, ids=lambda one: one.id)
def test_the_recipe_is_inside_every_format(tmp_path: Path, format: Format) -> None:
    assert read_recipe(write(tmp_path, format, clip())) == RECIPE


@pytest.mark.parametrize("format", FORMATS, ids=lambda one: one.id)
def test_a_long_recipe_is_kept_whole(tmp_path: Path, format: Format) -> None:
    recipe = json.dumps({"values": "0123456789" * 20_000})
    assert read_recipe(write(tmp_path, format, clip(2), recipe=recipe)) == recipe


@pytest.mark.parametrize("format", FILMS, ids=lambda one: one.id)
def test_same_frames_give_the_same_bytes(tmp_path: Path, format: Format) -> None:
    files = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        files.append(write(tmp_path / name, format, clip()).read_bytes())
    assert files[0] == files[1]


@pytest.mark.parametrize("format", FILMS, ids=lambda one: one.id)
@pytest.mark.parametrize("channels", [1, 4])
def test_grey_and_transparent_frames_are_taken(tmp_path: Path, format: Format, channels: int) -> None:
    frames = clip(3, channels=channels)
    back = read(write(tmp_path, format, frames))
    expected = np.repeat(frames[1], 3, axis=2) if channels == 1 else frames[1][..., :3]
    assert np.abs(back[1] - expected).mean() < 6


@pytest.mark.parametrize("id", ["mp4", "webm"])
def test_odd_sides_are_padded_and_not_cut(tmp_path: Path, id: str) -> None:
    back = read(write(tmp_path, format_by_id(id), clip(2, width=41, height=23)))
    assert back[0].shape == (24, 42, 3)
    assert np.abs(back[0][:23, :41] - clip(1, width=41, height=23)[0]).mean() < 6


@pytest.mark.parametrize("id", ["webp", "apng", "gif"])
def test_odd_sides_stay_odd_where_the_format_can(tmp_path: Path, id: str) -> None:
    assert read(write(tmp_path, format_by_id(id), clip(2, width=41, height=23)))[0].shape == (23, 41, 3)


@pytest.mark.parametrize("format", FILMS, ids=lambda one: one.id)
def test_one_frame_is_a_film_too(tmp_path: Path, format: Format) -> None:
    assert len(read(write(tmp_path, format, clip(1)))) == 1


def test_animated_png_is_exact_and_keeps_equal_frames(tmp_path: Path) -> None:
    first, second = clip(2)
    frames = [first, first, second]
    path = write(tmp_path, format_by_id("apng"), frames, fps=10)
    for frame, found in zip(frames, read(path), strict=True):
        np.testing.assert_array_equal(found, frame)
    with Image.open(path) as image:
        assert image.info["duration"] == pytest.approx(100)


def test_lossless_webp_is_exact(tmp_path: Path) -> None:
    frames = clip(3)
    path = write(tmp_path, format_by_id("webp"), frames, settings=FilmSettings(lossless=True))
    for frame, found in zip(frames, read(path), strict=True):
        np.testing.assert_array_equal(found, frame)


@pytest.mark.parametrize("id", ["webp", "apng", "gif"])
@pytest.mark.parametrize("loop", [0, 3])
def test_the_number_of_loops_is_in_the_file(tmp_path: Path, id: str, loop: int) -> None:
    path = write(tmp_path, format_by_id(id), clip(2), loop=loop)
    with Image.open(path) as image:
        # A GIF counts the repeats after the first time.
        assert image.info["loop"] == (loop - 1 if id == "gif" and loop else loop)


@pytest.mark.parametrize(("id", "rate"), [("mp4", 24), ("webm", 12.5), ("mp4", 29.97)])
def test_a_video_plays_at_its_rate(tmp_path: Path, id: str, rate: float) -> None:
    with av.open(str(write(tmp_path, format_by_id(id), clip(8), fps=rate))) as container:
        assert float(container.streams.video[0].average_rate or 0) == pytest.approx(rate, rel=1e-4)


def test_the_index_of_an_mp4_comes_before_its_pictures(tmp_path: Path) -> None:
    data = write(tmp_path, format_by_id("mp4"), clip()).read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")


def test_a_smaller_rate_factor_is_closer_and_larger(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (6, 64, 64, 3), np.uint8)
    sizes = []
    for crf in (10, 40):
        (tmp_path / str(crf)).mkdir()
        path = write(tmp_path / str(crf), format_by_id("mp4"), list(noise), settings=FilmSettings(crf=crf))
        sizes.append(path.stat().st_size)
    assert sizes[0] > 2 * sizes[1]


@pytest.mark.parametrize("id", ["png", "jpg"])
def test_a_sequence_is_a_folder_of_numbered_pictures(tmp_path: Path, id: str) -> None:
    frames = clip(3)
    path = write(tmp_path, format_by_id(id), frames)
    names = sorted(item.name for item in path.iterdir())
    assert names == [f"frame_{index:05d}.{id}" for index in range(3)]
    with Image.open(path / names[2]) as image:
        assert np.abs(np.asarray(image).astype(int) - frames[2]).mean() < 3


def test_a_sequence_leaves_other_files_of_its_folder_alone(tmp_path: Path) -> None:
    folder = tmp_path / "film"
    folder.mkdir()
    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    write(tmp_path, format_by_id("png"), clip(2))
    assert sorted(item.name for item in folder.iterdir()) == [
        "frame_00000.png",
        "frame_00001.png",
        "notes.txt",
    ]
    assert [item.name for item in tmp_path.iterdir()] == ["film"]


def test_a_sheet_shows_the_frames_in_rows(tmp_path: Path) -> None:
    path = write(tmp_path, format_by_id("sheet"), clip(6), settings=FilmSettings(columns=3))
    with Image.open(path) as image:
        assert image.size == (3 * 42 - 2, 2 * 26 - 2)
        np.testing.assert_array_equal(np.asarray(image)[26:50, 42:82], clip(6)[4])


def test_a_sheet_of_a_long_film_shows_frames_from_all_of_it(tmp_path: Path) -> None:
    frames = [np.full((2, 2, 3), index % 256, np.uint8) for index in range(1000)]
    path = write(tmp_path, format_by_id("sheet"), frames)
    with Image.open(path) as image:
        columns = (image.size[0] + 2) // 4
        shown = np.asarray(image)[::4, ::4, 0].ravel()[:334]
    assert columns == 16
    # Every fourth frame of the thousand.
    np.testing.assert_array_equal(shown[:250], np.arange(0, 1000, 4) % 256)


@pytest.mark.parametrize("format", FORMATS, ids=lambda one: one.id)
def test_abort_leaves_no_trace_and_the_old_file(tmp_path: Path, format: Format) -> None:
    old = tmp_path / f"film{format.suffix}"
    if not format.is_folder:
        old.write_bytes(b"old")
    exporter = make_exporter(format, FilmSettings())
    exporter.open(old, size=(40, 24), fps=25, loop=0, recipe="")
    exporter.add(clip()[0])
    exporter.abort()
    exporter.abort()
    assert [item.name for item in tmp_path.iterdir()] == ([] if format.is_folder else [old.name])
    if not format.is_folder:
        assert old.read_bytes() == b"old"


@pytest.mark.parametrize("format", FORMATS, ids=lambda one: one.id)
def test_no_frame_is_no_film(tmp_path: Path, format: Format) -> None:
    exporter = make_exporter(format, FilmSettings())
    exporter.open(tmp_path / f"film{format.suffix}", size=(40, 24), fps=25, loop=0, recipe="")
    with pytest.raises(ExportError, match="no frame"):
        exporter.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("format", FORMATS, ids=lambda one: one.id)
def test_a_frame_of_another_size_is_refused(tmp_path: Path, format: Format) -> None:
    exporter = make_exporter(format, FilmSettings())
    exporter.open(tmp_path / f"film{format.suffix}", size=(40, 24), fps=25, loop=0, recipe="")
    with pytest.raises(ExportError, match="shape"):
        exporter.add(clip(1, width=20)[0])
    exporter.abort()


@pytest.mark.parametrize("format", FORMATS, ids=lambda one: one.id)
def test_a_missing_folder_is_said_at_once(tmp_path: Path, format: Format) -> None:
    exporter = make_exporter(format, FilmSettings())
    with pytest.raises(ExportError, match="no folder"):
        exporter.open(tmp_path / "missing" / f"film{format.suffix}", size=(40, 24), fps=25, loop=0, recipe="")


def test_a_full_disk_is_said_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exporter = make_exporter(format_by_id("mp4"), FilmSettings())
    exporter.open(tmp_path / "film.mp4", size=(40, 24), fps=25, loop=0, recipe="")

    class Full:
        def encode(self, picture: object) -> list[object]:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(exporter._encoder, "_stream", Full())  # type: ignore[attr-defined]
    with pytest.raises(ExportError, match="disk is full"):
        exporter.add(clip()[0])
    exporter.abort()
    assert list(tmp_path.iterdir()) == []


# --- choosing


@pytest.mark.parametrize(
    ("name", "id"),
    [("a.gif", "gif"), ("a.MP4", "mp4"), ("a.webm", "webm"), ("a.png", "apng"), ("frames", "png")],
)
def test_the_suffix_chooses_the_format(name: str, id: str) -> None:
    assert choose_format(Path(name)).id == id


def test_a_format_that_was_chosen_wins_over_the_suffix() -> None:
    assert choose_format(Path("a.png"), "sheet").id == "sheet"
    assert choose_format(Path("frames"), "jpg").id == "jpg"


@pytest.mark.parametrize(
    ("name", "chosen", "words"),
    [("a.avi", None, "must end in"), ("a.gif", "mp4", "must end in .mp4"), ("a.gif", "bmp", "one of mp4")],
)
def test_what_fits_no_format_is_named(name: str, chosen: str | None, words: str) -> None:
    with pytest.raises(OptionError, match=words):
        choose_format(Path(name), chosen)


@pytest.mark.parametrize("id", FORMAT_IDS)
@pytest.mark.parametrize("fps", [0.0, 1000.0, float("nan")])
def test_impossible_rates_are_refused(id: str, fps: float) -> None:
    with pytest.raises(OptionError, match="--fps"):
        check_fps(format_by_id(id), fps)


@pytest.mark.parametrize(("id", "crf"), [("mp4", 52), ("webm", 64), ("mp4", -1)])
def test_impossible_rate_factors_are_refused(id: str, crf: int) -> None:
    with pytest.raises(OptionError, match="--crf"):
        make_exporter(format_by_id(id), FilmSettings(crf=crf))


# --- recipes of files that are not ours


@pytest.mark.parametrize("format", FORMATS, ids=lambda one: one.id)
def test_a_file_without_recipe_has_none(tmp_path: Path, format: Format) -> None:
    assert read_recipe(write(tmp_path, format, clip(2), recipe="")) is None


def test_a_text_file_has_no_recipe(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_text("{}", encoding="utf-8")
    assert read_recipe(path) is None


@pytest.mark.parametrize("format", FILMS, ids=lambda one: one.id)
def test_a_file_cut_anywhere_gives_a_recipe_or_a_sentence(tmp_path: Path, format: Format) -> None:
    data = write(tmp_path, format, clip(3)).read_bytes()
    path = tmp_path / "cut"
    for size in range(0, len(data), max(1, len(data) // 60)):
        path.write_bytes(data[:size])
        try:
            assert read_recipe(path) in (None, RECIPE)
        except ImageError as error:
            assert error.hint


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="could not be read"):
        read_recipe(tmp_path / "gone.gif")


def test_an_encoder_that_is_not_there_is_named_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(video, "_CODECS", {"mp4": "libnope", "webm": "libnope"})
    exporter = make_exporter(format_by_id("mp4"), FilmSettings())
    with pytest.raises(ExportError, match="libnope"):
        exporter.open(tmp_path / "film.mp4", size=(16, 16), fps=24)
    assert list(tmp_path.iterdir()) == []
