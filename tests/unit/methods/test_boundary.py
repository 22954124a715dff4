"""Boundaries on latents whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from latent_studio.core.errors import IncompatibleLatentError, InputError, OptionError
from latent_studio.core.spaces import Space
from latent_studio.methods.boundary import train as boundary_train
from latent_studio.methods.boundary.condition import amounts_to_distances, condition_vector
from latent_studio.methods.boundary.examples import examples_of, split_by_scores
from latent_studio.methods.boundary.learn import learn_boundary, rows_averaged
from latent_studio.methods.boundary.thumbs import learn_from_thumbs, most_uncertain, prepare
from latent_studio.methods.boundary.train import check_plane, train_plane

RNG = np.random.default_rng(0)
TRUTH = np.array([3.0, 0, 4.0, 0, 0, 0, 0, 0], dtype=np.float32) / 5
LATENTS = RNG.normal(size=(400, 8)).astype(np.float32)
SCORES = LATENTS @ TRUTH


@pytest.mark.parametrize("learner", ["svm", "mean"])
def test_a_plane_finds_the_direction_of_the_scores(learner):
    parts = split_by_scores(LATENTS, SCORES, chosen=0.2)
    plane = train_plane(parts.train, learner=learner)
    assert plane.normal @ TRUTH > 0.97 and np.linalg.norm(plane.normal) == pytest.approx(1.0, abs=1e-6)
    assert plane.accuracy(parts.validation) == 1.0 and plane.accuracy(parts.rest) > 0.7


def test_the_intercept_is_that_of_the_plane():
    parts = split_by_scores(LATENTS + 5 * TRUTH, SCORES, chosen=0.2)
    assert train_plane(parts.train).intercept == pytest.approx(-5.0, abs=0.4)


def test_invalid_scores_are_left_out():
    scores = SCORES.copy()
    scores[:50] = -1000.0
    scores[50:60] = np.nan
    parts = split_by_scores(LATENTS, scores, chosen=0.1, invalid=-1000.0)
    assert parts.train.counts[0] + parts.validation.counts[0] == 34
    assert train_plane(parts.train).normal @ TRUTH > 0.9


@pytest.mark.parametrize(("chosen", "count"), [(0.25, 100), (30, 30), (1.0, 200), (5000, 200), (0.001, 2)])
def test_chosen_is_a_share_or_a_number_and_at_most_half(chosen, count):
    parts = split_by_scores(LATENTS, SCORES, chosen=chosen, split=1.0)
    assert parts.train.counts == (count, count)


@pytest.mark.parametrize(
    ("latents", "scores", "words"),
    [
        (LATENTS, np.ones(400), "All scores are 1"),
        (LATENTS, np.ones(399), "one score"),
        (LATENTS, np.ones((400, 2)), "one score"),
        (LATENTS[:3], SCORES[:3], "at least 4"),
        (LATENTS, np.full(400, np.nan), "valid score"),
        (LATENTS[:, 0], SCORES, "one row of numbers"),
        (np.full((8, 4), np.nan), np.arange(8), "not finite"),
    ],
)
def test_scores_that_teach_nothing_are_refused_in_one_sentence(latents, scores, words):
    with pytest.raises(InputError, match=words):
        split_by_scores(latents, scores)


@pytest.mark.parametrize("options", [{"chosen": 0}, {"chosen": float("nan")}, {"split": 0}, {"split": 1.1}])
def test_options_out_of_range_are_refused(options):
    with pytest.raises(OptionError):
        split_by_scores(LATENTS, SCORES, **options)


@pytest.mark.parametrize(
    ("liked", "disliked", "words"),
    [
        (LATENTS[:5], LATENTS[:0], "without the attribute"),
        (np.empty((0, 8)), LATENTS[:5], "with the attribute"),
        (LATENTS[:1], LATENTS[1:3], "at least 4"),
        (LATENTS[:5], LATENTS[:5, :3], "same model"),
        (np.ones((5, 8)), np.ones((5, 8)), "the same"),
    ],
)
def test_ratings_that_teach_nothing_are_refused_in_one_sentence(liked, disliked, words):
    with pytest.raises(InputError, match=words):
        learn_boundary(examples_of(liked, disliked), name="x", space=Space.Z, learner="mean")


def test_cross_validation_tells_a_real_attribute_from_luck():
    real = check_plane(examples_of(LATENTS[SCORES > 1][:40], LATENTS[SCORES < -1][:40]))
    assert real.cross_validated > 0.9 and real.p_value <= 0.05 and 0.3 < real.chance < 0.7
    luck = check_plane(examples_of(LATENTS[:20], LATENTS[20:40]))
    assert luck.p_value > 0.05 and "luck does as well" in luck.words


def test_a_rare_kind_counts_as_much_as_a_common_one():
    always_no = check_plane(examples_of(LATENTS[:4], LATENTS[4:80]), learner="svm", shuffles=0)
    assert always_no.cross_validated < 0.8


def test_a_learned_boundary_knows_how_it_was_found():
    parts = split_by_scores(LATENTS, SCORES, chosen=0.2)
    learned = learn_boundary(parts.train, name="smile", space=Space.Z, model_sha256="ab" * 32, shuffles=4)
    details = learned.direction.info.details
    assert learned.direction.info.source == "boundary" and learned.direction.info.model_sha256 == "ab" * 32
    assert {"accuracy", "accuracy by luck", "accuracy of mean", "intercept", "learner"} <= set(details)
    assert learned.agreement > 0.9 and "56 + 56 examples" in learned.sentence


def test_boundaries_of_w_plus_have_rows_of_length_one_on_average():
    flat = np.repeat(LATENTS[:, None], 3, axis=1).reshape(400, -1)
    parts = split_by_scores(flat, SCORES, chosen=0.2)
    learned = learn_boundary(parts.train, name="s", space=Space.W_PLUS, num_ws=3, checked=False)
    assert learned.direction.vector.shape == (3, 8)
    assert np.sqrt(np.square(learned.direction.vector).sum() / 3) == pytest.approx(1.0, abs=1e-5)


def test_a_condition_takes_its_part_away():
    others = RNG.normal(size=(5, 8)).astype(np.float32)
    found = condition_vector(TRUTH, list(others))
    unit = others / np.linalg.norm(others, axis=1, keepdims=True)
    assert np.abs(unit @ found).max() < 1e-6 and np.linalg.norm(found) == pytest.approx(1.0, abs=1e-6)


def test_a_condition_that_depends_on_others_is_named():
    others = RNG.normal(size=(5, 8)).astype(np.float32)
    names = ["age", "yaw", "smile", "hat", "glasses", "sum"]
    with pytest.raises(InputError, match="'sum' depends on the other conditions"):
        condition_vector(TRUTH, [*others, 3 * others[0] - others[1]], names=names)
    with pytest.raises(InputError, match="Condition 2 depends"):
        condition_vector(TRUTH, [others[0], -2 * others[0]])


def test_a_mixture_of_its_conditions_leaves_nothing():
    a, b = np.eye(8, dtype=np.float32)[:2]
    with pytest.raises(InputError, match="Nothing is left"):
        condition_vector(a + 2 * b, [a, b])
    with pytest.raises(IncompatibleLatentError):
        condition_vector(a, [np.ones(7)])


def test_absolute_distances_put_the_latent_where_they_say():
    latent = LATENTS[0]
    for distance, amount in zip((-2.0, 0.5), amounts_to_distances(latent, TRUTH, (-2.0, 0.5)), strict=True):
        assert (latent + amount * TRUTH) @ TRUTH == pytest.approx(distance, abs=1e-5)


def test_thumbs_teach_more_in_scales_of_the_models_own():
    ws = np.random.default_rng(1).normal(size=(1200, 40)).astype(np.float32)
    ws[:, :6] *= 8.0  # what the model varies most in, and not what is asked for
    truth = ws[:, 20]

    def correlation(vector):
        return float(np.corrcoef(ws @ vector, truth)[0, 1])

    gains = []
    for start in range(0, 600, 60):
        order = start + np.argsort(truth[start : start + 60])
        liked, disliked = ws[order[-10:]], ws[order[:10]]
        learned = learn_from_thumbs(liked, disliked, name="smile", ws_samples=ws)
        plain = train_plane(examples_of(liked, disliked))
        gains.append(correlation(learned.direction.vector) - correlation(plain.normal))
        assert learned.plane.accuracy(examples_of(liked, disliked)) == 1.0
    assert np.mean(gains) > 0.05


def test_projections_are_taken_in_w_however_many_rows_they_have():
    rows = np.repeat(LATENTS[:, None], 18, axis=1)
    assert np.allclose(rows_averaged(rows), LATENTS, atol=1e-6)
    scales = prepare(LATENTS)
    learned = learn_from_thumbs(
        rows[SCORES > 0.5][:20], rows[SCORES < -0.5][:20], name="x", ws_samples=LATENTS, scales=scales
    )
    assert learned.direction.vector.shape == (8,) and learned.direction.space is Space.W


def test_the_next_pictures_are_uncertain_unrated_and_differ_from_each_other():
    plane = train_plane(split_by_scores(LATENTS, SCORES, chosen=0.2).train)
    asked = most_uncertain(plane, LATENTS, rated=range(200), count=10)
    assert len(set(asked)) == 10 and min(asked) >= 200
    others = np.setdiff1d(np.arange(200, 400), asked)
    distances = np.abs(plane.distances(LATENTS))
    assert distances[list(asked)].mean() < 0.5 * distances[others].mean()
    assert most_uncertain(plane, LATENTS, rated=range(400)) == ()


def test_a_round_of_thumbs_trains_a_machine_six_times_and_looks_at_no_samples_anew(monkeypatch):
    ws = np.random.default_rng(1).normal(size=(400, 12)).astype(np.float32)
    scales, trained = prepare(ws), []
    train = boundary_train._support_vector_plane
    monkeypatch.setattr(
        boundary_train, "_support_vector_plane", lambda seen: trained.append(len(seen.labels)) or train(seen)
    )
    monkeypatch.setattr("latent_studio.methods.boundary.thumbs.balanced_scales", None)
    learn_from_thumbs(ws[:20], ws[20:40], name="it", ws_samples=ws, scales=scales)
    assert trained == [40, 32, 32, 32, 32, 32]
