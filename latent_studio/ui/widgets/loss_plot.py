"""LossPlot: how far a search still is, as curves that grow."""

from __future__ import annotations

import html
import math
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from latent_studio.ui.theme import colours, plot_colours, theme

if TYPE_CHECKING:
    from collections.abc import Mapping

_MOST_POINTS = 4000
_HEIGHT = 96


class LossPlot(QWidget):
    """Curves over the steps of a search, on a logarithmic scale, with their names and newest values below.

    It is made, and takes room, with the first point.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plot: Any = None
        self._curves: dict[str, Any] = {}
        self._values: dict[str, list[float]] = {}
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(2)
        self._key = QLabel(self)
        self._key.setObjectName("loss-values")
        self._key.setTextFormat(Qt.TextFormat.RichText)
        self._key.setWordWrap(True)
        self._layout.addWidget(self._key)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.hide()
        theme().changed.connect(self._paint)

    def clear(self) -> None:
        """Begin again."""
        self._values = {}
        for curve in self._curves.values():
            curve.setData([], [])
        self._key.setText("")

    def add(self, losses: Mapping[str, float]) -> None:
        """Append a point to each curve; what is not above zero leaves a gap."""
        for name, value in losses.items():
            values = self._values.setdefault(name, [])
            values.append(math.log10(value) if value > 0 and math.isfinite(value) else math.nan)
            del values[:-_MOST_POINTS]
        if self._plot is None:
            self._make()
        for name, values in self._values.items():
            if name not in self._curves:
                self._curves[name] = self._plot.plot([], [], name=name)
                self._paint()
            self._curves[name].setData(values)
        self._show_values()
        self.show()

    def points(self, name: str) -> int:
        """How many points a curve has."""
        return len(self._values.get(name, ()))

    def _show_values(self) -> None:
        parts = []
        for name, curve in self._curves.items():
            values = self._values.get(name)
            if values:
                newest = "–" if math.isnan(values[-1]) else f"{10 ** values[-1]:.3g}"
                shade = curve.opts["pen"].color().name()
                words = html.escape(name.replace("_", " "))
                parts.append(f'<span style="color:{shade}">{words}</span>&nbsp;{newest}')
        self._key.setText(" · ".join(parts))

    def _make(self) -> None:
        # Heavy, and not wanted before a search begins.
        import pyqtgraph

        self._plot = pyqtgraph.PlotWidget(self, enableMenu=False)
        self._plot.setObjectName("loss-plot")
        self._plot.setAccessibleName(self.tr("Losses of the search"))
        self._plot.setMouseEnabled(x=False, y=False)
        self._plot.hideButtons()
        menu = self._plot.getPlotItem().ctrlMenu
        # Made without an owner, it would outlive the window.
        menu.setParent(self._plot, menu.windowFlags())
        self._plot.setFixedHeight(_HEIGHT)
        self._plot.getAxis("left").setWidth(34)
        self._layout.insertWidget(0, self._plot)
        self._paint()

    def _paint(self) -> None:
        if self._plot is None:
            return
        import pyqtgraph

        tokens = colours()
        self._plot.setBackground(tokens.ground)
        for side in ("left", "bottom"):
            axis = self._plot.getAxis(side)
            axis.setPen(pyqtgraph.mkPen(tokens.line))
            axis.setTextPen(pyqtgraph.mkPen(tokens.muted))
        shades = plot_colours(tokens)
        for index, curve in enumerate(self._curves.values()):
            # A fifth curve is dashed, and so on.
            line = Qt.PenStyle.SolidLine if index < len(shades) else Qt.PenStyle.DashLine
            curve.setPen(pyqtgraph.mkPen(shades[index % len(shades)], width=1.6, style=line))
        self._show_values()
