"""RangeEditor: a small form for the two ends of a slider."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QDoubleSpinBox, QGridLayout, QLabel, QPushButton, QWidget

from latent_studio.ui.widgets.fields import with_room
from latent_studio.ui.widgets.panel import paint_card


class RangeEditor(QWidget):
    """Pops up, asks for both ends, and is gone.

    Signals:
        rangeChosen: low and high, ``low < high``.
    """

    rangeChosen = Signal(float, float)

    def __init__(self, low: float, high: float, *, unit: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
        self.setObjectName("rangeEditor")
        self.setAccessibleName(self.tr("Range of the slider"))
        self._low = self._box(low, unit, self.tr("Low end"), "rangeLow")
        self._high = self._box(high, unit, self.tr("High end"), "rangeHigh")
        self._apply = QPushButton(self.tr("Set range"), self)
        self._apply.setObjectName("rangeApply")
        self._apply.setToolTip(self.tr("Use these ends for the slider"))
        self._apply.setProperty("primary", True)
        self._apply.clicked.connect(self._choose)
        for box in (self._low, self._high):
            box.valueChanged.connect(self._check)
            box.lineEdit().returnPressed.connect(self._choose)
        layout = QGridLayout(self)
        layout.setContentsMargins(12, 12, 12, 12)
        layout.setHorizontalSpacing(8)
        layout.setVerticalSpacing(4)
        layout.addWidget(QLabel(self.tr("Low end"), self), 0, 0)
        layout.addWidget(QLabel(self.tr("High end"), self), 0, 1)
        layout.addWidget(self._low, 1, 0)
        layout.addWidget(self._high, 1, 1)
        layout.addWidget(self._apply, 1, 2)

    def popup_at(self, spot: QPoint) -> None:
        """Show it below a place, inside the screen."""
        self.adjustSize()
        place = QRectF(spot.x() - self.width() / 2, spot.y(), self.width(), self.height())
        room = self.screen().availableGeometry()
        left = min(max(place.x(), room.left()), room.right() - place.width())
        top = min(max(place.y(), room.top()), room.bottom() - place.height())
        self.move(int(left), int(top))
        self.show()
        self._low.setFocus()
        self._low.selectAll()

    def _box(self, value: float, unit: str, name: str, object_name: str) -> QDoubleSpinBox:
        box = with_room(QDoubleSpinBox(self))
        box.setObjectName(object_name)
        box.setAccessibleName(name)
        box.lineEdit().setAccessibleName(name)
        box.setToolTip(name)
        box.setRange(-1e6, 1e6)
        box.setDecimals(2)
        box.setSingleStep(0.5)
        box.setSuffix(f" {unit}" if unit else "")
        box.setMinimumWidth(92)
        box.setValue(value)
        return box

    @Slot()
    def _check(self) -> None:
        self._apply.setEnabled(self._low.value() < self._high.value())

    @Slot()
    def _choose(self) -> None:
        if self._apply.isEnabled():
            low, high = self._low.value(), self._high.value()
            self.close()
            self.rangeChosen.emit(low, high)

    def paintEvent(self, event: QPaintEvent) -> None:
        """A card."""
        painter = QPainter(self)
        paint_card(painter, QRectF(self.rect()))
        painter.end()
