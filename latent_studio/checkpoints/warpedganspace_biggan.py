"""BigGAN as BigGAN-PyTorch and WarpedGANSpace store it: ``G_ema.pth``.

A class is a vector that all blocks share; each block reads it with a part of z of its own.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import torch

from latent_studio.checkpoints.biggan import DEFAULTS, FAMILY
from latent_studio.checkpoints.spectral_norm import divided_after_one_step
from latent_studio.checkpoints.state_dicts import Converted, Layout

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from latent_studio.checkpoints.state_dicts import StateDict

_BLOCK = re.compile(r"blocks\.(\d{1,3})\.0\.")
_ATTENTION = {"query": "theta", "key": "phi", "value": "g", "out": "o"}
#: Estimates of singular values, computed again from the vectors; vectors of values that are not divided by.
_UNREAD = r".*\.(sv\d+|u[1-9]\d*)"


def _matches(shapes: Mapping[str, tuple[int, ...]]) -> bool:
    return "linear.weight" in shapes and "blocks.0.0.conv1.weight" in shapes


def _convert(state: StateDict) -> Converted:
    if "shared.weight" not in state:
        raise state.refuse("is a BigGAN in which every layer has its own vectors of classes, a kind not read")
    tensors: dict[str, Tensor] = {}

    def divided(theirs: str, *shape: int) -> Tensor:
        weight = state.take(f"{theirs}.weight", shape)
        if f"{theirs}.u0" not in state:
            return weight
        return divided_after_one_step(weight, state.take(f"{theirs}.u0", (1, shape[0])), name=theirs)

    def take(theirs: str, ours: str, *shape: int) -> None:
        tensors[f"{ours}.weight"] = divided(theirs, *shape)
        tensors[f"{ours}.bias"] = state.take(f"{theirs}.bias", shape[:1])

    def take_statistics(theirs: str, ours: str, width: int) -> None:
        for part in ("mean", "var"):
            tensors[f"{ours}.{part}"] = state.take(f"{theirs}.stored_{part}", (width,))[None]

    state.ignore(_UNREAD)
    classes, class_dims = state.shape("shared.weight", ndim=2)
    tensors["classes.weight"] = state.take("shared.weight", (classes, class_dims))
    take("linear", "dense", *state.shape("linear.weight", ndim=2))
    channels = state.shape("blocks.0.0.conv1.weight", ndim=4)[1]
    condition = state.shape("blocks.0.0.bn1.gain.weight", ndim=2)[1]
    blocks = 1 + max(int(match[1]) for match in map(_BLOCK.match, state.shapes) if match)
    for index in range(blocks):
        theirs, ours = f"blocks.{index}.0", f"block{index}"
        width = state.shape(f"{theirs}.conv1.weight", ndim=4)[0]
        for number, below in ((1, channels), (2, width)):
            norm = f"{theirs}.bn{number}"
            for part in ("gain", "bias"):
                weight = divided(f"{norm}.{part}", below, condition)
                # The class comes first there, z comes first here.
                weight = torch.cat([weight[:, class_dims:], weight[:, :class_dims]], dim=1)
                tensors[f"{ours}.norm{number}.{part}"] = weight
            take_statistics(norm, f"{ours}.norm{number}", below)
            take(f"{theirs}.conv{number}", f"{ours}.conv{number}", width, below, 3, 3)
        if f"{theirs}.conv_sc.weight" in state or width != channels:
            take(f"{theirs}.conv_sc", f"{ours}.bypass", width, channels, 1, 1)
        channels = width
        attention = f"blocks.{index}.1"
        if f"{attention}.gamma" in state:
            ours = f"attention{index + 1}"
            for name, letter in _ATTENTION.items():
                shape = state.shape(f"{attention}.{letter}.weight", ndim=4)
                tensors[f"{ours}.{name}.weight"] = divided(f"{attention}.{letter}", *shape)
            tensors[f"{ours}.gamma"] = state.take(f"{attention}.gamma", ())
    for part in ("gain", "bias"):
        tensors[f"norm.{part}"] = state.take(f"output_layer.0.{part}", (channels,))
    take_statistics("output_layer.0", "norm", channels)
    colours = state.shape("output_layer.2.weight", ndim=4)[0]
    take("output_layer.2", "to_rgb", colours, channels, 3, 3)
    state.finish()
    return Converted(tensors, DEFAULTS)


LAYOUT = Layout(
    name="warpedganspace-biggan",
    family=FAMILY,
    title="BigGAN of BigGAN-PyTorch and WarpedGANSpace",
    matches=_matches,
    convert=_convert,
)
