"""ProgGAN as pytorch_GAN_zoo by Facebook Research names it.

Its scales multiply biases too, in pictures they have the gain of a leaky ReLU, and the first layer is a
matrix with a bias for every pixel of its 4 x 4.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from latent_studio.checkpoints import proggan
from latent_studio.checkpoints.state_dicts import Converted, Layout
from latent_studio.checkpoints.stylegan_parts import MOST_LEVELS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from latent_studio.checkpoints.state_dicts import StateDict

_SIGNS = {"formatLayer.weight", "groupScale0.0.weight", "toRGBLayers.0.weight"}
_PICTURE = re.compile(r"toRGBLayers\.(\d{1,3})\.")


def _matches(shapes: Mapping[str, tuple[int, ...]]) -> bool:
    return shapes.keys() >= _SIGNS


def _convert(state: StateDict) -> Converted:
    levels = 1 + max(int(match[1]) for match in map(_PICTURE.match, state.shapes) if match)
    if levels > MOST_LEVELS + 1:
        raise state.refuse(f"has {levels} resolutions, which would make a picture too large")
    width = state.shape("groupScale0.0.weight", ndim=4)[1]
    z_dim = state.shape("formatLayer.weight", ndim=2)[1]
    seed = state.take("formatLayer.weight", (16 * width, z_dim)).float()
    # The catalogue's kernel is turned round, and its fan-in is 16 times as large.
    kernel = seed.view(width, 4, 4, z_dim).permute(0, 3, 1, 2).flip(2, 3) * 4
    bias = state.take("formatLayer.bias", (16 * width,)).float() * math.sqrt(2 / z_dim)
    made: dict[str, Tensor] = {
        "layer0.weight": kernel.contiguous(),
        "layer0.bias": bias.view(width, 4, 4),
    }
    for index in range(levels):
        names = ["groupScale0.0"] if index == 0 else [f"scaleLayers.{index - 1}.{n}" for n in (0, 1)]
        for number, name in zip(range(2 * index + 2 - len(names), 2 * index + 2), names, strict=True):
            out = state.shape(f"{name}.bias", ndim=1)[0]
            made[f"layer{number}.weight"] = state.take(f"{name}.weight", (out, width, 3, 3))
            bias = state.take(f"{name}.bias", (out,)).float()
            made[f"layer{number}.bias"] = bias * math.sqrt(2 / (9 * width))
            width = out
        name = f"toRGBLayers.{index}"
        colours = state.shape(f"{name}.bias", ndim=1)[0]
        weight = state.take(f"{name}.weight", (colours, width, 1, 1)).float()
        made[f"output{index}.weight"] = weight * math.sqrt(2)
        made[f"output{index}.bias"] = state.take(f"{name}.bias", (colours,)).float() * math.sqrt(2 / width)
    state.finish()
    return Converted(made)


LAYOUT = Layout(
    name="gan-zoo-proggan",
    family=proggan.FAMILY,
    title="ProgGAN in pytorch_GAN_zoo's layout",
    matches=_matches,
    convert=_convert,
)
