"""StyleGAN as the program style-based-gan-pytorch by rosinality names it.

Its networks always have the layers for 1024 px, trained or not; those above the trained size still hold the
zeros they began with. It adds the bias before the blur, keeps the scales of styles relative to 0 rather than
1, and stores neither noise nor the mean of w.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import torch

from latent_studio.checkpoints import stylegan
from latent_studio.checkpoints.mean_w import mean_of_w
from latent_studio.checkpoints.state_dicts import Converted, Layout
from latent_studio.checkpoints.stylegan_parts import MOST_LEVELS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from latent_studio.checkpoints.state_dicts import StateDict

_BLOCK = re.compile(r"generator\.progression\.(\d{1,3})\.")
_DENSE = re.compile(r"style\.(\d{1,3})\.linear\.weight_orig")
# A first version has the same parts in another order, under almost the same names, without this buffer.
_SIGNS = {
    "generator.progression.0.conv1.input",
    "generator.progression.0.adain1.style.linear.weight_orig",
    "generator.progression.1.conv1.2.weight_flip",
    "style.1.linear.weight_orig",
}


def _matches(shapes: Mapping[str, tuple[int, ...]]) -> bool:
    return shapes.keys() >= _SIGNS


def _convert(state: StateDict) -> Converted:
    return _Conversion(state).run()


class _Conversion:
    """Takes the tensors of one generator, coarse to fine."""

    def __init__(self, state: StateDict) -> None:
        self._state = state
        style = "generator.progression.0.adain1.style.linear.weight_orig"
        self._w_dim = state.shape(style, ndim=2)[1]
        self._width = state.shape("generator.progression.0.conv1.input", ndim=4)[1]
        self._rng = torch.Generator().manual_seed(0)
        self._made: dict[str, Tensor] = {}
        self._notes = [
            "The file stores no noise maps; fixed ones are drawn in their place.",
            "The file stores no mean of w; it is estimated from random z.",
        ]

    def run(self) -> Converted:
        state = self._state
        blocks = 1 + max(int(match[1]) for match in map(_BLOCK.match, state.shapes) if match)
        if blocks > MOST_LEVELS + 1:
            raise state.refuse(f"has {blocks} resolutions, which would make a picture too large")
        self._mapping()
        trained = self._leave_untrained(blocks)
        for block in range(trained):
            self._block(block)
        state.ignore(r"generator\.progression\.\d+\.conv1\.\d\.weight(_flip)?")
        state.finish()
        options = {
            "mapping_lr_multiplier": 1.0,
            "fused_from": 0,
            "norm_epsilon": 1e-5,
            "blur_after_bias": True,
        }
        return Converted(self._made, options, tuple(self._notes))

    def _mapping(self) -> None:
        state = self._state
        # Numbers are odd: a normalisation stands at 0, an activation after every layer.
        last = max(int(match[1]) for match in map(_DENSE.fullmatch, state.shapes) if match)
        width = state.shape("style.1.linear.weight_orig", ndim=2)[1]
        for index, number in enumerate(range(1, last + 1, 2)):
            name, ours = f"style.{number}.linear", f"mapping.fc{index}"
            out = self._w_dim if number == last else state.shape(f"{name}.bias", ndim=1)[0]
            self._made[f"{ours}.weight"] = state.take(f"{name}.weight_orig", (out, width))
            # Here the gain of sqrt(2) is part of the weights' scale; the catalogue's comes after the bias.
            self._made[f"{ours}.bias"] = state.take(f"{name}.bias", (out,)).float() / math.sqrt(2)
            width = out
        self._made["mapping.w_avg"] = mean_of_w(self._made, lr_multiplier=1.0)

    def _leave_untrained(self, blocks: int) -> int:
        """Leave out the finest blocks that training never came to; give the number of those that are left."""
        trained = blocks
        while trained > 1 and self._is_untrained(trained - 1):
            trained -= 1
        if trained == 1:
            # Nothing was trained at all, or only 4 px; the file does not tell which.
            return blocks
        for block in range(trained, blocks):
            self._state.ignore(rf"generator\.(progression|to_rgb)\.{block}\..*")
        if trained < blocks:
            self._notes.append(
                f"Took the resolutions up to {2 << trained} px; finer ones in the file were never trained."
            )
        return trained

    def _is_untrained(self, block: int) -> bool:
        """Whether all that starts from zero still is zero."""
        name = f"generator.progression.{block}"
        width = self._state.shape(f"{name}.conv2.conv.bias", ndim=1)[0]
        starts = (
            self._state.look(f"{name}.noise1.weight_orig", (1, width, 1, 1)),
            self._state.look(f"{name}.noise2.weight_orig", (1, width, 1, 1)),
            self._state.look(f"{name}.conv2.conv.bias", (width,)),
        )
        return not any(bool(start.any()) for start in starts)

    def _block(self, block: int) -> None:
        state, side = self._state, 4 << block
        name = f"generator.progression.{block}"
        out = state.shape(f"{name}.conv2.conv.bias", ndim=1)[0]
        first, second = f"synthesis.layer{2 * block}", f"synthesis.layer{2 * block + 1}"
        if block == 0:
            self._made["synthesis.const"] = state.take(f"{name}.conv1.input", (1, out, 4, 4))[0]
            self._made[f"{first}.bias"] = torch.zeros(out)
        elif f"{name}.conv1.1.conv.weight_orig" in state:
            weight = state.take(f"{name}.conv1.1.conv.weight_orig", (out, self._width, 3, 3))
            self._made[f"{first}.weight"] = weight
            self._made[f"{first}.bias"] = state.take(f"{name}.conv1.1.conv.bias", (out,))
        else:
            # In one step: turned round, and the mean rather than the sum of four shifted kernels.
            weight = state.take(f"{name}.conv1.0.weight", (self._width, out, 3, 3)).float()
            self._made[f"{first}.weight"] = (weight.transpose(0, 1).flip(2, 3) / 4).contiguous()
            self._made[f"{first}.bias"] = state.take(f"{name}.conv1.0.bias", (out,))
        self._made[f"{second}.weight"] = state.take(f"{name}.conv2.conv.weight_orig", (out, out, 3, 3))
        self._made[f"{second}.bias"] = state.take(f"{name}.conv2.conv.bias", (out,))
        # Both layers of a resolution are given the same noise.
        noise = torch.randn(side, side, generator=self._rng)
        for number, ours in ((1, first), (2, second)):
            strength = state.take(f"{name}.noise{number}.weight_orig", (1, out, 1, 1)).float()
            self._made[f"{ours}.noise_strength"] = strength.reshape(-1) * math.sqrt(2 / out)
            self._made[f"{ours}.noise_const"] = noise.clone()
            self._affine(f"{name}.adain{number}.style.linear", ours, out)
        picture, ours = f"generator.to_rgb.{block}.conv", f"synthesis.output{block}"
        colours = state.shape(f"{picture}.bias", ndim=1)[0]
        weight = state.take(f"{picture}.weight_orig", (colours, out, 1, 1))
        self._made[f"{ours}.weight"] = weight.float() * math.sqrt(2)
        self._made[f"{ours}.bias"] = state.take(f"{picture}.bias", (colours,))
        self._width = out

    def _affine(self, name: str, ours: str, width: int) -> None:
        weight = self._state.take(f"{name}.weight_orig", (2 * width, self._w_dim))
        self._made[f"{ours}.affine.weight"] = weight.float() * math.sqrt(2)
        bias = self._state.take(f"{name}.bias", (2 * width,)).float()
        self._made[f"{ours}.affine.bias"] = torch.cat([bias[:width] - 1, bias[width:]])


LAYOUT = Layout(
    name="rosinality-stylegan",
    family=stylegan.FAMILY,
    title="StyleGAN in rosinality's layout",
    matches=_matches,
    convert=_convert,
)
