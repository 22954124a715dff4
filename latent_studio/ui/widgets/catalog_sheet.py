"""CatalogSheet: things that are here and things that can be fetched, over the window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from latent_studio.ui.icons import set_icon
from latent_studio.ui.widgets.elided_label import ElidedLabel
from latent_studio.ui.widgets.list_area import ListArea
from latent_studio.ui.widgets.overlay import Overlay
from latent_studio.ui.widgets.progress_line import ProgressLine

if TYPE_CHECKING:
    from collections.abc import Sequence

_WIDTH = 860
_LIST_HEIGHT = 460


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """One thing as the sheet shows it.

    Attributes:
        name: as verbs take it.
        about: what it is for.
        licence: of its weights; empty where nobody says.
        size: in words; empty where nobody states it.
        is_here: it can be used; else it can be fetched.
        is_removable: the user may delete it.
        page: where its publisher tells about it.
    """

    name: str
    about: str
    licence: str
    size: str
    is_here: bool
    is_removable: bool = False
    page: str = ""


@dataclass(frozen=True, slots=True)
class SheetWords:
    """What a sheet says, in the user's language.

    Attributes:
        title: above everything.
        things: what the list holds: "Models".
        filter: what the filter is for.
        filter_tip: what it looks through.
        nothing: where the filter leaves none.
        note: below the list.
        ready: on the button of what is here; it only tells where ``ready_tip`` is empty.
        ready_tip: what that button does.
        get_tip: what the button of the others does.
    """

    title: str
    things: str
    filter: str
    filter_tip: str
    nothing: str
    note: str
    ready: str
    get_tip: str
    ready_tip: str = ""


class CatalogSheet(Overlay):
    """A list to filter, with what can be done to each thing.

    Signals:
        openRequested, getRequested, cancelRequested, removeRequested: name of an entry.

    Args:
        parent: lies below it.
        prefix: of the names of its parts.
        words: what it says.
        tool: something beside the filter.
    """

    openRequested = Signal(str)
    getRequested = Signal(str)
    cancelRequested = Signal(str)
    removeRequested = Signal(str)

    def __init__(
        self, parent: QWidget, prefix: str, words: SheetWords, *, tool: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName(f"{prefix}Sheet")
        self._prefix, self._words = prefix, words
        self._rows: dict[str, _Row] = {}
        title = QLabel(words.title, self.card())
        title.setProperty("heading", True)
        close = QToolButton(self.card())
        close.setObjectName(f"{prefix}Close")
        close.setProperty("quiet", True)
        close.setAccessibleName(self.tr("Close"))
        close.setToolTip(self.tr("Close (Esc); downloads go on"))
        set_icon(close, "close", role="muted")
        close.clicked.connect(self.closeOverlay)
        self._filter = QLineEdit(self.card())
        self._filter.setObjectName(f"{prefix}Filter")
        self._filter.setAccessibleName(words.filter)
        self._filter.setPlaceholderText(words.filter)
        self._filter.setToolTip(words.filter_tip)
        self._filter.setClearButtonEnabled(True)
        self._filter.textChanged.connect(self._show_matches)
        self._list = QWidget()
        self._list_layout = QVBoxLayout(self._list)
        self._list_layout.setContentsMargins(0, 0, 8, 0)
        self._list_layout.setSpacing(0)
        self._list_layout.addStretch(1)
        area = ListArea(_WIDTH, _LIST_HEIGHT, self.card())
        area.setAccessibleName(words.things)
        area.setWidget(self._list)
        self._nothing = QLabel(words.nothing, self.card())
        self._nothing.setProperty("muted", True)
        self._nothing.hide()
        note = QLabel(words.note, self.card())
        note.setProperty("muted", True)
        note.setWordWrap(True)
        head = QHBoxLayout()
        head.addWidget(title, 1)
        head.addWidget(close)
        tools = QHBoxLayout()
        tools.setSpacing(8)
        tools.addWidget(self._filter, 1)
        if tool is not None:
            tools.addWidget(tool)
        self.cardLayout().addLayout(head)
        self.cardLayout().addLayout(tools)
        self.cardLayout().addWidget(area, 1)
        self.cardLayout().addWidget(self._nothing)
        self.cardLayout().addWidget(note)

    def setEntries(self, entries: Sequence[CatalogEntry]) -> None:
        """Show these; one that is being fetched keeps its progress."""
        running = {name: row.progress() for name, row in self._rows.items() if row.progress() is not None}
        for row in self._rows.values():
            self._list_layout.removeWidget(row)
            row.hide()
            # Until it is deleted, nobody should find it by name.
            for part in (row, *row.findChildren(QWidget)):
                part.setObjectName("")
            row.deleteLater()
        self._rows = {}
        for place, entry in enumerate(entries):
            row = _Row(entry, self._prefix, self._words, self._list)
            row.openRequested.connect(self.openRequested)
            row.getRequested.connect(self.getRequested)
            row.cancelRequested.connect(self.cancelRequested)
            row.removeRequested.connect(self.removeRequested)
            self._list_layout.insertWidget(place, row)
            self._rows[entry.name] = row
            found = running.get(entry.name)
            if found is not None:
                row.setProgress(*found)
        self._show_matches()

    def setProgress(self, name: str, fraction: float | None, message: str) -> None:
        """Show how far one has come."""
        if name in self._rows:
            self._rows[name].setProgress(fraction, message)

    def setFinished(self, name: str, problem: str = "") -> None:
        """It is no longer on its way; ``problem`` says why it did not come."""
        if name in self._rows:
            self._rows[name].setFinished(problem)

    def wantedWidth(self) -> int:
        """Room for name, description and buttons."""
        return _WIDTH

    def firstFocus(self) -> QWidget:
        """The filter."""
        return self._filter

    @Slot()
    def _show_matches(self) -> None:
        words = self._filter.text().casefold().split()
        for row in self._rows.values():
            row.setVisible(all(word in row.text() for word in words))
        self._nothing.setVisible(bool(words) and not any(not row.isHidden() for row in self._rows.values()))


class _Row(QWidget):
    """One entry: what it is, and what can be done."""

    openRequested = Signal(str)
    getRequested = Signal(str)
    cancelRequested = Signal(str)
    removeRequested = Signal(str)

    def __init__(self, entry: CatalogEntry, prefix: str, words: SheetWords, parent: QWidget) -> None:
        super().__init__(parent)
        self._entry, self._words = entry, words
        self._progress: tuple[float | None, str] | None = None
        self.setObjectName(f"{prefix}-{entry.name}")
        self.setAccessibleName(entry.name)
        self.setToolTip("\n".join(part for part in (entry.about, entry.licence, entry.page) if part))
        name = ElidedLabel(entry.name, self)
        self._about = ElidedLabel(entry.about, self)
        self._licence = ElidedLabel(" · ".join(part for part in (entry.size, entry.licence) if part), self)
        for label in (self._about, self._licence):
            label.setProperty("muted", True)
        self._line = ProgressLine(self)
        self._line.hide()
        self._button = QPushButton(self)
        self._button.setObjectName(f"{prefix}-button-{entry.name}")
        self._button.setFixedWidth(88)
        self._button.clicked.connect(self._press)
        self._remove = QToolButton(self)
        self._remove.setObjectName(f"{prefix}-remove-{entry.name}")
        self._remove.setProperty("quiet", True)
        self._remove.setAccessibleName(self.tr("Remove {name}").format(name=entry.name))
        self._remove.setToolTip(self.tr("Delete it from this machine"))
        set_icon(self._remove, "close", role="muted")
        self._remove.clicked.connect(self._press_remove)
        self._remove.setVisible(entry.is_removable)
        lines = QVBoxLayout()
        lines.setSpacing(1)
        for label in (name, self._about, self._licence):
            lines.addWidget(label)
        lines.addWidget(self._line)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(10, 6, 4, 6)
        layout.setSpacing(8)
        layout.addLayout(lines, 1)
        layout.addWidget(self._remove)
        layout.addWidget(self._button)
        self._show_button()

    def text(self) -> str:
        """What the filter looks through."""
        return f"{self._entry.name} {self._entry.about} {self._entry.licence}".casefold()

    def progress(self) -> tuple[float | None, str] | None:
        """How far it has come; ``None`` when it is not on its way."""
        return self._progress

    def setProgress(self, fraction: float | None, message: str) -> None:
        """It is on its way."""
        self._progress = (fraction, message)
        self._line.setFraction(fraction)
        self._line.show()
        self._licence.setText(message)
        self._show_button()

    def setFinished(self, problem: str) -> None:
        """It has come, or not."""
        self._progress = None
        self._line.hide()
        if problem:
            self._licence.setText(problem)
        self._show_button()

    def _show_button(self) -> None:
        if self._progress is not None:
            text, tip = self.tr("Cancel"), self.tr("Stop; what has arrived is kept for the next time")
        elif self._entry.is_here:
            text, tip = self._words.ready, self._words.ready_tip
        else:
            text, tip = self.tr("Get"), self._words.get_tip
        self._button.setEnabled(bool(tip))
        self._button.setText(text)
        self._button.setToolTip(tip)
        self._button.setAccessibleName(f"{text} {self._entry.name}")

    @Slot()
    def _press(self) -> None:
        if self._progress is not None:
            self.cancelRequested.emit(self._entry.name)
        elif self._entry.is_here:
            self.openRequested.emit(self._entry.name)
        else:
            self.getRequested.emit(self._entry.name)

    @Slot()
    def _press_remove(self) -> None:
        self.removeRequested.emit(self._entry.name)
