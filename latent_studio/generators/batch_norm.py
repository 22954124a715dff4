"""Batch normalisation at rest: with the statistics of training, one number to multiply and one to add."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from latent_studio.core.errors import MissingWeightsError

if TYPE_CHECKING:
    from torch import Tensor

    from latent_studio.generators.tensor_reader import TensorReader

#: Ends of tensor names that hold statistics, not trained numbers.
STATISTICS = (".mean", ".var")


@dataclass(frozen=True, slots=True)
class BatchNorm:
    """What normalisation does to each channel.

    Attributes:
        scale: ``(C,)``.
        shift: ``(C,)``, added afterwards.
    """

    scale: Tensor
    shift: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        """Normalise ``(N, C, H, W)``."""
        return torch.addcmul(self.shift[:, None, None], x, self.scale[:, None, None])


def read_batch_norm(reader: TensorReader, name: str, channels: int, *, eps: float) -> BatchNorm:
    """Take ``name.gain``, ``name.bias``, ``name.mean`` and ``name.var``, each ``(channels,)``.

    Raises:
        MissingWeightsError: one is missing, has another shape, or is no variance.
    """
    gain, bias = (reader.take(f"{name}.{part}", channels) for part in ("gain", "bias"))
    mean = reader.take(f"{name}.mean", channels)
    var = check_variance(reader.take(f"{name}.var", channels), name=f"{name}.var")
    scale = gain * (var + eps).rsqrt()
    return BatchNorm(scale, bias - mean * scale)


def check_variance(var: Tensor, *, name: str) -> Tensor:
    """``var`` itself.

    Raises:
        MissingWeightsError: a value is below zero.
    """
    if bool((var < 0).any()):
        raise MissingWeightsError(
            f"Tensor {name!r} holds a variance below zero.",
            hint="Tensors may have been mixed up when the file was written.",
        )
    return var
