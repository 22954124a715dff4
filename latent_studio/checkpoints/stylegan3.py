"""What a file must say about a StyleGAN3 because the tensors' names and shapes cannot."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from torch import Tensor

    from latent_studio.checkpoints.checkpoint import OptionValue

FAMILY = "stylegan3"

#: Option name to what the official training code uses when nothing is said.
#:
#: mapping_activation: non-linearity of the mapping network.
#: mapping_lr_multiplier: what stored mapping weights and biases are multiplied by.
#: input_sampling_rate: samples of the input per picture width; None for the official margin of 10 samples on
#:     each side.
#: input_bandwidth: highest frequency of the input that is kept whole, in cycles per picture width.
#: filter_size: taps of a resampling filter per factor of its resampling.
#: output_scale: what the last layer's result is multiplied by.
#: conv_clamp: limit of activations on the finer grid, symmetric; None for none.
#: num_fp16_res: how many of the finest resolutions were trained in half precision; changes nothing in
#:     float32.
DEFAULTS: Mapping[str, OptionValue] = MappingProxyType(
    {
        "mapping_activation": "lrelu",
        "mapping_lr_multiplier": 0.01,
        "input_sampling_rate": None,
        "input_bandwidth": 2.0,
        "filter_size": 6,
        "output_scale": 0.25,
        "conv_clamp": None,
        "num_fp16_res": 4,
    }
)

_LAYER = re.compile(r"synthesis\.L(\d{1,4})_(\d{1,6})_(\d{1,6})\.")


def looks_like(names: Collection[str]) -> bool:
    """Whether tensors with these names are a StyleGAN3."""
    return {"mapping.w_avg", "synthesis.input.freqs", "synthesis.input.affine.weight"} <= set(names)


def guess_options(names: Collection[str]) -> dict[str, OptionValue]:
    """The options that the tensors' names give away: none."""
    return {}


def describe(tensors: Mapping[str, Tensor]) -> dict[str, int]:
    """The facts that names and shapes tell, for readers of a file's header.

    Args:
        tensors: a whole StyleGAN3.

    Returns:
        ``z_dim``, ``w_dim``, ``c_dim``, ``resolution``, ``channels``, ``num_ws``, ``mapping_layers``; only
        those whose tensors are there.
    """
    facts: dict[str, int] = {}
    layers = sorted({tuple(map(int, match.groups())) for match in map(_LAYER.match, tensors) if match})
    embed = tensors.get("mapping.embed.weight")
    first = tensors.get("mapping.fc0.weight")
    w_avg = tensors.get("mapping.w_avg")
    embedded, labels = embed.shape if embed is not None and embed.ndim == 2 else (0, 0)
    facts["c_dim"] = labels
    facts["mapping_layers"] = sum(bool(re.fullmatch(r"mapping\.fc\d+\.weight", name)) for name in tensors)
    if first is not None and first.ndim == 2:
        facts["z_dim"] = first.shape[1] - embedded
    if w_avg is not None and w_avg.ndim == 1:
        facts["w_dim"] = w_avg.shape[0]
    if layers:
        _, facts["resolution"], facts["channels"] = layers[-1]
        # One row for the input, one for each layer.
        facts["num_ws"] = len(layers) + 1
    return facts
