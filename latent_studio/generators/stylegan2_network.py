"""The parts of a StyleGAN2 and how a checkpoint's tensors become them.

Tensor names are those of the official StyleGAN2-ADA; sizes, depth and labels are read off the tensors.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import torch
import torch.nn.functional as F

from latent_studio.core.errors import MissingWeightsError, UnknownFormatError
from latent_studio.generators.mapping_network import read_mapping
from latent_studio.generators.modulated_conv import ModulatedConv, half_weight, prepare
from latent_studio.generators.ops import activation_named, fir_taps, upsample_2x
from latent_studio.generators.option_values import flag, positive
from latent_studio.generators.protocol import Features

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from latent_studio.checkpoints.checkpoint import OptionValue
    from latent_studio.generators.conv_plan import FormName
    from latent_studio.generators.mapping_network import MappingNetwork
    from latent_studio.generators.modulated_conv import ConvForm
    from latent_studio.generators.protocol import NoiseMaps
    from latent_studio.generators.tensor_reader import TensorReader

#: skip: every resolution adds to the picture. resnet: blocks have a shortcut and only the last makes a
#: picture. orig: neither.
Architecture = Literal["skip", "resnet", "orig"]

#: float32 everywhere, or float16 at the four highest resolutions (for CUDA).
Precision = Literal["float32", "float16"]

_HALF_RESOLUTIONS = 4
#: Of the constant's sides; a file that claims more would ask for pictures that nobody can hold.
_LARGEST_BASE = 64
# float16 ends at 65504; the official fp16 networks are trained with activations bounded by this.
_HALF_CLAMP = 256.0


@dataclass(frozen=True, slots=True)
class StyleGAN2Options:
    """What the tensors' shapes cannot tell.

    Attributes:
        architecture: how pictures come out of the blocks; ``None`` means read off the tensors.
        activation: of the convolutions.
        mapping_activation: of the mapping network's layers.
        mapping_lr_multiplier: scale of the mapping network's stored weights.
        normalize_together: whether the mapping network normalises z and the class's features as one.
        conv_clamp: bound on the absolute value of activations; ``None`` for no bound.
        use_noise: whether convolutions take noise; ``None`` means read off the tensors.
        resample_filter: taps for files that do not store the filter; ``None`` means the file must.
        final_tanh: whether the finished picture goes through a hyperbolic tangent.
    """

    architecture: Architecture | None = None
    activation: str = "lrelu"
    mapping_activation: str = "lrelu"
    mapping_lr_multiplier: float = 0.01
    normalize_together: bool = False
    conv_clamp: float | None = None
    use_noise: bool | None = None
    resample_filter: tuple[float, ...] | None = None
    final_tanh: bool = False

    @staticmethod
    def of(options: Mapping[str, OptionValue]) -> StyleGAN2Options:
        """Read a checkpoint's options; names that mean nothing here are left alone.

        Raises:
            UnknownFormatError: a value is not one we know.
        """
        return StyleGAN2Options(
            architecture=_architecture(options.get("architecture")),
            activation=str(options.get("activation") or "lrelu"),
            mapping_activation=str(options.get("mapping_activation") or "lrelu"),
            mapping_lr_multiplier=positive(options, "mapping_lr_multiplier") or 0.01,
            normalize_together=flag(options, "normalize_together") or False,
            conv_clamp=positive(options, "conv_clamp"),
            use_noise=flag(options, "use_noise"),
            resample_filter=_taps(options.get("resample_filter")),
            final_tanh=flag(options, "final_tanh") or False,
        )


def _architecture(value: OptionValue) -> Architecture | None:
    match value:
        case None:
            return None
        case "skip" | "resnet" | "orig":
            return value
    raise UnknownFormatError(
        f"The checkpoint asks for a StyleGAN2 architecture {value!r}, which is not known.",
        hint="Known architectures: skip, resnet, orig.",
    )


def _taps(value: OptionValue) -> tuple[float, ...] | None:
    if value is None:
        return None
    if isinstance(value, tuple) and value and math.isfinite(sum(value)) and sum(value) != 0:
        return value
    raise UnknownFormatError(
        f"The checkpoint's resampling filter is {value!r}; expected a row of numbers.",
        hint="The file may be damaged, or hold another kind of network.",
    )


@dataclass(frozen=True, slots=True, eq=False)
class ToRGB:
    """The 1x1 convolution that reads a picture off the activations; modulated, not demodulated.

    Attributes:
        row: the row of ws it reads.
        weight: ``(channels, in_channels)`` float32, its scale multiplied in.
        affine_weight: ``(in_channels, w_dim)`` float32, its scale multiplied in.
        affine_bias: ``(in_channels,)`` float32.
        bias: ``(channels, 1)`` float32.
        clamp: bound on the absolute result; ``None`` for no bound.
    """

    row: int
    weight: Tensor
    affine_weight: Tensor
    affine_bias: Tensor
    bias: Tensor
    clamp: float | None

    def styles(self, ws: Tensor) -> Tensor:
        """The scale of each input channel, ``(N, in_channels)`` float32, from ``(N, num_ws, w_dim)``."""
        return F.linear(ws[:, self.row], self.affine_weight, self.affine_bias)

    def __call__(self, x: Tensor, ws: Tensor) -> Tensor:
        """``(N, in_channels, H, W)`` to ``(N, channels, H, W)`` float32."""
        n, _, height, width = x.shape
        styles = self.styles(ws)
        weight = self.weight * styles[:, None, :]
        # As a matrix product this needs no copy in either memory format.
        rgb = torch.bmm(weight.to(x.dtype), x.flatten(2)).float() + self.bias
        rgb = rgb.view(n, -1, height, width)
        return rgb if self.clamp is None else rgb.clamp(-self.clamp, self.clamp)


@dataclass(frozen=True, slots=True, eq=False)
class Shortcut:
    """The way past a resnet block: a 1x1 convolution, then up-sampling.

    Attributes:
        weight: ``(out_channels, in_channels, 1, 1)`` with its scale and the block's share multiplied in.
        taps: ``(k, k)`` of the up-sampling filter.
    """

    weight: Tensor
    taps: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        """``(N, in_channels, H, W)`` to ``(N, out_channels, 2H, 2W)``."""
        return upsample_2x(F.conv2d(x, self.weight), self.taps)


class PlannedConv:
    """A convolution that follows its planned form, or the plain one when a gradient is wanted.

    Args:
        layer: the weights.
        form: which form; prepared at first use.
    """

    def __init__(self, layer: ModulatedConv, form: FormName) -> None:
        self.layer = layer
        self.form = form

    @cached_property
    def _prepared(self) -> ConvForm:
        # Tensors made in inference mode could never take part in autograd later.
        with torch.inference_mode(False):
            return prepare(self.layer, self.form)

    @cached_property
    def _plain(self) -> ConvForm:
        with torch.inference_mode(False):
            return prepare(self.layer, "plain")

    def with_style_offset(self, offset: Tensor) -> PlannedConv:
        """The same convolution with ``(in_channels,)`` added to its style; what is prepared is shared."""
        other = PlannedConv(self.layer.with_style_offset(offset), self.form)
        other.__dict__["_prepared"] = self._prepared
        return other

    def __call__(self, x: Tensor, ws: Tensor, noise: NoiseMaps) -> Tensor:
        """``(N, in_channels, H, W)`` to ``(N, out_channels, H, W)``, doubled when it goes up."""
        styles = self.layer.styles(ws)
        noise_map = None if self.layer.noise_idx is None else noise[self.layer.noise_idx]
        wanted = [x, styles] if noise_map is None else [x, styles, noise_map]
        if torch.is_grad_enabled() and any(tensor.requires_grad for tensor in wanted):
            return self._plain(x, styles, noise_map)
        return self._prepared(x, styles, noise_map)


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """One resolution of the synthesis network; a ``Stage``.

    Attributes:
        resolution: side of its output; of one that is not square, the side were its constant 4 x 4.
        num_rows: one past the last row of ws its convolutions read.
        const: ``(1, C, h, w)``, where the first block starts, usually 4 x 4; ``None`` in the others.
        conv0: the up-convolution; ``None`` in the first block.
        conv1: the second convolution.
        torgb: ``None`` where the architecture makes no picture.
        taps: ``(k, k)`` of the filter that up-samples the picture from below; ``None`` where there is none.
        shortcut: ``None`` except in resnet blocks.
        dtype: what its convolutions compute in.
        tanh: whether its picture is the finished one and ends in a hyperbolic tangent.
    """

    resolution: int
    num_rows: int
    const: Tensor | None
    conv0: PlannedConv | None
    conv1: PlannedConv
    torgb: ToRGB | None
    taps: Tensor | None
    shortcut: Shortcut | None
    dtype: torch.dtype
    tanh: bool = False

    @property
    def has_preview(self) -> bool:
        """Whether this resolution gives a picture."""
        return self.torgb is not None

    def run(self, below: Features | None, rgb: Tensor | None, ws: Tensor, noise: NoiseMaps) -> Features:
        """Run the convolutions; see ``Stage.run``."""
        if below is None:
            if self.const is None:
                raise ValueError(f"the {self.resolution} px block needs what the block below gave")
            x = self.const.expand(ws.shape[0], -1, -1, -1)
        else:
            x = below.x.to(self.dtype)
        past = None if self.shortcut is None else self.shortcut(x)
        if self.conv0 is not None:
            x = self.conv0(x, ws, noise)
        x = self.conv1(x, ws, noise)
        return Features(x=x if past is None else past + x, rgb=rgb)

    def to_rgb(self, features: Features, ws: Tensor) -> Tensor | None:
        """The picture up to here; see ``Stage.to_rgb``."""
        if self.torgb is None:
            return None
        rgb = self.torgb(features.x, ws)
        if features.rgb is not None and self.taps is not None:
            rgb = upsample_2x(features.rgb, self.taps) + rgb
        return rgb.tanh() if self.tanh else rgb

    @property
    def convs(self) -> tuple[PlannedConv, ...]:
        """The convolutions, in the order they run."""
        return (self.conv1,) if self.conv0 is None else (self.conv0, self.conv1)


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """All parts of one generator.

    Attributes:
        mapping: from z to w.
        w_avg: ``(w_dim,)``.
        blocks: coarse to fine.
        noise: the stored noise maps, ``(1, 1, H, W)`` each.
        architecture: how pictures come out of the blocks.
        parameter_names: the tensors that were trained.
    """

    mapping: MappingNetwork
    w_avg: Tensor
    blocks: tuple[Block, ...]
    noise: tuple[Tensor, ...]
    architecture: Architecture
    parameter_names: tuple[str, ...]


def read_network(reader: TensorReader, options: StyleGAN2Options, *, precision: Precision) -> Network:
    """Build the network from its tensors.

    Args:
        reader: float32 tensors, all on one device.
        options: what the shapes cannot tell.
        precision: of the convolutions.

    Raises:
        MissingWeightsError: a tensor is missing, has another shape, or is left over.
    """
    resolutions = _resolutions(reader)
    const = reader.take("synthesis.b4.const", None, None, None)
    if not all(1 <= side <= _LARGEST_BASE for side in const.shape[1:]):
        raise MissingWeightsError(
            f"The constant is {const.shape[1]} x {const.shape[2]}; this version knows up to "
            f"{_LARGEST_BASE} x {_LARGEST_BASE}.",
            hint="The file may be damaged, or hold another kind of network.",
        )
    w_dim = reader.take("synthesis.b4.conv1.affine.weight", const.shape[0], None).shape[1]
    w_avg = reader.take("mapping.w_avg", w_dim)
    mapping = read_mapping(
        reader,
        w_dim=w_dim,
        activation=activation_named(options.mapping_activation),
        lr_multiplier=options.mapping_lr_multiplier,
        normalize_together=options.normalize_together,
    )
    builder = _BlockBuilder(reader, options, resolutions=resolutions, w_avg=w_avg, precision=precision)
    blocks = tuple(builder.block(resolution) for resolution in resolutions)
    reader.finish(ignorable=_is_unused_buffer)
    return Network(
        mapping=mapping,
        w_avg=w_avg,
        blocks=blocks,
        noise=tuple(builder.noise),
        architecture=builder.architecture,
        parameter_names=tuple(sorted(name for name in reader.taken if not _is_buffer(name))),
    )


def _resolutions(reader: TensorReader) -> tuple[int, ...]:
    """4, 8, ... up to the highest block there is a tensor of."""
    found = {int(match[1]) for name in reader.names if (match := re.match(r"synthesis\.b(\d+)\.", name))}
    highest = max(found, default=4)
    resolutions = tuple(2**k for k in range(2, max(highest.bit_length(), 3)))
    strange = sorted(found - set(resolutions))
    if strange:
        raise MissingWeightsError(
            f"The checkpoint has a block for {strange[0]} px, which is not a power of two from 4 up.",
            hint="The file may hold another kind of network.",
        )
    return resolutions


def _is_buffer(name: str) -> bool:
    return name.endswith(("w_avg", ".noise_const", ".resample_filter"))


def _is_unused_buffer(name: str) -> bool:
    """Whether the official files hold this tensor although nothing reads it."""
    return name.startswith("synthesis.") and name.endswith((".resample_filter", ".noise_const"))


class _BlockBuilder:
    """Reads the blocks one after the other, coarse to fine, and hands out rows and noise inputs."""

    def __init__(
        self,
        reader: TensorReader,
        options: StyleGAN2Options,
        *,
        resolutions: tuple[int, ...],
        w_avg: Tensor,
        precision: Precision,
    ) -> None:
        self._reader = reader
        self._options = options
        self._w_dim = w_avg.shape[0]
        self._device = w_avg.device
        self._last = resolutions[-1]
        self._half_from = (
            max(self._last >> (_HALF_RESOLUTIONS - 1), 8) if precision == "float16" else math.inf
        )
        self._activation = activation_named(options.activation)
        self._use_noise = options.use_noise
        if self._use_noise is None:
            self._use_noise = any(name.endswith(".noise_strength") for name in reader.names)
        self.architecture: Architecture = options.architecture or _infer_architecture(reader, resolutions)
        self.noise: list[Tensor] = []
        self._row = 0
        self._channels = 0
        self._base = (4, 4)

    def block(self, resolution: int) -> Block:
        """The block of one resolution; call from low to high."""
        reader, name, first = self._reader, f"synthesis.b{resolution}", resolution == 4
        const = conv0 = shortcut = taps = torgb = None
        dtype = torch.float16 if resolution >= self._half_from else torch.float32
        resnet = self.architecture == "resnet" and not first
        # Both ways through a resnet block count half, so that their sum keeps its variance.
        share = math.sqrt(0.5) if resnet else 1.0
        if first:
            const = reader.take(f"{name}.const", None, None, None)[None].to(dtype)
            self._channels = const.shape[1]
            self._base = (const.shape[2], const.shape[3])
        else:
            in_channels = self._channels
            conv0 = self._conv(f"{name}.conv0", resolution, up=True, gain=1.0)
            if resnet:
                shortcut = self._shortcut(f"{name}.skip", in_channels, dtype=dtype, gain=share)
        conv1 = self._conv(f"{name}.conv1", resolution, up=False, gain=share)
        num_rows = self._row
        if self.architecture == "skip" or resolution == self._last:
            torgb = self._torgb(f"{name}.torgb", half=dtype == torch.float16)
        if self.architecture == "skip" and not first:
            taps = self._filter(f"{name}.resample_filter")
        return Block(
            resolution=resolution,
            num_rows=num_rows,
            const=const,
            conv0=None if conv0 is None else PlannedConv(conv0, "plain"),
            conv1=PlannedConv(conv1, "plain"),
            torgb=torgb,
            taps=taps,
            shortcut=shortcut,
            dtype=dtype,
            tanh=self._options.final_tanh and resolution == self._last,
        )

    def _conv(self, name: str, resolution: int, *, up: bool, gain: float) -> ModulatedConv:
        reader = self._reader
        in_channels = self._channels
        half = resolution >= self._half_from
        weight = reader.take(f"{name}.weight", None, in_channels, 3, 3)
        bias = reader.take(f"{name}.bias", weight.shape[0])
        affine_weight, affine_bias = self._affine(name, in_channels)
        noise_idx, noise_strength = None, 0.0
        if self._use_noise:
            noise_idx = len(self.noise)
            noise_strength = float(reader.take(f"{name}.noise_strength"))
            size = (side * resolution // 4 for side in self._base)
            self.noise.append(reader.take(f"{name}.noise_const", *size)[None, None])
        clamp = self._clamp(half=half)
        layer = ModulatedConv(
            name=name.removeprefix("synthesis."),
            resolution=resolution,
            row=self._row,
            weight=half_weight(weight) if half else weight,
            affine_weight=affine_weight,
            affine_bias=affine_bias,
            bias=bias.half() if half else bias,
            taps=self._filter(f"{name}.resample_filter") if up else None,
            noise_idx=noise_idx,
            noise_strength=noise_strength,
            activation=self._activation,
            gain=self._activation.gain * gain,
            clamp=None if clamp is None else clamp * gain,
            half=half,
            base=self._base,
        )
        self._channels = layer.out_channels
        self._row += 1
        return layer

    def _torgb(self, name: str, *, half: bool) -> ToRGB:
        # The row is not counted on: the next block's up-convolution reads it too.
        weight = self._reader.take(f"{name}.weight", None, self._channels, 1, 1)
        bias = self._reader.take(f"{name}.bias", weight.shape[0])
        affine_weight, affine_bias = self._affine(name, self._channels)
        return ToRGB(
            row=self._row,
            weight=weight[:, :, 0, 0] / math.sqrt(self._channels),
            affine_weight=affine_weight,
            affine_bias=affine_bias,
            bias=bias[:, None],
            clamp=self._clamp(half=half),
        )

    def _shortcut(self, name: str, in_channels: int, *, dtype: torch.dtype, gain: float) -> Shortcut:
        weight = self._reader.take(f"{name}.weight", self._channels, in_channels, 1, 1)
        scale = gain / math.sqrt(in_channels)
        return Shortcut((weight * scale).to(dtype), self._filter(f"{name}.resample_filter"))

    def _affine(self, name: str, in_channels: int) -> tuple[Tensor, Tensor]:
        weight = self._reader.take(f"{name}.affine.weight", in_channels, self._w_dim)
        bias = self._reader.take(f"{name}.affine.bias", in_channels)
        return weight / math.sqrt(self._w_dim), bias

    def _filter(self, name: str) -> Tensor:
        shape = self._reader.shape_of(name)
        if shape is None and self._options.resample_filter is not None:
            taps = torch.tensor(self._options.resample_filter, device=self._device)
            return fir_taps(taps / taps.sum())
        if shape is not None and len(shape) == 1:
            return fir_taps(self._reader.take(name, None))
        side = 4 if shape is None else shape[0]
        return fir_taps(self._reader.take(name, side, side))

    def _clamp(self, *, half: bool) -> float | None:
        return _HALF_CLAMP if half and self._options.conv_clamp is None else self._options.conv_clamp


def _infer_architecture(reader: TensorReader, resolutions: tuple[int, ...]) -> Architecture:
    if any(f"synthesis.b{r}.skip.weight" in reader for r in resolutions):
        return "resnet"
    with_picture = [r for r in resolutions if f"synthesis.b{r}.torgb.weight" in reader]
    return "orig" if len(resolutions) > 1 and with_picture == [resolutions[-1]] else "skip"
