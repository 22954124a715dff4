"""Sessions in a row as a film, and one session as a picture."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from latent_studio.app.picture import save_picture
from latent_studio.app.recipe import recipe_of
from latent_studio.app.session_film import SessionFilm, write_session_film
from latent_studio.core.errors import ExportError, ModelError, OptionError
from latent_studio.core.jobs import CancelToken, ignore_progress
from latent_studio.core.render import RenderRequest
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.core.session import ModelRef
from latent_studio.exporters.recipe_text import read_recipe

if TYPE_CHECKING:
    from pathlib import Path

    from latent_studio.app.studio import Studio
    from latent_studio.core.session import Session


@pytest.fixture
def sessions(studio: Studio, tiny_model: Path) -> tuple[Session, ...]:
    model = studio.open_model(tiny_model)
    return tuple(replace(model.start, base=SeedPoint(seed)) for seed in range(3))


def picture_of(studio: Studio, session: Session) -> np.ndarray:
    return studio.engine.render_final(RenderRequest.of(session, revision=0)).pixels


def test_every_session_is_a_frame(studio: Studio, sessions: tuple[Session, ...], tmp_path: Path) -> None:
    path = tmp_path / "a.apng"
    result = write_session_film(studio, SessionFilm(path, sessions), ignore_progress, CancelToken())
    assert (result.frames, result.seconds) == (3, 1.5)
    with Image.open(path) as film:
        for index, session in enumerate(sessions):
            film.seek(index)
            np.testing.assert_array_equal(np.asarray(film.convert("RGB")), picture_of(studio, session))
    assert read_recipe(path) == recipe_of(sessions[-1])


def test_no_sessions_are_no_film(studio: Studio, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="no frame"):
        write_session_film(studio, SessionFilm(tmp_path / "a.gif", ()), ignore_progress, CancelToken())


def test_sessions_of_another_model_are_refused(
    studio: Studio, sessions: tuple[Session, ...], tmp_path: Path
) -> None:
    other = replace(sessions[0], model=ModelRef("other", "other.pkl", "0" * 64))
    film = SessionFilm(tmp_path / "a.gif", (*sessions, other))
    with pytest.raises(ModelError, match="other"):
        write_session_film(studio, film, ignore_progress, CancelToken())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("format", ["png", "jpg"])
def test_a_picture_has_its_recipe_inside(
    studio: Studio, sessions: tuple[Session, ...], tmp_path: Path, format: str
) -> None:
    path = tmp_path / f"a.{format}"
    saved = save_picture(
        studio,
        sessions[1],
        path,
        ignore_progress,
        CancelToken(),
        format=format,  # type: ignore[arg-type]
        side=50,
    )
    assert (saved.size, saved.size_bytes) == ((50, 50), path.stat().st_size)
    with Image.open(path) as picture:
        assert picture.size == (50, 50)
    assert read_recipe(path) == recipe_of(sessions[1])


def test_a_picture_in_a_missing_folder_is_refused(
    studio: Studio, sessions: tuple[Session, ...], tmp_path: Path
) -> None:
    with pytest.raises(ExportError, match="no folder"):
        save_picture(studio, sessions[0], tmp_path / "no" / "a.png", ignore_progress, CancelToken())
