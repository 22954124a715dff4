"""The StyleGAN2 generator (skip architecture) in its trainable form, with the official parameter names."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tools.portraits.factors import COUNT, GROUP_ROWS, Group, group_mask

if TYPE_CHECKING:
    from tools.portraits.latents import LatentCode

_GAIN = math.sqrt(2.0)
_SLOPE = 0.2


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of a generator.

    Attributes:
        channels: feature channels at 4, 8, 16, ... pixels.
        z_dim: length of z.
        w_dim: length of a row of w+.
        mapping_layers: depth of the mapping.
    """

    channels: tuple[int, ...] = (192, 192, 160, 96, 64, 32, 16)
    z_dim: int = 128
    w_dim: int = 128
    mapping_layers: int = 4

    @property
    def resolution(self) -> int:
        """Side of the pictures in pixels."""
        return 4 << (len(self.channels) - 1)

    @property
    def num_ws(self) -> int:
        """Rows of w+."""
        return 2 * len(self.channels)


class FullyConnected(nn.Module):
    """A linear layer whose weights have unit variance and are scaled when used (equalised learning rate)."""

    def __init__(self, inputs: int, outputs: int, *, activate: bool = False, bias: float = 0.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs))
        self.bias = nn.Parameter(torch.full((outputs,), bias))
        self._gain = 1.0 / math.sqrt(inputs)
        self._activate = activate

    def forward(self, x: Tensor) -> Tensor:
        """``(N, inputs)`` to ``(N, outputs)``."""
        x = F.linear(x, self.weight * self._gain, self.bias)
        return F.leaky_relu(x, _SLOPE) * _GAIN if self._activate else x


def w_blocks(w_dim: int) -> dict[Group, slice]:
    """Which part of w belongs to each group of factors.

    A group gets two numbers for every factor and its share of what is left over.
    """
    counts = {group: int(group_mask(group).sum()) for group in GROUP_ROWS}
    spare = w_dim - 2 * COUNT
    if spare < 0:
        raise ValueError(f"w needs at least {2 * COUNT} dimensions, not {w_dim}")
    blocks: dict[Group, slice] = {}
    start = 0
    for index, (group, count) in enumerate(counts.items()):
        last = index == len(counts) - 1
        size = w_dim - start if last else 2 * count + spare // len(counts)
        blocks[group] = slice(start, start + size)
        start += size
    return blocks


class Mapping(nn.Module):
    """z to w. Every group of factors has its own part of w, and no layer mixes the parts.

    The first layer reads the known directions of z: each factor's score and its negative (one of the two
    passes the activation), and random mixtures within the group. It stays as it is; the others start near the
    identity.
    """

    w_avg: Tensor

    def __init__(self, shape: Shape, code: LatentCode) -> None:
        super().__init__()
        self._layers = shape.mapping_layers
        for index in range(shape.mapping_layers):
            inputs = shape.z_dim if index == 0 else shape.w_dim
            self.add_module(f"fc{index}", FullyConnected(inputs, shape.w_dim, activate=True))
        self.register_buffer("w_avg", torch.zeros(shape.w_dim))
        self._start_at(code, shape)

    def _start_at(self, code: LatentCode, shape: Shape) -> None:
        with torch.no_grad():
            for index in range(shape.mapping_layers):
                layer = cast("FullyConnected", self.get_submodule(f"fc{index}"))
                weight = torch.zeros_like(layer.weight)
                for group, block in w_blocks(shape.w_dim).items():
                    size = block.stop - block.start
                    if index == 0:
                        known = code.directions[group_mask(group)]
                        blend = torch.randn(size - 2 * len(known), len(known))
                        blend = F.normalize(blend @ known, dim=1)
                        weight[block] = torch.cat([known, -known, blend])
                    else:
                        noise = 0.01 * torch.randn(size, size)
                        weight[block, block] = torch.eye(size) / _GAIN + noise
                layer.weight.copy_(weight * math.sqrt(weight.shape[1]))

    def forward(self, z: Tensor) -> Tensor:
        """``(N, z_dim)`` to ``(N, w_dim)``; only the direction of z matters."""
        x = z * (z.square().mean(dim=1, keepdim=True) + 1e-8).rsqrt()
        for index in range(self._layers):
            x = self.get_submodule(f"fc{index}")(x)
        return x


class StyledConv(nn.Module):
    """A 3x3 convolution whose input channels are scaled by a style, and whose output has unit size again."""

    resample_filter: Tensor
    noise_const: Tensor

    def __init__(self, inputs: int, outputs: int, *, shape: Shape, resolution: int, up: bool) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, 3, 3))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.affine = FullyConnected(shape.w_dim, inputs, bias=1.0)
        # Part of the file format; our portraits use no noise, so its strength stays zero.
        self.register_buffer("noise_const", torch.zeros(resolution, resolution))
        self.register_buffer("noise_strength", torch.zeros([]))
        self.register_buffer("resample_filter", _binomial_filter())
        self._up = up

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        """``(N, inputs, H, W)`` and styles ``(N, w_dim)`` to the next features, twice as large if up."""
        style = self.affine(w)
        size = (self.weight.square().sum(dim=(2, 3))[None] * style.square()[:, None]).sum(dim=2)
        x = x * style[:, :, None, None]
        if self._up:
            x = smooth(F.conv_transpose2d(x, self.weight.transpose(0, 1), stride=2))
        else:
            x = F.conv2d(x, self.weight, padding=1)
        # The activation's gain is applied before it, where it costs nothing: max(x, 0.2 x) is homogeneous.
        unit = (size + 1e-8).rsqrt()[:, :, None, None] * _GAIN
        return F.leaky_relu(torch.addcmul((self.bias * _GAIN).view(1, -1, 1, 1), x, unit), _SLOPE)


class ToRgb(nn.Module):
    """A styled 1x1 convolution to colours."""

    def __init__(self, inputs: int, *, shape: Shape, scale: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(3, inputs, 1, 1) * scale)
        self.bias = nn.Parameter(torch.zeros(3))
        self.affine = FullyConnected(shape.w_dim, inputs, bias=1.0)
        self._gain = 1.0 / math.sqrt(inputs)

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        """``(N, inputs, H, W)`` to ``(N, 3, H, W)``."""
        style = self.affine(w) * self._gain
        weight = style[:, None, :] * self.weight[None, :, :, 0, 0]
        pixels = x.permute(0, 2, 3, 1).flatten(1, 2)
        colors = torch.baddbmm(self.bias, pixels, weight.transpose(1, 2))
        return colors.view(x.shape[0], *x.shape[2:], 3).permute(0, 3, 1, 2)


class Block(nn.Module):
    """Two convolutions (one at 4 px) and a contribution to the picture at one resolution."""

    resample_filter: Tensor

    def __init__(self, inputs: int, outputs: int, *, shape: Shape, resolution: int) -> None:
        super().__init__()
        self.register_buffer("resample_filter", _binomial_filter())
        self._first = inputs == 0
        if self._first:
            self.const = nn.Parameter(torch.randn(outputs, resolution, resolution))
        else:
            self.conv0 = StyledConv(inputs, outputs, shape=shape, resolution=resolution, up=True)
        self.conv1 = StyledConv(outputs, outputs, shape=shape, resolution=resolution, up=False)
        # Start plain: random colours take longer to unlearn than right ones to learn, and a new resolution
        # starts as the enlarged one below it.
        self.torgb = ToRgb(outputs, shape=shape, scale=0.1 if resolution <= 64 else 0.0)

    @property
    def conv_count(self) -> int:
        """Rows of w+ that the convolutions take; the colours share the following row with the next block."""
        return 1 if self._first else 2

    def forward(self, x: Tensor | None, rgb: Tensor | None, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Features and picture of the block below, and ``(N, conv_count + 1, w_dim)`` styles."""
        if x is None:
            # Channels last throughout: much the faster layout for convolutions and colours on a processor.
            x = self.const[None].repeat(rows.shape[0], 1, 1, 1).contiguous(memory_format=torch.channels_last)
        else:
            x = self.conv0(x, rows[:, 0])
        x = self.conv1(x, rows[:, self.conv_count - 1])
        color = self.torgb(x, rows[:, self.conv_count])
        return x, color if rgb is None else color + enlarge(rgb)


class Synthesis(nn.Module):
    """w+ to pictures at every resolution."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.resolutions = tuple(4 << index for index in range(len(shape.channels)))
        inputs = 0
        for resolution, outputs in zip(self.resolutions, shape.channels, strict=True):
            block = Block(inputs, outputs, shape=shape, resolution=resolution)
            self.add_module(f"b{resolution}", block)
            inputs = outputs

    def forward(self, ws: Tensor, resolution: int | None = None) -> dict[int, Tensor]:
        """Pictures by resolution, up to ``resolution`` (default: all), ``(N, 3, R, R)`` in about [-1, 1].

        Args:
            ws: ``(N, num_ws, w_dim)``; rows beyond what the resolution needs are ignored.
            resolution: where to stop.
        """
        x: Tensor | None = None
        rgb: Tensor | None = None
        row = 0
        pictures: dict[int, Tensor] = {}
        for size in self.resolutions:
            block = cast("Block", self.get_submodule(f"b{size}"))
            x, rgb = block(x, rgb, ws[:, row : row + block.conv_count + 1])
            row += block.conv_count
            pictures[size] = rgb
            if size == resolution:
                break
        return pictures


class Generator(nn.Module):
    """Mapping and synthesis; each layer's style depends on the part of w that its row of w+ stands for."""

    def __init__(self, shape: Shape, code: LatentCode) -> None:
        super().__init__()
        self.shape = shape
        self.mapping = Mapping(shape, code)
        self.synthesis = Synthesis(shape)
        with torch.no_grad():
            for name, parameter in self.named_parameters():
                free = self.free(name, parameter)
                if name.endswith("affine.weight"):
                    # As much variance as if the whole of w could be seen.
                    parameter.mul_(free * math.sqrt(free.numel() / free.sum().item()))

    def free(self, name: str, parameter: Tensor) -> Tensor:
        """Which numbers of a parameter training may move, 1 or 0, in the parameter's shape.

        The rest stays zero, or as it is in the mapping's first layer. This keeps groups of factors apart by
        construction: a row of w+ cannot know what it is not meant to know, so mixing rows mixes factors.
        """
        mask = torch.zeros_like(parameter)
        blocks = w_blocks(self.shape.w_dim)
        if name == "mapping.fc0.weight":
            return mask
        if name.startswith("mapping.") and name.endswith("weight"):
            for block in blocks.values():
                mask[block, block] = 1.0
            return mask
        if name.endswith("affine.weight"):
            row = _row_of(name)
            for group, (first, last) in GROUP_ROWS.items():
                if first <= row < last:
                    mask[:, blocks[group]] = 1.0
            return mask
        return torch.ones_like(parameter)


def _row_of(name: str) -> int:
    """The row of w+ that a layer reads: ``synthesis.b16.conv0.affine.weight`` is 3."""
    _, block, layer, *_ = name.split(".")
    row = 2 * int(math.log2(int(block[1:]))) - 5
    return row + {"conv0": 0, "conv1": 1, "torgb": 2}[layer]


def smooth(x: Tensor) -> Tensor:
    """The filter [1, 3, 3, 1] in both directions with gain 4, after a stride-2 transposed convolution.

    ``(N, C, 2H+1, 2W+1)`` to ``(N, C, 2H, 2W)``.
    """
    channels = x.shape[1]
    kernel = (_binomial_filter() * 4.0).expand(channels, 1, 4, 4)
    return F.conv2d(x, kernel, padding=1, groups=channels)


def enlarge(rgb: Tensor) -> Tensor:
    """Twice as large, with the same filter: it is bilinear enlargement with zeros beyond the edge."""
    inner = F.interpolate(F.pad(rgb, (1, 1, 1, 1)), scale_factor=2, mode="bilinear", align_corners=False)
    return inner[:, :, 2:-2, 2:-2]


def _binomial_filter() -> Tensor:
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0])
    square = torch.outer(taps, taps)
    return square / square.sum()
