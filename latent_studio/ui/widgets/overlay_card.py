"""OverlayCard: a card over the picture with one sentence, a hint and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QRectF, Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from latent_studio.ui.icons import Role, icon_pixmap, set_icon
from latent_studio.ui.theme import colour, colours

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QAction

Kind = Literal["info", "good", "warn", "bad", "error"]

#: Icon and colour of each kind of message.
KINDS: dict[str, tuple[str, Role]] = {
    "info": ("info", "accent"),
    "good": ("check", "good"),
    "warn": ("warning", "warm"),
    "bad": ("error", "bad"),
    "error": ("error", "bad"),
}


class ThemedIcon(QWidget):
    """A drawing that stands by itself, in a colour of the theme."""

    def __init__(
        self, name: str, *, size: int = 20, role: Role = "text", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._name, self._role, self._size = name, role, size
        self.setFixedSize(size, size)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def setDrawing(self, name: str, role: Role) -> None:
        """Show another drawing."""
        self._name, self._role = name, role
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint it at the density of the screen."""
        painter = QPainter(self)
        pixmap = icon_pixmap(self._name, size=self._size, role=self._role, ratio=self.devicePixelRatioF())
        painter.drawPixmap(0, 0, pixmap)
        painter.end()


class OverlayCard(QWidget):
    """Signals: ``dismissed`` when the user closed it; it hides itself before."""

    dismissed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("overlayCard")
        self._icon = ThemedIcon("info", size=20, role="accent", parent=self)
        self._title = QLabel(self)
        self._title.setWordWrap(True)
        self._title.setTextFormat(Qt.TextFormat.PlainText)
        self._title.setProperty("heading", True)
        self._hint = QLabel(self)
        self._hint.setWordWrap(True)
        self._hint.setTextFormat(Qt.TextFormat.PlainText)
        self._hint.setProperty("muted", True)
        self._close = QToolButton(self)
        self._close.setObjectName("overlayCardClose")
        self._close.setProperty("quiet", True)
        self._close.setAccessibleName(self.tr("Dismiss"))
        self._close.setToolTip(self.tr("Dismiss (Esc)"))
        set_icon(self._close, "close", role="muted")
        self._close.clicked.connect(self.dismiss)
        self._details = ""
        self._copy = QPushButton(self.tr("Copy details"), self)
        self._copy.setObjectName("overlayCardCopy")
        self._copy.setToolTip(self.tr("Copy what the program knows about it"))
        self._copy.setProperty("link", True)
        self._copy.clicked.connect(self._press_copy)
        self._copy.hide()
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(8)
        self._buttons.setContentsMargins(0, 4, 0, 0)
        self._buttons.addWidget(self._copy)
        self._buttons.addStretch(1)
        self._made: list[QPushButton] = []

        words = QVBoxLayout()
        words.setSpacing(4)
        words.addWidget(self._title)
        words.addWidget(self._hint)
        words.addLayout(self._buttons)
        self._layout = layout = QHBoxLayout(self)
        layout.setContentsMargins(16, 14, 12, 14)
        layout.setSpacing(12)
        layout.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(words, 1)
        layout.addWidget(self._close, 0, Qt.AlignmentFlag.AlignTop)
        self.hide()

    def title(self) -> str:
        """What it says first."""
        return self._title.text()

    def hint(self) -> str:
        """What it says to do."""
        return self._hint.text()

    def show_message(
        self, title: str, hint: str, *, kind: Kind, actions: Sequence[QAction] = (), details: str = ""
    ) -> None:
        """Fill the card and show it."""
        self._details = details
        self._copy.setVisible(bool(details))
        name, role = KINDS[kind]
        self._icon.setDrawing(name, role)
        self._title.setText(title)
        self._hint.setText(hint)
        self._hint.setVisible(bool(hint))
        self.setAccessibleName(title)
        self.setAccessibleDescription(hint)
        for old in self._made:
            self._buttons.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._made = [self._button(action) for action in actions]
        self.show()
        self.raise_()

    def dismiss(self) -> None:
        """Close it, as the user does."""
        if self.isVisible():
            self.hide()
            self.dismissed.emit()

    def details(self) -> str:
        """What is offered for copying."""
        return self._details

    @Slot()
    def _press_copy(self) -> None:
        QGuiApplication.clipboard().setText(self._details)

    def place_in(self, width: int, height: int) -> None:
        """Sit in the middle of the parent, not wider than can be read."""
        wide = max(160, min(460, width - 32))
        # New words reach the layout with the next event only, too late for the height asked for here.
        self._layout.activate()
        high = self.heightForWidth(wide) if self.hasHeightForWidth() else self.sizeHint().height()
        self.setGeometry(
            (width - wide) // 2, max(8, (height - high) // 2), wide, min(high, max(40, height - 16))
        )

    def _button(self, action: QAction) -> QPushButton:
        button = QPushButton(action.text(), self)
        button.setToolTip(action.toolTip())
        button.setObjectName(action.objectName() or "overlayCardAction")
        button.clicked.connect(action.trigger)
        self._buttons.addWidget(button)
        # A child added to a card that stands already is shown with the next event only; until then it counts
        # for nothing in the height.
        button.show()
        return button

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape dismisses."""
        if event.key() == Qt.Key.Key_Escape:
            self.dismiss()
            return
        super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """A rounded card, nearly solid: the picture below stays guessable."""
        tokens = colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colour(tokens.line), 1))
        painter.setBrush(colour(tokens.panel, alpha=0.97))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 10, 10)
        painter.end()
