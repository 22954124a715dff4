"""The modulated 3x3 convolution of StyleGAN2, in several equal forms.

The style s scales the input channels of the weights, and each output channel is divided by the norm of its
scaled weights (Karras et al., "Analyzing and Improving the Image Quality of StyleGAN", 2020, section 2.2).
Scaling weights or scaling activations is the same sum, so

    conv(x, w * s) / norm(w * s)  =  conv(x * s, w) * rsqrt(s^2 @ w^2)

and with the weights constant, all that depends on them only is prepared once. ``PlainConv`` is the formula,
and differentiable; the other forms are ways to be fast without autograd. A test holds them together.
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import torch
import torch.nn.functional as F

from latent_studio.generators.winograd import TILE, WinogradWeights, convolved_strips, pad_for_tiles

if TYPE_CHECKING:
    from torch import Tensor

    from latent_studio.generators.conv_plan import FormName
    from latent_studio.generators.ops import Activation

_EPSILON = 1e-8


@dataclass(frozen=True, slots=True, eq=False)
class ModulatedConv:
    """The weights of one layer and what it does after its convolution. Nothing here is ever written to.

    Attributes:
        name: the layer, such as ``"b8.conv0"``.
        resolution: side of the output.
        row: the row of ws it reads.
        weight: ``(out_channels, in_channels, 3, 3)``, in the precision the layer computes in.
        affine_weight: ``(in_channels, w_dim)`` float32, its learning-rate scale multiplied in.
        affine_bias: ``(in_channels,)`` float32.
        bias: ``(out_channels,)``, in the layer's precision.
        taps: ``(k, k)`` of the low-pass filter after an up-convolution; ``None`` if the layer keeps the size.
        noise_idx: the layer's place in ``NoiseMaps``; ``None`` when it takes no noise.
        noise_strength: multiplies the noise map.
        activation: after bias and noise.
        gain: multiplies the activation's result.
        clamp: bound on the absolute result; ``None`` for no bound.
        half: float16 layer, whose styles are normalised to keep products in range.
        base: rows and columns of the network's constant; 4 x 4 makes square maps.
    """

    name: str
    resolution: int
    row: int
    weight: Tensor
    affine_weight: Tensor
    affine_bias: Tensor
    bias: Tensor
    taps: Tensor | None
    noise_idx: int | None
    noise_strength: float
    activation: Activation
    gain: float
    clamp: float | None
    half: bool = False
    base: tuple[int, int] = (4, 4)
    #: ``(in_channels, out_channels)`` float32: squared weights summed over the kernel, for the demodulation.
    weight_energy: Tensor = field(init=False)

    def __post_init__(self) -> None:
        energy = self.weight.float().square().sum(dim=(2, 3)).t().contiguous()
        object.__setattr__(self, "weight_energy", energy)

    @property
    def up(self) -> bool:
        """Whether the layer doubles the resolution."""
        return self.taps is not None

    @property
    def out_channels(self) -> int:
        """Of the result."""
        return self.weight.shape[0]

    @property
    def in_channels(self) -> int:
        """Of the input."""
        return self.weight.shape[1]

    def styles(self, ws: Tensor) -> Tensor:
        """The scale of each input channel, ``(N, in_channels)`` float32, from ``(N, num_ws, w_dim)``."""
        styles = F.linear(ws[:, self.row], self.affine_weight, self.affine_bias)
        if self.half:
            # Demodulation cancels any common factor, so the largest may as well be one.
            styles = styles / styles.abs().amax(dim=1, keepdim=True)
        return styles

    def with_style_offset(self, offset: Tensor) -> ModulatedConv:
        """The same layer with ``(in_channels,)`` added to its style; everything else is shared."""
        other = copy.copy(self)
        object.__setattr__(other, "affine_bias", self.affine_bias + offset)
        return other

    def demodulation(self, styles: Tensor) -> Tensor:
        """The scale of each output channel that makes its weights' norm one, ``(N, out_channels)``."""
        return (styles.square() @ self.weight_energy + _EPSILON).rsqrt()


def half_weight(weight: Tensor) -> Tensor:
    """Convolution weights in float16, scaled per output channel so that sums of products stay in range.

    Demodulation cancels the scale.

    Args:
        weight: ``(out_channels, in_channels, 3, 3)`` float32.
    """
    largest = weight.abs().amax(dim=(1, 2, 3), keepdim=True).clamp_min(_EPSILON)
    return (weight / (largest * math.sqrt(weight[0].numel()))).half()


class ConvForm(Protocol):
    """One way to compute a layer, with whatever it prepared from the weights."""

    def __call__(self, x: Tensor, styles: Tensor, noise: Tensor | None) -> Tensor:
        """Run the layer.

        Args:
            x: ``(N, in_channels, H, W)`` in the layer's precision, any memory format; is not written to.
            styles: ``(N, in_channels)`` float32.
            noise: ``(1 or N, 1, H, W)`` float32, or ``None``.

        Returns:
            ``(N, out_channels, H, W)``, a new tensor.
        """
        ...


class PlainConv:
    """The formula, one differentiable step after the other."""

    def __init__(self, layer: ModulatedConv) -> None:
        self._layer = layer
        # The gradient takes half the time in this format.
        self._weight = _prepared_weight(layer, torch.channels_last)
        self._filter = None if layer.taps is None else _depthwise(layer.taps, like=layer.weight)

    def __call__(self, x: Tensor, styles: Tensor, noise: Tensor | None) -> Tensor:
        """Run the layer; see ``ConvForm``."""
        layer = self._layer
        x = x * _per_channel(styles, like=x)
        if self._filter is None:
            x = F.conv2d(x, self._weight, padding=1)
        else:
            x = _low_pass(F.conv_transpose2d(x, self._weight, stride=2), self._filter)
        x = x * _per_channel(layer.demodulation(styles), like=x)
        if noise is not None:
            x = x + (noise * layer.noise_strength).to(x.dtype)
        x = layer.activation.apply(x + layer.bias[:, None, None])
        if layer.gain != 1:
            x = x * layer.gain
        return x if layer.clamp is None else x.clamp(-layer.clamp, layer.clamp)


class _Ending:
    """What the fast forms do after the products: bias, noise, activation, gain, clamp; in place.

    Most activations let a gain pass through them, so it is multiplied into the factors before: the
    demodulation, the bias and the noise strength.
    """

    def __init__(self, layer: ModulatedConv) -> None:
        early = layer.gain if layer.activation.homogeneous else 1.0
        self._layer = layer
        self._early = early
        self._late = layer.gain / early
        self._noise_strength = layer.noise_strength * early
        self.bias = layer.bias * early

    def scale(self, styles: Tensor) -> Tensor:
        """Factor of each output channel, ``(N, out_channels)`` float32."""
        return self._layer.demodulation(styles).mul_(self._early)

    def finish(self, x: Tensor, noise: Tensor | None) -> Tensor:
        """The rest after scale and bias, written over ``x``; ``noise`` broadcasts against it."""
        if noise is not None and self._noise_strength != 0:
            x.add_(noise.to(x.dtype), alpha=self._noise_strength)
        self._layer.activation.apply_in_place(x)
        if self._late != 1:
            x.mul_(self._late)
        clamp = self._layer.clamp
        return x if clamp is None else x.clamp_(-clamp, clamp)


class WeightsConv:
    """The style multiplies the weights, one sample after the other.

    Spares passes over the activations, so it suits large maps with few channels.
    """

    def __init__(self, layer: ModulatedConv, memory_format: torch.memory_format) -> None:
        self._layer = layer
        self._format = memory_format
        self._ending = _Ending(layer)
        self._weight = _prepared_weight(layer, memory_format)
        self._filter = None if layer.taps is None else _depthwise(layer.taps, like=layer.weight)

    def __call__(self, x: Tensor, styles: Tensor, noise: Tensor | None) -> Tensor:
        """Run the layer; see ``ConvForm``."""
        scale = self._ending.scale(styles)
        samples = [self._one(x[i : i + 1], styles[i], scale[i]) for i in range(x.shape[0])]
        return self._ending.finish(samples[0] if len(samples) == 1 else torch.cat(samples), noise)

    def _one(self, x: Tensor, styles: Tensor, scale: Tensor) -> Tensor:
        x = x.contiguous(memory_format=self._format)
        bias = self._ending.bias
        if self._filter is None:
            weight = (self._weight * torch.outer(scale, styles)[:, :, None, None]).to(x.dtype)
            return F.conv2d(x, weight, bias, padding=1)
        weight = (self._weight * torch.outer(styles, scale)[:, :, None, None]).to(x.dtype)
        return _low_pass(F.conv_transpose2d(x, weight, stride=2), self._filter, bias)


class ActivationsConv:
    """The style multiplies the activations, the weights stay as they are."""

    def __init__(self, layer: ModulatedConv, memory_format: torch.memory_format) -> None:
        self._format = memory_format
        self._ending = _Ending(layer)
        self._weight = _prepared_weight(layer, memory_format)
        self._filter = None if layer.taps is None else _depthwise(layer.taps, like=layer.weight)

    def __call__(self, x: Tensor, styles: Tensor, noise: Tensor | None) -> Tensor:
        """Run the layer; see ``ConvForm``."""
        scale = _per_channel(self._ending.scale(styles), like=x)
        bias = self._ending.bias
        scaled = torch.empty_like(x, memory_format=self._format)
        torch.mul(x, _per_channel(styles, like=x), out=scaled)
        if self._filter is None:
            x = F.conv2d(scaled, self._weight, padding=1)
        else:
            x = F.conv_transpose2d(scaled, self._weight, stride=2)
            if x.shape[0] == 1:
                # The filter treats each channel by itself, so it can scale it and add the bias as well.
                return self._ending.finish(_low_pass(x, self._filter * scale[0, :, None], bias), noise)
            x = _low_pass(x, self._filter)
        torch.addcmul(bias[:, None, None], x, scale, out=x)
        return self._ending.finish(x, noise)


class WinogradConv:
    """As ``ActivationsConv`` for a layer that keeps its size, by Winograd's algorithm, in float32."""

    def __init__(self, layer: ModulatedConv) -> None:
        self._ending = _Ending(layer)
        self._weights = WinogradWeights.of(layer.weight)

    def __call__(self, x: Tensor, styles: Tensor, noise: Tensor | None) -> Tensor:
        """Run the layer; see ``ConvForm``."""
        n, _, height, width = x.shape
        scale = self._ending.scale(styles)
        bias = self._ending.bias
        result = x.new_empty(n, height, width, bias.shape[0])
        for sample, top, bottom, tiles in convolved_strips(pad_for_tiles(x, styles), self._weights):
            rows = result[sample, top:bottom]
            # One pass scales, adds the bias and puts the pixels in order.
            torch.addcmul(bias, tiles, scale[sample], out=rows.view(tiles.shape))
            noise_rows = None if noise is None else noise[min(sample, len(noise) - 1), 0, top:bottom, :, None]
            self._ending.finish(rows, noise_rows)
        return result.permute(0, 3, 1, 2)


def forms_for(layer: ModulatedConv) -> tuple[FormName, ...]:
    """The forms a layer can take on its device and in its precision, the plain one first."""
    forms: tuple[FormName, ...] = (
        "plain",
        "weights",
        "weights_channels_last",
        "activations",
        "activations_channels_last",
    )
    on_cpu = layer.weight.device.type == "cpu"
    in_tiles = all(layer.resolution * side // 4 % TILE == 0 for side in layer.base)
    if on_cpu and not layer.up and not layer.half and in_tiles:
        return (*forms, "winograd")
    return forms


def prepare(layer: ModulatedConv, form: FormName) -> ConvForm:
    """A layer in one form, ready to be called."""
    match form:
        case "plain":
            return PlainConv(layer)
        case "weights":
            return WeightsConv(layer, torch.contiguous_format)
        case "weights_channels_last":
            return WeightsConv(layer, torch.channels_last)
        case "activations":
            return ActivationsConv(layer, torch.contiguous_format)
        case "activations_channels_last":
            return ActivationsConv(layer, torch.channels_last)
        case "winograd":
            return WinogradConv(layer)


def _prepared_weight(layer: ModulatedConv, memory_format: torch.memory_format) -> Tensor:
    """The kernel as the convolution wants it; a transposed one has its input channels first."""
    weight = layer.weight.transpose(0, 1) if layer.up else layer.weight
    return weight.contiguous(memory_format=memory_format)


def _per_channel(scale: Tensor, *, like: Tensor) -> Tensor:
    """``(N, C)`` so shaped and typed that it multiplies ``(N, C, H, W)``."""
    return scale[:, :, None, None].to(like.dtype)


def _depthwise(taps: Tensor, *, like: Tensor) -> Tensor:
    """The kernel that low-pass filters each channel after an up-convolution.

    Args:
        taps: ``(k, k)``.
        like: ``(out_channels, ...)``, in the layer's precision.

    Returns:
        ``(out_channels, 1, k, k)``. torch correlates where the filter is meant to convolve, hence the flip;
        the factor 4 makes up for the zeros a stride of two puts between the pixels.
    """
    return (taps.flip((0, 1)) * 4).to(like.dtype).expand(like.shape[0], 1, -1, -1).contiguous()


def _low_pass(x: Tensor, kernel: Tensor, bias: Tensor | None = None) -> Tensor:
    """Filter each channel of ``(N, C, 2H + 1, 2W + 1)`` to ``(N, C, 2H, 2W)``."""
    return F.conv2d(x, kernel, bias, padding=kernel.shape[-1] // 2 - 1, groups=x.shape[1])
