from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from latent_studio.core.interpolate import Knots, lerp, on_sphere, slerp

vectors = st.integers(0, 2**31).map(lambda seed: np.random.RandomState(seed).randn(16).astype(np.float32))
shares = st.floats(0, 1)
times = st.lists(st.integers(0, 500), min_size=1, max_size=7, unique=True).map(
    lambda found: [moment / 10 for moment in sorted(found)]
)
kinds = st.sampled_from(["linear", "smooth", "natural", "spherical", "hold"])


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_lerp_meets_both_ends_exactly(a: float, b: float):
    assert (lerp(a, b, 0), lerp(a, b, 1)) == (a, b)


@given(vectors, vectors)
def test_slerp_meets_both_ends_exactly(a, b):
    assert (slerp(a, b, 0) == a).all()
    assert (slerp(a, b, 1) == b).all()


@given(vectors, vectors, shares, st.floats(0.1, 5))
def test_slerp_changes_length_evenly(a, b, t: float, factor: float):
    b = b * np.float32(factor)
    wanted = (1 - t) * np.linalg.norm(a) + t * np.linalg.norm(b)

    assert np.linalg.norm(slerp(a, b, t)) == pytest.approx(wanted, rel=1e-5)


@given(vectors, vectors, shares)
def test_slerp_turns_at_an_even_rate(a, b, t: float):
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    whole = np.arccos(np.clip(a @ b, -1, 1))

    # Near the start the arc cosine of a rounded cosine is rough.
    assert np.arccos(np.clip(a @ slerp(a, b, t), -1, 1)) == pytest.approx(t * whole, abs=2e-3)


def test_slerp_between_opposite_and_equal_vectors_stays_on_the_sphere():
    a = np.array([2, 0, 0, 0], np.float32)
    assert np.linalg.norm(slerp(a, -a, 0.5)) == pytest.approx(2)
    assert slerp(a, -a, 0.5) @ a == pytest.approx(0, abs=1e-6)
    assert slerp(a, a, 0.3) == pytest.approx(a)
    assert np.isfinite(slerp(a, np.zeros(4, np.float32), 0.5)).all()


@given(vectors, vectors, vectors)
def test_a_blend_of_three_keeps_their_length(a, b, c):
    a, b, c = (x / np.linalg.norm(x) for x in (a, b, c))
    assert np.linalg.norm(on_sphere([a, b, c], [0.5, 0.8, -0.3])) == pytest.approx(1, rel=1e-5)


@given(times, st.none() | st.floats(0.5, 9), kinds, st.floats(0, 60))
def test_weights_of_keys_add_up_to_one(times, closing, kind, seconds: float):
    knots = Knots(times, closing)
    weights = knots.weights(*knots.place(seconds), kind)

    assert sum(weights.values()) == pytest.approx(1, abs=1e-5)


@given(times, st.none() | st.floats(0.5, 9), kinds)
def test_at_a_key_that_key_alone_counts(times, closing, kind):
    knots = Knots(times, closing)
    for index, moment in enumerate(times):
        assert knots.weights(*knots.place(moment), kind) == {index: 1.0}


@given(st.lists(st.floats(-9, 9), min_size=3, max_size=6), st.sampled_from(["smooth", "natural"]))
def test_splines_go_through_keys_without_a_kink_and_round_a_closed_loop(values, kind):
    knots = Knots([0.0, 1.0, 1.5, 3.0, 4.0, 4.5][: len(values)], 1.25)

    def at(seconds: float) -> float:
        return sum(weight * values[key] for key, weight in knots.weights(*knots.place(seconds), kind).items())

    for moment in (*knots.times, knots.end):
        before, here, after = at(moment - 1e-4), at(moment), at(moment + 1e-4)
        assert (here - before) == pytest.approx(after - here, abs=1e-5)


def test_a_natural_spline_does_not_bend_at_its_ends():
    knots = Knots([0.0, 1.0, 2.0, 3.0])
    values = [0.0, 1.0, -2.0, 4.0]

    def at(seconds: float) -> float:
        return sum(
            weight * values[key] for key, weight in knots.weights(*knots.place(seconds), "natural").items()
        )

    assert at(0) - 2 * at(1e-3) + at(2e-3) == pytest.approx(0, abs=1e-5)


@given(
    st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=7),
    st.integers(0, 5),
    shares,
    st.none() | st.floats(0.5, 2),
)
def test_smooth_numbers_never_leave_the_range_of_their_two_keys(values, index, u, closing):
    knots = Knots([0.0, 0.2, 1.0, 1.1, 4.0, 4.5, 5.0][: len(values)], closing)
    index %= len(values) if closing else len(values) - 1
    first, second = values[index], values[(index + 1) % len(values)]

    value = knots.monotone(values, index, u)

    slack = 1e-9 * (1 + abs(first) + abs(second))
    assert min(first, second) - slack <= value <= max(first, second) + slack
