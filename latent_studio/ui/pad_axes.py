"""PadAxes: the two directions of the 2-D pad, and moving both as one gesture."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from latent_studio.core.edits import Edit
from latent_studio.ui.direction_shelf import amount_along

if TYPE_CHECKING:
    from latent_studio.app.direction_library import LibraryEntry
    from latent_studio.app.store import SessionStore
    from latent_studio.ui.direction_shelf import DirectionShelf

_GESTURE = "pad"
#: A drag over the whole picture goes from one end of a slider to the other.
_ENDS_PER_WALK = 0.5


class PadAxes(QObject):
    """Which direction is across and which is up, and whether a drag on the picture moves them.

    Args:
        store: whose edits they are.
        shelf: knows the directions.
        parent: Qt owner.
    """

    #: Other axes, or the picture is dragged for something else now.
    changed = Signal()

    def __init__(self, store: SessionStore, *, shelf: DirectionShelf, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._shelf = shelf
        self._ids = ["", ""]
        self._is_on_picture = False
        shelf.changed.connect(self._check)

    @property
    def is_on_picture(self) -> bool:
        """A drag on the picture moves both directions instead of walking over the seeds."""
        return self._is_on_picture and all(entry is not None for entry in self.entries)

    def set_on_picture(self, on: bool) -> None:
        """Let a drag on the picture move both, or walk over the seeds again."""
        if on != self._is_on_picture:
            self._is_on_picture = on
            self.changed.emit()

    @property
    def entries(self) -> tuple[LibraryEntry | None, LibraryEntry | None]:
        """The directions across and up; ``None`` where none is chosen or it is gone."""
        return self._shelf.find(self._ids[0]), self._shelf.find(self._ids[1])

    def choose(self, axis: int, id: str) -> None:
        """Choose a direction.

        Args:
            axis: 0 across, 1 up.
            id: of the direction.
        """
        if self._ids[axis] != id:
            self._ids[axis] = id
            self.changed.emit()

    def amounts(self) -> tuple[float, float]:
        """How far both directions are now, in their own units."""
        across, up = (self._amount(entry) for entry in self.entries)
        return across, up

    def move_to(self, across: float, up: float) -> None:
        """Move both; one gesture until :meth:`finish`."""
        session = self._store.session
        edits = session.edits
        names: list[str] = []
        # The same direction on both axes goes where the pad says across.
        for entry, amount in reversed(list(zip(self.entries, (across, up), strict=True))):
            if entry is None:
                continue
            old = edits.find(entry.id)
            edit = (
                Edit(entry.direction, amount, entry.mark.rows)
                if old is None
                else replace(old, direction=entry.direction, amount=amount)
            )
            edits = edits.with_edit(edit)
            names.insert(0, entry.direction.name)
        label = self.tr("Move {names}").format(names=" and ".join(dict.fromkeys(names)))
        self._store.replace(replace(session, edits=edits), label, gesture=_GESTURE)

    def walk(self, dx: float, dy: float) -> None:
        """A drag on the picture, in the canvas's units: to the right is more across, up is more up."""
        across, up = self.amounts()
        for entry, way in zip(self.entries, (dx, -dy), strict=True):
            if entry is None:
                continue
            low, high = entry.ends
            step = way * (high - low) * _ENDS_PER_WALK
            if entry is self.entries[0]:
                across = min(max(across + step, low), high)
            else:
                up = min(max(up + step, low), high)
        self.move_to(across, up)

    def finish(self) -> None:
        """The hand was lifted: what came home is no edit any more."""
        session = self._store.session
        edits = session.edits
        for entry in self.entries:
            edit = None if entry is None else edits.find(entry.id)
            if edit is not None and edit.amount == 0:
                edits = edits.without(edit.id)
        if edits != session.edits:
            self._store.replace(replace(session, edits=edits), self.tr("Reset"), gesture=_GESTURE)
        self._store.close_gesture()

    def _amount(self, entry: LibraryEntry | None) -> float:
        edit = None if entry is None else self._store.session.edits.find(entry.id)
        return 0.0 if edit is None or entry is None else amount_along(entry.direction, edit)

    @Slot()
    def _check(self) -> None:
        """Choose the strongest two where nothing is chosen, or what was chosen is gone."""
        shown = [entry.id for entry in self._shelf.entries if not entry.mark.hidden]
        for axis in (0, 1):
            if self._shelf.find(self._ids[axis]) is None:
                others = [id for id in shown if id not in self._ids]
                self._ids[axis] = others[0] if others else ""
        self.changed.emit()
