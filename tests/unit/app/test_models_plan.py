"""Loading says what a model takes, what is given up for want of memory, and that its file has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from latent_studio import api
from latent_studio.app import models
from latent_studio.app.library import library_dir
from latent_studio.app.paths import Paths
from latent_studio.app.recents import Recent, remember_recent
from latent_studio.app.settings import Settings
from latent_studio.app.studio import Studio
from latent_studio.app.tasks.model_add import ModelAddOptions, run_model_add
from latent_studio.checkpoints.user_library import user_library_dir
from latent_studio.core.jobs import CancelToken, ignore_progress
from latent_studio.core.render import Quality, RenderRequest
from tests.helpers.model_files import write_tiny_model

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def studio(profile: Path) -> Studio:
    return Studio(Paths.in_profile(profile), Settings(device="cpu", threads=1, measure_forms=False))


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    return write_tiny_model(tmp_path / "tiny.safetensors", resolution=64)


def test_with_memory_to_spare_nothing_is_given_up(studio: Studio, tiny: Path) -> None:
    model = studio.open_model(tiny)
    assert model.plan.note == ""
    assert model.estimate.weights_bytes > 4 * model.spec.num_parameters
    assert model.provenance.notes == ()


def test_a_short_memory_gives_smaller_previews_and_says_so(
    studio: Studio, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = studio.load_model(tiny)
    kept_free = 256 << 20
    room = model.estimate.weights_bytes + model.estimate.stage_bytes[2]
    monkeypatch.setattr(models, "available_bytes", lambda: kept_free + room)
    model = studio.open_model(tiny)
    assert "previews of 16 px" in model.provenance.notes[-1]
    frames = list(studio.engine.render(RenderRequest(1)))
    assert [(frame.quality, frame.pixels.shape) for frame in frames] == [(Quality.FINAL, (16, 16, 3))]
    assert studio.engine.render_final(RenderRequest(2)).pixels.shape == (64, 64, 3)
    assert studio.engine.stats().cache_bytes_limit == 0


def test_a_file_that_changed_since_it_was_opened_is_noticed(studio: Studio, tiny: Path) -> None:
    model = studio.load_model(tiny)
    remember_recent(Recent(model.ref.name, tiny.absolute(), model.ref.sha256), studio.paths)
    assert studio.load_model(tiny).provenance.notes == ()
    write_tiny_model(tiny, resolution=32)
    assert "has changed" in studio.load_model(tiny).provenance.notes[0]


def test_a_library_model_opens_by_name_from_python(
    studio: Studio, tiny: Path, monkeypatch: pytest.MonkeyPatch, profile: Path
) -> None:
    monkeypatch.setenv("LATENT_STUDIO_PROFILE", str(profile))
    assert user_library_dir() == library_dir(Paths.choose()) == library_dir(studio.paths)
    run_model_add(studio, ModelAddOptions(tiny, name="cats"), ignore_progress, CancelToken())
    assert api.open_generator("cats").spec.resolution == 64


def test_without_a_profile_the_library_is_the_desktops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LATENT_STUDIO_PROFILE", raising=False)
    assert user_library_dir() == library_dir(Paths.of_user())
