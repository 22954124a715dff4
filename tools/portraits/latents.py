"""Where the factors live in z: a known orthonormal projection and a known correlation."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from tools.portraits.factors import COUNT, correlation

Z_DIM = 128
_PROJECTION_SEED = 7
# Beyond this the inverse of erf runs away and a single factor would use up the whole length of z.
_EDGE = 0.998


@dataclass(frozen=True, slots=True)
class LatentCode:
    """How z says what a portrait looks like.

    A normalised z (length sqrt(z_dim)) is projected to ``COUNT`` independent normal scores, these are mixed
    to correlated ones, and each becomes a factor, uniform in [-1, 1]. In one line:
    ``factors = erf(mixing @ projection @ z / sqrt 2)``. The remaining dimensions of z mean nothing.

    Attributes:
        projection: ``(COUNT, z_dim)`` float32 with orthonormal rows.
        mixing: ``(COUNT, COUNT)`` float32, lower triangular; ``mixing @ mixing.T`` is the scores'
            correlation.
    """

    projection: Tensor
    mixing: Tensor

    @property
    def z_dim(self) -> int:
        """Length of z."""
        return self.projection.shape[1]

    @property
    def directions(self) -> Tensor:
        """``(COUNT, z_dim)``: row i times z is the normal score of factor i. Rows have length 1."""
        return self.mixing @ self.projection

    def factors(self, z: Tensor) -> Tensor:
        """The factors of ``z`` (``(N, z_dim)``), ``(N, COUNT)`` in [-1, 1]."""
        unit = z * (z.square().mean(dim=1, keepdim=True) + 1e-8).rsqrt()
        return torch.erf(unit @ self.directions.T / math.sqrt(2.0))

    def scores(self, factors: Tensor) -> Tensor:
        """The normal scores of factors: the inverse of what :meth:`factors` does last."""
        return torch.erfinv(factors.clamp(-_EDGE, _EDGE)) * math.sqrt(2.0)

    def encode(self, scores: Tensor, generator: torch.Generator) -> Tensor:
        """A z with these scores and random meaningless dimensions.

        The length of z is exactly sqrt(z_dim). A network normalises z before it reads it, so any other length
        would put noise on every factor.

        Args:
            scores: ``(N, COUNT)``.
            generator: source of the meaningless dimensions.

        Returns:
            ``(N, z_dim)``.
        """
        known: Tensor = torch.linalg.solve_triangular(self.mixing, scores.T, upper=False).T @ self.projection
        rest = torch.randn(scores.shape[0], self.z_dim, generator=generator)
        rest = rest - (rest @ self.projection.T) @ self.projection
        room = (self.z_dim - known.square().sum(dim=1, keepdim=True)).clamp_min(1.0).sqrt()
        return known + rest * (room / rest.square().sum(dim=1, keepdim=True).sqrt())

    def sample_scores(self, count: int, generator: torch.Generator) -> Tensor:
        """Scores of ``count`` random people, ``(count, COUNT)``, correlated as in the collection."""
        return torch.randn(count, COUNT, generator=generator) @ self.mixing.T


def latent_code(z_dim: int = Z_DIM) -> LatentCode:
    """The code of the bundled model; always the same numbers."""
    if z_dim < COUNT + 1:
        raise ValueError(f"z needs more than {COUNT} dimensions to carry the factors, not {z_dim}")
    generator = torch.Generator().manual_seed(_PROJECTION_SEED)
    square = torch.linalg.qr(torch.randn(z_dim, z_dim, generator=generator, dtype=torch.float64))[0]
    return LatentCode(square[:COUNT].float().contiguous(), torch.linalg.cholesky(correlation()).float())


def factors_of(scores: Tensor) -> Tensor:
    """Factors in [-1, 1] from normal scores."""
    return torch.erf(scores / math.sqrt(2.0))
