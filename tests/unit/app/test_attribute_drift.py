"""What predictors see of the difference between two pictures."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from latent_studio.app.attribute_drift import DriftReader
from latent_studio.core.session import ModelRef

GREY = np.full((64, 64, 3), 100, dtype=np.uint8)


def reader() -> DriftReader:
    return DriftReader(ModelRef("cats", "cats.pkl", "abc"), torch.device("cpu"))


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
