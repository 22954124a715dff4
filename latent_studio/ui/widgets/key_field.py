"""KeyField: press a key to choose it as a shortcut."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QFocusEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QKeySequenceEdit, QLineEdit, QWidget


class KeyField(QKeySequenceEdit):
    """Shows a key; Escape keeps the old one, Backspace or Delete takes it away, Tab goes on.

    Signals:
        keyChosen: the user pressed another key; empty takes it away. In Qt's portable words.
    """

    keyChosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._key = ""
        self.setMaximumSequenceLength(1)
        self._line = self.findChild(QLineEdit)
        self.setKey("")
        self.editingFinished.connect(self._finish)

    def setKey(self, key: str) -> None:
        """Show a key without a signal."""
        self._key = key
        self.setKeySequence(QKeySequence(key))
        if isinstance(self._line, QLineEdit):
            # The toolkit writes its own word there each time.
            self._line.setPlaceholderText(self.tr("no key"))

    def key(self) -> str:
        """What it shows."""
        return self._key

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Three keys are commands here."""
        plain = event.modifiers() == Qt.KeyboardModifier.NoModifier
        if plain and event.key() == Qt.Key.Key_Escape:
            self.setKey(self._key)
            event.ignore()
            return
        if plain and event.key() in (Qt.Key.Key_Backspace, Qt.Key.Key_Delete):
            self._choose("")
            return
        super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """What was not finished does not count."""
        super().focusOutEvent(event)
        self.setKey(self._key)

    @Slot()
    def _finish(self) -> None:
        self._choose(self.keySequence().toString(QKeySequence.SequenceFormat.PortableText))

    def _choose(self, key: str) -> None:
        if key == self._key:
            return
        self.setKey(key)
        self.keyChosen.emit(key)
