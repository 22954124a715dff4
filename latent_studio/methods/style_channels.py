"""Channels of style space as directions: one for each channel of a layer, measured in its own deviation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from latent_studio.core.directions import DirectionInfo
from latent_studio.core.errors import IncompatibleLatentError, UnsupportedOperationError
from latent_studio.core.style_channels import StyleChannel
from latent_studio.generators.protocol import StyledGenerator

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from latent_studio.generators.protocol import Generator

#: A channel that varies less than this is the same for all pictures.
_STILL = 1e-7


def style_channels(
    generator: Generator, layer: str, ws_samples: NDArray[np.float32], *, model_sha256: str = ""
) -> list[StyleChannel]:
    """The channels of a layer's style that vary, those that vary most first.

    Args:
        generator: with styles that can be moved.
        layer: its name, such as ``"b32.conv0"``.
        ws_samples: ``(n, w_dim)`` float32, w of random seeds, to measure each channel's deviation by.
        model_sha256: written into each one's ``info``.

    Raises:
        UnsupportedOperationError: the family has no such styles.
        IncompatibleLatentError: there is no such layer; the hint lists those there are.
    """
    if not isinstance(generator, StyledGenerator) or not generator.spec.has_styles:
        raise UnsupportedOperationError(
            f"Single channels of a {generator.spec.family} cannot be moved.",
            hint="Style space is there for StyleGAN, StyleGAN2 and StyleGAN3.",
        )
    found = next((one for one in generator.style_layers if one.name == layer), None)
    if found is None:
        names = ", ".join(one.name for one in generator.style_layers)
        raise IncompatibleLatentError(f"This model has no layer {layer!r}.", hint=f"It has {names}.")
    w = torch.from_numpy(ws_samples).to(generator.device)
    with torch.inference_mode():
        ws = w[:, None].expand(-1, generator.spec.num_ws, -1)
        deviations = generator.styles(ws)[layer].std(dim=0).cpu()
    order = torch.argsort(deviations, descending=True, stable=True).tolist()
    return [
        StyleChannel(
            layer,
            channel,
            row=found.row,
            unit=float(deviations[channel]),
            info=DirectionInfo(
                "channel", model_sha256, {"layer": layer, "channel": channel, "resolution": found.resolution}
            ),
        )
        for channel in order
        if float(deviations[channel]) > _STILL
    ]
