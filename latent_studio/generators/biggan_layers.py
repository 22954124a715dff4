"""The layers of BigGAN, and what each of them reads of a row of ws."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

from latent_studio.generators.batch_norm import check_variance
from latent_studio.generators.doubling import DoublingConv, doubled

if TYPE_CHECKING:
    from torch import Tensor

    from latent_studio.generators.tensor_reader import TensorReader


@dataclass(frozen=True, slots=True)
class Part:
    """What one layer reads of a row.

    Attributes:
        first, last: of the numbers of z, half open; both the same where it reads none.
        with_class: whether it reads the class too.
    """

    first: int
    last: int
    with_class: bool


@dataclass(frozen=True, slots=True)
class Row:
    """How a row of ws is laid out: z, the truncation if there are tables, the class's vector.

    Attributes:
        z_dim: length of z.
        has_tables: whether the statistics depend on the truncation.
        class_dims: length of the class's vector.
        start: what the dense layer reads.
        blocks: what each block reads.
    """

    z_dim: int
    has_tables: bool
    class_dims: int
    start: Part
    blocks: tuple[Part, ...]

    @property
    def w_dim(self) -> int:
        """Length of the row."""
        return self.z_dim + self.has_tables + self.class_dims

    def w_of(self, classes: Tensor, z: Tensor, c: Tensor | None) -> Tensor:
        """Rows at full variety.

        Args:
            classes: ``(c_dim, class_dims)``.
            z: ``(N, z_dim)``.
            c: ``(N, c_dim)``; weights of several classes blend their vectors.

        Returns:
            ``(N, w_dim)``.
        """
        if c is None:
            raise AssertionError("a model with classes is given one")
        truncation = z.new_ones(z.shape[0], int(self.has_tables))
        return torch.cat([z, truncation, c @ classes], dim=1)

    def average(self, classes: Tensor) -> Tensor:
        """``(w_dim,)``: no variety, and a class between all."""
        return torch.cat([classes.new_zeros(self.z_dim + self.has_tables), classes.mean(dim=0)])

    def read(self, w: Tensor, part: Part) -> Tensor:
        """What a layer reads of ``(N, w_dim)``: its numbers of z, then the class."""
        z = w[:, part.first : part.last]
        return torch.cat([z, w[:, -self.class_dims :]], dim=1) if part.with_class else z

    def at_truncation(self, table: Tensor, w: Tensor) -> Tensor:
        """Statistics for the truncation in ``w``, on the straight line between the two nearest steps.

        Args:
            table: ``(steps, C)``, for evenly spaced truncations from 0 to 1.
            w: ``(N, w_dim)``.

        Returns:
            ``(N, C)``, or ``(1, C)`` where they do not depend on it.
        """
        last = table.shape[0] - 1
        if not last:
            return table
        place = w[:, self.z_dim].clamp(0.0, 1.0) * last
        below = place.detach().floor().clamp(max=last - 1)
        index = below.long()
        return table[index].lerp(table[index + 1], (place - below)[:, None])

    def over_z(self, weight: Tensor, part: Part) -> Tensor:
        """A layer's weight as a map of the whole row, zero beside the layer's numbers of z.

        Args:
            weight: ``(out, in)``, its first columns for z.
            part: what it reads.

        Returns:
            ``(out, w_dim)``.
        """
        columns = weight[:, : part.last - part.first]
        return F.pad(columns, (part.first, self.w_dim - part.last))


@dataclass(frozen=True, slots=True)
class Norm:
    """A normalisation whose gain and bias follow w, and the ReLU after it.

    Attributes:
        gain: ``(C, in)``; what it makes of w is added to one.
        bias: ``(C, in)``.
        mean, var: ``(steps, C)``.
        eps: added to variances.
        row: of w.
        part: of w that it reads.
    """

    gain: Tensor
    bias: Tensor
    mean: Tensor
    var: Tensor
    eps: float
    row: Row
    part: Part

    def __call__(self, x: Tensor, w: Tensor) -> Tensor:
        """From ``(N, C, H, W)`` to the same shape."""
        condition = self.row.read(w, self.part)
        return _normalized(
            x,
            gain=1 + F.linear(condition, self.gain),
            bias=F.linear(condition, self.bias),
            mean=self.row.at_truncation(self.mean, w),
            std=(self.row.at_truncation(self.var, w) + self.eps).sqrt(),
        )


@dataclass(frozen=True, slots=True)
class OutputNorm:
    """The last normalisation, which knows no class, and the ReLU after it.

    Attributes:
        gain, bias: ``(C,)``.
        mean, var: ``(steps, C)``.
        eps: added to variances.
        row: of w.
    """

    gain: Tensor
    bias: Tensor
    mean: Tensor
    var: Tensor
    eps: float
    row: Row

    def __call__(self, x: Tensor, w: Tensor) -> Tensor:
        """From ``(N, C, H, W)`` to the same shape."""
        return _normalized(
            x,
            gain=self.gain[None],
            bias=self.bias[None],
            mean=self.row.at_truncation(self.mean, w),
            std=(self.row.at_truncation(self.var, w) + self.eps).sqrt(),
        )


def _normalized(x: Tensor, *, gain: Tensor, bias: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    """``relu((x - mean) / std * gain + bias)`` with one multiplication per number of x."""
    scale = gain / std
    shift = bias - mean * scale
    return torch.relu_(torch.addcmul(shift[..., None, None], x, scale[..., None, None]))


@dataclass(frozen=True, slots=True)
class Conv:
    """A convolution that keeps the side.

    Attributes:
        weight: ``(out, in, k, k)``, k odd.
        bias: ``(out,)``.
    """

    weight: Tensor
    bias: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        """From ``(N, in, H, W)`` to ``(N, out, H, W)``."""
        return F.conv2d(x, self.weight, self.bias, padding=self.weight.shape[2] // 2)


@dataclass(frozen=True, slots=True)
class Start:
    """The dense layer that makes the first map.

    Attributes:
        weight: ``(channels * side * side, in)``.
        bias: as long.
        side: of the map.
        part: of w that it reads.
        row: of w.
    """

    weight: Tensor
    bias: Tensor
    side: int
    part: Part
    row: Row

    def __call__(self, w: Tensor) -> Tensor:
        """From ``(N, w_dim)`` to ``(N, channels, side, side)``."""
        x = F.linear(self.row.read(w, self.part), self.weight, self.bias)
        return x.view(w.shape[0], -1, self.side, self.side)


@dataclass(frozen=True, slots=True)
class Block:
    """A residual block.

    Attributes:
        name: of its tensors.
        part: of w that its norms read.
        norm1, conv1, norm2, conv2: in this order.
        bypass: a 1x1 convolution around them; ``None`` passes the input on.
        doubles: whether it doubles the side, by its first convolution.
    """

    name: str
    part: Part
    norm1: Norm
    conv1: Conv | DoublingConv
    norm2: Norm
    conv2: Conv
    bypass: Conv | None
    doubles: bool

    @property
    def width(self) -> int:
        """Channels of the result."""
        return self.conv2.weight.shape[0]

    def __call__(self, x: Tensor, w: Tensor) -> Tensor:
        """From ``(N, in, H, W)`` to ``(N, width, …)``."""
        inner = self.conv2(self.norm2(self.conv1(self.norm1(x, w)), w))
        # A 1x1 convolution may as well come before the doubling, at a quarter of the cost.
        around = x if self.bypass is None else self.bypass(x)
        return inner + (doubled(around) if self.doubles else around)


@dataclass(frozen=True, slots=True)
class DeepBlock:
    """A residual block of BigGAN-deep: narrow in its middle, and around it nothing but channels left out.

    Attributes:
        name: of its tensors.
        part: of w that its norms read.
        norms, convs: four each, in turn.
        doubles: whether it doubles the side, by its second convolution.
    """

    name: str
    part: Part
    norms: tuple[Norm, ...]
    convs: tuple[Conv | DoublingConv, ...]
    doubles: bool

    @property
    def width(self) -> int:
        """Channels of the result."""
        return self.convs[-1].weight.shape[0]

    def __call__(self, x: Tensor, w: Tensor) -> Tensor:
        """From ``(N, in, H, W)`` to ``(N, width, …)``."""
        inner = x
        for norm, conv in zip(self.norms, self.convs, strict=True):
            inner = conv(norm(inner, w))
        around = x[:, : self.width]
        return inner + (doubled(around) if self.doubles else around)


@dataclass(frozen=True, slots=True)
class Attention:
    """Self-attention (Zhang et al. 2019): every place looks at all places of the map at half its side.

    Attributes:
        query, key: ``(C / 8, C, 1, 1)``.
        value: ``(C / 2, C, 1, 1)``.
        out: ``(C, C / 2, 1, 1)``.
        gamma: one number; how much of it is added.
    """

    query: Tensor
    key: Tensor
    value: Tensor
    out: Tensor
    gamma: Tensor

    def __call__(self, x: Tensor, w: Tensor) -> Tensor:
        """From ``(N, C, H, W)`` to the same shape; w is not read."""
        query = F.conv2d(x, self.query).flatten(2)
        key = F.max_pool2d(F.conv2d(x, self.key), 2).flatten(2)
        value = F.max_pool2d(F.conv2d(x, self.value), 2).flatten(2)
        seen = value @ torch.softmax(query.transpose(1, 2) @ key, dim=2).transpose(1, 2)
        return torch.addcmul(x, F.conv2d(seen.view(x.shape[0], -1, *x.shape[2:]), self.out), self.gamma)


@dataclass(frozen=True, slots=True)
class ToRgb:
    """The last layers, which make the picture.

    Attributes:
        norm: with the ReLU after it.
        conv: to the picture's channels, followed by tanh.
    """

    norm: OutputNorm
    conv: Conv

    def __call__(self, x: Tensor, w: Tensor) -> Tensor:
        """From ``(N, C, H, W)`` to ``(N, channels, H, W)``."""
        return torch.tanh(self.conv(self.norm(x, w)))


def _doubling(conv: Conv, *, side: int) -> DoublingConv:
    return DoublingConv.of(conv.weight, conv.bias, side=side)


def read_conv(reader: TensorReader, name: str, below: int, width: int | None = None, *, kernel: int) -> Conv:
    """Take ``name.weight`` and ``name.bias``; ``None`` for any width."""
    weight = reader.take(f"{name}.weight", width, below, kernel, kernel)
    return Conv(weight, reader.take(f"{name}.bias", weight.shape[0]))


def read_output_norm(
    reader: TensorReader, name: str, channels: int, *, row: Row, eps: float, steps: int
) -> OutputNorm:
    """Take ``name.gain``, ``.bias``, ``.mean`` and ``.var``."""
    gain, bias = (reader.take(f"{name}.{part}", channels) for part in ("gain", "bias"))
    mean, var = _read_statistics(reader, name, channels, steps=steps)
    return OutputNorm(gain, bias, mean, var, eps, row)


def read_attention(reader: TensorReader, name: str, channels: int) -> Attention:
    """Take what :class:`Attention` lists."""
    query = reader.take(f"{name}.query.weight", None, channels, 1, 1)
    key = reader.take(f"{name}.key.weight", query.shape[0], channels, 1, 1)
    value = reader.take(f"{name}.value.weight", None, channels, 1, 1)
    out = reader.take(f"{name}.out.weight", channels, value.shape[0], 1, 1)
    return Attention(query, key, value, out, reader.take(f"{name}.gamma"))


def read_block(
    reader: TensorReader,
    name: str,
    below: int,
    *,
    row: Row,
    part: Part,
    side: int,
    doubles: bool,
    eps: float,
    steps: int,
) -> Block:
    """Take the tensors of a block with two convolutions; ``side`` is that of the map below."""
    norm1 = _read_norm(reader, f"{name}.norm1", below, row=row, part=part, eps=eps, steps=steps)
    conv1 = read_conv(reader, f"{name}.conv1", below, kernel=3)
    width = conv1.weight.shape[0]
    norm2 = _read_norm(reader, f"{name}.norm2", width, row=row, part=part, eps=eps, steps=steps)
    conv2 = read_conv(reader, f"{name}.conv2", width, width, kernel=3)
    bypass = None
    if width != below or f"{name}.bypass.weight" in reader:
        bypass = read_conv(reader, f"{name}.bypass", below, width, kernel=1)
    first = _doubling(conv1, side=side) if doubles else conv1
    return Block(name, part, norm1, first, norm2, conv2, bypass, doubles)


def read_deep_block(
    reader: TensorReader,
    name: str,
    below: int,
    *,
    row: Row,
    part: Part,
    side: int,
    doubles: bool,
    eps: float,
    steps: int,
) -> DeepBlock:
    """Take the tensors of a block with four convolutions; ``side`` is that of the map below."""
    norms: list[Norm] = []
    convs: list[Conv | DoublingConv] = []
    width = below
    for number, kernel in enumerate((1, 3, 3, 1), start=1):
        norms.append(
            _read_norm(reader, f"{name}.norm{number}", width, row=row, part=part, eps=eps, steps=steps)
        )
        conv = read_conv(reader, f"{name}.conv{number}", width, kernel=kernel)
        convs.append(_doubling(conv, side=side) if doubles and number == 2 else conv)
        width = conv.weight.shape[0]
    if width > below:
        # The bypass can leave channels out, but has none to add.
        reader.take(f"{name}.conv4.weight", below, None, 1, 1)
    return DeepBlock(name, part, tuple(norms), tuple(convs), doubles)


def _read_norm(
    reader: TensorReader, name: str, channels: int, *, row: Row, part: Part, eps: float, steps: int
) -> Norm:
    condition = part.last - part.first + row.class_dims
    gain, bias = (reader.take(f"{name}.{one}", channels, condition) for one in ("gain", "bias"))
    mean, var = _read_statistics(reader, name, channels, steps=steps)
    return Norm(gain, bias, mean, var, eps, row, part)


def _read_statistics(reader: TensorReader, name: str, channels: int, *, steps: int) -> tuple[Tensor, Tensor]:
    mean = reader.take(f"{name}.mean", steps, channels)
    var = reader.take(f"{name}.var", steps, channels)
    return mean, check_variance(var, name=f"{name}.var")
