"""ViewTabs: tabs and tools in a title; where room is short, tabs become a menu, then the tools go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QToolButton, QWidget

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QAction, QResizeEvent

_SPACING = 8


class ViewTabs(QWidget):
    """A row of tools and tabs that fits itself into the room there is.

    Args:
        tools: small buttons, left of the tabs.
        parent: Qt owner.
    """

    def __init__(self, tools: Sequence[QToolButton] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tools = tuple(tools)
        self._tools_wanted = True
        self._tabs: list[QToolButton] = []
        self._menu = QMenu(self)
        self._short = QToolButton(self)
        self._short.setObjectName("view-tabs-menu")
        self._short.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._short.setMenu(self._menu)
        self._short.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._short.setAccessibleName(self.tr("View"))
        self._short.setToolTip(self.tr("Choose what stands in the middle."))
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(_SPACING)
        self._row.setSizeConstraint(QHBoxLayout.SizeConstraint.SetNoConstraint)
        self._row.addStretch(1)
        for tool in self._tools:
            self._row.addWidget(tool)
        self._row.addWidget(self._short)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def addTab(self, action: QAction, name: str) -> None:
        """Add a tab that triggers an action and shows whether it is checked."""
        tab = QToolButton(self)
        tab.setDefaultAction(action)
        tab.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        tab.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        tab.setObjectName(name)
        tab.setAccessibleName(action.text())
        action.toggled.connect(self._name_menu)
        self._tabs.append(tab)
        self._menu.addAction(action)
        self._row.addWidget(tab)
        self._fit()

    def setToolsShown(self, shown: bool) -> None:
        """Whether the tools are wanted at all."""
        self._tools_wanted = shown
        self._fit()

    def sizeHint(self) -> QSize:
        """Room for everything."""
        return QSize(self._width_of(self._tools) + self._width_of(self._tabs), self._height())

    def minimumSizeHint(self) -> QSize:
        """Room for the menu."""
        return QSize(self._short.sizeHint().width(), self._height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show what there is room for."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        room = self.width()
        tools = self._width_of(self._tools) if self._tools_wanted else 0
        spread = tools + self._width_of(self._tabs) <= room
        with_tools = self._tools_wanted and (spread or tools + self._short.sizeHint().width() <= room)
        for tool in self._tools:
            tool.setVisible(with_tools)
        for tab in self._tabs:
            tab.setVisible(spread)
        self._short.setVisible(not spread)

    def _name_menu(self) -> None:
        checked = next((tab.text() for tab in self._tabs if tab.isChecked()), "")
        self._short.setText(checked)

    def _height(self) -> int:
        return max(button.sizeHint().height() for button in (*self._tools, *self._tabs, self._short))

    @staticmethod
    def _width_of(buttons: Sequence[QToolButton]) -> int:
        return sum(button.sizeHint().width() + _SPACING for button in buttons)
