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
_LAYOUT_VERSION = 1


class WindowState:
    """Geometry and dock layout in an INI file: opaque bytes of Qt, nothing else.

    Args:
        path: the file; its folder is made when first written to.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def restore(self, window: QMainWindow) -> bool:
        """Put the window and its docks where they were.

        Returns:
            False when nothing was remembered, or by another version.
        """
        settings = self._settings()
        geometry, layout = settings.value("geometry"), settings.value("layout")
        if not (isinstance(geometry, QByteArray) and isinstance(layout, QByteArray)):
            return False
        window.restoreGeometry(geometry)
        return window.restoreState(layout, _LAYOUT_VERSION)

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
