"""BigGAN-deep as pytorch-pretrained-biggan stores it: ``pytorch_model.bin``.

Its configuration file need not be there: all it says stands in the tensors as well, but for what the three
published models have in common.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from latent_studio.checkpoints.biggan import DEEP_DEFAULTS, FAMILY
from latent_studio.checkpoints.spectral_norm import divided_by_stored
from latent_studio.checkpoints.state_dicts import Converted, Layout

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from latent_studio.checkpoints.state_dicts import StateDict

_LAYER = re.compile(r"generator\.layers\.(\d{1,3})\.")
_ATTENTION = {
    "query": "snconv1x1_theta",
    "key": "snconv1x1_phi",
    "value": "snconv1x1_g",
    "out": "snconv1x1_o_conv",
}
#: The first map has this side, and is stored with its channels last.
_SIDE = 4
#: The last convolution makes as many channels as it is given; these are the picture.
_COLOURS = 3


def _matches(shapes: Mapping[str, tuple[int, ...]]) -> bool:
    return "embeddings.weight" in shapes and "generator.gen_z.weight_orig" in shapes


def _convert(state: StateDict) -> Converted:
    tensors: dict[str, Tensor] = {}

    def divided(theirs: str, *shape: int) -> Tensor:
        weight = state.take(f"{theirs}.weight_orig", shape)
        u = state.take(f"{theirs}.weight_u", shape[:1])
        row = weight[0].numel()
        v = state.take(f"{theirs}.weight_v", (row,)) if f"{theirs}.weight_v" in state else None
        return divided_by_stored(weight, u, v, name=theirs)

    def take(theirs: str, ours: str, *shape: int) -> None:
        tensors[f"{ours}.weight"] = divided(theirs, *shape)
        tensors[f"{ours}.bias"] = state.take(f"{theirs}.bias", shape[:1])

    def take_statistics(theirs: str, ours: str, width: int) -> None:
        for part in ("mean", "var"):
            tensors[f"{ours}.{part}"] = state.take(f"{theirs}.running_{part}s", (steps, width))

    steps, last = state.shape("generator.bn.running_means", ndim=2)
    class_dims, classes = state.shape("embeddings.weight", ndim=2)
    embeddings = state.take("embeddings.weight", (class_dims, classes))
    tensors["classes.weight"] = embeddings.T.contiguous()
    channels = state.shape("generator.layers.0.bn_0.running_means", ndim=2)[1]
    condition = state.shape("generator.gen_z.weight_orig", ndim=2)[1]
    numbers = channels * _SIDE**2
    dense = divided("generator.gen_z", numbers, condition)
    tensors["dense.weight"] = _channels_first(dense, channels)
    tensors["dense.bias"] = _channels_first(state.take("generator.gen_z.bias", (numbers,)), channels)
    layers = 1 + max((int(match[1]) for match in map(_LAYER.match, state.shapes) if match), default=0)
    block = 0
    for index in range(layers):
        theirs = f"generator.layers.{index}"
        if f"{theirs}.gamma" in state:
            for name, long_name in _ATTENTION.items():
                shape = state.shape(f"{theirs}.{long_name}.weight_orig", ndim=4)
                tensors[f"attention{block}.{name}.weight"] = divided(f"{theirs}.{long_name}", *shape)
            tensors[f"attention{block}.gamma"] = state.take(f"{theirs}.gamma", (1,)).reshape(())
            continue
        ours, below = f"block{block}", channels
        for number in range(4):
            norm, conv = f"{theirs}.bn_{number}", f"{theirs}.conv_{number}"
            for part, name in (("gain", "scale"), ("bias", "offset")):
                tensors[f"{ours}.norm{number + 1}.{part}"] = divided(f"{norm}.{name}", below, condition)
            take_statistics(norm, f"{ours}.norm{number + 1}", below)
            width = state.shape(f"{conv}.weight_orig", ndim=4)[0]
            kernel = 1 if number in (0, 3) else 3
            take(conv, f"{ours}.conv{number + 1}", width, below, kernel, kernel)
            below = width
        channels = below
        block += 1
    for part, name in (("gain", "weight"), ("bias", "bias")):
        tensors[f"norm.{part}"] = state.take(f"generator.bn.{name}", (last,))
    take_statistics("generator.bn", "norm", last)
    made = state.shape("generator.conv_to_rgb.weight_orig", ndim=4)[0]
    take("generator.conv_to_rgb", "to_rgb", made, channels, 3, 3)
    for part in ("weight", "bias"):
        tensors[f"to_rgb.{part}"] = tensors[f"to_rgb.{part}"][:_COLOURS].clone()
    state.finish()
    return Converted(tensors, DEEP_DEFAULTS)


def _channels_first(rows: Tensor, channels: int) -> Tensor:
    """Rows for ``(side, side, channels)`` numbers, sorted for ``(channels, side, side)``."""
    grid = rows.reshape(_SIDE, _SIDE, channels, *rows.shape[1:])
    return grid.movedim(2, 0).reshape(rows.shape).contiguous()


LAYOUT = Layout(
    name="huggingface-biggan",
    family=FAMILY,
    title="BigGAN-deep of pytorch-pretrained-biggan",
    matches=_matches,
    convert=_convert,
)
