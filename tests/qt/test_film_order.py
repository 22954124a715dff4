"""Which frames of a film are rendered first."""

from __future__ import annotations

import itertools

import pytest

from latent_studio.ui.film_order import FilmOrder


@pytest.mark.parametrize("frames", [1, 2, 5, 6, 7, 145, 241, 20_000])
@pytest.mark.parametrize("fps", [1.0, 24.0, 60.0])
def test_the_sketch_reaches_every_frame_and_has_each_once(frames, fps):
    order = FilmOrder(frames, fps)
    sketch = list(order.sketch())

    assert len(sketch) == len(set(sketch)) <= 242
    places = sorted(sketch)
    assert (places[0], places[-1]) == (0, frames - 1)
    assert all(b - a <= 2 * order.reach for a, b in itertools.pairwise(places))


def test_the_sketch_is_everywhere_soon():
    sketch = list(FilmOrder(2401, 24.0).sketch())
    eighths = {frame // 301 for frame in sketch[:16]}
    assert eighths == set(range(8))


def test_around_is_the_nearest_first_and_ends_at_both_ends():
    assert list(FilmOrder(6, 24.0).around(1, 5)) == [1, 2, 0, 3, 4]
    assert list(FilmOrder(3, 24.0).around(2, 99)) == [2, 1, 0]


def test_onwards_goes_round_once():
    assert list(FilmOrder(4, 24.0).onwards(2, 99)) == [2, 3, 0, 1]
