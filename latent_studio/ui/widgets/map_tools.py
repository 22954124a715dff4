"""MapTools: the line above the latent map: what the hand does, how many samples, with pictures or not."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QComboBox, QHBoxLayout, QToolButton, QWidget

from latent_studio.ui.widgets.map_canvas import TOOLS, MapTool

#: How many samples may be shown.
COUNTS = (500, 2_000, 10_000)


class MapTools(QWidget):
    """Buttons and a list; they only tell.

    Signals:
        toolChosen: a ``MapTool``.
        countChosen: another number of samples.
        picturesToggled: whether small pictures are shown.
    """

    toolChosen = Signal(str)
    countChosen = Signal()
    picturesToggled = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        texts: dict[MapTool, tuple[str, str]] = {
            "go": (self.tr("Walk"), self.tr("Click goes there; drag walks, and the picture follows.")),
            "move": (self.tr("Move"), self.tr("Drag moves the map; the right button always does.")),
            "loop": (
                self.tr("Loop"),
                self.tr("Draw around samples to choose them; with Shift to those chosen already."),
            ),
            "path": (self.tr("Path"), self.tr("Draw a path: it becomes keys of the timeline.")),
        }
        self._tools = QButtonGroup(self)
        for tool in TOOLS:
            button = QToolButton(self)
            button.setObjectName(f"map-{tool}")
            button.setText(texts[tool][0])
            button.setAccessibleName(texts[tool][0])
            button.setToolTip(texts[tool][1])
            button.setCheckable(True)
            button.setChecked(tool == "go")
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(partial(self.toolChosen.emit, tool))
            self._tools.addButton(button)
            row.addWidget(button)
        row.addSpacing(6)
        row.addStretch(1)
        self._count = QComboBox(self)
        self._count.setObjectName("map-count")
        self._count.setAccessibleName(self.tr("Samples"))
        self._count.setToolTip(self.tr("How many seeds the map shows."))
        for count in COUNTS:
            self._count.addItem(f"{count:,}", count)
        self._count.setCurrentIndex(1)
        self._count.activated.connect(lambda _: self.countChosen.emit())
        row.addWidget(self._count)
        self._shown = QToolButton(self)
        self._shown.setObjectName("map-pictures")
        self._shown.setText(self.tr("Pictures"))
        self._shown.setAccessibleName(self.tr("Pictures"))
        self._shown.setToolTip(self.tr("Show small pictures of samples where there is room."))
        self._shown.setCheckable(True)
        self._shown.setChecked(True)
        self._shown.toggled.connect(self.picturesToggled)
        row.addWidget(self._shown)

    def setTool(self, tool: MapTool) -> None:
        """Show which one is in the hand; no signal."""
        for button in self._tools.buttons():
            button.setChecked(button.objectName() == f"map-{tool}")

    def count(self) -> int:
        """Samples wanted."""
        return int(self._count.currentData())
