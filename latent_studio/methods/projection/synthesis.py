"""Pictures on the way of a search: of any stage, differentiable, always RGB."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor

    from latent_studio.generators.protocol import Features, Generator, NoiseMaps


def preview_stages(generator: Generator) -> tuple[int, ...]:
    """Indices of the stages that give a picture, coarse to fine; the last stage always does."""
    return tuple(index for index, stage in enumerate(generator.stages) if stage.has_preview)


def picture_at(generator: Generator, ws: Tensor, noise: NoiseMaps, *, stage: int) -> Tensor:
    """The picture after a stage, ``(N, 3, r, r)``; grey models repeat their channel, opacity is left out.

    Args:
        generator: the model.
        ws: ``(N, num_ws, w_dim)``.
        noise: the whole network's maps.
        stage: index of a stage with a preview.
    """
    features: Features | None = None
    rgb: Tensor | None = None
    for one in generator.stages[: stage + 1]:
        features = one.run(features, rgb, ws, noise)
        rgb = one.to_rgb(features, ws)
    if rgb is None:
        raise ValueError(f"stage {stage} gives no picture")
    return as_rgb(rgb)


def as_rgb(images: Tensor) -> Tensor:
    """``(N, 1, 3 or 4, H, W)`` as ``(N, 3, H, W)``."""
    return images.expand(-1, 3, -1, -1) if images.shape[1] == 1 else images[:, :3]


def at_side(images: Tensor, side: int) -> Tensor:
    """Pictures made smaller by averaging areas, or larger smoothly; as they are if the side fits."""
    if images.shape[-1] == side:
        return images
    if images.shape[-1] > side:
        return functional.interpolate(images, size=(side, side), mode="area")
    return functional.interpolate(
        images, size=(side, side), mode="bicubic", align_corners=False, antialias=False
    )


def ws_of(w: Tensor, num_ws: int) -> Tensor:
    """``(w_dim,)`` or ``(num_ws, w_dim)`` as ws ``(1, num_ws, w_dim)``."""
    return (w.expand(num_ws, -1) if w.ndim == 1 else w)[None]


def clamped(images: Tensor) -> Tensor:
    """As a saved picture shows them; for scores, never inside a loss, where it would kill gradients."""
    return torch.clamp(images, -1, 1)
