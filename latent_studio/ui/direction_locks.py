"""Locking directions from anywhere in the window."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

if TYPE_CHECKING:
    from latent_studio.core.directions import Direction
    from latent_studio.ui.api import DockContext


def set_locked(context: DockContext, direction: Direction, locked: bool) -> None:
    """Lock a direction, or let it go: one step of the history."""
    store = context.store
    others = tuple(lock for lock in store.session.locks if lock.id != direction.id)
    locks = (*others, direction) if locked else others
    name = context.directions.name_of(direction)
    text = (
        QCoreApplication.translate("locks", "Lock {name}")
        if locked
        else QCoreApplication.translate("locks", "Unlock {name}")
    )
    store.replace(replace(store.session, locks=locks), text.format(name=name))
