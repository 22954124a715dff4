"""SettingRow: one setting with its help, its default and the way back to it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QWidget

from latent_studio.ui.icons import set_icon


class SettingRow(QWidget):
    """Label and editor side by side, a line of help below, a button that resets while there is need.

    Signals:
        resetRequested: back to the default.
        actionRequested: the button beside the notice was pressed.

    Args:
        label: before the editor.
        editor: what the value is chosen in; the row owns it.
        help: one sentence; may be empty.
        parent: Qt owner.
    """

    resetRequested = Signal()
    actionRequested = Signal()

    def __init__(self, label: str, editor: QWidget, help: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words = f"{label} {help}".casefold()
        self._label = QLabel(label, self)
        self._label.setBuddy(editor)
        self._label.setWordWrap(True)
        self._reset = QToolButton(self)
        self._reset.setProperty("quiet", True)
        self._reset.setAccessibleName(self.tr("Reset {name}").format(name=label))
        set_icon(self._reset, "reset", role="muted")
        self._reset.clicked.connect(self.resetRequested)
        keep = self._reset.sizePolicy()
        keep.setRetainSizeWhenHidden(True)
        self._reset.setSizePolicy(keep)
        self._help = QLabel(help, self)
        self._help.setProperty("muted", True)
        self._help.setWordWrap(True)
        self._help.setVisible(bool(help))
        self._notice = QLabel(self)
        self._notice.setProperty("tone", "warn")
        self._notice.setWordWrap(True)
        self._notice.hide()
        self._act = QPushButton(self)
        self._act.setProperty("link", True)
        self._act.setAccessibleName(self.tr("What can be done about {name}").format(name=label))
        self._act.clicked.connect(self.actionRequested)
        self._act.hide()
        editor.setParent(self)
        editor.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 4, 0, 8)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(4)
        grid.addWidget(self._label, 0, 0)
        grid.addWidget(editor, 0, 1)
        grid.addWidget(self._reset, 0, 2)
        grid.addWidget(self._help, 1, 0, 1, 3)
        grid.addWidget(self._notice, 2, 0, 1, 2)
        grid.addWidget(self._act, 2, 2, Qt.AlignmentFlag.AlignRight)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)

    def setDefault(self, text: str, *, is_changed: bool) -> None:
        """Say what the default is; the button shows while the value is another.

        Args:
            text: the default in words.
            is_changed: there is something to reset.
        """
        self._reset.setToolTip(self.tr("Back to: {value}").format(value=text))
        self._reset.setVisible(is_changed)

    def setNotice(self, text: str, *, action: str = "") -> None:
        """Say something about this row; empty takes it away.

        Args:
            text: one sentence.
            action: of a button beside it; may be empty.
        """
        self._notice.setText(text)
        self._notice.setVisible(bool(text))
        self._act.setText(action)
        if action:
            self._act.setAccessibleName(f"{action}: {self._label.text()}")
        self._act.setVisible(bool(text and action))

    def notice(self) -> str:
        """What it says about this row."""
        return self._notice.text() if self._notice.isVisibleTo(self) else ""

    def fits(self, words: str) -> bool:
        """Whether label or help has all the words, whatever their case."""
        return all(word in self._words for word in words.casefold().split())

    def resetButton(self) -> QToolButton:
        """The way back to the default."""
        return self._reset
