"""PhotoDrops: photos that reach the window from outside, by a drop or the menu, go to the projection dock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QFileDialog, QMainWindow

from latent_studio.core.errors import LatentStudioError

if TYPE_CHECKING:
    from pathlib import Path

    from latent_studio.ui.api import DockContext
    from latent_studio.ui.docking import Docking

_MAGIC = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\x00", b"MM\x00*")
_BOX_MAGIC = (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypavif", b"ftyphevc")
#: What a file dialog offers first.
FILTER = "*.png *.jpg *.jpeg *.webp *.tif *.tiff *.bmp *.gif *.heic *.heif"


class PhotoDrops(QObject):
    """Takes pictures dropped on the window, and the ones chosen by the menu.

    Args:
        window: its owner.
        context: the window's parts.
        docking: shows the dock.
    """

    def __init__(self, window: QMainWindow, context: DockContext, *, docking: Docking) -> None:
        super().__init__(window)
        self._window = window
        self._photos = context.photos
        self._docking = docking
        context.dropped.add_taker(self.take)
        context.actions["project_photo"].triggered.connect(self._ask)

    def take(self, path: Path, head: bytes) -> bool:
        """Whether a file is a picture that no session made; then its face is looked for."""
        if not is_picture(head) or _has_recipe(path):
            return False
        self._photos.add_files([str(path)])
        self._docking.bring("projection")
        return True

    @Slot()
    def _ask(self) -> None:
        chosen, _ = QFileDialog.getOpenFileNames(
            self._window,
            self.tr("Choose photos"),
            "",
            self.tr("Pictures ({patterns});;All files (*)").format(patterns=FILTER),
        )
        if chosen:
            self._photos.add_files(chosen)
        self._docking.bring("projection")


def is_picture(head: bytes) -> bool:
    """Whether a file's first bytes are those of a picture."""
    if head.startswith(_MAGIC) or head[4:12] in _BOX_MAGIC:
        return True
    return head[:4] == b"RIFF" and head[8:12] == b"WEBP"


def _has_recipe(path: Path) -> bool:
    """Whether a session made it; dropping it brings that session back."""
    from latent_studio.exporters.recipe_text import read_recipe

    try:
        return read_recipe(path) is not None
    except (LatentStudioError, OSError):
        return False
