"""LatentStats: where a model's latents lie, so that a search knows what is near and what is far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from torch import Tensor

    from latent_studio.generators.protocol import Generator

#: Latents drawn to learn the statistics from.
SAMPLES = 4096
#: Drawn together; part of what a seed means.
BATCH = 256
#: Of the samples, as in the published projectors.
SEED = 123
#: Directions in which latents spread less than this share of the widest one are treated as this wide.
_NARROWEST = 0.02


@dataclass(frozen=True, slots=True)
class LatentStats:
    """The mean of w and its spread along its own axes.

    A *whitened* w counts along these axes in standard deviations: for a w of the mapping network every number
    is about a standard normal, and the root of the mean of their squares says how usual a w is.

    Attributes:
        mean: ``(w_dim,)``.
        axes: ``(w_dim, w_dim)``, one unit vector a row.
        spread: ``(w_dim,)`` standard deviations along the axes; 0 where w must not move, as along a class.
        w_std: root of the mean squared distance from the mean, as the published projectors define it.
        samples: ``(N, w_dim)`` of the w's drawn, to start from.
    """

    mean: Tensor
    axes: Tensor
    spread: Tensor
    w_std: float
    samples: Tensor

    def to_w(self, whitened: Tensor) -> Tensor:
        """From whitened ``(..., w_dim)`` to w."""
        return self.mean + (whitened * self.spread) @ self.axes

    def to_whitened(self, w: Tensor) -> Tensor:
        """From w ``(..., w_dim)`` to whitened; 0 where w must not move."""
        along = (w - self.mean) @ self.axes.T
        return torch.where(self.spread > 0, along / self.spread.clamp(min=1e-12), torch.zeros_like(along))

    def sigmas(self, ws: Tensor) -> Tensor:
        """How far w's are from the mean, in the usual distance: 1 is a typical sample.

        Args:
            ws: ``(..., w_dim)``.

        Returns:
            ``(...,)``.
        """
        moving = max(1, int((self.spread > 0).sum()))
        return (self.to_whitened(ws).square().sum(-1) / moving).sqrt()


def latent_stats(
    generator: Generator,
    *,
    class_idx: int = 0,
    seed: int = SEED,
    count: int = SAMPLES,
    step: Callable[[], AbstractContextManager[object]],
) -> LatentStats:
    """Learn the statistics from random samples. The same seed gives the same ones.

    Args:
        generator: the model.
        class_idx: label of a conditional model; ignored by others.
        seed: of the samples.
        count: how many.
        step: opens around each piece of computing.
    """
    drawn = []
    rng = np.random.RandomState(seed)
    for start in range(0, count, BATCH):
        size = min(BATCH, count - start)
        z = torch.from_numpy(rng.randn(size, generator.spec.z_dim)).float().to(generator.device)
        with step(), torch.no_grad():
            drawn.append(generator.map(z, one_hot(generator, class_idx, size))[:, 0].float())
    with step(), torch.no_grad():
        return _stats_of(torch.cat(drawn), generator)


def one_hot(generator: Generator, class_idx: int, count: int) -> Tensor | None:
    """The class as the mapping network takes it, ``(count, c_dim)``; ``None`` without classes."""
    if not generator.spec.c_dim:
        return None
    c = torch.zeros(count, generator.spec.c_dim, device=generator.device)
    c[:, class_idx] = 1
    return c


def _stats_of(w: Tensor, generator: Generator) -> LatentStats:
    spec = generator.spec
    if not spec.has_mapping:
        # z itself: known exactly, and every direction like any other.
        mean = w.mean(0)
        spread = torch.ones(spec.w_dim, device=w.device)
        if spec.class_dims:
            spread[-spec.class_dims :] = 0
        mean = torch.where(spread > 0, torch.zeros_like(mean), mean)
        axes = torch.eye(spec.w_dim, device=w.device)
        return LatentStats(mean, axes, spread, float((w - mean).square().sum(1).mean().sqrt()), w)
    mean = w.mean(0)
    offsets = (w - mean).double()
    variances, vectors = torch.linalg.eigh(offsets.T @ offsets / len(w))
    axes = vectors.T.flip(0)
    # The sign of an eigenvector is the library's whim.
    largest = axes.abs().argmax(1, keepdim=True)
    axes = axes * axes.gather(1, largest).sign()
    spread = variances.flip(0).clamp(min=0).sqrt()
    spread = spread.clamp(min=float(spread.max()) * _NARROWEST).clamp(min=1e-6)
    w_std = float(offsets.square().sum(1).mean().sqrt())
    return LatentStats(mean, axes.float(), spread.float(), w_std, w)
