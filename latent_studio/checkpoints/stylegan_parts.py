"""StyleGAN in the shape that several PyTorch programs share, put under the catalogue's names.

They number the layers, two for each resolution, and the pictures, and keep weights un-multiplied. ``Names``
says what one program calls the parts; the rest is alike.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from latent_studio.checkpoints.mean_w import mean_of_w
from latent_studio.checkpoints.state_dicts import Converted

if TYPE_CHECKING:
    from torch import Tensor

    from latent_studio.checkpoints.checkpoint import OptionValue
    from latent_studio.checkpoints.state_dicts import StateDict

#: Above 4 px; 16384 px is the end.
MOST_LEVELS = 12
_LAYER = re.compile(r"synthesis\.layer(\d{1,3})\.")


@dataclass(frozen=True, slots=True)
class Names:
    """What a program calls the parts of a StyleGAN; ``{}`` stands for a number.

    Attributes:
        dense_weight: of a mapping layer, from 0 on.
        dense_bias: the same layer's bias.
        const: where synthesis starts.
        conv: behind the name of a layer or picture: its weight.
        fused_conv: likewise: the weight of an up-convolution in one step, ``(3, 3, in, out)``; empty where
            weights do not tell.
        bias: behind the name of a layer: its bias.
        affine_weight: likewise: the weight from w to scales and shifts.
        affine_bias: likewise: its bias.
        noise: likewise: the stored noise map.
        noise_strength: likewise: its weight, one per channel.
    """

    dense_weight: str
    dense_bias: str
    const: str
    conv: str
    fused_conv: str
    bias: str
    affine_weight: str
    affine_bias: str
    noise: str
    noise_strength: str


def convert_stylegan(state: StateDict, names: Names) -> Converted:
    """A StyleGAN under the catalogue's names.

    Args:
        state: all its tensors.
        names: what they are called.

    Raises:
        MissingWeightsError: a tensor is missing, has another shape, or is left over.
        UnknownFormatError: it is a variant this version does not know.
    """
    return _Conversion(state, names).run()


class _Conversion:
    """Takes the tensors of one generator, coarse to fine."""

    def __init__(self, state: StateDict, names: Names) -> None:
        self._state = state
        self._names = names
        self._w_dim = state.shape(f"synthesis.layer0.{names.affine_weight}", ndim=2)[1]
        self._noisy = f"synthesis.layer0.{names.noise_strength}" in state
        self._width = 0
        self._made: dict[str, Tensor] = {}
        self._options: dict[str, OptionValue] = {}
        self._notes: list[str] = []

    def run(self) -> Converted:
        state = self._state
        numbers = [int(match[1]) for match in map(_LAYER.match, state.shapes) if match]
        levels = max(numbers, default=0) // 2 + 1
        if levels > MOST_LEVELS + 1:
            raise state.refuse(f"has {2 * levels} layers, which would make a picture too large")
        self._mapping()
        for number in range(2 * levels):
            self._layer(number)
            if number % 2 and (number // 2 == levels - 1 or self._has_picture(number // 2)):
                self._picture(number // 2)
        self._mean()
        if "synthesis.lod" in state:
            self._options["lod"] = float(state.take("synthesis.lod", ()))
        if self._names.fused_conv:
            self._options["fused_from"] = 0
        elif levels > 5:
            self._notes.append(
                "Took the up-convolutions from 128 px on as trained in one step, as is usual; the file does"
                " not say."
            )
        # What truncation multiplies by is a setting here, not a weight.
        state.ignore(r"truncation\.truncation")
        state.finish()
        return Converted(self._made, self._options, tuple(self._notes))

    def _mapping(self) -> None:
        state, names = self._state, self._names
        width = state.shape(names.dense_weight.format(0), ndim=2)[1]
        if "mapping.label_weight" in state:
            classes, features = state.shape("mapping.label_weight", ndim=2)
            weight = state.take("mapping.label_weight", (classes, features))
            # The catalogue divides by the root of the number of classes when it runs.
            self._made["mapping.embed.weight"] = (weight.float() * math.sqrt(classes)).T.contiguous()
            self._made["mapping.embed.bias"] = torch.zeros(features)
        pattern = re.compile(re.escape(names.dense_weight).replace(r"\{\}", r"(\d{1,3})"))
        last = max((int(match[1]) for name in state.shapes if (match := pattern.fullmatch(name))), default=0)
        for number in range(last + 1):
            bias_name = names.dense_bias.format(number)
            out = self._w_dim if number == last else state.shape(bias_name, ndim=1)[0]
            weight = state.take(names.dense_weight.format(number), (out, width))
            self._made[f"mapping.fc{number}.weight"] = weight
            # Here the gain of sqrt(2) is part of the weights' scale; the catalogue's comes after the bias.
            self._made[f"mapping.fc{number}.bias"] = state.take(bias_name, (out,)).float() / math.sqrt(2)
            width = out

    def _layer(self, number: int) -> None:
        state, names, side = self._state, self._names, 4 << (number // 2)
        name = ours = f"synthesis.layer{number}"
        out = state.shape(f"{name}.{names.bias}", ndim=1)[0]
        if number == 0 and names.const in state:
            self._made["synthesis.const"] = state.take(names.const, (1, out, 4, 4))[0]
        elif number == 0:
            self._made[f"{ours}.weight"] = state.take(f"{name}.{names.conv}", (out, self._w_dim, 4, 4))
        elif names.fused_conv and f"{name}.{names.fused_conv}" in state and number % 2 == 0:
            weight = state.take(f"{name}.{names.fused_conv}", (3, 3, self._width, out))
            self._made[f"{ours}.weight"] = weight.permute(3, 2, 0, 1).flip(2, 3).contiguous()
        else:
            self._made[f"{ours}.weight"] = state.take(f"{name}.{names.conv}", (out, self._width, 3, 3))
        self._made[f"{ours}.bias"] = state.take(f"{name}.{names.bias}", (out,))
        affine = state.take(f"{name}.{names.affine_weight}", (2 * out, self._w_dim))
        self._made[f"{ours}.affine.weight"] = affine
        self._made[f"{ours}.affine.bias"] = state.take(f"{name}.{names.affine_bias}", (2 * out,))
        if self._noisy:
            noise = state.take(f"{name}.{names.noise}", (1, 1, side, side))
            self._made[f"{ours}.noise_const"] = noise[0, 0]
            self._made[f"{ours}.noise_strength"] = state.take(f"{name}.{names.noise_strength}", (out,))
        if number and number % 2 == 0 and f"{name}.blur.kernel" in state:
            self._made[f"{ours}.blur"] = self._blur(f"{name}.blur.kernel", channels=out)
        self._width = out

    def _blur(self, name: str, *, channels: int) -> Tensor:
        """The filter, which is stored once for every channel."""
        kernel = self._state.take(name, (channels, 1, 3, 3))
        if not bool((kernel == kernel[:1]).all()):
            raise self._state.refuse(f"has a blur ({name}) that differs between channels")
        return kernel[0, 0].clone()

    def _has_picture(self, number: int) -> bool:
        return f"synthesis.output{number}.{self._names.conv}" in self._state

    def _picture(self, number: int) -> None:
        state, name = self._state, f"synthesis.output{number}"
        colours = state.shape(f"{name}.bias", ndim=1)[0]
        weight = state.take(f"{name}.{self._names.conv}", (colours, self._width, 1, 1))
        self._made[f"{name}.weight"] = weight
        self._made[f"{name}.bias"] = state.take(f"{name}.bias", (colours,))

    def _mean(self) -> None:
        state = self._state
        if "truncation.w_avg" in state or "mapping.embed.weight" in self._made:
            self._made["mapping.w_avg"] = state.take("truncation.w_avg", (self._w_dim,))
            return
        self._made["mapping.w_avg"] = mean_of_w(self._made)
        self._notes.append("The file stores no mean of w; it is estimated from random z.")
