"""Spectral normalisation (Miyato et al. 2018) at rest: weights divided by their largest singular value.

That value is an estimate. In training it follows the weight by a power iteration; its vectors are stored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

from latent_studio.checkpoints import refusals
from latent_studio.core.errors import MissingWeightsError

if TYPE_CHECKING:
    from torch import Tensor


def divided_after_one_step(weight: Tensor, u: Tensor, *, name: str) -> Tensor:
    """The weight as BigGAN-PyTorch uses it, which goes one step from the stored vector in every pass.

    Args:
        weight: ``(out, …)``.
        u: ``(1, out)``, the stored left vector.
        name: of the weight, for error messages.

    Returns:
        of ``weight``'s shape, float32.

    Raises:
        MissingWeightsError: the estimate is of no use.
    """
    matrix = weight.float().flatten(1)
    v = F.normalize(u.float() @ matrix)
    ahead = v @ matrix.T
    return _divided(weight, (ahead @ F.normalize(ahead).T).squeeze(), name=name)


def divided_by_stored(weight: Tensor, u: Tensor, v: Tensor | None, *, name: str) -> Tensor:
    """The weight as ``torch.nn.utils.spectral_norm`` uses it at rest, with the stored vectors as they are.

    Args:
        weight: ``(out, …)``.
        u: ``(out,)``, the stored left vector.
        v: the stored right vector, as long as one row of the weight; ``None`` where there is none, as
            early versions of PyTorch wrote it.
        name: of the weight, for error messages.

    Returns:
        of ``weight``'s shape, float32.

    Raises:
        MissingWeightsError: the estimate is of no use.
    """
    matrix = weight.float().flatten(1)
    right = F.normalize(u.float() @ matrix, dim=0) if v is None else v.float()
    return _divided(weight, torch.dot(u.float(), matrix @ right), name=name)


def _divided(weight: Tensor, estimate: Tensor, *, name: str) -> Tensor:
    result = weight.float() / estimate
    if not bool(torch.isfinite(result).all()):
        raise MissingWeightsError(
            f"The weight {refusals.quoted(name)} cannot be divided by {estimate.item():g},"
            " the estimate of its largest singular value.",
            hint="The training probably diverged, or the file is damaged. Try an earlier snapshot.",
        )
    return result
