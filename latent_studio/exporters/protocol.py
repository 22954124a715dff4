"""Exporter: frames in, one file out."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray


class Exporter(Protocol):
    """Writes one animation. Same frames and settings, same bytes.

    ``open`` comes first, then ``add`` for every frame in order, then ``close`` or ``abort``. Memory does not
    grow with the number of frames. All raise ``ExportError`` when the disk refuses, ``abort`` never does.
    """

    @property
    def id(self) -> str:
        """Stable and unique, such as ``"gif"``."""

    @property
    def suffix(self) -> str:
        """Of the file, with the dot."""

    def open(self, path: Path, *, size: tuple[int, int], fps: float, loop: int, recipe: str) -> None:
        """Begin a file.

        Args:
            path: where the file will be once it is complete.
            size: ``(width, height)`` of every frame, in pixels.
            fps: frames per second.
            loop: how many times a viewer plays it; 0 is for ever.
            recipe: JSON text that says how the frames were made, stored in the file.
        """
        ...

    def add(self, pixels: NDArray[np.uint8]) -> None:
        """Append a frame, ``(height, width, C)`` uint8 with C of 1, 3 or 4, the same for all frames."""
        ...

    def close(self) -> None:
        """Finish the file and give it its name."""
        ...

    def abort(self) -> None:
        """Leave no trace. Safe at any time, also twice."""
        ...


@contextmanager
def aborting(exporter: Exporter) -> Iterator[None]:
    """Abort the exporter when the block ends in any exception, a cancelled job's included."""
    try:
        yield
    except BaseException:
        exporter.abort()
        raise
