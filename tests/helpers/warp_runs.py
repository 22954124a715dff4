"""Trainings of warp paths that take no time: a tiny StyleGAN2 of 32 px, two or three paths, a LeNet."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from latent_studio.checkpoints.open import open_checkpoint
from latent_studio.generators.catalog import build_generator
from latent_studio.methods.warp.runs import TrainedModel
from latent_studio.methods.warp.settings import WarpSettings
from tests.helpers.model_files import write_tiny_model

if TYPE_CHECKING:
    from pathlib import Path

    from latent_studio.generators.protocol import Generator

SETTINGS = WarpSettings(
    space="w",
    support_sets=3,
    dipoles=2,
    learn_gammas=True,
    reconstructor="LeNet",
    batch_size=4,
    iterations=6,
    log_every=2,
    checkpoint_every=3,
    support_set_lr=1e-3,
    reconstructor_lr=1e-3,
)
MODEL = TrainedModel("tiny", "tiny.safetensors", "0" * 64, "stylegan2", 32)


def tiny_generator(folder: Path, *, c_dim: int = 0) -> Generator:
    """A StyleGAN2 of 32 px with z of 12 and w of 16 numbers."""
    path = folder / "tiny.safetensors"
    if not path.exists():
        write_tiny_model(path, resolution=32, c_dim=c_dim)
    return build_generator(open_checkpoint(path))


def settings(**changes: object) -> WarpSettings:
    """The usual settings with changes."""
    return replace(SETTINGS, **changes)  # type: ignore[arg-type]
