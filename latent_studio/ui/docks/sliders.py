"""The sliders: directions found on the model, each with its amount, rows and ends."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QMenu, QVBoxLayout, QWidget

from latent_studio.core.edits import Edit
from latent_studio.ui.thumbnails import SliderEnds
from latent_studio.ui.widgets.rows_field import RowsField, rows_text
from latent_studio.ui.widgets.slider_bank import SliderBank
from latent_studio.ui.widgets.slider_row import SliderRowState

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QImage

    from latent_studio.app.models import LoadedModel
    from latent_studio.core.directions import Direction, Rows
    from latent_studio.core.session import Session
    from latent_studio.ui.api import DockContext

#: Within this many standard deviations pictures usually stay natural.
_SAFE_SIGMAS = 2.0


class SlidersDock(QWidget):
    """A bank of sliders, one per direction.

    The row range in the header counts for sliders that rest at zero: a slider that has been moved keeps the
    rows it was moved on until it is reset, or its menu says otherwise.

    Args:
        context: the window's parts.
        parent: Qt owner.
    """

    def __init__(self, context: DockContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._directions: dict[str, Direction] = {}
        self._rows: Rows = None
        self._filter = QLineEdit(self)
        self._filter.setObjectName("slider-filter")
        self._filter.setClearButtonEnabled(True)
        self._filter.setAccessibleName(self.tr("Filter sliders"))
        self._filter.setToolTip(context.actions["filter_sliders"].toolTip())
        self._filter.installEventFilter(self)
        self._rows_field = RowsField(self)
        self._rows_field.setObjectName("slider-rows")
        self._rows_field.setToolTip(self.tr("Rows of the latent that sliders move, coarse to fine."))
        self._bank = SliderBank(self)
        self._bank.setObjectName("slider-bank")
        self._bank.setUnit("sigma")
        header = QHBoxLayout()
        header.setSpacing(8)
        rows_label = QLabel(self.tr("Rows"), self)
        rows_label.setProperty("muted", True)
        rows_label.setBuddy(self._rows_field)
        header.addWidget(self._filter, 1)
        header.addWidget(rows_label)
        header.addWidget(self._rows_field)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(header)
        layout.addWidget(self._bank, 1)
        self._show_count()

        self._filter.textChanged.connect(self._bank.setFilter)
        self._rows_field.rowsChanged.connect(self._set_rows)
        self._bank.amountChanged.connect(self._set_amount)
        self._bank.gestureFinished.connect(self._finish)
        self._bank.resetRequested.connect(context.store.reset_amount)
        self._bank.rangeChangeRequested.connect(self._set_range)
        self._bank.menuRequested.connect(self._show_menu)
        self._bank.visibleIdsChanged.connect(self._want_thumbnails)
        context.thumbnails.ready.connect(self._take_thumbnails)
        context.actions["sigma_unit"].toggled.connect(self._set_unit)
        context.actions["filter_sliders"].triggered.connect(self._focus_filter)
        context.models.model_changed.connect(self._take_model)
        context.bridge.session_changed.connect(self.show_session)

    @Slot(object)
    def _take_model(self, model: LoadedModel) -> None:
        self._directions = {direction.id: direction for direction in model.directions}
        # Directions of different models may share their ids, but not their pictures.
        self._bank.clearThumbnails()
        self._rows = None
        self._rows_field.setNumRows(model.spec.num_ws)
        self._rows_field.setRows(None)
        self._show_count()
        self._show_all()

    @Slot(object, object)
    def show_session(self, old: Session, new: Session) -> None:
        """Show the amounts that changed."""
        if old.model != new.model:
            self._show_all()
            return
        if old.edits is new.edits:
            return
        before = {edit.id: edit for edit in old.edits}
        after = {edit.id: edit for edit in new.edits}
        for id in before.keys() | after.keys():
            if before.get(id) != after.get(id) and id in self._directions:
                self._bank.setRow(self._state_of(self._directions[id]))

    def _show_all(self) -> None:
        self._bank.setRows([self._state_of(direction) for direction in self._directions.values()])
        self._want_thumbnails()

    def _show_count(self) -> None:
        count = len(self._directions)
        self._filter.setPlaceholderText(
            self.tr("Filter {count} directions").format(count=count)
            if count
            else self.tr("Filter directions")
        )

    def _state_of(self, direction: Direction) -> SliderRowState:
        edit = self._context.store.session.edits.find(direction.id)
        low, high = self._ends_of(direction)
        rows = self._rows_of(direction)
        safe = _SAFE_SIGMAS * direction.sigma
        return SliderRowState(
            id=direction.id,
            name=direction.name,
            rows_text=rows_text(rows, all_text=self.tr("all")),
            amount=edit.amount if edit is not None else 0.0,
            sigma=direction.sigma,
            low=low,
            high=high,
            safe_low=max(low, -safe),
            safe_high=min(high, safe),
            enabled=edit is None or edit.enabled,
            tooltip=_tooltip_of(direction),
        )

    def _ends_of(self, direction: Direction) -> tuple[float, float]:
        ranges = self._context.models.ranges
        return direction.suggested_range if ranges is None else ranges.of(direction)

    def _rows_of(self, direction: Direction) -> Rows:
        edit = self._context.store.session.edits.find(direction.id)
        rows = self._rows if edit is None else edit.rows
        return direction.rows if rows is None else rows

    @Slot(object)
    def _set_rows(self, rows: Rows) -> None:
        self._rows = rows
        self._show_all()

    @Slot(str, float)
    def _set_amount(self, id: str, amount: float) -> None:
        direction, store = self._directions.get(id), self._context.store
        if direction is None:
            # The hand still holds a slider of the model that was open before.
            return
        if store.session.edits.find(id) is None:
            edits = store.session.edits.with_edit(Edit(direction, amount, self._rows))
            label = self.tr("Move {name}").format(name=direction.name)
            store.replace(replace(store.session, edits=edits), label, gesture=id)
        else:
            store.set_amount(direction, amount, gesture=id)

    @Slot(str)
    def _finish(self, id: str) -> None:
        store = self._context.store
        edit = store.session.edits.find(id)
        if edit is not None and edit.amount == 0:
            # A slider brought home is no edit any more.
            label = self.tr("Reset {name}").format(name=edit.direction.name)
            store.replace(replace(store.session, edits=store.session.edits.without(id)), label, gesture=id)
        store.close_gesture()

    @Slot(str, float, float)
    def _set_range(self, id: str, low: float, high: float) -> None:
        ranges = self._context.models.ranges
        if ranges is not None:
            ranges.set(self._directions[id], low, high)
            self._bank.setRow(self._state_of(self._directions[id]))
            self._want_thumbnails()

    @Slot(bool)
    def _set_unit(self, in_sigma: bool) -> None:
        self._bank.setUnit("sigma" if in_sigma else "amount")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Escape in the filter shows all sliders again, Down goes to the first of them."""
        if watched is self._filter and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() == Qt.Key.Key_Escape and self._filter.text():
                self._filter.clear()
                return True
            if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Return) and self._bank.shownIds():
                self._bank.focusRow(self._bank.shownIds()[0])
                return True
        return super().eventFilter(watched, event)

    @Slot()
    def _focus_filter(self) -> None:
        self._filter.setFocus()
        self._filter.selectAll()

    @Slot()
    def _want_thumbnails(self) -> None:
        wanted = []
        for id in self._bank.visibleIds():
            direction = self._directions.get(id)
            if direction is not None:
                low, high = self._ends_of(direction)
                wanted.append(SliderEnds(direction, low, high, self._rows_of(direction)))
        self._context.thumbnails.show_ends(tuple(wanted))

    @Slot(str, object, object)
    def _take_thumbnails(self, id: str, low: QImage | None, high: QImage | None) -> None:
        if id in self._directions:
            self._bank.setThumbnails(id, low, high)

    @Slot(str, QPoint)
    def _show_menu(self, id: str, place: QPoint) -> None:
        self.make_menu(id).popup(place)

    def make_menu(self, id: str) -> QMenu:
        """What can be done with one slider; the menu goes when it is closed."""
        edit = self._context.store.session.edits.find(id)
        is_on = edit is None or edit.enabled
        rows = rows_text(self._rows, all_text=self.tr("all"))
        ranges = self._context.models.ranges
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setToolTipsVisible(True)
        for name, text, tooltip, can_do, do in (
            (
                "reset",
                self.tr("Reset"),
                self.tr("Back to zero."),
                edit is not None,
                self._context.store.reset_amount,
            ),
            (
                "switch",
                self.tr("Switch off") if is_on else self.tr("Switch on"),
                self.tr("Without its effect, but with its amount.") if is_on else self.tr("With its effect."),
                edit is not None,
                self._switch,
            ),
            (
                "take-rows",
                self.tr("Move rows {rows}").format(rows=rows),
                self.tr("Move the rows chosen above the sliders."),
                edit is not None and edit.rows != self._rows,
                self._take_rows,
            ),
            ("", "", "", False, None),
            (
                "set-range",
                self.tr("Range…"),
                self.tr("Choose the slider's ends; they may be uneven."),
                ranges is not None,
                self._bank.editRange,
            ),
            (
                "reset-range",
                self.tr("Reset range"),
                self.tr("Back to the ends that were suggested."),
                ranges is not None
                and ranges.of(self._directions[id]) != self._directions[id].suggested_range,
                self._reset_range,
            ),
        ):
            if do is None:
                menu.addSeparator()
                continue
            action = menu.addAction(text)
            action.setObjectName(f"slider-{name}")
            action.setToolTip(tooltip)
            action.setEnabled(can_do)
            action.triggered.connect(partial(_call_with, do, id))
        return menu

    def _switch(self, id: str) -> None:
        edit = self._context.store.session.edits.find(id)
        if edit is not None:
            word = self.tr("Switch off") if edit.enabled else self.tr("Switch on")
            changed = replace(edit, enabled=not edit.enabled)
            self._context.store.set_edit(changed, f"{word} {edit.direction.name}")

    def _take_rows(self, id: str) -> None:
        edit = self._context.store.session.edits.find(id)
        if edit is not None:
            label = self.tr("Change rows of {name}").format(name=edit.direction.name)
            self._context.store.set_edit(replace(edit, rows=self._rows), label)

    def _reset_range(self, id: str) -> None:
        if self._context.models.ranges is not None:
            self._context.models.ranges.reset(self._directions[id])
            self._show_all()


def _call_with(do: Callable[[str], object], id: str, _checked: bool = False) -> None:
    do(id)


def _tooltip_of(direction: Direction) -> str:
    lines = [direction.name]
    if direction.info.source:
        lines.append(f"Found by {direction.info.source}")
    lines += [
        f"{name}: {value:.4g}" if isinstance(value, float) else f"{name}: {value}"
        for name, value in direction.info.details.items()
    ]
    lines.append(f"σ = {direction.sigma:.4g}")
    return "\n".join(lines)
