"""What a training step draws: latents, which path each is shifted along, and how far.

All of it comes from one generator on the CPU, so that a checkpoint can hold its state, and so that several
processes draw the same whole batch and take their shares of it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from latent_studio.core.spec import GeneratorSpec
    from latent_studio.methods.warp.settings import WarpSettings

    Tensor = torch.Tensor


@dataclass(frozen=True, slots=True)
class Batch:
    """One step's draws, on the CPU.

    Attributes:
        z: ``(B, z_dim)`` float32.
        labels: ``(B, c_dim)`` float32 one-hot; ``None`` without classes.
        pool_idx: ``(B,)`` int64 places in the pool of latents, if there is one; there is no ``z`` then.
        path_idx: ``(B,)`` int64, ``0..K-1``, all equally likely.
        magnitudes: ``(B,)`` float32, as often negative as positive. The published program draws about 70 %
            positive ones, so that paths are learned better one way than the other.
    """

    z: Tensor
    labels: Tensor | None
    pool_idx: Tensor | None
    path_idx: Tensor
    magnitudes: Tensor

    def __getitem__(self, part: slice) -> Batch:
        """Some of it."""
        return Batch(
            self.z[part],
            None if self.labels is None else self.labels[part],
            None if self.pool_idx is None else self.pool_idx[part],
            self.path_idx[part],
            self.magnitudes[part],
        )


def draw_batch(settings: WarpSettings, spec: GeneratorSpec, rng: torch.Generator) -> Batch:
    """The next step's draws."""
    count = settings.batch_size
    if settings.code_pool:
        pool_idx: Tensor | None = torch.randint(settings.code_pool, (count,), generator=rng)
        z, labels = torch.empty(count, 0), None
    else:
        pool_idx = None
        z, labels = draw_latents(settings, spec, rng, count=count)
    return Batch(
        z,
        labels,
        pool_idx,
        torch.randint(settings.support_sets, (count,), generator=rng),
        draw_magnitudes(settings.min_shift_magnitude, settings.max_shift_magnitude, rng, count=count),
    )


def draw_latents(
    settings: WarpSettings, spec: GeneratorSpec, rng: torch.Generator, *, count: int
) -> tuple[Tensor, Tensor | None]:
    """``(count, z_dim)`` z, and ``(count, c_dim)`` one-hot labels where the model has classes."""
    if settings.z_truncation is None:
        z = torch.randn(count, spec.z_dim, generator=rng)
    else:
        z = truncated_normal((count, spec.z_dim), settings.z_truncation, rng)
    if not spec.c_dim:
        return z, None
    allowed = torch.tensor(settings.classes or range(spec.c_dim))
    chosen = allowed[torch.randint(len(allowed), (count,), generator=rng)]
    return z, torch.nn.functional.one_hot(chosen, spec.c_dim).float()


def draw_magnitudes(low: float, high: float, rng: torch.Generator, *, count: int) -> Tensor:
    """``(count,)`` float32: sizes uniform in ``low`` to ``high``, signs by the toss of a coin."""
    sizes = low + (high - low) * torch.rand(count, generator=rng)
    signs = 2.0 * torch.randint(2, (count,), generator=rng) - 1.0
    return sizes * signs


def truncated_normal(shape: tuple[int, ...], bound: float, rng: torch.Generator) -> Tensor:
    """Normal values given that they lie within ``bound`` of 0, by inverting the distribution function."""
    share = math.erf(bound / math.sqrt(2))
    uniform = (2 * torch.rand(shape, generator=rng, dtype=torch.float64) - 1) * share
    return (torch.erfinv(uniform) * math.sqrt(2)).clamp(-bound, bound).float()
