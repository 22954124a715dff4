from __future__ import annotations

import json
import shlex
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from latent_studio.api import LatentStudioError, Studio
from latent_studio.app import state_code
from latent_studio.app.state_code import state_as_command, state_as_python
from latent_studio.cli.main import main
from latent_studio.core.latent import Latent
from latent_studio.core.spaces import Space
from latent_studio.ui.command_text import python_text
from tests.helpers.model_files import write_tiny_model


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("models") / "tiny.safetensors")


@pytest.fixture
def studio(model, tmp_path) -> Studio:
    return Studio(model, profile=tmp_path / "profile", device="cpu", threads=1)


def same(first: Path, second: Path) -> bool:
    return bool(np.array_equal(np.asarray(Image.open(first)), np.asarray(Image.open(second))))


def test_a_studio_goes_through_states_and_back(studio):
    before = studio.seed(3).pixels()
    after = studio.move("sefa:0", 2.0, sigma=True).pixels()

    assert not np.array_equal(before, after)
    np.testing.assert_array_equal(studio.undo().pixels(), before)
    np.testing.assert_array_equal(studio.redo().pixels(), after)
    assert [label for _, _, label in studio.history] == ["", "Go to seed 3", "Move e0"]
    assert studio.reset().session.edits.edits == ()
    assert studio.go_to(1).session.base.seed == 3
    assert studio.ws().shape == (studio.spec.num_ws, studio.spec.w_dim)


def test_a_notebook_shows_the_picture(studio):
    png = studio.seed(1)._repr_png_()
    assert png is not None
    assert png[:4] == b"\x89PNG"
    assert Studio()._repr_png_() is None


def test_a_studio_says_what_it_shows(studio):
    assert repr(Studio()) == "<Studio, no model open>"
    studio.seed(3, dx=0.5).move("sefa:0", 1.5).move("sefa:1", -2.0)
    assert repr(studio) == "<Studio random: seed 3 +0.50, +0.00, e0 +1.50, e1 -2.00; step 3>"


def test_settings_are_set_by_name_and_unknown_ones_are_named(studio):
    assert studio.set(truncation_psi=0.2).session.synthesis.truncation_psi == 0.2
    with pytest.raises(LatentStudioError, match="no such setting"):
        studio.set(truncation=0.2)


def test_latents_of_another_shape_are_refused(studio):
    with pytest.raises(LatentStudioError, match="shape"):
        studio.start_from(Latent(Space.W, np.ones(3)))
    assert studio.start_from(Latent(Space.W, np.ones(16))).session.base.space is Space.W


def test_a_saved_picture_and_a_saved_session_bring_the_state_back(studio, model, tmp_path):
    studio.seed(5).move("sefa:1", 1.5).save(tmp_path / "a.png").save_session(tmp_path / "a")
    session = studio.session
    other = Studio(model, profile=tmp_path / "profile", device="cpu", threads=1)

    assert other.restore(tmp_path / "a.png").session == session
    again = Studio(profile=tmp_path / "profile", device="cpu", threads=1)
    assert again.open_session(tmp_path / "a.lstudio").session == session
    assert [label for _, _, label in again.history] == ["", "Go to seed 5", "Move e1"]
    with pytest.raises(LatentStudioError, match="must end in"):
        studio.save(tmp_path / "a.bmp")


def test_every_verb_runs_from_python(studio, model, tmp_path):
    result = studio.run("model info", model=str(model), json=True)
    assert json.loads(result.lines[0])["resolution"] == 16
    with pytest.raises(LatentStudioError, match="no verb"):
        studio.run("dance")
    with pytest.raises(LatentStudioError, match="do not fit"):
        studio.run("model info", colour="red")


def test_copied_commands_give_the_same_picture(studio, model, tmp_path, monkeypatch, profile):
    monkeypatch.chdir(tmp_path)
    kept = Path("kept.json")

    def keep(text: str) -> Path:
        kept.write_text(text)
        return kept

    studio.seed(7).set(truncation_psi=0.31).save("wanted.png")
    words = shlex.split(state_as_command(studio.session, keep=keep))
    assert words[1] == "generate"
    assert main(words[1:]) == 0
    assert same(Path("wanted.png"), Path("pictures/seed0007.png"))

    studio.move("sefa:2", 1.234567).save("wanted.png")
    words = shlex.split(state_as_command(studio.session, keep=keep))
    assert words[1:3] == ["recipe", "render"]
    assert main(words[1:]) == 0
    assert same(Path("wanted.png"), Path("picture.png"))
    assert not kept.exists()

    # What is longer than a shell takes is kept in a file.
    monkeypatch.setattr(state_code, "_LINE_AT_MOST", 400)
    words = shlex.split(state_as_command(studio.session, keep=keep))
    assert words[3] == "kept.json"
    Path("picture.png").unlink()
    assert main(words[1:]) == 0
    assert same(Path("wanted.png"), Path("picture.png"))

    studio.save_session("s.lstudio")
    words = shlex.split(state_as_command(studio.session, keep=keep, file=Path("s.lstudio"), step=1))
    assert main(words[1:]) == 0


@pytest.mark.parametrize("is_simple", [True, False])
def test_copied_python_gives_the_same_picture(studio, tmp_path, monkeypatch, profile, is_simple):
    monkeypatch.chdir(tmp_path)
    studio.seed(7, dx=0.25).set(truncation_psi=0.31).move("sefa:2", 1.234567)
    if not is_simple:
        studio.start_from(Latent(Space.W, np.linspace(-1, 1, 16)))
    studio.save("wanted.png")
    code = state_as_python(studio.session)
    assert ("restore" in code) is not is_simple
    exec(compile(code, "copied", "exec"), {})
    assert same(Path("wanted.png"), Path("picture.png"))


def test_a_verbs_options_become_python(model, tmp_path, monkeypatch, profile):
    from latent_studio.app.tasks.generate import GenerateOptions

    code = python_text("generate", GenerateOptions(str(model), (1, 2), tmp_path / "out", sheet=True))
    exec(compile(code, "copied", "exec"), {})
    assert (tmp_path / "out" / "sheet.png").is_file()
