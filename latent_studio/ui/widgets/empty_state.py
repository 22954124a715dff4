"""EmptyState: says why there is nothing here, with buttons for what can be done about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class EmptyAction:
    """One thing to do.

    Attributes:
        name: the button's object name.
        text: what it says.
        tooltip: one sentence on what it does.
        do: called when it is clicked.
    """

    name: str
    text: str
    tooltip: str
    do: Callable[[], object]


class EmptyState(QWidget):
    """A sentence or two in the middle, and buttons below."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._label = QLabel(self)
        self._label.setObjectName("emptyText")
        self._label.setProperty("muted", True)
        self._label.setWordWrap(True)
        self._label.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self._buttons: list[QPushButton] = []
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(12, 16, 12, 12)
        self._layout.setSpacing(8)
        self._layout.addWidget(self._label)
        self._layout.addStretch(1)

    def text(self) -> str:
        """What it says."""
        return self._label.text()

    def setWords(self, text: str, actions: tuple[EmptyAction, ...] = ()) -> None:
        """Say something else."""
        self._label.setText(text)
        for button in self._buttons:
            self._layout.removeWidget(button)
            button.hide()
            button.deleteLater()
        self._buttons = []
        for place, action in enumerate(actions):
            button = QPushButton(action.text, self)
            button.setObjectName(action.name)
            button.setAccessibleName(action.text)
            button.setToolTip(action.tooltip)
            button.clicked.connect(action.do)
            self._layout.insertWidget(1 + place, button, 0, Qt.AlignmentFlag.AlignHCenter)
            self._buttons.append(button)
