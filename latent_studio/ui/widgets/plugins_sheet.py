"""PluginsSheet: the page of plugins over the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from latent_studio.ui.icons import set_icon
from latent_studio.ui.widgets.overlay import Overlay

if TYPE_CHECKING:
    from latent_studio.ui.widgets.plugins_page import PluginsPage

_WIDTH = 680


class PluginsSheet(Overlay):
    """A title, the page, and a way out.

    Args:
        page: shown inside.
        parent: the window.
    """

    def __init__(self, page: PluginsPage, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("pluginsSheet")
        self.setAccessibleName(self.tr("Plugins"))
        self._page = page
        title = QLabel(self.tr("Plugins"), self.card())
        title.setProperty("heading", True)
        close = QToolButton(self.card())
        close.setObjectName("pluginsClose")
        close.setProperty("quiet", True)
        close.setAccessibleName(self.tr("Close"))
        close.setToolTip(self.tr("Close (Esc)"))
        set_icon(close, "close", role="muted")
        close.clicked.connect(self.closeOverlay)
        head = QHBoxLayout()
        head.addWidget(title, 1)
        head.addWidget(close)
        page.setParent(self.card())
        self.cardLayout().addLayout(head)
        self.cardLayout().addWidget(page, 1)

    def wantedWidth(self) -> int:
        """Room for sentences."""
        return _WIDTH

    def firstFocus(self) -> QWidget:
        """The page's first button."""
        return self._page
