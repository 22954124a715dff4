"""FilmSaver: the film of a search into a file, as a job."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from latent_studio.ui.photo_twins import again_deed

if TYPE_CHECKING:
    from latent_studio.app.projector import Found
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.ui.api import DockContext
    from latent_studio.ui.photo_desk import PhotoItem


class FilmSaver(QObject):
    """Asks where to, and writes.

    Args:
        context: the window's parts.
        owner: widget the file dialog stands over.
    """

    def __init__(self, context: DockContext, owner: QWidget) -> None:
        super().__init__(owner)
        self._context = context
        self._owner = owner

    def ask(self, item: PhotoItem) -> None:
        """Ask where the film of a photo's search goes."""
        stem = Path(item.path or item.name).stem
        chosen, _ = QFileDialog.getSaveFileName(
            self._owner, self.tr("Save film"), f"{stem}-search.mp4", self.tr("Films (*.mp4 *.gif *.webp)")
        )
        if chosen:
            path = Path(chosen)
            self.save(item, path if path.suffix else path.with_suffix(".mp4"))

    def save(self, item: PhotoItem, path: Path) -> None:
        """Write the film of a photo's search."""
        if item.found is None:
            return
        self._context.jobs.start(
            self.tr("Film of {name}").format(name=item.name),
            partial(_write, path, item.found),
            on_done=self._tell,
            on_failed=self._context.messages.failure,
            twin=None
            if item.twin is None
            else partial(again_deed, item.twin, {"out": path.parent, "video": path.suffix.lstrip(".")}),
        )

    def _tell(self, path: Path) -> None:
        self._context.messages.success(self.tr("Saved {name}.").format(name=path.name))


def _write(path: Path, found: Found, progress: ProgressSink, cancel: CancelToken) -> Path:
    """Runs on the job thread."""
    from latent_studio.app.search_film import write_search_film

    cancel.check()
    write_search_film(path, found)
    return path
