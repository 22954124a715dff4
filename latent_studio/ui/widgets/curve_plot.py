"""CurvePlot: a few named curves in the theme's colours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyqtgraph
from PySide6.QtCore import Qt, Slot

from latent_studio.ui.theme import colour, colours, theme

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtWidgets import QWidget


class CurvePlot(pyqtgraph.PlotWidget):  # type: ignore[misc]
    """Draws curves that grow or are exchanged. Shows data only: no menus, no dragging.

    Args:
        name: object name.
        words: accessible name, such as "Loss over iterations".
        parent: Qt owner.
    """

    def __init__(self, name: str, words: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(words)
        self.setToolTip(words)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMinimumSize(84, 60)
        self._curves: list[tuple[list[float], list[float], str, float]] = []
        self._title = ""
        item = self.getPlotItem()
        item.hideButtons()
        item.setMenuEnabled(False)
        # Its menus are made all the same, belong to nobody and would stay behind.
        inner = [action.menu() for action in item.ctrlMenu.actions()]
        for menu in (item.ctrlMenu, *inner):
            if menu is not None:
                menu.setParent(self, menu.windowFlags())
        item.setMouseEnabled(x=False, y=False)
        item.getAxis("left").setWidth(32)
        for side in ("left", "bottom"):
            # Few numbers, and never one upon the other.
            item.getAxis(side).setStyle(textFillLimits=[(0, 0.45)], maxTickLevel=0)
        theme().changed.connect(self._draw)
        self._draw()

    def setTitleText(self, text: str) -> None:
        """Say what is shown, above the curves."""
        self._title = text
        self._draw()

    def setCurves(self, curves: Sequence[tuple[Sequence[float], Sequence[float], str, float]]) -> None:
        """Show other curves: x, y, the theme's token of the colour, and its opacity."""
        self._curves = [(list(x), list(y), token, alpha) for x, y, token, alpha in curves]
        self._draw()

    def curves(self) -> tuple[tuple[tuple[float, ...], tuple[float, ...]], ...]:
        """What is shown: x and y of each curve."""
        return tuple((tuple(x), tuple(y)) for x, y, _, _ in self._curves)

    @Slot()
    def _draw(self) -> None:
        palette = colours()
        self.setBackground(colour(palette.panel))
        item = self.getPlotItem()
        item.clear()
        for x, y, token, alpha in self._curves:
            pen = pyqtgraph.mkPen(colour(getattr(palette, token), alpha=alpha), width=1.5)
            item.plot(x, y, pen=pen, connect="finite")
        for side in ("left", "bottom"):
            axis = item.getAxis(side)
            axis.setPen(colour(palette.line))
            axis.setTextPen(colour(palette.muted))
        item.setTitle(self._title or None, color=colour(palette.muted), size="9pt")
