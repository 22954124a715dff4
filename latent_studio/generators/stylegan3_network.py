"""The parts of a StyleGAN3 and how a checkpoint's tensors become them.

Tensor names are the official ones. Layers are called ``L<index>_<side>_<channels>``; sides, channels, kernels
and filters are read off names and tensors.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

from latent_studio.core.errors import MissingWeightsError, UnknownFormatError
from latent_studio.generators.filtered_lrelu import FilteredLrelu, Resampling
from latent_studio.generators.mapping_network import read_mapping
from latent_studio.generators.ops import activation_named
from latent_studio.generators.option_values import positive
from latent_studio.generators.protocol import Features
from latent_studio.generators.stylegan2_network import ToRGB
from latent_studio.generators.winograd import TILE, WinogradWeights, convolved_strips

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from latent_studio.checkpoints.checkpoint import OptionValue
    from latent_studio.generators.mapping_network import MappingNetwork
    from latent_studio.generators.protocol import NoiseMaps
    from latent_studio.generators.tensor_reader import TensorReader

_EPSILON = 1e-8
# Samples beside the picture on each side, so that its border is like the rest.
_MARGIN = 10
# Below this many channels Winograd's transforms cost more than they save.
_WINOGRAD_CHANNELS = 64
_LARGEST_SIDE = 1 << 14
_LAYER_NAME = re.compile(r"synthesis\.(L(\d{1,4})_(\d{1,6})_(\d{1,6}))\.")


@dataclass(frozen=True, slots=True)
class StyleGAN3Options:
    """What the tensors' names and shapes cannot tell.

    Attributes:
        mapping_activation: of the mapping network's layers.
        mapping_lr_multiplier: scale of the mapping network's stored weights.
        input_sampling_rate: samples of the input per picture width; ``None`` for the official margin.
        input_bandwidth: highest frequency of the input that is kept whole, in cycles per picture width.
        filter_size: taps of a resampling filter per factor of its resampling.
        output_scale: what the picture is multiplied by.
        conv_clamp: bound on the absolute value of activations; ``None`` for no bound.
    """

    mapping_activation: str = "lrelu"
    mapping_lr_multiplier: float = 0.01
    input_sampling_rate: float | None = None
    input_bandwidth: float = 2.0
    filter_size: int = 6
    output_scale: float = 0.25
    conv_clamp: float | None = None

    @staticmethod
    def of(options: Mapping[str, OptionValue]) -> StyleGAN3Options:
        """Read a checkpoint's options; names that mean nothing here are left alone.

        Raises:
            UnknownFormatError: a value is not one we know.
        """
        filter_size = positive(options, "filter_size") or 6
        if filter_size != int(filter_size):
            raise UnknownFormatError(
                f"The checkpoint's option filter_size is {filter_size}; expected a whole number.",
                hint="The file may be damaged, or hold another kind of network.",
            )
        return StyleGAN3Options(
            mapping_activation=str(options.get("mapping_activation") or "lrelu"),
            mapping_lr_multiplier=positive(options, "mapping_lr_multiplier") or 0.01,
            input_sampling_rate=positive(options, "input_sampling_rate"),
            input_bandwidth=positive(options, "input_bandwidth") or 2.0,
            filter_size=int(filter_size),
            output_scale=positive(options, "output_scale") or 0.25,
            conv_clamp=positive(options, "conv_clamp"),
        )


@dataclass(frozen=True, slots=True, eq=False)
class FourierInput:
    """Where synthesis starts: waves of fixed frequencies, moved and turned as w says; a ``Stage``.

    Section 3.2 and appendix F of the paper: w gives a rotation and a translation, the user another transform
    before it, and waves that the grid would alias fade out.

    Attributes:
        resolution: samples per picture width, as a whole number.
        size: side of the grid, with its margins.
        sampling_rate: samples per picture width.
        bandwidth: frequency up to which waves are kept whole, in cycles per picture width.
        frequencies: ``(C, 2)`` along x and y, in cycles per picture width.
        phases: ``(C,)`` in cycles.
        weight: ``(C, C)`` that mixes the waves, its scale multiplied in.
        affine_weight: ``(4, w_dim)``, its scale multiplied in.
        affine_bias: ``(4,)``.
        transform: ``(3, 3)`` float32, the user's: from places in the picture to places in the input.
    """

    resolution: int
    size: int
    sampling_rate: float
    bandwidth: float
    frequencies: Tensor
    phases: Tensor
    weight: Tensor
    affine_weight: Tensor
    affine_bias: Tensor
    transform: Tensor

    @property
    def num_rows(self) -> int:
        """It reads the first row."""
        return 1

    @property
    def has_preview(self) -> bool:
        """Waves are no picture."""
        return False

    def run(self, below: Features | None, rgb: Tensor | None, ws: Tensor, noise: NoiseMaps) -> Features:
        """Make the waves; see ``Stage.run``."""
        turned = self._transforms(ws[:, 0])
        frequencies = self.frequencies @ turned[:, :2, :2]
        phases = self.phases + (self.frequencies @ turned[:, :2, 2:])[:, :, 0]
        fading = (frequencies.norm(dim=2) - self.bandwidth) / (self.sampling_rate / 2 - self.bandwidth)
        amplitudes = (1 - fading).clamp(0, 1)
        # Centres of the samples in picture widths from the middle.
        place = torch.arange(self.size, device=ws.device) + (0.5 - self.size / 2)
        place = (place / self.sampling_rate)[:, None]
        along_x = place * frequencies[:, None, :, 0]
        along_y = place * frequencies[:, None, :, 1] + phases[:, None, :]
        waves = torch.sin((along_y[:, :, None] + along_x[:, None, :]) * (2 * math.pi))
        x = F.linear(waves * amplitudes[:, None, None], self.weight)
        return Features(x=x.permute(0, 3, 1, 2), rgb=None)

    def to_rgb(self, features: Features, ws: Tensor) -> Tensor | None:
        """No picture here."""
        return None

    def _transforms(self, w: Tensor) -> Tensor:
        """The learned rotation and translation, after the user's; ``(N, 3, 3)``."""
        t = F.linear(w, self.affine_weight, self.affine_bias)
        t = t / t[:, :2].norm(dim=1, keepdim=True)
        cos, sin, x, y = t.unbind(1)
        zero, one = torch.zeros_like(cos), torch.ones_like(cos)
        rotation = torch.stack([cos, -sin, zero, sin, cos, zero, zero, zero, one], dim=1).view(-1, 3, 3)
        translation = torch.stack([one, zero, -x, zero, one, -y, zero, zero, one], dim=1).view(-1, 3, 3)
        return rotation @ translation @ self.transform


@dataclass(frozen=True, slots=True, eq=False)
class LayerWeights:
    """What one layer learned. Nothing here is ever written to.

    Attributes:
        name: such as ``"L5_52_512"``.
        row: the row of ws it reads.
        weight: ``(out_channels, in_channels, k, k)`` with a mean square of one per output channel.
        bias: ``(out_channels,)``.
        affine_weight: ``(in_channels, w_dim)``, its scale multiplied in.
        affine_bias: ``(in_channels,)``.
        input_gain: what the input is multiplied by, so that its mean square is near one.
        how: the resampling and the non-linearity after the convolution.
    """

    name: str
    row: int
    weight: Tensor
    bias: Tensor
    affine_weight: Tensor
    affine_bias: Tensor
    input_gain: Tensor
    how: Resampling
    #: ``(in_channels, out_channels)``: squared weights summed over the kernel, for the demodulation.
    energy: Tensor = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "energy", self.weight.square().sum(dim=(2, 3)).t().contiguous())

    def styles(self, ws: Tensor) -> Tensor:
        """``(N, in_channels)``: what the affine layer makes of its row of ws."""
        return F.linear(ws[:, self.row], self.affine_weight, self.affine_bias)

    def scales(self, ws: Tensor) -> tuple[Tensor, Tensor]:
        """Factors of input and output channels: ``(N, in_channels)`` and ``(N, out_channels)``."""
        styles = self.styles(ws)
        # The official code takes the mean over the whole batch. Demodulation cancels any common factor, and
        # taking it per sample keeps one sample from depending on another.
        styles = styles * styles.square().mean(dim=1, keepdim=True).rsqrt()
        return styles, (styles.square() @ self.energy + _EPSILON).rsqrt() * self.input_gain


class SynthesisLayer:
    """A modulated convolution and a filtered leaky ReLU; prepared at first use.

    Args:
        weights: what it learned.
    """

    def __init__(self, weights: LayerWeights) -> None:
        self.weights = weights

    def with_style_offset(self, offset: Tensor) -> SynthesisLayer:
        """The same layer with ``(in_channels,)`` added to its style; what is prepared is shared."""
        other = SynthesisLayer(replace(self.weights, affine_bias=self.weights.affine_bias + offset))
        other.__dict__.update({name: value for name, value in self.__dict__.items() if name != "weights"})
        return other

    @cached_property
    def _nonlinearity(self) -> FilteredLrelu:
        # Tensors made in inference mode could never take part in autograd later.
        with torch.inference_mode(False):
            return FilteredLrelu(self.weights.how, self.weights.weight.shape[0])

    @cached_property
    def _winograd(self) -> WinogradWeights | None:
        weight = self.weights.weight
        suits = weight.shape[2] == 3 and min(weight.shape[:2]) >= _WINOGRAD_CHANNELS
        if not suits or weight.device.type != "cpu":
            return None
        with torch.inference_mode(False):
            return WinogradWeights.of(weight)

    def __call__(self, x: Tensor, ws: Tensor) -> Tensor:
        """``(N, in_channels, H, W)`` to ``(N, out_channels, H', W')``."""
        styles, scale = self.weights.scales(ws)
        differentiable = torch.is_grad_enabled() and (x.requires_grad or styles.requires_grad)
        if not differentiable and self._winograd is not None:
            return self._nonlinearity(self._convolved_by_tiles(x, styles, scale, self._winograd))
        weight, bias = self.weights.weight, self.weights.bias
        if differentiable:
            x = F.conv2d(x * styles[:, :, None, None], weight, padding=weight.shape[2] - 1)
            return self._nonlinearity(x * scale[:, :, None, None], bias)
        # Scaling the weights spares passes over the activations.
        x = x.contiguous(memory_format=torch.channels_last)
        samples = [
            F.conv2d(
                x[i : i + 1],
                weight * torch.outer(scale[i], styles[i])[:, :, None, None],
                bias,
                padding=weight.shape[2] - 1,
            )
            for i in range(x.shape[0])
        ]
        return self._nonlinearity(samples[0] if len(samples) == 1 else torch.cat(samples))

    def _convolved_by_tiles(
        self, x: Tensor, styles: Tensor, scale: Tensor, weights: WinogradWeights
    ) -> Tensor:
        """The convolution with its bias, by Winograd's algorithm."""
        n, channels, height, width = x.shape
        # The output is two wider than the input; the tiles may reach further, over zeros.
        rows, columns = (-(-(side + 2) // TILE) * TILE for side in (height, width))
        padded = x.new_zeros(n, rows + 2, columns + 2, channels)
        place = padded[:, 2 : 2 + height, 2 : 2 + width]
        torch.mul(x.permute(0, 2, 3, 1), styles[:, None, None, :], out=place)
        bias = self.weights.bias
        result = x.new_empty(n, rows, columns, bias.shape[0])
        for sample, top, bottom, tiles in convolved_strips(padded, weights):
            torch.addcmul(bias, tiles, scale[sample], out=result[sample, top:bottom].view(tiles.shape))
        return result[:, : height + 2, : width + 2].permute(0, 3, 1, 2)


@dataclass(frozen=True, slots=True, eq=False)
class LayerStage:
    """One layer as a ``Stage``; the last one makes the picture too.

    Attributes:
        resolution: samples per picture width of the result, as a whole number.
        num_rows: one past the row of ws the layer reads.
        layer: the layer.
        torgb: ``None`` but in the last stage.
    """

    resolution: int
    num_rows: int
    layer: SynthesisLayer
    torgb: ToRGB | None = None

    @property
    def has_preview(self) -> bool:
        """Only the last layer's result can be read as a picture."""
        return self.torgb is not None

    def run(self, below: Features | None, rgb: Tensor | None, ws: Tensor, noise: NoiseMaps) -> Features:
        """Run the layer; see ``Stage.run``."""
        if below is None:
            raise ValueError(f"{self.layer.weights.name} needs what the layer below gave")
        return Features(x=self.layer(below.x, ws), rgb=None)

    def with_style_offsets(self, offset: Tensor | None, picture: Tensor | None) -> LayerStage:
        """The same stage with numbers added to the styles of the layer and of the picture."""
        if offset is None and picture is None:
            return self
        layer = self.layer if offset is None else self.layer.with_style_offset(offset)
        torgb = self.torgb
        if torgb is not None and picture is not None:
            torgb = replace(torgb, affine_bias=torgb.affine_bias + picture)
        return replace(self, layer=layer, torgb=torgb)

    def to_rgb(self, features: Features, ws: Tensor) -> Tensor | None:
        """The picture; see ``Stage.to_rgb``."""
        return None if self.torgb is None else self.torgb(features.x, ws)


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """All parts of one generator.

    Attributes:
        mapping: from z to w.
        w_avg: ``(w_dim,)``.
        source: the Fourier features.
        layers: all but the last, which is in the last one's ``torgb``.
        torgb_name: of that last layer.
        radial: whether filters are the same in all directions, which makes it configuration r.
        parameter_names: the tensors that were trained.
    """

    mapping: MappingNetwork
    w_avg: Tensor
    source: FourierInput
    layers: tuple[LayerStage, ...]
    torgb_name: str
    radial: bool
    parameter_names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _LayerName:
    """A layer's name taken apart."""

    name: str
    side: int
    channels: int


def read_network(reader: TensorReader, options: StyleGAN3Options) -> Network:
    """Build the network from its tensors.

    Args:
        reader: float32 tensors, all on one device.
        options: what names and shapes cannot tell.

    Raises:
        MissingWeightsError: a tensor is missing, has another shape, or is left over.
    """
    names = _layer_names(reader)
    w_avg = reader.take("mapping.w_avg", None)
    mapping = read_mapping(
        reader,
        w_dim=w_avg.shape[0],
        activation=activation_named(options.mapping_activation),
        lr_multiplier=options.mapping_lr_multiplier,
    )
    builder = _LayerBuilder(reader, options, names=names, w_dim=w_avg.shape[0])
    source = builder.source()
    layers = [builder.layer(index) for index in range(len(names) - 1)]
    torgb = builder.torgb()
    last = layers[-1]
    layers[-1] = LayerStage(names[-1].side, last.num_rows, last.layer, torgb)
    reader.finish(ignorable=lambda name: False)
    return Network(
        mapping=mapping,
        w_avg=w_avg,
        source=source,
        layers=tuple(layers),
        torgb_name=names[-1].name,
        radial=builder.radial,
        parameter_names=tuple(sorted(name for name in reader.taken if not _is_buffer(name))),
    )


def _is_buffer(name: str) -> bool:
    return name.endswith(
        ("w_avg", "magnitude_ema", "_filter", "input.freqs", "input.phases", "input.transform")
    )


def _layer_names(reader: TensorReader) -> tuple[_LayerName, ...]:
    """The layers in order, as the tensors' names have them."""
    found: dict[int, _LayerName] = {}
    for tensor in reader.names:
        match = _LAYER_NAME.match(tensor)
        if match is None:
            continue
        layer = _LayerName(name=match[1], side=int(match[3]), channels=int(match[4]))
        if found.setdefault(int(match[2]), layer) != layer:
            raise MissingWeightsError(
                f"The checkpoint has two layers number {match[2]}: {found[int(match[2])].name!r} and "
                f"{layer.name!r}.",
                hint="The file may be a mix of two networks.",
            )
    missing = next((index for index in range(max(found, default=1) + 1) if index not in found), None)
    if missing is not None or len(found) < 2:
        raise MissingWeightsError(
            f"The checkpoint has no layer L{missing if missing is not None else 1}.",
            hint="The file may be cut short, or hold another kind of network.",
        )
    layers = tuple(found[index] for index in range(len(found)))
    for layer in layers:
        if not 1 <= layer.side <= _LARGEST_SIDE:
            raise MissingWeightsError(
                f"The layer {layer.name!r} is {layer.side} samples wide.",
                hint="The file may be damaged, or hold another kind of network.",
            )
    return layers


class _LayerBuilder:
    """Reads input, layers and picture one after the other, and follows the sampling rate."""

    def __init__(
        self,
        reader: TensorReader,
        options: StyleGAN3Options,
        *,
        names: tuple[_LayerName, ...],
        w_dim: int,
    ) -> None:
        self._reader = reader
        self._options = options
        self._names = names
        self._w_dim = w_dim
        self._rate = options.input_sampling_rate or float(names[0].side - 2 * _MARGIN)
        self._size = names[0].side
        self._channels = 0
        self._fineness: int | None = None
        self.radial = False
        if self._rate <= 0:
            raise MissingWeightsError(
                f"The input of this network is {self._size} samples wide, which leaves none for the picture.",
                hint="The file may be damaged, or miss its options.",
            )

    @property
    def _resolution(self) -> int:
        return max(1, round(min(self._rate, self._names[-1].side)))

    def source(self) -> FourierInput:
        """The Fourier features; call first."""
        reader, name = self._reader, "synthesis.input"
        weight = reader.take(f"{name}.weight", None, None)
        self._channels = weight.shape[0]
        affine_weight = reader.take(f"{name}.affine.weight", 4, self._w_dim)
        has_transform = f"{name}.transform" in reader
        return FourierInput(
            resolution=self._resolution,
            size=self._size,
            sampling_rate=self._rate,
            bandwidth=self._options.input_bandwidth,
            frequencies=reader.take(f"{name}.freqs", weight.shape[1], 2),
            phases=reader.take(f"{name}.phases", weight.shape[1]),
            weight=weight / math.sqrt(weight.shape[1]),
            affine_weight=affine_weight / math.sqrt(self._w_dim),
            affine_bias=reader.take(f"{name}.affine.bias", 4),
            transform=reader.take(f"{name}.transform", 3, 3)
            if has_transform
            else torch.eye(3, device=weight.device),
        )

    def layer(self, index: int) -> LayerStage:
        """One layer; call in order."""
        reader, layer = self._reader, self._names[index]
        name = f"synthesis.{layer.name}"
        weight = reader.take(f"{name}.weight", layer.channels, self._channels, None, None)
        kernel = weight.shape[2]
        if weight.shape[3] != kernel:
            reader.take(f"{name}.weight", layer.channels, self._channels, kernel, kernel)
        up_taps, down_taps = self._filter(f"{name}.up_filter"), self._filter(f"{name}.down_filter")
        if up_taps is not None and up_taps.ndim == 2:
            reader.take(f"{name}.up_filter", None)
        self.radial = self.radial or (down_taps is not None and down_taps.ndim == 2)
        up, down = (self._factor(f"{name}.{way}_filter") for way in ("up", "down"))
        self._check_fineness(min(up, down), layer=layer.name)
        how = Resampling(
            up=up,
            down=down,
            up_taps=up_taps,
            down_taps=down_taps,
            padding=self._padding(up_taps, down_taps, up=up, down=down, kernel=kernel, side=layer.side),
            clamp=self._options.conv_clamp,
        )
        if how.fine_size(self._size + kernel - 1) < 1 or how.out_size(self._size + kernel - 1) != layer.side:
            raise MissingWeightsError(
                f"The filters of {layer.name!r} do not lead from {self._size} to {layer.side} samples.",
                hint="The file may be damaged, or miss its options.",
            )
        affine_weight, affine_bias = self._affine(name)
        weights = LayerWeights(
            name=layer.name,
            row=index + 1,
            weight=weight * weight.square().mean(dim=(1, 2, 3), keepdim=True).rsqrt(),
            bias=reader.take(f"{name}.bias", layer.channels),
            affine_weight=affine_weight,
            affine_bias=affine_bias,
            input_gain=self._input_gain(name),
            how=how,
        )
        self._size, self._channels = layer.side, layer.channels
        self._rate = self._rate * up / down
        return LayerStage(self._resolution, weights.row + 1, SynthesisLayer(weights))

    def torgb(self) -> ToRGB:
        """The last layer; call last."""
        layer = self._names[-1]
        name = f"synthesis.{layer.name}"
        if layer.side != self._size:
            raise MissingWeightsError(
                f"The last layer {layer.name!r} makes {layer.side} px from {self._size} samples.",
                hint="The file may be damaged, or hold another kind of network.",
            )
        if self._rate != 2 ** math.ceil(math.log2(layer.side)):
            raise MissingWeightsError(
                f"The filters lead to {self._rate:g} samples per picture width, "
                f"not to the {layer.side} of the last layer {layer.name!r}.",
                hint="The file may be damaged, or miss its options.",
            )
        weight = self._reader.take(f"{name}.weight", layer.channels, self._channels, 1, 1)[:, :, 0, 0]
        affine_weight, affine_bias = self._affine(name)
        clamp, scale = self._options.conv_clamp, self._options.output_scale
        # All of it is linear up to the clamp, so that the picture's scale can be multiplied in.
        gain = self._input_gain(name) * (scale / math.sqrt(self._channels))
        return ToRGB(
            row=len(self._names),
            weight=weight * gain,
            affine_weight=affine_weight,
            affine_bias=affine_bias,
            bias=self._reader.take(f"{name}.bias", layer.channels)[:, None] * scale,
            clamp=None if clamp is None else clamp * scale,
        )

    def _affine(self, name: str) -> tuple[Tensor, Tensor]:
        weight = self._reader.take(f"{name}.affine.weight", self._channels, self._w_dim)
        bias = self._reader.take(f"{name}.affine.bias", self._channels)
        return weight / math.sqrt(self._w_dim), bias

    def _input_gain(self, name: str) -> Tensor:
        magnitude = self._reader.take(f"{name}.magnitude_ema")
        if float(magnitude) <= 0:
            raise MissingWeightsError(
                f"Tensor {f'{name}.magnitude_ema'!r} is {float(magnitude)}; expected a positive number.",
                hint="Training may have diverged; try an earlier snapshot.",
            )
        return magnitude.rsqrt()

    def _filter(self, name: str) -> Tensor | None:
        shape = self._reader.shape_of(name)
        if shape is None:
            return None
        return self._reader.take(name, *(shape[:1] * (2 if len(shape) == 2 else 1)))

    def _factor(self, name: str) -> int:
        """How much a layer resamples: a filter has some taps for each factor of its resampling."""
        shape = self._reader.shape_of(name)
        if shape is None:
            return 1
        factor, rest = divmod(shape[0], self._options.filter_size)
        if rest or factor < 1:
            raise MissingWeightsError(
                f"Tensor {name!r} has {shape[0]} taps; expected a multiple of {self._options.filter_size}.",
                hint="The file may be damaged, or miss its options.",
            )
        return factor

    def _check_fineness(self, fineness: int, *, layer: str) -> None:
        """Make sure that no filter is missing: the grid is as much finer within all layers."""
        if self._fineness not in (None, fineness):
            raise MissingWeightsError(
                f"The filters of {layer!r} are missing, or of another size than those of other layers.",
                hint="The file may be damaged, or hold another kind of network.",
            )
        self._fineness = fineness

    def _padding(
        self,
        up_taps: Tensor | None,
        down_taps: Tensor | None,
        *,
        up: int,
        down: int,
        kernel: int,
        side: int,
    ) -> tuple[int, int]:
        """What brings the finer grid to the size that leaves ``side`` samples, the picture's centre kept."""
        taps = sum(t.shape[0] - 1 for t in (up_taps, down_taps) if t is not None)
        total = (side - 1) * down + 1 + taps - (self._size + kernel - 1) * up
        before = (total + up) // 2
        return before, total - before
