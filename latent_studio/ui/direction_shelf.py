"""DirectionShelf: the directions of the open model, for every part of the window that shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from latent_studio.core.direction_views import view_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from latent_studio.app.direction_library import Bank, DirectionLibrary, LibraryEntry
    from latent_studio.app.models import LoadedModel
    from latent_studio.core.directions import Direction
    from latent_studio.core.edits import Edit
    from latent_studio.ui.model_opener import ModelOpener


class DirectionShelf(QObject):
    """Follows the library of whichever model is open. Read and changed on the GUI thread only.

    Args:
        models: tells of the open model.
        parent: Qt owner.
    """

    #: Directions came or went, or what the user says about them changed.
    changed = Signal()
    #: The id of a direction whose slider somebody wants to see.
    reveal_requested = Signal(str)

    def __init__(self, models: ModelOpener, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._library: DirectionLibrary | None = None
        self._unlisten: Callable[[], None] | None = None
        self._banks: tuple[Bank, ...] = ()
        self._entries: dict[str, LibraryEntry] = {}
        models.model_changed.connect(self._take_model)

    @property
    def library(self) -> DirectionLibrary | None:
        """What remembers it all; ``None`` before the first model."""
        return self._library

    @property
    def banks(self) -> tuple[Bank, ...]:
        """All banks in their order, empty ones too."""
        return self._banks

    @property
    def entries(self) -> tuple[LibraryEntry, ...]:
        """Every direction once, hidden ones too."""
        return tuple(self._entries.values())

    def bank(self, id: str) -> tuple[LibraryEntry, ...]:
        """The directions of a bank, hidden ones too; none for one that is not there."""
        return next((bank.entries for bank in self._banks if bank.id == id), ())

    def find(self, id: str) -> LibraryEntry | None:
        """An entry by its direction's id."""
        return self._entries.get(id)

    def name_of(self, direction: Direction) -> str:
        """What the user calls a direction, which may be another name than an older edit of it has."""
        entry = self.find(direction.id)
        return direction.name if entry is None else entry.direction.name

    def reveal(self, id: str) -> None:
        """Show a direction's slider, whatever bank it is in."""
        self.reveal_requested.emit(id)

    @Slot(object)
    def _take_model(self, model: LoadedModel) -> None:
        if self._unlisten is not None:
            self._unlisten()
        self._library = model.library
        self._unlisten = self._library.listen(self._read)
        self._read()

    def _read(self) -> None:
        if self._library is None:
            return
        self._banks = self._library.banks
        self._entries = {entry.id: entry for bank in self._banks for entry in bank.entries}
        self.changed.emit()


def amount_along(direction: Direction, edit: Edit) -> float:
    """An edit's amount in terms of its direction as the user has it now.

    A direction that was turned round after the edit was made leads the other way: the picture stays, and its
    slider shows the opposite amount.
    """
    held = edit.direction
    if held == direction or held.id != direction.id:
        return edit.amount
    return -edit.amount if view_of(held, name=held.name, flipped=True) == direction else edit.amount
