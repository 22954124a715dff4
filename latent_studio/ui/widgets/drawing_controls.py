"""DrawingControls: what some networks can do beyond drawing a latent: move it, draw it coarser, or larger."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from latent_studio.ui.widgets.labelled_slider import LabelledSlider

if TYPE_CHECKING:
    from collections.abc import Sequence

_FARTHEST = 1.0
_MOST_DEGREES = 180.0


@dataclass(frozen=True, slots=True)
class Drawing:
    """What the controls show.

    Attributes:
        translate_x: to the right, in picture widths.
        translate_y: down, in picture heights.
        rotate_degrees: anticlockwise.
        lod: how many of the finest resolutions are left out.
        chosen_scale: index of the picture's size.
    """

    translate_x: float = 0.0
    translate_y: float = 0.0
    rotate_degrees: float = 0.0
    lod: float = 0.0
    chosen_scale: int = 0


class DrawingControls(QWidget):
    """Sliders for the input of StyleGAN3 and the level of detail, and a list of sizes; each where it applies.

    Signals:
        moved: the picture was moved or turned; x, y, degrees.
        lodChanged: another level of detail.
        scaleChosen: another size.
        gestureFinished: what should become one step of undo has ended.
    """

    moved = Signal(float, float, float)
    lodChanged = Signal(float)
    scaleChosen = Signal(int)
    gestureFinished = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._x = self._slider("translate-x", self.tr("Move right"), _FARTHEST, self.tr(" w"))
        self._x.setToolTip(self.tr("Move the input of the network to the right, in picture widths."))
        self._y = self._slider("translate-y", self.tr("Move down"), _FARTHEST, self.tr(" h"))
        self._y.setToolTip(self.tr("Move the input of the network down, in picture heights."))
        self._turn = self._slider("rotate", self.tr("Turn"), _MOST_DEGREES, "°")
        self._turn.setToolTip(
            self.tr(
                "Turn the input of the network anticlockwise; configuration R turns what it draws with it."
            )
        )
        self._turn.setStep(5.0)
        self._turn.setDecimals(1)
        self._lod = LabelledSlider(self.tr("Leave out fine levels"), parent=self)
        self._lod.setObjectName("lod")
        self._lod.setToolTip(
            self.tr("Level of detail: how many of the finest resolutions are left out, as early in training.")
        )
        self._lod.setStep(0.25)
        self._lod.setDecimals(2)
        self._size = QComboBox(self)
        self._size.setObjectName("chosen-scale")
        self._size.setAccessibleName(self.tr("Picture size"))
        self._size.setToolTip(self.tr("Side of the picture; this network draws several sizes."))
        self._size_row = QWidget(self)
        row = QHBoxLayout(self._size_row)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        label = QLabel(self.tr("Picture size"), self._size_row)
        label.setBuddy(self._size)
        row.addWidget(label)
        row.addWidget(self._size, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        for widget in (self._x, self._y, self._turn, self._lod, self._size_row):
            layout.addWidget(widget)
        for slider in (self._x, self._y, self._turn):
            slider.valueChanged.connect(self._tell_moved)
            slider.gestureFinished.connect(self.gestureFinished)
        self._lod.valueChanged.connect(self.lodChanged)
        self._lod.gestureFinished.connect(self.gestureFinished)
        self._size.activated.connect(self.scaleChosen)
        self.setAbilities(can_move=False, highest_lod=0, sizes=())

    def setAbilities(
        self, *, can_move: bool, highest_lod: int, lod: float = 0.0, sizes: Sequence[int] = ()
    ) -> None:
        """Show the controls that apply, and no others; no signal.

        Args:
            can_move: whether the picture can be moved and turned.
            highest_lod: how many of the finest resolutions can be left out.
            lod: how many the file leaves out.
            sizes: sides in pixels to choose from; none or one hides the list.
        """
        for slider in (self._x, self._y, self._turn):
            slider.setVisible(can_move)
        self._lod.setVisible(highest_lod > 0)
        if highest_lod:
            self._lod.setRange(0.0, float(highest_lod))
            self._lod.setDefault(lod)
        blocker = QSignalBlocker(self._size)
        self._size.clear()
        self._size.addItems([self.tr("{side} px").format(side=side) for side in sizes])
        blocker.unblock()
        self._size_row.setVisible(len(sizes) > 1)
        self.setVisible(can_move or highest_lod > 0 or len(sizes) > 1)

    def setDrawing(self, drawing: Drawing) -> None:
        """Show values; no signal."""
        self._x.setValue(drawing.translate_x)
        self._y.setValue(drawing.translate_y)
        self._turn.setValue(drawing.rotate_degrees)
        self._lod.setValue(drawing.lod)
        blocker = QSignalBlocker(self._size)
        self._size.setCurrentIndex(drawing.chosen_scale)
        blocker.unblock()

    @Slot(float)
    def _tell_moved(self, value: float) -> None:
        self.moved.emit(self._x.value(), self._y.value(), self._turn.value())

    def _slider(self, name: str, text: str, end: float, suffix: str) -> LabelledSlider:
        slider = LabelledSlider(text, parent=self)
        slider.setObjectName(name)
        slider.setRange(-end, end)
        slider.setStep(0.01)
        slider.setDecimals(2)
        slider.setSuffix(suffix)
        return slider
