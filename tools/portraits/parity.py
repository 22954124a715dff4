"""Numbers that the program must reproduce: one picture by the network it was trained as."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from latent_studio.core.files import replacing

if TYPE_CHECKING:
    from pathlib import Path

    from tools.portraits.network import Generator

#: Truncation of the second w.
PSI = 0.7


@torch.no_grad()
def write_parity(network: Generator, path: Path) -> None:
    """Write z of seed 0, its w, w at psi 0.7 and its picture at psi 1, for ``test_portraits_parity.py``.

    Args:
        network: as :func:`tools.portraits.weights_file.read_weights` gives it.
        path: ``expected.npz``.
    """
    z = torch.from_numpy(np.random.RandomState(0).randn(1, network.shape.z_dim)).float()
    w = network.mapping(z)
    w_avg = network.mapping.w_avg
    size = network.shape.resolution
    arrays = {
        "z": z,
        "ws": w[:, None],
        "psi": torch.tensor(PSI),
        "ws_trunc": (w_avg + PSI * (w - w_avg))[:, None],
        "image": network.synthesis(w[:, None].expand(-1, network.shape.num_ws, -1), size)[size],
    }
    with replacing(path) as file:
        np.savez_compressed(file, **{name: value.numpy() for name, value in arrays.items()})
