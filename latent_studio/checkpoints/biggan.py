"""What a file must say about a BigGAN because the tensors' names and shapes cannot.

Names of its tensors here, spectral normalisation already applied:

- ``classes.weight``, one row per class;
- ``dense.weight`` and ``.bias``, from z, or z and the class, to the first map;
- per block ``block0.norm1``, ``.conv1``, and so on: two pairs and a ``.bypass``, or four pairs if deep;
- ``attention2`` for attention after two blocks: ``.query``, ``.key``, ``.value``, ``.out`` and ``.gamma``;
- ``norm`` and ``to_rgb``.

Norms of blocks have ``.gain`` and ``.bias`` of ``(channels, condition)``, the last one has vectors.
A condition is z, or the block's part of it, and the class. Statistics, ``.mean`` and ``.var``, are
``(steps, channels)``: a row for each of evenly spaced truncations from 0 to 1, or a single one for all.
"""

from __future__ import annotations

import math
import re
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from torch import Tensor

    from latent_studio.checkpoints.checkpoint import OptionValue

FAMILY = "biggan"

#: Option name to what the official training code uses when nothing is said.
#:
#: norm_eps: added to variances.
#: up_every: every how many blocks the side doubles, counted from the first.
DEFAULTS: Mapping[str, OptionValue] = MappingProxyType({"norm_eps": 1e-5, "up_every": 1})
#: The same in the deep kind.
DEEP_DEFAULTS: Mapping[str, OptionValue] = MappingProxyType({"norm_eps": 1e-4, "up_every": 2})

_BLOCK = re.compile(r"block(\d{1,3})\.")


def looks_like(names: Collection[str]) -> bool:
    """Whether tensors with these names are a BigGAN."""
    return {"classes.weight", "dense.weight", "block0.norm1.gain", "block0.norm1.mean"} <= set(names)


def guess_options(names: Collection[str]) -> dict[str, OptionValue]:
    """The options that the tensors' names give away."""
    return dict(DEEP_DEFAULTS if "block0.conv4.weight" in names else DEFAULTS)


def describe(tensors: Mapping[str, Tensor]) -> dict[str, int]:
    """The facts that names and shapes tell, for readers of a file's header.

    Args:
        tensors: a whole BigGAN.

    Returns:
        ``c_dim``, ``z_dim``, ``resolution`` and ``channels``; only those whose tensors are there.
    """
    facts: dict[str, int] = {}
    classes, dense = tensors.get("classes.weight"), tensors.get("dense.weight")
    norm, to_rgb = tensors.get("block0.norm1.gain"), tensors.get("to_rgb.weight")
    blocks = len({match[1] for match in map(_BLOCK.match, tensors) if match})
    if classes is not None and classes.ndim == 2:
        facts["c_dim"] = classes.shape[0]
        if dense is not None and norm is not None and dense.ndim == norm.ndim == 2:
            part = norm.shape[1] - classes.shape[1]
            shares_z = dense.shape[1] == norm.shape[1]
            facts["z_dim"] = part if shares_z else dense.shape[1] + blocks * part
            doublings = blocks // (2 if "block0.conv4.weight" in tensors else 1)
            facts["resolution"] = math.isqrt(dense.shape[0] // max(norm.shape[0], 1)) << doublings
    if to_rgb is not None and to_rgb.ndim == 4:
        facts["channels"] = to_rgb.shape[0]
    return facts
