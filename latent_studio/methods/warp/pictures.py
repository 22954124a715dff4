"""Pictures for training: no larger than the reconstructor looks at, by ending synthesis early if possible."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

from latent_studio.generators.protocol import Features

if TYPE_CHECKING:
    from torch import Tensor

    from latent_studio.generators.protocol import Generator


def render_small(generator: Generator, ws: Tensor, side: int) -> Tensor:
    """Render at a given side.

    A family that has a picture at an earlier stage, as StyleGAN2 has, stops there: a quarter of the work for
    half the side. Others run to the end, and the picture is averaged down.

    Args:
        generator: any family.
        ws: ``(N, num_ws, w_dim)`` float32; may carry a graph.
        side: in pixels; at most the model's own.

    Returns:
        ``(N, channels, side, side)`` float32, nominally in [-1, 1].
    """
    noise = generator.noise_maps("const")
    features: Features | None = None
    rgb: Tensor | None = None
    for stage in generator.stages:
        features = stage.run(features, rgb, ws, noise)
        if features.rgb is None and features.x.ndim == 4:
            # Convolutions with a gradient are faster in this memory format, and all later maps keep it.
            features = Features(features.x.contiguous(memory_format=torch.channels_last), None)
        rgb = stage.to_rgb(features, ws)
        if stage.has_preview and stage.resolution >= side:
            break
    if rgb is None:
        raise AssertionError("the last stage of a generator gives a picture")
    return rgb if rgb.shape[-2:] == (side, side) else F.adaptive_avg_pool2d(rgb, side)
