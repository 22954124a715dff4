"""SequenceExporter: a folder of pictures, one a frame."""

from __future__ import annotations

import shutil
from contextlib import suppress
from typing import TYPE_CHECKING, Literal

from latent_studio.core.errors import ExportError
from latent_studio.exporters.part_file import check_folder_target, export_error, part_of
from latent_studio.exporters.still import save_still

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from latent_studio.exporters.film_settings import FilmSettings
    from latent_studio.exporters.still import StillFormat

SequenceId = Literal["png", "jpg"]
_NAME = "frame_{index:05d}.{suffix}"


class SequenceExporter:
    """Writes ``frame_00000.png`` and so on; see ``Exporter``.

    The pictures come into a folder of their own first and reach the target when all are there. In a folder
    that exists, pictures of the same name are replaced and other files stay. Every picture has the recipe.

    Args:
        id: ``png``, lossless, or ``jpg``.
    """

    suffix = ""

    def __init__(self, id: SequenceId) -> None:
        self.id: str = id
        self._format: StillFormat = id
        self._path: Path | None = None
        self._size = (0, 0)
        self._recipe = ""
        self._frames = 0

    def open(self, path: Path, *, size: tuple[int, int], fps: float, loop: int = 0, recipe: str = "") -> None:
        """See ``Exporter.open``; pictures know neither rate nor loop.

        Raises:
            ExportError: the disk refuses, or a file has the folder's name.
        """
        check_folder_target(path)
        part = part_of(path)
        try:
            if part.exists():
                shutil.rmtree(part)
            part.mkdir()
        except OSError as error:
            raise export_error(path, error) from error
        self._path, self._size, self._recipe, self._frames = path, size, recipe, 0

    def add(self, pixels: NDArray[np.uint8]) -> None:
        """See ``Exporter.add``."""
        width, height = self._size
        if pixels.shape[:2] != (height, width):
            raise ExportError(f"A frame has shape {pixels.shape}, the others have {(height, width)}.")
        name = _NAME.format(index=self._frames, suffix=self._format)
        save_still(part_of(self._opened()) / name, pixels, self._recipe, format=self._format)
        self._frames += 1

    def close(self) -> None:
        """See ``Exporter.close``."""
        path = self._opened()
        if not self._frames:
            self.abort()
            raise ExportError("There is no frame to write.", hint="Ask for at least one.")
        part = part_of(path)
        try:
            if path.exists():
                for picture in sorted(part.iterdir()):
                    picture.replace(path / picture.name)
                part.rmdir()
            else:
                part.rename(path)
        except OSError as error:
            self.abort()
            raise export_error(path, error) from error
        self._path = None

    def abort(self) -> None:
        """See ``Exporter.abort``."""
        if self._path is not None:
            with suppress(OSError):
                shutil.rmtree(part_of(self._path))
        self._path = None

    def _opened(self) -> Path:
        if self._path is None:
            raise ExportError("The folder is not open for writing.")
        return self._path


def make_png_sequence(settings: FilmSettings) -> SequenceExporter:
    """A folder of PNG pictures."""
    return SequenceExporter("png")


def make_jpeg_sequence(settings: FilmSettings) -> SequenceExporter:
    """A folder of JPEG pictures."""
    return SequenceExporter("jpg")
