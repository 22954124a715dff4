"""ProgGAN (Karras et al., "Progressive Growing of GANs", 2018).

Every activation is normalised per pixel before the convolution that reads it, z included, so that only the
direction of z matters. Tensor names are documented in ``latent_studio.checkpoints.proggan``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

from latent_studio.core.errors import MissingWeightsError
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
from latent_studio.generators.ops import normalize_2nd_moment
from latent_studio.generators.option_values import whole
from latent_studio.generators.protocol import StyleWeight

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from latent_studio.checkpoints.checkpoint import Checkpoint, OptionValue
    from latent_studio.generators.grown import GrownGenerator
    from latent_studio.generators.protocol import NoiseMaps
    from latent_studio.generators.tensor_reader import TensorReader


@dataclass(frozen=True, slots=True)
class ProgGANOptions:
    """What the tensors' shapes cannot tell.

    Attributes:
        c_dim: how many of the numbers that the first layer reads are a class.
        fused_from: the lowest resolution whose up-convolution is stored turned round; 0 for none.
    """

    c_dim: int = 0
    fused_from: int = 0

    @staticmethod
    def of(options: Mapping[str, OptionValue]) -> ProgGANOptions:
        """Read a checkpoint's options; names that mean nothing here are left alone.

        Raises:
            UnknownFormatError: a value is not one we know.
        """
        return ProgGANOptions(
            c_dim=whole(options, "c_dim") or 0, fused_from=whole(options, "fused_from") or 0
        )


def build_proggan(checkpoint: Checkpoint, *, device: torch.device | None = None) -> GrownGenerator:
    """A generator from a checkpoint's tensors.

    Args:
        checkpoint: of family ``"proggan"``.
        device: where to put it; ``None`` means the CPU.

    Raises:
        MissingWeightsError: a tensor is missing, has another shape, is left over, or is not finite.
        UnknownFormatError: an option of the checkpoint is not one we know.
    """
    options = ProgGANOptions.of(checkpoint.options)
    return build_grown(checkpoint, partial(_read_network, options=options), device=device)


@dataclass(frozen=True, slots=True, eq=False)
class FirstLayers:
    """From w to the activation at 4 px.

    Attributes:
        seed: ``(C * 16, w_dim)``, its scale multiplied in.
        seed_bias: ``(C, 1, 1)`` or ``(C, 4, 4)``.
        weight: ``(C, C, 3, 3)``, its scale multiplied in.
        bias: ``(C,)``.
    """

    seed: Tensor
    seed_bias: Tensor
    weight: Tensor
    bias: Tensor

    def __call__(self, x: Tensor | None, ws: Tensor, noise: NoiseMaps) -> Tensor:
        """``(N, 1, w_dim)`` to ``(N, C, 4, 4)``."""
        seed = F.linear(normalize_2nd_moment(ws[:, 0]), self.seed).view(len(ws), -1, 4, 4)
        seed = F.leaky_relu(channels_last(seed + self.seed_bias), 0.2)
        x = F.conv2d(seed * _pixel_scale(seed), self.weight, self.bias, padding=1)
        return F.leaky_relu_(x, 0.2)


@dataclass(frozen=True, slots=True, eq=False)
class DoublingLayers:
    """From one resolution's activation to the next one's.

    Attributes:
        up: ``(in, out, 4, 4)`` from ``up_kernel``, its scale multiplied in.
        up_bias: ``(out,)``.
        weight: ``(out, out, 3, 3)``, its scale multiplied in.
        bias: ``(out,)``.
    """

    up: Tensor
    up_bias: Tensor
    weight: Tensor
    bias: Tensor

    def __call__(self, x: Tensor | None, ws: Tensor, noise: NoiseMaps) -> Tensor:
        """``(N, in, H, W)`` to ``(N, out, 2H, 2W)``."""
        if x is None:
            raise ValueError("a resolution above the first needs what the one below gave")
        # Doubling pixels and normalising them may change places, and there are fewer pixels before.
        x = F.conv_transpose2d(x * _pixel_scale(x), self.up, self.up_bias, stride=2, padding=1)
        x = F.leaky_relu_(x, 0.2)
        x = F.conv2d(x * _pixel_scale(x), self.weight, self.bias, padding=1)
        return F.leaky_relu_(x, 0.2)


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
        # Normalising pixels after the mixing of their channels is the same, and there are fewer channels.
        return F.conv2d(x, self.weight) * _pixel_scale(x) + self.bias[:, None, None]


def _pixel_scale(x: Tensor) -> Tensor:
    """What scales every pixel of ``(N, C, H, W)`` to a mean square of one over its channels (section 4.2)."""
    norm: Tensor = torch.linalg.vector_norm(x, dim=1, keepdim=True)
    return (norm.square() / x.shape[1] + 1e-8).rsqrt()


def _read_network(reader: TensorReader, *, options: ProgGANOptions) -> GrownNetwork:
    levels = count_levels(reader.names, "layer")
    first = reader.take("layer0.weight", None, None, 4, 4)
    channels = reader.take(f"output{levels - 1}.bias", None).shape[0]
    w_dim = first.shape[1]
    if options.c_dim >= w_dim:
        raise MissingWeightsError(
            f"The first layer takes {w_dim} numbers, which leaves none for z beside {options.c_dim} classes.",
            hint="The file may be damaged, or hold another kind of network.",
        )
    stages = []
    width = first.shape[0]
    for index in range(levels):
        name, side, below = f"layer{2 * index}", 4 << index, width
        if index == 0 and len(reader.shape_of("layer0.bias") or ()) == 3:
            bias = reader.take("layer0.bias", None, 4, 4)
        else:
            bias = reader.take(f"{name}.bias", None)[:, None, None]
        width = bias.shape[0]
        second = channels_last(he_scaled(reader.take(f"layer{2 * index + 1}.weight", width, width, 3, 3)))
        second_bias = reader.take(f"layer{2 * index + 1}.bias", width)
        layers: FirstLayers | DoublingLayers
        if index == 0:
            seed = seed_matrix(he_scaled(reader.take(f"{name}.weight", width, w_dim, 4, 4)))
            layers = FirstLayers(seed, bias, second, second_bias)
        else:
            turned = 0 < options.fused_from <= side
            up = up_kernel(he_scaled(reader.take(f"{name}.weight", width, below, 3, 3)), turned=turned)
            layers = DoublingLayers(channels_last(up), bias.flatten(), second, second_bias)
        picture = None
        if index == levels - 1 or f"output{index}.weight" in reader:
            weight = reader.take(f"output{index}.weight", channels, width, 1, 1)
            picture = Picture(he_scaled(weight, gain=1), reader.take(f"output{index}.bias", channels))
        stages.append(GrownStage(side, 1, layers, picture, level=levels - 1 - index))
    reader.finish(ignorable=lambda name: False)
    return GrownNetwork(
        spec=GeneratorSpec(
            family="proggan",
            resolution=4 << (levels - 1),
            channels=channels,
            z_dim=w_dim - options.c_dim,
            w_dim=w_dim,
            num_ws=1,
            c_dim=options.c_dim,
            has_mapping=False,
            class_dims=options.c_dim,
            stage_resolutions=tuple(stage.resolution for stage in stages),
            num_parameters=reader.count(),
        ),
        w_of=_w_of,
        w_avg=torch.zeros(w_dim, device=first.device),
        stages=tuple(stages),
        noise=(),
        style_weights=(StyleWeight("layer0", 0, "conv", 4, seed_matrix(first)),),
    )


def _w_of(z: Tensor, c: Tensor | None) -> Tensor:
    """The direction of z, and the class after it."""
    x = normalize_2nd_moment(z)
    return x if c is None else torch.cat([x, c], dim=1)
