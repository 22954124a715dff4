"""FrameCoder: from a frame in true colours to what a GIF stores of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from latent_studio.exporters.dither import NearestColour, OrderedPairs
from latent_studio.exporters.palette import COLOURS, build_palette, squared_distances

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from latent_studio.exporters.dither import Dither

#: The place in the palette that leaves a pixel as the frame before left it.
KEEP = COLOURS - 1
#: Squared error of a scene's palette that another scene is told by, over its first one, and at least.
_SCENE_RATIO, _SCENE_LEAST = 2.0, 12.0
_SCENE_SAMPLE = 4096


@dataclass(frozen=True, slots=True)
class CodedFrame:
    """What changes with a frame.

    Attributes:
        left: of the rectangle that changes, in pixels.
        top: the same.
        places: ``(h, w)`` uint8, places in the palette.
        palette: ``(256, 3)`` uint8 of this frame alone; ``None`` takes the clip's.
        keeps: whether ``KEEP`` means "as before".
    """

    left: int
    top: int
    places: NDArray[np.uint8]
    palette: NDArray[np.uint8] | None = None
    keeps: bool = True


class FrameCoder(Protocol):
    """Codes the frames of one clip in order."""

    @property
    def palette(self) -> NDArray[np.uint8]:
        """``(256, 3)`` uint8: the clip's own, for frames that bring none."""

    def code(self, frame: NDArray[np.uint8], /) -> CodedFrame:
        """Code the next frame, ``(H, W, 3)`` or ``(H, W, 1)`` uint8."""


class GreyCoder:
    """Keeps all 256 levels of grey; stores the rectangle that changes."""

    def __init__(self) -> None:
        self.palette = np.repeat(np.arange(COLOURS, dtype=np.uint8)[:, None], 3, axis=1)
        self._before: NDArray[np.uint8] | None = None

    def code(self, frame: NDArray[np.uint8], /) -> CodedFrame:
        """See ``FrameCoder``."""
        places, before = frame[..., 0], self._before
        self._before = places.copy()
        if before is None:
            return CodedFrame(0, 0, self._before, keeps=False)
        top, left, bottom, right = rectangle_of(places != before)
        return CodedFrame(left, top, self._before[top:bottom, left:right], keeps=False)


class ClipCoder:
    """One palette for the whole clip, or for each of its scenes. What does not change is not stored again.

    Args:
        frames: ``(h, w, 3)`` uint8 each, of any size: a sub-sample of the clip to choose the palette from.
        size: ``(width, height)`` of the frames.
        refinements: see ``build_palette``.
        dithered: mix colours in a fixed pattern where the palette is too coarse.
        by_scene: choose a new palette wherever the old one fits badly.
    """

    def __init__(
        self,
        frames: Sequence[NDArray[np.uint8]],
        *,
        size: tuple[int, int],
        refinements: int,
        dithered: bool,
        by_scene: bool = False,
    ) -> None:
        self._size, self._refinements, self._dithered = size, refinements, dithered
        self._by_scene = by_scene
        self.palette = build_palette(frames, refinements=refinements, colours=KEEP)
        self._current = self.palette
        self._dither = self._make_dither()
        self._scene_error: float | None = None
        #: Places on the screen, and the palette they are of.
        self._shown: tuple[NDArray[np.uint8], NDArray[np.uint8]] | None = None

    def code(self, frame: NDArray[np.uint8], /) -> CodedFrame:
        """See ``FrameCoder``."""
        if self._by_scene:
            self._follow_scene(frame)
        places, shown = self._dither(frame), self._shown
        self._shown = places, self._current
        own = None if self._current is self.palette else self._current
        if shown is None:
            return CodedFrame(0, 0, places, own)
        if shown[1] is self._current:
            changed = places != shown[0]
        else:
            changed = (self._current[places] != shown[1][shown[0]]).any(axis=2)
        top, left, bottom, right = rectangle_of(changed)
        kept = np.where(changed, places, np.uint8(KEEP))
        return CodedFrame(left, top, kept[top:bottom, left:right], own)

    def _make_dither(self) -> Dither:
        colours = self._current[:KEEP]
        return OrderedPairs(colours, size=self._size) if self._dithered else NearestColour(colours)

    def _follow_scene(self, frame: NDArray[np.uint8]) -> None:
        pixels = frame.reshape(-1, 3)
        sample = pixels[:: max(1, len(pixels) // _SCENE_SAMPLE) | 1].astype(np.float32)
        error = float(squared_distances(sample, self._current[:KEEP].astype(np.float32)).min(axis=1).mean())
        if self._scene_error is not None and error <= max(_SCENE_LEAST, _SCENE_RATIO * self._scene_error):
            return
        if self._scene_error is not None:
            self._current = build_palette([frame], refinements=self._refinements, colours=KEEP)
            self._dither = self._make_dither()
            error = float(
                squared_distances(sample, self._current[:KEEP].astype(np.float32)).min(axis=1).mean()
            )
        self._scene_error = error


def rectangle_of(changed: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """Top, left, bottom and right of what is true; one pixel where nothing is, since a frame has some."""
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    if not len(rows):
        return 0, 0, 1, 1
    return int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1
