"""Numbers added to single channels of layers' styles, as one vector for each layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from latent_studio.core.errors import IncompatibleLatentError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from latent_studio.core.edits import StyleOffsets
    from latent_studio.generators.protocol import StyleLayer


def offset_vectors(
    layers: Sequence[StyleLayer], offsets: StyleOffsets, *, device: torch.device
) -> dict[str, Tensor]:
    """What is added to each layer's style, ``(channels,)`` float32; layers without an offset are left out.

    Raises:
        IncompatibleLatentError: there is no such layer or channel.
    """
    known = {layer.name: layer for layer in layers}
    found: dict[str, Tensor] = {}
    for name, channel, amount in offsets:
        layer = known.get(name)
        if layer is None or not 0 <= channel < layer.channels:
            there = "no such layer" if layer is None else f"{layer.channels} channels"
            raise IncompatibleLatentError(
                f"Channel {channel} of {name} is to be moved, but this model has {there}.",
                hint="The channel was found on another model.",
            )
        vector = found.setdefault(name, torch.zeros(layer.channels, device=device))
        vector[channel] += amount
    return found
