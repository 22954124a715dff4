"""Fields and reconstructors against numbers of the published program."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from latent_studio.checkpoints.training_state import read_torch_state
from latent_studio.methods.warp.reconstructor import Reconstructor
from latent_studio.methods.warp.support_sets import SupportSets

DATA = Path(__file__).parent / "data" / "warp"
VARIANTS = [f"support_sets_alphas{alphas}_gammas{gammas}" for alphas in (0, 1) for gammas in (0, 1)]


def arrays(name: str) -> dict[str, np.ndarray]:
    with np.load(DATA / f"{name}.npz") as file:
        return {key: file[key] for key in file.files}


def sets_of(data: dict[str, np.ndarray]) -> SupportSets:
    paths, width = data["SUPPORT_SETS"].shape
    vectors = data["ALPHAS"].shape[1]
    sets = SupportSets(paths, vectors // 2, width // vectors)
    state = {name: torch.from_numpy(data[name]) for name in ("SUPPORT_SETS", "ALPHAS", "LOGGAMMA")}
    if not data["learn_gammas"]:
        # The published program takes the option's gamma then, whatever the file says.
        state["LOGGAMMA"] = torch.full_like(state["LOGGAMMA"], float(np.log(data["gamma"])))
    sets.load(state)
    return sets


@pytest.mark.parametrize("name", VARIANTS)
def test_shifts_are_those_of_the_published_program(name: str) -> None:
    data = arrays(name)
    sets = sets_of(data)
    shift = sets(torch.from_numpy(data["z"]), torch.from_numpy(data["mask"]).argmax(1))
    assert np.abs(shift.detach().numpy() - data["shift"]).max() <= 1e-5


@pytest.mark.parametrize("name", VARIANTS)
def test_walking_both_ways_meets_the_published_codes(name: str) -> None:
    data = arrays(name)
    sets = sets_of(data)
    for path_idx in (0, 4):
        codes = torch.from_numpy(data[f"trav_codes_k{path_idx}"])
        steps, eps = int(data["steps"]), float(data["eps"])
        for sign in (-1, 1):
            point = codes[steps : steps + 1]
            for index in range(1, steps + 1):
                point = point + sign * eps * sets(point, torch.tensor([path_idx])).detach()
                assert float((point - codes[steps + sign * index]).abs().max()) <= 1e-5


@pytest.mark.parametrize("name", ["lenet_gray32", "lenet_rgb64"])
def test_the_lenet_gives_the_published_answers(name: str) -> None:
    data = arrays(name)
    network = Reconstructor("LeNet", data["logits"].shape[1], channels=data["image1"].shape[1])
    network.load_state_dict(
        {key[6:]: torch.from_numpy(value) for key, value in data.items() if key.startswith("state.")}
    )
    network.eval()
    with torch.no_grad():
        logits, magnitude = network(torch.from_numpy(data["image1"]), torch.from_numpy(data["image2"]))
        single, _ = network(torch.from_numpy(data["image1"][:1]), torch.from_numpy(data["image2"][:1]))
    assert np.abs(logits.numpy() - data["logits"]).max() <= 1e-4
    assert np.abs(magnitude.numpy() - data["magnitude"]).max() <= 1e-4
    assert np.abs(single.numpy() - data["logits_single"]).max() <= 1e-4


def test_a_published_file_of_support_sets_is_read_without_running_it() -> None:
    tensors = read_torch_state(DATA / "support_sets.pt")
    expected = arrays("support_sets_alphas1_gammas1")
    assert set(tensors) == {"SUPPORT_SETS", "ALPHAS", "LOGGAMMA"}
    for name, tensor in tensors.items():
        assert np.array_equal(tensor.numpy(), expected[name])
