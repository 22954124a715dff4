"""The sliders: directions of the open model in their banks, each with its amount, rows and ends."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QTimer, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QMenu, QStackedWidget, QVBoxLayout, QWidget

from latent_studio.core.edits import Edit
from latent_studio.ui.bank_tools import BankTools
from latent_studio.ui.direction_marks import mark
from latent_studio.ui.slider_menu import SliderMenu
from latent_studio.ui.slider_states import resting_rows, rows_of, slider_state
from latent_studio.ui.thumbnails import SliderEnds
from latent_studio.ui.widgets.bank_tabs import BankTab, BankTabs
from latent_studio.ui.widgets.empty_state import EmptyState
from latent_studio.ui.widgets.rows_editor import RowsEditor
from latent_studio.ui.widgets.rows_field import RowsField
from latent_studio.ui.widgets.slider_bank import SliderBank

if TYPE_CHECKING:
    from PySide6.QtGui import QImage

    from latent_studio.app.direction_library import LibraryEntry
    from latent_studio.app.models import LoadedModel
    from latent_studio.core.directions import Rows
    from latent_studio.core.session import Session
    from latent_studio.ui.api import DockContext
    from latent_studio.ui.widgets.slider_row import SliderRowState

#: Banks that have a tab even when they are empty.
_ALWAYS = ("favourites", "sefa", "boundaries", "warp", "pca")
_FIRST_BANK = "sefa"


class SlidersDock(QWidget):
    """A bank of sliders, one per direction; a search goes over all banks at once.

    The row range in the header counts for sliders that rest at zero and have no rows of their own: a slider
    that has been moved keeps the rows it was moved on until it is reset, or its menu says otherwise.

    Args:
        context: the window's parts.
        parent: Qt owner.
    """

    def __init__(self, context: DockContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._shelf = context.directions
        self._bank_id = _FIRST_BANK
        self._shows_hidden = False
        self._entries: dict[str, LibraryEntry] = {}
        self._rows: Rows = None
        self._tabs = BankTabs(self)
        self._tabs.setObjectName("bank-tabs")
        self._tools = BankTools(context, self)
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
        self._empty = EmptyState(self)
        self._empty.setObjectName("bank-empty")
        self._stack = QStackedWidget(self)
        self._stack.addWidget(self._bank)
        self._stack.addWidget(self._empty)
        self._menu = SliderMenu(context, self)
        tabs = QHBoxLayout()
        tabs.setSpacing(4)
        tabs.addWidget(self._tabs, 1)
        tabs.addWidget(self._tools.add_button)
        tabs.addWidget(self._tools.more_button)
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
        layout.addLayout(tabs)
        layout.addLayout(header)
        layout.addWidget(self._stack, 1)
        # Many small changes, such as those of an import, are shown as one.
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._show_all)
        self._show_tabs()
        self._show_all()

        self._tabs.bankChosen.connect(self._choose_bank)
        self._tools.hidden_toggled.connect(self._show_hidden)
        self._tools.calibrate_requested.connect(self._calibrate)
        self._filter.textChanged.connect(self._search)
        self._rows_field.rowsChanged.connect(self._set_rows)
        self._bank.amountChanged.connect(self._set_amount)
        self._bank.gestureFinished.connect(self._finish)
        self._bank.resetRequested.connect(context.store.reset_amount)
        self._bank.rangeChangeRequested.connect(self._set_range)
        self._bank.menuRequested.connect(self._show_menu)
        self._bank.starToggled.connect(self._toggle_star)
        self._bank.rowsRequested.connect(self._edit_rows)
        self._bank.visibleIdsChanged.connect(self._want_thumbnails)
        self._menu.range_requested.connect(self._bank.editRange)
        self._menu.rows_requested.connect(self._edit_rows_of)
        context.thumbnails.ready.connect(self._take_thumbnails)
        context.actions["sigma_unit"].toggled.connect(self._set_unit)
        context.actions["filter_sliders"].triggered.connect(self._focus_filter)
        context.models.model_changed.connect(self._take_model)
        self._shelf.changed.connect(self._take_library)
        self._shelf.reveal_requested.connect(self.reveal)
        context.bridge.session_changed.connect(self.show_session)

    @Slot(object)
    def _take_model(self, model: LoadedModel) -> None:
        # Directions of different models may share their ids, but not their pictures.
        self._bank.clearThumbnails()
        self._rows = None
        self._rows_field.setNumRows(model.spec.num_ws)
        self._rows_field.setRows(None)
        if not self._shelf.bank(self._bank_id):
            self._bank_id = next((bank.id for bank in self._shelf.banks if bank.shown), _FIRST_BANK)
        self._show_tabs()
        self._show_all()

    @Slot()
    def _take_library(self) -> None:
        self._show_tabs()
        self._soon.start()

    @Slot(object, object)
    def show_session(self, old: Session, new: Session) -> None:
        """Show the amounts that changed."""
        if old.model != new.model or old.locks != new.locks:
            self._show_all()
            return
        if old.edits is new.edits:
            return
        before = {edit.id: edit for edit in old.edits}
        after = {edit.id: edit for edit in new.edits}
        for id in before.keys() | after.keys():
            if before.get(id) != after.get(id) and id in self._entries:
                self._bank.setRow(self._state_of(self._entries[id]))

    @Slot(str)
    def reveal(self, id: str) -> None:
        """Bring a direction's slider into sight, in whatever bank it is."""
        entry = self._shelf.find(id)
        if entry is None:
            return
        self._filter.clear()
        if id not in self._entries:
            self._shows_hidden = self._shows_hidden or entry.mark.hidden
            self._choose_bank(entry.bank)
        self._bank.focusRow(id)

    # What is shown

    def _show_tabs(self) -> None:
        self._tabs.setBanks(
            tuple(
                BankTab(bank.id, bank.title, len(bank.shown))
                for bank in self._shelf.banks
                if bank.id in _ALWAYS or bank.entries
            )
        )
        self._tabs.setCurrent(self._bank_id)

    def _show_all(self) -> None:
        self._soon.stop()
        is_searching = bool(self._filter.text().strip())
        entries = self._shelf.entries if is_searching else self._shelf.bank(self._bank_id)
        self._entries = {entry.id: entry for entry in entries if self._shows_hidden or not entry.mark.hidden}
        self._bank.setRows([self._state_of(entry) for entry in self._entries.values()])
        self._show_count()
        is_empty = not self._entries and not is_searching
        if is_empty:
            words = self._tools.empty_words(self._bank_id, has_hidden=bool(entries))
            self._empty.setWords(words.text, words.actions)
        self._stack.setCurrentWidget(self._empty if is_empty else self._bank)
        self._want_thumbnails()

    def _show_count(self) -> None:
        count = sum(not entry.mark.hidden for entry in self._shelf.entries)
        self._filter.setPlaceholderText(
            self.tr("Filter {count} directions").format(count=count)
            if count
            else self.tr("Filter directions")
        )

    def _state_of(self, entry: LibraryEntry) -> SliderRowState:
        is_mixed = bool(self._filter.text().strip()) or self._bank_id == "favourites"
        group = next((bank.title for bank in self._shelf.banks if bank.id == entry.bank), "")
        return slider_state(
            entry, self._context.store.session, resting=self._rows, group=group if is_mixed else ""
        )

    @Slot(str)
    def _choose_bank(self, id: str) -> None:
        self._bank_id = id
        self._tabs.setCurrent(id)
        self._filter.clear()
        self._show_all()

    @Slot(str)
    def _search(self, text: str) -> None:
        was_searching = len(self._entries) == len(self._shelf.entries)
        if not text.strip() or not was_searching:
            self._show_all()
        self._bank.setFilter(text)

    @Slot()
    def _calibrate(self) -> None:
        self._tools.calibrate(self._bank.shownIds())

    @Slot(bool)
    def _show_hidden(self, shown: bool) -> None:
        self._shows_hidden = shown
        self._show_all()

    @Slot(object)
    def _set_rows(self, rows: Rows) -> None:
        self._rows = rows
        self._show_all()

    # What the user does

    @Slot(str, float)
    def _set_amount(self, id: str, amount: float) -> None:
        entry, store = self._entries.get(id), self._context.store
        if entry is None:
            # The hand still holds a slider of the model that was open before.
            return
        old = store.session.edits.find(id)
        if old is None:
            edit = Edit(entry.direction, amount, resting_rows(entry, self._rows))
        else:
            edit = replace(old, direction=entry.direction, amount=amount)
        label = self.tr("Move {name}").format(name=entry.direction.name)
        edits = store.session.edits.with_edit(edit)
        store.replace(replace(store.session, edits=edits), label, gesture=id)

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
        mark(self._context, id, ends=(low, high))

    @Slot(str)
    def _toggle_star(self, id: str) -> None:
        entry = self._shelf.find(id)
        if entry is not None:
            mark(self._context, id, star=not entry.mark.starred)

    @Slot(str)
    def _edit_rows_of(self, id: str) -> None:
        row = self._bank.rowWidget(id)
        place = QPoint(0, 0) if row is None else row.mapToGlobal(row.rect().bottomLeft())
        self._edit_rows(id, place)

    @Slot(str, QPoint)
    def _edit_rows(self, id: str, place: QPoint) -> None:
        entry, model = self._shelf.find(id), self._context.models.model
        if entry is None or model is None or model.spec.num_ws < 2:
            return
        if entry.direction.space.value in ("z", "s"):
            # Neither z nor a single layer's style has rows to choose from.
            return
        rows = rows_of(entry, self._context.store.session, self._rows)
        num_ws = model.spec.num_ws
        editor = RowsEditor(tuple(range(num_ws)) if rows is None else rows, num_rows=num_ws, parent=self)
        editor.rowsChosen.connect(lambda chosen: self._menu.choose_rows(id, chosen))
        editor.resetRequested.connect(lambda: self._menu.choose_rows(id, None))
        editor.popup_at(place)

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
        session = self._context.store.session
        wanted = []
        for id in self._bank.visibleIds():
            entry = self._entries.get(id)
            if entry is not None:
                low, high = entry.ends
                wanted.append(SliderEnds(entry.direction, low, high, rows_of(entry, session, self._rows)))
        self._context.thumbnails.show_ends(tuple(wanted))

    @Slot(str, object, object)
    def _take_thumbnails(self, id: str, low: QImage | None, high: QImage | None) -> None:
        if id in self._entries:
            self._bank.setThumbnails(id, low, high)

    @Slot(str, QPoint)
    def _show_menu(self, id: str, place: QPoint) -> None:
        self.make_menu(id).popup(place)

    def make_menu(self, id: str) -> QMenu:
        """What can be done with one slider; the menu goes when it is closed."""
        return self._menu.make(id, resting=self._rows)
