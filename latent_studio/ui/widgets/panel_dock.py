"""PanelDock: a dock that looks like a Panel, title and content on one card."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, Qt, Slot
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QDockWidget, QHBoxLayout, QToolButton, QWidget

from latent_studio.ui.icons import set_icon
from latent_studio.ui.theme import colour, colours
from latent_studio.ui.widgets.panel import PADDING_X, PADDING_Y, PanelTitle, paint_card


class PanelDock(QDockWidget):
    """A dock painted as a card. The buttons to float and close show while the mouse is over it.

    The content should have margins of its own at the sides and below (``PADDING_X``, ``PADDING_Y``);
    :meth:`setWidget` gives them to a content whose layout has the toolkit's.
    """

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(title, parent)
        self._title = PanelTitle(title)
        self._float = self._small_button("float", self.tr("Float or dock"), "dockFloat")
        self._close = self._small_button("close", self.tr("Hide; the View menu brings it back"), "dockClose")
        self._float.clicked.connect(self._toggle_floating)
        self._close.clicked.connect(self.close)
        bar = QWidget(self)
        bar.setObjectName("dockTitleBar")
        self._bar = QHBoxLayout(bar)
        self._bar.setContentsMargins(PADDING_X, PADDING_Y, PADDING_X - 4, 4)
        self._bar.setSpacing(8)
        self._bar.addWidget(self._title)
        self._bar.addStretch(1)
        self._bar.addWidget(self._float)
        self._bar.addWidget(self._close)
        self.setTitleBarWidget(bar)
        self.windowTitleChanged.connect(self._title.setTitle)
        self.featuresChanged.connect(self._show_buttons)
        self._show_buttons()

    def addHeaderWidget(self, widget: QWidget) -> None:
        """Put a small widget at the right of the title."""
        self._bar.insertWidget(self._bar.count() - 2, widget)

    def setWidget(self, widget: QWidget) -> None:
        """Set the content."""
        layout = widget.layout()
        if layout is not None:
            layout.setContentsMargins(PADDING_X, 4, PADDING_X, PADDING_Y + 3)
        super().setWidget(widget)

    def _small_button(self, name: str, words: str, object_name: str) -> QToolButton:
        button = QToolButton()
        button.setObjectName(object_name)
        button.setProperty("quiet", True)
        button.setProperty("tiny", True)
        # The View menu and its keys do the same; here they would be in the way of Tab.
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.setAccessibleName(words)
        button.setToolTip(words)
        set_icon(button, name, size=14, role="muted")
        policy = button.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        button.setSizePolicy(policy)
        return button

    @Slot()
    def _toggle_floating(self) -> None:
        self.setFloating(not self.isFloating())

    @Slot()
    def _show_buttons(self) -> None:
        features, shown = self.features(), self.underMouse() or self.isFloating()
        self._float.setVisible(shown and bool(features & QDockWidget.DockWidgetFeature.DockWidgetFloatable))
        self._close.setVisible(shown and bool(features & QDockWidget.DockWidgetFeature.DockWidgetClosable))

    def event(self, event: QEvent) -> bool:
        """Show the small buttons while the mouse is here."""
        done = super().event(event)
        if event.type() in (QEvent.Type.Enter, QEvent.Type.Leave):
            self._show_buttons()
        return done

    def paintEvent(self, event: QPaintEvent) -> None:
        """One card below title and content."""
        painter = QPainter(self)
        if self.isFloating():
            painter.fillRect(self.rect(), colour(colours().ground))
        paint_card(painter, QRectF(self.rect()))
        painter.end()
