"""Pixels: a network's float picture to the bytes a screen or a file takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from latent_studio.core.errors import ModelError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor


def to_pixels(image: Tensor) -> NDArray[np.uint8]:
    """Convert by the field's rule: ``x * 127.5 + 128``, clamped to 0..255, truncated.

    The conversion runs on the picture's device, so only bytes are copied from a GPU.

    Args:
        image: ``(1, C, H, W)`` float, nominally in [-1, 1].

    Returns:
        ``(H, W, C)`` uint8, read-only, memory of its own.

    Raises:
        ModelError: the picture holds values that are not finite.
    """
    if not bool(torch.isfinite(image).all()):
        raise ModelError(
            "The picture holds values that are not finite.",
            hint="Move the sliders nearer to zero; if that does not help, the model file is damaged.",
        )
    scaled = image[0].permute(1, 2, 0).float() * 127.5 + 128
    converted = scaled.clamp_(0, 255).to(torch.uint8).contiguous()
    if converted.device.type == "cuda":
        host = torch.empty(converted.shape, dtype=torch.uint8, pin_memory=True)
        host.copy_(converted, non_blocking=True)
        torch.cuda.current_stream(converted.device).synchronize()
        converted = host
    pixels: NDArray[np.uint8] = converted.numpy()
    pixels.flags.writeable = False
    return pixels
