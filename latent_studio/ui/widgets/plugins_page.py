"""PluginsPage: the plugins there are, each with what it does, where it is from, and a switch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QFont, QGuiApplication
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from latent_studio.ui.widgets.elided_label import ElidedLabel
from latent_studio.ui.widgets.list_area import ListArea

if TYPE_CHECKING:
    from collections.abc import Sequence

_WIDTH, _LIST_HEIGHT = 640, 460
Tone = Literal["", "good", "bad", "warm"]


@dataclass(frozen=True, slots=True)
class PluginEntry:
    """One plugin, in words.

    Attributes:
        id: of the plugin; empty words cannot be switched.
        name: with its version.
        state: how it stands.
        tone: how the state is coloured.
        summary: what it does.
        adds: what it adds.
        notes: what it touches and needs, as its author says; a line each.
        place: where it is from.
        problem: what is wrong; empty when nothing is.
        details: to copy; may be empty.
        is_on: whether it is enabled.
        can_switch: whether that can be changed.
    """

    id: str
    name: str
    state: str
    tone: Tone
    summary: str
    adds: str
    notes: tuple[str, ...]
    place: str
    problem: str = ""
    details: str = ""
    is_on: bool = False
    can_switch: bool = True


class PluginsPage(QWidget):
    """Shows plugins and asks for changes; does nothing itself. Fits a sheet as well as a settings window.

    Args:
        warning: the sentence that says what enabling means; stands above the list.
        parent: Qt owner.
    """

    #: ``(id, on)``: the user has used a switch. It shows the old state until ``setPlugins``.
    switchRequested = Signal(str, bool)
    #: Look for plugins again.
    rescanRequested = Signal()
    #: Show the folder of the user's own plugins.
    folderRequested = Signal()

    def __init__(self, warning: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("pluginsPage")
        self._rows: dict[str, _Row] = {}
        self._warning = QLabel(warning, self)
        self._warning.setObjectName("pluginsWarning")
        self._warning.setWordWrap(True)
        self._warning.setProperty("muted", True)
        self._list = QWidget()
        self._list.setObjectName("scrollContent")
        self._lines = QVBoxLayout(self._list)
        self._lines.setContentsMargins(0, 0, 8, 0)
        self._lines.setSpacing(16)
        self._lines.addStretch(1)
        area = ListArea(_WIDTH, _LIST_HEIGHT, self)
        area.setAccessibleName(self.tr("List of plugins"))
        area.setWidget(self._list)
        self._again = QPushButton(self.tr("Look again"), self)
        self._again.setObjectName("pluginsAgain")
        self._again.setToolTip(self.tr("Look for plugins, and at their files, again."))
        self._again.clicked.connect(self.rescanRequested)
        folder = QPushButton(self.tr("Open folder"), self)
        folder.setObjectName("pluginsFolder")
        folder.setToolTip(self.tr("Your own plugins go here, a folder each."))
        folder.clicked.connect(self.folderRequested)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addStretch(1)
        foot.addWidget(folder)
        foot.addWidget(self._again)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        layout.addWidget(self._warning)
        layout.addWidget(area, 1)
        layout.addLayout(foot)
        self.setFocusProxy(self._again)

    def setPlugins(self, entries: Sequence[PluginEntry]) -> None:
        """Show these; the keyboard stays on the plugin it was on."""
        focused = next((id for id, row in self._rows.items() if row.switch().hasFocus()), None)
        for row in self._rows.values():
            self._lines.removeWidget(row)
            row.hide()
            # Until it is deleted, nobody should find it by name.
            for part in (row, *row.findChildren(QWidget)):
                part.setObjectName("")
            row.deleteLater()
        self._rows = {}
        for place, entry in enumerate(entries):
            row = _Row(entry, self._list)
            row.switched.connect(self.switchRequested)
            self._lines.insertWidget(place, row)
            key = entry.id if entry.id not in self._rows else f"{entry.id} {place}"
            self._rows[key] = row
        if focused in self._rows:
            self._rows[focused].switch().setFocus()

    def setBusy(self, id: str) -> None:
        """A plugin is being switched: its switch waits, and says so."""
        if id in self._rows:
            self._rows[id].setBusy()

    def switchOf(self, id: str) -> QCheckBox:
        """The switch of a plugin."""
        return self._rows[id].switch()

    def wordsOf(self, id: str) -> str:
        """Everything that is said of a plugin."""
        return "\n".join(
            label.text() for label in self._rows[id].findChildren(QLabel) if not label.isHidden()
        )


class _Row(QWidget):
    """One plugin."""

    switched = Signal(str, bool)

    def __init__(self, entry: PluginEntry, parent: QWidget) -> None:
        super().__init__(parent)
        self._entry = entry
        self.setObjectName(f"plugin-{entry.id}")
        self.setAccessibleName(entry.name)
        self._switch = QCheckBox(self)
        self._switch.setObjectName(f"plugin-switch-{entry.id}")
        self._switch.setAccessibleName(self.tr("Enable {name}").format(name=entry.name))
        self._switch.setToolTip(
            self.tr("Run nothing of it any more.")
            if entry.is_on
            else self.tr("Let its code run from now on.")
        )
        self._switch.setChecked(entry.is_on)
        self._switch.setEnabled(entry.can_switch)
        self._switch.clicked.connect(self._press)
        name = QLabel(entry.name, self)
        font = name.font()
        font.setWeight(QFont.Weight.DemiBold)
        name.setFont(font)
        self._state = QLabel(entry.state, self)
        if entry.tone:
            self._state.setProperty("tone", entry.tone)
        else:
            self._state.setProperty("muted", True)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(name)
        head.addStretch(1)
        head.addWidget(self._state)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addLayout(head)
        if entry.summary:
            words.addWidget(self._line(entry.summary, is_muted=False))
        if entry.problem:
            problem = self._line(entry.problem, is_muted=False)
            problem.setObjectName(f"plugin-problem-{entry.id}")
            problem.setProperty("tone", "bad")
            words.addWidget(problem)
        for text in (entry.adds, *entry.notes):
            if text:
                words.addWidget(self._line(text, is_muted=True))
        place = ElidedLabel(entry.place, self, mode=Qt.TextElideMode.ElideMiddle)
        place.setProperty("muted", True)
        words.addWidget(place)
        if entry.details:
            copy = QPushButton(self.tr("Copy details"), self)
            copy.setObjectName(f"plugin-copy-{entry.id}")
            copy.setProperty("link", True)
            copy.setToolTip(self.tr("Copy what its author needs to know."))
            copy.clicked.connect(self._copy)
            words.addWidget(copy, 0, Qt.AlignmentFlag.AlignLeft)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(4, 0, 4, 0)
        layout.setSpacing(12)
        layout.addWidget(self._switch, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(words, 1)

    def switch(self) -> QCheckBox:
        """The switch."""
        return self._switch

    def setBusy(self) -> None:
        """Being switched."""
        self._switch.setEnabled(False)
        self._state.setText(self.tr("one moment…"))

    def _line(self, text: str, *, is_muted: bool) -> QLabel:
        label = QLabel(text, self)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        label.setProperty("muted", is_muted)
        return label

    @Slot()
    def _press(self) -> None:
        wanted = self._switch.isChecked()
        # It shows what is, not what was asked for.
        self._switch.setChecked(self._entry.is_on)
        self.switched.emit(self._entry.id, wanted)

    @Slot()
    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._entry.details)
