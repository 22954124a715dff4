"""Normalisations as ``torch.nn.BatchNorm2d`` stores them, in our names."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from latent_studio.checkpoints.state_dicts import StateDict

_PARTS = MappingProxyType({"gain": "weight", "bias": "bias", "mean": "running_mean", "var": "running_var"})


def take_norm(state: StateDict, theirs: str, ours: str, *, channels: int) -> dict[str, Tensor]:
    """The four tensors of a normalisation.

    Args:
        state: to take them from.
        theirs: the file's name for it, such as ``"main.1"``.
        ours: our name for it, such as ``"layer0.norm"``.
        channels: how many it must have.

    Returns:
        ``ours.gain``, ``.bias``, ``.mean`` and ``.var``, each ``(channels,)``.

    Raises:
        MissingWeightsError: one is not there, or has another shape.
    """
    return {f"{ours}.{part}": state.take(f"{theirs}.{name}", (channels,)) for part, name in _PARTS.items()}
