"""The menu of one slider: what can be done with its amount, its edit and its direction."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QInputDialog, QMenu, QWidget

from latent_studio.ui.direction_conditioner import DirectionConditioner, can_be_conditioned
from latent_studio.ui.direction_locks import set_locked
from latent_studio.ui.direction_marks import mark, remove
from latent_studio.ui.widgets.rows_field import rows_text, zones

if TYPE_CHECKING:
    from collections.abc import Callable

    from latent_studio.app.direction_library import LibraryEntry
    from latent_studio.core.directions import Rows
    from latent_studio.ui.api import DockContext


class SliderMenu(QObject):
    """Makes the menus and does what is chosen; what needs the row itself is asked for by signals.

    Args:
        context: the window's parts.
        owner: the widget menus pop up over.
    """

    #: The id of a slider whose ends are to be edited.
    range_requested = Signal(str)
    #: The id of a slider whose rows are to be edited.
    rows_requested = Signal(str)

    def __init__(self, context: DockContext, owner: QWidget) -> None:
        super().__init__(owner)
        self._context = context
        self._owner = owner
        self._conditioner = DirectionConditioner(context, owner)

    def make(self, id: str, *, resting: Rows = None) -> QMenu:
        """The menu of a direction's slider; it goes when it is closed.

        Args:
            id: of the direction.
            resting: rows chosen for all sliders that rest.
        """
        menu = QMenu(self._owner)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setToolTipsVisible(True)
        entry = self._context.directions.find(id)
        if entry is None:
            return menu
        self._add_edit(menu, entry, resting)
        self._add_rows(menu, entry, resting)
        self._add_range(menu, entry)
        menu.addSeparator()
        self._add_marks(menu, entry)
        return menu

    def _add_edit(self, menu: QMenu, entry: LibraryEntry, resting: Rows) -> None:
        store, id = self._context.store, entry.id
        edit = store.session.edits.find(id)
        is_on = edit is None or edit.enabled
        _add(
            menu, "reset", self.tr("Reset"), self.tr("Back to zero."),
            partial(store.reset_amount, id), can_do=edit is not None,
        )  # fmt: skip
        _add(
            menu,
            "switch",
            self.tr("Switch off") if is_on else self.tr("Switch on"),
            self.tr("Without its effect, but with its amount.") if is_on else self.tr("With its effect."),
            partial(self._switch, id),
            can_do=edit is not None,
        )
        _add(
            menu,
            "take-rows",
            self.tr("Move rows {rows}").format(rows=rows_text(resting, all_text=self.tr("all"))),
            self.tr("Move the rows chosen above the sliders."),
            partial(self._set_edit_rows, id, resting),
            can_do=edit is not None and edit.rows != resting,
        )
        is_locked = any(lock.id == id for lock in store.session.locks)
        _add(
            menu,
            "lock",
            self.tr("Unlock") if is_locked else self.tr("Lock"),
            self.tr("Other sliders may move along it again.")
            if is_locked
            else self.tr("Other sliders no longer move along it: they are projected off."),
            partial(set_locked, self._context, entry.direction, not is_locked),
        )
        _add(
            menu, "condition", self.tr("Free of…"),
            self.tr("A new direction without what chosen others change."),
            partial(self._conditioner.ask, id), can_do=can_be_conditioned(entry.direction),
        )  # fmt: skip

    def _add_rows(self, menu: QMenu, entry: LibraryEntry, resting: Rows) -> None:
        model = self._context.models.model
        if model is None or model.spec.num_ws < 2 or entry.direction.space.value in ("z", "s"):
            return
        rows = menu.addMenu(self.tr("Rows"))
        rows.setObjectName("slider-rows-menu")
        rows.setToolTipsVisible(True)
        num_ws = model.spec.num_ws
        _add(
            rows, "rows-own", self.tr("The direction's own"),
            self.tr("The rows the direction was made for."), partial(self._choose_rows, entry.id, None),
        )  # fmt: skip
        names = (self.tr("Form"), self.tr("Features"), self.tr("Colour"))
        choices = [(self.tr("All"), tuple(range(num_ws))), *zip(names, zones(num_ws), strict=False)]
        for name, chosen in choices:
            text = f"{name}  {rows_text(chosen)}"
            tooltip = self.tr("Move rows {rows} with this slider.").format(rows=rows_text(chosen))
            action = f"rows-{chosen[0]}-{chosen[-1]}"
            _add(rows, action, text, tooltip, partial(self._choose_rows, entry.id, chosen))
        _add(
            rows, "rows-free", self.tr("Choose rows…"), self.tr("Tick the rows one by one."),
            partial(self.rows_requested.emit, entry.id),
        )  # fmt: skip

    def _add_range(self, menu: QMenu, entry: LibraryEntry) -> None:
        _add(
            menu, "set-range", self.tr("Range…"), self.tr("Choose the slider's ends; they may be uneven."),
            partial(self.range_requested.emit, entry.id),
        )  # fmt: skip
        _add(
            menu,
            "reset-range",
            self.tr("Reset range"),
            self.tr("Back to the ends that were suggested."),
            partial(mark, self._context, entry.id, own=("ends",)),
            can_do=entry.mark.ends is not None,
        )

    def _add_marks(self, menu: QMenu, entry: LibraryEntry) -> None:
        id, said = entry.id, entry.mark
        _add(
            menu,
            "star",
            self.tr("Take the star away") if said.starred else self.tr("Star"),
            self.tr("Favourites have a bank of their own."),
            partial(mark, self._context, id, star=not said.starred),
        )
        _add(
            menu, "rename", self.tr("Rename…"), self.tr("Call it what it does."),
            partial(self._rename, entry),
        )  # fmt: skip
        _add(
            menu, "flip", self.tr("Turn round"),
            self.tr("Plus becomes minus; the picture stays as it is."),
            partial(mark, self._context, id, turn=not said.flipped),
        )  # fmt: skip
        _add(
            menu,
            "hide",
            self.tr("Show again") if said.hidden else self.tr("Hide"),
            self.tr("Leave it out of the bank; the bank's menu shows what is hidden."),
            partial(mark, self._context, id, hide=not said.hidden),
        )
        if entry.is_kept:
            _add(
                menu, "remove", self.tr("Remove"), self.tr("Delete it from this model's directions."),
                partial(remove, self._context, id),
            )  # fmt: skip
        details = "\n".join(f"{name}: {value}" for name, value in entry.direction.info.details.items())
        menu.setToolTip(details)

    def _switch(self, id: str) -> None:
        store = self._context.store
        edit = store.session.edits.find(id)
        if edit is not None:
            word = self.tr("Switch off") if edit.enabled else self.tr("Switch on")
            changed = replace(edit, enabled=not edit.enabled)
            store.set_edit(changed, f"{word} {self._context.directions.name_of(edit.direction)}")

    def _set_edit_rows(self, id: str, rows: Rows) -> None:
        store = self._context.store
        edit = store.session.edits.find(id)
        if edit is not None and edit.rows != rows:
            name = self._context.directions.name_of(edit.direction)
            store.set_edit(replace(edit, rows=rows), self.tr("Change rows of {name}").format(name=name))

    def choose_rows(self, id: str, rows: Rows) -> None:
        """Give a slider rows of its own; its edit, if there is one, takes them too."""
        self._choose_rows(id, rows)

    def _choose_rows(self, id: str, rows: Rows) -> None:
        mark(self._context, id, **({"own": ("rows",)} if rows is None else {"rows": rows}))
        self._set_edit_rows(id, rows)

    def _rename(self, entry: LibraryEntry) -> None:
        name, is_given = QInputDialog.getText(
            self._owner, self.tr("Rename"), self.tr("Name of this direction"), text=entry.direction.name
        )
        name = " ".join(name.split())
        if is_given:
            is_own = name in ("", entry.found.name)
            mark(self._context, entry.id, **({"own": ("name",)} if is_own else {"name": name}))


def _add(
    menu: QMenu,
    name: str,
    text: str,
    tooltip: str,
    do: Callable[[], object],
    *,
    can_do: bool = True,
) -> None:
    action = menu.addAction(text)
    action.setObjectName(f"slider-{name}")
    action.setToolTip(tooltip)
    action.setStatusTip(tooltip)
    action.setEnabled(can_do)
    action.triggered.connect(partial(_call, do))


def _call(do: Callable[[], object], _checked: bool = False) -> None:
    do()
