"""The pictures of docs/how-the-bundled-model-was-made.md, drawn by the model they speak of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

from latent_studio.app.direction_files import read_direction_file
from latent_studio.core.directions import LinearDirection
from tools.portraits.evaluation import held_out, reconstruct
from tools.portraits.factors import GROUP_ROWS, Group
from tools.portraits.latents import latent_code
from tools.portraits.sheets import save_sheet

if TYPE_CHECKING:
    from pathlib import Path

    from tools.portraits.network import Generator

#: Side of a picture in a sheet; seven fit a page.
_SIDE = 128
_PSI = (1.0, 0.8, 0.6, 0.4, 0.2, 0.0)
#: Shares of the usual reach of a direction.
_AMOUNTS = (-1.0, -0.67, -0.33, 0.0, 0.33, 0.67, 1.0)
#: Directions by the end of their id, as the page speaks of them.
_SHOWN = ("yaw", "glasses", "beard", "hair_length")


def write_figures(network: Generator, folder: Path, *, directions: Path | None = None) -> list[Path]:
    """Write the sheets; those of directions only when there is a folder of them.

    Args:
        network: the model.
        folder: where the pictures go.
        directions: with ``boundaries.safetensors`` and ``conditional.safetensors``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = [folder / f"portraits-{name}.png" for name in ("walk", "truncation", "rows")]
    z, _ = held_out(latent_code(network.shape.z_dim), 12)
    save_sheet(written[0], _walk(network, z))
    save_sheet(written[1], _truncation(network, z))
    save_sheet(written[2], _rows(network, z))
    if directions is not None:
        for name, file in (("directions", "boundaries"), ("conditional", "conditional")):
            path = directions / f"{file}.safetensors"
            if path.is_file():
                written.append(folder / f"portraits-{name}.png")
                save_sheet(written[-1], _directions(network, z, path, only_shown=name == "directions"))
    return written


def _walk(network: Generator, z: Tensor) -> list[Tensor]:
    """From one z to another: the way between two people."""
    steps = torch.linspace(0.0, 1.0, len(_AMOUNTS))[:, None]
    return [
        _small(reconstruct(network, (1.0 - steps) * z[a] + steps * z[b], resolution=network.shape.resolution))
        for a, b in ((0, 1), (2, 3))
    ]


def _truncation(network: Generator, z: Tensor) -> list[Tensor]:
    size = network.shape.resolution
    columns = [_small(reconstruct(network, z[4:7], resolution=size, psi=psi)) for psi in _PSI]
    return list(torch.stack(columns, dim=1))


@torch.no_grad()
def _rows(network: Generator, z: Tensor) -> list[Tensor]:
    """Two people, and the first with coarse, middle and fine rows of the second."""
    groups: tuple[Group, ...] = ("coarse", "middle", "fine")
    lines: list[Tensor] = []
    for a, b in ((7, 8), (9, 10)):
        first, second = network.mapping(z[[a, b]])[:, None].expand(-1, network.shape.num_ws, -1)
        people = [first, second]
        for group in groups:
            mixed = first.clone()
            mixed[slice(*GROUP_ROWS[group])] = second[slice(*GROUP_ROWS[group])]
            people.append(mixed)
        lines.append(_synthesize(network, torch.stack(people)))
    return lines


@torch.no_grad()
def _directions(network: Generator, z: Tensor, path: Path, *, only_shown: bool) -> list[Tensor]:
    found = [one for one in read_direction_file(path) if isinstance(one, LinearDirection)]
    if only_shown:
        found = [one for name in _SHOWN for one in found if one.name == name]
    average = network.mapping.w_avg
    w = average + 0.6 * (network.mapping(z[11:12]) - average)
    lines: list[Tensor] = []
    for direction in found:
        low, high = direction.suggested_range
        reach = torch.tensor([a * (high if a > 0 else -low) for a in _AMOUNTS])
        vector = torch.tensor(direction.vector)
        step = vector if vector.ndim == 2 else vector.expand(network.shape.num_ws, -1)
        ws = w[:, None] + reach[:, None, None] * step
        lines.append(_synthesize(network, ws))
    return lines


def _synthesize(network: Generator, ws: Tensor) -> Tensor:
    size = network.shape.resolution
    return _small(torch.cat([network.synthesis(part, size)[size] for part in ws.split(4)]))


def _small(pictures: Tensor) -> Tensor:
    if pictures.shape[-1] <= _SIDE:
        return pictures
    return F.adaptive_avg_pool2d(pictures.clamp(-1.0, 1.0), _SIDE)
