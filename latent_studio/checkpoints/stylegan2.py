"""What a file must say about a StyleGAN2 because the tensors' shapes cannot."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from torch import Tensor

    from latent_studio.checkpoints.checkpoint import OptionValue

FAMILY = "stylegan2"

#: Option name to what the official training code uses when nothing is said.
#:
#: architecture: "skip", "resnet" or "orig": how blocks make the picture.
#: activation, mapping_activation: non-linearity of the convolutions and of the mapping network.
#: mapping_lr_multiplier: what stored mapping weights and biases are multiplied by.
#: normalize_together: whether z and the class's features are brought to unit length as one, not each alone.
#: conv_clamp: limit of activations after each convolution, symmetric; None for none.
#: use_noise: whether convolutions add noise.
#: num_fp16_res: how many of the finest blocks were trained in half precision; changes nothing in float32.
#: final_tanh: whether the finished picture goes through a hyperbolic tangent.
DEFAULTS: Mapping[str, OptionValue] = MappingProxyType(
    {
        "architecture": "skip",
        "activation": "lrelu",
        "mapping_activation": "lrelu",
        "mapping_lr_multiplier": 0.01,
        "normalize_together": False,
        "conv_clamp": None,
        "use_noise": True,
        "num_fp16_res": 0,
        "final_tanh": False,
    }
)

_BLOCK = re.compile(r"synthesis\.b(\d+)\.")


def looks_like(names: Collection[str]) -> bool:
    """Whether tensors with these names are a StyleGAN2."""
    return {"mapping.fc0.weight", "synthesis.b4.const", "synthesis.b4.conv1.affine.weight"} <= set(names)


def guess_options(names: Collection[str]) -> dict[str, OptionValue]:
    """The options that the tensors' names give away."""
    blocks = {int(match[1]) for match in map(_BLOCK.match, names) if match}
    if any(name.endswith(".skip.weight") for name in names):
        architecture = "resnet"
    elif len(blocks) > 1 and "synthesis.b4.torgb.weight" not in names:
        architecture = "orig"
    else:
        architecture = "skip"
    return {
        "architecture": architecture,
        "use_noise": any(name.endswith(".noise_strength") for name in names),
    }


def describe(tensors: Mapping[str, Tensor]) -> dict[str, int]:
    """The facts that shapes tell, for readers of a file's header.

    Args:
        tensors: a whole StyleGAN2.

    Returns:
        ``z_dim``, ``w_dim``, ``c_dim``, ``resolution``, ``channels``, ``num_ws``, ``mapping_layers``; only
        those whose tensors are there.
    """
    facts: dict[str, int] = {}
    resolutions = [int(match[1]) for match in map(_BLOCK.match, tensors) if match]
    depth = sum(bool(re.fullmatch(r"mapping\.fc\d+\.weight", name)) for name in tensors)
    embed = tensors.get("mapping.embed.weight")
    first = tensors.get("mapping.fc0.weight")
    w_avg = tensors.get("mapping.w_avg")
    embedded, labels = embed.shape if embed is not None and embed.ndim == 2 else (0, 0)
    facts["c_dim"] = labels
    facts["mapping_layers"] = depth
    if first is not None and first.ndim == 2:
        facts["z_dim"] = first.shape[1] - embedded
    if w_avg is not None and w_avg.ndim == 1:
        facts["w_dim"] = w_avg.shape[0]
    if resolutions:
        facts["resolution"] = max(resolutions)
        facts["num_ws"] = 2 * (max(resolutions).bit_length() - 2)
        to_rgb = tensors.get(f"synthesis.b{max(resolutions)}.torgb.weight")
        if to_rgb is not None and to_rgb.ndim == 4:
            facts["channels"] = to_rgb.shape[0]
    return facts
