"""MapChoice: what can be made of the samples that are chosen on the map."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QWidget


class MapChoice(QWidget):
    """A line below the map: how many are chosen, a name, and buttons.

    Args:
        parent: Qt owner.
    """

    #: ``(name, learner)``: a direction towards the chosen ones.
    directionWanted = Signal(str, str)
    #: Truncation towards them.
    centreWanted = Signal()
    #: Choose none.
    cleared = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._says = QLabel(self)
        self._says.setObjectName("map-chosen")
        self._name = QLineEdit(self)
        self._name.setObjectName("map-name")
        self._name.setAccessibleName(self.tr("Name of the direction"))
        self._name.setPlaceholderText(self.tr("name"))
        self._name.setToolTip(self.tr("What the chosen samples have in common; the direction is called so."))
        self._name.setMinimumWidth(72)
        self._mean = self._button(
            "map-direction",
            self.tr("Direction"),
            self.tr("A slider from all other samples to these: the difference of their means."),
        )
        self._mean.setProperty("primary", True)
        self._svm = self._button(
            "map-direction-svm",
            self.tr("SVM"),
            self.tr("The same by a support vector machine: what separates them best."),
        )
        self._centre = self._button(
            "map-centre",
            self.tr("Truncate here"),
            self.tr("Truncation pulls towards these, not the average."),
        )
        self._clear = self._button("map-clear", self.tr("Clear"), self.tr("Choose none (Escape)."))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self._says)
        row.addWidget(self._name, 1)
        for button in (self._mean, self._svm, self._centre, self._clear):
            row.addWidget(button)
        self._mean.clicked.connect(self._ask_mean)
        self._name.returnPressed.connect(self._ask_mean)
        self._svm.clicked.connect(self._ask_svm)
        self._centre.clicked.connect(self.centreWanted)
        self._clear.clicked.connect(self.cleared)

    def setCount(self, chosen: int, of: int) -> None:
        """Say how many are chosen, of how many."""
        self._says.setText(self.tr("{n} of {all}").format(n=f"{chosen:,}", all=f"{of:,}"))
        for button in (self._mean, self._svm):
            button.setEnabled(0 < chosen < of)

    def setCanCentre(self, can: bool) -> None:
        """Whether truncation may pull towards a group."""
        self._centre.setVisible(can)

    def _button(self, name: str, text: str, tooltip: str) -> QPushButton:
        button = QPushButton(text, self)
        button.setObjectName(name)
        button.setAccessibleName(text)
        button.setToolTip(tooltip)
        return button

    @Slot()
    def _ask_mean(self) -> None:
        self.directionWanted.emit(self._given_name(), "mean")

    @Slot()
    def _ask_svm(self) -> None:
        self.directionWanted.emit(self._given_name(), "svm")

    def _given_name(self) -> str:
        return self._name.text().strip() or self.tr("chosen on the map")
