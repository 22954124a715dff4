"""A StyleGAN2 with random weights of any size, for tests and benchmarks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch

from latent_studio.checkpoints.checkpoint import Checkpoint, Provenance

if TYPE_CHECKING:
    from torch import Tensor

    from latent_studio.checkpoints.checkpoint import OptionValue
    from latent_studio.generators.stylegan2_network import Architecture


def random_checkpoint(
    resolution: int,
    *,
    z_dim: int = 512,
    w_dim: int = 512,
    c_dim: int = 0,
    channels: int = 3,
    channel_base: int = 32768,
    channel_max: int = 512,
    mapping_layers: int = 8,
    architecture: Architecture = "skip",
    use_noise: bool = True,
    noise_strength: float = 0.1,
    base: tuple[int, int] = (4, 4),
    seed: int = 0,
    options: dict[str, OptionValue] | None = None,
) -> Checkpoint:
    """All tensors of a StyleGAN2, every one of them random, so that each matters.

    Args:
        resolution: of the picture; a power of two, at least 4.
        z_dim: length of z.
        w_dim: length of a row of ws.
        c_dim: number of classes.
        channels: of the picture.
        channel_base: a block of side r has ``channel_base / r`` channels ...
        channel_max: ... but no more than these. The default is the official "config f".
        mapping_layers: depth of the mapping network.
        architecture: how pictures come out of the blocks.
        use_noise: whether convolutions take noise.
        noise_strength: of each of them.
        base: rows and columns of the constant.
        seed: the same seed gives the same weights.
        options: further options of the checkpoint.
    """
    maker = _TensorMaker(seed)
    maker.mapping(z_dim=z_dim, w_dim=w_dim, c_dim=c_dim, depth=mapping_layers)
    below = 0
    for exponent in range(2, resolution.bit_length()):
        side = 2**exponent
        width = min(channel_base // side, channel_max)
        name = f"synthesis.b{side}"
        maker.filter(name)
        if side == 4:
            maker.normal(f"{name}.const", width, *base)
        else:
            maker.conv(f"{name}.conv0", below, width, w_dim=w_dim)
        maker.conv(f"{name}.conv1", width, width, w_dim=w_dim)
        if use_noise:
            for conv in ("conv1",) if side == 4 else ("conv0", "conv1"):
                maker.normal(f"{name}.{conv}.noise_const", side * base[0] // 4, side * base[1] // 4)
                maker.constant(f"{name}.{conv}.noise_strength", noise_strength)
        if architecture == "skip" or side == resolution:
            maker.normal(f"{name}.torgb.weight", channels, width, 1, 1)
            maker.normal(f"{name}.torgb.bias", channels, scale=0.3)
            maker.affine(f"{name}.torgb", width, w_dim=w_dim)
        if architecture == "resnet" and side > 4:
            maker.normal(f"{name}.skip.weight", width, below, 1, 1)
            maker.filter(f"{name}.skip")
        below = width
    return Checkpoint(
        family="stylegan2",
        tensors=maker.tensors,
        provenance=Provenance(
            path=Path("random"), format="made", sha256=f"random-{seed}", size_bytes=0, name="random"
        ),
        options={"architecture": architecture, **(options or {})},
    )


class _TensorMaker:
    """Random tensors under their official names, from one random generator."""

    def __init__(self, seed: int) -> None:
        self.tensors: dict[str, Tensor] = {}
        self._rng = torch.Generator().manual_seed(seed)

    def normal(self, name: str, *shape: int, scale: float = 1.0, mean: float = 0.0) -> None:
        self.tensors[name] = torch.randn(shape, generator=self._rng) * scale + mean

    def constant(self, name: str, value: float) -> None:
        self.tensors[name] = torch.tensor(value)

    def filter(self, name: str) -> None:
        taps = torch.tensor([1.0, 3.0, 3.0, 1.0])
        self.tensors[f"{name}.resample_filter"] = torch.outer(taps, taps) / 64

    def affine(self, name: str, width: int, *, w_dim: int) -> None:
        self.normal(f"{name}.affine.weight", width, w_dim)
        self.normal(f"{name}.affine.bias", width, scale=0.2, mean=1.0)

    def conv(self, name: str, below: int, width: int, *, w_dim: int) -> None:
        self.normal(f"{name}.weight", width, below, 3, 3)
        self.normal(f"{name}.bias", width, scale=0.3)
        self.affine(name, below, w_dim=w_dim)
        self.filter(name)

    def mapping(self, *, z_dim: int, w_dim: int, c_dim: int, depth: int) -> None:
        width = z_dim
        if c_dim:
            self.normal("mapping.embed.weight", w_dim, c_dim)
            self.normal("mapping.embed.bias", w_dim, scale=0.3)
            width += w_dim
        for index in range(depth):
            # Stored weights are divided by the learning-rate multiplier, 0.01.
            self.normal(f"mapping.fc{index}.weight", w_dim, width, scale=100.0)
            self.normal(f"mapping.fc{index}.bias", w_dim, scale=10.0)
            width = w_dim
        self.normal("mapping.w_avg", w_dim, scale=0.3)
