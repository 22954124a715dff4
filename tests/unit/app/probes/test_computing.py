"""Computing and pictures: real small networks through a real engine."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from latent_studio.app.probes import pictures
from latent_studio.app.probes.computing import look_at_computing
from latent_studio.app.probes.pictures import draw_stored, look_at_pictures
from latent_studio.app.probes.stored_picture import StoredPicture, block_means, write_stored_picture
from latent_studio.app.settings import Settings
from latent_studio.app.studio import Studio
from latent_studio.core.errors import CorruptFileError, DeviceUnavailableError
from latent_studio.core.jobs import Cancelled
from tests.helpers.model_files import write_tiny_model

if TYPE_CHECKING:
    from pathlib import Path

    from latent_studio.app.probes.finding import Examination, Finding


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiny model in the place of the bundled one."""
    folder = tmp_path / "models" / "portraits"
    folder.mkdir(parents=True)
    monkeypatch.setattr(pictures, "bundled_models_dir", lambda: tmp_path / "models")
    return write_tiny_model(folder / "portraits.safetensors")


@pytest.fixture
def stored(model: Path, examination: Examination) -> StoredPicture:
    """What the tiny model draws, in the file beside it."""
    studio = Studio(examination.studio.paths, examination.studio.settings)
    opened = studio.open_model(model)
    picture = StoredPicture(opened.ref.sha256, 3, 0.7, block_means(draw_stored(studio.engine, 3, 0.7)))
    write_stored_picture(picture, model.with_name("selftest.json"))
    return picture


def looked_at(examination: Examination) -> dict[str, Finding]:
    return {finding.name: finding for finding in look_at_pictures(examination)}


def test_device_threads_and_allocator_are_named_and_a_product_is_timed(examination: Examination) -> None:
    found = {finding.name: finding for finding in look_at_computing(examination)}

    assert list(found) == ["torch", "device", "threads", "allocator", "matrix product"]
    assert {one.state for one in found.values()} == {"ok"}
    assert "The CPU was asked for" in found["device"].fact
    assert "GFLOP/s" in found["matrix product"].fact


def test_a_device_that_is_not_there_is_an_error_in_words(examination: Examination) -> None:
    studio = Studio(examination.studio.paths, Settings(device="cuda:7"))

    with pytest.raises(DeviceUnavailableError):
        list(look_at_computing(replace(examination, studio=studio)))


def test_a_model_that_draws_its_stored_picture_is_fine_and_timed(
    examination: Examination, stored: StoredPicture
) -> None:
    found = looked_at(examination)

    assert list(found) == ["bundled model", "stored picture", "speed"]
    assert found["stored picture"].state == "ok"
    assert "16 px" in found["bundled model"].fact
    assert "sharp frame" in found["speed"].fact


def test_another_picture_than_the_stored_one_is_bad(
    examination: Examination, model: Path, stored: StoredPicture
) -> None:
    means = stored.means.copy()
    means[0, 0, 0] += 5
    write_stored_picture(replace(stored, means=means), model.with_name("selftest.json"))

    found = looked_at(examination)["stored picture"]

    assert found.state == "bad"
    assert "5.0" in found.fact


def test_a_stored_picture_of_other_weights_says_how_to_renew_it(
    examination: Examination, model: Path, stored: StoredPicture
) -> None:
    write_stored_picture(replace(stored, model_sha256="other"), model.with_name("selftest.json"))

    found = looked_at(examination)["stored picture"]

    assert found.state == "bad"
    assert "scripts/renew_selftest.py" in found.hint


def test_a_stored_picture_of_another_size_is_bad(
    examination: Examination, model: Path, stored: StoredPicture
) -> None:
    write_stored_picture(replace(stored, means=np.zeros((9, 9, 3))), model.with_name("selftest.json"))

    assert looked_at(examination)["stored picture"].state == "bad"


def test_no_stored_picture_is_a_warning(examination: Examination, model: Path) -> None:
    assert looked_at(examination)["stored picture"].state == "warn"


def test_slow_pictures_are_a_warning(
    examination: Examination, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "_SLOW_SECONDS", 0.0)

    found = looked_at(examination)["speed"]

    assert found.state == "warn"
    assert found.hint


def test_a_damaged_model_is_an_error_in_words(examination: Examination, model: Path) -> None:
    model.write_bytes(model.read_bytes()[:2000])

    with pytest.raises(CorruptFileError):
        looked_at(examination)


def test_the_open_model_stays_open(examination: Examination, model: Path, tmp_path: Path) -> None:
    studio = examination.studio
    other = shutil.copy(model, tmp_path / "mine.safetensors")
    opened = studio.open_model(other)
    generator = studio.engine.generator

    looked_at(examination)

    assert studio.model is opened
    assert studio.engine.generator is generator


def test_timing_stops_when_asked(examination: Examination, model: Path) -> None:
    findings = look_at_pictures(examination)
    next(findings)
    examination.cancel.cancel()

    with pytest.raises(Cancelled):
        list(findings)
