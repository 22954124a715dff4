import pytest
from hypothesis import given
from hypothesis import strategies as st

from latent_studio.core.seed_plane import SEED_LIMIT, SeedPoint

points = st.builds(
    SeedPoint,
    st.integers(0, SEED_LIMIT - 1),
    st.floats(0, 1, exclude_max=True),
    st.floats(0, 1, exclude_max=True),
)
moves = st.floats(-500, 500)


def test_a_whole_point_is_one_seed():
    assert SeedPoint(42).is_whole
    assert SeedPoint(42).corners() == ((42, 1.0),)


def test_a_point_between_blends_the_four_seeds_around_it():
    corners = dict(SeedPoint(10, 0.25, 0.5).corners())
    assert corners == {10: 0.375, 11: 0.125, 110: 0.375, 111: 0.125}


@given(points)
def test_weights_are_positive_and_sum_to_one(point):
    weights = [weight for _, weight in point.corners()]
    assert all(weight > 0 for weight in weights)
    assert sum(weights) == pytest.approx(1)


@given(points, moves, moves)
def test_any_move_stays_on_the_plane(point, dx, dy):
    moved = point.moved(dx, dy)
    assert 0 <= moved.seed < SEED_LIMIT
    assert 0 <= moved.dx < 1 and 0 <= moved.dy < 1


def test_whole_moves_go_from_seed_to_seed():
    assert SeedPoint(42).moved(1, 0) == SeedPoint(43)
    assert SeedPoint(42).moved(0, 1) == SeedPoint(142)
    assert SeedPoint(42).moved(-1, -1) == SeedPoint((42 - 1 - 100) % SEED_LIMIT)


def test_the_plane_wraps_at_its_end():
    assert SeedPoint(SEED_LIMIT - 1).moved(1, 0) == SeedPoint(0)


def test_a_point_snaps_to_its_nearest_seed():
    assert SeedPoint(42, 0.7, 0.2).snapped() == SeedPoint(43)
    assert SeedPoint(42, 0.2, 0.7).snapped() == SeedPoint(142)


@pytest.mark.parametrize("place", [(-1, 0, 0), (SEED_LIMIT, 0, 0), (0, 1.0, 0), (0, 0, -0.1)])
def test_places_off_the_plane_are_refused(place):
    with pytest.raises(ValueError, match="seed plane"):
        SeedPoint(*place)
