"""ReportSheet: a text made for pasting into a report, with a button that copies it."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QToolButton, QWidget

from latent_studio.ui.icons import set_icon
from latent_studio.ui.widgets.overlay import Overlay

_WIDTH = 900
_MOST_LINES = 40


class ReportSheet(Overlay):
    """Shows a summary and a text of fixed columns over the window."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("reportSheet")
        self._title = QLabel(self.card())
        self._title.setProperty("heading", True)
        self._summary = QLabel(self.card())
        self._summary.setObjectName("reportSummary")
        self._summary.setProperty("muted", True)
        for label in (self._title, self._summary):
            label.setTextFormat(Qt.TextFormat.PlainText)
        close = QToolButton(self.card())
        close.setObjectName("reportClose")
        close.setProperty("quiet", True)
        close.setAccessibleName(self.tr("Close"))
        close.setToolTip(self.tr("Close (Esc)"))
        set_icon(close, "close", role="muted")
        close.clicked.connect(self.closeOverlay)
        self._text = _ReportText(self.card())
        self._text.setObjectName("reportText")
        self._text.setAccessibleName(self.tr("Report"))
        self._text.setReadOnly(True)
        # Tab goes on to the buttons; what cannot be typed in should not hold it.
        self._text.setTabChangesFocus(True)
        self._text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self._text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self._copy = QPushButton(self.tr("Copy"), self.card())
        self._copy.setObjectName("reportCopy")
        self._copy.setToolTip(self.tr("Copy the whole text"))
        set_icon(self._copy, "copy")
        self._copy.clicked.connect(self._press_copy)
        head = QHBoxLayout()
        head.addWidget(self._title, 1)
        head.addWidget(close)
        foot = QHBoxLayout()
        foot.addWidget(self._summary, 1)
        foot.addWidget(self._copy)
        self.cardLayout().addLayout(head)
        self.cardLayout().addWidget(self._text, 1)
        self.cardLayout().addLayout(foot)

    def setReport(self, title: str, summary: str, text: str) -> None:
        """Show a report.

        Args:
            title: what it is.
            summary: one sentence.
            text: lines of fixed columns.
        """
        self.setAccessibleName(title)
        self._title.setText(title)
        self._summary.setText(summary)
        self._text.setAccessibleName(title)
        self._text.setPlainText(text)
        self._text.updateGeometry()
        self._copy.setText(self.tr("Copy"))

    def reportText(self) -> str:
        """What it shows."""
        return self._text.toPlainText()

    def firstFocus(self) -> QWidget:
        """The button, so that Space copies."""
        return self._copy

    def wantedWidth(self) -> int:
        """Room for the longest usual line."""
        return _WIDTH

    @Slot()
    def _press_copy(self) -> None:
        QGuiApplication.clipboard().setText(self.reportText())
        self._copy.setText(self.tr("Copied"))


class _ReportText(QPlainTextEdit):
    """As high as its text where the window has room, and scrolling where it has not."""

    def sizeHint(self) -> QSize:
        """All lines, within reason."""
        # One more line for the scroll bar.
        lines = min(self.blockCount() + 2, _MOST_LINES)
        return QSize(super().sizeHint().width(), lines * self.fontMetrics().lineSpacing() + 16)
