"""StyleGAN as the widespread port by lernapparat names it.

Its file of faces is called ``karras2019stylegan-ffhq-1024x1024.for_g_all.pt``. There is a picture at the last
resolution only, and neither noise nor the mean of w is stored.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import torch

from latent_studio.checkpoints import stylegan
from latent_studio.checkpoints.mean_w import mean_of_w
from latent_studio.checkpoints.state_dicts import Converted, Layout

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from latent_studio.checkpoints.state_dicts import StateDict

_BLOCKS = "g_synthesis.blocks"
_BLOCK = re.compile(r"g_synthesis\.blocks\.(\d{1,5})x\1\.")
_DENSE = re.compile(r"g_mapping\.dense(\d{1,3})\.weight")
_SIGNS = {"g_mapping.dense0.weight", f"{_BLOCKS}.4x4.const", "g_synthesis.torgb.weight"}
_LARGEST = 4 << 12


def _matches(shapes: Mapping[str, tuple[int, ...]]) -> bool:
    return shapes.keys() >= _SIGNS


def _convert(state: StateDict) -> Converted:
    return _Conversion(state).run()


class _Conversion:
    """Takes the tensors of one generator, coarse to fine."""

    def __init__(self, state: StateDict) -> None:
        self._state = state
        self._w_dim = state.shape(f"{_BLOCKS}.4x4.epi1.style_mod.lin.weight", ndim=2)[1]
        self._width = state.shape(f"{_BLOCKS}.4x4.const", ndim=4)[1]
        self._rng = torch.Generator().manual_seed(0)
        self._made: dict[str, Tensor] = {}

    def run(self) -> Converted:
        state = self._state
        self._mapping()
        side = max(int(match[1]) for match in map(_BLOCK.match, state.shapes) if match)
        if side > _LARGEST:
            raise state.refuse(f"has a block for {side} px, which is too large")
        levels = side.bit_length() - 2
        for level in range(levels):
            self._block(level)
        colours = state.shape("g_synthesis.torgb.bias", ndim=1)[0]
        weight = state.take("g_synthesis.torgb.weight", (colours, self._width, 1, 1))
        self._made[f"synthesis.output{levels - 1}.weight"] = weight
        self._made[f"synthesis.output{levels - 1}.bias"] = state.take("g_synthesis.torgb.bias", (colours,))
        # The filter is always the usual one.
        state.ignore(r"g_synthesis\.blocks\.\d+x\d+\.conv0_up\.intermediate\.kernel")
        state.finish()
        notes = (
            "The file stores no noise maps; fixed ones are drawn in their place.",
            "The file stores no mean of w; it is estimated from random z.",
        )
        return Converted(self._made, {"norm_epsilon": 1e-5}, notes)

    def _mapping(self) -> None:
        state = self._state
        last = max(int(match[1]) for match in map(_DENSE.fullmatch, state.shapes) if match)
        width = state.shape("g_mapping.dense0.weight", ndim=2)[1]
        for number in range(last + 1):
            name, ours = f"g_mapping.dense{number}", f"mapping.fc{number}"
            out = self._w_dim if number == last else state.shape(f"{name}.bias", ndim=1)[0]
            self._made[f"{ours}.weight"] = state.take(f"{name}.weight", (out, width))
            # Here the gain of sqrt(2) is part of the weights' scale; the catalogue's comes after the bias.
            self._made[f"{ours}.bias"] = state.take(f"{name}.bias", (out,)).float() / math.sqrt(2)
            width = out
        self._made["mapping.w_avg"] = mean_of_w(self._made)

    def _block(self, level: int) -> None:
        state, side = self._state, 4 << level
        name = f"{_BLOCKS}.{side}x{side}"
        if level == 0:
            self._made["synthesis.const"] = state.take(f"{name}.const", (1, self._width, 4, 4))[0]
            self._made["synthesis.layer0.bias"] = state.take(f"{name}.bias", (self._width,))
        else:
            self._conv(f"{name}.conv0_up", 2 * level)
        self._epilogue(f"{name}.epi1", 2 * level, side=side)
        self._conv(f"{name}.conv1" if level else f"{name}.conv", 2 * level + 1)
        self._epilogue(f"{name}.epi2", 2 * level + 1, side=side)

    def _conv(self, name: str, number: int) -> None:
        out = self._state.shape(f"{name}.bias", ndim=1)[0]
        weight = self._state.take(f"{name}.weight", (out, self._width, 3, 3))
        self._made[f"synthesis.layer{number}.weight"] = weight
        self._made[f"synthesis.layer{number}.bias"] = self._state.take(f"{name}.bias", (out,))
        self._width = out

    def _epilogue(self, name: str, number: int, *, side: int) -> None:
        state, width, ours = self._state, self._width, f"synthesis.layer{number}"
        # Later copies of the program moved the noise up by one level.
        noise = f"{name}.noise.weight" if f"{name}.noise.weight" in state else f"{name}.top_epi.noise.weight"
        self._made[f"{ours}.noise_strength"] = state.take(noise, (width,))
        self._made[f"{ours}.noise_const"] = torch.randn(side, side, generator=self._rng)
        style = f"{name}.style_mod.lin"
        weight = state.take(f"{style}.weight", (2 * width, self._w_dim))
        self._made[f"{ours}.affine.weight"] = weight
        self._made[f"{ours}.affine.bias"] = state.take(f"{style}.bias", (2 * width,))


LAYOUT = Layout(
    name="lernapparat-stylegan",
    family=stylegan.FAMILY,
    title="StyleGAN in lernapparat's layout",
    matches=_matches,
    convert=_convert,
)
