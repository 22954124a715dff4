"""model list: what opens by name, and what can be fetched."""

from __future__ import annotations

import json

from latent_studio.app.library import library_dir
from latent_studio.app.tasks.model_list import ModelListOptions, run_model_list
from latent_studio.core.jobs import CancelToken, ignore_progress


def listed(studio, **options):
    return run_model_list(studio, ModelListOptions(**options), ignore_progress, CancelToken())


def keep(studio, name):
    path = library_dir(studio.paths) / name / f"{name}.safetensors"
    path.parent.mkdir(parents=True)
    path.write_bytes(bytes(2_500_000))
    return path


def test_a_new_profile_has_the_bundled_models_and_those_to_get(studio):
    places = {model.name: model.place for model in listed(studio).models}

    assert places["portraits"] == "bundled"
    assert places["dcgan-faces"] == "to get"


def test_what_was_fetched_is_in_the_library(studio):
    path = keep(studio, "dcgan-faces")
    (line,) = [line for line in listed(studio).lines if line.startswith("dcgan-faces")]

    assert line.split() == ["dcgan-faces", "library", "2.5", "MB", str(path)]


def test_what_can_be_fetched_says_its_licence(studio):
    (line,) = [line for line in listed(studio).lines if line.startswith("dcgan-faces")]

    assert "to get" in line
    assert "MIT" in line


def test_programs_get_json(studio):
    path = keep(studio, "cats")
    facts = {model["name"]: model for model in json.loads("\n".join(listed(studio, json=True).lines))}

    assert facts["cats"] == {
        "name": "cats",
        "place": "library",
        "size_bytes": 2_500_000,
        "path": str(path),
        "title": "",
        "licence": "",
        "page": "",
    }
    assert facts["dcgan-faces"]["path"] is None


def test_no_engine_is_made_for_it(studio):
    listed(studio)

    assert "engine" not in vars(studio)
