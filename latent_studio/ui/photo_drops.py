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
_SUFFIXES = tuple(FILTER.replace("*", "").split())


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
        context.dropped.add_address_taker(self.take_address)
        context.actions["project_photo"].triggered.connect(self._ask)

    def take(self, path: Path, head: bytes) -> bool:
        """Whether a file is a picture that no session made, or a folder of pictures; faces are looked for."""
        # What is called a picture and is none is refused in the words for photos.
        is_named = path.suffix.lower() in _SUFFIXES
        is_ours = _holds_pictures(path) if path.is_dir() else is_named or is_picture(head)
        if not is_ours or _has_recipe(path):
            return False
        self._photos.add_files([str(path)])
        self._docking.bring("projection")
        return True

    def take_address(self, address: str) -> bool:
        """Fetch a picture from the web; that it is none is told when it is here."""
        self._photos.add_files([address])
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


def _holds_pictures(folder: Path) -> bool:
    """Whether a folder has photos in it and is not a pool, whose pictures have latents already."""
    if (folder / "pool.json").is_file():
        return False
    try:
        return any(path.suffix.lower() in _SUFFIXES for path in folder.iterdir())
    except OSError:
        return False


def _has_recipe(path: Path) -> bool:
    """Whether a session made it; dropping it brings that session back."""
    from latent_studio.exporters.recipe_text import read_recipe

    try:
        return read_recipe(path) is not None
    except (LatentStudioError, OSError):
        return False
