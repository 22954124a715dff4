"""ListArea: a column of rows that scrolls up and down only."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget


class ListArea(QScrollArea):
    """Scrolls one widget; asks for a size that shows a list and not just a line.

    Args:
        width: wanted, in pixels.
        height: wanted, in pixels.
        parent: Qt owner.
    """

    def __init__(self, width: int, height: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wanted = QSize(width, height)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def sizeHint(self) -> QSize:
        """High enough for a list."""
        return self._wanted
