"""model info: facts for people and for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from latent_studio.app.tasks.model_add import ModelAddOptions, run_model_add
from latent_studio.app.tasks.model_info import ModelInfoOptions, run_model_info
from latent_studio.core.errors import CheckpointError
from latent_studio.core.jobs import CancelToken, ignore_progress

if TYPE_CHECKING:
    from pathlib import Path

    from latent_studio.app.studio import Studio


def lines_of(studio: Studio, model: Path, *, json: bool = False) -> tuple[str, ...]:
    return run_model_info(studio, ModelInfoOptions(str(model), json), ignore_progress, CancelToken()).lines


def test_people_get_a_table(studio: Studio, tiny_classes: Path) -> None:
    text = "\n".join(lines_of(studio, tiny_classes))
    for words in (
        "stylegan2",
        "16 x 16 RGB",
        "6 rows of 16",
        "classes     3",
        "read as data",
        "classes.safetensors",
    ):
        assert words in text


def test_programs_get_json(studio: Studio, tiny_model: Path) -> None:
    (text,) = lines_of(studio, tiny_model, json=True)
    facts = json.loads(text)
    assert (facts["family"], facts["resolution"], facts["num_ws"], facts["c_dim"]) == ("stylegan2", 16, 6, 0)
    assert facts["size_bytes"] == tiny_model.stat().st_size
    assert len(facts["sha256"]) == 64
    assert facts["stage_resolutions"] == [4, 8, 16]


def test_no_engine_is_made_for_it(studio: Studio, tiny_model: Path) -> None:
    lines_of(studio, tiny_model)
    assert "engine" not in vars(studio)


@pytest.mark.parametrize("content", [b"", b"not a model at all", b"GIF89a" + bytes(50)])
def test_files_that_are_no_models_are_refused(studio: Studio, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.pkl"
    path.write_bytes(content)
    with pytest.raises(CheckpointError) as error:
        lines_of(studio, path)
    assert error.value.hint


def test_the_verdict_says_what_it_will_take_before_anything_runs(studio: Studio, tiny_classes: Path) -> None:
    (text,) = lines_of(studio, tiny_classes, json=True)
    facts = json.loads(text)
    assert facts["precision"] == "float32"
    assert facts["spaces"] == ["z", "w", "ws"]
    assert facts["averaged"] is None
    assert facts["estimate"]["weights_bytes"] > 0
    assert facts["estimate"]["seconds_per_frame"] > 0
    table = "\n".join(lines_of(studio, tiny_classes))
    assert "estimated" in table
    assert "the file does not say" in table


def test_a_wrong_family_is_refused_in_words(studio: Studio, tiny_model: Path) -> None:
    options = ModelInfoOptions(str(tiny_model), family="proggan")
    with pytest.raises(CheckpointError, match="holds a StyleGAN2 generator, and was to be read as ProgGAN"):
        run_model_info(studio, options, ignore_progress, CancelToken())


def test_a_library_model_tells_where_it_came_from_and_that_it_was_changed(
    studio: Studio, tiny_model: Path, tiny_classes: Path
) -> None:
    kept = run_model_add(
        studio, ModelAddOptions(tiny_model, name="cats"), ignore_progress, CancelToken()
    ).path
    assert any(line.startswith("from ") and tiny_model.name in line for line in lines_of(studio, kept))
    kept.write_bytes(tiny_classes.read_bytes())
    assert any("changed since" in line for line in lines_of(studio, kept))
