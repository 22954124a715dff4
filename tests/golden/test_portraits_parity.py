"""The bundled model still draws what it drew when it was trained."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from latent_studio.checkpoints.open import open_checkpoint
from latent_studio.generators.catalog import build_generator
from latent_studio.testing import check_generator

EXPECTED = Path(__file__).parent / "data" / "portraits" / "expected.npz"


@pytest.fixture(scope="module")
def portraits(repo_root):
    return build_generator(
        open_checkpoint(repo_root / "resources" / "models" / "portraits" / "portraits.safetensors")
    )


def test_seed_zero_is_the_picture_of_the_training(portraits):
    with np.load(EXPECTED) as arrays:
        expected = {name: torch.from_numpy(array) for name, array in arrays.items()}
    z = torch.from_numpy(np.random.RandomState(0).randn(1, portraits.spec.z_dim)).float()

    ws = portraits.map(z)
    truncated = portraits.map(z, truncation_psi=float(expected["psi"]))

    assert torch.equal(z, expected["z"])
    torch.testing.assert_close(ws[:, :1], expected["ws"], atol=1e-5, rtol=0)
    torch.testing.assert_close(truncated[:, :1], expected["ws_trunc"], atol=1e-5, rtol=0)
    torch.testing.assert_close(portraits.synthesize(ws), expected["image"], atol=1e-4, rtol=0)


def test_it_keeps_the_protocol(portraits):
    check_generator(portraits)
