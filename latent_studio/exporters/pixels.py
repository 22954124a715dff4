"""Pictures as arrays, made ready for a file format."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latent_studio.exporters.film_settings import Resampling


def without_alpha(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Grey and RGB as they are; RGBA laid on white.

    Args:
        pixels: ``(H, W, C)`` uint8, C of 1, 3 or 4.

    Returns:
        ``(H, W, 1)`` or ``(H, W, 3)`` uint8.
    """
    if pixels.shape[2] != 4:
        return pixels
    colour, alpha = pixels[..., :3].astype(np.uint16), pixels[..., 3:].astype(np.uint16)
    return ((colour * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)


def to_image(pixels: NDArray[np.uint8]) -> Image.Image:
    """A Pillow image of ``(H, W, C)`` uint8, C of 1 (grey), 3 (RGB) or 4 (RGBA)."""
    return Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)


def size_with_side(shape: tuple[int, ...], side: int | None) -> tuple[int, int]:
    """Width and height of a picture whose longer side becomes ``side``.

    Args:
        shape: begins with its height and width.
        side: in pixels; ``None`` keeps its size.
    """
    high, wide = shape[:2]
    if side is None:
        return wide, high
    longer = max(high, wide)
    return max(1, round(side * wide / longer)), max(1, round(side * high / longer))


def resized(
    pixels: NDArray[np.uint8], width: int, height: int, *, resampling: Resampling = "lanczos"
) -> NDArray[np.uint8]:
    """The picture at another size; the same array when the size fits already.

    Args:
        pixels: ``(H, W, C)`` uint8.
        width: wanted, in pixels.
        height: wanted, in pixels.
        resampling: ``nearest`` keeps pixels as squares, ``box`` averages, the others are smooth.

    Returns:
        ``(height, width, C)`` uint8.
    """
    if pixels.shape[:2] == (height, width):
        return pixels
    image = to_image(pixels).resize((width, height), Image.Resampling[resampling.upper()])
    return np.asarray(image, dtype=np.uint8).reshape(height, width, pixels.shape[2])
