"""A ProgGAN's tensors, and what a file must say about it because their shapes cannot.

The catalogue's names, with two layers for each resolution from 4 px on:

- ``layer0.weight`` ``(C, z_dim + c_dim, 4, 4)``: a convolution over z as one pixel padded by 3;
- ``layer{i}.weight`` ``(C, C below, 3, 3)``; with even i after doubling the resolution;
- ``layer{i}.bias`` ``(C,)``; ``layer0.bias`` may be ``(C, 4, 4)``;
- ``output{k}.weight`` ``(channels, C, 1, 1)`` and ``output{k}.bias``: the picture of the k-th resolution;
  only the last is needed.

Weights are stored un-multiplied: sqrt(2 / fan-in) is applied on the way, 1 / sqrt(fan-in) in pictures.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from torch import Tensor

    from latent_studio.checkpoints.checkpoint import OptionValue

FAMILY = "proggan"

#: Option name to what the usual training code means when nothing is said.
#:
#: c_dim: number of classes, which are given to the first layer behind z.
#: fused_from: the lowest resolution whose up-convolution was trained in one step and is stored turned round;
#:     0 for none.
#: lod: level of detail: how many of the finest resolutions are left out.
DEFAULTS: Mapping[str, OptionValue] = MappingProxyType({"c_dim": 0, "fused_from": 0, "lod": 0.0})

_LAYER = re.compile(r"layer(\d{1,3})\.weight")


def looks_like(names: Collection[str]) -> bool:
    """Whether tensors with these names are a ProgGAN."""
    return {"layer0.weight", "layer0.bias", "layer1.weight"} <= set(names) and any(
        re.fullmatch(r"output\d{1,3}\.weight", name) for name in names
    )


def guess_options(names: Collection[str]) -> dict[str, OptionValue]:
    """The options that the tensors' names give away: none."""
    return {}


def describe(tensors: Mapping[str, Tensor]) -> dict[str, int]:
    """The facts that shapes tell, for readers of a file's header.

    Args:
        tensors: a whole ProgGAN.

    Returns:
        ``w_dim``, ``resolution``, ``channels``, ``num_ws``; only those whose tensors are there.
    """
    facts = {"num_ws": 1}
    first = tensors.get("layer0.weight")
    if first is not None and first.ndim == 4:
        facts["w_dim"] = first.shape[1]
    layers = [int(match[1]) for match in map(_LAYER.fullmatch, tensors) if match]
    if layers:
        facts["resolution"] = 4 << (max(layers) // 2)
        picture = tensors.get(f"output{max(layers) // 2}.weight")
        if picture is not None and picture.ndim == 4:
            facts["channels"] = picture.shape[0]
    return facts
