"""Small models take few threads, large ones all there are."""

from __future__ import annotations

import pytest

from latent_studio.engine.work import layer_work, picture_work, threads_for
from latent_studio.generators.catalog import build_generator
from latent_studio.generators.conv_plan import LayerShape
from latent_studio.generators.random_stylegan2 import random_checkpoint
from tests.helpers.fake_generator import FakeGenerator
from tests.helpers.planned_generator import PlannedFake


def sized(work: float) -> PlannedFake:
    """A model of that many multiply-adds per picture."""
    return PlannedFake(LayerShape("one", 1000, 1, round(work / 9e6), up=False))


def test_a_layer_is_nine_products_per_pixel_and_pair_of_channels() -> None:
    assert layer_work(LayerShape("a", 8, 3, 5, up=False)) == 9 * 3 * 5 * 64
    assert layer_work(LayerShape("a", 8, 3, 5, up=True)) == 9 * 3 * 5 * 16


def test_the_work_of_a_picture_is_that_of_all_layers() -> None:
    generator = build_generator(random_checkpoint(8, channel_base=64, channel_max=8, w_dim=4, z_dim=4))
    # conv1 at 4 px, conv0 from 4 to 8 px, conv1 at 8 px; 8 channels each.
    assert picture_work(generator) == 9 * 64 * (16 + 16 + 64)
    assert picture_work(FakeGenerator(16)) is None


@pytest.mark.parametrize(
    ("work", "at_most", "threads"),
    [
        (0.8e9, 1, 1),
        (0.8e9, 2, 1),
        (0.8e9, 8, 2),
        (5e9, 2, 2),
        (5e9, 8, 5),
        (45e9, 2, 2),
        (45e9, 8, 8),
    ],
)
def test_threads_follow_the_work(work: float, at_most: int, threads: int) -> None:
    assert threads_for(sized(work), at_most=at_most) == threads


def test_a_family_that_does_not_tell_takes_all_threads() -> None:
    assert threads_for(FakeGenerator(16), at_most=8) == 8
