from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from latent_studio.core.errors import OptionError
from latent_studio.core.seed_plane import SEED_LIMIT, SeedPoint
from latent_studio.core.walks import noise_loop, random_walk, seed_walk


def test_a_seed_walk_wraps_at_the_end_of_all_seeds():
    assert seed_walk(SEED_LIMIT - 1, 3, step=2) == (
        SeedPoint(SEED_LIMIT - 1), SeedPoint(1), SeedPoint(3),
    )  # fmt: skip


def test_a_random_walk_is_the_same_for_the_same_seed_and_begins_at_its_picture():
    first, second = random_walk(5, 4, z_dim=32), random_walk(5, 4, z_dim=32)
    assert first == second
    assert first != random_walk(6, 4, z_dim=32)
    assert first[0] == SeedPoint(5)


def test_every_place_of_a_walk_is_distributed_like_a_seed():
    places = random_walk(3, 200, z_dim=512, stride=0.3)[1:]
    values = np.concatenate([place.values for place in places])
    assert values.std() == pytest.approx(1, abs=0.02)
    along = np.mean([a.values @ b.values / 512 for a, b in pairwise(places)])
    assert along == pytest.approx(np.sqrt(0.7), abs=0.02)


def test_a_noise_loop_closes_evenly_and_is_distributed_like_seeds():
    loop = np.stack([place.values for place in noise_loop(7, 48, z_dim=512, variety=2.0)])
    steps = np.linalg.norm(loop - np.roll(loop, 1, axis=0), axis=1)
    assert loop.std() == pytest.approx(1, abs=0.02)
    assert steps.max() / steps.min() < 1.3


@pytest.mark.parametrize("variety", [0.0, float("nan"), 99.0])
def test_a_loop_without_variety_is_refused(variety: float):
    with pytest.raises(OptionError):
        noise_loop(1, 8, z_dim=4, variety=variety)


@pytest.mark.parametrize("count", [0, -1, 10**9])
def test_walks_of_no_or_endless_places_are_refused(count: int):
    with pytest.raises(OptionError):
        seed_walk(0, count)
