"""The estimate of a file's size is of the right order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from latent_studio.exporters.estimate import estimate_bytes
from latent_studio.exporters.film_settings import FilmSettings
from latent_studio.exporters.formats import format_by_id, make_exporter

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from latent_studio.exporters.formats import FormatId


def moving_clouds(count: int, side: int) -> list[NDArray[np.uint8]]:
    """Smooth colours that wander, with a little grain."""
    y, x = np.mgrid[:side, :side] / side * 6
    drawn = np.random.default_rng(0)
    grain = drawn.normal(0, 3, (side, side, 1))
    found = []
    for index in range(count):
        shift = index / count * 3
        waves = [np.sin(x + shift) * np.cos(y), np.sin(y - shift), np.cos(x * 0.7 + y + shift)]
        found.append(np.clip(128 + 70 * np.stack(waves, axis=2) + grain, 0, 255).astype(np.uint8))
    return found


@pytest.mark.parametrize("id", ["mp4", "gif", "webp", "apng", "png", "jpg"])
def test_the_estimate_is_within_a_factor_of_four(tmp_path: Path, id: FormatId) -> None:
    frames = moving_clouds(16, 128)
    format, settings = format_by_id(id), FilmSettings()
    path = tmp_path / f"a{format.suffix}"
    exporter = make_exporter(format, settings)
    exporter.open(path, size=(128, 128), fps=25, loop=0, recipe="")
    for frame in frames:
        exporter.add(frame)
    exporter.close()
    size = sum(one.stat().st_size for one in path.iterdir()) if path.is_dir() else path.stat().st_size
    estimated = estimate_bytes(frames[0], id, settings, side=128, frames=16)
    assert size / 4 < estimated < size * 4


def test_more_frames_pixels_and_care_are_larger() -> None:
    sample = moving_clouds(1, 64)[0]

    def estimated(**more: object) -> int:
        chosen = {"settings": FilmSettings(), "side": 64, "frames": 10, **more}
        return estimate_bytes(sample, "mp4", **chosen)  # type: ignore[arg-type]

    assert estimated(frames=20) == pytest.approx(2 * estimated(), abs=1)
    assert estimated(side=128) > estimated()
    assert estimated(settings=FilmSettings(quality="best")) > estimated()
    assert estimated(settings=FilmSettings(crf=10)) > estimated(settings=FilmSettings(crf=30))
