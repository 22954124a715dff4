"""Weights of losses as words."""

from __future__ import annotations

import pytest

from latent_studio.app.tasks.loss_weights import weights_of, words_of
from latent_studio.core.errors import OptionError
from latent_studio.methods.projection.loss_weights import LossWeights


def test_words_and_weights_are_the_same() -> None:
    weights = weights_of(["pixel=2", "multi-scale=0.5"])
    assert weights == LossWeights(pixel=2, multi_scale=0.5)
    assert weights_of(words_of(weights)) == weights
    assert words_of(LossWeights()) == ()


@pytest.mark.parametrize("word", ["colour=1", "pixel", "pixel=-1", "pixel=nan", "pixel=much"])
def test_impossible_ones_are_named(word: str) -> None:
    with pytest.raises(OptionError) as caught:
        weights_of([word])
    assert word in str(caught.value)
