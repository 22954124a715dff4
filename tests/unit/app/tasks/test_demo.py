"""demo: three files of the bundled model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PIL import Image

from latent_studio.app.tasks.demo import DemoOptions, run_demo
from latent_studio.core.errors import ExportError
from latent_studio.core.jobs import Cancelled, CancelToken, ignore_progress
from tests.helpers.recorder import Recorder

if TYPE_CHECKING:
    from pathlib import Path

    from latent_studio.app.studio import Studio


@pytest.fixture(autouse=True)
def small_portraits(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small model takes the place of the bundled one, which the end-to-end tests use."""
    monkeypatch.setattr("latent_studio.app.tasks.demo.DEFAULT_MODEL", str(tiny_model))


def test_demo_writes_three_files_and_names_them(studio: Studio, tmp_path: Path) -> None:
    result = run_demo(studio, DemoOptions(tmp_path / "out"), ignore_progress, CancelToken())
    assert [line.rsplit("/")[-1] for line in result.lines] == ["portrait.png", "sheet.png", "traversal.gif"]
    with Image.open(result.portrait) as image:
        assert image.size == (16, 16)
    with Image.open(result.sheet) as image:
        assert image.size == (70, 70)
    with Image.open(result.film) as image:
        assert image.n_frames == 48  # type: ignore[attr-defined]


def test_a_file_in_the_way_is_named(studio: Studio, tmp_path: Path) -> None:
    (tmp_path / "out").write_bytes(b"")
    with pytest.raises(ExportError):
        run_demo(studio, DemoOptions(tmp_path / "out"), ignore_progress, CancelToken())


def test_cancel_leaves_nothing_half(studio: Studio, tmp_path: Path) -> None:
    recorder = Recorder(cancel_after=20, message="Rendered")
    with pytest.raises(Cancelled):
        run_demo(studio, DemoOptions(tmp_path), recorder, recorder.token)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["portrait.png", "sheet.png"]
