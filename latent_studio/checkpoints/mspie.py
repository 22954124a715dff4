"""What a file must say about an MS-PIE StyleGAN2 (Xu et al. 2021) because the tensors' shapes cannot.

It starts from an encoding of positions where StyleGAN2 has a learned constant, and up-samples by
interpolation, so that one network makes pictures of several sizes. Its tensors are named as StyleGAN2's, but
``synthesis.b4.const`` and the filters of up-convolutions are not there.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from latent_studio.checkpoints import stylegan2

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from torch import Tensor

    from latent_studio.checkpoints.checkpoint import OptionValue

FAMILY = "mspie"

#: Option name to what holds when a file says nothing.
#:
#: scale: how many positions more than four the grid has in each direction.
#: mapping_lr_multiplier: what stored mapping weights and biases are multiplied by.
DEFAULTS: Mapping[str, OptionValue] = MappingProxyType({"scale": 0, "mapping_lr_multiplier": 0.01})


def looks_like(names: Collection[str]) -> bool:
    """Whether tensors with these names are an MS-PIE StyleGAN2."""
    found = set(names)
    signs = {"mapping.fc0.weight", "synthesis.b4.conv1.affine.weight", "synthesis.b4.torgb.weight"}
    unsaid = {"synthesis.b4.const", "synthesis.b8.conv0.resample_filter"}
    return signs <= found and not unsaid & found


def guess_options(names: Collection[str]) -> dict[str, OptionValue]:
    """Names give no option away."""
    return {}


def describe(tensors: Mapping[str, Tensor]) -> dict[str, int]:
    """The facts that shapes tell at the smallest size; see :func:`stylegan2.describe`."""
    return stylegan2.describe(tensors)
