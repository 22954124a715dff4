"""What predictors see of the difference between two pictures."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from latent_studio.app.attribute_drift import DriftReader
from latent_studio.core.session import ModelRef
from latent_studio.methods.attributes.catalog import bundled_predictors
from latent_studio.methods.attributes.protocol import AttributeInfo

GREY = np.full((64, 64, 3), 100, dtype=np.uint8)


def reader() -> DriftReader:
    return DriftReader(ModelRef("cats", "cats.pkl", "abc"), torch.device("cpu"), bundled_predictors())


def test_a_brighter_picture_moves_brightness_and_nothing_that_was_not_asked_for() -> None:
    seen = reader().compare(GREY, GREY + np.uint8(50), names=("Brightness", "my own words"))
    assert list(seen.moved) == ["Brightness"]
    assert seen.moved["Brightness"] > 0.05


def test_the_same_picture_has_not_moved() -> None:
    seen = reader().compare(GREY, GREY, names=("brightness", "contrast"))
    assert all(change == pytest.approx(0.0, abs=1e-6) for change in seen.moved.values())
    assert len(seen.moved) == 2


def test_names_nobody_knows_give_nothing() -> None:
    assert reader().compare(GREY, GREY, names=("e0",)).moved == {}


def test_where_nothing_tells_persons_pictures_are_compared_as_they_look() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    one = reader()
    assert one.compare(noise, noise, names=(), identity=True).distance == pytest.approx(0.0, abs=1e-4)
    seen = one.compare(noise, GREY, names=(), identity=True)
    assert seen.likeness is None
    assert seen.distance is not None and seen.distance > 0.2
    assert one.compare(noise, GREY, names=()).distance is None
    assert one.compare(noise[:16, :16], GREY[:16, :16], names=(), identity=True).distance is None


def test_a_predictor_that_knows_persons_comes_first() -> None:
    class Persons:
        attributes = ()
        likeness = AttributeInfo("identity", "Identity")

        def predict(self, images: torch.Tensor) -> torch.Tensor:
            return torch.zeros(len(images), 0)

        def embed(self, images: torch.Tensor) -> torch.Tensor:
            return torch.tensor([[1.0, 0.0], [0.6, 0.8]])

    one = reader()
    one._loaded = [Persons()]
    seen = one.compare(GREY, GREY, names=(), identity=True)
    assert seen.likeness == pytest.approx(0.6)
    assert seen.distance is None


def test_the_bundled_model_tells_its_own_people() -> None:
    one = DriftReader(ModelRef("portraits", "", "abc"), torch.device("cpu"), bundled_predictors())
    seen = one.compare(GREY, GREY, names=(), identity=True)
    assert seen.likeness == pytest.approx(1.0) and seen.distance is None
