from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latent_studio.core.errors import OptionError
from latent_studio.core.film_times import film_times
from latent_studio.core.pose import Pose
from latent_studio.core.timeline import Timeline

TWO = Timeline().with_pose(0, Pose()).with_pose(2, Pose())


@given(st.floats(0.01, 500), st.floats(1, 60), st.sampled_from(["once", "closed", "ping-pong"]))
def test_frames_lie_within_the_film_and_fill_it(seconds: float, fps: float, loop):
    timeline = replace(Timeline().with_pose(0, Pose()).with_pose(seconds, Pose()), loop=loop)
    times = film_times(timeline, fps)

    assert times.seconds(0) == 0
    assert times.seconds(times.count - 1) <= timeline.duration + 1e-5
    assert times.seconds(times.count) >= timeline.duration - 1e-5


def test_a_film_shows_its_last_key_and_a_closed_loop_does_not_show_its_first_twice():
    assert film_times(TWO, 10).count == 21
    assert film_times(replace(TWO, loop="closed", closing_seconds=1.0), 10).count == 30


def test_a_film_that_runs_back_shows_each_end_once():
    assert list(film_times(replace(TWO, loop="ping-pong"), 1).order) == [0, 1, 2, 1]
    assert list(film_times(TWO, 1).order) == [0, 1, 2]


def test_only_a_part_is_shown_where_one_is_chosen():
    times = film_times(replace(TWO, work=(0.5, 1.5)), 10)
    assert (times.start, times.count) == (0.5, 11)
    assert film_times(TWO, 10, span=(1.0, 9.0)).count == 11


@pytest.mark.parametrize("fps", [0, -1, 1000, math.nan, math.inf])
def test_rates_that_are_none_are_refused(fps: float):
    with pytest.raises(OptionError, match="--fps"):
        film_times(TWO, fps)


@pytest.mark.parametrize("span", [(1.0, 0.5), (-1.0, 1.0), (math.nan, 1.0), (5.0, 6.0)])
def test_parts_that_are_none_are_refused(span):
    with pytest.raises(OptionError):
        film_times(TWO, 24, span=span)


def test_no_key_and_one_key_say_what_to_do():
    with pytest.raises(OptionError) as none:
        film_times(Timeline(), 24)
    with pytest.raises(OptionError) as one:
        film_times(Timeline().with_pose(0, Pose()), 24)
    assert "Add a key" in none.value.hint
    assert "one key" in one.value.title
    assert "second key" in one.value.hint
