from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from latent_studio.core.errors import InputError
from latent_studio.core.latent_plane import LatentPlane, PlaneAxis
from latent_studio.core.plane_shapes import evenly_along, is_closed, spread_over, within

SAMPLES = np.random.default_rng(3).normal(2.0, [1, 3, 0.5, 1, 2], size=(400, 5)).astype(np.float32)


def axis(*vector: float, title: str = "axis") -> PlaneAxis:
    return PlaneAxis.along(vector, title=title, samples=SAMPLES)


def test_an_axis_counts_in_standard_deviations_from_the_mean_whatever_the_vectors_length():
    places = LatentPlane(axis(0, 10, 0, 0, 0), axis(0, 0, 0.01, 0, 0)).places(SAMPLES)

    assert np.allclose(places.mean(axis=0), 0, atol=1e-4)
    assert np.allclose(places.std(axis=0), 1, atol=1e-4)


@given(st.floats(-8, 8), st.floats(-8, 8))
def test_a_moved_latent_stands_where_it_was_sent_even_where_the_axes_are_askew(x, y):
    plane = LatentPlane(axis(1, 1, 0, 0, 0), axis(1, 0, 0.5, 0, 0))
    moved = plane.moved(SAMPLES[7], (x, y))

    assert np.allclose(plane.places(moved[None])[0], (x, y), atol=1e-3)
    # What no axis speaks of stays as it was.
    assert np.array_equal(moved[3:], SAMPLES[7, 3:])


def test_two_axes_that_read_the_same_are_refused_by_name():
    with pytest.raises(InputError, match="smile and grin"):
        LatentPlane(axis(1, 1, 0, 0, 0, title="smile"), axis(1, 1.01, 0, 0, 0, title="grin"))


@pytest.mark.parametrize("vector", [(0, 0, 0, 0, 0), (1, 2)])
def test_an_axis_that_cannot_be_is_refused(vector):
    with pytest.raises(InputError):
        axis(*vector)


def test_a_loop_takes_what_is_inside_also_where_it_is_hollow():
    outline = [(0, 0), (4, 0), (4, 4), (2, 1), (0, 4)]
    points = np.array([(1, 1), (2, 3), (3.5, 3), (5, 1), (-1, 0.5)])

    assert within(points, outline).tolist() == [True, False, True, False, False]
    assert not within(points, outline[:2]).any()


def test_places_along_a_path_are_evenly_apart_and_keep_its_ends():
    path = [(0, 0), (1, 0), (1, 0), (1, 3)]
    even = evenly_along(path, 5)

    assert even[0].tolist() == [0, 0]
    assert even[-1].tolist() == [1, 3]
    assert np.allclose(np.abs(np.diff(even, axis=0)).sum(axis=1), 1)
    assert len(evenly_along([(2, 2), (2, 2)], 5)) == 1


def test_a_path_that_comes_home_is_a_loop_and_has_no_place_twice():
    around = [(np.cos(a), np.sin(a)) for a in np.linspace(0, 6.1, 60)]

    assert is_closed(around)
    assert not is_closed(around[:40])
    even = evenly_along(around, 6, closed=True)
    assert np.linalg.norm(even[0] - even[-1]) > 0.5


def test_the_choice_in_view_is_spread_and_hardly_changes_as_the_view_moves():
    points = np.random.default_rng(0).normal(size=(5000, 2))
    chosen = spread_over(points, (-2, -2, 2, 2), (10, 10))
    moved = spread_over(points, (-1.9, -2, 2.1, 2), (10, 10))

    assert 50 <= len(chosen) <= 121
    apart = np.abs(points[chosen][:, None] - points[chosen][None]).max(axis=2) + np.eye(len(chosen))
    assert apart.min() > 0.3
    assert (np.abs(points[chosen]) <= 2).all()
    assert len(set(chosen.tolist()) & set(moved.tolist())) > 0.6 * len(chosen)
    assert len(spread_over(points, (1, 0, 1, 0), (4, 4))) == 0
