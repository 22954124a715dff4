"""Small model files with random weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from latent_studio.checkpoints.safetensors_file import write_checkpoint
from latent_studio.generators.random_stylegan2 import random_checkpoint

if TYPE_CHECKING:
    from pathlib import Path


def write_tiny_model(
    path: Path,
    *,
    resolution: int = 16,
    c_dim: int = 0,
    channels: int = 3,
    base: tuple[int, int] = (4, 4),
    seed: int = 0,
) -> Path:
    """Write a StyleGAN2 that renders in no time, with w of 16 numbers, and give its path back."""
    checkpoint = random_checkpoint(
        resolution,
        z_dim=12,
        w_dim=16,
        c_dim=c_dim,
        channels=channels,
        channel_base=128,
        channel_max=8,
        mapping_layers=2,
        base=base,
        seed=seed,
    )
    write_checkpoint(checkpoint, path)
    return path
