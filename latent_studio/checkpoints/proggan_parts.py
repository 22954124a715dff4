"""ProgGAN in the shape that several PyTorch programs share, put under the catalogue's names."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from latent_studio.checkpoints.state_dicts import Converted
from latent_studio.checkpoints.stylegan_parts import MOST_LEVELS

if TYPE_CHECKING:
    from torch import Tensor

    from latent_studio.checkpoints.checkpoint import OptionValue
    from latent_studio.checkpoints.state_dicts import StateDict


@dataclass(frozen=True, slots=True)
class Names:
    """What a program calls the parts of a ProgGAN; ``{}`` stands for a number.

    Attributes:
        layer: a convolution, from 0 on.
        picture: the picture of a resolution, from 0 on; without ``{}``, of the last one only.
        weight: behind both.
        bias: behind both.
        scale: behind both: what the weight is multiplied by, ``(1,)``; empty where that is the usual.
    """

    layer: str
    picture: str
    weight: str
    bias: str
    scale: str = ""


def convert_proggan(state: StateDict, names: Names) -> Converted:
    """A ProgGAN under the catalogue's names.

    Args:
        state: all its tensors.
        names: what they are called.

    Raises:
        MissingWeightsError: a tensor is missing, has another shape, or is left over.
        UnknownFormatError: it is a variant this version does not know.
    """
    pattern = re.compile(re.escape(names.layer).replace(r"\{\}", r"(\d{1,3})") + r"\.")
    levels = max((int(match[1]) for match in map(pattern.match, state.shapes) if match), default=0) // 2 + 1
    if levels > MOST_LEVELS + 1:
        raise state.refuse(f"has {2 * levels} layers, which would make a picture too large")
    width = state.shape(f"{names.layer.format(0)}.{names.weight}", ndim=4)[1]
    made: dict[str, Tensor] = {}
    for number in range(2 * levels):
        name, side = names.layer.format(number), 3 if number else 4
        out = state.shape(f"{name}.{names.bias}", ndim=1)[0]
        made[f"layer{number}.weight"] = _weight(
            state, name, names, (out, width, side, side), gain=math.sqrt(2)
        )
        made[f"layer{number}.bias"] = state.take(f"{name}.{names.bias}", (out,))
        width = out
        index = number // 2
        picture = names.picture.format(index)
        is_last = index == levels - 1
        if number % 2 and (is_last or ("{}" in names.picture and f"{picture}.{names.weight}" in state)):
            colours = state.shape(f"{picture}.{names.bias}", ndim=1)[0]
            made[f"output{index}.weight"] = _weight(state, picture, names, (colours, width, 1, 1), gain=1)
            made[f"output{index}.bias"] = state.take(f"{picture}.{names.bias}", (colours,))
    options: dict[str, OptionValue] = {}
    if "lod" in state:
        options["lod"] = float(state.take("lod", ()))
    state.finish()
    return Converted(made, options)


def _weight(state: StateDict, name: str, names: Names, shape: tuple[int, ...], *, gain: float) -> Tensor:
    weight = state.take(f"{name}.{names.weight}", shape)
    if not names.scale:
        return weight
    usual = gain / math.sqrt(math.prod(shape[1:]))
    return weight.float() * (state.take(f"{name}.{names.scale}", (1,)).float() / usual)
