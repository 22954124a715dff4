import numpy as np
import pytest

from latent_studio.core.directions import Direction, LinearDirection
from latent_studio.core.edits import Edit, EditStack
from latent_studio.core.errors import IncompatibleLatentError
from latent_studio.core.spaces import Space
from latent_studio.core.spec import GeneratorSpec
from latent_studio.core.support_sets import SupportSet
from latent_studio.core.warp_path import WarpPath

SPEC = GeneratorSpec("stylegan2", resolution=16, channels=3, z_dim=6, w_dim=6, num_ws=4)


def path(space: Space = Space.Z, *, gamma: float = 0.2, rows: tuple[int, ...] | None = None) -> WarpPath:
    rng = np.random.default_rng(0)
    half = rng.normal(size=(4, 6))
    vectors = np.stack([half, -half], axis=1).reshape(-1, 6)
    return WarpPath("warp:0", "path 0", space, SupportSet(vectors, rng.normal(size=8), gamma), rows=rows)


def z(seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=6).astype(np.float32)


def test_a_path_is_a_direction():
    assert isinstance(path(), Direction)


def test_zero_gives_the_latent_back():
    assert np.array_equal(path().move(z(), 0.0), z())


def test_the_amount_is_the_length_of_the_way():
    places = np.stack([path().move(z(), amount).astype(np.float64) for amount in np.linspace(0, 2, 2001)])
    assert np.linalg.norm(np.diff(places, axis=0), axis=1).sum() == pytest.approx(2.0, abs=2e-3)


def test_there_and_back_ends_near_the_start_and_nearer_with_the_step_squared():
    def miss(length: float) -> float:
        field, x = path().support_set, z()[None]
        steps = round(2.4 / length)
        for direction in (length, -length):
            for _ in range(steps):
                x = field.midpoint_step(x, direction)
        return float(np.abs(x - z()).max())

    assert np.abs(path().move(path().move(z(), 1.5), -1.5) - z()).max() < 1e-3
    assert miss(0.1) < miss(0.2) / 3.5


def test_the_same_amount_gives_the_same_bytes_however_the_slider_came_there():
    dragged = path()
    for amount in (0.3, 2.9, -1.0, 1.7):
        dragged.move(z(), amount)
    assert dragged.move(z(), 1.3).tobytes() == path().move(z(), 1.3).tobytes()


def test_neighbouring_amounts_give_neighbouring_latents_across_a_whole_step():
    step = path().step_length
    before, after = path().move(z(), 3 * step - 1e-4), path().move(z(), 3 * step + 1e-4)
    assert np.abs(after - before).max() < 1e-3


def test_narrow_basis_functions_are_walked_in_shorter_steps():
    assert path(gamma=40.0).step_length < path(gamma=0.2).step_length


def test_far_from_the_supports_nothing_is_nan():
    assert np.isfinite(path(gamma=5.0).move(z() * 1000, 3.0)).all()


def test_rows_of_ws_walk_by_themselves_and_equal_rows_stay_equal():
    ws = np.stack([z(1), z(1), z(2), z(1)])
    moved = path(Space.W).move(ws, 1.2)
    assert np.array_equal(moved[0], moved[1]) and np.array_equal(moved[0], moved[3])
    assert np.allclose(moved[2], path(Space.W).move(z(2)[None], 1.2)[0], atol=1e-6)


def test_only_the_rows_asked_for_move():
    ws = np.tile(z(), (4, 1))
    moved = path(Space.W, rows=(0, 1)).move(ws, 1.0)
    assert (moved[:2] != ws[:2]).any() and np.array_equal(moved[2:], ws[2:])
    assert np.array_equal(path(Space.W, rows=(0, 1)).move(ws, 1.0, rows=(3,))[:3], ws[:3])


def test_a_curved_and_a_straight_edit_are_applied_in_the_order_of_the_stack():
    straight = LinearDirection("a", "a", Space.Z, np.full(6, 0.5))
    curved = path()
    first = EditStack((Edit(curved, 1.0), Edit(straight, 2.0)))
    last = first.moved_to("a", 0)
    assert np.array_equal(first.apply(z(), before_mapping=True), straight.move(curved.move(z(), 1.0), 2.0))
    assert np.array_equal(last.apply(z(), before_mapping=True), curved.move(straight.move(z(), 2.0), 1.0))
    assert not np.allclose(first.apply(z(), before_mapping=True), last.apply(z(), before_mapping=True))


def test_a_model_of_another_latent_size_is_refused():
    path(Space.W).check_fits(SPEC)
    other = GeneratorSpec("stylegan2", resolution=16, channels=3, z_dim=7, w_dim=5, num_ws=4)
    with pytest.raises(IncompatibleLatentError, match="6 numbers"):
        path().check_fits(other)
    with pytest.raises(IncompatibleLatentError):
        path(Space.W, rows=(9,)).check_fits(SPEC)


def test_a_path_through_w_plus_is_refused():
    with pytest.raises(IncompatibleLatentError):
        path(Space.W_PLUS)
