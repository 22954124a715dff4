"""model info: facts for people and for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

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
