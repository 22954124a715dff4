from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from latent_studio.app.recipe import RECIPE_VERSION, model_of_recipe, recipe_of, session_of_recipe
from latent_studio.core.directions import DirectionInfo, LinearDirection
from latent_studio.core.edits import Edit, EditStack
from latent_studio.core.errors import DamagedSessionError, InputError, NewerVersionError
from latent_studio.core.latent import Latent
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.core.session import ModelRef, Session
from latent_studio.core.spaces import Space
from latent_studio.core.style_mix import StyleMix
from latent_studio.core.synthesis import SynthesisSettings

FOUND = LinearDirection("sefa:0", "e0", Space.W, np.ones(8), info=DirectionInfo("sefa", "ab"))
OWN = LinearDirection("mine", "mine", Space.W, np.arange(8), rows=(1,), info=DirectionInfo("boundary", "ab"))
MODEL = ModelRef("cats", "/home/me/cats.safetensors", "ab")
SESSION = Session(
    MODEL,
    Latent(Space.W_PLUS, np.full((4, 8), 0.1)),
    EditStack((Edit(FOUND, 1.25), Edit(OWN, -0.1, (0, 2), enabled=False))),
    SynthesisSettings(truncation_psi=0.7, class_idx=3),
    (OWN,),
    StyleMix(SeedPoint(9), (1, 2), 0.5),
)


def find(id: str) -> LinearDirection | None:
    return FOUND if id == FOUND.id else None


def test_a_recipe_restores_the_session_it_was_written_from():
    back = session_of_recipe(recipe_of(SESSION), find=find, model=MODEL)

    assert back == SESSION
    assert session_of_recipe(recipe_of(SESSION), find=find).model == replace(MODEL, path="")


def test_the_same_session_gives_the_same_text_without_a_place():
    text = recipe_of(SESSION)

    assert text == recipe_of(replace(SESSION))
    assert "/home/me" not in text
    assert "base64" not in recipe_of(Session(MODEL, SeedPoint(3), EditStack((Edit(FOUND, 1.0),))))


def test_extras_of_a_film_are_kept_and_passed_over():
    text = recipe_of(SESSION, sweep={"frames": 8})

    assert json.loads(text)["sweep"] == {"frames": 8}
    assert session_of_recipe(text, find=find, model=MODEL) == SESSION


def test_a_recipe_tells_which_model_it_needs():
    assert model_of_recipe(recipe_of(SESSION)) == ModelRef("cats", "", "ab")
    assert model_of_recipe(recipe_of(Session())) is None


def test_a_direction_the_model_does_not_have_is_named():
    with pytest.raises(InputError, match="sefa:0"):
        session_of_recipe(recipe_of(SESSION), find=lambda id: None)


def test_a_newer_recipe_is_refused():
    recipe = json.loads(recipe_of(SESSION))
    recipe["version"] = RECIPE_VERSION + 1

    with pytest.raises(NewerVersionError):
        session_of_recipe(json.dumps(recipe), find=find)


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"x":1}', '{"version":"1"}', "[" * 100_000])
def test_what_is_no_recipe_is_refused(text: str):
    with pytest.raises(DamagedSessionError):
        session_of_recipe(text, find=find)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"dtype":"float32"', '"dtype":"object"'),
        ('"shape":[4,8]', '"shape":[4,9]'),
        ('"shape":[4,8]', '"shape":[-4,-8]'),
        ('"amount":1.25', '"amount":NaN'),
        ('"space":"w+"', '"space":"v"'),
        ('"class_idx":3', '"class_idx":"3"'),
        ('"kind":"linear"', '"kind":"spiral"'),
    ],
)
def test_a_recipe_changed_by_hand_is_refused(old: str, new: str):
    text = recipe_of(SESSION)
    assert old in text

    with pytest.raises(DamagedSessionError):
        session_of_recipe(text.replace(old, new), find=find)
