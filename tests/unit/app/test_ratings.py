"""Ratings become a direction that finds what was meant."""

from __future__ import annotations

import time

import numpy as np
import pytest

from latent_studio.app.ratings import ROUND, RatingPool, Ratings
from latent_studio.core.errors import InputError
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.core.spaces import Space
from latent_studio.methods.boundary.thumbs import prepare

DIM = 32
RNG = np.random.default_rng(0)
SAMPLES = (RNG.standard_normal((2000, DIM)) * np.linspace(0.2, 3.0, DIM)).astype(np.float32)


@pytest.fixture
def ratings() -> Ratings:
    pool = RatingPool(
        tuple(map(SeedPoint, range(400))), SAMPLES[:400], Space.W, SAMPLES, prepare(SAMPLES), "cats"
    )
    return Ratings(pool)


def has_it(ratings: Ratings, place: int) -> bool:
    return bool(ratings.pool.latents[place, 20] > 0)


def test_a_few_rounds_find_the_direction_and_trust_grows(ratings: Ratings) -> None:
    learned = None
    for _ in range(6):
        places = ratings.next_places(learned)
        assert len(places) == ROUND
        assert not set(places) & set(ratings.rated)
        for place in places:
            ratings.rate(place, liked=has_it(ratings, place))
        learned = ratings.learn("it")
    vector = learned.direction.vector / np.linalg.norm(learned.direction.vector)
    right = np.mean((learned.plane.distances(SAMPLES[400:]) > 0) == (SAMPLES[400:, 20] > 0))
    assert right > 0.8
    assert vector[20] > 0.5
    assert learned.counts == ratings.counts
    assert "examples" in learned.sentence


def test_a_word_is_taken_back_and_changed(ratings: Ratings) -> None:
    ratings.rate(3, liked=True)
    ratings.rate(5, liked=False)
    ratings.rate(3, liked=False)
    assert ratings.counts == (0, 2)
    assert ratings.undo() == 3
    assert ratings.of(3) is None
    assert ratings.undo() == 5
    assert ratings.undo() is None


def test_one_kind_alone_says_why_there_is_no_direction(ratings: Ratings) -> None:
    for place in range(10):
        ratings.rate(place, liked=True)
    with pytest.raises(InputError):
        ratings.learn("it")


def test_learning_is_quicker_than_a_blink(ratings: Ratings) -> None:
    for place in range(60):
        ratings.rate(place, liked=has_it(ratings, place))
    begun = time.thread_time()
    ratings.learn("it")
    assert time.thread_time() - begun < 1.0
