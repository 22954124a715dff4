"""SupportSet: the points that bend one warp path, as a field of radial basis functions.

Tzelepis, Tzimiropoulos and Patras, "WarpedGANSpace: Finding non-linear RBF paths in GAN latent space", ICCV
2021: ``f(x) = sum_i alpha_i exp(-gamma ||x - s_i||^2)``, and a path follows the gradient of f scaled to unit
length.
"""

from __future__ import annotations

import hashlib
import math
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from latent_studio.core.errors import IncompatibleLatentError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


class SupportSet:
    """One set of support vectors with their weights; read-only.

    Args:
        vectors: ``(n, dim)``: the support vectors; usually dipoles, a vector and its opposite in turns.
        alphas: ``(n,)``: the weight of each.
        gamma: inverse squared width of every basis function; positive.

    Raises:
        IncompatibleLatentError: the shapes disagree, or a value is not finite.
    """

    def __init__(self, vectors: ArrayLike, alphas: ArrayLike, gamma: float) -> None:
        points, weights = np.array(vectors, dtype=np.float32), np.array(alphas, dtype=np.float32)
        if points.ndim != 2 or points.size == 0 or weights.shape != points.shape[:1]:
            raise IncompatibleLatentError(
                f"A support set has one weight for each vector; this one has vectors {points.shape} and "
                f"weights {weights.shape}."
            )
        if not (np.isfinite(points).all() and np.isfinite(weights).all() and weights.any()):
            raise IncompatibleLatentError(
                "The support set is zero or holds values that are not finite.",
                hint="Its training probably diverged; use an earlier checkpoint.",
            )
        if not (math.isfinite(gamma) and gamma > 0):
            raise IncompatibleLatentError(f"The support set has gamma {gamma}, but it must be positive.")
        points.flags.writeable = False
        weights.flags.writeable = False
        self.vectors = points
        self.alphas = weights
        self.gamma = float(gamma)

    @property
    def dim(self) -> int:
        """Length of the latents it acts on."""
        return int(self.vectors.shape[1])

    @cached_property
    def digest(self) -> str:
        """Hex digest of vectors, weights and gamma."""
        h = hashlib.blake2b(f"{self.vectors.shape}{self.gamma!r}".encode(), digest_size=16)
        h.update(self.vectors.tobytes())
        h.update(self.alphas.tobytes())
        return h.hexdigest()

    def value(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """The warping function f.

        Args:
            points: ``(N, dim)``.

        Returns:
            ``(N,)``; zero far from all support vectors.
        """
        return np.exp(-self.gamma * self._squared_distances(_doubles(points))) @ self._doubles[1]

    def field(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """The gradient of f scaled to unit length, which is where a path goes from here.

        Far from all support vectors every term of the gradient underflows. Their common factor does not
        matter for the direction, so the largest exponent is taken out of all of them first: what remains is
        never 0 / 0. Where the terms cancel exactly, as in the middle of a lone pair, the field is zero: a
        path stops.

        Args:
            points: ``(N, dim)``.

        Returns:
            ``(N, dim)``, rows of length one or zero.
        """
        x = _doubles(points)
        vectors, alphas = self._doubles
        exponents = -self.gamma * self._squared_distances(x)
        exponents -= np.where(alphas != 0, exponents, -np.inf).max(axis=1, keepdims=True)
        with np.errstate(under="ignore", over="ignore"):
            weights = alphas * np.exp(np.minimum(exponents, 0.0))
        # -2 gamma sum_i alpha_i exp(...) (x - s_i); the positive factor goes with the scaling.
        gradient = weights @ vectors - weights.sum(axis=1, keepdims=True) * x
        lengths = np.linalg.norm(gradient, axis=1, keepdims=True)
        return np.where(lengths > 0, gradient / np.where(lengths > 0, lengths, 1.0), 0.0)

    def step(self, points: NDArray[np.floating], length: float) -> NDArray[np.float64]:
        """One step of the paper's traversal, which is Euler's: ``x + length * field(x)``.

        Args:
            points: ``(N, dim)``.
            length: of the step, signed.
        """
        return _doubles(points) + length * self.field(points)

    def midpoint_step(self, points: NDArray[np.floating], length: float) -> NDArray[np.float64]:
        """One step by the midpoint rule: the same way back ends where it began, up to third order in length.

        Args:
            points: ``(N, dim)``.
            length: of the step, signed.
        """
        x = _doubles(points)
        return x + length * self.field(x + 0.5 * length * self.field(x))

    @cached_property
    def _doubles(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return self.vectors.astype(np.float64), self.alphas.astype(np.float64)

    @cached_property
    def _squared_lengths(self) -> NDArray[np.float64]:
        return np.asarray(np.square(self._doubles[0]).sum(axis=1))

    def _squared_distances(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """``(N, n)``: from every point to every support vector."""
        vectors, _ = self._doubles
        lengths = np.square(x).sum(axis=1)[:, None]
        return np.asarray(np.maximum(lengths - 2.0 * (x @ vectors.T) + self._squared_lengths, 0.0))


def _doubles(points: NDArray[np.floating]) -> NDArray[np.float64]:
    return np.asarray(points, dtype=np.float64)
