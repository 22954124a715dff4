"""StyleGAN (Karras et al., "A Style-Based Generator Architecture for Generative Adversarial Networks", 2019).

Tensor names are documented in ``latent_studio.checkpoints.stylegan``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

from latent_studio.core.spec import GeneratorSpec
from latent_studio.generators.grown import (
    GrownNetwork,
    GrownStage,
    build_grown,
    channels_last,
    count_levels,
    he_scaled,
    seed_matrix,
    up_kernel,
)
from latent_studio.generators.mapping_network import read_mapping
from latent_studio.generators.ops import activation_named
from latent_studio.generators.option_values import flag, positive, whole
from latent_studio.generators.protocol import StyleWeight

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from latent_studio.checkpoints.checkpoint import Checkpoint, OptionValue
    from latent_studio.generators.grown import GrownGenerator
    from latent_studio.generators.protocol import NoiseMaps
    from latent_studio.generators.tensor_reader import TensorReader

_BLUR = (0.25, 0.5, 0.25)


@dataclass(frozen=True, slots=True)
class StyleGANOptions:
    """What the tensors' shapes cannot tell.

    Attributes:
        mapping_lr_multiplier: scale of the mapping network's stored weights.
        fused_from: the lowest resolution whose up-convolution is stored turned round; 0 for none.
        norm_epsilon: what is added to variances.
        blur_after_bias: whether an up-convolution's bias is added before the blur, which shows at the border.
    """

    mapping_lr_multiplier: float = 0.01
    fused_from: int = 128
    norm_epsilon: float = 1e-8
    blur_after_bias: bool = False

    @staticmethod
    def of(options: Mapping[str, OptionValue]) -> StyleGANOptions:
        """Read a checkpoint's options; names that mean nothing here are left alone.

        Raises:
            UnknownFormatError: a value is not one we know.
        """
        fused_from = whole(options, "fused_from")
        return StyleGANOptions(
            mapping_lr_multiplier=positive(options, "mapping_lr_multiplier") or 0.01,
            fused_from=128 if fused_from is None else fused_from,
            norm_epsilon=positive(options, "norm_epsilon") or 1e-8,
            blur_after_bias=bool(flag(options, "blur_after_bias")),
        )


def build_stylegan(checkpoint: Checkpoint, *, device: torch.device | None = None) -> GrownGenerator:
    """A generator from a checkpoint's tensors.

    Args:
        checkpoint: of family ``"stylegan"``.
        device: where to put it; ``None`` means the CPU.

    Raises:
        MissingWeightsError: a tensor is missing, has another shape, is left over, or is not finite.
        UnknownFormatError: an option of the checkpoint is not one we know.
    """
    options = StyleGANOptions.of(checkpoint.options)
    return build_grown(checkpoint, partial(_read_network, options=options), device=device)


@dataclass(frozen=True, slots=True, eq=False)
class Const:
    """Where synthesis starts when it does not start from w.

    Attributes:
        values: ``(1, C, 4, 4)``, the layer's bias added.
    """

    values: Tensor

    def __call__(self, x: Tensor | None, w: Tensor) -> Tensor:
        """``(N, C, 4, 4)``, a new tensor."""
        return channels_last(self.values.repeat(len(w), 1, 1, 1))


@dataclass(frozen=True, slots=True, eq=False)
class Seed:
    """Where synthesis starts when w is convolved too.

    Attributes:
        matrix: ``(C * 16, w_dim)``, its scale multiplied in.
        bias: ``(C,)``.
    """

    matrix: Tensor
    bias: Tensor

    def __call__(self, x: Tensor | None, w: Tensor) -> Tensor:
        """``(N, C, 4, 4)``, a new tensor."""
        x = F.linear(w, self.matrix).view(len(w), -1, 4, 4)
        return channels_last(x + self.bias[:, None, None])


@dataclass(frozen=True, slots=True, eq=False)
class Conv:
    """A 3x3 convolution.

    Attributes:
        weight: ``(out, in, 3, 3)``, its scale multiplied in.
        bias: ``(out,)``.
    """

    weight: Tensor
    bias: Tensor

    def __call__(self, x: Tensor | None, w: Tensor) -> Tensor:
        """``(N, in, H, W)`` to ``(N, out, H, W)``, a new tensor."""
        return F.conv2d(_given(x), self.weight, self.bias, padding=1)


@dataclass(frozen=True, slots=True, eq=False)
class UpConv:
    """An up-convolution, blurred.

    Attributes:
        kernel: ``(in, out, 4, 4)`` from ``up_kernel``, its scale multiplied in.
        blur: ``(out, 1, 3, 3)``.
        early_bias: ``(out,)`` added before the blur; ``None`` for none.
        late_bias: ``(out,)`` added after the blur; ``None`` for none.
    """

    kernel: Tensor
    blur: Tensor
    early_bias: Tensor | None
    late_bias: Tensor | None

    def __call__(self, x: Tensor | None, w: Tensor) -> Tensor:
        """``(N, in, H, W)`` to ``(N, out, 2H, 2W)``, a new tensor."""
        up = F.conv_transpose2d(_given(x), self.kernel, self.early_bias, stride=2, padding=1)
        return F.conv2d(up, self.blur, self.late_bias, padding=1, groups=len(self.blur))


@dataclass(frozen=True, slots=True, eq=False)
class StyledLayer:
    """A convolution, noise, a leaky ReLU, and the style: adaptive instance normalisation (section 2).

    Attributes:
        name: such as ``"layer3"``.
        row: the row of ws it reads.
        convolved: the convolution, or what the network starts from, with the bias.
        noise_idx: its place in ``NoiseMaps``; ``None`` when it takes no noise.
        noise_strength: ``(C, 1, 1)``.
        affine_weight: ``(2 * C, w_dim)``, its scale multiplied in; scales first, then shifts.
        affine_bias: ``(2 * C,)``, with the 1 that scales are relative to.
        epsilon: what is added to variances.
    """

    name: str
    row: int
    convolved: Const | Seed | Conv | UpConv
    noise_idx: int | None
    noise_strength: Tensor
    affine_weight: Tensor
    affine_bias: Tensor
    epsilon: float

    def __call__(self, x: Tensor | None, ws: Tensor, noise: NoiseMaps) -> Tensor:
        """From the activation before, ``None`` at the start, to ``(N, C, H, W)``."""
        w = ws[:, self.row]
        x = self.convolved(x, w)
        noise_map = None if self.noise_idx is None else noise[self.noise_idx]
        if noise_map is not None:
            x = x.addcmul_(noise_map, self.noise_strength)
        scales, shifts = self.style(ws).chunk(2, dim=1)
        return _normalized(F.leaky_relu_(x, 0.2), scales, shifts, epsilon=self.epsilon)

    def style(self, ws: Tensor) -> Tensor:
        """``(N, 2 * C)``: the scales of its channels, then their shifts."""
        return F.linear(ws[:, self.row], self.affine_weight, self.affine_bias)


@dataclass(frozen=True, slots=True, eq=False)
class TwoLayers:
    """The layers of one resolution."""

    first: StyledLayer
    second: StyledLayer

    def __call__(self, x: Tensor | None, ws: Tensor, noise: NoiseMaps) -> Tensor:
        """From the activation below, ``None`` at the first resolution, to this one's."""
        return self.second(self.first(x, ws, noise), ws, noise)

    def styles(self, ws: Tensor) -> Mapping[str, Tensor]:
        """See ``StyledLayers.styles``."""
        return {layer.name: layer.style(ws) for layer in (self.first, self.second)}

    def with_style_offsets(self, added: Mapping[str, Tensor]) -> TwoLayers:
        """See ``StyledLayers.with_style_offsets``."""

        def shifted(layer: StyledLayer) -> StyledLayer:
            offset = added.get(layer.name)
            return layer if offset is None else replace(layer, affine_bias=layer.affine_bias + offset)

        return TwoLayers(shifted(self.first), shifted(self.second))


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """The 1x1 convolution that reads a picture off an activation.

    Attributes:
        weight: ``(channels, C, 1, 1)``, its scale multiplied in.
        bias: ``(channels,)``.
    """

    weight: Tensor
    bias: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        """``(N, C, H, W)`` to ``(N, channels, H, W)``."""
        return F.conv2d(x, self.weight, self.bias)


def _given(x: Tensor | None) -> Tensor:
    if x is None:
        raise ValueError("a layer above the first needs what the one below gave")
    return x


def _normalized(x: Tensor, scales: Tensor, shifts: Tensor, *, epsilon: float) -> Tensor:
    """Every channel of every sample with mean 0 and variance 1, then scaled and shifted."""
    # Within one sample, this is what batch normalisation computes, in fewer passes over memory than by hand.
    samples = [
        F.batch_norm(x[i : i + 1], None, None, scales[i], shifts[i], training=True, eps=epsilon)
        for i in range(len(x))
    ]
    return samples[0] if len(samples) == 1 else torch.cat(samples)


def _read_network(reader: TensorReader, *, options: StyleGANOptions) -> GrownNetwork:
    return _Builder(reader, options).network()


class _Builder:
    """Takes the tensors of one generator, coarse to fine."""

    def __init__(self, reader: TensorReader, options: StyleGANOptions) -> None:
        self._reader = reader
        self._options = options
        self._levels = count_levels(reader.names, "synthesis.layer")
        self._w_dim = reader.take("synthesis.layer0.affine.weight", None, None).shape[1]
        self._width = 0
        self._noise: list[Tensor] = []
        self._style_weights: list[StyleWeight] = []

    def network(self) -> GrownNetwork:
        reader, levels = self._reader, self._levels
        mapping = read_mapping(
            reader,
            w_dim=self._w_dim,
            activation=activation_named("lrelu"),
            lr_multiplier=self._options.mapping_lr_multiplier,
            normalize_together=True,
        )
        w_avg = reader.take("mapping.w_avg", self._w_dim)
        colours = reader.take(f"synthesis.output{levels - 1}.bias", None).shape[0]
        stages = []
        for index in range(levels):
            layers = TwoLayers(self._layer(2 * index), self._layer(2 * index + 1))
            picture = None
            if index == levels - 1 or f"synthesis.output{index}.weight" in reader:
                picture = self._picture(index, colours)
            stages.append(GrownStage(4 << index, 2 * index + 2, layers, picture, level=levels - 1 - index))
        reader.finish(ignorable=lambda name: False)
        return GrownNetwork(
            spec=GeneratorSpec(
                family="stylegan",
                resolution=4 << (levels - 1),
                channels=colours,
                z_dim=mapping.z_dim,
                w_dim=self._w_dim,
                num_ws=2 * levels,
                c_dim=mapping.c_dim,
                stage_resolutions=tuple(stage.resolution for stage in stages),
                num_parameters=reader.count(without=("w_avg", ".noise_const", ".blur")),
                has_styles=True,
            ),
            w_of=mapping,
            w_avg=w_avg,
            stages=tuple(stages),
            noise=tuple(self._noise),
            style_weights=tuple(self._style_weights),
        )

    def _layer(self, index: int) -> StyledLayer:
        name, side = f"synthesis.layer{index}", 4 << (index // 2)
        bias = self._reader.take(f"{name}.bias", None)
        convolved = self._convolved(index, bias)
        channels = self._width = bias.shape[0]
        noise_idx, strength = None, bias.new_zeros(channels)
        if f"{name}.noise_strength" in self._reader or f"{name}.noise_const" in self._reader:
            noise_idx = len(self._noise)
            self._noise.append(self._reader.take(f"{name}.noise_const", side, side)[None, None])
            strength = self._reader.take(f"{name}.noise_strength", channels)
        affine = self._reader.take(f"{name}.affine.weight", 2 * channels, self._w_dim)
        affine_bias = self._reader.take(f"{name}.affine.bias", 2 * channels).clone()
        affine_bias[:channels] += 1
        self._style_weights.append(StyleWeight(f"layer{index}", index, "conv", side, affine))
        return StyledLayer(
            name=f"layer{index}",
            row=index,
            convolved=convolved,
            noise_idx=noise_idx,
            noise_strength=strength[:, None, None],
            affine_weight=affine / math.sqrt(self._w_dim),
            affine_bias=affine_bias,
            epsilon=self._options.norm_epsilon,
        )

    def _convolved(self, index: int, bias: Tensor) -> Const | Seed | Conv | UpConv:
        reader, name, channels = self._reader, f"synthesis.layer{index}", bias.shape[0]
        if index == 0 and "synthesis.const" in reader:
            return Const(reader.take("synthesis.const", channels, 4, 4)[None] + bias[:, None, None])
        if index == 0:
            seed = he_scaled(reader.take(f"{name}.weight", channels, self._w_dim, 4, 4))
            return Seed(seed_matrix(seed), bias)
        weight = he_scaled(reader.take(f"{name}.weight", channels, self._width, 3, 3))
        if index % 2:
            return Conv(channels_last(weight), bias)
        turned = 0 < self._options.fused_from <= 4 << (index // 2)
        early = self._options.blur_after_bias
        return UpConv(
            kernel=channels_last(up_kernel(weight, turned=turned)),
            blur=channels_last(self._blur(name, like=bias).repeat(channels, 1, 1, 1)),
            early_bias=bias if early else None,
            late_bias=None if early else bias,
        )

    def _blur(self, name: str, *, like: Tensor) -> Tensor:
        if f"{name}.blur" in self._reader:
            return self._reader.take(f"{name}.blur", 3, 3)[None, None]
        taps = like.new_tensor(_BLUR)
        return torch.outer(taps, taps)[None, None]

    def _picture(self, index: int, colours: int) -> Picture:
        name = f"synthesis.output{index}"
        weight = self._reader.take(f"{name}.weight", colours, self._width, 1, 1)
        return Picture(he_scaled(weight, gain=1), self._reader.take(f"{name}.bias", colours))
