"""DirectionSheet: what every direction does to this picture, and which of them does most."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from latent_studio.core.change import Change, change_along, duplicates, reduced, side_by_side, twins
from latent_studio.core.edits import Edit, EditStack
from latent_studio.core.render import RenderRequest
from latent_studio.ui.slider_states import rows_of
from latent_studio.ui.widgets.elided_label import ElidedLabel
from latent_studio.ui.widgets.images import heat_image, image_of
from latent_studio.ui.widgets.sheet_grid import SheetGrid, SheetRow

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from latent_studio.app.direction_library import LibraryEntry
    from latent_studio.core.render import Frame
    from latent_studio.core.session import Session
    from latent_studio.ui.api import DockContext

_CLIENT = "direction sheet"
#: Where the pictures of a row stand, as shares of the slider's ends.
_SHARES = (-1.0, -0.5, 0.0, 0.5, 1.0)
_ALL = "all"
#: The base has to rest this long before its sheet is worth making.
_REST_MS = 300
#: Models that take longer than this are shown as previews.
_SHARP_WITHIN_MS = 2000.0
#: Side of the pictures kept, in pixels.
_LARGEST = 256


class DirectionSheet(QWidget):
    """A row of pictures per direction, filled in while nothing else renders; a click goes to its slider.

    Args:
        context: the window's parts.
        parent: Qt owner.
    """

    def __init__(self, context: DockContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._entries: dict[str, LibraryEntry] = {}
        self._pixels: dict[tuple[str, int], NDArray[np.float32]] = {}
        self._changes: dict[str, Change] = {}
        self._twins: dict[str, str] = {}
        self._generation = 0
        self._versions: dict[str, int] = {}
        self._is_slow = False
        self._bank = QComboBox(self)
        self._bank.setObjectName("sheet-bank")
        self._bank.setAccessibleName(self.tr("Which directions"))
        self._bank.setToolTip(self.tr("Which directions the sheet shows."))
        self._order = QComboBox(self)
        self._order.setObjectName("sheet-order")
        self._order.setAccessibleName(self.tr("Order"))
        self._order.setToolTip(
            self.tr(
                "What comes first: rows move as their pictures arrive. Strength is how much a direction "
                "changes this picture, locality how much of that is in one place."
            )
        )
        for text, data in (
            (self.tr("as found"), "found"),
            (self.tr("strongest change first"), "strength"),
            (self.tr("most local change first"), "locality"),
            (self.tr("those that look alike together"), "alike"),
        ):
            self._order.addItem(text, data)
        self._where = QToolButton(self)
        self._where.setObjectName("sheet-where")
        self._where.setText(self.tr("Where"))
        self._where.setCheckable(True)
        self._where.setChecked(True)
        self._where.setToolTip(
            self.tr("Show in the middle picture of each row where the direction changes it.")
        )
        self._progress = QLabel(self)
        self._progress.setObjectName("sheet-progress")
        self._progress.setProperty("muted", True)
        for box, letters in ((self._bank, 8), (self._order, 12)):
            # In a narrow window the longest order need not fit.
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(letters)
        legend = ElidedLabel(self.tr("bars: strength, locality"), self)
        legend.setProperty("muted", True)
        self._grid = SheetGrid(self)
        self._grid.setObjectName("sheet-grid")
        self._grid.setEmptyText(self.tr("There are no directions in this bank."))
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self._bank)
        head.addWidget(self._order, 1)
        head.addWidget(self._where)
        head.addWidget(legend, 1)
        head.addWidget(self._progress)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 12)
        layout.setSpacing(8)
        layout.addLayout(head)
        layout.addWidget(self._grid, 1)
        self.setFocusProxy(self._grid)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self._ask)
        self._sort_soon = QTimer(self)
        self._sort_soon.setSingleShot(True)
        self._sort_soon.setInterval(500)
        self._sort_soon.timeout.connect(self._show_rows)

        self._bank.currentIndexChanged.connect(self._show_bank)
        self._order.currentIndexChanged.connect(self._show_rows)
        self._where.toggled.connect(self._grid.setHeatShown)
        self._grid.chosen.connect(context.directions.reveal)
        self._grid.visibleIdsChanged.connect(self._rest.start)
        context.directions.changed.connect(self._take_library)
        context.pictures.ready.connect(self._take_frame)
        context.bridge.session_changed.connect(self._follow)
        self._take_library()

    def showEvent(self, event: object) -> None:
        """Pictures are made while somebody looks."""
        self._rest.start()

    def hideEvent(self, event: object) -> None:
        """Nobody looks."""
        self._rest.stop()
        self._context.pictures.wish(_CLIENT, [])

    @Slot(object, object)
    def _follow(self, old: Session, new: Session) -> None:
        if old.model != new.model or (old.base, old.synthesis, old.mix, old.locks, old.centre) != (
            new.base,
            new.synthesis,
            new.mix,
            new.locks,
            new.centre,
        ):
            self._generation += 1
            self._pixels.clear()
            self._changes.clear()
            self._grid.clearImages()
            self._show_rows()
            if self.isVisible():
                self._rest.start()

    @Slot()
    def _take_library(self) -> None:
        chosen = self._bank.currentData() or _ALL
        self._bank.blockSignals(True)
        self._bank.clear()
        self._bank.addItem(self.tr("all directions"), _ALL)
        for bank in self._context.directions.banks:
            if bank.shown:
                self._bank.addItem(f"{bank.title}  {len(bank.shown)}", bank.id)
        self._bank.setCurrentIndex(max(0, self._bank.findData(chosen)))
        self._bank.blockSignals(False)
        self._show_bank()

    @Slot()
    def _show_bank(self) -> None:
        chosen, shelf = self._bank.currentData(), self._context.directions
        entries = shelf.entries if chosen == _ALL else shelf.bank(str(chosen))
        before = self._entries
        self._entries = {entry.id: entry for entry in entries if not entry.mark.hidden}
        for id, entry in self._entries.items():
            if id in before and _course_of(before[id]) != _course_of(entry):
                self._forget(id)
        model = self._context.models.model
        directions = [entry.direction for entry in self._entries.values()]
        self._twins = {} if model is None else twins(directions, model.spec)
        self._show_rows()
        if self.isVisible():
            self._rest.start()

    def _forget(self, id: str) -> None:
        self._versions[id] = self._versions.get(id, 0) + 1
        self._changes.pop(id, None)
        self._pixels = {key: pixels for key, pixels in self._pixels.items() if key[0] != id}

    @Slot()
    def _show_rows(self) -> None:
        order = self._order.currentData()
        entries = list(self._entries.values())
        if order == "alike":
            known = [entry for entry in entries if entry.id in self._changes]
            places = side_by_side([self._changes[entry.id] for entry in known])
            rest = [entry for entry in entries if entry.id not in self._changes]
            entries = [known[place] for place in places] + rest
        elif order != "found":
            entries.sort(key=lambda entry: -self._measure(entry.id, str(order)))
        same = self._same(entries)
        strongest = max((change.strength for change in self._changes.values()), default=0.0)
        self._grid.setRows(
            [self._row_of(entry, strongest, same.get(entry.id, "")) for entry in entries],
            [f"{share:+g}" for share in _SHARES],
        )
        self._show_progress()

    def _measure(self, id: str, order: str) -> float:
        change = self._changes.get(id)
        if change is None:
            return -1.0
        return change.strength if order == "strength" else change.locality

    def _same(self, entries: list[LibraryEntry]) -> dict[str, str]:
        """In words, which row above a row does the same: by its vector, or by what its pictures show."""
        names = {entry.id: entry.direction.name for entry in entries}
        same = {id: f"= {names[twin]}" for id, twin in self._twins.items() if id in names and twin in names}
        known = [entry.id for entry in entries if entry.id in self._changes]
        for id, earlier in zip(known, duplicates([self._changes[id] for id in known]), strict=True):
            if earlier:
                same.setdefault(id, f"≈ {names[known[earlier[0]]]}")
        return same

    def _row_of(self, entry: LibraryEntry, strongest: float, same: str) -> SheetRow:
        change = self._changes.get(entry.id)
        return SheetRow(
            entry.id,
            ("★ " if entry.mark.starred else "") + entry.direction.name,
            note=entry.direction.info.source,
            strength=None if change is None or not strongest else change.strength / strongest,
            locality=None if change is None else change.locality,
            same=same,
        )

    def _show_progress(self) -> None:
        count, done = len(self._entries), len(self._changes.keys() & self._entries.keys())
        self._progress.setText(
            self.tr("{done} of {count}").format(done=done, count=count) if done < count else ""
        )

    @Slot()
    def _ask(self) -> None:
        """Wish for what is missing: the rows in sight first, then the others."""
        session = self._context.store.session
        if session.model is None or not self.isVisible():
            return
        if not self._pixels:
            # All pictures of a sheet are alike, or previews would seem to differ from sharp ones.
            full_ms = self._context.renders.full_ms
            self._is_slow = full_ms is not None and full_ms > _SHARP_WITHIN_MS
        seen = self._grid.visibleIds()
        ids = [*seen, *(row.id for row in self._grid.rows() if row.id not in set(seen))]
        wishes = []
        for id in ids:
            entry = self._entries.get(id)
            if entry is None:
                continue
            low, high = entry.ends
            rows = rows_of(entry, session, None)
            for place, share in enumerate(_SHARES):
                if (id, place) in self._pixels:
                    continue
                amount = share * (high if share > 0 else -low)
                edits = EditStack((Edit(entry.direction, amount, rows),) if amount else ())
                request = RenderRequest.of(
                    replace(session, edits=edits), revision=0, coarse_only=self._is_slow
                )
                wishes.append(((self._generation, id, place, self._versions.get(id, 0)), request))
        self._context.pictures.wish(_CLIENT, wishes, priority=1)

    @Slot(str, object, object)
    def _take_frame(self, client: str, key: tuple[int, str, int, int], frame: Frame) -> None:
        if client != _CLIENT or key[0] != self._generation:
            return
        _, id, place, version = key
        if version != self._versions.get(id, 0):
            return
        self._pixels[id, place] = reduced(frame.pixels)
        image = image_of(frame.pixels)
        if image.width() > _LARGEST:
            # Hundreds of rows are kept.
            image = image.scaledToWidth(_LARGEST, Qt.TransformationMode.SmoothTransformation)
        self._grid.setImage(id, place, image)
        if all((id, k) in self._pixels for k in range(len(_SHARES))):
            change = change_along([[self._pixels[id, k] for k in range(len(_SHARES))]])
            self._changes[id] = change
            self._grid.setHeat(id, heat_image(change.heat))
            self._sort_soon.start()
            self._show_progress()


def _course_of(entry: LibraryEntry) -> tuple[object, ...]:
    """What decides the pictures of a row."""
    return entry.direction, entry.ends, entry.mark.rows
