from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from latent_studio.app.model_places import ModelNotFoundError
from latent_studio.app.recipe import recipe_of
from latent_studio.app.store import SessionStore
from latent_studio.app.tasks.session_extract import SessionExtractOptions, run_session_extract
from latent_studio.app.tasks.session_render import SessionRenderOptions, run_session_render
from latent_studio.app.tasks.session_show import SessionShowOptions, run_session_show
from latent_studio.core.errors import OptionError, SessionFileError
from latent_studio.core.jobs import CancelToken, ignore_progress
from latent_studio.core.latent import Latent
from latent_studio.core.render import RenderRequest
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.core.session_file import Document, write_document
from latent_studio.core.spaces import Space

if TYPE_CHECKING:
    from pathlib import Path

    from latent_studio.app.studio import Studio


@pytest.fixture
def path(studio: Studio, tiny_model: Path, tmp_path: Path) -> Path:
    """A session with a fork and a star."""
    model = studio.open_model(tiny_model)
    store = SessionStore(model.start)
    store.set_base(SeedPoint(5), "Go to 5")
    store.set_amount(model.directions[0], 2.0)
    store.undo()
    store.set_base(Latent(Space.W, np.full(16, 0.5)), "Project me")
    store.star(1, True)
    document = Document(store.history.state(), {1: b"\xff\xd8 picture"}, notes="hello")
    path = tmp_path / "faces.lstudio"
    write_document(document, path)
    return path


def test_show_tells_model_picture_and_tree(studio: Studio, path: Path):
    lines = run_session_show(studio, SessionShowOptions(path), ignore_progress, CancelToken()).lines

    assert lines[0].startswith("model    random")
    assert any("a latent in w of shape (16,)" in line for line in lines)
    tree = [line for line in lines if "Go to 5" in line or "Move e0" in line or "Project me" in line]
    assert ["Go to 5" in tree[0], tree[0].startswith("  * "), tree[2].startswith("> ")] == [True] * 3
    assert tree[1].index("2") > tree[0].index("1")


def test_show_as_json(studio: Studio, path: Path):
    (text,) = run_session_show(
        studio, SessionShowOptions(path, json=True), ignore_progress, CancelToken()
    ).lines
    facts = json.loads(text)

    assert [step["parent"] for step in facts["steps"]] == [None, 0, 1, 1]
    assert (facts["current"], facts["notes"]) == (3, "hello")


def test_a_step_is_rendered_as_the_engine_does_with_its_recipe(studio: Studio, path: Path, tmp_path: Path):
    out = tmp_path / "two.png"
    run_session_render(studio, SessionRenderOptions(path, out, step=2), ignore_progress, CancelToken())
    store = SessionStore(studio.model.start)
    store.set_base(SeedPoint(5), "")
    store.set_amount(studio.model.directions[0], 2.0)

    with Image.open(out) as image:
        wanted = studio.engine.render_final(RenderRequest.of(store.session, revision=0)).pixels
        np.testing.assert_array_equal(np.asarray(image), wanted)
        assert image.info["latent-studio"] == recipe_of(store.session)


def test_starred_steps_go_into_a_folder(studio: Studio, path: Path, tmp_path: Path):
    result = run_session_render(
        studio, SessionRenderOptions(path, tmp_path / "s", starred=True), ignore_progress, CancelToken()
    )
    assert [found.name for found in result.paths] == ["step0001.png"]


@pytest.mark.parametrize(
    ("more", "option"),
    [({"step": 9}, "--step"), ({"step": 1, "starred": True}, "--step"), ({"out": "a.gif"}, "--out")],
)
def test_options_that_do_not_fit_are_named(
    studio: Studio, path: Path, tmp_path: Path, more: dict[str, object], option: str
):
    given = {"out": "a.png", **more}
    given["out"] = tmp_path / str(given["out"])
    with pytest.raises(OptionError) as error:
        run_session_render(studio, SessionRenderOptions(path, **given), ignore_progress, CancelToken())  # type: ignore[arg-type]
    assert error.value.option == option


def test_a_model_that_is_gone_is_named_and_can_be_given(studio: Studio, tiny_model: Path, tmp_path: Path):
    moved = tmp_path / "here.safetensors"
    moved.write_bytes(tiny_model.read_bytes())
    store = SessionStore(studio.open_model(moved).start)
    path = tmp_path / "a.lstudio"
    write_document(Document(store.history.state()), path)
    moved.unlink()

    with pytest.raises(ModelNotFoundError, match="here"):
        run_session_render(
            studio, SessionRenderOptions(path, tmp_path / "a.png"), ignore_progress, CancelToken()
        )
    run_session_render(
        studio,
        SessionRenderOptions(path, tmp_path / "a.png", model=str(tiny_model)),
        ignore_progress,
        CancelToken(),
    )
    assert (tmp_path / "a.png").is_file()


def test_extract_writes_parts_that_other_programs_read(studio: Studio, path: Path, tmp_path: Path):
    out = tmp_path / "parts"
    run_session_extract(studio, SessionExtractOptions(path, out), ignore_progress, CancelToken())

    assert json.loads((out / "recipe.json").read_text())["base"]["space"] == "w"
    np.testing.assert_array_equal(np.load(out / "base.npy"), np.full(16, 0.5, np.float32))
    assert (out / "thumbnails" / "step0001.jpg").read_bytes() == b"\xff\xd8 picture"
    assert (out / "notes.txt").read_text() == "hello"

    run_session_extract(
        studio, SessionExtractOptions(path, out / "b", step=2), ignore_progress, CancelToken()
    )
    assert len(list((out / "b" / "directions").iterdir())) == 1


def test_a_file_that_is_no_session_is_refused_by_every_verb(studio: Studio, tmp_path: Path):
    bad = tmp_path / "bad.lstudio"
    bad.write_bytes(b"PK nothing")
    with pytest.raises(SessionFileError):
        run_session_show(studio, SessionShowOptions(bad), ignore_progress, CancelToken())
    with pytest.raises(SessionFileError):
        run_session_render(
            studio, SessionRenderOptions(bad, tmp_path / "a.png"), ignore_progress, CancelToken()
        )
    with pytest.raises(SessionFileError):
        run_session_extract(
            studio, SessionExtractOptions(bad, tmp_path / "x"), ignore_progress, CancelToken()
        )
