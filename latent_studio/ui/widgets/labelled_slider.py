"""LabelledSlider: a name, a number that can be typed, and the slider below them."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from latent_studio.ui.widgets.number_label import NumberLabel
from latent_studio.ui.widgets.value_slider import ValueSlider


class LabelledSlider(QWidget):
    """A :class:`ValueSlider` with its name and value above it.

    Signals: as the slider's. A typed number is one gesture.
    """

    valueChanged = Signal(float)
    gestureStarted = Signal()
    gestureFinished = Signal()

    def __init__(self, text: str, slider: ValueSlider | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        # Made in the order Tab goes.
        self._slider = slider if slider is not None else ValueSlider(self)
        self._slider.setParent(self)
        self._label = QLabel(text, self)
        self._label.setBuddy(self._slider)
        self._number = NumberLabel(self)
        self._number.numberTyped.connect(self._slider.changeTo)
        self._slider.valueChanged.connect(self._take)
        self._slider.gestureStarted.connect(self.gestureStarted)
        self._slider.gestureFinished.connect(self.gestureFinished)
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setHorizontalSpacing(8)
        layout.setVerticalSpacing(2)
        layout.addWidget(self._label, 0, 0)
        layout.addWidget(self._number, 0, 1, Qt.AlignmentFlag.AlignRight)
        layout.addWidget(self._slider, 1, 0, 1, 2)
        layout.setColumnStretch(0, 1)
        self.setFocusProxy(self._slider)
        self.setText(text)
        self._show_number()

    def slider(self) -> ValueSlider:
        """The slider, for its steps, zones and modes."""
        return self._slider

    def setText(self, text: str) -> None:
        """Set the name."""
        self._label.setText(text)
        name = text.replace("&", "")
        self._slider.setAccessibleName(name)
        self._number.setAccessibleName(name)
        self.setAccessibleName(name)

    def text(self) -> str:
        """The name."""
        return self._label.text()

    def setToolTip(self, text: str) -> None:
        """Explain it, on the name and on the slider."""
        super().setToolTip(text)
        self._label.setToolTip(text)
        self._slider.setToolTip(text)

    def setRange(self, low: float, high: float) -> None:
        """Set the ends."""
        self._slider.setRange(low, high)
        self._show_number()

    def setSafeZone(self, low: float | None, high: float | None = None) -> None:
        """Mark the safe part of the range."""
        self._slider.setSafeZone(low, high)

    def setDefault(self, value: float) -> None:
        """Set where double click and Delete go."""
        self._slider.setDefault(value)

    def setStep(self, step: float) -> None:
        """Set how far one arrow key goes."""
        self._slider.setStep(step)

    def setIntegerMode(self, on: bool) -> None:
        """Only whole numbers."""
        self._slider.setIntegerMode(on)
        self._show_number()

    def setDecimals(self, decimals: int | None) -> None:
        """Round to so many decimals."""
        self._slider.setDecimals(decimals)
        self._show_number()

    def setSuffix(self, suffix: str) -> None:
        """The unit."""
        self._slider.setSuffix(suffix)
        self._show_number()

    def value(self) -> float:
        """The value shown."""
        return self._slider.value()

    def setValue(self, value: float) -> None:
        """Show a value; no signal."""
        self._slider.setValue(value)
        self._show_number()

    @Slot(float)
    def _take(self, value: float) -> None:
        self._show_number()
        self.valueChanged.emit(value)

    def _show_number(self) -> None:
        self._number.setText(self._slider.valueText())
