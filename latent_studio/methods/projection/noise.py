"""Noise maps that are searched as well, kept from carrying the picture (Karras et al. 2020, appendix D)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

#: Correlation is looked at down to maps of this side.
_SMALLEST = 8


def noise_penalty(maps: Sequence[Tensor]) -> Tensor:
    """How far maps are from white noise: neighbours' correlation, over all scales, squared and summed.

    Args:
        maps: ``(1, 1, H, W)`` each.

    Returns:
        A scalar; about 0 for white noise of any size.
    """
    total = torch.zeros((), device=maps[0].device) if maps else torch.zeros(())
    for one in maps:
        scaled = one
        while True:
            total = total + (scaled * scaled.roll(1, -1)).mean().square()
            total = total + (scaled * scaled.roll(1, -2)).mean().square()
            if scaled.shape[-1] <= _SMALLEST:
                break
            scaled = functional.avg_pool2d(scaled, 2)
    return total


def normalised_noise(one: Tensor) -> Tensor:
    """The map with mean 0 and mean square 1."""
    centred = one - one.mean()
    return centred * centred.square().mean().rsqrt()
