"""FilmOrder: in which order the frames of a film are rendered ahead."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Wherever the hand goes, a picture of the sketch is at most half of this away.
_SKETCH_SECONDS = 0.25
#: The sketch of a long film is thinner: what stands around the playhead must not wait for it too long.
_MOST_SKETCHED = 240


class FilmOrder:
    """Frames in the order in which they are worth having.

    Args:
        frames: of the film, at least one.
        fps: frames per second.
    """

    def __init__(self, frames: int, fps: float) -> None:
        self._frames = frames
        self._stride = max(1, round(fps * _SKETCH_SECONDS), math.ceil(frames / _MOST_SKETCHED))

    @property
    def reach(self) -> int:
        """Frames from any frame to the nearest one of the sketch, at most."""
        return math.ceil(self._stride / 2)

    def sketch(self) -> Iterator[int]:
        """Frames at even distances all over the film, each round between those of the rounds before."""
        marks = range(0, self._frames, self._stride)
        step = 1 << (len(marks) - 1).bit_length()
        yield marks[0]
        while step > 1:
            yield from marks[step // 2 :: step]
            step //= 2
        if marks[-1] != self._frames - 1:
            yield self._frames - 1

    def around(self, here: int, count: int) -> Iterator[int]:
        """The nearest ``count`` frames, the nearest first."""
        reached = (
            frame
            for offset in range(self._frames)
            for frame in dict.fromkeys((here + offset, here - offset))
            if 0 <= frame < self._frames
        )
        return (frame for _, frame in zip(range(count), reached, strict=False))

    def onwards(self, here: int, count: int) -> Iterator[int]:
        """The ``count`` frames that come when the film plays, round its end."""
        return ((here + offset) % self._frames for offset in range(min(count, self._frames)))
