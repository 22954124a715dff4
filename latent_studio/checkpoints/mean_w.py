"""The mean of w, for files that do not store it: the mapping network's answers to random z, averaged.

Truncation pulls towards it. Programs that do not store it estimate it so at every start.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

_SAMPLES = 4096
_LR_MULTIPLIER = 0.01
_EPSILON = 1e-8


def mean_of_w(tensors: Mapping[str, Tensor], *, lr_multiplier: float = _LR_MULTIPLIER) -> Tensor:
    """Estimate the mean of w from 4096 fixed z.

    Args:
        tensors: among them ``mapping.fc{i}.weight`` and ``.bias`` of a StyleGAN2 without classes and with its
            usual activation.
        lr_multiplier: what stored mapping weights and biases are multiplied by.

    Returns:
        ``(w_dim,)`` float32; the same tensors give the same mean.
    """
    depth = sum(name.startswith("mapping.fc") and name.endswith(".weight") for name in tensors)
    x = torch.randn(
        _SAMPLES, tensors["mapping.fc0.weight"].shape[1], generator=torch.Generator().manual_seed(0)
    )
    x = x * (x.square().mean(dim=1, keepdim=True) + _EPSILON).rsqrt()
    for index in range(depth):
        weight = tensors[f"mapping.fc{index}.weight"].float()
        scale = lr_multiplier / math.sqrt(weight.shape[1])
        bias = tensors[f"mapping.fc{index}.bias"].float() * lr_multiplier
        x = F.leaky_relu(F.linear(x, weight * scale, bias), 0.2) * math.sqrt(2)
    return x.mean(dim=0)
