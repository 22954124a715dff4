"""GIF files as another program reads them."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from latent_studio.core.errors import ExportError, OptionError
from latent_studio.exporters.gif import GifExporter, delay_cs
from latent_studio.exporters.protocol import Exporter, aborting

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from latent_studio.exporters.film_settings import FilmQuality


def gradient(shift: float = 0.0, *, width: int = 40, height: int = 24) -> NDArray[np.uint8]:
    """A smooth colour picture that moves with ``shift``."""
    y, x = np.mgrid[:height, :width]
    channels = (x * 4 + shift * 40, y * 6 + 30, 200 - x * 2 - shift * 30)
    return np.clip(np.stack(channels, axis=2), 0, 255).astype(np.uint8)


def noise_picture(seed: int) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 200, (24, 40, 3), np.uint8)


def cloud(place: float) -> NDArray[np.uint8]:
    """Many colours that wander, with grain, so that no palette is exact."""
    y, x = np.mgrid[:96, :96] / 15
    grain = np.random.default_rng(3).normal(0, 4, (96, 96, 3))
    waves = [
        np.sin(x + 2 * place) + np.cos(y),
        np.sin(y - place * 3) * np.cos(x),
        np.cos(x * 0.7 + y + place),
    ]
    return np.clip(120 + 50 * np.stack(waves, axis=2) + grain, 0, 255).astype(np.uint8)


def write(
    path: Path,
    frames: Iterable[NDArray[np.uint8]],
    *,
    fps: float = 25,
    loop: int = 0,
    recipe: str = "",
    exporter: GifExporter | None = None,
) -> Path:
    chosen = exporter or GifExporter()
    for index, frame in enumerate(frames):
        if index == 0:
            chosen.open(path, size=(frame.shape[1], frame.shape[0]), fps=fps, loop=loop, recipe=recipe)
        chosen.add(frame)
    chosen.close()
    return path


def read(path: Path) -> tuple[list[np.ndarray], list[int]]:
    """Frames as RGB and delays in milliseconds."""
    frames, delays = [], []
    with Image.open(path) as image:
        for index in range(getattr(image, "n_frames", 1)):
            image.seek(index)
            frames.append(np.asarray(image.convert("RGB")).astype(int))
            delays.append(image.info["duration"])
    return frames, delays


@pytest.mark.parametrize("quality", ["fast", "good", "best"])
def test_frames_come_back_nearly_as_they_were(tmp_path: Path, quality: FilmQuality) -> None:
    frames = [gradient(shift) for shift in np.linspace(0, 1, 7)]
    path = write(tmp_path / "a.gif", frames, exporter=GifExporter(quality=quality))
    read_back, _ = read(path)
    assert len(read_back) == 7
    for frame, back in zip(frames, read_back, strict=True):
        assert np.abs(back - frame).mean() < 6


def test_first_frame_is_the_first_picture(tmp_path: Path) -> None:
    black, white = np.zeros((8, 8, 3), np.uint8), np.full((8, 8, 3), 255, np.uint8)
    frames, _ = read(write(tmp_path / "a.gif", [white, black, white]))
    assert [int(frame.mean()) for frame in frames] == [255, 0, 255]


def test_good_is_smoother_than_fast_when_seen_from_afar(tmp_path: Path) -> None:
    frames = [gradient(shift, width=256, height=256) // 3 + 80 for shift in np.linspace(0, 2, 12)]

    def error(quality: FilmQuality) -> float:
        back, _ = read(write(tmp_path / f"{quality}.gif", frames, exporter=GifExporter(quality=quality)))
        blocks = [
            (a - b).reshape(64, 4, 64, 4, 3).mean(axis=(1, 3)) for a, b in zip(back, frames, strict=True)
        ]
        return float(np.abs(blocks).mean())

    assert error("good") < 0.9 * error("fast")


def test_same_frames_give_the_same_bytes(tmp_path: Path) -> None:
    frames = [gradient(shift) for shift in (0, 0.3, 0.6)]
    once = write(tmp_path / "a.gif", frames, recipe="{}").read_bytes()
    assert write(tmp_path / "b.gif", frames, recipe="{}").read_bytes() == once


@pytest.mark.parametrize("fps", [0.1, 1, 12, 23.976, 24, 25, 30, 33, 40, 50])
def test_delays_add_up_to_the_length_of_the_clip(fps: float) -> None:
    delays = [delay_cs(index, fps=fps) for index in range(240)]
    assert min(delays) >= 2
    assert max(delays) - min(delays) <= 1
    assert abs(sum(delays) - 100 * 240 / fps) <= 0.5


def test_thirty_frames_a_second_last_a_second(tmp_path: Path) -> None:
    _, delays = read(write(tmp_path / "a.gif", [gradient(i / 30) for i in range(30)], fps=30))
    assert sum(delays) == 1000
    assert set(delays) == {30, 40}


@pytest.mark.parametrize("fps", [0, -1, 50.1, 1000, float("nan"), float("inf")])
def test_a_rate_no_viewer_shows_is_refused(tmp_path: Path, fps: float) -> None:
    with pytest.raises(OptionError, match=r"from 0\.1 to 50"):
        GifExporter().open(tmp_path / "a.gif", size=(4, 4), fps=fps)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("loop", "stored"), [(0, 0), (1, None), (2, 1), (10, 9)])
def test_loop_counts_how_often_it_plays(tmp_path: Path, loop: int, stored: int | None) -> None:
    path = write(tmp_path / "a.gif", [gradient(), gradient(1)], loop=loop)
    with Image.open(path) as image:
        assert image.info.get("loop") == stored


@pytest.mark.parametrize("length", [0, 1, 254, 255, 256, 3000])
def test_recipe_is_the_comment(tmp_path: Path, length: int) -> None:
    recipe = json.dumps({"text": "x" * length})
    path = write(tmp_path / "a.gif", [gradient(), gradient(1)], recipe=recipe)
    with Image.open(path) as image:
        assert image.info["comment"].decode() == recipe
        assert image.n_frames == 2  # type: ignore[attr-defined]


def test_grey_frames_keep_every_level(tmp_path: Path) -> None:
    grey = np.arange(256, dtype=np.uint8).reshape(16, 16, 1)
    frames, _ = read(write(tmp_path / "a.gif", [grey, grey[::-1]]))
    np.testing.assert_array_equal(frames[0], np.repeat(grey, 3, axis=2))
    np.testing.assert_array_equal(frames[1], np.repeat(grey[::-1], 3, axis=2))


def test_transparent_frames_are_laid_on_white(tmp_path: Path) -> None:
    frame = np.zeros((4, 4, 4), np.uint8)
    frame[:2, :, 3] = 255
    frames, _ = read(write(tmp_path / "a.gif", [frame]))
    assert frames[0][:2].max() == 0
    assert frames[0][2:].min() == 255


@pytest.mark.parametrize(("width", "height"), [(1, 1), (3, 1), (17, 5), (5, 300)])
def test_any_shape_is_possible(tmp_path: Path, width: int, height: int) -> None:
    frame = gradient(width=width, height=height)
    frames, _ = read(write(tmp_path / "a.gif", [frame, frame]))
    assert frames[0].shape == (height, width, 3)


def test_what_does_not_change_is_not_stored_again(tmp_path: Path) -> None:
    still = noise_picture(0)
    moved = still.copy()
    moved[5:9, 6:12] = 255
    for quality in ("fast", "good", "best"):
        once = write(tmp_path / "a.gif", [still], exporter=GifExporter(quality=quality)).stat().st_size
        exporter = GifExporter(quality=quality)
        path = write(tmp_path / "b.gif", [still, still, moved, still], exporter=exporter)
        assert path.stat().st_size < 1.5 * once + 3 * 900
        frames, _ = read(path)
        assert len(frames) == 4
        np.testing.assert_array_equal(frames[1], frames[0])
        assert np.abs(frames[2][5:9, 6:12] - 255).mean() < 25
        assert np.abs(frames[3] - frames[0]).mean() < 4


def test_best_is_much_closer_than_fast_at_about_its_size(tmp_path: Path) -> None:
    frames = [cloud(index / 11) for index in range(12)]
    found = {}
    for quality in ("fast", "best"):
        path = write(tmp_path / f"{quality}.gif", frames, exporter=GifExporter(quality=quality))
        back, _ = read(path)
        error = np.mean([(one - frame) ** 2.0 for one, frame in zip(back, frames, strict=True)])
        found[quality] = (error, path.stat().st_size)
    assert found["best"][0] < 0.9 * found["fast"][0]
    assert found["best"][1] < 1.2 * found["fast"][1]


def test_scenes_of_other_colours_get_other_palettes(tmp_path: Path) -> None:
    tints = ([1.5, 0.5, 0.5], [0.5, 0.5, 1.5], [0.5, 1.5, 0.5], [1.2, 1.2, 0.2])
    frames = [np.clip(cloud(place) * tint, 0, 255).astype(np.uint8) for tint in tints for place in (0, 0.2)]
    errors = []
    for palette in ("clip", "scene"):
        exporter = GifExporter(quality="fast", palette=palette)  # type: ignore[arg-type]
        back, _ = read(write(tmp_path / "a.gif", frames, exporter=exporter))
        errors.append(np.mean([(one - frame) ** 2.0 for one, frame in zip(back, frames, strict=True)]))
    assert errors[1] < 0.7 * errors[0]


def test_a_sample_lets_frames_go_to_disk_at_once(tmp_path: Path) -> None:
    exporter = GifExporter()
    exporter.open(tmp_path / "a.gif", size=(40, 24), fps=25)
    exporter.use_palette_of([gradient(0), gradient(1)])
    exporter.add(gradient(0))
    assert not exporter._waiting
    exporter.abort()


def test_frames_stop_waiting_when_there_are_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("latent_studio.exporters.gif._LOOKAHEAD_BYTES", 5 * gradient().nbytes)
    exporter = GifExporter()
    exporter.open(tmp_path / "a.gif", size=(40, 24), fps=25)
    for index in range(12):
        exporter.add(gradient(index / 12))
        assert len(exporter._waiting) < 5
    exporter.close()
    frames, _ = read(tmp_path / "a.gif")
    assert len(frames) == 12
    assert np.abs(frames[11] - gradient(11 / 12)).mean() < 6


def test_a_buffer_the_caller_writes_over_does_no_harm(tmp_path: Path) -> None:
    buffer = np.zeros((4, 4, 3), np.uint8)
    exporter = GifExporter()
    exporter.open(tmp_path / "a.gif", size=(4, 4), fps=25)
    for level in (0, 255):
        buffer[:] = level
        exporter.add(buffer)
    exporter.close()
    frames, _ = read(tmp_path / "a.gif")
    assert [int(frame.mean()) for frame in frames] == [0, 255]


def test_only_the_part_file_is_there_until_the_end(tmp_path: Path) -> None:
    exporter = GifExporter()
    exporter.open(tmp_path / "a.gif", size=(40, 24), fps=25)
    exporter.add(gradient())
    assert [path.name for path in tmp_path.iterdir()] == ["a.gif.part"]
    exporter.close()
    assert [path.name for path in tmp_path.iterdir()] == ["a.gif"]


def test_abort_leaves_no_trace_and_keeps_an_older_file(tmp_path: Path) -> None:
    path = tmp_path / "a.gif"
    path.write_bytes(b"older")
    exporter: Exporter = GifExporter()
    exporter.open(path, size=(40, 24), fps=25, loop=0, recipe="")
    exporter.add(gradient())
    exporter.abort()
    exporter.abort()
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.gif"]
    assert path.read_bytes() == b"older"


def test_any_exception_aborts(tmp_path: Path) -> None:
    exporter = GifExporter()
    exporter.open(tmp_path / "a.gif", size=(40, 24), fps=25)
    with pytest.raises(KeyboardInterrupt), aborting(exporter):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_a_clip_without_frames_is_refused(tmp_path: Path) -> None:
    exporter = GifExporter()
    exporter.open(tmp_path / "a.gif", size=(4, 4), fps=25)
    with pytest.raises(ExportError, match="no frame"):
        exporter.close()
    assert list(tmp_path.iterdir()) == []


def test_frames_of_different_shapes_are_refused(tmp_path: Path) -> None:
    exporter = GifExporter()
    exporter.open(tmp_path / "a.gif", size=(40, 24), fps=25)
    with pytest.raises(ExportError, match="shape"):
        exporter.add(gradient(width=8))
    exporter.add(gradient())
    with pytest.raises(ExportError, match="shape"):
        exporter.add(gradient()[..., :1])
    exporter.abort()


@pytest.mark.parametrize("size", [(0, 4), (4, 70_000)])
def test_impossible_sizes_are_refused(tmp_path: Path, size: tuple[int, int]) -> None:
    with pytest.raises(ExportError, match="not possible"):
        GifExporter().open(tmp_path / "a.gif", size=size, fps=25)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("count", [1, 40])
def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, count: int) -> None:
    (tmp_path / "a.gif.part").symlink_to("/dev/full")
    exporter = GifExporter()
    exporter.open(tmp_path / "a.gif", size=(40, 24), fps=25)
    exporter.use_palette_of([gradient()])
    with pytest.raises(ExportError, match="disk is full") as error, aborting(exporter):
        for index in range(count):
            exporter.add(gradient(index / 40))
        exporter.close()
    assert "Free some space" in error.value.hint
    assert list(tmp_path.iterdir()) == []


def peak_of_export(path: Path, *, frames: int) -> int:
    """Bytes an export takes at its worst moment."""
    exporter = GifExporter()
    exporter.open(path, size=(64, 64), fps=25)
    tracemalloc.start()
    try:
        exporter.use_palette_of([gradient(0, width=64, height=64)])
        for index in range(frames):
            exporter.add(gradient(index / frames, width=64, height=64))
        exporter.close()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_number_of_frames(tmp_path: Path) -> None:
    short = peak_of_export(tmp_path / "a.gif", frames=20)
    long = peak_of_export(tmp_path / "b.gif", frames=320)
    assert long - short < 10 * gradient(width=64, height=64).nbytes
