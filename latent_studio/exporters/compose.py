"""Frames put together: side by side, and with a caption burnt in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

#: Between pictures side by side: the window's own dark ground.
_GROUND = (22, 24, 29)


def beside(pictures: Sequence[NDArray[np.uint8]], *, gap: int) -> NDArray[np.uint8]:
    """Pictures of one height in a row.

    Args:
        pictures: ``(H, W, C)`` uint8 each; grey, RGB and RGBA may be mixed.
        gap: pixels between two of them.

    Returns:
        ``(H, sum of W and gaps, 3)`` uint8.
    """
    from latent_studio.exporters.pixels import without_alpha

    height = pictures[0].shape[0]
    width = sum(picture.shape[1] for picture in pictures) + gap * (len(pictures) - 1)
    whole = np.empty((height, width, 3), np.uint8)
    whole[:] = _GROUND
    left = 0
    for picture in pictures:
        # Grey spreads over the three colours by itself.
        whole[:, left : left + picture.shape[1]] = without_alpha(picture)
        left += picture.shape[1] + gap
    return whole


def captioned(pixels: NDArray[np.uint8], text: str) -> NDArray[np.uint8]:
    """The picture with a line of text in its lower left corner, on a dark band as wide as the text.

    Args:
        pixels: ``(H, W, C)`` uint8.
        text: one line; what does not fit is cut off at the right edge.

    Returns:
        ``(H, W, C)`` uint8, of the same shape.
    """
    height, width, channels = pixels.shape
    size = max(9, height // 24)
    font = ImageFont.load_default(size)
    image = Image.fromarray(np.repeat(pixels, 3, axis=2) if channels == 1 else pixels)
    draw = ImageDraw.Draw(image)
    pad = max(2, size // 3)
    right = min(width, pad * 2 + int(draw.textlength(text, font=font)) + 1)
    top = max(0, height - size - 2 * pad)
    opaque = (255,) if channels == 4 else ()
    draw.rectangle((0, top, right, height), fill=(*_GROUND, *opaque))
    draw.text((pad, top + pad), text, font=font, fill=(255, 255, 255, *opaque), anchor="lt")
    found = np.asarray(image, dtype=np.uint8)
    return found[..., :1] if channels == 1 else found
