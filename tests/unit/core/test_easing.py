from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latent_studio.core.easing import SHAPES, WAYS, Easing, format_easing, parse_easing
from latent_studio.core.errors import OptionError

shares = st.floats(0, 1)
points = st.tuples(shares, st.floats(-2, 3), shares, st.floats(-2, 3))
easings = st.builds(Easing, st.sampled_from(SHAPES), st.sampled_from(WAYS), points)


@given(easings)
def test_every_easing_goes_from_nothing_to_all(easing: Easing):
    assert easing.at(0) == 0
    assert easing.at(1) == 1
    assert easing.at(-3) == 0
    assert easing.at(7) == 1


@given(easings, shares)
def test_a_reversed_easing_is_the_same_course_seen_backwards(easing: Easing, u: float):
    # Beside a vertical tangent a rounding of u is seen: compared as curves, a little to both sides.
    near = [easing.at(min(1.0, max(0.0, 1 - u + d))) for d in (-1e-9, 0, 1e-9)]
    assert min(near) - 1e-6 <= 1 - easing.reversed().at(u) <= max(near) + 1e-6


@given(easings)
def test_an_easing_reads_back_as_it_was_written(easing: Easing):
    back = parse_easing(format_easing(easing))

    assert [back.at(u / 16) for u in range(17)] == [easing.at(u / 16) for u in range(17)]


@given(
    st.sampled_from([shape for shape in SHAPES if shape not in ("back", "bounce", "bezier")]), shares, shares
)
def test_plain_easings_never_go_back(shape, a: float, b: float):
    for way in WAYS:
        easing = Easing(shape, way)
        assert easing.at(min(a, b)) <= easing.at(max(a, b)) + 1e-12


def test_back_swings_beyond_and_bounce_falls_four_times():
    assert min(Easing("back", "in").at(u / 100) for u in range(101)) == pytest.approx(-0.1, abs=1e-3)
    course = [Easing("bounce", "out").at(u / 11000) for u in range(11001)]
    touches = [
        u for u in range(1, 11000) if course[u] > 0.9999 and course[u - 1] < course[u] >= course[u + 1]
    ]
    assert len(touches) == 3
    assert max(course) <= 1


def test_a_bezier_is_the_curve_of_style_sheets():
    ease = Easing("bezier", points=(0.25, 0.1, 0.25, 1.0))
    assert ease.at(0.5) == pytest.approx(0.8024, abs=1e-4)
    assert Easing("bezier", points=(0.3, 0.3, 0.7, 0.7)).at(0.4) == pytest.approx(0.4)


@pytest.mark.parametrize(
    "points",
    [(math.nan, 0, 1, 1), (0, math.inf, 1, 1), (-0.1, 0, 1, 1), (0, 0, 1.5, 1)],
)
def test_points_that_are_no_numbers_or_turn_time_back_are_refused(points):
    with pytest.raises(OptionError):
        Easing("bezier", points=points)


@pytest.mark.parametrize(
    "text", ["", "elastic", "cubic-sideways", "bezier:1,2", "bezier:a,b,c,d", "bezier:nan,0,1,1"]
)
def test_words_that_are_no_easing_are_refused(text: str):
    with pytest.raises(OptionError):
        parse_easing(text)


@pytest.mark.parametrize(
    ("text", "name"), [("Cubic in-out", "cubic in-out"), ("sine", "sine in-out"), ("linear", "linear")]
)
def test_easings_are_read_as_people_write_them(text: str, name: str):
    assert parse_easing(text).name == name
