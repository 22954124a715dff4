"""The edits that are active: their order, switches and removal."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from latent_studio.ui.amounts import format_amount
from latent_studio.ui.widgets.edit_list import EditItem, EditList
from latent_studio.ui.widgets.rows_field import rows_text

if TYPE_CHECKING:
    from latent_studio.core.edits import Edit
    from latent_studio.core.session import Session
    from latent_studio.ui.api import DockContext


class EditsDock(QWidget):
    """Shows the edit stack in the order it is applied.

    Args:
        context: the window's parts.
        parent: Qt owner.
    """

    def __init__(self, context: DockContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._list = EditList(self)
        self._list.setObjectName("edit-list")
        self._list.setAccessibleName(self.tr("Active edits, in the order they are applied"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._list)
        self._list.enabledChanged.connect(self._switch)
        self._list.moved.connect(context.store.move_edit)
        self._list.removeRequested.connect(context.store.reset_amount)
        context.actions["sigma_unit"].toggled.connect(self._show)
        context.bridge.session_changed.connect(self.show_session)
        self._show()

    @Slot(object, object)
    def show_session(self, old: Session, new: Session) -> None:
        """Show the stack if it changed."""
        if old.edits is not new.edits or old.model != new.model:
            self._show()

    @Slot()
    def _show(self) -> None:
        in_sigma = self._context.actions["sigma_unit"].isChecked()
        self._list.setItems([_item_of(edit, in_sigma=in_sigma) for edit in self._context.store.session.edits])

    @Slot(str, bool)
    def _switch(self, edit_id: str, enabled: bool) -> None:
        store = self._context.store
        edit = store.session.edits.find(edit_id)
        if edit is not None:
            word = self.tr("Switch on") if enabled else self.tr("Switch off")
            store.set_edit(replace(edit, enabled=enabled), f"{word} {edit.direction.name}")


def _item_of(edit: Edit, *, in_sigma: bool) -> EditItem:
    direction = edit.direction
    rows = edit.rows if edit.rows is not None else direction.rows
    name = direction.name if rows is None else f"{direction.name}  ({rows_text(rows)})"
    amount = format_amount(edit.amount, direction, in_sigma=in_sigma)
    return EditItem(id=edit.id, name=name, amount_text=amount, enabled=edit.enabled)
