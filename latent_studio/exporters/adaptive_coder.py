"""AdaptiveCoder: the best GIF for its size, with a palette that follows the clip.

Three ideas work together. Every frame brings its own palette, moved from the one before by k-means on the
pixels that have to change. A pixel stays as it is as long as that is hardly worse than the best colour there
is. And among colours that are hardly worse than the best one, a pixel takes that of its left neighbour, since
runs are what GIF's compression (LZW) is good at. "Hardly" is a share of the palette's own error, so calm
drawings stay exact, and photographs, whose colours are never met exactly, become several times smaller.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from latent_studio.exporters.gif_coder import KEEP, CodedFrame, rectangle_of
from latent_studio.exporters.palette import COLOURS, build_palette, squared_distances

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: How much worse, in squared levels over three channels: share of the palette's mean error, and its bounds.
_HARDLY, _HARDLY_LEAST, _HARDLY_MOST = 1.0, 6.0, 60.0
#: A pixel whose left neighbour stays may stay itself at this many times the price: runs of either are cheap.
_RUN = 2.5
_SAMPLE = 12_000
_STEPS = 2
_CHUNK = 1 << 14


class AdaptiveCoder:
    """See the module. Codes frames of three channels; the same frames give the same places.

    Args:
        first: the clip's first frame, ``(H, W, 3)`` uint8.
    """

    def __init__(self, first: NDArray[np.uint8]) -> None:
        self.palette = build_palette([first], refinements=12, colours=KEEP)
        self._colours = self.palette[:KEEP].astype(np.float32)
        self._before = first
        #: Colours on the screen, ``(H, W, 3)``.
        self._shown: NDArray[np.float32] | None = None
        self._hardly = _HARDLY_LEAST
        self._drawn = np.random.default_rng(0)

    def code(self, frame: NDArray[np.uint8], /) -> CodedFrame:
        """See ``FrameCoder``."""
        wanted, shown = frame.astype(np.float32), self._shown
        if shown is None:
            staying = np.full(frame.shape[:2], np.inf, np.float32)
        else:
            staying = ((wanted - shown) ** 2).sum(axis=2)
            # A picture at rest is at rest: a palette that moves must not make it shimmer.
            staying[(frame == self._before).all(axis=2)] = 0.0
            self._move_palette(wanted[staying > self._hardly])
        palette = np.zeros((COLOURS, 3), np.uint8)
        palette[:KEEP] = np.rint(self._colours).clip(0, 255)
        few = _few_colours(frame[staying > self._hardly])
        palette[: len(few)] = few
        exact = palette[:KEEP].astype(np.float32)
        # What stays anyway needs no colour, which is most of a calm clip.
        open_ = staying > self._hardly
        nearest = np.zeros(frame.shape[:2], np.int32)
        error = np.zeros(frame.shape[:2], np.float32)
        nearest[open_], error[open_] = _nearest(wanted[open_], exact)
        places = self._choose(wanted, staying, nearest, error, exact)
        if open_.any():
            self._hardly = float(np.clip(_HARDLY * error[open_].mean(), _HARDLY_LEAST, _HARDLY_MOST))
        changed = places != KEEP
        new = exact[np.where(changed, places, 0)]
        self._shown = new if shown is None else np.where(changed[..., None], new, shown)
        self._before = frame.copy() if frame.flags.writeable else frame
        top, left, bottom, right = (0, 0, *frame.shape[:2]) if shown is None else rectangle_of(changed)
        return CodedFrame(left, top, places[top:bottom, left:right], palette)

    def _move_palette(self, pixels: NDArray[np.float32]) -> None:
        """K-means on pixels that have to change; colours that nobody needs go where they are missed."""
        if len(pixels) < COLOURS:
            return
        if len(pixels) > _SAMPLE:
            pixels = pixels[self._drawn.integers(0, len(pixels), _SAMPLE)]
        for _ in range(_STEPS):
            nearest, error = _nearest(pixels, self._colours)
            count = np.bincount(nearest, minlength=KEEP)
            sums = [np.bincount(nearest, pixels[:, channel], KEEP) for channel in range(3)]
            centres = np.stack(sums, axis=1) / np.maximum(count, 1)[:, None]
            colours = np.where(count[:, None] > 0, centres, self._colours).astype(np.float32)
            idle = np.flatnonzero(count == 0)
            # Every fourth of the worst, so that not all go to one place.
            missed = np.argsort(-error, kind="stable")[: 4 * len(idle) : 4]
            colours[idle[: len(missed)]] = pixels[missed]
            self._colours = colours

    def _choose(
        self,
        wanted: NDArray[np.float32],
        staying: NDArray[np.float32],
        nearest: NDArray[np.int32],
        error: NDArray[np.float32],
        palette: NDArray[np.float32],
    ) -> NDArray[np.uint8]:
        """Places of all pixels, column by column: stay, else go with the left neighbour, else the nearest."""
        height, width = staying.shape
        places = np.empty((height, width), np.uint8)
        before = np.full(height, KEEP, np.int32)
        stays_before = np.zeros(height, np.bool_)
        for x in range(width):
            like_left = ((wanted[:, x] - palette[np.where(before == KEEP, 0, before)]) ** 2).sum(axis=1)
            joins = (before != KEEP) & (like_left <= error[:, x] + self._hardly)
            chosen = np.where(joins, before, nearest[:, x])
            price = np.where(stays_before, _RUN * self._hardly, self._hardly)
            stays = staying[:, x] <= error[:, x] + price
            chosen[stays] = KEEP
            places[:, x] = chosen
            before, stays_before = chosen, stays
        return places


def _few_colours(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The colours of some pixels, ``(K, 3)``, where a palette holds them all; none where it does not."""
    if len(pixels) > _SAMPLE:
        return pixels[:0]
    colours = np.unique(pixels, axis=0)
    return colours if len(colours) <= KEEP else pixels[:0]


def _nearest(
    pixels: NDArray[np.float32], palette: NDArray[np.float32]
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Place and squared distance of the nearest colour, ``(N,)`` each."""
    place = np.empty(len(pixels), np.int32)
    error = np.empty(len(pixels), np.float32)
    for start in range(0, len(pixels), _CHUNK):
        distances = squared_distances(pixels[start : start + _CHUNK], palette)
        best = distances.argmin(axis=1)
        place[start : start + _CHUNK] = best
        error[start : start + _CHUNK] = distances[np.arange(len(best)), best]
    return place, error
