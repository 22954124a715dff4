"""A StyleGAN or ProgGAN with random weights of any size, for tests and benchmarks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch

from latent_studio.checkpoints.checkpoint import Checkpoint, Provenance

if TYPE_CHECKING:
    from torch import Tensor

    from latent_studio.checkpoints.checkpoint import OptionValue


def random_stylegan(
    resolution: int,
    *,
    z_dim: int = 512,
    w_dim: int = 512,
    c_dim: int = 0,
    channels: int = 3,
    channel_base: int = 16384,
    channel_max: int = 512,
    mapping_layers: int = 8,
    use_const: bool = True,
    use_noise: bool = True,
    all_pictures: bool = True,
    seed: int = 0,
    options: dict[str, OptionValue] | None = None,
) -> Checkpoint:
    """All tensors of a StyleGAN, every one of them random, so that each matters.

    Args:
        resolution: of the picture; a power of two, at least 4.
        z_dim: length of z.
        w_dim: length of a row of ws.
        c_dim: number of classes.
        channels: of the picture.
        channel_base: layers of side r have ``channel_base / r`` channels ...
        channel_max: ... but no more than these. The default is the official size.
        mapping_layers: depth of the mapping network.
        use_const: whether synthesis starts from a constant; else from w.
        use_noise: whether layers take noise.
        all_pictures: whether every resolution has a picture; else only the last.
        seed: the same seed gives the same weights.
        options: further options of the checkpoint.
    """
    maker = _TensorMaker(seed)
    width = z_dim
    if c_dim:
        maker.normal("mapping.embed.weight", z_dim, c_dim)
        maker.normal("mapping.embed.bias", z_dim, scale=0.0)
        width += z_dim
    for index in range(mapping_layers):
        # Stored weights are divided by the learning-rate multiplier, 0.01.
        maker.normal(f"mapping.fc{index}.weight", w_dim, width, scale=100.0)
        maker.normal(f"mapping.fc{index}.bias", w_dim, scale=10.0)
        width = w_dim
    maker.normal("mapping.w_avg", w_dim, scale=0.3)
    below = w_dim
    for index in range(2 * (resolution.bit_length() - 2)):
        name, side = f"synthesis.layer{index}", 4 << (index // 2)
        width = min(channel_base // side, channel_max)
        if index == 0 and use_const:
            maker.normal("synthesis.const", width, 4, 4)
        else:
            kernel = 3 if index else 4
            maker.normal(f"{name}.weight", width, below, kernel, kernel)
        maker.normal(f"{name}.bias", width, scale=0.3)
        maker.normal(f"{name}.affine.weight", 2 * width, w_dim)
        maker.normal(f"{name}.affine.bias", 2 * width, scale=0.3)
        if use_noise:
            maker.normal(f"{name}.noise_const", side, side)
            maker.normal(f"{name}.noise_strength", width, scale=0.1)
        if index % 2 and (all_pictures or side == resolution):
            maker.normal(f"synthesis.output{index // 2}.weight", channels, width, 1, 1)
            maker.normal(f"synthesis.output{index // 2}.bias", channels, scale=0.3)
        below = width
    return maker.checkpoint("stylegan", options)


def random_proggan(
    resolution: int,
    *,
    w_dim: int = 512,
    channels: int = 3,
    channel_base: int = 16384,
    channel_max: int = 512,
    all_pictures: bool = True,
    seed: int = 0,
    options: dict[str, OptionValue] | None = None,
) -> Checkpoint:
    """All tensors of a ProgGAN, every one of them random, so that each matters.

    Args:
        resolution: of the picture; a power of two, at least 4.
        w_dim: length of z and a class together; the options say how much of it is the class.
        channels: of the picture.
        channel_base: layers of side r have ``channel_base / r`` channels ...
        channel_max: ... but no more than these. The default is the official size.
        all_pictures: whether every resolution has a picture; else only the last.
        seed: the same seed gives the same weights.
        options: further options of the checkpoint.
    """
    maker = _TensorMaker(seed)
    below = w_dim
    for index in range(2 * (resolution.bit_length() - 2)):
        side, kernel = 4 << (index // 2), 3 if index else 4
        width = min(channel_base // side, channel_max)
        maker.normal(f"layer{index}.weight", width, below, kernel, kernel)
        maker.normal(f"layer{index}.bias", width, scale=0.3)
        if index % 2 and (all_pictures or side == resolution):
            maker.normal(f"output{index // 2}.weight", channels, width, 1, 1)
            maker.normal(f"output{index // 2}.bias", channels, scale=0.3)
        below = width
    return maker.checkpoint("proggan", options)


class _TensorMaker:
    """Random tensors under their names, from one random generator."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._tensors: dict[str, Tensor] = {}
        self._rng = torch.Generator().manual_seed(seed)

    def normal(self, name: str, *shape: int, scale: float = 1.0) -> None:
        self._tensors[name] = torch.randn(shape, generator=self._rng) * scale

    def checkpoint(self, family: str, options: dict[str, OptionValue] | None) -> Checkpoint:
        return Checkpoint(
            family=family,
            tensors=self._tensors,
            provenance=Provenance(
                path=Path("random"), format="made", sha256=f"random-{self._seed}", size_bytes=0, name="random"
            ),
            options=options or {},
        )
