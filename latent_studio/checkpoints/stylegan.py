"""A StyleGAN's tensors, and what a file must say about it because their shapes cannot.

The catalogue's names, with two layers for each resolution from 4 px on:

- ``mapping.fc{i}.weight`` and ``.bias``, ``mapping.embed.*``, ``mapping.w_avg``: as in StyleGAN2. StyleGAN's
  own programs put the activation's gain of sqrt(2) in front of it, so that their biases are larger by that;
- ``synthesis.const`` ``(C, 4, 4)``: what layer 0 starts from; or ``synthesis.layer0.weight``
  ``(C, w_dim, 4, 4)``: a convolution over w as one pixel padded by 3;
- ``synthesis.layer{i}.weight`` ``(C, C below, 3, 3)`` from i = 1 on; with even i after doubling the
  resolution;
- ``synthesis.layer{i}.bias`` ``(C,)``, ``.noise_const`` ``(H, W)``, ``.noise_strength`` ``(C,)``;
- ``synthesis.layer{i}.affine.weight`` ``(2 C, w_dim)`` and ``.affine.bias`` ``(2 C,)``: scales, less 1, and
  shifts;
- ``synthesis.layer{i}.blur`` ``(3, 3)``, even i from 2 on: sums to 1; the usual one when missing;
- ``synthesis.output{k}.weight`` ``(channels, C, 1, 1)`` and ``.bias``: the picture of the k-th resolution;
  only the last is needed.

Weights are stored un-multiplied: sqrt(2 / fan-in) is applied on the way, 1 / sqrt(fan-in) in affine layers
and pictures.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from torch import Tensor

    from latent_studio.checkpoints.checkpoint import OptionValue

FAMILY = "stylegan"

#: Option name to what the official training code uses when nothing is said.
#:
#: mapping_lr_multiplier: what stored mapping weights and biases are multiplied by.
#: fused_from: the lowest resolution whose up-convolution was trained in one step and is stored turned round;
#:     0 for none.
#: norm_epsilon: what is added to variances.
#: blur_after_bias: whether an up-convolution's bias is added before the blur.
#: lod: level of detail: how many of the finest resolutions are left out.
DEFAULTS: Mapping[str, OptionValue] = MappingProxyType(
    {
        "mapping_lr_multiplier": 0.01,
        "fused_from": 128,
        "norm_epsilon": 1e-8,
        "blur_after_bias": False,
        "lod": 0.0,
    }
)

_LAYER = re.compile(r"synthesis\.layer(\d{1,3})\.bias")


def looks_like(names: Collection[str]) -> bool:
    """Whether tensors with these names are a StyleGAN."""
    return {"mapping.w_avg", "synthesis.layer0.affine.weight", "synthesis.layer1.weight"} <= set(names)


def guess_options(names: Collection[str]) -> dict[str, OptionValue]:
    """The options that the tensors' names give away: none."""
    return {}


def describe(tensors: Mapping[str, Tensor]) -> dict[str, int]:
    """The facts that shapes tell, for readers of a file's header.

    Args:
        tensors: a whole StyleGAN.

    Returns:
        ``z_dim``, ``w_dim``, ``c_dim``, ``resolution``, ``channels``, ``num_ws``, ``mapping_layers``; only
        those whose tensors are there.
    """
    embed = tensors.get("mapping.embed.weight")
    embedded, classes = embed.shape if embed is not None and embed.ndim == 2 else (0, 0)
    depth = sum(bool(re.fullmatch(r"mapping\.fc\d+\.weight", name)) for name in tensors)
    facts = {"c_dim": classes, "mapping_layers": depth}
    first, w_avg = tensors.get("mapping.fc0.weight"), tensors.get("mapping.w_avg")
    if first is not None and first.ndim == 2:
        facts["z_dim"] = first.shape[1] - embedded
    if w_avg is not None and w_avg.ndim == 1:
        facts["w_dim"] = w_avg.shape[0]
    layers = [int(match[1]) for match in map(_LAYER.fullmatch, tensors) if match]
    if layers:
        facts["num_ws"] = max(layers) + 1
        facts["resolution"] = 4 << (max(layers) // 2)
        picture = tensors.get(f"synthesis.output{max(layers) // 2}.weight")
        if picture is not None and picture.ndim == 4:
            facts["channels"] = picture.shape[0]
    return facts
