"""Navigation: parts of the window asking for other parts to be shown, without knowing them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

if TYPE_CHECKING:
    from pathlib import Path


class Navigation(QObject):
    """Carries the wish to whoever can fulfil it."""

    #: The id of a view of the canvas.
    view_requested = Signal(str)
    #: The id of a dock.
    dock_requested = Signal(str)
    #: Two folders of pictures, with something and without it, are to become a direction.
    folders_given = Signal(object)

    def show_view(self, id: str) -> None:
        """Bring a view of the canvas to the front."""
        self.view_requested.emit(id)

    def show_dock(self, id: str) -> None:
        """Show a dock and give it the keyboard."""
        self.dock_requested.emit(id)

    def rate_folders(self, folders: tuple[Path, Path]) -> None:
        """Learn a direction from the pictures of two folders, with something and without it."""
        self.view_requested.emit("rating")
        self.folders_given.emit(folders)
