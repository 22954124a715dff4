"""WindowState: where the window and its docks were, kept between runs."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QSettings

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtWidgets import QMainWindow

log = logging.getLogger(__name__)

#: Raised when docks are added or renamed, so that an old layout does not hide them.
_LAYOUT_VERSION = 4


class WindowState:
    """Geometry and dock layout in an INI file: opaque bytes of Qt, nothing else.

    Args:
        path: the file; its folder is made when first written to.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def restore_geometry(self, window: QMainWindow) -> None:
        """Give the window the place and size it had."""
        geometry = self._settings().value("geometry")
        if isinstance(geometry, QByteArray):
            window.restoreGeometry(geometry)

    def restore_layout(self, window: QMainWindow) -> None:
        """Put the docks where they were; a layout of another version is passed over."""
        layout = self._settings().value("layout")
        if isinstance(layout, QByteArray):
            window.restoreState(layout, _LAYOUT_VERSION)

    def save(self, window: QMainWindow) -> None:
        """Remember where everything is; what cannot be written is forgotten."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            log.warning("The window layout cannot be saved: %s", error)
            return
        settings = self._settings()
        settings.setValue("geometry", window.saveGeometry())
        settings.setValue("layout", window.saveState(_LAYOUT_VERSION))
        settings.sync()
        if settings.status() is not QSettings.Status.NoError:
            log.warning("The window layout cannot be saved in %s", self._path)

    def _settings(self) -> QSettings:
        return QSettings(str(self._path), QSettings.Format.IniFormat)
