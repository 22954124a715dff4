"""FilmWriter: frames to an exporter on a thread of its own, so that the next picture renders meanwhile."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from latent_studio.exporters.protocol import Exporter

#: Frames that may wait for the exporter: enough to bridge a slow one, and no memory worth speaking of.
_WAITING = 4


class FilmWriter:
    """Hands frames over in their order, one at a time: the same bytes as without it.

    Args:
        exporter: open; nobody else uses it until ``finish`` or ``stop``.
    """

    def __init__(self, exporter: Exporter) -> None:
        self._exporter = exporter
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="film")
        self._waiting: deque[Future[None]] = deque()
        self._failed = False
        self.written = 0

    def add(self, make: Callable[[], NDArray[np.uint8]]) -> None:
        """Append a frame; waits while too many do.

        Args:
            make: gives the frame at its final size; called on the writer's thread.

        Raises:
            ExportError: an earlier frame could not be written.
        """
        while len(self._waiting) >= _WAITING:
            self._waiting.popleft().result()
        self._waiting.append(self._pool.submit(self._write, make))

    def finish(self) -> None:
        """Wait until all frames are written.

        Raises:
            ExportError: one could not be.
        """
        while self._waiting:
            self._waiting.popleft().result()
        self._pool.shutdown()

    def stop(self) -> None:
        """Write no further frame; the one that is being written ends. Safe at any time, also twice."""
        self._pool.shutdown(cancel_futures=True)

    def _write(self, make: Callable[[], NDArray[np.uint8]]) -> None:
        if self._failed:
            return
        try:
            self._exporter.add(make())
        except BaseException:
            # What comes after a frame that is missing is no film.
            self._failed = True
            raise
        self.written += 1
