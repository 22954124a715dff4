"""The measures of a ranking, the published scores and the groups."""

from __future__ import annotations

import numpy as np
import pytest

from latent_studio.methods.attributes.protocol import AttributeInfo
from latent_studio.methods.ranking.groups import GROUPS, members
from latent_studio.methods.ranking.measures import correlations, measure
from latent_studio.methods.ranking.published import published_corr, published_corr_l1

AMOUNTS = np.linspace(-2, 2, 9)


def values(*paths: list[np.ndarray], latents: int = 6) -> np.ndarray:
    """``(K, N, T, A)``: each path's attributes as functions of the amount, the same from every latent."""
    return np.stack([np.stack([np.stack(path, axis=-1)] * latents) for path in paths])


def test_correlations_are_numpys() -> None:
    rng = np.random.default_rng(1)
    noise = rng.normal(size=(3, 4, 9, 2))
    found = correlations(noise, AMOUNTS)
    assert found[2, 1, 0] == pytest.approx(np.corrcoef(noise[2, 1, :, 0], AMOUNTS)[0, 1])


def test_what_follows_the_path_has_correlation_one_and_what_stands_still_zero() -> None:
    found = measure(values([3 * AMOUNTS, 0 * AMOUNTS + 0.7]), AMOUNTS, np.ones(2))
    assert found.pearson[0] == pytest.approx([1, 0])
    assert found.monotonicity[0] == pytest.approx([1, 0])
    assert (found.pearson_low[0, 0], found.pearson_high[0, 0]) == pytest.approx((1, 1))


def test_effects_are_in_standard_deviations_and_signed() -> None:
    found = measure(values([AMOUNTS, -AMOUNTS]), AMOUNTS, np.array([2.0, 0.5]))
    assert found.effect[0] == pytest.approx([2, -8])


def test_opposite_answers_give_no_correlation_but_a_side_effect() -> None:
    both = values([AMOUNTS, AMOUNTS])
    both[:, ::2, :, 1] *= -1
    found = measure(both, AMOUNTS, np.ones(2))
    assert found.pearson[0, 1] == pytest.approx(0)
    assert found.pearson_low[0, 1] < 0 < found.pearson_high[0, 1]
    assert found.side_effect[0, 0] == pytest.approx(4)
    assert found.score[0, 1] == 0


def test_a_path_that_moves_nothing_else_ranks_before_one_that_does() -> None:
    found = measure(values([AMOUNTS, 3 * AMOUNTS], [AMOUNTS, 0 * AMOUNTS]), AMOUNTS, np.ones(2))
    assert found.ranked(0) == (1, 0)
    assert found.selectivity[1, 0] == pytest.approx(1)


def test_a_path_that_hardly_moves_ranks_after_one_that_does() -> None:
    found = measure(values([0.001 * AMOUNTS], [AMOUNTS]), AMOUNTS, np.ones(1))
    assert found.ranked(0) == (1, 0)


def test_pictures_without_a_face_are_left_out_and_counted() -> None:
    gaps = values([AMOUNTS])
    gaps[0, :3, 4:6] = np.nan
    found = measure(gaps, AMOUNTS, np.ones(1))
    assert found.pearson[0, 0] == pytest.approx(1)
    assert found.told[0, 0] == pytest.approx(1 - 3 * 2 / 54)


def test_an_attribute_that_is_never_told_is_nan_and_scores_nothing() -> None:
    found = measure(np.full((1, 3, 9, 1), np.nan), AMOUNTS, np.zeros(1))
    assert np.isnan(found.pearson[0, 0])
    assert found.score[0, 0] == 0


def test_steps_at_many_places_make_a_mean_curve_without_one() -> None:
    steps = np.stack([np.where(AMOUNTS > place, 1.0, 0.0) for place in (-1.6, -0.9, -0.1, 0.6, 1.4)])
    found = measure(steps[None, :, :, None], AMOUNTS, np.ones(1))
    assert found.curve[0, 0] == pytest.approx(np.corrcoef(steps.mean(axis=0), AMOUNTS)[0, 1])
    assert found.pearson[0, 0] < 0.85 < 0.98 < found.curve[0, 0]
    assert found.curve_low[0, 0] < found.curve[0, 0]
    assert found.curve_low[0, 0] <= found.curve_high[0, 0] <= 1
    alone = measure(steps[None, :1, :, None], AMOUNTS, np.ones(1))
    assert np.isnan([alone.curve_low[0, 0], alone.curve_high[0, 0]]).all()


def test_the_interval_is_the_same_every_time() -> None:
    noise = np.random.default_rng(2).normal(size=(2, 8, 9, 3))
    one, other = (measure(noise, AMOUNTS, np.ones(3)) for _ in range(2))
    assert np.array_equal(one.pearson_low, other.pearson_low)
    assert (one.pearson_low <= one.pearson).all()
    assert (one.pearson <= one.pearson_high).all()


def test_published_corr_is_the_covariance_over_the_indexs_deviation() -> None:
    info = AttributeInfo("yaw", "Yaw", low=-1.1, high=1.1)
    track = values([0.3 * np.sin(AMOUNTS)], latents=2)
    scaled = track[0, 0, :, 0] / 1.1
    index = np.arange(9)
    expected = abs(np.cov(scaled, index)[0, 1] / np.std(index, ddof=1))
    assert published_corr(track, [info], centre=4)[0, 0] == pytest.approx(expected)


def test_published_corr_measures_likeness_by_the_distance_from_the_middle() -> None:
    info = AttributeInfo("identity", "Identity")
    track = values([1 - np.abs(AMOUNTS) / 4])
    assert published_corr(track, [info], likeness=frozenset({"identity"}), centre=4)[0, 0] > 0.1
    assert published_corr(track, [info], centre=4)[0, 0] == pytest.approx(0, abs=1e-12)


def test_published_corr_l1_shares_a_row_out() -> None:
    table = published_corr_l1(np.array([[1.0, 3.0], [0.0, 0.0]]))
    assert table.tolist() == [[0.25, 0.75], [0.0, 0.0]]


def test_a_group_says_what_of_it_was_not_measured() -> None:
    assert members("pose", ("yaw", "smile")) == (("yaw",), ("pitch",))
    assert "Beard" in GROUPS
