"""SeedField: the seed as a number, the place between seeds, and dice."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QDoubleSpinBox, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from latent_studio.core.seed_plane import SEED_LIMIT, SeedPoint
from latent_studio.ui.icons import set_icon
from latent_studio.ui.theme import number_font, small_font
from latent_studio.ui.widgets.fields import with_room


class SeedField(QWidget):
    """A number to type, turn or step; muted beside it how far the point is on its way to the next seeds.

    Signals:
        seedChanged: the user chose a whole seed.
        randomRequested: the dice were thrown.
    """

    seedChanged = Signal(object)
    randomRequested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._point = SeedPoint()
        # QSpinBox ends at 2**31; a double holds 2**32 - 1 exactly.
        self._box = with_room(QDoubleSpinBox(self))
        self._box.setObjectName("seedBox")
        self._box.setDecimals(0)
        self._box.setRange(0, SEED_LIMIT - 1)
        self._box.setKeyboardTracking(False)
        self._box.setWrapping(True)
        self._box.setFont(number_font(self._box.font()))
        self._box.setMinimumWidth(96)
        self._box.setAccessibleName(self.tr("Seed"))
        self._box.lineEdit().setAccessibleName(self.tr("Seed"))
        self._box.setToolTip(self.tr("Seed of the picture, 0 to 4294967295"))
        self._box.valueChanged.connect(self._take)
        self._box.lineEdit().returnPressed.connect(self._take_enter)
        self._way = QLabel(self)
        self._way.setObjectName("seedWay")
        self._way.setProperty("muted", True)
        self._way.setFont(number_font(small_font(self._way.font())))
        self._way.setAccessibleName(self.tr("Place between seeds"))
        self._way.setToolTip(self.tr("How far the picture is on its way to the seed at the right and below"))
        self._dice = QToolButton(self)
        self._dice.setObjectName("seedDice")
        self._dice.setAccessibleName(self.tr("Random seed"))
        self._dice.setToolTip(self.tr("Random seed"))
        set_icon(self._dice, "dice")
        self._dice.clicked.connect(self.randomRequested)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self._box, 1)
        layout.addWidget(self._way)
        layout.addWidget(self._dice)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setFocusProxy(self._box)
        self.setAccessibleName(self.tr("Seed"))
        self._way.hide()

    def seed(self) -> int:
        """The whole seed shown."""
        return int(self._box.value())

    def point(self) -> SeedPoint:
        """The place shown."""
        return self._point

    def setSeed(self, seed: int) -> None:
        """Show a whole seed; no signal."""
        self.setPoint(SeedPoint(seed))

    def setPoint(self, point: SeedPoint) -> None:
        """Show a place on the seed plane; no signal."""
        self._point = point
        blocker = QSignalBlocker(self._box)
        self._box.setValue(point.seed)
        blocker.unblock()
        # Above each other, so that a long seed stays in sight beside them.
        self._way.setText(f"x {point.dx:.2f}\ny {point.dy:.2f}")
        self._way.setVisible(not point.is_whole)

    def focusSeed(self) -> None:
        """Bring the keyboard here, ready to type."""
        self._box.setFocus()
        self._box.selectAll()

    @Slot(float)
    def _take(self, value: float) -> None:
        seed = int(value)
        self.setPoint(SeedPoint(seed))
        self.seedChanged.emit(seed)

    @Slot()
    def _take_enter(self) -> None:
        # The same number typed again, between seeds, means: to that seed itself.
        if not self._point.is_whole and int(self._box.value()) == self._point.seed:
            self._take(self._box.value())
