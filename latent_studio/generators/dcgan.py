"""DCGAN (Radford et al. 2016): transposed convolutions from z to the picture, each doubling the side."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

from latent_studio.core.errors import MissingWeightsError, UnknownFormatError
from latent_studio.core.spec import GeneratorSpec
from latent_studio.generators.batch_norm import STATISTICS, read_batch_norm
from latent_studio.generators.option_values import positive
from latent_studio.generators.protocol import StyleWeight
from latent_studio.generators.tensor_reader import in_float32
from latent_studio.generators.z_generator import ZGenerator, ZNetwork, ZStage

if TYPE_CHECKING:
    from torch import Tensor

    from latent_studio.checkpoints.checkpoint import Checkpoint
    from latent_studio.generators.tensor_reader import TensorReader

_NORM_EPS = 1e-5


def build_dcgan(checkpoint: Checkpoint) -> ZGenerator:
    """A generator from a checkpoint's tensors, on the CPU.

    Args:
        checkpoint: of family ``"dcgan"``; its tensors' names are listed in ``checkpoints/dcgan.py``.

    Raises:
        MissingWeightsError: a tensor is missing, has another shape, is left over, or is not finite.
        UnknownFormatError: a layer's kernel does not say how far the layer enlarges its input.
    """
    eps = positive(checkpoint.options, "norm_eps") or _NORM_EPS
    with torch.inference_mode(False):
        return ZGenerator(in_float32(checkpoint.tensors), partial(_read_network, eps=eps))


@dataclass(frozen=True, slots=True)
class Layer:
    """A transposed convolution with its normalisation folded in.

    Attributes:
        weight: ``(in, out, k, k)``.
        bias: ``(out,)``; ``None`` for none.
        doubles: whether it doubles the side; else it makes ``k`` x ``k`` of one place.
        is_last: it makes the picture, and nothing is cut off below zero.
    """

    weight: Tensor
    bias: Tensor | None
    doubles: bool
    is_last: bool

    def __call__(self, below: Tensor | None, w: Tensor) -> Tensor:
        """From ``(N, in, H, W)``, or w ``(N, in)`` for the first layer, to ``(N, out, …)``."""
        x = w[:, :, None, None] if below is None else below
        stride, padding = (2, self.weight.shape[2] // 2 - 1) if self.doubles else (1, 0)
        x = F.conv_transpose2d(x, self.weight, self.bias, stride=stride, padding=padding)
        return x if self.is_last else torch.relu_(x)


def _tanh(x: Tensor, w: Tensor) -> Tensor:
    return torch.tanh(x)


def _read_network(reader: TensorReader, *, eps: float) -> ZNetwork:
    layers: list[Layer] = []
    sides: list[int] = []
    channels: int | None = None
    for index in itertools.count():
        name = f"layer{index}"
        if index and f"{name}.weight" not in reader:
            break
        weight = reader.take(f"{name}.weight", channels, None, None, None)
        _check_kernel(weight, name=f"{name}.weight", is_first=not layers)
        channels = weight.shape[1]
        bias = reader.take(f"{name}.bias", channels) if f"{name}.bias" in reader else None
        if f"{name}.norm.gain" in reader:
            norm = read_batch_norm(reader, f"{name}.norm", channels, eps=eps)
            weight = weight * norm.scale[:, None, None]
            bias = norm.shift if bias is None else bias * norm.scale + norm.shift
        following = f"layer{index + 1}.weight" in reader
        layers.append(Layer(weight, bias, doubles=bool(sides), is_last=not following))
        sides.append(2 * sides[-1] if sides else weight.shape[2])
    reader.finish(ignorable=lambda _name: False)
    last = f"layer{len(layers) - 1}"
    if channels not in (1, 3, 4) or f"{last}.norm.gain" in reader:
        raise MissingWeightsError(
            f"Tensor '{last}.weight' should make the picture; it makes {channels} channels for a layer.",
            hint="The file may be cut short, or hold another kind of network.",
        )
    stages = [ZStage(side, layer) for side, layer in zip(sides[:-1], layers[:-1], strict=True)]
    stages.append(ZStage(sides[-1], layers[-1], picture=_tanh))
    first = reader.take("layer0.weight", None, None, None, None)
    z_dim = first.shape[0]
    return ZNetwork(
        spec=GeneratorSpec(
            family="dcgan",
            resolution=sides[-1],
            channels=channels,
            z_dim=z_dim,
            w_dim=z_dim,
            num_ws=1,
            has_mapping=False,
            stage_resolutions=tuple(sides),
            num_parameters=reader.count(without=STATISTICS),
        ),
        stages=tuple(stages),
        style_weights=(
            StyleWeight("layer0", 0, "conv", sides[0], first.permute(1, 2, 3, 0).reshape(-1, z_dim)),
        ),
    )


def _check_kernel(weight: Tensor, *, name: str, is_first: bool) -> None:
    """Strides and paddings are in no tensor; an even kernel that doubles the side leaves no choice."""
    height, width = weight.shape[2:]
    if height != width or not (is_first or (height % 2 == 0 and height > 0)) or 0 in weight.shape:
        raise UnknownFormatError(
            f"Tensor {name!r} is a kernel of {height} x {width}; how it enlarges its input cannot be told.",
            hint="Layers after the first must have square kernels of an even side, such as 4 x 4.",
        )
