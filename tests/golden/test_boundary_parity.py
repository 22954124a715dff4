"""Boundaries against the numbers of InterFaceGAN's own program; see ``data/interfacegan``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from latent_studio.methods.boundary.condition import amounts_to_distances, condition_vector
from latent_studio.methods.boundary.examples import split_by_scores
from latent_studio.methods.boundary.train import train_plane

DATA = Path(__file__).parent / "data" / "interfacegan"


def load(name: str) -> dict[str, np.ndarray]:
    with np.load(DATA / f"{name}.npz") as file:
        return dict(file)


@pytest.mark.parametrize("case", ["train_b_invalid", "train_c_noisy_small"])
def test_the_same_shuffle_gives_the_same_boundary(case: str) -> None:
    stored = load(case)
    parts = split_by_scores(
        stored["latent_codes"],
        stored["scores"],
        chosen=float(stored["chosen_num_or_ratio"]),
        split=float(stored["split_ratio"]),
        invalid=float(stored["invalid_value"]) if "invalid_value" in stored else None,
        seed=int(stored["shuffle_seed"]),
    )
    plane = train_plane(parts.train)
    assert plane.normal @ stored["boundary"][0] >= 0.9999
    right, total = stored["accuracy_validation"]
    assert len(parts.validation.labels) == total
    assert plane.accuracy(parts.validation) * total == pytest.approx(right)
    other = split_by_scores(
        stored["latent_codes"], stored["scores"], chosen=float(stored["chosen_num_or_ratio"]),
        split=float(stored["split_ratio"]),
        invalid=float(stored["invalid_value"]) if "invalid_value" in stored else None, seed=99,
    )  # fmt: skip
    cosine = train_plane(other.train).normal @ stored["boundary"][0]
    assert cosine >= float(stored["min_cos_across_shuffles"]) - 0.02


@pytest.mark.parametrize("conditions", [0, 1, 2, 3])
def test_conditional_boundaries_are_those_of_the_program(conditions: int) -> None:
    stored = load("interpolate")
    given = [stored[f"cond{k}"][0] for k in range(1, conditions + 1)]
    found = condition_vector(stored["primal"][0], given)
    assert np.abs(found - stored[f"out{conditions}"][0]).max() <= 1e-5


@pytest.mark.parametrize(
    ("primal", "conditions"),
    [("age", ["gender"]), ("age", ["eyeglasses"]), ("age", ["gender", "eyeglasses"])],
)
def test_conditional_boundaries_of_published_files(primal: str, conditions: list[str]) -> None:
    boundaries = {
        name: np.load(DATA / f"stylegan_ffhq_{name}_boundary.npy")[0] for name in [primal, *conditions]
    }
    found = condition_vector(boundaries[primal], [boundaries[name] for name in conditions])
    assert np.abs(found - load("real_boundaries")[f"{primal}__c__{'__'.join(conditions)}"][0]).max() <= 1e-5


@pytest.mark.parametrize("case", ["default", "asym", "one"])
def test_absolute_distances_are_those_of_the_program(case: str) -> None:
    stored = load("interpolate")
    start, end, steps = stored[f"interp_{case}_args"]
    normal, latent = stored["primal"][0], stored["z"][0]
    wanted = np.linspace(start, end, int(steps))
    moved = [latent + amount * normal for amount in amounts_to_distances(latent, normal, wanted)]
    assert np.abs(np.array(moved) - stored[f"interp_z_{case}"]).max() <= 1e-4
    relative = np.stack([stored["wp"][0] + distance * normal for distance in wanted])
    assert np.abs(relative - stored[f"interp_wp_{case}"]).max() <= 1e-4
