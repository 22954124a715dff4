"""SeFa on networks read from official files, against the numbers of the paper's program."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from latent_studio.checkpoints.open import open_checkpoint
from latent_studio.generators.catalog import build_generator
from latent_studio.methods.sefa import find_sefa_directions

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("case", ["a_uncond64_skip", "c_resnet32"])
@pytest.mark.parametrize("selection", ["all", "0to1", "2to5"])
def test_directions_of_an_nvidia_file_are_those_of_the_papers_program(
    golden_dir: Path, case: str, selection: str
) -> None:
    generator = build_generator(open_checkpoint(golden_dir / "stylegan2_ada" / case / "network.pkl"))
    with np.load(golden_dir / "sefa_on_nvidia" / case / "expected.npz") as file:
        values = file[f"sefa_{selection}_values_sorted"]
        vectors = file[f"sefa_{selection}_vectors_sorted"]
        rows = tuple(int(row) for row in file[f"sefa_{selection}_layers"])
    layers = None if selection == "all" else rows
    found = find_sefa_directions(generator, model_sha256="", layers=layers, count=None)
    eigenvalues = [float(direction.info.details["eigenvalue"]) for direction in found]
    np.testing.assert_allclose(eigenvalues, values, rtol=1e-4, atol=1e-4)
    for k, direction in enumerate(found):
        gaps = [abs(values[n] - values[k]) for n in (k - 1, k + 1) if 0 <= n < len(values)]
        expected = 0.999 if min(gaps) < 0.01 * values[k] else 0.9999
        assert abs(float(direction.vector @ vectors[k])) >= expected, k
