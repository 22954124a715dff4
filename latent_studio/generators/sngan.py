"""SNGAN's residual generator (Miyato et al. 2018): a dense layer and blocks that double the side.

Spectral normalisation, which gives it its name, is in the discriminator only.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

from latent_studio.core.errors import MissingWeightsError
from latent_studio.core.spec import GeneratorSpec
from latent_studio.generators.batch_norm import STATISTICS, BatchNorm, read_batch_norm
from latent_studio.generators.doubling import DoublingConv, doubled
from latent_studio.generators.option_values import positive
from latent_studio.generators.protocol import StyleWeight
from latent_studio.generators.tensor_reader import in_float32
from latent_studio.generators.z_generator import ZGenerator, ZNetwork, ZStage

if TYPE_CHECKING:
    from torch import Tensor

    from latent_studio.checkpoints.checkpoint import Checkpoint
    from latent_studio.generators.tensor_reader import TensorReader

_NORM_EPS = 1e-5


def build_sngan(checkpoint: Checkpoint) -> ZGenerator:
    """A generator from a checkpoint's tensors, on the CPU.

    Args:
        checkpoint: of family ``"sngan"``; its tensors' names are listed in ``checkpoints/sngan.py``.

    Raises:
        MissingWeightsError: a tensor is missing, has another shape, is left over, or is not finite.
    """
    eps = positive(checkpoint.options, "norm_eps") or _NORM_EPS
    with torch.inference_mode(False):
        return ZGenerator(in_float32(checkpoint.tensors), partial(_read_network, eps=eps))


@dataclass(frozen=True, slots=True)
class Conv:
    """A 3x3 convolution that keeps the side.

    Attributes:
        weight: ``(out, in, 3, 3)``.
        bias: ``(out,)``.
    """

    weight: Tensor
    bias: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        """From ``(N, in, H, W)`` to ``(N, out, H, W)``."""
        return F.conv2d(x, self.weight, self.bias, padding=1)


@dataclass(frozen=True, slots=True)
class Start:
    """The dense layer from w to the first, small map.

    Attributes:
        weight: ``(channels * side * side, w_dim)``.
        bias: as long.
        side: of the map.
    """

    weight: Tensor
    bias: Tensor
    side: int

    def __call__(self, below: Tensor | None, w: Tensor) -> Tensor:
        """From w ``(N, w_dim)`` to ``(N, channels, side, side)``."""
        x = F.linear(w, self.weight, self.bias)
        return x.view(w.shape[0], -1, self.side, self.side)


@dataclass(frozen=True, slots=True)
class Block:
    """A residual block that doubles the side.

    Attributes:
        norm1, conv1, norm2, conv2: in this order, a ReLU after each norm; the first convolution doubles.
        bypass: on the way around them; ``None`` doubles the input and nothing else.
    """

    norm1: BatchNorm
    conv1: DoublingConv
    norm2: BatchNorm
    conv2: Conv
    bypass: DoublingConv | None

    def __call__(self, below: Tensor | None, w: Tensor) -> Tensor:
        """From ``(N, in, H, W)`` to ``(N, out, 2H, 2W)``; w is not read."""
        if below is None:
            raise AssertionError("a block stands on another stage")
        x = self.conv1(torch.relu_(self.norm1(below)))
        x = self.conv2(torch.relu_(self.norm2(x)))
        return x + (doubled(below) if self.bypass is None else self.bypass(below))


@dataclass(frozen=True, slots=True)
class ToRgb:
    """The last layers, which make the picture.

    Attributes:
        norm: followed by a ReLU.
        conv: to the picture's channels, followed by tanh.
    """

    norm: BatchNorm
    conv: Conv

    def __call__(self, x: Tensor, w: Tensor) -> Tensor:
        """From ``(N, C, H, W)`` to ``(N, channels, H, W)``; w is not read."""
        return torch.tanh(self.conv(torch.relu_(self.norm(x))))


def _read_network(reader: TensorReader, *, eps: float) -> ZNetwork:
    dense = reader.take("dense.weight", None, None)
    shape = reader.shape_of("block0.conv1.weight") or ()
    first = shape[1] if len(shape) == 4 else 0
    side = math.isqrt(dense.shape[0] // first) if first else 0
    if side == 0 or first * side * side != dense.shape[0]:
        raise MissingWeightsError(
            f"Tensor 'dense.weight' makes {dense.shape[0]} numbers; they fill no square of {first} channels,"
            " which 'block0.conv1.weight' takes.",
            hint="The file may be damaged, or hold another kind of network.",
        )
    blocks = []
    channels = first
    for index in itertools.count():
        if index and f"block{index}.conv1.weight" not in reader:
            break
        block = _read_block(reader, f"block{index}", channels, side=side << index, eps=eps)
        blocks.append(block)
        channels = block.conv1.weight.shape[0]
    norm = read_batch_norm(reader, "norm", channels, eps=eps)
    to_rgb = ToRgb(norm, _read_conv(reader, "to_rgb", channels))
    start = Start(dense, reader.take("dense.bias", dense.shape[0]), side)
    reader.finish(ignorable=lambda _name: False)
    colours = to_rgb.conv.weight.shape[0]
    if colours not in (1, 3, 4):
        raise MissingWeightsError(
            f"Tensor 'to_rgb.weight' makes {colours} channels; a picture has 1, 3 or 4.",
            hint="The file may be damaged, or hold another kind of network.",
        )
    sides = tuple(side << index for index in range(len(blocks) + 1))
    last = len(blocks)
    z_dim = dense.shape[1]
    return ZNetwork(
        spec=GeneratorSpec(
            family="sngan",
            resolution=sides[-1],
            channels=colours,
            z_dim=z_dim,
            w_dim=z_dim,
            num_ws=1,
            has_mapping=False,
            stage_resolutions=sides,
            num_parameters=reader.count(without=STATISTICS),
        ),
        stages=(
            ZStage(side, start),
            *(
                ZStage(sides[index], block, picture=to_rgb if index == last else None)
                for index, block in enumerate(blocks, start=1)
            ),
        ),
        style_weights=(StyleWeight("dense", 0, "conv", side, dense),),
    )


def _read_block(reader: TensorReader, name: str, below: int, *, side: int, eps: float) -> Block:
    norm1 = read_batch_norm(reader, f"{name}.norm1", below, eps=eps)
    conv1 = _read_conv(reader, f"{name}.conv1", below)
    width = conv1.weight.shape[0]
    conv2 = _read_conv(reader, f"{name}.conv2", width, width)
    norm2 = read_batch_norm(reader, f"{name}.norm2", width, eps=eps)
    bypass = None
    if width != below or f"{name}.bypass.weight" in reader:
        conv = _read_conv(reader, f"{name}.bypass", below, width)
        bypass = DoublingConv.of(conv.weight, conv.bias, side=side)
    return Block(norm1, DoublingConv.of(conv1.weight, conv1.bias, side=side), norm2, conv2, bypass)


def _read_conv(reader: TensorReader, name: str, below: int, width: int | None = None) -> Conv:
    weight = reader.take(f"{name}.weight", width, below, 3, 3)
    return Conv(weight, reader.take(f"{name}.bias", weight.shape[0]))
