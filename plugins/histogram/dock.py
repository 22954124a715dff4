"""A panel with the histogram of the picture shown."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QSize, Qt, Slot
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

BINS = 64
#: Readable on dark and light; told apart by how they are drawn too, for eyes that mix up red and green.
CURVES = (
    ("#e0504f", Qt.PenStyle.SolidLine),
    ("#3fa45b", Qt.PenStyle.DashLine),
    ("#4a90e2", Qt.PenStyle.DotLine),
)


def histogram(pixels):
    """Shares of each channel's values, ``(C, BINS)`` float64, of ``(H, W, C)`` uint8."""
    channels = np.moveaxis(pixels, 2, 0)[:3]
    counts = [np.bincount(channel.ravel() // (256 // BINS), minlength=BINS) for channel in channels]
    return np.array(counts) / (pixels.shape[0] * pixels.shape[1])


def clipped(pixels):
    """Shares of pixels with a channel at 0, and at 255."""
    return float((pixels == 0).any(2).mean()), float((pixels == 255).any(2).mean())


class HistogramDock(QWidget):
    """Follows the canvas: every frame it shows, coarse ones too.

    Args:
        context: a ``DockContext``; this panel uses ``renders`` alone.
    """

    def __init__(self, context):
        super().__init__()
        self._plot = HistogramPlot(self)
        self._words = QLabel(self)
        self._words.setProperty("muted", True)
        self._words.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.addWidget(self._plot, 1)
        layout.addWidget(self._words)
        context.renders.frame_ready.connect(self.showFrame)
        if context.renders.frame is not None:
            self.showFrame(context.renders.frame)
        else:
            self._words.setText(self.tr("There is no picture yet."))

    @Slot(object)
    def showFrame(self, frame):
        """Show the histogram of a frame, ``frame.pixels`` ``(H, W, C)`` uint8."""
        self._plot.setShares(histogram(frame.pixels))
        black, white = clipped(frame.pixels)
        self._words.setText(
            self.tr("{black} of the picture is black in a colour, {white} is full.").format(
                black=f"{black:.1%}", white=f"{white:.1%}"
            )
        )


class HistogramPlot(QWidget):
    """Draws up to three curves; shows data only."""

    def __init__(self, parent):
        super().__init__(parent)
        self._shares = None
        self.setAccessibleName(self.tr("Histogram of the picture"))
        self.setToolTip(self.tr("Red solid, green dashed, blue dotted; dark values at the left."))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(84, 60)

    def sizeHint(self):
        """A little wider than high."""
        return QSize(240, 120)

    def setShares(self, shares):
        """Show other curves: ``(C, BINS)``."""
        self._shares = shares
        self.update()

    def shares(self):
        """What is shown; ``None`` before the first picture."""
        return self._shares

    def paintEvent(self, event):
        """The curves over a line at the bottom."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        width, height = self.width() - 2, self.height() - 2
        painter.setPen(QPen(self.palette().mid().color(), 1))
        painter.drawLine(1, height, width, height)
        if self._shares is not None:
            # One tall bin, such as a plain ground, must not flatten the rest.
            top = max(float(np.quantile(self._shares, 0.98)), 1e-6)
            for shares, (name, style) in zip(self._shares, CURVES, strict=False):
                points = [
                    QPointF(1 + width * k / (BINS - 1), height - (height - 4) * min(share / top, 1.0))
                    for k, share in enumerate(shares)
                ]
                painter.setPen(QPen(QColor(name), 1.5, style))
                painter.drawPolyline(QPolygonF(points))
        painter.end()
