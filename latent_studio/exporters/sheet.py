"""SheetExporter: the frames of a film side by side in one picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from latent_studio.core.errors import ExportError
from latent_studio.exporters.part_file import check_target
from latent_studio.exporters.pixels import resized
from latent_studio.exporters.still import ContactSheet, save_still

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from latent_studio.exporters.film_settings import FilmSettings

#: Pictures on a sheet at most; a longer film shows every second, fourth ... of its frames.
FRAMES_AT_MOST = 400
#: Frames kept, in bytes; beyond it all of them are made half as large.
_KEPT_BYTES = 256 << 20


class SheetExporter:
    """Writes one contact sheet, row by row; see ``Exporter``.

    Args:
        columns: pictures in a row; about as many as rows when not given.
    """

    id = "sheet"
    suffix = ".png"

    def __init__(self, *, columns: int | None = None) -> None:
        self._columns = columns
        self._path: Path | None = None
        self._size = (0, 0)
        self._cell = (0, 0)
        self._recipe = ""
        self._kept: list[NDArray[np.uint8]] = []
        self._step = 1
        self._frames = 0

    def open(self, path: Path, *, size: tuple[int, int], fps: float, loop: int = 0, recipe: str = "") -> None:
        """See ``Exporter.open``; a sheet knows neither rate nor loop."""
        check_target(path)
        self._path, self._size, self._recipe = path, size, recipe
        self._cell, self._kept, self._step, self._frames = size, [], 1, 0

    def add(self, pixels: NDArray[np.uint8]) -> None:
        """See ``Exporter.add``."""
        width, height = self._size
        self._opened()
        if pixels.shape[:2] != (height, width):
            raise ExportError(f"A frame has shape {pixels.shape}, the others have {(height, width)}.")
        if self._frames % self._step == 0:
            if len(self._kept) == FRAMES_AT_MOST:
                del self._kept[1::2]
                self._step *= 2
            if self._frames % self._step == 0:
                self._keep(pixels)
        self._frames += 1

    def close(self) -> None:
        """See ``Exporter.close``."""
        path = self._opened()
        if not self._kept:
            self.abort()
            raise ExportError("There is no frame to write.", hint="Ask for at least one.")
        sheet = ContactSheet(len(self._kept), size=self._cell, columns=self._columns)
        for pixels in self._kept:
            sheet.add(pixels)
        is_jpeg = path.suffix.lower() in (".jpg", ".jpeg")
        save_still(path, sheet.pixels, self._recipe, format="jpg" if is_jpeg else "png")
        self.abort()

    def abort(self) -> None:
        """See ``Exporter.abort``."""
        self._path, self._kept = None, []

    def _keep(self, pixels: NDArray[np.uint8]) -> None:
        cell = resized(pixels, *self._cell)
        self._kept.append(cell.copy() if cell.flags.writeable else cell)
        if sum(kept.nbytes for kept in self._kept) > _KEPT_BYTES and min(self._cell) > 1:
            self._cell = (self._cell[0] // 2, self._cell[1] // 2)
            self._kept = [resized(kept, *self._cell) for kept in self._kept]

    def _opened(self) -> Path:
        if self._path is None:
            raise ExportError("The sheet is not open for writing.")
        return self._path


def make_sheet(settings: FilmSettings) -> SheetExporter:
    """A contact sheet as the settings want it."""
    return SheetExporter(columns=settings.columns)
