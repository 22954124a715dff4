"""Running a generator's stages in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from latent_studio.generators.protocol import NoiseMaps, Stage


def run_stages(stages: Sequence[Stage], ws: Tensor, noise: NoiseMaps) -> Tensor:
    """All stages, from nothing to the picture.

    Args:
        stages: coarse to fine.
        ws: ``(N, num_ws, w_dim)`` float32.
        noise: the whole network's maps.

    Returns:
        ``(N, channels, resolution, resolution)`` float32.
    """
    features = rgb = None
    for stage in stages:
        features = stage.run(features, rgb, ws, noise)
        rgb = stage.to_rgb(features, ws)
    if rgb is None:
        raise AssertionError("the last stage of a generator gives a picture")
    return rgb
