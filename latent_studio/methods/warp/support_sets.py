"""SupportSets: the learnable fields whose gradients are the warp paths.

Each of K support sets holds D dipoles, pairs of vectors ``s_i`` in latent space, each vector with a weight
``alpha_i``; together with one ``gamma`` they make the warping function

    f_k(z) = sum_i alpha_ki exp(-gamma_k |z - s_ki|^2)

and the path through z is where its gradient, made a unit vector, leads. What is learned here in torch is
followed in NumPy by ``core/support_sets.py``.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import nn

from latent_studio.core.errors import IncompatibleLatentError, OptionError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

#: Radii of the support vectors grow from 1 over the sets to just below this.
_LARGEST_RADIUS = 4.0
#: Length of what stays random where a path begins along a given direction of length one.
_SCATTER = 0.5
_TINY = 1e-20


class SupportSets(nn.Module):
    """K fields in a space of ``dim`` numbers.

    Args:
        count: K, the number of paths.
        dipoles: D, pairs of support vectors in each set.
        dim: numbers in a latent.
        gamma: at the start, and for good where it is not learned; ``None`` is ``1 / dim``.
        learn_alphas: whether the weights are learned; else they stay +1 and -1.
        learn_gammas: whether each set learns its gamma.
        rng: what the first vectors are drawn from.

    Raises:
        OptionError: K or D is below 1, or gamma not positive.
    """

    def __init__(
        self,
        count: int,
        dipoles: int,
        dim: int,
        *,
        gamma: float | None = None,
        learn_alphas: bool = False,
        learn_gammas: bool = False,
        rng: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        for flag, number in (("--support-sets", count), ("--dipoles", dipoles)):
            if number < 1:
                raise OptionError(flag, f"{flag} is {number}, but must be at least 1.")
        if gamma is not None and not (math.isfinite(gamma) and gamma > 0):
            raise OptionError("--gamma", f"--gamma is {gamma}, but must be greater than 0.")
        self.count, self.dipoles, self.dim = count, dipoles, dim
        vectors = torch.randn(count, dipoles, dim, generator=rng)
        radii = 1 + (_LARGEST_RADIUS - 1) * torch.arange(count) / count
        vectors = vectors / vectors.norm(dim=2, keepdim=True) * radii[:, None, None]
        pairs = torch.stack([vectors, -vectors], dim=2).reshape(count, 2 * dipoles, dim)
        signs = torch.tensor([1.0, -1.0]).repeat(count, dipoles)
        #: ``(K, 2 D, dim)``: the two of a dipole follow each other.
        self.vectors = nn.Parameter(pairs)
        #: ``(K, 2 D)``.
        self.alphas = nn.Parameter(signs, requires_grad=learn_alphas)
        #: ``(K,)``.
        self.log_gammas = nn.Parameter(
            torch.full((count,), math.log(1 / dim if gamma is None else gamma)), requires_grad=learn_gammas
        )

    def forward(self, latents: Tensor, path_idx: Tensor) -> Tensor:
        """The unit shift of each latent along its path.

        Args:
            latents: ``(N, dim)`` float32.
            path_idx: ``(N,)`` int64, ``0..K-1``.

        Returns:
            ``(N, dim)`` float32 of length one: the gradient of the warping function, normalised. Its factor
            ``2 gamma`` and the size of all exponentials together cancel there, so nothing underflows however
            far away the support vectors are.
        """
        vectors, alphas = self.vectors[path_idx], self.alphas[path_idx]
        gammas = self.log_gammas[path_idx].exp()[:, None]
        # |z - s|^2 written out: the difference itself would be one more array as large as the sets.
        products = torch.einsum("nd,nsd->ns", latents, vectors)
        distances = latents.square().sum(1, keepdim=True) - 2 * products + vectors.square().sum(2)
        exponents = -gammas * distances
        heights = (exponents + alphas.abs().clamp_min(_TINY).log()).amax(1, keepdim=True).detach()
        weights = alphas * (exponents - heights).exp()
        gradient = torch.einsum("ns,nsd->nd", weights, vectors) - weights.sum(1, keepdim=True) * latents
        unit: Tensor = gradient / gradient.norm(dim=1, keepdim=True).clamp_min(_TINY)
        return unit

    def point_along(self, directions: Tensor, centre: Tensor) -> None:
        """Begin each path along a direction of its own; radii, dipoles and some of the randomness stay.

        Args:
            directions: ``(K, dim)``, of length one.
            centre: ``(dim,)``: where the latents are. The published start puts all support vectors around
                zero, and where w has its mean far from there all paths lead to it or away from it at first.
        """
        with torch.no_grad():
            radii = self.vectors.norm(dim=2, keepdim=True)
            signs = torch.tensor([1.0, -1.0]).repeat(self.dipoles)[None, :, None].to(self.vectors)
            along = signs * directions.to(self.vectors)[:, None] + _SCATTER * self.vectors / radii
            self.vectors.copy_(centre.to(self.vectors) + radii * along / along.norm(dim=2, keepdim=True))

    def tensors(self) -> dict[str, Tensor]:
        """The state in the names and shapes of the published program's ``support_sets.pt``.

        Returns:
            ``SUPPORT_SETS`` ``(K, 2 D dim)``, ``ALPHAS`` ``(K, 2 D)`` and ``LOGGAMMA`` ``(K, 1)`` float32.
        """
        return {
            "SUPPORT_SETS": self.vectors.detach().reshape(self.count, -1).cpu().contiguous(),
            "ALPHAS": self.alphas.detach().cpu().contiguous(),
            "LOGGAMMA": self.log_gammas.detach().reshape(self.count, 1).cpu().contiguous(),
        }

    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """Take over a state that ``tensors`` gave.

        Raises:
            IncompatibleLatentError: a tensor is missing or has another shape.
        """
        wanted = {name: tuple(tensor.shape) for name, tensor in self.tensors().items()}
        found = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
        if found != wanted:
            raise IncompatibleLatentError(
                f"The support sets have shapes {found}, but {wanted} are needed.",
                hint="They were trained with other numbers of sets or dipoles, or for another model.",
            )
        with torch.no_grad():
            self.vectors.copy_(tensors["SUPPORT_SETS"].reshape(self.vectors.shape))
            self.alphas.copy_(tensors["ALPHAS"])
            self.log_gammas.copy_(tensors["LOGGAMMA"].reshape(-1))
