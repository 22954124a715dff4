"""The trained generator as a file that the program opens, and back again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import torch
from safetensors import safe_open
from torch import Tensor

from latent_studio.checkpoints.checkpoint import Checkpoint, OptionValue, Provenance
from latent_studio.checkpoints.safetensors_file import write_checkpoint
from tools.portraits.factors import CORRELATIONS, FACTORS, GROUP_ROWS
from tools.portraits.latents import LatentCode, latent_code
from tools.portraits.network import Generator, Shape

if TYPE_CHECKING:
    from pathlib import Path

NAME = "portraits"
LICENCE = "CC0-1.0"
_AVERAGED_PEOPLE = 20_000


@torch.no_grad()
def average_w(network: Generator, *, seed: int = 1) -> Tensor:
    """The mean of many mapped z, ``(w_dim,)``: the centre that truncation pulls towards."""
    generator = torch.Generator().manual_seed(seed)
    z = torch.randn(_AVERAGED_PEOPLE, network.shape.z_dim, generator=generator)
    mean: Tensor = network.mapping(z).mean(dim=0)
    return mean


def write_weights(network: Generator, path: Path, *, resolution: int | None = None) -> None:
    """Write the generator in half precision, as a StyleGAN2 checkpoint.

    Args:
        network: its ``w_avg`` is measured afresh.
        path: ends in ``.safetensors``.
        resolution: leave out the blocks above this; ``None`` keeps all.
    """
    network.mapping.w_avg.copy_(average_w(network))
    limit = network.shape.resolution if resolution is None else resolution
    tensors = {
        name: tensor.detach().half().contiguous().clone()
        for name, tensor in network.state_dict().items()
        if not name.startswith("synthesis.") or int(name.split(".")[1][1:]) <= limit
    }
    origin = Provenance(path, "safetensors", sha256="", size_bytes=0, name=NAME, licence=LICENCE)
    options: dict[str, OptionValue] = {"architecture": "skip", "mapping_lr_multiplier": 1.0}
    write_checkpoint(Checkpoint("stylegan2", tensors, origin, options), path)


def read_weights(path: Path) -> Generator:
    """The generator in a file of :func:`write_weights`, in float32, to measure or to train on."""
    with safe_open(path, framework="pt") as file:
        tensors = {name: file.get_tensor(name).float() for name in file.keys()}
    channels: list[int] = []
    while (bias := tensors.get(f"synthesis.b{4 << len(channels)}.conv1.bias")) is not None:
        channels.append(bias.shape[0])
    layers = sum(name.startswith("mapping.fc") and name.endswith("weight") for name in tensors)
    w_dim, z_dim = tensors["mapping.fc0.weight"].shape
    network = Generator(Shape(tuple(channels), z_dim, w_dim, layers), latent_code(z_dim))
    network.load_state_dict(tensors)
    return network


def write_factors(code: LatentCode, path: Path, *, num_ws: int) -> None:
    """Write what is known about z: factor names, their rows, and the directions that carry them."""
    document = {
        "z_dim": code.z_dim,
        "meaning": (
            "score = directions @ z * sqrt(z_dim) / |z|; factor = erf(score / sqrt(2)), uniform in [-1, 1]; "
            "scores of different factors are correlated as in 'correlations'"
        ),
        "factors": [
            {
                "name": factor.name,
                "group": factor.group,
                "rows": [row for row in range(*GROUP_ROWS[factor.group]) if row < num_ws],
                "low": factor.low,
                "high": factor.high,
            }
            for factor in FACTORS
        ],
        "correlations": [[first, second, value] for (first, second), value in CORRELATIONS.items()],
        "directions": [[round(number, 6) for number in row] for row in code.directions.tolist()],
    }
    text = json.dumps(document, indent=1)
    # One line per direction instead of one per number.
    path.write_text(_compact(text), encoding="utf-8")


def _compact(text: str) -> str:
    lines: list[str] = []
    inner: list[str] | None = None
    for line in text.splitlines():
        stripped = line.strip()
        if stripped == "[" or (stripped.endswith(": [") and '"rows"' in stripped):
            inner = [line]
        elif inner is not None:
            inner.append(" " + stripped if inner[-1].endswith(",") else stripped)
            if stripped.startswith("]"):
                lines.append("".join(inner))
                inner = None
        else:
            lines.append(line)
    return "\n".join(lines) + "\n"
