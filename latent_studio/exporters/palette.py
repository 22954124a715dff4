"""A clip's palette: the few colours that stand for all of its frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

#: A GIF's palette.
COLOURS = 256
#: Frames and pixels looked at; more of either changes the palette of a smooth clip very little.
SAMPLED_FRAMES = 16
SAMPLED_PIXELS = 1 << 17
#: Median cut takes long and only begins: it sees one in so many of them.
_CUT_STEP = 11
#: Pixels are gathered into cells of this many bits per channel while the palette is refined, first and last.
_COARSE_BITS, _FINE_BITS = 5, 6
#: Share of the refinements that is made on fine cells.
_FINE_SHARE = 1 / 3


def build_palette(
    frames: Sequence[NDArray[np.uint8]], *, refinements: int, colours: int = COLOURS
) -> NDArray[np.uint8]:
    """Choose a palette: median cut (Heckbert 1982), then k-means on a histogram, coarse and then fine.

    Args:
        frames: ``(H, W, 3)`` uint8 each; a sub-sample of the clip, taken evenly.
        refinements: k-means steps; four gain 2 dB over median cut on a clip of photographs.
        colours: how many places are used, the first ones.

    Returns:
        ``(256, 3)`` uint8. Few colours are repeated to fill it.
    """
    chosen = sample_evenly(frames, SAMPLED_FRAMES)
    pixels = np.concatenate([frame.reshape(-1, 3) for frame in chosen])
    # An odd stride does not fall in step with rows, whose length is mostly a power of two.
    pixels = pixels[:: max(1, len(pixels) // SAMPLED_PIXELS) | 1]
    # A small clip has no pixel to spare.
    step = _CUT_STEP if len(pixels) > 16 * colours * _CUT_STEP else 1
    cut = Image.fromarray(np.ascontiguousarray(pixels[::step])[None]).quantize(
        colours, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE
    )
    start = np.array(cut.getpalette("RGB"), dtype=np.uint8).reshape(-1, 3)[:colours]
    fine = round(_FINE_SHARE * refinements)
    palette = _refine(start.astype(np.float32), pixels, refinements - fine, bits=_COARSE_BITS)
    palette = _refine(palette, pixels, fine, bits=_FINE_BITS)
    rounded = np.rint(palette).astype(np.uint8)
    return np.resize(rounded, (COLOURS, 3))


def sample_evenly(frames: Sequence[NDArray[np.uint8]], count: int) -> list[NDArray[np.uint8]]:
    """At most ``count`` of the frames, spread over the clip, its ends included."""
    places = np.unique(np.linspace(0, len(frames) - 1, min(count, len(frames))).round().astype(int))
    return [frames[place] for place in places]


def squared_distances(points: NDArray[np.float32], palette: NDArray[np.float32]) -> NDArray[np.float32]:
    """Squared distance of every point to every colour.

    Args:
        points: ``(N, 3)`` float32, 0 to 255.
        palette: ``(K, 3)`` float32, 0 to 255.

    Returns:
        ``(N, K)`` float32.
    """
    # Channel by channel: the same on any number of threads, unlike a matrix product.
    total = np.zeros((len(points), len(palette)), np.float32)
    for channel in range(3):
        difference = points[:, channel, None] - palette[None, :, channel]
        difference *= difference
        total += difference
    return total


def _refine(
    palette: NDArray[np.float32], pixels: NDArray[np.uint8], refinements: int, *, bits: int
) -> NDArray[np.float32]:
    cells = (pixels >> (8 - bits)).astype(np.int32)
    keys = (cells[:, 0] << 2 * bits) | (cells[:, 1] << bits) | cells[:, 2]
    _, place, counts = np.unique(keys, return_inverse=True, return_counts=True)
    sums = np.stack([np.bincount(place, weights=pixels[:, channel]) for channel in range(3)], axis=1)
    means = (sums / counts[:, None]).astype(np.float32)
    for _ in range(refinements):
        nearest = squared_distances(means, palette).argmin(axis=1)
        weight = np.bincount(nearest, counts, len(palette))
        moved = [np.bincount(nearest, sums[:, channel], len(palette)) for channel in range(3)]
        centres = np.stack(moved, axis=1) / np.maximum(weight, 1)[:, None]
        palette = np.where(weight[:, None] > 0, centres, palette).astype(np.float32)
    return palette
