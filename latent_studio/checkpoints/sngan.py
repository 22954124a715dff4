"""What a file must say about an SNGAN, and the layout of the WarpedGANSpace project.

Names of its tensors here: ``dense``; per block ``block0.norm1``, ``.conv1``, ``.norm2``, ``.conv2``, and
``.bypass`` where it changes the number of channels; ``norm``; ``to_rgb``. The norms have ``.gain``, ``.bias``
and statistics, ``.mean`` and ``.var``; all others have ``.weight`` and ``.bias``.
"""

from __future__ import annotations

import math
import re
from types import MappingProxyType
from typing import TYPE_CHECKING

import torch

from latent_studio.checkpoints.batch_norms import take_norm
from latent_studio.checkpoints.state_dicts import Converted, Layout

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from torch import Tensor

    from latent_studio.checkpoints.checkpoint import OptionValue
    from latent_studio.checkpoints.state_dicts import StateDict

FAMILY = "sngan"

#: Option name to what the official training code uses when nothing is said.
#:
#: norm_eps: added to variances.
DEFAULTS: Mapping[str, OptionValue] = MappingProxyType({"norm_eps": 1e-5})

_BLOCK = re.compile(r"block(\d{1,3})\.")
#: The network is a list: the dense layer, its reshaping, the blocks, a normalisation, ReLU, a convolution.
_FIRST_BLOCK = 2
_THEIR_BLOCK = re.compile(r"model\.(\d{1,3})\.(?:conv[12]|model|bypass)\.")
#: Every convolution of a block is stored by its own name and once more by its place in the block's list.
_BY_PLACE = MappingProxyType({"conv1": "model.3", "conv2": "model.6"})
_BY_NAME = r"model\.\d+\.conv[12]\.(weight|bias)"


def looks_like(names: Collection[str]) -> bool:
    """Whether tensors with these names are an SNGAN."""
    return {"dense.weight", "block0.norm1.mean", "block0.conv1.weight", "norm.mean"} <= set(names)


def guess_options(names: Collection[str]) -> dict[str, OptionValue]:
    """The options that the tensors' names give away: none."""
    return {}


def describe(tensors: Mapping[str, Tensor]) -> dict[str, int]:
    """The facts that shapes tell, for readers of a file's header.

    Args:
        tensors: a whole SNGAN.

    Returns:
        ``z_dim``, ``c_dim``, ``resolution`` and ``channels``; only those whose tensors are there.
    """
    facts = {"c_dim": 0}
    blocks = {match[1] for match in map(_BLOCK.match, tensors) if match}
    dense, conv = tensors.get("dense.weight"), tensors.get("block0.conv1.weight")
    to_rgb = tensors.get("to_rgb.weight")
    if dense is not None and dense.ndim == 2:
        facts["z_dim"] = dense.shape[1]
        if conv is not None and conv.ndim == 4 and conv.shape[1]:
            facts["resolution"] = math.isqrt(dense.shape[0] // conv.shape[1]) << len(blocks)
    if to_rgb is not None and to_rgb.ndim == 4:
        facts["channels"] = to_rgb.shape[0]
    return facts


def _matches(shapes: Mapping[str, tuple[int, ...]]) -> bool:
    return len(shapes.get("model.0.weight", ())) == 2 and any(map(_THEIR_BLOCK.match, shapes))


def _convert(state: StateDict) -> Converted:
    places = [int(match[1]) for match in map(_THEIR_BLOCK.match, state.shapes) if match]
    end = max(places) + 1
    tensors: dict[str, Tensor] = {}
    notes: list[str] = []

    def take(theirs: str, ours: str, *shape: int) -> None:
        tensors[f"{ours}.weight"] = state.take(f"{theirs}.weight", shape)
        tensors[f"{ours}.bias"] = state.take(f"{theirs}.bias", shape[:1])

    def take_conv(block: str, name: str, ours: str, *shape: int) -> None:
        by_name, by_place = f"{block}.{name}", f"{block}.{_BY_PLACE[name]}"
        if f"{by_place}.weight" not in state:
            # A program that wrote every tensor once may have dropped either name.
            take(by_name, ours, *shape)
            return
        take(by_place, ours, *shape)
        for part in ("weight", "bias"):
            twin = tensors[f"{ours}.{part}"]
            if f"{by_name}.{part}" in state and not torch.equal(
                state.look(f"{by_name}.{part}", twin.shape), twin
            ):
                # PyTorch reads both into the same place, so that the later one stays.
                notes.append(f"{by_name}.{part} is stored twice and differs; took {by_place}.{part}.")

    take("model.0", "dense", *state.shape("model.0.weight", ndim=2))
    channels = 0
    for index, place in enumerate(range(_FIRST_BLOCK, end)):
        theirs, ours = f"model.{place}", f"block{index}"
        conv = next((name for name in ("model.3", "conv1") if f"{theirs}.{name}.weight" in state), "model.3")
        width, below, *_ = state.shape(f"{theirs}.{conv}.weight", ndim=4)
        channels = channels or below
        tensors |= take_norm(state, f"{theirs}.model.0", f"{ours}.norm1", channels=channels)
        take_conv(theirs, "conv1", f"{ours}.conv1", width, channels, 3, 3)
        tensors |= take_norm(state, f"{theirs}.model.4", f"{ours}.norm2", channels=width)
        take_conv(theirs, "conv2", f"{ours}.conv2", width, width, 3, 3)
        if width != channels:
            take(f"{theirs}.bypass.1", f"{ours}.bypass", width, channels, 3, 3)
        channels = width
    tensors |= take_norm(state, f"model.{end}", "norm", channels=channels)
    last = f"model.{end + 2}"
    take(last, "to_rgb", state.shape(f"{last}.weight", ndim=4)[0], channels, 3, 3)
    state.ignore(_BY_NAME)
    state.finish()
    return Converted(tensors, notes=tuple(notes))


LAYOUT = Layout(
    name="warpedganspace-sngan",
    family=FAMILY,
    title="SNGAN of WarpedGANSpace",
    matches=_matches,
    convert=_convert,
)
