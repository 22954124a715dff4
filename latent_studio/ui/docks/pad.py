"""The 2-D pad: any two directions, moved by one hand."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Slot
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QLabel, QVBoxLayout, QWidget

from latent_studio.ui.slider_states import slider_state
from latent_studio.ui.widgets.pad import Pad, PadAxis

if TYPE_CHECKING:
    from latent_studio.app.direction_library import LibraryEntry
    from latent_studio.core.session import Session
    from latent_studio.ui.api import DockContext


class PadDock(QWidget):
    """Two choices, a square, and a switch that lets the picture itself be the pad.

    Args:
        context: the window's parts.
        parent: Qt owner.
    """

    def __init__(self, context: DockContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._axes = context.pad
        self._choices = tuple(
            self._choice(axis, name, tooltip)
            for axis, name, tooltip in (
                (0, self.tr("Across"), self.tr("The direction that goes to the right.")),
                (1, self.tr("Up"), self.tr("The direction that goes up.")),
            )
        )
        self._pad = Pad(self)
        self._pad.setObjectName("pad")
        self._on_picture = QCheckBox(self.tr("Drag on the picture"), self)
        self._on_picture.setObjectName("pad-on-picture")
        self._on_picture.setToolTip(
            self.tr("A drag on the picture moves both directions instead of walking over the seeds.")
        )
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(3, 1)
        for axis, text in ((0, self.tr("Across")), (1, self.tr("Up"))):
            label = QLabel(text, self)
            label.setProperty("muted", True)
            label.setBuddy(self._choices[axis])
            grid.addWidget(label, 0, 2 * axis)
            grid.addWidget(self._choices[axis], 0, 2 * axis + 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(grid)
        layout.addWidget(self._pad, 1)
        layout.addWidget(self._on_picture)
        self.setFocusProxy(self._pad)

        self._pad.moved.connect(self._axes.move_to)
        self._pad.gestureFinished.connect(self._axes.finish)
        self._on_picture.toggled.connect(self._axes.set_on_picture)
        self._axes.changed.connect(self._show)
        context.bridge.session_changed.connect(self._follow)
        self._show()

    def _choice(self, axis: int, name: str, tooltip: str) -> QComboBox:
        box = QComboBox(self)
        box.setObjectName(f"pad-axis-{axis}")
        box.setAccessibleName(name)
        box.setToolTip(tooltip)
        box.setMinimumContentsLength(5)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.activated.connect(partial(self._choose, axis, box))
        return box

    def _choose(self, axis: int, box: QComboBox, place: int) -> None:
        self._axes.choose(axis, str(box.itemData(place)))

    @Slot(object, object)
    def _follow(self, old: Session, new: Session) -> None:
        if old.edits is not new.edits:
            self._pad.setValues(*self._axes.amounts())

    @Slot()
    def _show(self) -> None:
        entries = [entry for entry in self._context.directions.entries if not entry.mark.hidden]
        entries.sort(key=lambda entry: not entry.mark.starred)
        for choice, chosen in zip(self._choices, self._axes.entries, strict=True):
            blocker = QSignalBlocker(choice)
            choice.clear()
            for entry in entries:
                star = "★ " if entry.mark.starred else ""
                choice.addItem(f"{star}{entry.direction.name}", entry.id)
            choice.setCurrentIndex(-1 if chosen is None else choice.findData(chosen.id))
            blocker.unblock()
        self._pad.setAxes(*(self._axis(entry) for entry in self._axes.entries))
        self._pad.setValues(*self._axes.amounts())
        self._pad.setEnabled(all(entry is not None for entry in self._axes.entries))
        blocker = QSignalBlocker(self._on_picture)
        self._on_picture.setChecked(self._axes.is_on_picture)
        blocker.unblock()

    def _axis(self, entry: LibraryEntry | None) -> PadAxis:
        if entry is None:
            return PadAxis()
        state = slider_state(entry, self._context.store.session)
        return PadAxis(state.name, state.low, state.high, state.safe_low, state.safe_high)
