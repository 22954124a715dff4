"""The mapping network of StyleGAN2 and StyleGAN3: from z, and a class, to w."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

from latent_studio.core.errors import MissingWeightsError
from latent_studio.generators.ops import normalize_2nd_moment

if TYPE_CHECKING:
    from torch import Tensor

    from latent_studio.generators.ops import Activation
    from latent_studio.generators.tensor_reader import TensorReader


@dataclass(frozen=True, slots=True, eq=False)
class MappingNetwork:
    """From z, and a class, to w.

    Attributes:
        layers: weight ``(out, in)`` and bias ``(out,)`` of each, learning-rate scales multiplied in.
        activation: after each layer.
        embedding: weight ``(features, c_dim)`` and bias that turn a class into further input; ``None``
            without classes.
        z_dim: length of z.
        normalize_together: whether z and the embedded class are normalised as one, as before StyleGAN2-ADA.
    """

    layers: tuple[tuple[Tensor, Tensor], ...]
    activation: Activation
    embedding: tuple[Tensor, Tensor] | None
    z_dim: int
    normalize_together: bool = False

    @property
    def c_dim(self) -> int:
        """Number of classes; 0 without."""
        return 0 if self.embedding is None else self.embedding[0].shape[1]

    def __call__(self, z: Tensor, c: Tensor | None) -> Tensor:
        """``(N, z_dim)`` and ``(N, c_dim)`` to ``(N, w_dim)``."""
        if self.embedding is None or c is None:
            x = normalize_2nd_moment(z)
        elif self.normalize_together:
            x = normalize_2nd_moment(torch.cat([z, F.linear(c, *self.embedding)], dim=1))
        else:
            features = F.linear(c, *self.embedding)
            x = torch.cat([normalize_2nd_moment(z), normalize_2nd_moment(features)], dim=1)
        for weight, bias in self.layers:
            x = self.activation.apply(F.linear(x, weight, bias)) * self.activation.gain
        return x


def read_mapping(
    reader: TensorReader,
    *,
    w_dim: int,
    activation: Activation,
    lr_multiplier: float,
    normalize_together: bool = False,
) -> MappingNetwork:
    """Build the mapping network from the tensors under ``mapping.``; the running mean is left alone.

    Args:
        reader: float32 tensors.
        w_dim: length of w.
        activation: after each layer.
        lr_multiplier: scale of the stored weights and biases.
        normalize_together: whether z and the class are normalised as one.

    Raises:
        MissingWeightsError: a tensor is missing, or has another shape.
    """
    indices = [int(match[1]) for name in reader.names if (match := re.match(r"mapping\.fc(\d+)\.", name))]
    depth = max(indices, default=-1) + 1
    embedding = None
    if "mapping.embed.weight" in reader or "mapping.embed.bias" in reader:
        weight = reader.take("mapping.embed.weight", None, None)
        bias = reader.take("mapping.embed.bias", weight.shape[0])
        embedding = (weight / math.sqrt(weight.shape[1]), bias)
    width = reader.take("mapping.fc0.weight", None, None).shape[1] if depth else w_dim
    z_dim = width - (0 if embedding is None else embedding[0].shape[0])
    if z_dim < 1:
        raise MissingWeightsError(
            f"The mapping network takes {width} numbers, which leaves none for z beside the class.",
            hint="The file may be damaged, or hold another kind of network.",
        )
    layers = []
    for index in range(depth):
        out = w_dim if index == depth - 1 else None
        weight = reader.take(f"mapping.fc{index}.weight", out, width)
        bias = reader.take(f"mapping.fc{index}.bias", weight.shape[0])
        layers.append((weight * (lr_multiplier / math.sqrt(width)), bias * lr_multiplier))
        width = weight.shape[0]
    return MappingNetwork(
        layers=tuple(layers),
        activation=activation,
        embedding=embedding,
        z_dim=z_dim,
        normalize_together=normalize_together,
    )
