from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latent_studio.core.pacing import Pacing, even_pacing

distances = st.lists(st.floats(0, 10), min_size=1, max_size=12)


@given(distances)
def test_time_never_goes_back_and_both_ends_stay(distances):
    moments = [index / 4 for index in range(len(distances) + 1)]
    pacing = even_pacing(moments, distances)

    assert pacing.at(0) == 0
    assert pacing.at(moments[-1]) == moments[-1]
    course = [pacing.at(moments[-1] * index / 50) for index in range(51)]
    assert all(first <= second for first, second in pairwise(course))


def test_equal_times_bring_equal_change():
    pacing = even_pacing([0.0, 1.0, 2.0], [1.0, 3.0])
    # A quarter of the change lies in the first second: it is gone after a quarter of the time.
    assert pacing.at(0.5) == pytest.approx(1.0)


def test_fixed_moments_keep_their_time():
    pacing = even_pacing([0.0, 0.5, 1.0, 1.5, 2.0], [1, 9, 4, 1], fixed=[1.0])
    assert pacing.at(1.0) == 1.0
    assert pacing.at(0.1) == pytest.approx(0.5)


def test_one_distance_for_every_two_moments():
    with pytest.raises(ValueError, match="one distance"):
        even_pacing([0.0, 1.0], [])


def test_beyond_its_ends_the_clock_counts():
    assert Pacing((0.0, 1.0), (0.0, 1.0)).at(3.0) == 3.0
