"""The desktop around the window: folders and links."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices


def open_folder(path: str) -> None:
    """Show the folder of a file in the desktop's file browser."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(Path(path).parent)))
