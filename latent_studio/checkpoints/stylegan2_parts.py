"""StyleGAN2 in the shape that many PyTorch programs share, put under the catalogue's names.

They number the convolutions (first one, then two per resolution) and the pictures, multiply weights by
1/sqrt(fan-in) when they run, and keep the filters' gain of 4 in the filters. :class:`Names` says what one
program calls the parts; the rest is alike.
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

    from latent_studio.checkpoints.state_dicts import StateDict

# The filters' gain makes up for the zeros that up-sampling by two puts between pixels, in both directions.
_FILTER_GAIN = 4.0
#: Above 4 px; 16384 px is the end.
MOST_LEVELS = 12
_TAPS = (1.0, 3.0, 3.0, 1.0)


@dataclass(frozen=True, slots=True)
class Names:
    """What a program calls the parts of a StyleGAN2; ``{}`` stands for a number or a layer's name.

    Attributes:
        dense_weight: of a mapping layer, from 1 on.
        dense_bias: the same layer's bias.
        const: where synthesis starts.
        conv: behind the name of a convolution or picture: its weight.
        affine_weight: likewise: the weight from w to styles.
        affine_bias: likewise: its bias.
        noise_strength: likewise, convolutions only.
        noise: the stored noise maps, from 0 on.
        filters_may_lack: whether files without filters mean the usual one; elsewhere that is another network.
    """

    dense_weight: str
    dense_bias: str
    const: str
    conv: str
    affine_weight: str
    affine_bias: str
    noise_strength: str
    noise: str
    filters_may_lack: bool = False


def convert_parts(
    state: StateDict, names: Names, *, reverse_colours: bool, multi_size: bool = False
) -> Converted:
    """A StyleGAN2 with a picture at every resolution.

    Args:
        state: all its tensors, and perhaps ``latent_avg``.
        names: what they are called.
        reverse_colours: whether its three colours come as blue, green, red.
        multi_size: whether it starts from positions and interpolates, as MS-PIE does.

    Raises:
        MissingWeightsError: a tensor is missing, has another shape, or is left over.
    """
    return _Conversion(state, names, reverse_colours=reverse_colours, multi_size=multi_size).run()


class _Conversion:
    """Takes the tensors of one generator, coarse to fine."""

    def __init__(self, state: StateDict, names: Names, *, reverse_colours: bool, multi_size: bool) -> None:
        self._state = state
        self._names = names
        self._reverse_colours = reverse_colours
        self._multi_size = multi_size
        self._w_dim = state.shape(f"conv1.{names.affine_weight}", ndim=2)[1]
        self._colours = state.shape("to_rgb1.bias", ndim=4)[1]
        self._width = 0
        self._noises = 0
        #: Rows and columns of the constant; all maps grow from it.
        self._base = [4, 4]
        self._rng = torch.Generator().manual_seed(0)
        self._made: dict[str, Tensor] = {}
        self._notes: list[str] = []

    def run(self) -> Converted:
        state = self._state
        self._mapping()
        if self._multi_size:
            self._width = state.shape(f"conv1.{self._names.conv}", ndim=5)[2]
        else:
            _, self._width, *self._base = state.shape(self._names.const, ndim=4)
            const = state.take(self._names.const, (1, self._width, *self._base))
            self._made["synthesis.b4.const"] = const[0]
        self._conv("conv1", "b4.conv1", side=4)
        self._picture("to_rgb1", "b4", up=False)
        for level in range(_levels(state)):
            side = 8 << level
            self._conv(f"convs.{2 * level}", f"b{side}.conv0", side=side, up=True)
            self._conv(f"convs.{2 * level + 1}", f"b{side}.conv1", side=side)
            self._picture(f"to_rgbs.{level}", f"b{side}", up=True)
        self._mean()
        state.finish()
        if self._names.noise.format(0) not in state:
            self._notes.append("The file stores no noise maps; fixed ones are drawn in their place.")
        return Converted(self._made, notes=tuple(self._notes))

    def _mapping(self) -> None:
        names, state = self._names, self._state
        pattern = re.compile(re.escape(names.dense_weight).replace(r"\{\}", r"(\d{1,3})"))
        found = [int(match[1]) for name in state.shapes if (match := pattern.fullmatch(name))]
        last = max(found, default=1)
        width = state.shape(names.dense_weight.format(1), ndim=2)[1]
        for number in range(1, last + 1):
            bias_name = names.dense_bias.format(number)
            out = self._w_dim if number == last else state.shape(bias_name, ndim=1)[0]
            layer = f"mapping.fc{number - 1}"
            self._made[f"{layer}.weight"] = state.take(names.dense_weight.format(number), (out, width))
            self._made[f"{layer}.bias"] = state.take(bias_name, (out,))
            width = out

    def _conv(self, name: str, ours: str, *, side: int, up: bool = False) -> None:
        names, state, below = self._names, self._state, self._width
        out = state.shape(f"{name}.activate.bias", ndim=1)[0]
        weight = state.take(f"{name}.{names.conv}", (1, out, below, 3, 3))
        ours = f"synthesis.{ours}"
        self._made[f"{ours}.weight"] = scaled(weight[0])
        self._made[f"{ours}.bias"] = state.take(f"{name}.activate.bias", (out,))
        self._affine(name, ours)
        strength = state.take(f"{name}.{names.noise_strength}", (1,))
        self._made[f"{ours}.noise_strength"] = strength.reshape(())
        self._made[f"{ours}.noise_const"] = self._noise(side)
        if up and not self._multi_size:
            self._made[f"{ours}.resample_filter"] = self._filter(f"{name}.conv.blur.kernel")
        self._width = out

    def _noise(self, side: int) -> Tensor:
        name = self._names.noise.format(self._noises)
        size = [one * side // 4 for one in self._base]
        self._noises += 1
        if self._names.noise.format(0) in self._state:
            return self._state.take(name, (1, 1, *size))[0, 0]
        # Old files leave them out, and the programs that wrote those draw new ones at every start.
        return torch.randn(*size, generator=self._rng)

    def _picture(self, name: str, ours: str, *, up: bool) -> None:
        state, colours = self._state, self._colours
        weight = state.take(f"{name}.{self._names.conv}", (1, colours, self._width, 1, 1))[0]
        bias = state.take(f"{name}.bias", (1, colours, 1, 1)).reshape(-1)
        if self._reverse_colours and colours == 3:
            weight, bias = weight.flip(0), bias.flip(0)
        self._made[f"synthesis.{ours}.torgb.weight"] = weight
        self._made[f"synthesis.{ours}.torgb.bias"] = bias
        self._affine(name, f"synthesis.{ours}.torgb")
        if up:
            self._made[f"synthesis.{ours}.resample_filter"] = self._filter(f"{name}.upsample.kernel")

    def _affine(self, name: str, ours: str) -> None:
        names, width = self._names, self._width
        weight = self._state.take(f"{name}.{names.affine_weight}", (width, self._w_dim))
        self._made[f"{ours}.affine.weight"] = weight
        self._made[f"{ours}.affine.bias"] = self._state.take(f"{name}.{names.affine_bias}", (width,))

    def _filter(self, name: str) -> Tensor:
        if name not in self._state and self._names.filters_may_lack:
            return usual_filter()
        return self._state.take(name, (4, 4)).float() / _FILTER_GAIN

    def _mean(self) -> None:
        if "latent_avg" not in self._state:
            self._made["mapping.w_avg"] = mean_of_w(self._made)
            self._notes.append("The file stores no mean of w; it is estimated from random z.")
            return
        shape = self._state.shapes["latent_avg"]
        # Encoders keep the mean once per row, all rows alike.
        mean = self._state.take("latent_avg", (*shape[:-1], self._w_dim))
        self._made["mapping.w_avg"] = mean.reshape(-1, self._w_dim)[0].clone()


def _levels(state: StateDict) -> int:
    """How many resolutions there are above 4 px."""
    numbers = [int(match[1]) for name in state.shapes if (match := re.match(r"convs\.(\d{1,3})\.", name))]
    levels = (max(numbers, default=-1) + 2) // 2
    if levels > MOST_LEVELS:
        raise state.refuse(f"has {max(numbers) + 1} convolutions, which would make a picture too large")
    return levels


def scaled(weight: Tensor) -> Tensor:
    """A convolution's weight ``(out, in, k, k)`` times 1/sqrt(in k k), as its program does when it runs.

    All but a trace of the factor would vanish in demodulation: 1e-8 is added under the root. A float32 weight
    is changed where it is.
    """
    result = weight.float()
    # NumPy keeps to one thread, which is quicker here on a busy machine.
    values = result.numpy()
    values /= math.sqrt(weight[0].numel())
    return result


def usual_filter() -> Tensor:
    """``(4, 4)``: the filter that every official network has; sums to 1."""
    taps = torch.tensor(_TAPS)
    return torch.outer(taps, taps) / taps.sum() ** 2
