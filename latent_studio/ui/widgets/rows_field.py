"""RowsField: which rows of ws an edit touches: all, a named zone, or ``0-3,8``."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QSizePolicy, QWidget

from latent_studio.core.errors import OptionError
from latent_studio.core.rows import format_rows, parse_rows

#: StyleGAN's zones: 4 and 8 px shape the form, 16 and 32 px the features, the rest colour and texture.
_ZONE_STARTS = (0, 4, 8)


def zones(num_ws: int) -> tuple[tuple[int, ...], ...]:
    """The rows of each zone of a generator that has them: form, features, colour; short ones have fewer."""
    ends = (*_ZONE_STARTS[1:], max(num_ws, _ZONE_STARTS[-1]))
    found = (tuple(range(a, min(b, num_ws))) for a, b in zip(_ZONE_STARTS, ends, strict=True))
    return tuple(rows for rows in found if rows)


def rows_text(rows: tuple[int, ...] | None, *, all_text: str = "all") -> str:
    """Rows as they are shown: ``"all"`` or ``"0–3, 8"``."""
    return all_text if rows is None else format_rows(rows).replace("-", "–").replace(",", ", ")


class RowsField(QWidget):
    """A field with presets.

    Signals:
        rowsChanged: the user chose rows; a tuple, or ``None`` for all.
    """

    rowsChanged = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._num_rows = 0
        self._rows: tuple[int, ...] | None = None
        self._presets: list[tuple[int, ...] | None] = []
        self._hint = self.tr("Rows of ws the sliders touch: all, a zone, or numbers such as 0-3,8")
        self._combo = QComboBox(self)
        self._combo.setObjectName("rowsCombo")
        self._combo.setEditable(True)
        self._combo.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self._combo.setMinimumWidth(104)
        self._combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._combo.setMinimumContentsLength(7)
        self._combo.activated.connect(self._take_preset)
        self._editor.editingFinished.connect(self._take_text)
        self._editor.textEdited.connect(self._check_text)
        self._editor.installEventFilter(self)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._combo)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setFocusProxy(self._combo)
        name = self.tr("Layers")
        for part in (self, self._combo, self._editor, self._combo.view()):
            part.setAccessibleName(name)
        self._mark("")
        self._fill()

    @property
    def _editor(self) -> QLineEdit:
        editor = self._combo.lineEdit()
        if editor is None:
            raise RuntimeError("The combo box is not editable.")
        return editor

    def rows(self) -> tuple[int, ...] | None:
        """The rows chosen; ``None`` means all."""
        return self._rows

    def numRows(self) -> int:
        """How many rows the model has."""
        return self._num_rows

    def setNumRows(self, number: int) -> None:
        """Tell how many rows the model has; rows beyond them are dropped without a signal."""
        if number == self._num_rows:
            return
        self._num_rows = number
        if self._rows is not None:
            self._rows = self._proper(tuple(row for row in self._rows if row < number))
        self._fill()

    def setRows(self, rows: tuple[int, ...] | None) -> None:
        """Show rows; no signal."""
        self._rows = self._proper(rows)
        self._show()

    def setToolTip(self, text: str) -> None:
        """Explain the field; while what is typed cannot be read, the reason is shown instead."""
        self._hint = text
        super().setToolTip(text)
        self._mark(self._problem(self._editor.text()))

    def isValid(self) -> bool:
        """Whether what is typed can be read."""
        return not self._problem(self._editor.text())

    def text(self) -> str:
        """What the field says."""
        return self._editor.text()

    def sizeHint(self) -> QSize:
        """Room for a short list."""
        return QSize(128, super().sizeHint().height())

    def _proper(self, rows: tuple[int, ...] | None) -> tuple[int, ...] | None:
        if not rows or (self._num_rows and set(rows) >= set(range(self._num_rows))):
            return None
        return tuple(sorted(set(rows)))

    def _fill(self) -> None:
        self._combo.clear()
        self._presets = [None]
        last = f"  0–{self._num_rows - 1}" if self._num_rows else ""
        self._combo.addItem(self.tr("all") + last)
        names = (self.tr("coarse · form"), self.tr("middle · features"), self.tr("fine · colour"))
        found = zones(self._num_rows)
        if len(found) > 1:
            for rows, name in zip(found, names, strict=False):
                self._presets.append(rows)
                self._combo.addItem(f"{name}  {rows_text(rows)}")
        widest = max(
            self._combo.fontMetrics().horizontalAdvance(self._combo.itemText(place))
            for place in range(self._combo.count())
        )
        self._combo.view().setMinimumWidth(widest + 40)
        self._show()

    def _show(self) -> None:
        place = self._presets.index(self._rows) if self._rows in self._presets else -1
        self._combo.setCurrentIndex(place)
        self._combo.setEditText(rows_text(self._rows, all_text=self.tr("all")))
        self._mark("")

    @Slot(int)
    def _take_preset(self, place: int) -> None:
        if 0 <= place < len(self._presets):
            self._change(self._presets[place])

    @Slot()
    def _take_text(self) -> None:
        text = self._editor.text()
        problem = self._problem(text)
        self._mark(problem)
        if not problem:
            self._change(self._read(text))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Escape drops what was typed and shows the rows in force again."""
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.KeyPress
            and event.key() == Qt.Key.Key_Escape
            and self._editor.text() != rows_text(self._rows, all_text=self.tr("all"))
        ):
            self._show()
            self._editor.selectAll()
            return True
        return super().eventFilter(watched, event)

    @Slot(str)
    def _check_text(self, text: str) -> None:
        self._mark(self._problem(text))

    def _change(self, rows: tuple[int, ...] | None) -> None:
        rows = self._proper(rows)
        before, self._rows = self._rows, rows
        self._show()
        if rows != before:
            self.rowsChanged.emit(rows)

    def _read(self, text: str) -> tuple[int, ...] | None:
        text = text.strip().replace("–", "-").replace("−", "-")
        if not text or text.casefold() in ("all", self.tr("all").casefold()):
            return None
        return parse_rows(text, option=self.tr("Layers"))

    def _problem(self, text: str) -> str:
        try:
            rows = self._read(text)
        except OptionError as error:
            return str(error)
        if rows is not None and self._num_rows and rows[-1] >= self._num_rows:
            return self.tr("The model has rows 0 to {last}.").format(last=self._num_rows - 1)
        return ""

    def _mark(self, problem: str) -> None:
        for part in (self._combo, self._editor):
            part.setToolTip(problem or self._hint)
        if self._combo.property("invalid") != bool(problem):
            self._combo.setProperty("invalid", bool(problem))
            self._combo.style().unpolish(self._combo)
            self._combo.style().polish(self._combo)
