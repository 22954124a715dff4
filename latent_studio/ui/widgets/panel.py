"""Panel: a rounded card with a quiet title."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, Signal, Slot
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from latent_studio.ui.icons import set_icon
from latent_studio.ui.theme import colour, colours, theme, title_font

#: Left and right, top and bottom of what is inside a card.
PADDING_X, PADDING_Y = 12, 9
RADIUS = 8.0


class PanelTitle(QLabel):
    """A title in small spaced capitals; assistive technology hears it as written."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFont(title_font(self.font()))
        self.setProperty("muted", True)
        self.setTextFormat(Qt.TextFormat.PlainText)
        theme().changed.connect(self._follow)
        self.setTitle(text)

    @Slot()
    def _follow(self) -> None:
        """The size of text may be another."""
        self.setFont(title_font(QApplication.font()))

    def setTitle(self, text: str) -> None:
        """Show another title."""
        self.setText(text.upper())
        self.setAccessibleName(text)


class Panel(QWidget):
    """A card: title and small widgets on top, content below.

    Signals:
        collapsedChanged: the user folded or unfolded it.
    """

    collapsedChanged = Signal(bool)

    def __init__(self, title: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = title
        self._collapsed = False
        self._title = PanelTitle(title, self)
        self._fold = QToolButton(self)
        self._fold.setObjectName("panelFold")
        self._fold.setProperty("quiet", True)
        self._fold.clicked.connect(self._toggle)
        self._fold.hide()
        self._header = QWidget(self)
        self._header.setObjectName("panelHeader")
        self._header_layout = QHBoxLayout(self._header)
        self._header_layout.setContentsMargins(0, 0, 0, 0)
        self._header_layout.setSpacing(8)
        self._header_layout.addWidget(self._title)
        self._header_layout.addStretch(1)
        self._header_layout.addWidget(self._fold)
        self._body = QWidget(self)
        self._body.setObjectName("panelBody")
        self._body_layout = QVBoxLayout(self._body)
        self._body_layout.setContentsMargins(0, 0, 0, 0)
        self._body_layout.setSpacing(8)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(PADDING_X, PADDING_Y, PADDING_X, PADDING_Y)
        layout.setSpacing(8)
        layout.addWidget(self._header)
        layout.addWidget(self._body, 1)
        self._header.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._header.setVisible(bool(title))
        self.setAccessibleName(title)
        self._tell_fold()

    def titleText(self) -> str:
        """The title as written."""
        return self._text

    def setTitle(self, text: str) -> None:
        """Show another title."""
        self._text = text
        self._title.setTitle(text)
        self._header.setVisible(bool(text))
        self.setAccessibleName(text)
        self._tell_fold()

    def addHeaderWidget(self, widget: QWidget) -> None:
        """Put a small widget at the right of the title."""
        self._header.show()
        self._header_layout.insertWidget(self._header_layout.count() - 1, widget)

    def contentLayout(self) -> QVBoxLayout:
        """Where the content goes."""
        return self._body_layout

    def setCollapsible(self, collapsible: bool) -> None:
        """Offer to fold the content away."""
        self._fold.setVisible(collapsible)
        if not collapsible:
            self.setCollapsed(False)

    def isCollapsed(self) -> bool:
        """Whether only the title is shown."""
        return self._collapsed

    def setCollapsed(self, collapsed: bool) -> None:
        """Fold or unfold; no signal."""
        self._collapsed = collapsed
        self._body.setVisible(not collapsed)
        self._tell_fold()

    def _toggle(self) -> None:
        self.setCollapsed(not self._collapsed)
        self.collapsedChanged.emit(self._collapsed)

    def _tell_fold(self) -> None:
        set_icon(self._fold, "chevron-right" if self._collapsed else "chevron-down", role="muted")
        words = self.tr("Unfold {name}") if self._collapsed else self.tr("Fold {name}")
        self._fold.setAccessibleName(words.format(name=self._text))
        self._fold.setToolTip(words.format(name=self._text))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """A double click on the title folds too."""
        if not self._fold.isHidden() and self._header.geometry().contains(event.position().toPoint()):
            self._toggle()
            return
        super().mouseDoubleClickEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The card."""
        painter = QPainter(self)
        paint_card(painter, QRectF(self.rect()))
        painter.end()


def paint_card(painter: QPainter, box: QRectF, *, radius: float = RADIUS) -> None:
    """Fill a rounded card with a border of one pixel, inside ``box`` (logical pixels)."""
    tokens = colours()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(colour(tokens.line), 1))
    painter.setBrush(colour(tokens.panel))
    painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)
