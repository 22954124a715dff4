"""ClassPicker: the class of a conditional model by name or number, dice, and a blend of two."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import QComboBox, QCompleter, QGridLayout, QLabel, QLineEdit, QToolButton, QWidget

from latent_studio.core.synthesis import ClassWeights, blend_of_two
from latent_studio.ui.icons import set_icon
from latent_studio.ui.widgets.labelled_slider import LabelledSlider

if TYPE_CHECKING:
    from collections.abc import Sequence

_MIDDLE = 0.5
#: Characters of a refused text that are repeated in the answer.
_MOST_TEXT = 24


class ClassField(QComboBox):
    """A list of classes to choose from or to type into: part of a name, or a number.

    Signals:
        classChosen: the user chose a label.
        textRefused: what was typed means no class; one sentence.
    """

    classChosen = Signal(int)
    textRefused = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._edit = QLineEdit(self)
        self.setLineEdit(self._edit)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.setMaxVisibleItems(16)
        # A thousand names must not decide how wide the panel is.
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(3)
        self.setMinimumWidth(96)
        finder = QCompleter(self.model(), self)
        finder.setFilterMode(Qt.MatchFlag.MatchContains)
        finder.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        finder.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        self.setCompleter(finder)
        self._label = 0
        self.activated.connect(self._choose)
        self._edit.editingFinished.connect(self._take_text)

    def setClasses(self, count: int, names: Sequence[str] = ()) -> None:
        """Fill the list; no signal."""
        blocker = QSignalBlocker(self)
        self.clear()
        self.addItems([f"{label}  {names[label]}" if names else str(label) for label in range(count)])
        self.setLabel(min(self._label, max(0, count - 1)))
        blocker.unblock()

    def label(self) -> int:
        """The label shown."""
        return self._label

    def setLabel(self, label: int) -> None:
        """Show a label; no signal."""
        blocker = QSignalBlocker(self)
        self._label = label
        self.setCurrentIndex(label)
        self.setEditText(self.itemText(label))
        self._edit.setCursorPosition(0)
        blocker.unblock()

    @Slot(int)
    def _choose(self, label: int) -> None:
        if not 0 <= label < self.count():
            return
        changed = label != self._label
        self.setLabel(label)
        if changed:
            self.classChosen.emit(label)

    @Slot()
    def _take_text(self) -> None:
        """A number, a whole item, or the first item that contains the text; anything else is put back."""
        typed = self._edit.text().strip()
        text = typed.casefold()
        items = [self.itemText(index).casefold() for index in range(self.count())]
        found = [index for index, item in enumerate(items) if item == text or item.split("  ")[0] == text]
        found = found or [index for index, item in enumerate(items) if text and text in item]
        self._choose(found[0] if found else self._label)
        self.setLabel(self._label)
        if not found and typed:
            self.textRefused.emit(self._refusal(typed))

    def _refusal(self, text: str) -> str:
        last = self.count() - 1
        shown = text if len(text) <= _MOST_TEXT else f"{text[:_MOST_TEXT]}…"
        if text.lstrip("+-").isdecimal():
            words = self.tr("There is no class {text}: this model has classes 0 to {last}.")
        else:
            words = self.tr(
                "No class is called “{text}”: type a part of a name, or a number from 0 to {last}."
            )
        return words.format(text=shown, last=last)


class ClassPicker(QWidget):
    """One class, or a blend of two with a crossover.

    Signals:
        classChosen: the user chose a single class.
        blendChanged: the user changed the blend; ``ClassWeights``.
        gestureFinished: what should become one step of undo has ended.
    """

    classChosen = Signal(int)
    blendChanged = Signal(object)
    gestureFinished = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._first = ClassField(self)
        self._first.setObjectName("class-field")
        self._first.setAccessibleName(self.tr("Class"))
        self._dice = self._button(
            "dice", "class-random", self.tr("Random class"), self.tr("Another class by chance")
        )
        self._blend = self._button(
            "layers",
            "class-blend",
            self.tr("Blend two classes"),
            self.tr("Blend with a second class: the picture lies between what the network learned of both"),
        )
        self._blend.setCheckable(True)
        self._second = ClassField(self)
        self._second.setObjectName("class-second")
        self._second.setAccessibleName(self.tr("Second class"))
        self._second.setToolTip(self.tr("The class at the right end of the crossover"))
        self._share = LabelledSlider(self.tr("Crossover"), parent=self)
        self._share.setObjectName("class-share")
        self._share.setToolTip(self.tr("0 is the first class, 1 the second; between them lie blends."))
        self._share.setRange(0.0, 1.0)
        self._share.setDefault(_MIDDLE)
        self._share.setStep(0.05)
        self._share.setDecimals(2)
        self._refusal = QLabel(self)
        self._refusal.setObjectName("class-refusal")
        self._refusal.setWordWrap(True)
        self._note = QLabel(self)
        self._note.setObjectName("class-note")
        self._note.setProperty("muted", True)
        self._note.setWordWrap(True)
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setHorizontalSpacing(4)
        layout.setVerticalSpacing(8)
        layout.setColumnStretch(0, 1)
        layout.addWidget(self._first, 0, 0)
        layout.addWidget(self._dice, 0, 1)
        layout.addWidget(self._blend, 0, 2)
        layout.addWidget(self._second, 1, 0, 1, 3)
        layout.addWidget(self._share, 2, 0, 1, 3)
        layout.addWidget(self._note, 3, 0, 1, 3)
        layout.addWidget(self._refusal, 4, 0, 1, 3)
        self.setFocusProxy(self._first)
        self._first.classChosen.connect(self._take_class)
        self._second.classChosen.connect(self._take_class)
        for field in (self._first, self._second):
            field.textRefused.connect(self._show_refusal)
        self._dice.clicked.connect(self._throw)
        self._blend.toggled.connect(self._take_blending)
        self._share.valueChanged.connect(self._take_share)
        self._share.gestureFinished.connect(self.gestureFinished)
        self._show_blending(False)
        self._note.hide()
        self._refusal.hide()

    def setClasses(self, count: int, names: Sequence[str] = (), *, hint: str = "") -> None:
        """Fill the lists; no signal.

        Args:
            count: of classes.
            names: one per class, or none.
            hint: where the names come from.
        """
        self._refusal.hide()
        for field in (self._first, self._second):
            field.setClasses(count, names)
        words = self.tr("The class the picture is made for; type a number or a part of a name.")
        self._first.setToolTip(f"{words} {hint}".strip())
        self._blend.setEnabled(count > 1)
        self._dice.setEnabled(count > 1)

    def setValue(self, label: int) -> None:
        """Choose a class as a hand would, with its signal, like ``QSpinBox.setValue``."""
        self._first.setLabel(label)
        self._take_class(label)

    def setWeights(self, weights: ClassWeights, *, is_blend: bool) -> None:
        """Show a class or a blend; no signal. Of a blend of more than two the first two are shown."""
        self._refusal.hide()
        self._first.setLabel(weights[0][0])
        if is_blend and len(weights) > 1:
            (_, low), (second, high) = weights[:2]
            self._second.setLabel(second)
            total = low + high
            self._share.setValue(high / total if total else _MIDDLE)
        more = len(weights) - 2
        self._note.setText(self.tr("{count} more classes are in this blend.").format(count=more))
        self._note.setVisible(is_blend and more > 0)
        blocker = QSignalBlocker(self._blend)
        self._blend.setChecked(is_blend and len(weights) > 1)
        blocker.unblock()
        self._show_blending(self._blend.isChecked())

    def _weights(self) -> ClassWeights:
        return blend_of_two(self._first.label(), self._second.label(), self._share.value())

    @Slot(str)
    def _show_refusal(self, text: str) -> None:
        self._refusal.setText(text)
        self._refusal.show()

    @Slot(int)
    def _take_class(self, label: int) -> None:
        self._refusal.hide()
        if self._blend.isChecked():
            self.blendChanged.emit(self._weights())
            self.gestureFinished.emit()
        else:
            self.classChosen.emit(self._first.label())

    @Slot(float)
    def _take_share(self, share: float) -> None:
        self.blendChanged.emit(self._weights())

    @Slot(bool)
    def _take_blending(self, on: bool) -> None:
        self._show_blending(on)
        if not on:
            nearest = self._second if self._share.value() > _MIDDLE else self._first
            self.classChosen.emit(nearest.label())
            return
        if self._second.label() == self._first.label():
            self._second.setLabel((self._first.label() + 1) % max(1, self._first.count()))
        self._share.setValue(_MIDDLE)
        self.blendChanged.emit(self._weights())
        self.gestureFinished.emit()

    @Slot()
    def _throw(self) -> None:
        """Another class than the one shown."""
        count, shown = self._first.count(), self._first.label()
        label = random.randrange(count - 1)  # noqa: S311 -- a picture, not a secret
        self._first.setLabel(label if label < shown else label + 1)
        self._take_class(self._first.label())

    def _show_blending(self, on: bool) -> None:
        self._second.setVisible(on)
        self._share.setVisible(on)

    def _button(self, icon: str, name: str, text: str, tooltip: str) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName(name)
        button.setAccessibleName(text)
        button.setToolTip(tooltip)
        set_icon(button, icon)
        return button
