"""Attributes that need no weights, and the catalogue of predictors."""

from __future__ import annotations

import pytest
import torch

from latent_studio.core.errors import InputError
from latent_studio.methods.attributes.catalog import bundled_predictors, find_predictor
from latent_studio.methods.attributes.protocol import (
    AttributeInfo,
    AttributePredictor,
    DifferentiablePredictor,
)
from latent_studio.methods.attributes.published import PUBLISHED
from latent_studio.methods.attributes.tone import TonePredictor


def flat(red: float, green: float, blue: float, *, side: int = 16) -> torch.Tensor:
    """A picture of one colour, given in 0 to 1."""
    return (torch.tensor([red, green, blue]) * 2 - 1).view(1, 3, 1, 1).expand(1, 3, side, side).contiguous()


def value(images: torch.Tensor, attribute: str) -> float:
    predictor = TonePredictor()
    column = [info.id for info in predictor.attributes].index(attribute)
    return float(predictor.predict(images)[0, column])


def test_white_is_bright_and_black_is_not() -> None:
    assert value(flat(1, 1, 1), "brightness") == pytest.approx(1)
    assert value(flat(0, 0, 0), "brightness") == pytest.approx(0)


def test_green_is_brighter_than_blue_as_in_bt_709() -> None:
    assert value(flat(0, 1, 0), "brightness") == pytest.approx(0.7152)
    assert value(flat(0, 0, 1), "brightness") == pytest.approx(0.0722)


def test_one_colour_has_neither_contrast_nor_detail() -> None:
    assert value(flat(0.3, 0.6, 0.2), "contrast") == pytest.approx(0, abs=1e-5)
    assert value(flat(0.3, 0.6, 0.2), "detail") == pytest.approx(0, abs=1e-5)


def test_half_black_half_white_has_a_contrast_of_one_half() -> None:
    image = flat(0, 0, 0)
    image[..., :8] = 1
    assert value(image, "contrast") == pytest.approx(0.5)


def test_grey_has_no_saturation_and_red_has_all() -> None:
    assert value(flat(0.4, 0.4, 0.4), "saturation") == pytest.approx(0)
    assert value(flat(1, 0, 0), "saturation") == pytest.approx(1)


def test_warmth_and_tint_have_their_signs() -> None:
    assert value(flat(0.8, 0.5, 0.2), "warmth") > 0 > value(flat(0.2, 0.5, 0.8), "warmth")
    assert value(flat(0.3, 0.8, 0.3), "tint") > 0 > value(flat(0.8, 0.3, 0.8), "tint")


def test_values_outside_the_range_count_as_a_saved_picture_shows_them() -> None:
    assert value(flat(3, 3, 3), "brightness") == pytest.approx(1)


def test_a_grey_picture_of_one_channel_is_taken() -> None:
    assert value(torch.zeros(1, 1, 16, 16), "brightness") == pytest.approx(0.5)


def test_a_batch_gives_the_numbers_of_its_pictures() -> None:
    images = torch.rand(5, 3, 24, 24, generator=torch.Generator().manual_seed(1)) * 2 - 1
    predictor = TonePredictor()
    one_by_one = torch.cat([predictor.predict(images[i : i + 1]) for i in range(5)])
    assert predictor.predict(images).shape == (5, len(predictor.attributes))
    assert torch.allclose(predictor.predict(images), one_by_one, atol=1e-6)


def test_every_bundled_predictor_keeps_the_protocol() -> None:
    registry = bundled_predictors()
    # Those that need others' weights have tests of their own.
    for id in set(registry) - set(PUBLISHED) - {"face-landmarks"}:
        predictor = registry.get(id).load(torch.device("cpu"))
        assert isinstance(predictor, AttributePredictor)
        ids = [info.id for info in predictor.attributes]
        assert len(ids) == len(set(ids))
    assert isinstance(TonePredictor(), DifferentiablePredictor)


def test_an_unknown_predictor_is_named_with_the_known_ones() -> None:
    with pytest.raises(InputError, match="weather") as caught:
        find_predictor("weather")
    assert "tone" in caught.value.hint


@pytest.mark.parametrize(("low", "high"), [(1.0, 1.0), (1.0, 0.0), (0.0, float("inf"))])
def test_an_attribute_with_no_range_is_refused(low: float, high: float) -> None:
    with pytest.raises(ValueError, match="range"):
        AttributeInfo("x", "X", low=low, high=high)
